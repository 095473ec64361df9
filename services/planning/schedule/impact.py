"""What a change of the plan did to dates, milestones, float and people: what authority is measured by and people are shown."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from services.kernel.events import instant_text
from services.kernel.working_time import TICKS_PER_MINUTE, WorkingTime, to_instant, to_ticks
from services.planning.schedule.forecast import Forecast, Ledger, forecast_impact
from services.planning.schedule.plan_rows import Before, PlanTask, Standing
from services.planning.schedule.planned_cost import cost_impact, money_measures
from services.planning.schedule.task import TaskStatus
from services.planning.schedule.working_plan import WorkingPlan

# Enough to see that two proposals want different things of the same tasks.
_TOUCHES_TOLD: Final = 200


def impact_of(plan: WorkingPlan, ledger: Ledger, author_id: UUID) -> dict[str, Any]:
    """The difference between the stored plan and the rescheduled one, in working minutes of the project's calendar.

    Members without a difference are left out: finish, milestones, float_used_minutes (the most total float that a task
    lost), tasks_moved, touches (the first 200 tasks that were changed or moved), needed_by (an instant), criticality, people_affected (whose
    tasks changed, but not the author), load (minutes of work that a resource has too much), cost (of the assignments), eac and reserve, in the project's currency.
    """
    calendar = plan.calendars["project"]
    changed = [(plan.tasks[task_id], before) for task_id, before in plan.before.items() if task_id in plan.tasks]
    moved = [(task, before) for task, before in changed if (task.start, task.finish) != (before.start, before.finish)]
    impact: dict[str, Any] = {}
    before_finish, after_finish = plan.finish_before or plan.start, plan.finish or plan.start
    if before_finish != after_finish:
        impact["finish"] = _move(calendar, before_finish, after_finish)
    milestones = [
        {"id": str(task.id), "title": task.title} | _move(calendar, before.finish, task.finish)
        for task, before in moved
        if task.milestone and task.finish != before.finish
    ]
    if milestones:
        impact["milestones"] = milestones
    used = max((_float_lost(task, before) for task, before in changed), default=0)
    if used > 0:
        impact["float_used_minutes"] = used
    leaves_moved = [task for task, _ in moved if not task.summary]
    if leaves_moved:
        impact["tasks_moved"] = len(leaves_moved)
    became = [str(task.id) for task, before in changed if task.critical and not before.critical and not task.summary]
    no_longer = [str(task.id) for task, before in changed if before.critical and not task.critical and not task.summary]
    if became or no_longer:
        impact["criticality"] = {"became_critical": became, "no_longer_critical": no_longer}
    touched = sorted({*_touched(plan), *(task.id for task in leaves_moved)})
    if touched:
        impact["touches"] = [str(task_id) for task_id in touched[:_TOUCHES_TOLD]]
    needed_by = _needed_by(plan, touched)
    if needed_by is not None:
        impact["needed_by"] = instant_text(needed_by)
    people = sorted(str(person_id) for person_id in _people(plan) - {author_id})
    if people:
        impact["people_affected"] = people
    standing = plan.standing()
    load = load_impact(plan, plan.standing_before, standing)
    if load:
        impact["load"] = load
    return impact | money_impact(plan.standing_before, standing, ledger, plan.currency)


def load_impact(plan: WorkingPlan, before: Standing, after: Standing) -> list[dict[str, Any]]:
    """The resources that have more or less too much to do than before, by name."""
    changed = [
        (
            plan.capacities_known[resource_id],
            before.overallocated.get(resource_id, 0),
            after.overallocated.get(resource_id, 0),
        )
        for resource_id in before.overallocated.keys() | after.overallocated.keys()
    ]
    return [
        {"resource_id": str(each.id), "name": each.name, "overallocated_minutes": {"before": was, "after": now}}
        for each, was, now in sorted(changed, key=lambda change: (change[0].name, str(change[0].id)))
        if was != now
    ]


def money_impact(before: Standing, after: Standing, ledger: Ledger, currency: str) -> dict[str, Any]:
    """What the change of the plan does to its cost, to the estimate at completion and to the contingency left."""
    forecasts = [Forecast(currency, each.cost, each.remaining_cost, ledger) for each in (before, after)]
    return cost_impact(before.cost, after.cost - before.cost, currency) | forecast_impact(*forecasts)


def _touched(plan: WorkingPlan) -> set[UUID]:
    """The tasks that the change is about, not those that merely follow."""
    edited = (task_id for task_id, task in plan.edited.items() if not task.summary)
    return {*edited, *plan.added, *plan.removed, *plan.reassigned}


def _needed_by(plan: WorkingPlan, touched: Iterable[UUID]) -> datetime | None:
    """The instant after which a decision about the change comes too late, None where it never does.

    That is when the first of its tasks begins by the plan as it is stored, a new one by the plan as it would be. What
    has been begun can be changed until it is finished, and what is finished not at all.
    """
    moments = [moment for task_id in touched if (moment := _too_late(plan, task_id)) is not None]
    return to_instant(min(moments), ZoneInfo(plan.time_zone)) if moments else None


def _too_late(plan: WorkingPlan, task_id: UUID) -> datetime | None:
    task = plan.tasks.get(task_id) or plan.removed[task_id]
    stored = plan.before.get(task_id, task)
    status = task.status if task_id in plan.added else plan.status_before.get(task_id, TaskStatus.TODO)
    if status == TaskStatus.DONE:
        return None
    return stored.start if status == TaskStatus.TODO else stored.finish


def _people(plan: WorkingPlan) -> set[UUID]:
    """Whose tasks changed: those who have them, had them, or work on them as a resource."""
    touched = {*_touched(plan), *(task_id for task_id, task in plan.moved.items() if not task.summary)}
    people = {task.assignee_id for task_id in touched if (task := plan.tasks.get(task_id)) is not None}
    people |= {plan.assignees_before.get(task_id) for task_id in touched}
    resources = plan.capacities_known
    for task_id in touched:
        parts = [*plan.assignments.get(task_id, ()), *plan.reassigned.get(task_id, ())]
        people |= {resources[one.resource_id].person_id for one in parts}
    return {person_id for person_id in people if person_id is not None}


def moved_dates(plan: WorkingPlan) -> list[UUID]:
    """The tasks that were in the plan and have other dates now."""
    return [
        task_id
        for task_id, before in plan.before.items()
        if (task := plan.tasks.get(task_id)) is not None and (task.start, task.finish) != (before.start, before.finish)
    ]


def measures_of(impact: dict[str, Any]) -> dict[str, int | Decimal]:
    """What limits are compared with.

    How much later the finish is, the largest move of a milestone, the float used, the people affected, how much more work
    there is than its resources have time for, and how much more the plan costs: the share is that of its cost so far.
    """
    cost = impact.get("cost", {})
    overloads = [each["overallocated_minutes"] for each in impact.get("load", ())]
    change = Decimal(cost.get("change", {}).get("amount", "0"))
    before = Decimal(cost.get("before", {}).get("amount", "0"))
    return {
        "finish_minutes": max(0, impact.get("finish", {}).get("moved_minutes", 0)),
        "milestone_minutes": max((abs(each["moved_minutes"]) for each in impact.get("milestones", ())), default=0),
        "float_minutes": impact.get("float_used_minutes", 0),
        "people_affected": len(impact.get("people_affected", ())),
        "overallocated_minutes": max(0, sum(each["after"] - each["before"] for each in overloads)),
        **money_measures(max(Decimal(0), change), before),
    }


def _move(calendar: WorkingTime, before: Any, after: Any) -> dict[str, Any]:
    moved = calendar.work_between(to_ticks(before), to_ticks(after))
    return {"before": before.isoformat(), "after": after.isoformat(), "moved_minutes": int(moved / TICKS_PER_MINUTE)}


def _float_lost(task: PlanTask, before: Before) -> int:
    """A finished task has no float left to use, and a summary's is that of its tasks."""
    if task.summary or task.actual_finish is not None:
        return 0
    return before.total_float_minutes - task.total_float_minutes
