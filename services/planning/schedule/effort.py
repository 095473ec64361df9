"""Duration, work and units of a task's assignments: when one of the three is changed, which of the others follows.

Work = duration x units x the average of the contour, as in Microsoft Project. The task type names what stays; with effort
driven the work of a task stays when resources come or go. Nothing here reads or writes a database.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final

from services.planning.schedule.plan_rows import PlanAssignment, PlanTask
from services.planning.schedule.task import TaskType

# What the column of an assignment's units holds: four decimals, and no more people than an import may bring.
LEAST_UNITS: Final = Decimal("0.0001")
MAXIMUM_UNITS: Final = Decimal(1_000_000)


class WorkContour(StrEnum):
    """How an assignment's work is spread over its length (Microsoft Project's work contours)."""

    FLAT = "flat"
    BACK_LOADED = "back_loaded"
    FRONT_LOADED = "front_loaded"
    DOUBLE_PEAK = "double_peak"
    EARLY_PEAK = "early_peak"
    LATE_PEAK = "late_peak"
    BELL = "bell"
    TURTLE = "turtle"


# Per cent of the units at work in each tenth of the length.
TENTHS: Final[dict[WorkContour, tuple[int, ...]]] = {
    WorkContour.FLAT: (100,) * 10,
    WorkContour.BACK_LOADED: (10, 15, 25, 50, 50, 75, 75, 100, 100, 100),
    WorkContour.FRONT_LOADED: (100, 100, 100, 75, 75, 50, 50, 25, 15, 10),
    WorkContour.DOUBLE_PEAK: (25, 50, 100, 50, 25, 25, 50, 100, 50, 25),
    WorkContour.EARLY_PEAK: (25, 50, 100, 100, 75, 50, 50, 25, 15, 10),
    WorkContour.LATE_PEAK: (10, 15, 25, 50, 50, 75, 100, 100, 50, 25),
    WorkContour.BELL: (10, 20, 40, 80, 100, 100, 80, 40, 20, 10),
    WorkContour.TURTLE: (25, 50, 75, 100, 100, 100, 100, 75, 50, 25),
}


def average_of(contour: str) -> Decimal:
    """The share of the units that is at work on average: a bell takes twice as long as the same work spread flat."""
    return Decimal(sum(TENTHS[WorkContour(contour)])) / 1000


def usual_work(duration: int, units: Decimal, contour: str = WorkContour.FLAT) -> int:
    """The work, in whole ticks, of these units over that duration."""
    return int(duration * units * average_of(contour))


def length_of(part: PlanAssignment) -> int:
    """The working time that a part's work takes; overtime is done outside of it."""
    return _whole(Decimal(part.work - part.overtime) / (part.units * average_of(part.contour)))


