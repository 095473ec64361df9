"""Baselines: the plan as it stands becomes, by a decision, the plan that was agreed upon."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from services.kernel.access import may_see_costs, require_authority, require_member
from services.kernel.problems import InvalidFilterValue, NotFound
from services.kernel.requests import Read
from services.kernel.session import WriteSession
from services.kernel.working_time import TICKS_PER_MINUTE
from services.planning.decisions.use_cases import record_decision
from services.planning.schedule.baseline import Baseline, NothingToBaseline
from services.planning.schedule.baseline_comparison import (
    Change,
    Comparison,
    Pair,
    PartChange,
    PartPicture,
    PlanPicture,
    TaskChange,
    TaskPicture,
    compare,
)
from services.planning.schedule.events import BASELINE_SET
from services.planning.schedule.planned_cost import amount_json, plan_costs
from services.planning.schedule.repository.loading import (
    last_baseline_finish,
    load_picture,
    load_plan,
    next_baseline_number,
    project_of_baseline,
)
from services.planning.schedule.repository.storing import keep_baseline_tasks, keep_baseline_work
from services.planning.schedule.schemas import NewBaseline
from services.planning.schedule.use_cases.plan_changes import parts_of
from services.planning.schedule.working_plan import PROJECT_CALENDAR, WorkingPlan

CURRENT: Final = "current"
_ROWS_IN_AN_ANSWER: Final = 1_000


async def set_baseline(session: WriteSession, project_id: UUID, new: NewBaseline) -> Baseline:
    """Keep the dates of all tasks and record the decision. Raises NothingToBaseline for an empty plan."""
    await require_member(session, session.principal, project_id)
    plan = await load_plan(session, project_id, lock=True)
    start, finish = plan.start, plan.finish_before
    if finish is None:
        raise NothingToBaseline
    number = await next_baseline_number(session, project_id)
    before = await last_baseline_finish(session, project_id)
    baseline = Baseline(
        project_id=project_id,
        number=number,
        name=new.name,
        reason=new.reason,
        set_at=session.now,
        start=start,
        finish=finish,
    )
    session.add(baseline)
    await session.flush()
    rows = await keep_baseline_tasks(session, project_id, baseline.id)
    await keep_baseline_work(session, baseline.id, picture_of(plan))
    impact = baseline_impact(number, len(rows), before, finish)
    await require_authority(session, project_id, ["baseline.set"], None, impact)
    decision = await record_decision(
        session,
        project_id=project_id,
        kind="baseline.set",
        question="Is this the plan that we agree upon?",
        chosen=new.name,
        reason=new.reason,
        impact=impact,
        predicted={"finish": finish.isoformat()},
        executed_by_id=session.principal.person_id,
        subject_type="baseline",
        subject_id=baseline.id,
    )
    baseline.decision_id = decision.id
    await session.flush()
    tell_baseline(session, baseline, [tuple(row) for row in rows])
    return baseline


def baseline_impact(number: int, tasks: int, before: datetime | None, after: datetime) -> dict[str, Any]:
    """What a baseline changes: the finish that was agreed upon, from the last baseline's (None without one) to its own."""
    finish = {"before": before and before.isoformat(), "after": after.isoformat()}
    return {"baseline": {"number": number, "tasks": tasks, "finish": finish}}


def tell_baseline(
    session: WriteSession, baseline: Baseline, rows: Sequence[tuple[UUID, datetime, datetime, int]]
) -> None:
    """Record that a baseline stands, with its tasks (id, start, finish, minutes) in parts."""
    parts = parts_of(rows)
    for part_number, part in enumerate(parts, 1):
        data = {
            "baseline_id": str(baseline.id),
            "name": baseline.name,
            "number": baseline.number,
            "finish": baseline.finish.isoformat(),
            "tasks": [
                {
                    "id": str(task_id),
                    "start": start.isoformat(),
                    "finish": finish.isoformat(),
                    "duration_minutes": minutes,
                }
                for task_id, start, finish, minutes in part
            ],
            "decision_id": str(baseline.decision_id),
            "part": part_number,
            "parts": len(parts),
        }
        session.record(BASELINE_SET, "baseline", baseline.id, data, project_id=baseline.project_id)


