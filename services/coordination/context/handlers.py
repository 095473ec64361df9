"""Keeping the copies: what happened to projects and proposals elsewhere."""

from services.coordination.context import repository
from services.kernel.events import Fact
from services.kernel.inbox import Handlers
from services.kernel.session import WriteSession

HANDLERS = Handlers()
# What a proposal's last word does to our copy of it.
_STATUS = {
    "gateway.proposal.accepted": "accepted",
    "gateway.proposal.rejected": "rejected",
    "gateway.proposal.withdrawn": "withdrawn",
    "gateway.proposal.rebase_required": "rebase_required",
    "gateway.proposal.failed": "failed",
    "gateway.proposal.superseded": "superseded",
    "gateway.proposal.expired": "expired",
}


@HANDLERS.on("planning.project.created")
async def keep_project(session: WriteSession, fact: Fact) -> None:
    await repository.upsert_project(session, fact.subject_id, fact.data)


@HANDLERS.on("planning.project.changed")
async def change_project(session: WriteSession, fact: Fact) -> None:
    await repository.change_project(session, fact.subject_id, fact.data)


@HANDLERS.on("gateway.proposal.submitted", "gateway.proposal.amended")
async def keep_proposal(session: WriteSession, fact: Fact) -> None:
    if fact.project_id is not None:
        await repository.upsert_proposal(session, fact.subject_id, fact.project_id, fact.data, fact.occurred_at)


@HANDLERS.on(*_STATUS)
async def close_proposal(session: WriteSession, fact: Fact) -> None:
    await repository.set_proposal_status(session, fact.subject_id, _STATUS[fact.type])
