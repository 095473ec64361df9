"""Every SQL statement of the authority desk."""

from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from gateway.authority.proposal import OPEN_STATES, Proposal
from services.kernel.collection import Collection
from services.kernel.confidentiality import impact_column
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.identity import ALL_SCOPES, Principal
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.kernel.tables import authority_policies, delegations

# What was asked for in full may tell of money; those who do not see costs read of their own proposals only.
_MAY_READ_BODY = "($costs or t.proposer_id = $person)"

_OPEN = ", ".join(f"'{state}'" for state in OPEN_STATES)
# Two open proposals conflict where they want something of the same object, or touch the same task of the plan. It is
# looked up when it is read, so it is over as soon as one of them is settled.
_CONFLICTS = (
    "(select coalesce(json_agg(json_build_object('id', o.id, 'title', o.title) order by o.id), '[]') from proposals o"
    " where o.tenant_id = t.tenant_id and o.project_id = t.project_id and o.id <> t.id"
    f" and t.state in ({_OPEN}) and o.state in ({_OPEN})"
    " and (o.path = t.path and t.method <> 'POST' or o.impact #>> '{subject,id}' = t.impact #>> '{subject,id}'"
    " or exists (select from jsonb_array_elements_text(coalesce(t.impact -> 'touches', '[]')) touched(id)"
    " where o.impact -> 'touches' ? touched.id)))"
)

PROPOSALS = Collection(
    noun="proposal",
    source="proposals t",
    columns=object_columns("proposal")
    | {
        "project_id": "t.project_id",
        "title": "t.title",
        "state": "t.state",
        "proposer_id": "t.proposer_id",
        "request": (
            "json_build_object('method', t.method, 'path', t.path, 'query', t.query, 'if_match', t.if_match,"
            f" 'body', case when length(t.body) > 0 and {_MAY_READ_BODY} then convert_from(t.body, 'UTF8')::json end)"
        ),
        "amended_body": f"case when {_MAY_READ_BODY} then convert_from(t.amended_body, 'UTF8')::json end",
        "kinds": "t.kinds",
        "impact": impact_column("t.impact"),
        "conflicts_with": _CONFLICTS,
        "exceeded": "t.exceeded",
        "decidable_by": "t.decidable_by",
        "decided_by_id": "t.decided_by_id",
        "decided_at": "t.decided_at",
        "reason": "t.reason",
        "outcome_id": "t.outcome_id",
        "result": f"case when {_MAY_READ_BODY} then t.result end",
        "problem": f"case when {_MAY_READ_BODY} then t.problem end",
    },
    filters={
        "state": Filter("t.state", "text"),
        "proposer_id": Filter("t.proposer_id", "uuid"),
        "created_at": Filter("t.created_at", "instant"),
    },
    sorts={"created_at": Sort("t.created_at", "instant", nullable=False)},
)


DELEGATIONS = Collection(
    noun="delegation",
    source="delegations t",
    columns={
        "id": "t.id",
        "type": "'delegation'",
        "version": "t.version",
        "created_at": "t.created_at",
        "updated_at": "t.updated_at",
        "project_id": "t.project_id",
        "person_id": "t.person_id",
        "role": "t.role",
        "kinds": "t.kinds",
        "grants": "t.grants",
        "starts_at": "t.starts_at",
        "expires_at": "t.expires_at",
        "reason": "t.reason",
        "granted_by_id": "t.granted_by_id",
        "active": "(t.starts_at <= now() and t.expires_at > now())",
    },
    filters={
        "person_id": Filter("t.person_id", "uuid"),
        "role": Filter("t.role", "text"),
        "expires_at": Filter("t.expires_at", "instant"),
        "active": Filter("(t.starts_at <= now() and t.expires_at > now())", "boolean"),
    },
    sorts={
        "created_at": Sort("t.created_at", "instant", nullable=False),
        "expires_at": Sort("t.expires_at", "instant", nullable=False),
    },
    viewer_kinds={"delete": "delegation.grant"},
)


async def add_delegation(session: WriteSession, row: dict[str, Any]) -> None:
    await session.execute(
        insert(delegations).values(tenant_id=session.tenant_id, created_at=session.now, updated_at=session.now, **row)
    )


async def load_delegation(session: WriteSession, delegation_id: UUID) -> dict[str, Any]:
    """A delegation, locked for a change. Raises NotFound."""
    statement = select(delegations).where(
        delegations.c.tenant_id == session.tenant_id, delegations.c.id == delegation_id
    )
    row = (await session.execute(statement.with_for_update())).mappings().one_or_none()
    if row is None:
        raise NotFound
    return dict(row)


async def delegations_granted_by(session: WriteSession, project_id: UUID, person_id: UUID) -> list[dict[str, Any]]:
    """What somebody has lent on a project and has not ended, locked."""
    statement = select(delegations).where(
        delegations.c.tenant_id == session.tenant_id,
        delegations.c.project_id == project_id,
        delegations.c.granted_by_id == person_id,
        delegations.c.expires_at > session.now,
    )
    return [dict(row) for row in (await session.execute(statement.with_for_update())).mappings()]


async def end_delegation(session: WriteSession, delegation_id: UUID) -> None:
    await session.execute(
        update(delegations)
        .where(delegations.c.tenant_id == session.tenant_id, delegations.c.id == delegation_id)
        .values(expires_at=session.now, version=delegations.c.version + 1, updated_at=session.now)
    )


async def load_proposal(session: WriteSession, proposal_id: UUID) -> Proposal:
    """The proposal, locked for its settlement. Raises NotFound."""
    proposal = await session.scalar(
        select(Proposal)
        .where(Proposal.tenant_id == session.tenant_id, Proposal.id == proposal_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if proposal is None:
        raise NotFound
    return proposal


async def read_policy(reader: Reader, project_id: UUID) -> bytes | None:
    body: bytes | None = await reader.value(
        """select convert_to(row_to_json(r)::text, 'UTF8') from (
             select 'policy' as type, version, created_at, updated_at, project_id, document
             from authority_policies where tenant_id = $1 and project_id = $2) r""",
        reader.tenant_id,
        project_id,
    )
    return body


async def policy_version(session: WriteSession, project_id: UUID) -> int | None:
    version: int | None = await session.value(
        "select version from authority_policies where tenant_id = $1 and project_id = $2 for update",
        session.tenant_id,
        project_id,
    )
    return version


async def store_policy(session: WriteSession, project_id: UUID, document: dict[str, Any]) -> None:
    values = {"document": document, "updated_at": session.now}
    statement = insert(authority_policies).values(
        tenant_id=session.tenant_id, project_id=project_id, created_at=session.now, **values
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "project_id"], set_=values | {"version": authority_policies.c.version + 1}
        )
    )


async def principal_of(reader: Reader, person_id: UUID) -> Principal:
    """A person acting by what they said elsewhere (in signed minutes), where no token narrows them. Raises NotFound."""
    row = await reader.row(
        "select kind, tenant_role from people where tenant_id = $1 and id = $2 and active", reader.tenant_id, person_id
    )
    if row is None:
        raise NotFound
    return Principal(reader.tenant_id, person_id, kind=row["kind"], scopes=ALL_SCOPES, tenant_role=row["tenant_role"])
