"""Who sees what, and who may do what: memberships, the visibility predicate, and the authority that a write needs.

The gateway owns memberships, delegations and policies; every service holds a copy with the same tables. Kinds and
measures are names that the areas choose (`schedule.dates`, `finish_minutes`); nothing here knows what they mean.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import structlog

from services.kernel.authority import KINDS, Act, Authority, Hat, Policy
from services.kernel.confidentiality import DEFAULT_VIEWERS, Confidential, without_money
from services.kernel.identity import MACHINES, Principal
from services.kernel.problems import AuthorityRequired, Forbidden, NotFound, ScopeMissing, StepUpRequired
from services.kernel.session import GatheredAct, Judged, Reader, WriteSession

# What one person may be in one project, the strongest first.
ROLES = (
    "owner",
    "programme_manager",
    "manager",
    "coordinator",
    "member",
    "stakeholder",
    "client_contact",
    "auditor",
    "guest",
)
# Who has no view of a project: guests, and the tenant's administrators, who see to who is on it.
OUTSIDE = frozenset({"guest", "admin"})
# A tenant-wide role that reaches into every project; an administrator's does not.
PORTFOLIO_MANAGER = "portfolio_manager"
_log = structlog.get_logger("access")


def _by_tenant_role(tenant_role: str, project_column: str, person_parameter: str) -> str:
    """SQL: the person has the tenant-wide role, and the project is one of the tenant's."""
    return (
        "(exists (select from people looking where looking.tenant_id = current_setting('app.tenant_id')::uuid"
        f" and looking.id = {person_parameter} and looking.tenant_role = '{tenant_role}' and looking.active)"
        " and exists (select from authority_policies governed"
        " where governed.tenant_id = current_setting('app.tenant_id')::uuid"
        f" and governed.project_id = {project_column}))"
    )


def sees_project(project_column: str, person_parameter: str, alias: str = "seen") -> str:
    """SQL: the person is on the project as more than a guest, or looks after all. The tenant is the transaction's own."""
    return (
        f"(exists (select from memberships {alias} where {alias}.tenant_id = current_setting('app.tenant_id')::uuid"
        f" and {alias}.project_id = {project_column} and {alias}.person_id = {person_parameter}"
        f" and {alias}.role <> 'guest' and ({alias}.expires_at is null or {alias}.expires_at > now()))"
        f" or {_by_tenant_role(PORTFOLIO_MANAGER, project_column, person_parameter)})"
    )


def knows_project(project_column: str, person_parameter: str, alias: str = "known") -> str:
    """SQL: the same, or the person is a guest, who sees the project itself and what was shared."""
    return (
        f"(exists (select from memberships {alias} where {alias}.tenant_id = current_setting('app.tenant_id')::uuid"
        f" and {alias}.project_id = {project_column} and {alias}.person_id = {person_parameter}"
        f" and ({alias}.expires_at is null or {alias}.expires_at > now()))"
        f" or {_by_tenant_role(PORTFOLIO_MANAGER, project_column, person_parameter)})"
    )


def sees_directory_of(project_column: str, person_parameter: str) -> str:
    """SQL: the person sees the project, or is an administrator, who sees to who is on it and who may decide what."""
    administers = _by_tenant_role("admin", project_column, person_parameter)
    return f"({sees_project(project_column, person_parameter)} or {administers})"


def sees_confidential(confidential: Confidential, project_column: str, person_parameter: str) -> str:
    """SQL: one of the roles that the person has on the project, or stands in for, may see this kind of thing."""
    default = orjson.dumps(DEFAULT_VIEWERS[confidential]).decode()
    roles = (
        f"(select coalesce(seeing.document #> '{{sees,{confidential}}}', '{default}'::jsonb) from authority_policies seeing"
        f" where seeing.tenant_id = current_setting('app.tenant_id')::uuid and seeing.project_id = {project_column})"
    )
    return (
        f"exists (select from ("
        f"select role from memberships where tenant_id = current_setting('app.tenant_id')::uuid"
        f" and project_id = {project_column} and person_id = {person_parameter}"
        f" and (expires_at is null or expires_at > now())"
        f" union all select tenant_role from people where tenant_id = current_setting('app.tenant_id')::uuid"
        f" and id = {person_parameter} and active and tenant_role = '{PORTFOLIO_MANAGER}'"
        f" union all select role from delegations where tenant_id = current_setting('app.tenant_id')::uuid"
        f" and project_id = {project_column} and person_id = {person_parameter} and grants is null"
        f" and starts_at <= now() and expires_at > now()) worn where {roles} @> to_jsonb(worn.role))"
    )


