"""What people do with the directory. Every change is a fact, so that a revoked right is dead at the next request."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from gateway.identity import repository
from gateway.identity.events import (
    MEMBERSHIP_CHANGED,
    MEMBERSHIP_GRANTED,
    MEMBERSHIP_REVOKED,
    PERSON_ADDED,
    PERSON_CHANGED,
)
from gateway.identity.schemas import MembershipPatch, NewMembership, NewPerson, NewToken, PersonPatch, Role
from gateway.identity.token import PREFIX, SERVICE_PREFIX, Token, draw_token, hint_of, token_hash
from services.kernel.access import hats_of, require_authority
from services.kernel.authority import ABOVE_THE_MANAGER
from services.kernel.identity import PROVISIONING_SCOPE, Principal
from services.kernel.ids import new_id
from services.kernel.problems import Conflict, Forbidden, NotFound, RuleViolated, UnknownReference
from services.kernel.schemas import merged
from services.kernel.session import Reader, WriteSession


class LastOfItsKind(Conflict):
    code = "last_of_its_kind"
    title = {"en": "The project needs one", "nb": "Prosjektet trenger en"}
    detail = {
        "en": "Nobody else on the project is {role}; appoint another first.",
        "nb": "Ingen andre på prosjektet er {role}; utnevn en annen først.",
    }


class ManagerByHandover(RuleViolated):
    code = "manager_by_handover"
    title = {"en": "A manager is appointed by a handover", "nb": "En prosjektleder utnevnes ved overlevering"}
    detail = {
        "en": "A project has exactly one manager at any instant: POST …/handovers replaces the one by the other.",
        "nb": "Et prosjekt har alltid nøyaktig én prosjektleder: POST …/handovers bytter den ene med den andre.",
    }


class MembershipByGroup(Conflict):
    code = "membership_by_group"
    title = {"en": "A group has brought this membership", "nb": "Dette medlemskapet følger av en gruppe"}
    detail = {
        "en": "Take the person out of the group, or withdraw the group's grant.",
        "nb": "Ta personen ut av gruppen, eller trekk tilbake det gruppen er gitt.",
    }


class ScopeForSoftware(RuleViolated):
    code = "scope_for_software"
    title = {"en": "That scope is for software only", "nb": "Det omfanget er bare for programvare"}
    detail = {
        "en": "The scope scim is given to an integration, which provisions people.",
        "nb": "Omfanget scim gis til en integrasjon, som forvalter personer.",
    }


class ScopeTooWide(RuleViolated):
    code = "scope_too_wide"
    title = {"en": "A token cannot be wider than you", "nb": "Et token kan ikke være videre enn deg"}


async def require_admin(session: WriteSession) -> None:
    principal = session.principal
    if not principal.has_scope("admin") or not await repository.is_admin(session, principal.person_id):
        raise Forbidden


async def require_admin_of_secret(session: WriteSession) -> None:
    """For objects that only administrators see: to others there is nothing here. Raises NotFound, Forbidden."""
    if not await repository.is_admin(session, session.principal.person_id):
        raise NotFound
    await require_admin(session)


async def add_person(session: WriteSession, new: NewPerson) -> UUID:
    await require_admin(session)
    person_id = new_id()
    values = new.model_dump()
    await repository.add_person(session, person_id, values)
    session.record(PERSON_ADDED, "person", person_id, values | {"active": True}, project_id=None, audience="tenant")
    return person_id


async def change_person(session: WriteSession, person_id: UUID, expected_version: int, patch: PersonPatch) -> int:
    """Administrators change anybody, others their own name and language. Returns the new version."""
    row = await repository.load_person(session, person_id)
    await repository.PEOPLE.require_visible(session, person_id, session.principal.person_id)
    changes = merged(patch)
    if person_id != session.principal.person_id or "active" in changes:
        await require_admin(session)
    await repository.PEOPLE.check_version(session, row.id, row.version, expected_version)
    if changes:
        await apply_to_person(session, row, changes)
    return int(row.version) + bool(changes)


async def apply_to_person(session: WriteSession, row: Any, changes: Mapping[str, Any]) -> None:
    """Carry a change of a person out, whoever has asked for it. Who is active no more, is signed in no more."""
    await repository.change_person(session, row.id, dict(changes))
    if row.active and not changes.get("active", True):
        await repository.end_sign_ins(session, row.id)
    names = ("name", "email", "language", "kind", "tenant_role", "active")
    data = {name: getattr(row, name) for name in names} | dict(changes)
    session.record(PERSON_CHANGED, "person", row.id, data, project_id=None, audience="tenant")


async def grant_membership(session: WriteSession, project_id: UUID, new: NewMembership) -> UUID:
    """Put somebody on the project."""
    await require_known(session, session.principal, project_id)
    if not await repository.person_exists(session, new.person_id):
        raise UnknownReference("person_id")
    if new.role == Role.MANAGER:
        raise ManagerByHandover
    membership_id = new_id()
    await _require_appointment(session, project_id, {new.role})
    await repository.add_membership(session, membership_id, project_id, new.person_id, new.role, new.expires_at)
    record_membership(session, MEMBERSHIP_GRANTED, membership_id, project_id, new.person_id, new.role, new.expires_at)
    return membership_id


async def change_membership(
    session: WriteSession, membership_id: UUID, expected_version: int, patch: MembershipPatch
) -> int:
    """Another role, or another end. Returns the new version."""
    row = await repository.load_membership(session, membership_id)
    changes = merged(patch)
    role = Role(changes.get("role", row.role))
    await require_known(session, session.principal, row.project_id)
    await repository.MEMBERSHIPS.check_version(session, row.id, row.version, expected_version)
    expires_at = changes.get("expires_at", row.expires_at)
    if role != row.role and Role.MANAGER in (role, row.role):
        raise LastOfItsKind(role=row.role) if row.role == Role.MANAGER else ManagerByHandover
    if role == Role.MANAGER and expires_at is not None:
        raise LastOfItsKind(role=row.role)
    await _require_appointment(session, row.project_id, {Role(row.role), role})
    await repository.change_membership(session, membership_id, changes)
    record_membership(session, MEMBERSHIP_CHANGED, membership_id, row.project_id, row.person_id, role, expires_at)
    return int(row.version) + 1


async def revoke_membership(session: WriteSession, membership_id: UUID, expected_version: int) -> None:
    row = await repository.load_membership(session, membership_id)
    await require_known(session, session.principal, row.project_id)
    await repository.MEMBERSHIPS.check_version(session, row.id, row.version, expected_version)
    if row.role == Role.MANAGER:
        raise LastOfItsKind(role=row.role)
    await _require_appointment(session, row.project_id, {Role(row.role)})
    if await repository.comes_by_group(session, membership_id):
        raise MembershipByGroup
    await repository.drop_membership(session, membership_id)
    record_membership(
        session, MEMBERSHIP_REVOKED, membership_id, row.project_id, row.person_id, row.role, row.expires_at
    )


async def require_known(reader: Reader, principal: Principal, project_id: UUID) -> None:
    """Raises NotFound for whoever has no business on the project; administrators see to who is on it."""
    hats = await hats_of(reader, principal, project_id)
    if all(hat.role == "guest" for hat in hats):
        raise NotFound


async def _require_appointment(session: WriteSession, project_id: UUID, roles: set[Role]) -> None:
    """The policy decides who is on a project; who stands above its manager is a kind of its own.

    Asked before the change, unlike elsewhere: the change may be of the very role by which the caller is judged.
    """
    above = not roles.isdisjoint(ABOVE_THE_MANAGER)
    measures = {"people_affected": 1, "external_readers": int(not roles.isdisjoint({Role.GUEST, Role.CLIENT_CONTACT}))}
    await require_authority(session, project_id, ["owner.appoint" if above else "membership.grant"], measures)


def record_membership(
    session: WriteSession,
    fact_type: Any,
    membership_id: UUID,
    project_id: UUID,
    person_id: UUID,
    role: str,
    expires_at: Any,
) -> None:
    data = {"person_id": str(person_id), "role": str(role), "expires_at": expires_at and expires_at.isoformat()}
    session.record(fact_type, "membership", membership_id, data, project_id=project_id)


async def create_token(session: WriteSession, new: NewToken) -> tuple[Token, str]:
    """A token for oneself, or by an administrator for somebody else; never wider than its maker's own scopes."""
    person_id = new.person_id or session.principal.person_id
    if person_id != session.principal.person_id:
        await require_admin(session)
        if not await repository.person_exists(session, person_id):
            raise UnknownReference("person_id")
    elif any(not session.principal.has_scope(scope) for scope in new.scopes):
        raise ScopeTooWide
    machine = await repository.is_machine(session, person_id)
    if PROVISIONING_SCOPE in new.scopes and not machine:
        raise ScopeForSoftware
    secret = draw_token(SERVICE_PREFIX if machine else PREFIX)
    token = Token(
        id=new_id(),
        person_id=person_id,
        name=new.name,
        hint=hint_of(secret),
        hash=token_hash(secret),
        scopes=sorted(set(new.scopes)),
        expires_at=new.expires_at,
    )
    session.add(token)
    await repository.add_credential_use(session, token.id)
    await session.flush()
    return token, secret


async def revoke_token(session: WriteSession, token_id: UUID, expected_version: int) -> Token:
    token = await repository.load_own_token(session, token_id)
    await repository.TOKENS.check_version(session, token.id, token.version, expected_version)
    token.revoked_at = session.now
    await session.flush()
    return token
