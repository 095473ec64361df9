"""Duration, work and units, worked out by hand: one of the three is changed, and another follows."""

from decimal import Decimal
from typing import Any

import pytest

from services.kernel.ids import new_id
from services.kernel.working_time import TICKS_PER_HOUR
from services.planning.schedule.effort import (
    TENTHS,
    WorkContour,
    add_part,
    average_of,
    remove_part,
    set_duration,
    set_part,
)
from services.planning.schedule.plan_rows import PlanAssignment, PlanTask, new_task

HOUR = TICKS_PER_HOUR


def task_of(hours: int, task_type: str = "fixed_units", **members: Any) -> PlanTask:
    return new_task(new_id(), "Dig", duration=hours * HOUR, task_type=task_type, **members)


def part_of(task: PlanTask, hours: float, units: str = "1", **members: Any) -> PlanAssignment:
    values: dict[str, Any] = {
        "duration": None,
        "remaining": None,
        "delay": 0,
        "overtime": 0,
        "contour": "flat",
    } | members
    return PlanAssignment(
        task_id=task.id,
        resource_id=new_id(),
        calendar_id=None,
        units=Decimal(units),
        work=int(hours * HOUR),
        price=None,
        **values,
    )


def shown(task: PlanTask, part: PlanAssignment) -> tuple[float, float, Decimal]:
    """Hours of duration, hours of work, units."""
    return task.duration / HOUR, part.work / HOUR, part.units


@pytest.mark.parametrize(
    ("task_type", "changed", "expected"),
    [
        # 40 h of work by one over 40 h. Each row is a cell of Microsoft Project's table of what follows what.
        ("fixed_units", {"units": Decimal(2)}, (20, 40, Decimal(2))),
        ("fixed_units", {"duration": 20 * HOUR}, (20, 20, Decimal(1))),
        ("fixed_units", {"work": 80 * HOUR}, (80, 80, Decimal(1))),
        ("fixed_work", {"units": Decimal(2)}, (20, 40, Decimal(2))),
        ("fixed_work", {"duration": 20 * HOUR}, (20, 40, Decimal(2))),
        ("fixed_work", {"work": 80 * HOUR}, (80, 80, Decimal(1))),
        ("fixed_duration", {"units": Decimal(2)}, (40, 80, Decimal(2))),
        ("fixed_duration", {"duration": 20 * HOUR}, (20, 20, Decimal(1))),
        ("fixed_duration", {"work": 80 * HOUR}, (40, 80, Decimal(2))),
        # Half of the work as overtime halves what lies in working time.
        ("fixed_units", {"overtime": 20 * HOUR}, (20, 40, Decimal(1))),
        ("fixed_duration", {"overtime": 20 * HOUR}, (40, 40, Decimal("0.5"))),
        # A bell is half of the units on average, a turtle seven tenths.
        ("fixed_units", {"contour": "bell"}, (80, 40, Decimal(1))),
        ("fixed_work", {"contour": "bell"}, (80, 40, Decimal(1))),
        ("fixed_duration", {"contour": "bell"}, (40, 40, Decimal(1))),
        ("fixed_units", {"work": 28 * HOUR, "contour": "turtle"}, (40, 28, Decimal(1))),
    ],
)
def test_the_third_follows_by_the_tasks_type(
    task_type: str, changed: dict[str, Any], expected: tuple[float, float, Decimal]
) -> None:
    task = task_of(40, task_type)
    part = part_of(task, 40)
    if "duration" in changed:
        set_duration(task, [part], changed["duration"])
    else:
        for name, value in changed.items():
            setattr(part, name, value)
        set_part(task, [part], part, changed.keys())
    assert shown(task, part) == expected
    assert part.duration is None


def test_the_part_that_takes_longest_decides_and_the_others_keep_their_length() -> None:
    """Two work 40 h each side by side; one gets 60 h, so the task lasts 60 h, and the other is done after 40 h."""
    task = task_of(40)
    first, second = part_of(task, 40), part_of(task, 40)
    first.work = 60 * HOUR
    set_part(task, [first, second], first, {"work"})
    assert (task.duration, first.duration, second.duration) == (60 * HOUR, None, 40 * HOUR)


