"""Delegations: somebody stands in for a role, or gets limits of their own, for a time and revocably."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from gateway.authority import repository
from gateway.authority.events import DELEGATION_ENDED, DELEGATION_GRANTED
from gateway.authority.schemas import NewDelegation
from gateway.identity import repository as directory
from services.kernel.access import ROLES, hats_of, require_authority, require_member, require_scope
from services.kernel.events import FactType
from services.kernel.ids import new_id
from services.kernel.problems import Conflict, Forbidden, RuleViolated, UnknownReference
from services.kernel.session import WriteSession

LONGEST = timedelta(days=366)


class NotYoursToDelegate(Forbidden):
    code = "not_yours_to_delegate"
    title = {"en": "Nobody delegates more than their own", "nb": "Ingen delegerer mer enn sitt eget"}
    detail = {
        "en": "Only whoever is {role} by membership, or stands above, lends that authority.",
        "nb": "Bare den som er {role} ved medlemskap, eller står over, kan låne bort den myndigheten.",
    }


class DelegationPeriod(RuleViolated):
    code = "delegation_period"
    title = {"en": "A delegation has an end within a year", "nb": "En delegering slutter innen et år"}


class DelegationEnded(Conflict):
    code = "delegation_ended"
    title = {"en": "The delegation has ended", "nb": "Delegeringen er avsluttet"}


async def grant_delegation(session: WriteSession, project_id: UUID, new: NewDelegation) -> UUID:
    """Lend one's authority, whole or by grants (kind delegation.grant). Returns the delegation's id.

    What was lent is worth no more than the lender's role at each later moment: it is judged under both.
    """
    await require_member(session, session.principal, project_id)
    own = await _own_role(session, project_id)
    role = new.role or own
    if ROLES.index(own) > ROLES.index(role):
        raise NotYoursToDelegate(role=role)
    starts_at = new.starts_at or session.now
    if not max(starts_at, session.now) < new.expires_at <= session.now + LONGEST:
        raise DelegationPeriod
    membership = await directory.find_membership(session, project_id, new.person_id)
    person = await directory.find_person(session, new.person_id)
    if membership is None or membership.role == "guest" or person is None:
        raise UnknownReference("person_id")
    if person["kind"] != "person" and new.grants is None:
        raise UnknownReference("person_id")
    subject = {"type": "person", "id": str(new.person_id), "title": person["name"]}
    await require_authority(session, project_id, ["delegation.grant"], {}, {"subject": subject})
    delegation_id = new_id()
    row: dict[str, Any] = {
        "id": delegation_id,
        "project_id": project_id,
        "person_id": new.person_id,
        "role": role,
        "kinds": new.kinds,
        "grants": [grant.model_dump(mode="json") for grant in new.grants] if new.grants is not None else None,
        "starts_at": starts_at,
        "expires_at": new.expires_at,
        "reason": new.reason,
        "granted_by_id": session.principal.person_id,
    }
    await repository.add_delegation(session, row)
    _record(session, DELEGATION_GRANTED, row)
    return delegation_id


async def end_delegation(session: WriteSession, delegation_id: UUID, expected_version: int) -> None:
    """End a delegation now; whoever granted it may, and whoever may grant one."""
    row = await repository.load_delegation(session, delegation_id)
    await require_member(session, session.principal, row["project_id"])
    await repository.DELEGATIONS.check_version(session, row["id"], row["version"], expected_version)
    if row["expires_at"] <= session.now:
        raise DelegationEnded
    if row["granted_by_id"] == session.principal.person_id:
        require_scope(session.principal, "gateway:decide")
    else:
        await require_authority(session, row["project_id"], ["delegation.grant"])
    await _end(session, row)


async def end_delegations_by(session: WriteSession, project_id: UUID, person_id: UUID) -> None:
    """End everything that somebody has lent on a project."""
    for row in await repository.delegations_granted_by(session, project_id, person_id):
        await _end(session, row)


async def _end(session: WriteSession, row: dict[str, Any]) -> None:
    await repository.end_delegation(session, row["id"])
    _record(session, DELEGATION_ENDED, row | {"expires_at": session.now})


async def _own_role(session: WriteSession, project_id: UUID) -> str:
    """The strongest role by membership: what was lent cannot be lent on."""
    hats = await hats_of(session, session.principal, project_id)
    roles = {hat.role for hat in hats if hat.delegation_id is None}
    own = next((role for role in ROLES if role in roles), None)
    if own is None:
        raise NotYoursToDelegate(role="manager")
    return own


def _record(session: WriteSession, fact_type: FactType, row: dict[str, Any]) -> None:
    data = {
        "person_id": str(row["person_id"]),
        "role": row["role"],
        "kinds": row["kinds"],
        "grants": row["grants"],
        "starts_at": row["starts_at"].isoformat(),
        "expires_at": row["expires_at"].isoformat(),
        "reason": row["reason"],
        "granted_by_id": str(row["granted_by_id"]),
    }
    session.record(fact_type, "delegation", row["id"], data, project_id=row["project_id"])
