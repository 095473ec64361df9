"""The desk: keeps proposals, takes decisions, and carries an accepted one out by replaying its request.

Deciding and carrying out are two transactions with the replay between them, so no database waits for another service.
The decision is stored first (`accepting`); whoever comes after a crash, the decider's retry or the job that was
enqueued with the decision, replays the request again under the proposal's id and gets the service's stored answer.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson

from gateway.authority import repository
from gateway.authority.events import (
    DECISION_REFUSED,
    PROPOSAL_ACCEPTED,
    PROPOSAL_FAILED,
    PROPOSAL_REBASE_REQUIRED,
    PROPOSAL_REJECTED,
    PROPOSAL_SUBMITTED,
    PROPOSAL_WITHDRAWN,
)
from gateway.authority.proposal import OwnProposal, Proposal, ProposalState, RebaseRequired
from gateway.authority.schemas import NewDecision
from services.kernel.access import hats_of, policy_of, require_member, require_scope
from services.kernel.authority import Act
from services.kernel.events import Fact, FactType
from services.kernel.http_client import AsgiApp, HttpClient, HttpFailed, Response, client
from services.kernel.identity import HEADER, IdentitySigner, Principal
from services.kernel.jobs import JobRun, enqueue_job, principal_from_json, principal_to_json
from services.kernel.problems import Conflict, Forbidden, Problem, RuleViolated, Unavailable
from services.kernel.session import WriteSession

CARRY_OUT = "carry_out_proposal"
LONGEST_TITLE = 300
# What the bodies of different nouns call their title.
_TITLES = ("title", "name", "question")


class CannotBeCarriedOut(Conflict):
    """The service refuses the proposed request now; `cause` is its problem."""

    code = "proposal_failed"
    title = {"en": "The proposal can no longer be carried out", "nb": "Forslaget kan ikke lenger utføres"}
    members = ("cause",)


class AmendmentRefused(RuleViolated):
    """The service refuses what the decider put in the body's place; the proposal stays open as it was asked."""

    code = "amendment_refused"
    title = {"en": "The amended request cannot be used", "nb": "Den endrede forespørselen kan ikke brukes"}
    members = ("cause",)


class DeciderLacksAuthority(Forbidden):
    """The effect exceeds what the decider may decide, too; the proposal stays open."""

    code = "decider_lacks_authority"
    title = {"en": "This is not yours to decide either", "nb": "Dette er heller ikke ditt å bestemme"}
    members = ("impact", "decidable_by", "exceeded")


async def submit(
    session: WriteSession, refusal: dict[str, Any], service: str, method: str, path: str, query: str,
    content_type: str | None, body: bytes, if_match: str | None, proposal_id: UUID,
) -> Proposal:  # fmt: skip
    """Keep a request that the service refused with `authority_required`; `refusal` is its problem document."""
    proposal = Proposal(
        id=proposal_id,
        project_id=UUID(refusal["project_id"]),
        title=_title(method, path, body, refusal)[:LONGEST_TITLE],
        proposer_id=session.principal.person_id,
        service=service,
        method=method,
        path=path,
        query=query,
        content_type=content_type,
        body=body,
        if_match=if_match,
        kinds=refusal["kinds"],
        impact=refusal["impact"],
        exceeded=refusal["exceeded"],
        decidable_by=refusal["decidable_by"],
    )
    session.add(proposal)
    await session.flush()
    data = {
        "title": proposal.title,
        "kinds": proposal.kinds,
        "impact": proposal.impact,
        "method": method,
        "path": path,
        "proposer_id": str(proposal.proposer_id),
        "decidable_by": proposal.decidable_by,
    }
    session.record(PROPOSAL_SUBMITTED, "proposal", proposal.id, data, project_id=proposal.project_id)
    return proposal


