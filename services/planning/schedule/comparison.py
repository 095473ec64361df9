"""What a change does to a schedule: two schedules of the same project held against each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.kernel.working_time import TICKS_PER_MINUTE, WorkingTime, to_local
from services.planning.schedule.network import Schedule, TaskId, TaskSchedule


@dataclass(frozen=True, slots=True)
class MilestoneMove:
    """A milestone that moved, in the later schedule's project calendar; minutes are working and positive when later."""

    id: TaskId
    before: datetime
    after: datetime
    minutes: int


@dataclass(frozen=True, slots=True)
class DateChange:
    """A task whose start or finish changed; minutes tell the finish's move and are positive when later."""

    id: TaskId
    start_before: datetime
    start_after: datetime
    finish_before: datetime
    finish_after: datetime
    minutes: int


@dataclass(frozen=True, slots=True)
class ScheduleDifference:
    """The effect of a change. Minutes are working minutes of the project's calendar; only what changed is listed.

    `float_used` holds minutes of total float lost (negative: gained) by task.
    """

    finish_before: datetime
    finish_after: datetime
    finish_minutes: int
    finish_days: int
    milestones: tuple[MilestoneMove, ...]
    tasks: tuple[DateChange, ...]
    float_used: dict[TaskId, int]
    became_critical: tuple[TaskId, ...]
    no_longer_critical: tuple[TaskId, ...]
    added: tuple[TaskId, ...]
    removed: tuple[TaskId, ...]


def compare(before: Schedule, after: Schedule) -> ScheduleDifference:
    """What became different from one schedule to the next; tasks of only one of them count as added or removed."""
    calendar = after.calendar
    milestones: list[MilestoneMove] = []
    changes: list[DateChange] = []
    float_used: dict[TaskId, int] = {}
    became: list[TaskId] = []
    no_longer: list[TaskId] = []
    for task_id, new in after.tasks.items():
        old = before.tasks.get(task_id)
        if old is None:
            continue
        if old.start != new.start or old.finish != new.finish:
            minutes = _moved(calendar, old.finish, new.finish)
            changes.append(DateChange(task_id, old.start_at, new.start_at, old.finish_at, new.finish_at, minutes))
            if new.milestone and old.finish != new.finish:
                milestones.append(MilestoneMove(task_id, old.finish_at, new.finish_at, minutes))
        used = _lost_float(old, new)
        if used:
            float_used[task_id] = used
        if new.critical and not old.critical:
            became.append(task_id)
        elif old.critical and not new.critical:
            no_longer.append(task_id)
    return ScheduleDifference(
        finish_before=to_local(before.finish),
        finish_after=to_local(after.finish),
        finish_minutes=_moved(calendar, before.finish, after.finish),
        finish_days=(to_local(after.finish).date() - to_local(before.finish).date()).days,
        milestones=tuple(milestones),
        tasks=tuple(changes),
        float_used=float_used,
        became_critical=tuple(became),
        no_longer_critical=tuple(no_longer),
        added=tuple(task_id for task_id in after.tasks if task_id not in before.tasks),
        removed=tuple(task_id for task_id in before.tasks if task_id not in after.tasks),
    )


def _moved(calendar: WorkingTime, before: int, after: int) -> int:
    return int(calendar.work_between(before, after) / TICKS_PER_MINUTE)


def _lost_float(before: TaskSchedule, after: TaskSchedule) -> int:
    return int((before.total_float - after.total_float) / TICKS_PER_MINUTE)
