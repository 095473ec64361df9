"""Every SQL statement of groups and their grants."""

from collections.abc import Collection as Several
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from gateway.groups.group import Group
from gateway.groups.group_grant import GroupGrant
from gateway.identity.repository import sees_directory
from services.kernel.access import sees_directory_of
from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession

_MEMBERS = "(select count(*) from group_members m where m.tenant_id = t.tenant_id and m.group_id = t.id)"

GROUPS = Collection(
    noun="group",
    source="groups t",
    container=None,
    project="t.id",
    visible=lambda _, person: sees_directory("t.tenant_id", person),
    columns=object_columns("group")
    | {"display_name": "t.display_name", "external_id": "t.external_id", "member_count": _MEMBERS},
    filters={
        "display_name": Filter("t.display_name", "text"),
        "external_id": Filter("t.external_id", "text"),
    },
    sorts={"display_name": Sort("t.display_name", "text", nullable=False, by_language=True)},
    default_sort="display_name",
    searched=("t.display_name",),
)

GROUP_GRANTS = Collection(
    noun="group_grant",
    source="group_grants t",
    visible=sees_directory_of,
    list_visible=sees_directory_of,
    columns=object_columns("group_grant") | {"project_id": "t.project_id", "group_id": "t.group_id", "role": "t.role"},
    filters={"role": Filter("t.role", "text"), "group_id": Filter("t.group_id", "uuid")},
    sorts={"created_at": Sort("t.created_at", "instant", nullable=False)},
    viewer_kinds={"delete": "membership.grant"},
    expansions={
        "group": "(select row_to_json(g) from (select o.id, 'group' as type, o.display_name from groups o"
        " where o.tenant_id = t.tenant_id and o.id = t.group_id) g)"
    },
)


# -- groups -----------------------------------------------------------------------------------------------------------


async def load_group(session: WriteSession, group_id: UUID) -> Group:
    """A group for a change, locked. Raises NotFound."""
    statement = select(Group).where(Group.tenant_id == session.tenant_id, Group.id == group_id)
    group = await session.scalar(statement.with_for_update())
    if group is None:
        raise NotFound
    return group


async def lock_group(session: WriteSession, group_id: UUID) -> bool:
    """Whether there is such a group, which stays as it is until this transaction ends."""
    found = await session.value(
        "select true from groups where tenant_id = $1 and id = $2 for update", session.tenant_id, group_id
    )
    return bool(found)


async def members_of(reader: Reader, group_id: UUID, among: Several[UUID] | None = None) -> set[UUID]:
    """The people in a group: all of them, or those among the named ones."""
    rows = await reader.rows(
        """select person_id from group_members
           where tenant_id = $1 and group_id = $2 and ($3::uuid[] is null or person_id = any($3))""",
        reader.tenant_id,
        group_id,
        None if among is None else list(among),
    )
    return {row["person_id"] for row in rows}


async def count_members(reader: Reader, group_id: UUID) -> int:
    number: int = await reader.value(
        "select count(*) from group_members where tenant_id = $1 and group_id = $2", reader.tenant_id, group_id
    )
    return number


async def add_members(session: WriteSession, group_id: UUID, person_ids: Several[UUID]) -> None:
    await session.rows(
        """insert into group_members (tenant_id, group_id, person_id)
           select $1, $2, unnest($3::uuid[]) on conflict do nothing""",
        session.tenant_id,
        group_id,
        list(person_ids),
    )


async def drop_members(session: WriteSession, group_id: UUID, person_ids: Several[UUID]) -> None:
    await session.rows(
        "delete from group_members where tenant_id = $1 and group_id = $2 and person_id = any($3::uuid[])",
        session.tenant_id,
        group_id,
        list(person_ids),
    )


async def groups_of(session: WriteSession, person_id: UUID) -> Sequence[Group]:
    """The groups that somebody is in, locked in one order."""
    statement = (
        select(Group)
        .where(
            Group.tenant_id == session.tenant_id,
            Group.id.in_([row["group_id"] for row in await _group_ids(session, person_id)]),
        )
        .order_by(Group.id)
    )
    return (await session.scalars(statement.with_for_update())).all()


