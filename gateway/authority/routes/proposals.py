"""HTTP of proposals: what was asked for, and its decision."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import Response

from gateway.authority import (
    desk,
    repository,
)
from gateway.authority.kinds import PROPOSAL_DECIDE, PROPOSAL_OWN
from gateway.authority.proposal import Proposal, ProposalState
from gateway.authority.repository import PROPOSALS
from gateway.authority.schemas import NewDecision, ProposalShape, Withdrawal
from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.collection import SearchQuery
from services.kernel.problems import IdempotencyKeyMissing, Problem
from services.kernel.requests import Reading, context_of
from services.kernel.schemas import Listing
from services.kernel.write import DryRun, IdempotencyKey, KeyedWriting, open_write

router = area_router("authority")


@router.get(
    "/v1/projects/{project_id}/proposals",
    response_model=Listing[ProposalShape],
    openapi_extra={"parameters": PROPOSALS.list_parameters()},
)
async def list_proposals(project_id: UUID, read: Reading) -> Response:
    """What was asked for and is not the asker's to decide, with the computed impact of each."""
    return await PROPOSALS.page(read, project_id)


@router.post("/v1/projects/{project_id}/proposals/searches", response_model=Listing[ProposalShape])
async def search_proposals(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The same list under a boolean combination of conditions."""
    return await PROPOSALS.search(read, query, project_id)


@router.get(
    "/v1/proposals/{proposal_id}",
    response_model=ProposalShape,
    openapi_extra={"parameters": PROPOSALS.object_parameters()},
)
async def get_proposal(proposal_id: UUID, read: Reading) -> Response:
    """One proposal."""
    return await PROPOSALS.one(read, proposal_id)


async def required_key(request: Request, dry_run: DryRun = False, idempotency_key: IdempotencyKey = None) -> str | None:
    """The key, which a dry run can do without. Raises IdempotencyKeyMissing."""
    _ = context_of(request).principal  # Who is asking comes before what is missing.
    if idempotency_key is None and not dry_run:
        raise IdempotencyKeyMissing
    return idempotency_key


@router.post(
    "/v1/proposals/{proposal_id}/decision",
    response_model=ProposalShape,
    openapi_extra={"x-idempotency-key": "required"},
)
@acts(PROPOSAL_DECIDE)
async def decide_proposal(
    proposal_id: UUID,
    decision: NewDecision,
    request: Request,
    key: Annotated[str | None, Depends(required_key)],
    dry_run: DryRun = False,
) -> Response:
    """Accept, amend or reject. An acceptance is carried out before it is answered."""
    context = context_of(request)
    principal = context.principal
    await context.service.catch_up(request, principal)
    if dry_run:
        return await _try_decision(request, proposal_id, decision)
    settled = None
    async with context.service.database.write(principal) as session:
        try:
            proposal: Proposal | None = await desk.decide(session, proposal_id, decision)
            await session.publish()
            await session.commit()
        except Problem as problem:
            # A repetition of a decision that was answered meets a settled proposal; the key below knows its answer.
            settled, proposal = problem, None
    context.service.wake()
    answer = None
    if proposal is not None and proposal.state == ProposalState.ACCEPTING:
        answer = await context.service.resources.replayer.replay(proposal, principal)
    told: Problem | None = None
    async with open_write(request, dry_run=False, idempotency_key=key, if_match=None, change_agent=None) as write:
        if settled is not None:
            raise settled
        stored = await repository.load_proposal(write.session, proposal_id)
        if answer is not None and stored.state == ProposalState.ACCEPTING:
            told = await desk.store_outcome(write.session, stored, answer)
        if told is not None:
            await write.release_key()
        response = await write.answer(await PROPOSALS.represent(write.session, proposal_id), version=stored.version)
    if told is not None:
        raise told
    return response


async def _try_decision(request: Request, proposal_id: UUID, decision: NewDecision) -> Response:
    """What would come of the decision: the proposed request's own dry run, in the decider's name, as things stand now."""
    context = context_of(request)
    principal = context.principal
    answer = None
    async with context.service.database.write(principal) as session:
        proposal = await desk.decide(session, proposal_id, decision)
        session.expunge(proposal)
        await session.rollback()
    if proposal.state == ProposalState.ACCEPTING:
        answer = await context.service.resources.replayer.replay(proposal, principal, dry_run=True)
    async with open_write(request, dry_run=True, idempotency_key=None, if_match=None, change_agent=None) as write:
        tried = await desk.decide(write.session, proposal_id, decision)
        if answer is not None:
            told = await desk.store_outcome(write.session, tried, answer)
            if told is not None:
                raise told
            write.session.impact = tried.result["impact"] if tried.result is not None else None
        return await write.answer(await PROPOSALS.represent(write.session, proposal_id), version=tried.version)


@router.post("/v1/proposals/{proposal_id}/withdrawal", response_model=ProposalShape)
@acts(PROPOSAL_OWN)
async def withdraw_proposal(proposal_id: UUID, withdrawal: Withdrawal, write: KeyedWriting) -> Response:
    """Take one's own proposal back."""
    proposal = await desk.withdraw(write.session, proposal_id, withdrawal.reason)
    return await write.answer(await PROPOSALS.represent(write.session, proposal_id), version=proposal.version)
