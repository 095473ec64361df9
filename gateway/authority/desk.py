"""The desk: takes decisions, and settles proposals by what their service answered.

Deciding and carrying out are two transactions with the replay between them, so no database waits for another service.
The decision is stored first (`accepting`); whoever comes after a crash, the decider's retry or the job that was
enqueued with the decision, replays the steps again under the proposal's id and gets the service's stored answer.
"""

from typing import Any
from uuid import UUID

import orjson

from gateway.authority import repository
from gateway.authority.events import (
    DECISION_REFUSED,
    PROPOSAL_ACCEPTED,
    PROPOSAL_APPROVED,
    PROPOSAL_FAILED,
    PROPOSAL_REBASE_REQUIRED,
    PROPOSAL_REJECTED,
)
from gateway.authority.proposal import OwnProposal, Proposal, ProposalState, RebaseRequired
from gateway.authority.replayer import Replayer
from gateway.authority.schemas import NewDecision
from services.kernel.access import hats_of, policy_of, require_member
from services.kernel.authority import Act
from services.kernel.events import Fact, FactType
from services.kernel.http_client import Response
from services.kernel.identity import Principal
from services.kernel.jobs import JobRun, enqueue_job, principal_from_json, principal_to_json
from services.kernel.problems import Conflict, Forbidden, Problem, RuleViolated, StepUpRequired
from services.kernel.session import Reader, WriteSession

CARRY_OUT = "carry_out_proposal"


class CannotBeCarriedOut(Conflict):
    """The service refuses the proposed steps now; `cause` is its problem."""

    code = "proposal_failed"
    title = {"en": "The proposal can no longer be carried out", "nb": "Forslaget kan ikke lenger utføres"}
    members = ("cause",)


class HeldUp(Conflict):
    """What the steps are about is closed for now, such as an accounting period; the proposal stays open."""

    code = "proposal_held_up"
    title = {"en": "The proposal cannot be carried out for now", "nb": "Forslaget kan ikke utføres nå"}
    detail = {
        "en": "See cause. The proposal stays open; decide it again when that has been opened.",
        "nb": "Se cause. Forslaget forblir åpent; avgjør det på nytt når det er åpnet.",
    }
    members = ("cause",)


class AmendmentRefused(RuleViolated):
    """The service refuses what the decider put in the steps' place; the proposal stays open as it was asked."""

    code = "amendment_refused"
    title = {"en": "The amended request cannot be used", "nb": "Den endrede forespørselen kan ikke brukes"}
    members = ("cause",)


class DeciderLacksAuthority(Forbidden):
    """The effect exceeds what the decider may decide, too; the proposal stays open."""

    code = "decider_lacks_authority"
    title = {"en": "This is not yours to decide either", "nb": "Dette er heller ikke ditt å bestemme"}
    members = ("impact", "decidable_by", "exceeded")


async def decide(
    session: WriteSession,
    proposal_id: UUID,
    decision: NewDecision,
    outcome_id: UUID | None = None,
    expected_version: int | None = None,
) -> Proposal:
    """Store a decision. A rejection is final here; an acceptance is `accepting` until it is carried out.

    Where it takes several deciders, all but the last only add their approval.
    """
    proposal = await repository.load_proposal(session, proposal_id)
    decider = session.principal
    await require_member(session, decider, proposal.project_id)
    if proposal.state == ProposalState.ACCEPTING and proposal.decided_by_id == decider.person_id:
        return proposal
    await require_decider(session, proposal, decider)
    if expected_version is not None:
        await repository.PROPOSALS.check_version(session, proposal.id, proposal.version, expected_version)
    proposal.outcome_id = outcome_id
    if decision.decision == "reject":
        proposal.decided_by_id = decider.person_id
        proposal.decided_at = session.now
        proposal.reason = decision.reason
        await settle(session, proposal, ProposalState.REJECTED, PROPOSAL_REJECTED)
        return proposal
    amended = decision.amended(proposal.steps)
    if amended is not None:
        # Whoever has approved so far has approved something else.
        proposal.amended_steps, proposal.approvals = amended, []
    proposal.rebase = decision.rebase
    if proposal.approve(decider.person_id, session.now, decision.reason):
        await accept(session, proposal, decision.reason)
    else:
        await session.flush()
        record_settled(session, proposal, PROPOSAL_APPROVED, None)
    return proposal


async def accept(session: WriteSession, proposal: Proposal, reason: str) -> None:
    """Everybody who has to has said yes, the last of them now: what follows is to carry it out."""
    decider = session.principal
    proposal.state = ProposalState.ACCEPTING
    proposal.decided_by_id = decider.person_id
    proposal.decided_at = session.now
    proposal.reason = reason
    await session.flush()
    arguments = {"proposal_id": str(proposal.id), "decider": principal_to_json(decider)}
    await enqueue_job(session, CARRY_OUT, arguments, proposal.project_id)