def _title(method: str, path: str, body: bytes, refusal: dict[str, Any]) -> str:
    """The kinds of act and what they touch: by the title that it has, or is to get, and by its address only without one."""
    asked = orjson.loads(body) if body else {}
    titles = [refusal["impact"].get("subject", {}).get("title"), *(asked.get(name) for name in _TITLES)]
    subject = next((title for title in titles if isinstance(title, str) and title), f"{method} {path}")
    return f"{', '.join(refusal['kinds'])}: {subject}"


async def decide(
    session: WriteSession, proposal_id: UUID, decision: NewDecision, outcome_id: UUID | None = None
) -> Proposal:
    """Store a decision. A rejection is final here; an acceptance is `accepting` until `carry_out` has settled it."""
    proposal = await repository.load_proposal(session, proposal_id)
    decider = session.principal
    await require_member(session, decider, proposal.project_id)
    if proposal.state == ProposalState.ACCEPTING and proposal.decided_by_id == decider.person_id:
        return proposal
    proposal.require_open()
    policy = await policy_of(session, proposal.project_id)
    if proposal.proposer_id == decider.person_id and not policy.solo:
        raise OwnProposal
    await _require_standing(session, proposal, decider)
    proposal.decided_by_id = decider.person_id
    proposal.decided_at = session.now
    proposal.reason = decision.reason
    proposal.outcome_id = outcome_id
    if decision.decision == "reject":
        await settle(session, proposal, ProposalState.REJECTED, PROPOSAL_REJECTED)
        return proposal
    proposal.state = ProposalState.ACCEPTING
    proposal.rebase = decision.rebase
    proposal.amended_body = orjson.dumps(decision.body) if decision.body is not None else None
    await session.flush()
    arguments = {"proposal_id": str(proposal.id), "decider": principal_to_json(decider)}
    await enqueue_job(session, CARRY_OUT, arguments, proposal.project_id)
    return proposal


async def _require_standing(session: WriteSession, proposal: Proposal, decider: Principal) -> None:
    """Whoever could not decide any act of these kinds has no say, not even a rejection; the amount is judged on replay."""
    hats = await hats_of(session, decider, proposal.project_id)
    policy = await policy_of(session, proposal.project_id)
    act = Act(proposal.kinds, {}, decider.is_machine, policy.approvals_for(proposal.kinds))
    verdict = policy.judge(hats, act).verdict
    if verdict != "decide" or not decider.has_scope(f"{proposal.service}:decide"):
        raise DeciderLacksAuthority(
            decidable_by=proposal.decidable_by, impact=proposal.impact, exceeded=proposal.exceeded
        )


async def withdraw(session: WriteSession, proposal_id: UUID, reason: str) -> Proposal:
    """Take one's own proposal back."""
    proposal = await repository.load_proposal(session, proposal_id)
    await require_member(session, session.principal, proposal.project_id)
    if proposal.proposer_id != session.principal.person_id:
        raise Forbidden
    require_scope(session.principal, f"{proposal.service}:propose")
    proposal.require_open()
    proposal.reason = reason
    await settle(session, proposal, ProposalState.WITHDRAWN, PROPOSAL_WITHDRAWN)
    return proposal


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
    data = {
        "title": proposal.title,
        "decided_by_id": proposal.decided_by_id and str(proposal.decided_by_id),
        "proposer_id": str(proposal.proposer_id),
        "reason": proposal.reason,
        "outcome_id": proposal.outcome_id and str(proposal.outcome_id),
        "problem": problem,
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
    }
    session.record(DECISION_REFUSED, "proposal", UUID(fact.data["proposal_id"]), data, project_id=fact.project_id)