async def _group_ids(session: WriteSession, person_id: UUID) -> Sequence[Mapping[str, Any]]:
    return await session.rows(
        "select group_id from group_members where tenant_id = $1 and person_id = $2", session.tenant_id, person_id
    )


# -- grants -----------------------------------------------------------------------------------------------------------


async def load_grant(session: WriteSession, grant_id: UUID) -> GroupGrant:
    """A grant for a change, locked. Raises NotFound."""
    statement = select(GroupGrant).where(GroupGrant.tenant_id == session.tenant_id, GroupGrant.id == grant_id)
    grant = await session.scalar(statement.with_for_update())
    if grant is None:
        raise NotFound
    return grant


async def grants_of(session: WriteSession, group_id: UUID) -> Sequence[GroupGrant]:
    """The grants of a group, in the order of their projects."""
    statement = (
        select(GroupGrant)
        .where(GroupGrant.tenant_id == session.tenant_id, GroupGrant.group_id == group_id)
        .order_by(GroupGrant.project_id)
    )
    return (await session.scalars(statement)).all()


async def standings(session: WriteSession, project_id: UUID, person_ids: Several[UUID]) -> Sequence[Mapping[str, Any]]:
    """`person_id`, what their groups give them (`wanted`), and their membership (`id`, `role`, `by_group`) if any.

    Whoever follows groups on one project does so alone: all of its grants and the memberships in question are locked.
    """
    arguments = (session.tenant_id, project_id)
    await session.rows(
        "select from group_grants where tenant_id = $1 and project_id = $2 order by id for update", *arguments
    )
    await session.rows(
        """select from memberships where tenant_id = $1 and project_id = $2 and person_id = any($3::uuid[])
           order by id for update""",
        *arguments,
        list(person_ids),
    )
    return await session.rows(
        """select p.person_id, m.id, m.role, o.membership_id is not null as by_group,
             array(select g.role from group_grants g join group_members gm on gm.tenant_id = g.tenant_id
                   and gm.group_id = g.group_id and gm.person_id = p.person_id
                   where g.tenant_id = $1 and g.project_id = $2) as wanted
           from unnest($3::uuid[]) as p (person_id)
           left join memberships m on m.tenant_id = $1 and m.project_id = $2 and m.person_id = p.person_id
           left join membership_origins o on o.tenant_id = $1 and o.membership_id = m.id""",
        *arguments,
        list(person_ids),
    )


async def bring_memberships(session: WriteSession, project_id: UUID, brought: Sequence[tuple[UUID, UUID, str]]) -> None:
    """Memberships that groups bring: id, person and role of each."""
    ids, people, roles = (list(column) for column in zip(*brought, strict=True))
    await session.rows(
        """insert into memberships (tenant_id, project_id, id, person_id, role, created_at, updated_at)
           select $1, $2, id, person_id, role, $6, $6 from unnest($3::uuid[], $4::uuid[], $5::text[])
             as new (id, person_id, role)""",
        session.tenant_id,
        project_id,
        ids,
        people,
        roles,
        session.now,
    )
    await _mark(session, ids)


async def change_brought(session: WriteSession, changed: Sequence[tuple[UUID, str]]) -> None:
    """Another role for memberships that groups have brought: id and role of each."""
    ids, roles = (list(column) for column in zip(*changed, strict=True))
    await session.rows(
        """update memberships m set role = new.role, version = m.version + 1, updated_at = $4
           from unnest($2::uuid[], $3::text[]) as new (id, role) where m.tenant_id = $1 and m.id = new.id""",
        session.tenant_id,
        ids,
        roles,
        session.now,
    )


async def withdraw_brought(session: WriteSession, membership_ids: Sequence[UUID]) -> None:
    """End memberships that groups have brought."""
    for table, column in (("membership_origins", "membership_id"), ("memberships", "id")):
        await session.rows(
            f"delete from {table} where tenant_id = $1 and {column} = any($2::uuid[])",
            session.tenant_id,
            list(membership_ids),
        )


async def _mark(session: WriteSession, membership_ids: Sequence[UUID]) -> None:
    await session.rows(
        """insert into membership_origins (tenant_id, membership_id)
           select $1, unnest($2::uuid[]) on conflict do nothing""",
        session.tenant_id,
        list(membership_ids),
    )
