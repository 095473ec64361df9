"""How decisions are reviewed: by somebody who wants to know, or by a job on the review date."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.kernel.access import may_see_costs, require_authority, require_member
from services.kernel.jobs import JobFunction, JobRun
from services.kernel.problems import NotFound, UnknownReference
from services.kernel.requests import Read
from services.kernel.session import WriteSession
from services.kernel.working_time import TICKS_PER_MINUTE, to_ticks
from services.planning.decisions.decision import REVIEW_JOB, Decision
from services.planning.reviews.calibration import Accuracy, Calibration, calibrate
from services.planning.reviews.decision_review import DecisionReview
from services.planning.reviews.events import DECISION_REVIEWED
from services.planning.reviews.repository import (
    Frame,
    count_decisions,
    decisions_since,
    frame_of,
    last_reviews,
    load_decision,
)
from services.planning.reviews.schemas import NewDecisionReview
from services.planning.schedule.planned_cost import amount_json
from services.planning.schedule.repository.loading import load_calendars, load_forecast


async def review_decision(session: WriteSession, project_id: UUID, new: NewDecisionReview) -> DecisionReview:
    """Compare what was predicted with what is. Raises UnknownReference for a decision of another project."""
    await require_member(session, session.principal, project_id)
    try:
        decision = await load_decision(session, new.decision_id)
    except NotFound:
        raise UnknownReference("decision_id") from None
    if decision.project_id != project_id:
        raise UnknownReference("decision_id")
    review = await _measure(session, decision, new.note, automatic=False)
    await require_authority(session, project_id, ["decision.review"])
    _tell(session, review)
    return review


async def review_on_its_date(run: JobRun) -> None:
    """The job of a decision with a review date."""
    async with run.write() as session:
        decision = await load_decision(session, UUID(run.arguments["decision_id"]))
        review = await _measure(session, decision, "", automatic=True)
        _tell(session, review)
        await run.succeed(session, f"/v1/decision-reviews/{review.id}")


JOB_FUNCTIONS: Mapping[str, JobFunction] = {REVIEW_JOB: review_on_its_date}


async def _measure(session: WriteSession, decision: Decision, note: str, *, automatic: bool) -> DecisionReview:
    frame = await frame_of(session, decision.project_id)
    forecast = await load_forecast(session, decision.project_id)
    measured = {name: value for name, value in forecast.prediction().items() if value is not None}
    review = DecisionReview(
        project_id=decision.project_id,
        decision_id=decision.id,
        kind=decision.kind,
        automatic=automatic,
        predicted=decision.predicted,
        measured=measured,
        finish_error_minutes=await _finish_error(session, decision, frame, measured),
        cost_error=_cost_error(decision.predicted, measured),
        currency=frame.currency,
        decisions_since=await decisions_since(session, decision),
        note=note,
    )
    session.add(review)
    await session.flush()
    return review


async def _finish_error(
    session: WriteSession, decision: Decision, frame: Frame, measured: Mapping[str, Any]
) -> int | None:
    """Working minutes by which the plan's finish is later than predicted, None without either of them."""
    if "finish" not in decision.predicted or "finish" not in measured:
        return None
    calendars = await load_calendars(session, decision.project_id, frame.calendar_id, frame.minutes_per_day)
    predicted, actual = (to_ticks(datetime.fromisoformat(each["finish"])) for each in (decision.predicted, measured))
    return int(calendars["project"].work_between(predicted, actual) / TICKS_PER_MINUTE)


def _cost_error(predicted: Mapping[str, Any], measured: Mapping[str, Any]) -> Decimal | None:
    """How much dearer the project will have been, None without a prediction in its currency."""
    if predicted.get("eac", {}).get("currency") != measured["eac"]["currency"]:
        return None
    return Decimal(measured["eac"]["amount"]) - Decimal(predicted["eac"]["amount"])


def _tell(session: WriteSession, review: DecisionReview) -> None:
    data = {
        "review_id": str(review.id),
        "kind": review.kind,
        "automatic": review.automatic,
        "predicted": review.predicted,
        "measured": review.measured,
        "finish_error_minutes": review.finish_error_minutes,
        "cost_error": None if review.cost_error is None else amount_json(review.cost_error, review.currency),
        "note": review.note,
    }
    session.record(DECISION_REVIEWED, "decision", review.decision_id, data, project_id=review.project_id)


async def read_calibration(read: Read, project_id: UUID) -> Mapping[str, Any]:
    """How far the project's predictions were off, by kind of decision."""
    await require_member(read.session, read.principal, project_id)
    frame = await frame_of(read.session, project_id)
    seen = await may_see_costs(read.session, read.principal, project_id)
    overall, kinds = calibrate(await last_reviews(read.session, project_id))
    return {
        "type": "decision_calibration",
        "project_id": str(project_id),
        "currency": frame.currency,
        "decisions": await count_decisions(read.session, project_id),
        "overall": _shown(None, overall, frame, costs=seen),
        "kinds": [_shown(kind, each, frame, costs=seen) for kind, each in kinds.items()],
    }


def _shown(kind: str | None, calibration: Calibration, frame: Frame, *, costs: bool) -> dict[str, Any]:
    finish, cost = calibration.finish, calibration.cost
    return {
        "kind": kind,
        "reviewed": calibration.reviewed,
        "finish": {
            "count": finish.count,
            "median_error_days": _days(finish.median, frame),
            "median_absolute_error_days": _days(finish.median_size, frame),
        },
        "cost": _cost(cost, frame) if costs else None,
    }


def _days(minutes: Decimal | None, frame: Frame) -> str | None:
    return None if minutes is None else f"{minutes / frame.minutes_per_day:.2f}"


def _cost(cost: Accuracy, frame: Frame) -> dict[str, Any]:
    return {
        "count": cost.count,
        "median_error": None if cost.median is None else amount_json(cost.median, frame.currency),
        "median_absolute_error": None if cost.median_size is None else amount_json(cost.median_size, frame.currency),
    }