async def require_decider(reader: Reader, proposal: Proposal, decider: Principal) -> None:
    """Raise what keeps somebody from any decision about a proposal.

    Whoever could not decide any act of these kinds has no say, not even a rejection; the amount is judged on replay.
    """
    proposal.require_open()
    policy = await policy_of(reader, proposal.project_id)
    # Four eyes are two people's, also where somebody may otherwise decide their own proposals.
    alone_is_enough = policy.solo and not policy.approvals_for(proposal.kinds)
    if proposal.proposer_id == decider.person_id and not alone_is_enough:
        raise OwnProposal
    hats = await hats_of(reader, decider, proposal.project_id)
    act = Act(proposal.kinds, {}, decider.is_machine, policy.approvals_for(proposal.kinds))
    verdict = policy.judge(hats, act).verdict
    if verdict != "decide" or not decider.has_scope(f"{proposal.service}:decide"):
        raise DeciderLacksAuthority(
            decidable_by=proposal.decidable_by, impact=proposal.impact, exceeded=proposal.exceeded
        )


async def settle(
    session: WriteSession,
    proposal: Proposal,
    state: ProposalState,
    fact_type: FactType,
    problem: dict[str, Any] | None = None,
) -> None:
    proposal.state = state
    proposal.problem = problem
    await session.flush()
    record_settled(session, proposal, fact_type, problem)


def record_settled(
    session: WriteSession, proposal: Proposal, fact_type: FactType, problem: dict[str, Any] | None = None
) -> None:
    """Tell what has become of a proposal, or who has been asked again."""
    data = {
        "title": proposal.title,
        "decided_by_id": proposal.decided_by_id and str(proposal.decided_by_id),
        "proposer_id": str(proposal.proposer_id),
        "reason": proposal.reason,
        "outcome_id": proposal.outcome_id and str(proposal.outcome_id),
        "problem": problem,
        "decidable_by": proposal.decidable_by,
        "approvals": proposal.approvals,
    }
    session.record(fact_type, "proposal", proposal.id, data, project_id=proposal.project_id)


async def tell_refusal(session: WriteSession, fact: Fact, problem: Problem) -> None:
    """Say on the log why a decision in minutes could not be taken, so that the minutes can show it."""
    data = {
        "title": "",
        "decided_by_id": str(fact.actor_id),
        "proposer_id": None,
        "reason": fact.data["reason"],
        "outcome_id": fact.data["outcome_id"],
        "problem": problem.body("en", "", ""),
        "decidable_by": [],
        "approvals": [],
    }
    session.record(DECISION_REFUSED, "proposal", UUID(fact.data["proposal_id"]), data, project_id=fact.project_id)


async def store_outcome(session: WriteSession, proposal: Proposal, answer: Response) -> Problem | None:
    """Settle the proposal by the service's answer. Returns the problem that the decider is to be told, if any."""
    document = orjson.loads(answer.content)
    dry_run = bool(document.get("dry_run"))
    # A dry run succeeds even where the decider's authority is short, and says so.
    exceeds = dry_run and document["authority"]["verdict"] != "decide"
    if answer.is_success and not exceeds:
        done = document["result"] if dry_run else document
        taken = done["steps"]
        proposal.result = {
            "status": taken[-1]["status"],
            "id": taken[-1]["id"],
            "ids": [step["id"] for step in taken],
            "impact": done["impact"],
        }
        await settle(session, proposal, ProposalState.ACCEPTED, PROPOSAL_ACCEPTED)
        return None
    if answer.status_code == 412:
        # What was approved was meant for the old ground.
        proposal.approvals = []
        await settle(session, proposal, ProposalState.REBASE_REQUIRED, PROPOSAL_REBASE_REQUIRED, document)
        moved = {name: document.get(name) for name in RebaseRequired.members}
        return RebaseRequired(**moved)
    if document.get("code") == "authority_required" or exceeds:
        proposal.reopen()
        await session.flush()
        said = document["authority"] if exceeds else document
        return DeciderLacksAuthority(
            impact=document.get("impact"), decidable_by=said.get("decidable_by"), exceeded=said.get("exceeded")
        )
    if document.get("code") == StepUpRequired.code:
        # Whoever decides signs in again, and decides again.
        proposal.reopen()
        await session.flush()
        return StepUpRequired()
    if answer.status_code == 423:
        # A decision can open what a decision has closed.
        proposal.reopen()
        await session.flush()
        return HeldUp(cause=document)
    if answer.status_code == 422 and proposal.amended_steps is not None:
        proposal.reopen()
        await session.flush()
        return AmendmentRefused(cause=document)
    await settle(session, proposal, ProposalState.FAILED, PROPOSAL_FAILED, document)
    return CannotBeCarriedOut(cause=document)


async def carry_out_later(run: JobRun) -> None:
    """The job behind each acceptance: does nothing when the decider's own request has settled it already."""
    replayer: Replayer = run.resources.replayer
    decider = principal_from_json(run.arguments["decider"])
    proposal_id = UUID(run.arguments["proposal_id"])
    async with run.database.write(decider) as session:
        proposal = await repository.load_proposal(session, proposal_id)
        session.expunge(proposal)
        await session.rollback()
    answer = await replayer.replay(proposal, decider) if proposal.state == ProposalState.ACCEPTING else None
    async with run.write() as session:
        if answer is not None:
            proposal = await repository.load_proposal(session, proposal_id)
            if proposal.state == ProposalState.ACCEPTING:
                await store_outcome(session, proposal, answer)
        await run.succeed(session, f"/v1/proposals/{proposal_id}")