def sees_costs(project_column: str, person_parameter: str) -> str:
    """SQL: the person sees what the project costs; the visibility of nouns that are about money."""
    return sees_confidential("costs", project_column, person_parameter)


async def may_see_costs(reader: Reader, principal: Principal, project_id: UUID) -> bool:
    """Whether the principal sees what the project costs."""
    seen: bool = await reader.value(
        f"select {sees_costs('$2', '$3')} and $1::uuid is not null",
        reader.tenant_id,
        project_id,
        principal.person_id,
    )
    return seen


async def hats_of(reader: Reader, principal: Principal, project_id: UUID) -> list[Hat]:
    """As what the principal may act on the project now: by membership, by a tenant-wide role, by delegations."""
    rows = await reader.rows(
        """select role, null::text as kinds, null::text as grants, null::uuid as delegation_id from memberships
           where tenant_id = $1 and project_id = $2 and person_id = $3 and (expires_at is null or expires_at > now())
           union all
           select tenant_role, null, null, null from people
           where tenant_id = $1 and id = $3 and active and tenant_role is not null
             and exists (select from authority_policies where tenant_id = $1 and project_id = $2)
           union all
           select d.role, d.kinds::text, d.grants::text, d.id from delegations d
           join memberships m on m.tenant_id = d.tenant_id and m.project_id = d.project_id and m.person_id = d.person_id
             and m.role <> 'guest' and (m.expires_at is null or m.expires_at > now())
           where d.tenant_id = $1 and d.project_id = $2 and d.person_id = $3
             and d.starts_at <= now() and d.expires_at > now()""",
        reader.tenant_id,
        project_id,
        principal.person_id,
    )
    return [_hat(row) for row in rows]


def _hat(row: Mapping[str, Any]) -> Hat:
    return Hat(
        row["role"],
        tuple(orjson.loads(row["kinds"])) if row["kinds"] is not None else ("*",),
        orjson.loads(row["grants"]) if row["grants"] is not None else None,
        str(row["delegation_id"]) if row["delegation_id"] is not None else None,
    )


async def role_in(reader: Reader, principal: Principal, project_id: UUID) -> str | None:
    """The strongest role of the principal in the project by membership or tenant, None when there is none any more."""
    roles = {hat.role for hat in await hats_of(reader, principal, project_id) if hat.delegation_id is None}
    if PORTFOLIO_MANAGER in roles and not roles & {"owner", "programme_manager"}:
        return PORTFOLIO_MANAGER
    return next((role for role in ROLES if role in roles), None)


async def require_member(reader: Reader, principal: Principal, project_id: UUID) -> str:
    """The principal's role, which is more than a guest's. Raises NotFound: what one may not see does not exist."""
    role = await role_in(reader, principal, project_id)
    if role is None or role == "guest":
        raise NotFound
    return role