def stretches_of(part: PlanAssignment, length: int) -> list[tuple[int, int, Decimal]]:
    """With how many units the part works from where to where of its length: all along, or in the tenths of its contour."""
    if part.contour == WorkContour.FLAT:
        return [(0, length, part.units)]
    return [
        (length * number // 10, length * (number + 1) // 10, part.units * tenth / 100)
        for number, tenth in enumerate(TENTHS[WorkContour(part.contour)])
    ]


def set_duration(task: PlanTask, parts: Sequence[PlanAssignment], duration: int) -> None:
    """Give the task another duration. With fixed work the units give way, otherwise the work does.

    Work that was spread in a way of its own, or taken to be none, is stretched as it is. The parts fill the task then.
    """
    for part in parts:
        if task.task_type == TaskType.FIXED_WORK:
            if duration and part.work > part.overtime:
                part.units = _units_for(part, duration)
        elif (
            part.duration is None
            and task.duration
            and part.work != usual_work(task.duration, part.units, part.contour) + part.overtime
        ):
            part.work = part.work * duration // task.duration
        else:
            part.work = usual_work(duration, part.units, part.contour) + part.overtime
        part.overtime = min(part.overtime, part.work)
        part.duration = part.remaining = None
    _take_duration(task, duration)


def set_part(task: PlanTask, parts: Sequence[PlanAssignment], part: PlanAssignment, named: AbstractSet[str]) -> None:
    """Let the third follow where `work`, `units`, `overtime` or `contour` of one of the parts were named.

    A duration that is held (fixed, elapsed or of a summary) lets work follow units, and units follow work or overtime; a
    duration that is not follows what takes longest.
    """
    part.remaining = None
    if holds_duration(task):
        if "work" not in named and "units" in named:
            part.work = usual_work(task.duration, part.units, part.contour) + part.overtime
        elif named & {"work", "overtime"} and "units" not in named and task.duration and part.work > part.overtime:
            part.units = _units_for(part, task.duration)
        part.duration = None
    else:
        _take_longest(task, parts, part)


def add_part(task: PlanTask, parts: Sequence[PlanAssignment], part: PlanAssignment, named: AbstractSet[str]) -> None:
    """Let a part that has just joined the others (`parts` holds it) work: by its own work, or by its units.

    With effort driven, and before the task has begun, it takes over its share of the work of the others.
    """
    if "work" in named:
        set_part(task, parts, part, named)
        return
    others = sum(each.work for each in parts if each is not part)
    if others and _is_effort_driven(task):
        _share(task, parts, others)
    else:
        part.work = usual_work(task.duration, part.units, part.contour) + part.overtime


def remove_part(task: PlanTask, parts: Sequence[PlanAssignment], removed: PlanAssignment) -> None:
    """With effort driven those who stay (`parts`) take over the work of the one who left."""
    if parts and removed.work and _is_effort_driven(task):
        _share(task, parts, removed.work + sum(each.work for each in parts))


def holds_duration(task: PlanTask) -> bool:
    """Whether the task's duration stands whatever its assignments need."""
    return task.task_type == TaskType.FIXED_DURATION or task.elapsed or task.summary


def _is_effort_driven(task: PlanTask) -> bool:
    """A task of fixed work always is; once work has begun nobody's share of what is done is moved."""
    driven = task.effort_driven or task.task_type == TaskType.FIXED_WORK
    return driven and not (task.percent_complete or task.summary)


def _share(task: PlanTask, parts: Sequence[PlanAssignment], total: int) -> None:
    """Spread the work over the parts by their units; the duration follows, or where it is held the units do."""
    weights = [part.units * average_of(part.contour) for part in parts]
    whole, left = sum(weights, Decimal(0)), total
    for number, (part, weight) in enumerate(zip(parts, weights, strict=True), 1):
        part.work = left if number == len(parts) else _whole(total * weight / whole)
        left -= part.work
        part.overtime = min(part.overtime, part.work)
        part.duration = part.remaining = None
    if not holds_duration(task):
        _take_duration(task, _whole(total / whole))
    elif task.duration:
        for part in parts:
            part.units = _units_for(part, task.duration)


def _take_longest(task: PlanTask, parts: Sequence[PlanAssignment], changed: PlanAssignment) -> None:
    """The task lasts as long as the part that takes longest; parts that take as long as it have no length of their own."""
    before = task.duration
    lengths = [
        length_of(part) if part is changed else before if part.duration is None else part.duration for part in parts
    ]
    working = [length for part, length in zip(parts, lengths, strict=True) if part.work > part.overtime]
    if working:
        _take_duration(task, max(working))
    for part, length in zip(parts, lengths, strict=True):
        part.duration = None if length == task.duration or part.work <= part.overtime else length


def _take_duration(task: PlanTask, duration: int) -> None:
    """What is left of a begun task follows its percentage again, and pauses behind its end fall away."""
    if duration == task.duration:
        return
    task.duration = duration
    gaps = [gap for gap in (task.splits or {}).get("gaps", ()) if gap[0] < duration]
    task.splits = {"gaps": gaps} if gaps else None
    if task.percent_complete < 100:
        task.remaining = None


def _units_for(part: PlanAssignment, duration: int) -> Decimal:
    units = Decimal(part.work - part.overtime) / (duration * average_of(part.contour))
    return min(max(units.quantize(LEAST_UNITS), LEAST_UNITS), MAXIMUM_UNITS)


def _whole(ticks: Decimal) -> int:
    return int(ticks.to_integral_value(ROUND_HALF_UP))
