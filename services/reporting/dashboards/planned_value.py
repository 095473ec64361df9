"""The time-phased planned value (PV) of a baseline: each task's budget spread evenly over its days, cumulated."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal

_CONTEXT = Context(prec=34)


@dataclass(frozen=True, slots=True)
class BaselineTask:
    """A task as the baseline has it: first and last day of work, both included, and its budget.

    Summary tasks are left out by the caller, or their budget would count twice.
    """

    start: date
    finish: date
    budget: Decimal


@dataclass(frozen=True, slots=True)
class PlannedValuePoint:
    """Cumulative PV at the end of a day."""

    day: date
    value: Decimal


def weekly_points(start: date, finish: date) -> list[date]:
    """Return the last day of each week counted from `start`, until one reaches `finish`.

    Weeks are counted from the project's start and not from a Monday: earned schedule wants periods of one length.
    """
    points = [start + timedelta(days=6)]
    while points[-1] < finish:
        points.append(points[-1] + timedelta(days=7))
    return points


def planned_value_series(
    tasks: Sequence[BaselineTask],
    points: Sequence[date],
    working_days: Collection[date] | None = None,
) -> list[PlannedValuePoint]:
    """Return PV at the end of each point, in the order given by `points` (ascending).

    A budget is spread evenly over the task's `working_days`, or over its calendar days when those are None. A task
    without a working day in its span (a milestone on a Sunday) has its whole budget on its finish. Every point at or
    after a finish holds the exact budget. Raises ValueError for a task that finishes before it starts.
    """
    calendar = None if working_days is None else sorted(set(working_days))
    completed = [Decimal(0)] * (len(points) + 1)
    partial = [Decimal(0)] * len(points)
    for task in tasks:
        if task.finish < task.start:
            raise ValueError("a task does not finish before it starts")
        first, after = bisect_left(points, task.start), bisect_left(points, task.finish)
        completed[after] += task.budget
        total = _days(task.start, task.finish, calendar)
        for position in range(first, after):
            elapsed = _days(task.start, points[position], calendar)
            if total:
                partial[position] += _CONTEXT.divide(task.budget * elapsed, Decimal(total))
    series, done = [], Decimal(0)
    for day, finished, unfinished in zip(points, completed, partial, strict=False):
        done += finished
        series.append(PlannedValuePoint(day, done + unfinished))
    return series


def _days(first: date, last: date, calendar: list[date] | None) -> int:
    """Count the days from first to last, both included, that the calendar works on."""
    if calendar is None:
        return (last - first).days + 1
    return bisect_right(calendar, last) - bisect_left(calendar, first)
