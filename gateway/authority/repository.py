"""Every SQL statement of the authority desk."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from gateway.authority.proposal import Proposal
from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.identity import ALL_SCOPES, Principal
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.kernel.tables import authority_policies

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
            " 'body', case when length(t.body) > 0 then convert_from(t.body, 'UTF8')::json end)"
        ),
        "amended_body": "convert_from(t.amended_body, 'UTF8')::json",
        "kinds": "t.kinds",
        "impact": "t.impact",
        "exceeded": "t.exceeded",
        "decidable_by": "t.decidable_by",
        "decided_by_id": "t.decided_by_id",
        "decided_at": "t.decided_at",
        "reason": "t.reason",
        "outcome_id": "t.outcome_id",
        "result": "t.result",
        "problem": "t.problem",
    },
    filters={
        "state": Filter("t.state", "text"),
        "proposer_id": Filter("t.proposer_id", "uuid"),
        "created_at": Filter("t.created_at", "instant"),
    },
    sorts={"created_at": Sort("t.created_at", "instant", nullable=False)},
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
