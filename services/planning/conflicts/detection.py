"""Conflicts that a plan shows by itself: resources that have too much to do, and dates beyond what was agreed upon."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.kernel.working_time import TICKS_PER_MINUTE, to_ticks
from services.planning.conflicts.conflict import ConflictKind
from services.planning.schedule.plan_rows import Capacity, PlanTask
from services.planning.schedule.resource_load import colliding, overallocated_minutes
from services.planning.schedule.working_plan import WorkingPlan

_LONGEST_TITLE: Final = 300
_PARTIES_TOLD: Final = 20
# Constraints that bound a date from above, and the date that they bound.
_LATEST: Final = {
    "start_no_later_than": "start",
    "must_start_on": "start",
    "finish_no_later_than": "finish",
    "must_finish_on": "finish",
}


@dataclass(frozen=True, slots=True)
class Detected:
    """`subject_id` is the resource or the task, `minutes` how much is too much; `body` is what opens the conflict."""

    subject_id: UUID
    minutes: int
    body: dict[str, Any]


def detect(plan: WorkingPlan) -> list[Detected]:
    """Resources by name, then tasks in the order of the outline."""
    return [*_overloads(plan), *_late(plan)]


def _overloads(plan: WorkingPlan) -> Iterator[Detected]:
    bookings, blocks = plan.bookings(), plan.blocks()
    for resource_id, minutes in sorted(
        overallocated_minutes(bookings, plan.capacities, blocks).items(),
        key=lambda each: _by_name(plan.capacities[each[0]]),
    ):
        capacity = plan.capacities[resource_id]
        tasks = [
            plan.tasks[task_id]
            for task_id in colliding(bookings[resource_id], capacity.max_units, blocks.get(resource_id, ()))
        ]
        tasks.sort(key=lambda task: (task.total_float_minutes, task.start, str(task.id)))
        parties = [{"type": "resource", "id": str(resource_id), "name": capacity.name}, *map(_party, tasks)]
        options = [_wait(tasks[0], later) for later in tasks[1:_PARTIES_TOLD] if not later.percent_complete]
        title = f"{capacity.name} has more to do than time for it"
        yield Detected(resource_id, minutes, _body(ConflictKind.RESOURCE, title, parties, options))


def _by_name(capacity: Capacity) -> tuple[str, str]:
    return capacity.name, str(capacity.id)


def _wait(first: PlanTask, later: PlanTask) -> dict[str, Any]:
    """The task with more float waits for the one with the least."""
    patch = {"constraint_type": "start_no_earlier_than", "constraint_date": first.finish.isoformat()}
    return _option(f"{later.title} waits for {first.title}", later, patch)


def _late(plan: WorkingPlan) -> Iterator[Detected]:
    for task in plan.tasks.values():
        if not task.active or task.actual_finish is not None:
            continue
        if task.deadline is not None and task.finish > task.deadline:
            option = _option("The deadline is moved", task, {"deadline": task.finish.isoformat()})
            yield _date(plan, task, task.deadline, task.finish, f"{task.title} finishes after its deadline", option)
        bounded = _LATEST.get(task.constraint_type)
        if bounded is None or task.constraint_date is None:
            continue
        planned: datetime = getattr(task, bounded)
        if planned > task.constraint_date:
            option = _option("The constraint is given up", task, {"constraint_type": "as_soon_as_possible"})
            yield _date(plan, task, task.constraint_date, planned, f"{task.title} breaks its constraint", option)


def _date(
    plan: WorkingPlan, task: PlanTask, agreed: datetime, planned: datetime, title: str, option: dict[str, Any]
) -> Detected:
    beyond = plan.calendars["project"].work_between(to_ticks(agreed), to_ticks(planned))
    return Detected(task.id, int(beyond / TICKS_PER_MINUTE), _body(ConflictKind.DATE, title, [_party(task)], [option]))


def _party(task: PlanTask) -> dict[str, Any]:
    return {"type": "task", "id": str(task.id), "name": task.title}


def _option(title: str, task: PlanTask, patch: dict[str, Any]) -> dict[str, Any]:
    write = {"noun": "task", "task_id": str(task.id), "patch": patch}
    return {"title": title[:_LONGEST_TITLE], "impact": None, "criteria": [], "write": write}


def _body(
    kind: ConflictKind, title: str, parties: list[dict[str, Any]], options: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "kind": kind.value,
        "title": title[:_LONGEST_TITLE],
        "description": "",
        "parties": parties[:_PARTIES_TOLD],
        "options": options,
    }