def picture_of(plan: WorkingPlan) -> PlanPicture:
    """The plan as it stands, with each task's own work and cost; an inactive task has none."""
    picture = PlanPicture()
    for task in plan.tasks.values():
        parts = plan.assignments.get(task.id, []) if task.active else []
        expenses = plan.expenses.get(task.id, []) if task.active else []
        cost = Decimal(0)
        if parts or expenses:
            cost, _ = plan_costs(
                [(one, 0) for one in parts], [(one, 0) for one in expenses], plan.currency, plan.stint_of
            )
        picture.tasks[task.id] = TaskPicture(
            task.wbs_code,
            task.title,
            task.summary,
            task.start,
            task.finish,
            (task.duration + 5) // TICKS_PER_MINUTE,
            sum(one.work for one in parts) // TICKS_PER_MINUTE,
            cost,
        )
        for one in parts:
            name = plan.capacities[one.resource_id].name
            picture.parts[task.id, one.resource_id] = PartPicture(name, one.units, one.work // TICKS_PER_MINUTE)
    return picture


async def compare_baseline(read: Read, baseline_id: UUID, other: str) -> dict[str, Any]:
    """A baseline beside another one of its project, or beside the plan as it is (`current`), which counts as later.

    Raises NotFound, and InvalidFilterValue for what is no baseline of the project.
    """
    session = read.session
    project_id = await project_of_baseline(session, baseline_id)
    if project_id is None:
        raise NotFound
    await require_member(session, read.principal, project_id)
    plan = await load_plan(session, project_id)
    other_id = _baseline_id(other)
    if other_id is not None and await project_of_baseline(session, other_id) != project_id:
        raise InvalidFilterValue(name="with")
    after = picture_of(plan) if other_id is None else await load_picture(session, other_id)
    found = compare(await load_picture(session, baseline_id), after, plan.calendars[PROJECT_CALENDAR])
    currency = plan.currency if await may_see_costs(session, read.principal, project_id) else None
    return {
        "type": "baseline_comparison",
        "project_id": str(project_id),
        "baseline_id": str(baseline_id),
        "with_id": None if other_id is None else str(other_id),
        "sums": _sums(found, currency),
        "tasks": [_task_json(each, currency) for each in found.tasks[:_ROWS_IN_AN_ANSWER]],
        "tasks_total": len(found.tasks),
        "assignments": [_part_json(each) for each in found.parts[:_ROWS_IN_AN_ANSWER]],
        "assignments_total": len(found.parts),
    }


def _baseline_id(text: str) -> UUID | None:
    if text == CURRENT:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise InvalidFilterValue(name="with") from None


def _sums(found: Comparison, currency: str | None) -> dict[str, Any]:
    return {
        "tasks_added": found.count(Change.ADDED),
        "tasks_removed": found.count(Change.REMOVED),
        "tasks_changed": found.count(Change.CHANGED),
        "tasks_moved": found.moved,
        "tasks_unchanged": found.unchanged,
        "start": _pair(found.start),
        "finish": _pair(found.finish) | {"moved_minutes": found.finish_moved_minutes},
        "work_minutes": _pair(found.work_minutes),
        "cost": _money_pair(found.cost, currency),
    }


def _task_json(each: TaskChange, currency: str | None) -> dict[str, Any]:
    return {
        "id": str(each.task_id),
        "change": each.change.value,
        "wbs_code": each.picture.wbs_code,
        "title": each.picture.title,
        "summary": each.picture.summary,
        "start": _pair(each.start),
        "finish": _pair(each.finish) | {"moved_minutes": each.finish_moved_minutes},
        "duration_minutes": _pair(each.duration_minutes),
        "work_minutes": _pair(each.work_minutes),
        "cost": _money_pair(each.cost, currency),
    }


def _part_json(each: PartChange) -> dict[str, Any]:
    return {
        "task_id": str(each.task_id),
        "resource_id": str(each.resource_id),
        "name": each.name,
        "change": each.change.value,
        "units_percent": {
            name: None if value is None else f"{value * 100:.2f}" for name, value in _pair(each.units).items()
        },
        "work_minutes": _pair(each.work_minutes),
    }


def _pair(pair: Pair[Any]) -> dict[str, Any]:
    return {"before": pair.before, "after": pair.after}


def _money_pair(pair: Pair[Decimal], currency: str | None) -> dict[str, Any] | None:
    """None for those who do not see costs."""
    if currency is None:
        return None
    return {name: value if value is None else amount_json(value, currency) for name, value in _pair(pair).items()}
