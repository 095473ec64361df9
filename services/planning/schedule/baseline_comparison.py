"""Two pictures of one plan beside each other: what was added, what is gone, what moved, and what changed in work and cost.

Pure: nothing here reads a database. Moves are in working minutes of the project's calendar, later ones above zero.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import UUID

from services.kernel.working_time import TICKS_PER_MINUTE, WorkingTime, to_ticks

V = TypeVar("V", datetime, int, Decimal)
P = TypeVar("P")


class Change(StrEnum):
    """What became of a task or of a part in one."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class TaskPicture:
    """A task with its own work and cost; None where they were not kept."""

    wbs_code: str
    title: str
    summary: bool
    start: datetime
    finish: datetime
    duration_minutes: int
    work_minutes: int | None
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class PartPicture:
    """A work resource's part in a task."""

    name: str
    units: Decimal
    work_minutes: int


@dataclass(slots=True)
class PlanPicture:
    """A plan at one time. Parts are by task and resource; `complete` says that work, cost and parts were kept."""

    tasks: dict[UUID, TaskPicture] = field(default_factory=dict)
    parts: dict[tuple[UUID, UUID], PartPicture] = field(default_factory=dict)
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Pair(Generic[V]):
    """A value before and after; None where there was or is none."""

    before: V | None
    after: V | None

    @property
    def differs(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class TaskChange:
    """One task that differs. Code, title and kind are those after, or before where it is gone."""

    task_id: UUID
    change: Change
    picture: TaskPicture
    start: Pair[datetime]
    finish: Pair[datetime]
    finish_moved_minutes: int | None
    duration_minutes: Pair[int]
    work_minutes: Pair[int]
    cost: Pair[Decimal]

    @property
    def moved(self) -> bool:
        return self.change == Change.CHANGED and (self.start.differs or self.finish.differs)


@dataclass(frozen=True, slots=True)
class PartChange:
    """One part that differs."""

    task_id: UUID
    resource_id: UUID
    change: Change
    name: str
    units: Pair[Decimal]
    work_minutes: Pair[int]


@dataclass(slots=True)
class Comparison:
    """What differs, tasks by their start, and the sums. Work, cost and parts only where both pictures have kept them."""

    tasks: list[TaskChange]
    parts: list[PartChange]
    unchanged: int
    start: Pair[datetime]
    finish: Pair[datetime]
    finish_moved_minutes: int | None
    work_minutes: Pair[int]
    cost: Pair[Decimal]

    def count(self, change: Change) -> int:
        """How many tasks, summaries too, were added, removed or changed."""
        return sum(each.change == change for each in self.tasks)

    @property
    def moved(self) -> int:
        """How many pieces of work have other dates."""
        return sum(each.moved and not each.picture.summary for each in self.tasks)


def compare(before: PlanPicture, after: PlanPicture, calendar: WorkingTime) -> Comparison:
    """Hold two pictures of a project's plan against each other."""
    both = before.complete and after.complete
    changes = []
    unchanged = 0
    for task_id in {**before.tasks, **after.tasks}:
        change = _task(task_id, before.tasks.get(task_id), after.tasks.get(task_id), calendar, both=both)
        if change is None:
            unchanged += 1
        else:
            changes.append(change)
    changes.sort(key=lambda each: (each.picture.start, each.picture.finish, str(each.task_id)))
    finish = Pair(_latest(before.tasks), _latest(after.tasks))
    return Comparison(
        tasks=changes,
        parts=_parts(before, after) if both else [],
        unchanged=unchanged,
        start=Pair(_earliest(before.tasks), _earliest(after.tasks)),
        finish=finish,
        finish_moved_minutes=_moved(finish, calendar),
        work_minutes=Pair(_work(before), _work(after)) if both else Pair(None, None),
        cost=Pair(_cost(before), _cost(after)) if both else Pair(None, None),
    )


def _task(
    task_id: UUID, was: TaskPicture | None, is_now: TaskPicture | None, calendar: WorkingTime, *, both: bool
) -> TaskChange | None:
    picture = is_now or was
    assert picture is not None, "a task is in one of both pictures"
    finish: Pair[datetime] = _pair(was, is_now, lambda each: each.finish)
    found = TaskChange(
        task_id=task_id,
        change=_change(was, is_now),
        picture=picture,
        start=_pair(was, is_now, lambda each: each.start),
        finish=finish,
        finish_moved_minutes=_moved(finish, calendar),
        duration_minutes=_pair(was, is_now, lambda each: each.duration_minutes),
        work_minutes=_pair(was, is_now, lambda each: each.work_minutes if both else None),
        cost=_pair(was, is_now, lambda each: each.cost if both else None),
    )
    pairs = (found.start, found.finish, found.duration_minutes, found.work_minutes, found.cost)
    renamed = was is not None and is_now is not None and was.title != is_now.title
    return found if renamed or any(each.differs for each in pairs) else None


def _parts(before: PlanPicture, after: PlanPicture) -> list[PartChange]:
    found = []
    for key in sorted({**before.parts, **after.parts}, key=str):
        was, is_now = before.parts.get(key), after.parts.get(key)
        units: Pair[Decimal] = _pair(was, is_now, lambda each: each.units)
        work: Pair[int] = _pair(was, is_now, lambda each: each.work_minutes)
        if units.differs or work.differs:
            one = is_now or was
            assert one is not None, "a part is in one of both pictures"
            found.append(PartChange(*key, _change(was, is_now), one.name, units, work))
    return found


def _change(was: object, is_now: object) -> Change:
    return Change.ADDED if was is None else Change.REMOVED if is_now is None else Change.CHANGED


def _pair(was: P | None, is_now: P | None, read: Callable[[P], V | None]) -> Pair[V]:
    return Pair(None if was is None else read(was), None if is_now is None else read(is_now))


def _moved(pair: Pair[datetime], calendar: WorkingTime) -> int | None:
    if pair.before is None or pair.after is None:
        return None
    return int(calendar.work_between(to_ticks(pair.before), to_ticks(pair.after)) / TICKS_PER_MINUTE)


def _earliest(tasks: Mapping[UUID, TaskPicture]) -> datetime | None:
    return min((each.start for each in tasks.values()), default=None)


def _latest(tasks: Mapping[UUID, TaskPicture]) -> datetime | None:
    return max((each.finish for each in tasks.values()), default=None)


def _work(picture: PlanPicture) -> int:
    return sum(each.work_minutes or 0 for each in picture.tasks.values())


def _cost(picture: PlanPicture) -> Decimal:
    return sum((each.cost or Decimal(0) for each in picture.tasks.values()), Decimal(0))