async def is_only_guest(reader: Reader, principal: Principal) -> bool:
    """Whether the person is in the tenant for nothing but what was shared with them as a guest."""
    roles = await reader.rows(
        """select role from memberships where tenant_id = $1 and person_id = $2
           union all
           select r.role from archived_projects t
             cross join lateral jsonb_populate_recordset(null::memberships, t.memberships) r
           where t.tenant_id = $1 and r.person_id = $2""",
        reader.tenant_id,
        principal.person_id,
    )
    return principal.tenant_role is None and bool(roles) and all(row["role"] == "guest" for row in roles)


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
    hats = await hats_of(reader, principal, project_id)
    if all(hat.role == "guest" for hat in hats):
        raise NotFound
    if not principal.has_scope(f"{service}:propose"):
        return Authority("no", ("scope",))
    policy = await policy_of(reader, project_id)
    act = Act(kinds, measures, principal.is_machine, principal.approvals, principal.minutes_since_sign_in())
    authority = policy.judge(hats, act)
    if authority.verdict == "no" and all(hat.role in OUTSIDE for hat in hats):
        raise NotFound
    if authority.verdict == "decide" and not principal.has_scope(f"{service}:decide"):
        return Authority("propose", ("scope",), authority.role, authority.delegation_id)
    wanted = policy.minutes_of_step_up(kinds)
    if authority.verdict == "decide" and wanted is not None:
        age = act.minutes_since_sign_in
        if age is None or age >= wanted:
            return Authority("decide", ("step_up",), authority.role, authority.delegation_id)
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
    Raises StepUpRequired where the policy wants a fresher sign-in. An operation of a batch is judged with the whole of it.
    """
    measured = measures or {}
    _check_declared(session, kinds)
    if session.gathered is not None:
        session.impact = dict(impact or {})
        session.gathered.append(GatheredAct(tuple(kinds), dict(measured), session.impact))
        return
    authority = await judge(session, session.principal, session.service, project_id, kinds, measured)
    session.impact = dict(impact or {})
    session.authority = authority
    session.shows_costs = await may_see_costs(session, session.principal, project_id)
    session.judged.append(Judged(project_id, tuple(kinds), dict(measured), authority))
    if authority.verdict == "decide":
        if "step_up" in authority.exceeded and not session.dry_run:
            raise StepUpRequired
        return
    if authority.verdict == "no":
        if "scope" in authority.exceeded:
            raise ScopeMissing(scope=f"{session.service}:propose")
        raise Forbidden
    deciders = await decidable_by(session, project_id, kinds, measured)
    session.decidable_by = deciders
    if session.dry_run:
        return
    # The desk, which asks not to be strict, keeps all of it for those who decide, and shows it to nobody else.
    shown = session.impact_shown() if session.strict else session.impact
    told = {name: str(value) for name, value in measured.items()}
    raise AuthorityRequired(
        kinds=list(kinds),
        impact=shown,
        measures=without_money(told) if session.strict and not session.shows_costs else told,
        role=authority.role,
        exceeded=list(authority.exceeded) or list(kinds),
        project_id=str(project_id),
        decidable_by=deciders,
        proposable=True,
    )


def _tell_undeclared(message: str) -> None:
    _log.error(message)


# What is done about a kind that its route has not declared; the tests refuse it.
undeclared: Callable[[str], None] = _tell_undeclared


def _check_declared(session: WriteSession, kinds: Sequence[str]) -> None:
    for kind in kinds:
        if kind not in KINDS:
            undeclared(f"no area has declared the kind {kind}")
        elif session.declared is not None and kind not in session.declared:
            undeclared(f"{session.route} asks for {kind} and does not declare it")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody on a project under one of their hats."""

    person_id: UUID
    hat: Hat
    machine: bool


async def candidates(reader: Reader, project_id: UUID) -> list[Candidate]:
    """Everybody on the project who is more than a guest, by role and by delegation, the strongest role first."""
    rows = await reader.rows(
        """select m.person_id, m.role, null::text as kinds, null::text as grants, null::uuid as delegation_id, p.kind
           from memberships m left join people p on p.tenant_id = m.tenant_id and p.id = m.person_id
           where m.tenant_id = $1 and m.project_id = $2 and m.role <> 'guest'
             and (m.expires_at is null or m.expires_at > now()) and coalesce(p.active, true)
           union all
           select d.person_id, d.role, d.kinds::text, d.grants::text, d.id, p.kind from delegations d
           join memberships m on m.tenant_id = d.tenant_id and m.project_id = d.project_id and m.person_id = d.person_id
             and m.role <> 'guest' and (m.expires_at is null or m.expires_at > now())
           left join people p on p.tenant_id = d.tenant_id and p.id = d.person_id
           where d.tenant_id = $1 and d.project_id = $2 and d.starts_at <= now() and d.expires_at > now()
             and coalesce(p.active, true)""",
        reader.tenant_id,
        project_id,
    )
    ordered = sorted(rows, key=lambda each: (ROLES.index(each["role"]), str(each["person_id"])))
    return [Candidate(row["person_id"], _hat(row), row["kind"] in MACHINES) for row in ordered]


def deciders(
    policy: Policy, people: Sequence[Candidate], kinds: Sequence[str], measures: Mapping[str, int | Decimal]
) -> list[dict[str, str]]:
    """Who of these has authority over an effect of this size: `[{"person_id", "role"}]`, in their order."""
    found: dict[UUID, str] = {}
    for each in people:
        act = Act(kinds, measures, each.machine, policy.approvals_for(kinds))
        if policy.judge([each.hat], act).verdict == "decide":
            found.setdefault(each.person_id, each.hat.role)
    return [{"person_id": str(person_id), "role": role} for person_id, role in found.items()]


async def decidable_by(
    reader: Reader, project_id: UUID, kinds: Sequence[str], measures: Mapping[str, int | Decimal]
) -> list[dict[str, str]]:
    """Who on the project has authority over an effect of this size, the strongest first."""
    policy = await policy_of(reader, project_id)
    return deciders(policy, await candidates(reader, project_id), kinds, measures)
