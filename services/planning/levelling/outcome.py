"""What a levelling means for the plan: finish, load, and each move with its reason, as the schedule engine has them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.kernel.working_time import TICKS_PER_MINUTE, to_local, to_ticks
from services.planning.levelling.optimizer import Answer
from services.planning.levelling.plan_model import LevellingModel, delays_of, is_movable
from services.planning.levelling.reasons import Reason, reasons_for, tidied
from services.planning.schedule.working_plan import WorkingPlan

ENGINE_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The columns of a run that tell what was found."""

    delays: dict[UUID, int]
    values: dict[str, Any]


def fingerprint_of(plan: WorkingPlan) -> str:
    """A digest of all that a levelling of the plan depends on: dates, lengths, links, parts, resources."""
    digest = hashlib.sha256()
    for task in plan.tasks.values():
        told = (
            *(task.id, task.start, task.finish, task.duration, task.priority, task.levelling_delay, task.active),
            *(task.percent_complete, task.manual, task.constraint_type, task.constraint_date, task.deadline),
            *(task.summary, task.parent_id, task.calendar_id),
        )
        digest.update(repr(told).encode())
    links = [
        (each.predecessor_id, each.successor_id, each.dependency_type, each.lag, each.lag_basis) for each in plan.links
    ]
    parts = [
        (
            *(task_id, one.resource_id, one.calendar_id, str(one.units), one.work, one.duration, one.delay),
            *(one.overtime, one.contour, one.away),
        )
        for task_id, assigned in sorted(plan.assignments.items())
        for one in assigned
    ]
    resources = [
        (each.id, str(each.max_units), repr(each.missing), repr(each.away)) for each in plan.capacities.values()
    ]
    digest.update(repr((links, parts, resources, plan.options)).encode())
    return digest.hexdigest()


def take_delays(plan: WorkingPlan, delays: Mapping[UUID, int]) -> int:
    """Give the tasks that may move these levelling delays, the others of them none. Returns how many changed."""
    changed = 0
    for task in plan.tasks.values():
        delay = delays.get(task.id, 0)
        if is_movable(task) and task.levelling_delay != delay:
            task.levelling_delay = delay
            plan.touch(task)
            changed += 1
    return changed


def outcome_of(plan: WorkingPlan, model: LevellingModel, answer: Answer, *, extend: bool) -> Outcome:
    """What the answer would make of the plan, which is changed on the way and must not be stored."""
    starts = tidied(model.problem, answer.starts, model.movable)
    dates = {task.id: (task.start, task.finish) for task in plan.tasks.values()}
    had = {task.id: task.levelling_delay for task in plan.tasks.values()}
    finish_before, load_before = plan.finish_before or plan.start, plan.standing().overallocated
    delays = delays_of(plan, model, starts)
    take_delays(plan, delays)
    plan.reschedule()
    if not _is_better(plan, load_before, finish_before, extend=extend):
        # Where lengths are no whole slots, a plan that was level may not be found as good as it is.
        delays = had
        take_delays(plan, delays)
        plan.reschedule()
    finish_after = plan.finish or plan.start
    load_after = plan.standing().overallocated
    calendar = plan.calendars["project"]

    def minutes(moment: datetime) -> int:
        return calendar.work_between(to_ticks(plan.start), to_ticks(moment)) // TICKS_PER_MINUTE

    bound = None
    if model.axis.exact and not answer.misplaced and answer.bound < model.axis.horizon:
        bound = max(to_local(model.axis.finish(answer.bound)), plan.start)
        if bound > finish_after:
            # The plan ends earlier than the problem has it, which can only be where the problem is coarser than the plan.
            bound = None
    proven = bound is not None and answer.proven and minutes(bound) >= minutes(finish_after)
    moved = [i for i in range(model.movable) if dates[model.task_ids[i]][0] != plan.tasks[model.task_ids[i]].start]
    reasons = reasons_for(model.problem, starts, moved, model.staying)
    values = {
        "method": answer.method if moved else "none",
        "proven": proven,
        "changes_proven": proven and answer.changes_proven,
        "resolved": not load_after,
        "gap": _gap(minutes(finish_after), None if bound is None else minutes(bound)),
        "finish_before": finish_before,
        "finish_after": finish_after,
        "finish_bound": bound,
        "makespan": {
            "before_minutes": minutes(finish_before),
            "after_minutes": minutes(finish_after),
            "bound_minutes": None if bound is None else minutes(bound),
        },
        "search": {
            "slot_minutes": model.axis.slot // TICKS_PER_MINUTE,
            "exact": model.axis.exact,
            "schedules": answer.schedules,
            "cpu_seconds": f"{answer.cpu_seconds:.3f}",
            "infeasible": answer.infeasible,
            "engine_version": ENGINE_VERSION,
        },
        "load": [
            {
                "resource_id": str(each.id),
                "name": each.name,
                "overallocated_minutes": {"before": load_before.get(each.id, 0), "after": load_after.get(each.id, 0)},
                "impossible": each.id in model.impossible,
            }
            for each in sorted(plan.capacities.values(), key=lambda each: (each.name, str(each.id)))
            if each.id in load_before or each.id in load_after
        ],
        "moves": [_move(plan, model, i, dates, reasons[i], delays) for i in moved],
    }
    return Outcome(delays, values)


def _is_better(plan: WorkingPlan, load: Mapping[UUID, int], finish: datetime, *, extend: bool) -> bool:
    """Whether the plan asks less of its resources than it did, or no more and ends earlier; within float it ends no later."""
    now, before = sum(plan.standing().overallocated.values()), sum(load.values())
    ends = plan.finish or plan.start
    return (extend or ends <= finish) and (now < before or (now == before and ends <= finish))


def _gap(after: int, bound: int | None) -> Decimal | None:
    """How much longer than the bound, as a share of it."""
    if bound is None or bound <= 0:
        return None
    return (Decimal(after - bound) / bound).quantize(Decimal("0.0001"))


def _move(
    plan: WorkingPlan,
    model: LevellingModel,
    i: int,
    dates: Mapping[UUID, tuple[datetime, datetime]],
    reason: Reason,
    delays: Mapping[UUID, int],
) -> dict[str, Any]:
    task = plan.tasks[model.task_ids[i]]
    before = dates[task.id]
    return {
        "task_id": str(task.id),
        "title": task.title,
        "before": {"start": before[0].isoformat(), "finish": before[1].isoformat()},
        "after": {"start": task.start.isoformat(), "finish": task.finish.isoformat()},
        "levelling_delay_minutes": delays.get(task.id, 0) // TICKS_PER_MINUTE,
        "reason": _told(plan, model, reason),
    }


def _told(plan: WorkingPlan, model: LevellingModel, reason: Reason) -> dict[str, Any]:
    holders: Sequence[UUID] = [
        *(model.task_ids[j] for j in reason.holders),
        *dict.fromkeys(each.task_id for each in reason.staying),
    ]
    resource_id = None if reason.resource is None else model.resource_ids[reason.resource]
    return {
        "code": reason.code,
        "resource_id": None if resource_id is None else str(resource_id),
        "resource": None if resource_id is None else plan.capacities[resource_id].name,
        "at": None if reason.slot is None else to_local(model.axis.moment(reason.slot)).isoformat(),
        "held_by": [_named(plan, task_id) for task_id in holders],
        "predecessor": None if reason.predecessor is None else _named(plan, model.task_ids[reason.predecessor]),
    }


def _named(plan: WorkingPlan, task_id: UUID) -> dict[str, str]:
    return {"task_id": str(task_id), "title": plan.tasks[task_id].title}
