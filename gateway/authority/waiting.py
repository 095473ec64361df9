"""What time does to an open proposal, so that none silently blocks work: reminders, escalation, acceptance, an end.

A job sleeps for each open proposal until the next of these is due (`mind`), does it, and asks to be woken again.
"""

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from gateway.authority import desk, repository
from gateway.authority.events import PROPOSAL_ESCALATED, PROPOSAL_EXPIRED, PROPOSAL_REMINDED
from gateway.authority.proposal import Proposal, ProposalState
from gateway.authority.schemas import ProposalRules
from gateway.identity import repository as directory
from services.kernel.access import ROLES, decidable_by, policy_of
from services.kernel.jobs import JobRun, enqueue_job
from services.kernel.session import WriteSession

MIND = "mind_proposal"
NO_TIME = timedelta(0)
ACCEPTED_BY_POLICY = "Accepted by the policy: within its limits, and nobody objected."

Due = Literal["accept", "expire", "escalate", "remind"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What of an open proposal the rules look at."""

    kinds: Sequence[str]
    measures: Mapping[str, Decimal | int]
    approvals_needed: int
    submitted_at: datetime
    reminded_at: datetime | None
    escalated_at: datetime | None
    auto_accepted_at: datetime | None
    objected: bool


@dataclass(frozen=True, slots=True)
class Clock:
    """The instants at which something is due to one proposal; `accept` is None where it is not accepted by itself."""

    accept: datetime | None
    expire: datetime
    escalate: datetime | None
    remind: datetime

    def next(self) -> datetime:
        return min(instant for instant in (self.accept, self.expire, self.escalate, self.remind) if instant is not None)

    def due(self, now: datetime) -> Due | None:
        """The first of what is due now; acceptance and the end come before words."""
        order: tuple[tuple[Due, datetime | None], ...] = (
            ("accept", self.accept),
            ("expire", self.expire),
            ("escalate", self.escalate),
            ("remind", self.remind),
        )
        return next((name for name, instant in order if instant is not None and instant <= now), None)


def clock_of(waiting: Waiting, rules: ProposalRules) -> Clock:
    """The rules of the policy, applied to an open proposal."""
    submitted = waiting.submitted_at
    tried = waiting.objected or waiting.auto_accepted_at is not None
    hours = None if tried else hours_until_accepted(waiting, rules)
    remind = (waiting.reminded_at or submitted) + timedelta(hours=rules.remind_after_hours)
    escalate = submitted + timedelta(hours=rules.escalate_after_hours) if waiting.escalated_at is None else None
    return Clock(
        accept=submitted + timedelta(hours=hours) if hours is not None else None,
        expire=submitted + timedelta(days=rules.expire_after_days),
        escalate=escalate,
        remind=remind,
    )


def hours_until_accepted(waiting: Waiting, rules: ProposalRules) -> int | None:
    """After how many hours it is accepted by itself: for each of its kinds a rule has to cover its effect."""
    if waiting.approvals_needed > 1:
        return None
    longest = 0
    for kind in waiting.kinds:
        hours = [
            rule.after_hours
            for rule in rules.auto_accept
            if fnmatch.fnmatchcase(kind, rule.kind)
            and all(waiting.measures.get(name, 0) <= limit for name, limit in rule.limits.items())
        ]
        if not hours:
            return None
        longest = max(longest, min(hours))
    return longest


def addressed_to(deciders: Sequence[Mapping[str, str]], *, everybody: bool) -> list[str]:
    """Whose turn it is, as ids of people: those of the least role that has the authority, or of all who have it."""
    if everybody or not deciders:
        return [each["person_id"] for each in deciders]
    least = max(deciders, key=lambda each: ROLES.index(each["role"]))["role"]
    return [each["person_id"] for each in deciders if each["role"] == least]


def rules_of(document: Mapping[str, Any]) -> ProposalRules:
    return ProposalRules.model_validate(document.get("proposals") or {})


async def mind(session: WriteSession, proposal: Proposal) -> None:
    """Show what waiting leads to, and ask to be woken when something is due next."""
    clock = await _clock(session, proposal)
    proposal.accepts_itself_at, proposal.escalates_at, proposal.expires_at = clock.accept, clock.escalate, clock.expire
    await session.flush()
    due = clock.next()
    arguments = {"proposal_id": str(proposal.id)}
    await enqueue_job(session, MIND, arguments, proposal.project_id, after=max(due - session.now, NO_TIME))


async def _clock(session: WriteSession, proposal: Proposal) -> Clock:
    policy = await policy_of(session, proposal.project_id)
    waiting = Waiting(
        kinds=proposal.kinds,
        measures=proposal.decimal_measures(),
        approvals_needed=proposal.approvals_needed,
        submitted_at=proposal.submitted_at or session.now,
        reminded_at=proposal.reminded_at,
        escalated_at=proposal.escalated_at,
        auto_accepted_at=proposal.auto_accepted_at,
        objected=await repository.has_objection(session, proposal.id),
    )
    return clock_of(waiting, rules_of(policy.document))


async def pass_time(run: JobRun) -> None:
    """The job: do what is due to a proposal that is still open, and ask to be woken again."""
    async with run.write() as session:
        proposal = await repository.load_proposal(session, UUID(run.arguments["proposal_id"]))
        while proposal.is_open and await _take_due(session, proposal):
            pass
        if proposal.is_open:
            await mind(session, proposal)
        await run.succeed(session, f"/v1/proposals/{proposal.id}")


async def _take_due(session: WriteSession, proposal: Proposal) -> bool:
    """Do the first thing that is due. Returns whether there was one."""
    due = (await _clock(session, proposal)).due(session.now)
    if due is None:
        return False
    measures = proposal.decimal_measures()
    proposal.decidable_by = await decidable_by(session, proposal.project_id, proposal.kinds, measures)
    if due == "accept":
        proposal.auto_accepted_at = session.now
        await _accept_in_the_managers_name(session, proposal)
    elif due == "expire":
        await desk.settle(session, proposal, ProposalState.EXPIRED, PROPOSAL_EXPIRED)
    elif due == "escalate":
        proposal.escalated_at = proposal.reminded_at = session.now
        await session.flush()
        desk.record_settled(session, proposal, PROPOSAL_ESCALATED)
    else:
        proposal.reminded_at = session.now
        await session.flush()
        desk.record_settled(session, proposal, PROPOSAL_REMINDED)
    return True


async def _accept_in_the_managers_name(session: WriteSession, proposal: Proposal) -> None:
    """The policy accepts what nobody objected to; whoever answers for the project answers for that, too."""
    asked_for, manager = session.principal, await directory.load_manager(session, proposal.project_id)
    if manager is None:
        return
    session.principal = await repository.principal_of(session, manager.person_id)
    proposal.approve(manager.person_id, session.now, ACCEPTED_BY_POLICY)
    await desk.accept(session, proposal, ACCEPTED_BY_POLICY)
    session.principal = asked_for
