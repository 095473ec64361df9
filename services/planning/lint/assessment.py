"""The DCMA 14-point schedule assessment: fourteen figures of a plan, each with the threshold that a sound one keeps.

Source: Defense Contract Management Agency, "Earned Value Management System (EVMS) Program Analysis Pamphlet"
(DCMA-EA PAM 200.1), section 4, "14 point assessment". What it counts: unfinished work that takes time, without summaries
and milestones; dependencies whose successor is unfinished.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from services.kernel.working_time import TICKS_PER_MINUTE, NoWorkingTime
from services.planning.lint.ground import Ground
from services.planning.schedule import network
from services.planning.schedule.critical_path import schedule

MOST: Final = 0.05
LEAST_PLAIN: Final = 0.90
LEAST_INDEX: Final = 0.95
# What the critical path test adds to a critical task, in working days.
TEST_DAYS: Final = 600


@dataclass(frozen=True, slots=True)
class Point:
    """One of the fourteen. `value` is a share or an index, None where the plan gives no ground for it; `limit` is the most,
    or the least where `at_least`; `found` counts what speaks against it, of `total`."""

    number: int
    code: str
    value: float | None
    limit: float
    at_least: bool
    found: int
    total: int

    @property
    def met(self) -> bool | None:
        if self.value is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def assess(ground: Ground, found: Mapping[int, int]) -> list[Point]:
    """The fourteen points, from how many things the rules of each point have found."""
    tasks = len(ground.work)
    links = sum(1 for _ in ground.of_unfinished())
    due = _due(ground)
    plain = links - found.get(4, 0)
    return [
        _share(1, "logic", found, tasks, MOST),
        _share(2, "leads", found, links, 0.0),
        _share(3, "lags", found, links, MOST),
        Point(4, "relationship_types", plain / links if links else None, LEAST_PLAIN, True, links - plain, links),
        _share(5, "hard_constraints", found, tasks, MOST),
        _share(6, "high_float", found, tasks, MOST),
        _share(7, "negative_float", found, tasks, 0.0),
        _share(8, "high_duration", found, tasks, MOST),
        _share(9, "invalid_dates", found, tasks, 0.0),
        _share(10, "resources", found, tasks, 0.0),
        _share(11, "missed_tasks", found, due, MOST),
        _critical_path_test(ground),
        _critical_path_length_index(ground),
        _baseline_execution_index(ground, due),
    ]


def _share(number: int, code: str, found: Mapping[int, int], total: int, limit: float) -> Point:
    count = found.get(number, 0)
    return Point(number, code, count / total if total else None, limit, False, count, total)


def _due(ground: Ground) -> int:
    """How many tasks were to be finished by the status date."""
    agreed = ground.baseline or {}
    return sum(1 for each in ground.leaves if each.id in agreed and agreed[each.id].finish <= ground.now)


def _critical_path_test(ground: Ground) -> Point:
    """A critical task that becomes 600 days longer must move the plan's end by as much, or the path is broken (DCMA 12)."""
    critical = [each for each in ground.work if each.critical and not each.elapsed and not each.percent_complete]
    end = ground.end
    if not critical or end is None:
        return Point(12, "critical_path_test", None, 1.0, True, 0, 0)
    first = min(critical, key=lambda each: (each.start, str(each.id)))
    longer = TEST_DAYS * ground.plan.minutes_per_day * TICKS_PER_MINUTE
    plan = ground.plan.as_network()
    tried = replace(
        plan,
        tasks=[
            replace(each, duration=each.duration + longer, assignments=()) if each.id == first.id else each
            for each in plan.tasks
        ],
    )
    try:
        before, after = (schedule(each).tasks[end.id].finish for each in (plan, tried))
    except (network.ScheduleError, NoWorkingTime, OverflowError):
        return Point(12, "critical_path_test", 0.0, 1.0, True, 1, 1)
    moved = plan.calendars[plan.calendar].work_between(before, after)
    # Calendars of tasks and resources stretch it differently; what counts is that it arrives.
    holds = moved >= longer * LEAST_PLAIN
    return Point(12, "critical_path_test", float(holds), 1.0, True, int(not holds), 1)


def _critical_path_length_index(ground: Ground) -> Point:
    """(length of the critical path that is left + float to the baseline's finish) / length, at least 0.95 (DCMA 13)."""
    left = ground.between(max(ground.now, ground.plan.start), ground.finish)
    if not ground.baseline or not left:
        return Point(13, "critical_path_length_index", None, LEAST_INDEX, True, 0, 0)
    agreed = max(each.finish for each in ground.baseline.values())
    reserve = ground.between(ground.finish, agreed) - ground.between(agreed, ground.finish)
    value = (left + reserve) / left
    return Point(13, "critical_path_length_index", value, LEAST_INDEX, True, int(value < LEAST_INDEX), 1)


def _baseline_execution_index(ground: Ground, due: int) -> Point:
    """Finished tasks / tasks that were to be finished, at least 0.95 (DCMA 14)."""
    finished = sum(1 for each in ground.leaves if each.percent_complete == 100 and each.id in (ground.baseline or {}))
    value = finished / due if due else None
    missing = max(0, due - finished)
    return Point(14, "baseline_execution_index", value, LEAST_INDEX, True, missing, due)
