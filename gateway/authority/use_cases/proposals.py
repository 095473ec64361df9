"""What a proposer does: drafts steps, submits them, amends, withdraws or discards them; and what others say to them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from gateway.authority import desk, repository
from gateway.authority.events import (
    PROPOSAL_AMENDED,
    PROPOSAL_COMMENTED,
    PROPOSAL_SUBMITTED,
    PROPOSAL_SUPERSEDED,
    PROPOSAL_WITHDRAWN,
)
from gateway.authority.proposal import Measured, NoDraft, Proposal, ProposalComment, ProposalState
from gateway.authority.replayer import service_of
from gateway.authority.schemas import NewComment
from gateway.authority.waiting import mind
from services.kernel.access import hats_of, policy_of, require_member, require_scope
from services.kernel.authority import Act
from services.kernel.events import FactType
from services.kernel.ids import new_id
from services.kernel.problems import RuleViolated
from services.kernel.session import WriteSession

LONGEST_TITLE = 300
# What the bodies of different nouns call their title.
_TITLES = ("title", "name", "question")
_OWN_AUTHORITY = "Within the proposer's own authority."


class OtherProject(RuleViolated):
    code = "other_project"
    title = {"en": "The steps are of another project", "nb": "Stegene gjelder et annet prosjekt"}


async def draft(
    session: WriteSession,
    project_id: UUID,
    title: str | None,
    justification: str | None,
    steps: list[dict[str, Any]],
    measured: Measured,
) -> Proposal:
    """Keep steps that somebody is still working on. Nobody else sees a draft, and it waits for nobody."""
    await require_member(session, session.principal, project_id)
    service = service_of(steps)
    require_scope(session.principal, f"{service}:propose")
    if measured.project_id != project_id:
        raise OtherProject
    proposal = Proposal(
        id=new_id(),
        project_id=project_id,
        title=(title or _title(steps, measured))[:LONGEST_TITLE],
        justification=justification,
        state=ProposalState.DRAFT,
        proposer_id=session.principal.person_id,
        service=service,
        steps=steps,
    )
    proposal.measure(measured)
    session.add(proposal)
    await session.flush()
    return proposal


async def keep_refused(
    session: WriteSession, proposal_id: UUID, service: str, step: dict[str, Any], refusal: Mapping[str, Any]
) -> Proposal:
    """Submit a request that the service refused with `authority_required`; `refusal` is its problem document."""
    measured = Measured(refusal)
    proposal = Proposal(
        id=proposal_id,
        project_id=measured.project_id,
        title=_title([step], measured)[:LONGEST_TITLE],
        proposer_id=session.principal.person_id,
        service=service,
        steps=[step],
    )
    proposal.measure(measured)
    session.add(proposal)
    await _submit(session, proposal)
    return proposal


async def own_proposal(session: WriteSession, proposal_id: UUID) -> Proposal:
    """A proposal of the caller's own that is not settled yet, locked. Raises NotFound, Forbidden, ProposalNotOpen."""
    proposal = await repository.load_proposal(session, proposal_id)
    await require_member(session, session.principal, proposal.project_id)
    proposal.require_editable_by(session.principal.person_id)
    require_scope(session.principal, f"{proposal.service}:propose")
    return proposal


async def amend(
    session: WriteSession,
    proposal_id: UUID,
    expected_version: int,
    words: Mapping[str, str | None],
    steps: list[dict[str, Any]] | None,
    measured: Measured | None,
) -> Proposal:
    """Change one's own draft or open proposal: its `words` (title, justification), and its steps with a new measurement."""
    proposal = await own_proposal(session, proposal_id)
    await repository.PROPOSALS.check_version(session, proposal.id, proposal.version, expected_version)
    for name, value in words.items():
        setattr(proposal, name, value)
    if steps is not None and measured is not None:
        if measured.project_id != proposal.project_id:
            raise OtherProject
        proposal.service = service_of(steps)
        proposal.steps = steps
        proposal.measure(measured)
        if proposal.state == ProposalState.REBASE_REQUIRED:
            proposal.state = ProposalState.SUBMITTED
    await session.flush()
    if proposal.is_open:
        _record_content(session, proposal, PROPOSAL_AMENDED)
    return proposal


