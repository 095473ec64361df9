"""What a reader may do with a proposal, and why not: the refusals that each act would meet now, told beforehand."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from gateway.authority import desk, repository
from gateway.authority.proposal import Proposal
from services.kernel.access import judge, require_scope
from services.kernel.identity import Principal
from services.kernel.problems import Problem, StepUpRequired
from services.kernel.requests import Read
from services.kernel.session import Reader

Attempt = Callable[[Reader, Proposal, Principal], Awaitable[None]]


async def viewer_of(read: Read, proposal_id: UUID) -> Mapping[str, Any]:
    """`can` says `decide` or `no` of each act; `why_not` has for each `no` the code and title of the refusal."""
    can: dict[str, str] = {}
    why_not: dict[str, dict[str, Any]] = {}
    for act, attempt in _ACTS.items():
        # Each attempt has its own, since to try an act may change what it is tried on.
        proposal = await repository.proposal_as_seen(read.session, proposal_id)
        try:
            await attempt(read.session, proposal, read.principal)
        except Problem as problem:
            can[act] = "no"
            why_not[act] = {"code": problem.code, "title": problem.title[read.context.language]}
            if exceeded := problem.values.get("exceeded"):
                why_not[act]["exceeded"] = exceeded
        else:
            can[act] = "decide"
    return {"can": can, "why_not": why_not}


async def _accept(reader: Reader, proposal: Proposal, decider: Principal) -> None:
    """One more approval, or where it is the last one the deed itself, judged by what the proposal measured."""
    await desk.require_decider(reader, proposal, decider)
    if not proposal.approve(decider.person_id, datetime.now(UTC), ""):
        return
    others = sum(approval["person_id"] != str(proposal.proposer_id) for approval in proposal.approvals)
    authority = await judge(
        reader,
        replace(decider, approvals=others),
        proposal.service,
        proposal.project_id,
        proposal.kinds,
        proposal.decimal_measures(),
    )
    if authority.verdict != "decide":
        raise desk.DeciderLacksAuthority(exceeded=list(authority.exceeded) or list(proposal.kinds))
    if "step_up" in authority.exceeded:
        raise StepUpRequired


async def _withdraw(reader: Reader, proposal: Proposal, proposer: Principal) -> None:
    proposal.require_editable_by(proposer.person_id)
    require_scope(proposer, f"{proposal.service}:propose")
    proposal.require_open()


async def _comment(reader: Reader, proposal: Proposal, somebody: Principal) -> None:
    require_scope(somebody, f"{proposal.service}:propose")
    proposal.require_open()


_ACTS: Final[Mapping[str, Attempt]] = {
    "accept": _accept,
    # Another body may be within the limits that this one exceeds, and a rejection has no effect that could be measured.
    "reject": desk.require_decider,
    "amend": desk.require_decider,
    "withdraw": _withdraw,
    "comment": _comment,
    "object": _comment,
}
