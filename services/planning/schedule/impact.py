"""What a change of the plan did to dates, milestones, float and people: what authority is measured by and people are shown."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from services.kernel.working_time import TICKS_PER_MINUTE, WorkingTime, to_ticks
from services.planning.schedule.plan_rows import Before, PlanTask
from services.planning.schedule.planned_cost import cost_impact, money_measures
from services.planning.schedule.working_plan import WorkingPlan


def impact_of(plan: WorkingPlan) -> dict[str, Any]:
    """The difference between the stored plan and the rescheduled one, in working minutes of the project's calendar.

    Members without a difference are left out: finish, milestones, float_used_minutes (the most total float that a task
    lost), tasks_moved, criticality, people_affected, cost (of the assignments, in the project's currency).
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
    people = sorted({str(task.assignee_id) for task in leaves_moved if task.assignee_id is not None})
    if people:
        impact["people_affected"] = people
    return impact | cost_impact(plan.cost_before, plan.cost() - plan.cost_before, plan.currency)


def moved_dates(plan: WorkingPlan) -> list[UUID]:
    """The tasks that were in the plan and have other dates now."""
    return [
        task_id
        for task_id, before in plan.before.items()
        if (task := plan.tasks.get(task_id)) is not None and (task.start, task.finish) != (before.start, before.finish)
    ]


def measures_of(impact: dict[str, Any]) -> dict[str, int | Decimal]:
    """What limits are compared with.

    How much later the finish is, the largest move of a milestone, the float used, the people affected, and how much more
    the plan costs: of a change of the plan the share is that of its cost so far.
    """
    cost = impact.get("cost", {})
    change = Decimal(cost.get("change", {}).get("amount", "0"))
    before = Decimal(cost.get("before", {}).get("amount", "0"))
    return {
        "finish_minutes": max(0, impact.get("finish", {}).get("moved_minutes", 0)),
        "milestone_minutes": max((abs(each["moved_minutes"]) for each in impact.get("milestones", ())), default=0),
        "float_minutes": impact.get("float_used_minutes", 0),
        "people_affected": len(impact.get("people_affected", ())),
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