@pytest.mark.parametrize(
    ("task_type", "effort_driven", "duration", "work", "units"),
    [
        # A second one joins 40 h of one: they share the work, and where the duration is held, each gives half of the units.
        ("fixed_units", True, 20, 20, Decimal(1)),
        ("fixed_work", False, 20, 20, Decimal(1)),
        ("fixed_duration", True, 40, 20, Decimal("0.5")),
        # Without that the second one brings work of its own.
        ("fixed_units", False, 40, 40, Decimal(1)),
        ("fixed_duration", False, 40, 40, Decimal(1)),
    ],
)
def test_who_joins_shares_the_work_of_an_effort_driven_task(
    task_type: str, effort_driven: bool, duration: int, work: int, units: Decimal
) -> None:
    task = task_of(40, task_type, effort_driven=effort_driven)
    first, second = part_of(task, 40), part_of(task, 0)
    add_part(task, [first, second], second, {"units"})
    assert shown(task, first) == shown(task, second) == (duration, work, units)
    remove_part(task, [first], second)
    assert shown(task, first) == (40, 40, Decimal(1))


def test_work_is_shared_by_units_and_nothing_of_it_is_lost() -> None:
    """100 h among one at 100 % and two at 50 %: 50, 25 and 25 h, in 50 h. Ticks that do not divide go to the last."""
    task = task_of(100, effort_driven=True)
    parts = [part_of(task, 100), part_of(task, 0, "0.5")]
    add_part(task, parts, parts[1], {"units"})
    parts.append(part_of(task, 0, "0.5"))
    add_part(task, parts, parts[2], {"units"})
    assert [each.work / HOUR for each in parts] == [50, 25, 25]
    assert task.duration == 50 * HOUR
    parts[0].work += 1
    parts.append(part_of(task, 0, "0.3333"))
    add_part(task, parts, parts[3], {"units"})
    assert sum(each.work for each in parts) == 100 * HOUR + 1


def test_nobodys_share_of_what_is_begun_is_moved() -> None:
    task = task_of(40, effort_driven=True, percent_complete=10)
    first, second = part_of(task, 40), part_of(task, 0)
    add_part(task, [first, second], second, {"units"})
    assert (first.work, second.work, task.duration) == (40 * HOUR, 40 * HOUR, 40 * HOUR)


def test_who_brings_work_of_their_own_shares_nothing() -> None:
    task = task_of(40, effort_driven=True)
    first, second = part_of(task, 40), part_of(task, 10)
    add_part(task, [first, second], second, {"work", "units"})
    assert (first.work, second.work, second.duration, task.duration) == (40 * HOUR, 10 * HOUR, 10 * HOUR, 40 * HOUR)


@pytest.mark.parametrize("contour", WorkContour)
def test_a_contour_has_ten_tenths_and_their_average(contour: WorkContour) -> None:
    assert len(TENTHS[contour]) == 10
    known = {"flat": 10, "back_loaded": 6, "front_loaded": 6, "turtle": 7}
    assert average_of(contour) * 10 == known.get(contour, 5)


def test_a_shorter_task_loses_the_pauses_behind_its_end_and_what_was_left_of_it() -> None:
    task = task_of(40, splits={"gaps": [[8 * HOUR, HOUR], [32 * HOUR, HOUR]]}, percent_complete=50, remaining=5)
    set_duration(task, [], 24 * HOUR)
    assert (task.splits, task.remaining) == ({"gaps": [[8 * HOUR, HOUR]]}, None)


def test_a_task_whose_duration_is_held_around_the_clock_lets_work_follow() -> None:
    task = task_of(48, elapsed=True)
    part = part_of(task, 48)
    part.units = Decimal("0.5")
    set_part(task, [part], part, {"units"})
    assert shown(task, part) == (48, 24, Decimal("0.5"))
