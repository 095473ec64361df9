"""Who sees what, and who may do what: memberships, the visibility predicate, and the authority that a write needs.

The gateway owns memberships and policies; every service holds a copy with the same tables. Kinds and measures are
names that the areas choose (`schedule.dates`, `finish_minutes`); nothing here knows what they mean.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from services.kernel.authority import Authority, Policy
from services.kernel.identity import Principal
from services.kernel.problems import AuthorityRequired, Forbidden, NotFound, ScopeMissing
from services.kernel.session import Reader, WriteSession

# What one person may be in one project, the strongest first.
ROLES = ("owner", "manager", "coordinator", "member", "stakeholder", "auditor", "guest")


def sees_project(project_column: str, person_parameter: str, alias: str = "seen") -> str:
    """SQL: the person is on the project as more than a guest. The tenant is the transaction's own."""
    return (
        f"exists (select from memberships {alias} where {alias}.tenant_id = current_setting('app.tenant_id')::uuid"
        f" and {alias}.project_id = {project_column} and {alias}.person_id = {person_parameter}"
        f" and {alias}.role <> 'guest' and ({alias}.expires_at is null or {alias}.expires_at > now()))"
    )


def knows_project(project_column: str, person_parameter: str, alias: str = "known") -> str:
    """SQL: the person is on the project, be it as a guest, who sees the project itself and what was shared."""
    return (
        f"exists (select from memberships {alias} where {alias}.tenant_id = current_setting('app.tenant_id')::uuid"
        f" and {alias}.project_id = {project_column} and {alias}.person_id = {person_parameter}"
        f" and ({alias}.expires_at is null or {alias}.expires_at > now()))"
    )


async def role_in(reader: Reader, principal: Principal, project_id: UUID) -> str | None:
    """The principal's role in the project, None when there is none or it has expired."""
    role: str | None = await reader.value(
        """select role from memberships where tenant_id = $1 and project_id = $2 and person_id = $3
           and (expires_at is null or expires_at > now())""",
        reader.tenant_id,
        project_id,
        principal.person_id,
    )
    return role


async def require_member(reader: Reader, principal: Principal, project_id: UUID) -> str:
    """The principal's role, which is more than a guest's. Raises NotFound: what one may not see does not exist."""
    role = await role_in(reader, principal, project_id)
    if role is None or role == "guest":
        raise NotFound
    return role


def require_scope(principal: Principal, scope: str) -> None:
    if not principal.has_scope(scope):
        raise ScopeMissing(scope=scope)


async def policy_of(reader: Reader, project_id: UUID) -> Policy:
    """The project's policy. Without one nobody may do anything: a gap in the copy must not open a door."""
    document = await reader.value(
        "select document::text from authority_policies where tenant_id = $1 and project_id = $2",
        reader.tenant_id,
        project_id,
    )
    return Policy(orjson.loads(document) if document is not None else {})


async def judge(
    reader: Reader,
    principal: Principal,
    service: str,
    project_id: UUID,
    kinds: Sequence[str],
    measures: Mapping[str, int | Decimal],
) -> Authority:
    """What the policy says of this principal, narrowed by the scopes of its token. Raises NotFound for a stranger."""
    role = await require_member(reader, principal, project_id)
    if not principal.has_scope(f"{service}:propose"):
        return Authority("no", ("scope",))
    authority = (await policy_of(reader, project_id)).judge_all(role, kinds, measures)
    if authority.verdict == "decide" and not principal.has_scope(f"{service}:decide"):
        return Authority("propose", ("scope",))
    return authority


async def require_authority(
    session: WriteSession,
    project_id: UUID,
    kinds: Sequence[str],
    measures: Mapping[str, int | Decimal] | None = None,
    impact: Mapping[str, Any] | None = None,
) -> None:
    """Let the write go on, or raise AuthorityRequired with the impact and who could decide (Forbidden if not even that).

    Call it when the change has been carried out in the open transaction and its effect measured, before answering.
    """
    measured = measures or {}
    authority = await judge(session, session.principal, session.service, project_id, kinds, measured)
    session.impact = dict(impact or {})
    session.authority = authority
    if authority.verdict == "decide":
        return
    if authority.verdict == "no":
        if "scope" in authority.exceeded:
            raise ScopeMissing(scope=f"{session.service}:propose")
        raise Forbidden
    deciders = await decidable_by(session, project_id, kinds, measured)
    session.decidable_by = deciders
    if session.dry_run:
        return
    raise AuthorityRequired(
        kinds=list(kinds),
        impact=session.impact,
        exceeded=list(authority.exceeded) or list(kinds),
        project_id=str(project_id),
        decidable_by=deciders,
        proposable=True,
    )


async def decidable_by(
    reader: Reader, project_id: UUID, kinds: Sequence[str], measures: Mapping[str, int | Decimal]
) -> list[dict[str, str]]:
    """Who on the project has authority over an effect of this size: `[{"person_id", "role"}]`, the strongest first."""
    policy = await policy_of(reader, project_id)
    deciding = [role for role in ROLES if policy.judge_all(role, kinds, measures).verdict == "decide"]
    rows = await reader.rows(
        """select person_id, role from memberships where tenant_id = $1 and project_id = $2 and role = any($3)
           and (expires_at is null or expires_at > now()) order by array_position($3, role), person_id""",
        reader.tenant_id,
        project_id,
        deciding,
    )
    return [{"person_id": str(row["person_id"]), "role": row["role"]} for row in rows]
