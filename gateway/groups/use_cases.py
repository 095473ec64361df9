"""What happens to groups and their grants, and to the memberships that follow from both.

The authority is exercised once, by whoever grants a group a role on a project. From then on the memberships follow the
group, whoever keeps it.
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from gateway.groups import repository
from gateway.groups.events import (
    GROUP_ADDED,
    GROUP_CHANGED,
    GROUP_GRANT_MADE,
    GROUP_GRANT_WITHDRAWN,
    GROUP_REMOVED,
    LARGEST_CHANGE,
)
from gateway.groups.following import Standing, next_step, strongest
from gateway.groups.group import Group
from gateway.groups.group_grant import GroupGrant
from gateway.groups.schemas import GroupRole, NewGroupGrant
from gateway.identity.events import MEMBERSHIP_CHANGED, MEMBERSHIP_GRANTED, MEMBERSHIP_REVOKED
from gateway.identity.use_cases import record_membership, require_known
from services.kernel.access import require_authority
from services.kernel.archived_access import is_archived
from services.kernel.ids import new_id
from services.kernel.problems import UnknownReference
from services.kernel.session import WriteSession


async def grant_group(session: WriteSession, project_id: UUID, new: NewGroupGrant) -> UUID:
    """Put a group on a project, and with it whoever is in it."""
    await require_known(session, session.principal, project_id)
    if not await repository.lock_group(session, new.group_id):
        raise UnknownReference("group_id")
    await _require_authority(session, project_id, new.group_id, new.role)
    grant = GroupGrant(id=new_id(), project_id=project_id, group_id=new.group_id, role=str(new.role))
    session.add(grant)
    await session.flush()
    _record_grant(session, GROUP_GRANT_MADE, grant)
    await follow(session, project_id, await repository.members_of(session, new.group_id))
    return grant.id


async def withdraw_group_grant(session: WriteSession, grant_id: UUID, expected_version: int) -> None:
    grant = await repository.load_grant(session, grant_id)
    await require_known(session, session.principal, grant.project_id)
    await repository.GROUP_GRANTS.check_version(session, grant.id, grant.version, expected_version)
    await _require_authority(session, grant.project_id, grant.group_id, GroupRole(grant.role))
    await _withdraw(session, grant, await repository.members_of(session, grant.group_id))


async def _require_authority(session: WriteSession, project_id: UUID, group_id: UUID, role: GroupRole) -> None:
    """The same kind as for a membership by hand, and as many people as are in the group now, at least one."""
    people = max(1, await repository.count_members(session, group_id))
    external = role in (GroupRole.GUEST, GroupRole.CLIENT_CONTACT)
    measures = {"people_affected": people, "external_readers": people if external else 0}
    # Asked before the change, as with memberships: the change may be of the very role by which the caller is judged.
    await require_authority(session, project_id, ["membership.grant"], measures)


async def _withdraw(session: WriteSession, grant: GroupGrant, members: Collection[UUID]) -> None:
    project_id = grant.project_id
    _record_grant(session, GROUP_GRANT_WITHDRAWN, grant)
    await session.delete(grant)
    await session.flush()
    await follow(session, project_id, members)


def _record_grant(session: WriteSession, fact_type: Any, grant: GroupGrant) -> None:
    data = {"group_id": str(grant.group_id), "role": grant.role}
    session.record(fact_type, "group_grant", grant.id, data, project_id=grant.project_id)


# -- what whoever provisions the tenant does --------------------------------------------------------------------------


async def add_group(
    session: WriteSession, display_name: str, external_id: str | None, members: Collection[UUID]
) -> Group:
    """A new group with these people, whom the caller knows to exist."""
    group = Group(id=new_id(), display_name=display_name, external_id=external_id)
    session.add(group)
    await session.flush()
    await repository.add_members(session, group.id, members)
    _record_change(session, GROUP_ADDED, group, members, ())
    return group


async def change_group(
    session: WriteSession, group: Group, values: Mapping[str, Any], added: Collection[UUID], removed: Collection[UUID]
) -> None:
    """Other names (`display_name`, `external_id`), and people who come or leave; memberships follow."""
    for name, value in values.items():
        setattr(group, name, value)
    # Whoever holds the old version must learn of it, also where only people have changed.
    group.updated_at = session.now
    await session.flush()
    await repository.add_members(session, group.id, added)
    await repository.drop_members(session, group.id, removed)
    _record_change(session, GROUP_CHANGED, group, added, removed)
    for grant in await repository.grants_of(session, group.id):
        await follow(session, grant.project_id, {*added, *removed})


async def remove_group(session: WriteSession, group: Group) -> None:
    """The group is no more, and neither are its grants and what they have brought."""
    members = await repository.members_of(session, group.id)
    for grant in await repository.grants_of(session, group.id):
        await _withdraw(session, grant, members)
    await repository.drop_members(session, group.id, members)
    session.record(
        GROUP_REMOVED, "group", group.id, {"display_name": group.display_name}, project_id=None, audience="tenant"
    )
    await session.delete(group)
    await session.flush()


async def leave_groups(session: WriteSession, person_id: UUID) -> None:
    """Take somebody out of every group."""
    for group in await repository.groups_of(session, person_id):
        await change_group(session, group, {}, (), {person_id})


def _record_change(
    session: WriteSession, fact_type: Any, group: Group, added: Collection[UUID], removed: Collection[UUID]
) -> None:
    coming, leaving = sorted(map(str, added)), sorted(map(str, removed))
    steps = range(0, max(len(coming), len(leaving), 1), LARGEST_CHANGE)
    for step in steps:
        part = slice(step, step + LARGEST_CHANGE)
        data = {"display_name": group.display_name, "added": coming[part], "removed": leaving[part]}
        fact = fact_type if step == 0 else GROUP_CHANGED
        session.record(fact, "group", group.id, data, project_id=None, audience="tenant")


# -- what follows -----------------------------------------------------------------------------------------------------


async def follow(session: WriteSession, project_id: UUID, person_ids: Collection[UUID]) -> None:
    """Bring the memberships of these people on a project to what their groups give them; those by hand stay.

    Nobody is on an archived project; its restoration follows the groups as they are then.
    """
    if not person_ids or await is_archived(session, project_id):
        return
    granted: list[tuple[UUID, UUID, str]] = []
    changed: list[tuple[UUID, str]] = []
    revoked: list[UUID] = []
    for row in await repository.standings(session, project_id, person_ids):
        standing = Standing(row["role"], row["by_group"]) if row["id"] is not None else None
        wanted = strongest(row["wanted"])
        step = next_step(standing, wanted)
        person_id: UUID = row["person_id"]
        if step == "grant" and wanted is not None:
            granted.append((new_id(), person_id, wanted))
            record_membership(session, MEMBERSHIP_GRANTED, granted[-1][0], project_id, person_id, wanted, None)
        elif step == "change" and wanted is not None:
            changed.append((row["id"], wanted))
            record_membership(session, MEMBERSHIP_CHANGED, row["id"], project_id, person_id, wanted, None)
        elif step == "revoke":
            revoked.append(row["id"])
            record_membership(session, MEMBERSHIP_REVOKED, row["id"], project_id, person_id, row["role"], None)
    if granted:
        await repository.bring_memberships(session, project_id, granted)
    if changed:
        await repository.change_brought(session, changed)
    if revoked:
        await repository.withdraw_brought(session, revoked)
