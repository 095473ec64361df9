"""How decisions come to be recorded: by the deed that was decided, or by somebody who reports one taken elsewhere."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from services.kernel.access import require_authority, require_member
from services.kernel.events import Audience, instant_text
from services.kernel.jobs import enqueue_job
from services.kernel.problems import RuleViolated, UnknownReference
from services.kernel.session import WriteSession
from services.planning.decisions.decision import REVIEW_JOB, Decision
from services.planning.decisions.events import DECISION_RECORDED
from services.planning.decisions.repository import facts_applied, is_goal_of, known_people
from services.planning.decisions.schemas import NewDecision


class DecidedInTheFuture(RuleViolated):
    code = "decided_in_the_future"
    title = {
        "en": "A decision cannot have been taken later than now",
        "nb": "En beslutning kan ikke være tatt i fremtiden",
    }


async def record_decision(
    session: WriteSession,
    *,
    project_id: UUID,
    kind: str,
    question: str,
    chosen: str,
    subject_type: str,
    subject_id: UUID,
    reason: str | None = None,
    impact: Mapping[str, Any] | None = None,
    about_costs: bool = False,
    predicted: Mapping[str, Any] | None = None,
    prepared_by_id: UUID | None = None,
    executed_by_id: UUID | None = None,
    evidence: Sequence[Mapping[str, Any]] = (),
    options: Sequence[Mapping[str, Any]] = (),
    criteria: Sequence[str] = (),
    decided_at: datetime | None = None,
    review_date: date | None = None,
    evidence_position: int | None = None,
    goal_id: UUID | None = None,
    authority: Sequence[Mapping[str, Any]] | None = None,
) -> Decision:
    """Record, behind `require_authority`, that the session's principal has decided. Publishes planning.decision.recorded.

    The decider, the proposer and the proposal come from the principal, and so does the reason when none is given: while
    a proposal is replayed, it carries what the decider wrote. Who prepared it is, unless named, whose request it was.
    `authority` is that of an act of another service. `impact` and `predicted` are plain JSON, as they were measured. On a review date a job compares them with the truth.
    """
    principal = session.principal
    decision = Decision(
        project_id=project_id,
        kind=kind,
        question=question,
        options=[dict(option) for option in options],
        criteria=list(criteria),
        chosen=chosen,
        reason=reason or principal.reason or "",
        about_costs=about_costs,
        impact=dict(impact or {}),
        predicted={name: value for name, value in (predicted or {}).items() if value is not None},
        subject_type=subject_type,
        subject_id=subject_id,
        prepared_by_id=prepared_by_id or session.author_id,
        decided_by_id=principal.person_id,
        executed_by_id=executed_by_id,
        proposed_by_id=principal.on_behalf_of_id,
        proposal_id=principal.proposal_id,
        decided_at=decided_at or session.now,
        review_date=review_date,
        evidence=[dict(each) for each in evidence],
        evidence_position=evidence_position,
        evidence_numbers=await facts_applied(session, session.service),
        goal_id=goal_id,
    )
    session.add(decision)
    await session.flush()
    if review_date is not None:
        morning = datetime.combine(review_date, time(6), UTC)
        arguments = {"decision_id": str(decision.id)}
        await enqueue_job(session, REVIEW_JOB, arguments, project_id, after=morning - session.now)
    data = {
        "kind": decision.kind,
        "question": decision.question,
        "chosen": decision.chosen,
        "reason": decision.reason,
        "impact": decision.impact,
        "predicted": decision.predicted,
        "prepared_by_id": decision.prepared_by_id and str(decision.prepared_by_id),
        "decided_by_id": str(decision.decided_by_id),
        "executed_by_id": decision.executed_by_id and str(decision.executed_by_id),
        "proposed_by_id": decision.proposed_by_id and str(decision.proposed_by_id),
        "proposal_id": decision.proposal_id and str(decision.proposal_id),
        "decided_at": instant_text(decision.decided_at),
        "subject": {"type": subject_type, "id": str(subject_id)},
    }
    audience: Audience = "costs" if about_costs else "members"
    session.record(
        DECISION_RECORDED, "decision", decision.id, data, project_id=project_id, audience=audience, authority=authority
    )
    return decision


async def record_acceptance(
    session: WriteSession,
    *,
    project_id: UUID,
    kind: str,
    question: str,
    chosen: str,
    subject_type: str,
    subject_id: UUID,
    impact: Mapping[str, Any] | None = None,
    about_costs: bool = False,
    predicted: Mapping[str, Any] | None = None,
) -> Decision | None:
    """Record what is operational, and so leaves no decision, when somebody decided it by accepting a proposal."""
    if session.principal.proposal_id is None:
        return None
    return await record_decision(
        session,
        project_id=project_id,
        kind=kind,
        question=question,
        chosen=chosen,
        subject_type=subject_type,
        subject_id=subject_id,
        impact=impact,
        about_costs=about_costs,
        predicted=predicted,
        executed_by_id=session.principal.person_id,
    )


async def record_decision_taken_elsewhere(session: WriteSession, project_id: UUID, new: NewDecision) -> Decision:
    """Keep a decision of a board or a phone call. The caller answers for it, so it needs authority of its own."""
    await require_member(session, session.principal, project_id)
    if new.decided_at is not None and new.decided_at > session.now:
        raise DecidedInTheFuture
    if new.goal_id is not None and not await is_goal_of(session, project_id, new.goal_id):
        raise UnknownReference("goal_id")
    for name in ("prepared_by_id", "executed_by_id"):
        person_id = getattr(new, name)
        if person_id is not None and not await known_people(session, project_id, [person_id]):
            raise UnknownReference(name)
    await require_authority(session, project_id, ["decision.record"])
    return await record_decision(
        session,
        project_id=project_id,
        kind="decision.record",
        subject_type="project",
        subject_id=project_id,
        **new.model_dump(exclude={"options", "evidence", "predicted"}),
        options=[option.model_dump(mode="json") for option in new.options],
        evidence=[each.model_dump(mode="json") for each in new.evidence],
        predicted=new.predicted.model_dump(mode="json"),
    )
