"""HTTP of proposals: drafts, what was asked for, what others say to it, and its decision."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Request
from starlette.responses import Response

from gateway.authority import desk, repository
from gateway.authority.kinds import PROPOSAL_COMMENT, PROPOSAL_DECIDE, PROPOSAL_OWN
from gateway.authority.proposal import Measured, Proposal, ProposalState
from gateway.authority.replayer import Replayer, service_of
from gateway.authority.repository import PROPOSAL_COMMENTS, PROPOSALS
from gateway.authority.schemas import (
    NewComment,
    NewDecision,
    NewProposal,
    ProposalCommentShape,
    ProposalPatch,
    ProposalShape,
    Withdrawal,
)
from gateway.authority.use_cases import proposals
from gateway.authority.viewer import viewer_of
from services.kernel.access import may_see_costs, require_member, require_scope
from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.collection import SearchQuery
from services.kernel.http_client import Response as StepAnswer
from services.kernel.problems import IdempotencyKeyMissing, Problem
from services.kernel.requests import Reading, context_of
from services.kernel.schemas import Listing, Step, merged
from services.kernel.write import (
    POSITION_HEADER,
    DryRun,
    IdempotencyKey,
    KeyedWriting,
    Write,
    Writing,
    open_write,
    version_of,
)

router = area_router("authority")


@router.get(
    "/v1/projects/{project_id}/proposals",
    response_model=Listing[ProposalShape],
    openapi_extra={"parameters": PROPOSALS.list_parameters()},
)
async def list_proposals(project_id: UUID, read: Reading) -> Response:
    """What was asked for and is not the asker's to decide, with the computed impact of each; and one's own drafts."""
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
    """One proposal. `expand=viewer` tells what the reader may do with it, and why not."""
    return await PROPOSALS.one(read, proposal_id, viewer_of)


async def required_key(request: Request, dry_run: DryRun = False, idempotency_key: IdempotencyKey = None) -> str | None:
    """The key, which a dry run can do without. Raises IdempotencyKeyMissing."""
    _ = context_of(request).principal  # Who is asking comes before what is missing.
    if idempotency_key is None and not dry_run:
        raise IdempotencyKeyMissing
    return idempotency_key


# Of routes that ask a service before they write: they open their transaction themselves, behind its answer.
RequiredKey = Annotated[str | None, Depends(required_key)]
IfMatch = Annotated[str | None, Header(max_length=100, description="The ETag of the version that is meant.")]


@router.post(
    "/v1/projects/{project_id}/proposals",
    status_code=201,
    response_model=ProposalShape,
    openapi_extra={"x-idempotency-key": "required"},
)
@acts(PROPOSAL_OWN)
async def draft_proposal(
    project_id: UUID, new: NewProposal, request: Request, key: RequiredKey, dry_run: DryRun = False
) -> Response:
    """Draft several steps as one proposal, with the impact that they have together; `submit` puts it before deciders.

    What lies within the proposer's own authority is carried out at once when it is submitted.
    """
    context = context_of(request)
    await context.service.catch_up(request, context.principal)
    async with context.service.database.read(context.principal.tenant_id) as reading:
        await require_member(reading, context.principal, project_id)
    measured, steps = await _measure(request, new.steps)
    async with open_write(request, dry_run=dry_run, idempotency_key=key, if_match=None, change_agent=None) as write:
        drafted = await proposals.draft(write.session, project_id, new.title, new.justification, steps, measured)
        if new.submit:
            await proposals.submit_draft(write.session, drafted.id)
        answer = await _answer(write, drafted, status=201)
    return await _carried_out(request, drafted, answer, status=201)


@router.patch("/v1/proposals/{proposal_id}", response_model=ProposalShape)
@acts(PROPOSAL_OWN)
async def amend_proposal(
    proposal_id: UUID,
    patch: ProposalPatch,
    request: Request,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
    dry_run: DryRun = False,
) -> Response:
    """Change one's own draft or open proposal. Other steps, or `rebase`, are measured anew and need new approvals."""
    context = context_of(request)
    await context.service.catch_up(request, context.principal)
    expected = version_of(if_match)
    async with context.service.database.write(context.principal) as session:
        present = await proposals.own_proposal(session, proposal_id)
        session.expunge(present)
        await session.rollback()
    measured, steps = None, None
    if patch.steps is not None or patch.rebase:
        measured, steps = await _measure(request, patch.steps or present.steps, rebase=patch.rebase)
    words = {name: value for name, value in merged(patch).items() if name in ("title", "justification")}
    async with open_write(
        request, dry_run=dry_run, idempotency_key=idempotency_key, if_match=if_match, change_agent=None
    ) as write:
        amended = await proposals.amend(write.session, proposal_id, expected, words, steps, measured)
        return await _answer(write, amended)


@router.delete("/v1/proposals/{proposal_id}", status_code=204)
@acts(PROPOSAL_OWN)
async def discard_draft(proposal_id: UUID, write: Writing) -> Response:
    """Throw a draft away."""
    await proposals.discard(write.session, proposal_id, write.expected_version)
    return await write.answer_empty()