class Replayer:
    """Sends an accepted proposal's request to its service, in the decider's name on behalf of the proposer."""

    def __init__(self, targets: "dict[str, str | AsgiApp]", signer: IdentitySigner) -> None:
        self._targets = targets
        self._signer = signer
        self._clients: dict[str, HttpClient] = {}

    async def replay(self, proposal: Proposal, decider: Principal, *, dry_run: bool = False) -> Response:
        """The service's answer, to a dry run if that is all that is wanted. Raises Unavailable when there is none, or when it says so itself."""
        principal = replace(
            decider,
            on_behalf_of_id=proposal.proposer_id,
            proposal_id=proposal.id,
            reason=proposal.reason,
            # Somebody else than who asked has said yes; a person alone is no second pair of eyes.
            approvals=int(decider.person_id != proposal.proposer_id),
        )
        http = self._clients.setdefault(proposal.service, client(self._targets[proposal.service], timeout_seconds=30))
        headers = {HEADER: self._signer.sign(principal)}
        if not dry_run:
            headers["Idempotency-Key"] = f"proposal-{proposal.id}"
        if proposal.content_type:
            headers["Content-Type"] = proposal.content_type
        query = "&".join(part for part in (proposal.query, "dry_run=true" if dry_run else "") if part)
        path = f"{proposal.path}?{query}" if query else proposal.path
        body = proposal.body if proposal.amended_body is None else proposal.amended_body
        try:
            if proposal.if_match is not None:
                headers["If-Match"] = await self._ground(http, proposal, headers) or proposal.if_match
            answer = await http.request(proposal.method, path, headers=headers, content=body)
        except HttpFailed as error:
            raise Unavailable from error
        if answer.status_code >= 500:
            raise Unavailable
        return answer

    async def _ground(self, http: HttpClient, proposal: Proposal, headers: dict[str, str]) -> str | None:
        """With `rebase`, the version that the object has now."""
        if not proposal.rebase:
            return None
        answer = await http.get(proposal.path, headers={HEADER: headers[HEADER]})
        etag: str | None = answer.headers.get("etag")
        return etag

    async def close(self) -> None:
        for http in self._clients.values():
            await http.aclose()


async def store_outcome(session: WriteSession, proposal: Proposal, answer: Response) -> Problem | None:
    """Settle the proposal by the service's answer. Returns the problem that the decider is to be told, if any."""
    document = orjson.loads(answer.content) if answer.content else {}
    if answer.is_success and not _exceeds(document):
        result = document["result"] if document.get("dry_run") else document
        proposal.result = {"status": answer.status_code, "id": result.get("id"), "impact": _impact(document)}
        await settle(session, proposal, ProposalState.ACCEPTED, PROPOSAL_ACCEPTED)
        return None
    if answer.status_code == 412:
        await settle(session, proposal, ProposalState.REBASE_REQUIRED, PROPOSAL_REBASE_REQUIRED, document)
        changed, current = document.get("changed_fields"), document.get("current_version")
        return RebaseRequired(current_version=current, changed_fields=changed)
    if document.get("code") == "authority_required" or _exceeds(document):
        await _reopen(session, proposal)
        said = document if document.get("code") else document["authority"]
        return DeciderLacksAuthority(
            impact=document.get("impact"), decidable_by=said.get("decidable_by"), exceeded=said.get("exceeded")
        )
    if answer.status_code == 422 and proposal.amended_body is not None:
        await _reopen(session, proposal)
        return AmendmentRefused(cause=document)
    await settle(session, proposal, ProposalState.FAILED, PROPOSAL_FAILED, document)
    return CannotBeCarriedOut(cause=document)


async def _reopen(session: WriteSession, proposal: Proposal) -> None:
    """The decision came to nothing; the proposal waits for another one."""
    proposal.state = ProposalState.SUBMITTED
    proposal.decided_by_id = proposal.decided_at = proposal.reason = proposal.amended_body = None
    await session.flush()


def _exceeds(document: dict[str, Any]) -> bool:
    """A dry run succeeds even where the decider's authority is short, and says so."""
    return bool(document.get("dry_run")) and document["authority"]["verdict"] != "decide"


def _impact(document: dict[str, Any]) -> Any:
    if document.get("dry_run"):
        return document["impact"]
    effects = document.get("effects")
    return effects.get("impact", {}) if isinstance(effects, dict) else {}


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