async def submit_draft(session: WriteSession, proposal_id: UUID) -> Proposal:
    """Put a draft before those who decide; what its proposer may decide is accepted at once."""
    proposal = await own_proposal(session, proposal_id)
    if proposal.state != ProposalState.DRAFT:
        return proposal
    await _submit(session, proposal)
    if await _is_decided_by_proposer(session, proposal):
        proposal.approve(session.principal.person_id, session.now, _OWN_AUTHORITY)
        await desk.accept(session, proposal, _OWN_AUTHORITY)
    return proposal


async def _is_decided_by_proposer(session: WriteSession, proposal: Proposal) -> bool:
    policy = await policy_of(session, proposal.project_id)
    hats = await hats_of(session, session.principal, proposal.project_id)
    measures = proposal.decimal_measures()
    verdict = policy.judge(hats, Act(proposal.kinds, measures, session.principal.is_machine)).verdict
    return verdict == "decide" and session.principal.has_scope(f"{proposal.service}:decide")


async def _submit(session: WriteSession, proposal: Proposal) -> None:
    policy = await policy_of(session, proposal.project_id)
    proposal.state = ProposalState.SUBMITTED
    proposal.submitted_at = session.now
    proposal.approvals_needed = max(1, policy.approvals_for(proposal.kinds))
    await session.flush()
    for older in await repository.superseded_by(session, proposal):
        older.superseded_by_id = proposal.id
        await desk.settle(session, older, ProposalState.SUPERSEDED, PROPOSAL_SUPERSEDED)
    _record_content(session, proposal, PROPOSAL_SUBMITTED)
    await mind(session, proposal)


def _record_content(session: WriteSession, proposal: Proposal, fact_type: FactType) -> None:
    data = {
        "title": proposal.title,
        "kinds": proposal.kinds,
        "impact": proposal.impact,
        "steps": [{"method": step["method"], "path": step["path"]} for step in proposal.steps],
        "proposer_id": str(proposal.proposer_id),
        "decidable_by": proposal.decidable_by,
    }
    session.record(fact_type, "proposal", proposal.id, data, project_id=proposal.project_id)


def _title(steps: Sequence[Mapping[str, Any]], measured: Measured) -> str:
    """The kinds of act and what they touch: by the title that it has, or is to get, and by its address only without one."""
    first = steps[0]
    asked = first["body"] if isinstance(first["body"], dict) else {}
    titles = [measured.impact.get("subject", {}).get("title"), *(asked.get(name) for name in _TITLES)]
    subject = next(
        (title for title in titles if isinstance(title, str) and title), f"{first['method']} {first['path']}"
    )
    return f"{', '.join(measured.kinds)}: {subject}"


async def discard(session: WriteSession, proposal_id: UUID, expected_version: int) -> None:
    """Delete a draft, of which nobody else has known. What was submitted is withdrawn instead."""
    proposal = await own_proposal(session, proposal_id)
    await repository.PROPOSALS.check_version(session, proposal.id, proposal.version, expected_version)
    if proposal.state != ProposalState.DRAFT:
        raise NoDraft
    await session.delete(proposal)
    await session.flush()


async def withdraw(session: WriteSession, proposal_id: UUID, reason: str) -> Proposal:
    """Take one's own proposal back."""
    proposal = await own_proposal(session, proposal_id)
    proposal.require_open()
    proposal.reason = reason
    await desk.settle(session, proposal, ProposalState.WITHDRAWN, PROPOSAL_WITHDRAWN)
    return proposal


async def comment(session: WriteSession, proposal_id: UUID, new: NewComment) -> ProposalComment:
    """Say something to an open proposal; an objection keeps it from being accepted by itself."""
    proposal = await repository.load_proposal(session, proposal_id)
    await require_member(session, session.principal, proposal.project_id)
    require_scope(session.principal, f"{proposal.service}:propose")
    proposal.require_open()
    said = ProposalComment(
        id=new_id(), project_id=proposal.project_id, proposal_id=proposal.id, text=new.text, objection=new.objection
    )
    session.add(said)
    await session.flush()
    data = {"proposal_id": str(proposal.id), "text": new.text, "objection": new.objection}
    session.record(PROPOSAL_COMMENTED, "proposal_comment", said.id, data, project_id=proposal.project_id)
    return said