@router.post(
    "/v1/proposals/{proposal_id}/submission",
    response_model=ProposalShape,
    openapi_extra={"x-idempotency-key": "required"},
)
@acts(PROPOSAL_OWN)
async def submit_proposal(proposal_id: UUID, request: Request, key: RequiredKey, dry_run: DryRun = False) -> Response:
    """Put one's draft before those who decide; what lies within one's own authority is carried out at once."""
    async with open_write(request, dry_run=dry_run, idempotency_key=key, if_match=None, change_agent=None) as write:
        submitted = await proposals.submit_draft(write.session, proposal_id)
        answer = await _answer(write, submitted)
    return await _carried_out(request, submitted, answer, status=200)


async def _measure(
    request: Request, steps: Sequence[Step | dict[str, Any]], *, rebase: bool = False
) -> tuple[Measured, list[dict[str, Any]]]:
    context = context_of(request)
    replayer: Replayer = context.service.resources.replayer
    plain = [step if isinstance(step, dict) else step.model_dump(mode="json") for step in steps]
    service = service_of(plain)
    require_scope(context.principal, f"{service}:propose")
    return await replayer.measure(service, plain, context.principal, rebase=rebase)


async def _answer(write: Write, proposal: Proposal, *, status: int = 200) -> Response:
    effects = {"conflicts": await repository.conflicts_of(write.session, proposal.id)}
    write.session.impact = proposal.impact
    write.session.shows_costs = await may_see_costs(write.session, write.principal, proposal.project_id)
    return await write.answer(
        await PROPOSALS.represent(write.session, proposal.id),
        status=status,
        version=proposal.version,
        location=f"/v1/proposals/{proposal.id}" if status == 201 else None,
        effects=effects,
        effect="proposed" if proposal.is_open else "none" if proposal.state == ProposalState.DRAFT else "applied",
    )


async def _carried_out(request: Request, proposal: Proposal, answer: Response, *, status: int) -> Response:
    """The answer, once what its proposer could decide has been carried out, too."""
    context = context_of(request)
    if answer.headers["tandem-effect"] == "none" or proposal.state != ProposalState.ACCEPTING:
        return answer
    replayed = await context.service.resources.replayer.replay(proposal, context.principal)
    async with open_write(request, dry_run=False, idempotency_key=None, if_match=None, change_agent=None) as write:
        stored = await repository.load_proposal(write.session, proposal.id)
        if stored.state == ProposalState.ACCEPTING:
            await desk.store_outcome(write.session, stored, replayed)
        return _reached(await _answer(write, stored, status=status), replayed)


def _reached(response: Response, replayed: StepAnswer) -> Response:
    """The response, which also tells how far the service has come that carried the steps out: its caller reads the effect."""
    position = replayed.headers.get(POSITION_HEADER)
    if position is not None:
        response.headers.append(POSITION_HEADER, position)
    return response


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
    key: RequiredKey,
    if_match: IfMatch = None,
    dry_run: DryRun = False,
) -> Response:
    """Accept, amend or reject. An acceptance is carried out before it is answered, once enough have said yes."""
    context = context_of(request)
    principal = context.principal
    expected = version_of(if_match) if if_match is not None else None
    await context.service.catch_up(request, principal)
    if dry_run:
        return await _try_decision(request, proposal_id, decision)
    settled = None
    async with context.service.database.write(principal) as session:
        try:
            proposal: Proposal | None = await desk.decide(session, proposal_id, decision, expected_version=expected)
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
    return response if answer is None else _reached(response, answer)


async def _try_decision(request: Request, proposal_id: UUID, decision: NewDecision) -> Response:
    """What would come of the decision: the proposed steps' own dry run, in the decider's name, as things stand now."""
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
    proposal = await proposals.withdraw(write.session, proposal_id, withdrawal.reason)
    return await write.answer(await PROPOSALS.represent(write.session, proposal_id), version=proposal.version)


@router.get(
    "/v1/proposals/{proposal_id}/comments",
    response_model=Listing[ProposalCommentShape],
    openapi_extra={"parameters": PROPOSAL_COMMENTS.list_parameters()},
)
async def list_proposal_comments(proposal_id: UUID, read: Reading) -> Response:
    """What was said to a proposal."""
    return await PROPOSAL_COMMENTS.page(read, proposal_id)


@router.post("/v1/proposals/{proposal_id}/comments", status_code=201, response_model=ProposalCommentShape)
@acts(PROPOSAL_COMMENT)
async def comment_on_proposal(proposal_id: UUID, new: NewComment, write: Writing) -> Response:
    """Say something to an open proposal; an objection keeps it from being accepted by itself."""
    said = await proposals.comment(write.session, proposal_id, new)
    body = await PROPOSAL_COMMENTS.represent(write.session, said.id)
    return await write.answer(body, status=201, version=said.version, location=f"/v1/proposal-comments/{said.id}")


@router.get(
    "/v1/proposal-comments/{comment_id}",
    response_model=ProposalCommentShape,
    openapi_extra={"parameters": PROPOSAL_COMMENTS.object_parameters()},
)
async def get_proposal_comment(comment_id: UUID, read: Reading) -> Response:
    """One comment."""
    return await PROPOSAL_COMMENTS.one(read, comment_id)
