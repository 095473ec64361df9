"""Why tasks lie where they do, on a plan small enough to see it. January 2026: the 5th is a Monday; days of eight hours."""

from collections.abc import Hashable
from datetime import datetime
from typing import Any

import pytest

from services.kernel.working_time import (
    TICKS_PER_DAY,
    TICKS_PER_HOUR,
    Calendar,
    WorkingTime,
    parse_range,
    to_local,
    to_ticks,
)
from services.planning.schedule.critical_path import Sweeps, swept
from services.planning.schedule.explanation import Bound, bounds_of, driving_path, float_paths
from services.planning.schedule.network import Assignment, ConstraintType, Driver, Link, LinkType, Plan, Task

DAY = 8 * TICKS_PER_HOUR


def at(text: str) -> int:
    return to_ticks(datetime.fromisoformat(f"2026-{text}"))


def shown(moment: int) -> str:
    return to_local(moment).isoformat(timespec="minutes")[5:]


def sweeps_of(tasks: list[Task], *links: Link, **settings: Any) -> Sweeps:
    calendars: dict[Hashable, WorkingTime] = {
        "s": Calendar.standard(),
        "m": Calendar([(parse_range("08:00", "12:00"),)] * 5 + [(), ()]),
    }
    return swept(Plan(tasks=tasks, links=links, start=at("01-05T08:00"), calendar="s", calendars=calendars, **settings))


def told(bounds: list[Bound]) -> list[tuple[str, str, str, bool]]:
    return [(each.reason.value, shown(each.start), shown(each.finish), each.drives) for each in bounds]


def test_each_bound_is_told_with_the_dates_that_it_alone_would_give() -> None:
    """c (1 d) follows a (2 d, until Tuesday 6) and b (1 d, until Monday 5, with a lag of 2 d: Thursday 8); it may start no
    earlier than Wednesday 7. b's link drives it."""
    tasks = [
        Task("a", 2 * DAY),
        Task("b", DAY),
        Task("c", DAY, constraint=ConstraintType.START_NO_EARLIER_THAN, constraint_date=at("01-07T08:00")),
    ]
    slow = Link("b", "c", lag=2 * DAY)
    found = bounds_of(sweeps_of(tasks, Link("a", "c"), slow), "c")
    assert told(found) == [
        ("project_start", "01-05T08:00", "01-05T17:00", False),
        ("link", "01-07T08:00", "01-07T17:00", False),
        ("link", "01-08T08:00", "01-08T17:00", True),
        ("constraint", "01-07T08:00", "01-07T17:00", False),
    ]
    assert found[2].link == slow
    assert shown(found[2].moment) == "01-07T17:00"
    assert found[3].constraint is ConstraintType.START_NO_EARLIER_THAN


@pytest.mark.parametrize(
    ("task", "reason", "start"),
    [
        (Task("t", DAY), "project_start", "01-05T08:00"),
        (
            Task("t", DAY, constraint=ConstraintType.MUST_FINISH_ON, constraint_date=at("01-09T17:00")),
            "constraint",
            "01-09T08:00",
        ),
        (Task("t", DAY, levelling_delay=TICKS_PER_DAY), "levelling", "01-06T08:00"),
        (Task("t", DAY, constraint=ConstraintType.AS_LATE_AS_POSSIBLE), "as_late_as_possible", "01-16T08:00"),
        (
            Task("t", DAY, manual=True, given_start=at("01-07T08:00"), given_finish=at("01-07T17:00")),
            "manual",
            "01-07T08:00",
        ),
        (Task("t", DAY, actual_start=at("01-06T08:00"), percent_complete=50), "actual", "01-06T08:00"),
    ],
)
def test_the_bound_that_drives_is_marked_and_gives_the_start_that_the_task_has(
    task: Task, reason: str, start: str
) -> None:
    sweeps = sweeps_of([task, Task("long", 10 * DAY)])
    driving = [each for each in bounds_of(sweeps, "t") if each.drives]
    assert [(each.reason.value, shown(each.start)) for each in driving] == [(reason, start)]
    assert driving[0].start == sweeps.start[0]


def test_the_calendar_is_told_where_it_moves_the_start() -> None:
    weekend = Calendar([()] * 5 + [(parse_range("08:00", "16:00"),)] * 2)
    plan = Plan([Task("t", DAY, calendar="w")], at("01-05T08:00"), "s", {"s": Calendar.standard(), "w": weekend})
    found = bounds_of(swept(plan), "t")
    assert [(each.reason.value, shown(each.start), each.drives) for each in found if each.drives] == [
        ("calendar", "01-10T08:00", True)
    ]


def test_a_resource_is_told_with_what_its_hours_make_of_the_finish() -> None:
    """In whole days 8 h are done on Monday; in mornings they take until Tuesday noon, which is when the task ends."""
    task = Task("t", DAY, assignments=(Assignment("whole"), Assignment("mornings", "m")))
    found = [each for each in bounds_of(sweeps_of([task]), "t") if each.reason is Driver.RESOURCE]
    assert [(each.resource_id, shown(each.finish), each.drives) for each in found] == [
        ("whole", "01-05T17:00", False),
        ("mornings", "01-06T12:00", True),
    ]


def test_links_and_constraints_of_the_summaries_above_are_told_with_their_holder() -> None:
    """The summary follows a (until Monday 5) and starts no earlier than Wednesday 7, which is what drives its child."""
    tasks = [
        Task("a", DAY),
        Task("s", constraint=ConstraintType.START_NO_EARLIER_THAN, constraint_date=at("01-07T08:00")),
        Task("c", DAY, parent="s"),
    ]
    found = bounds_of(sweeps_of(tasks, Link("a", "s")), "c")
    assert [(each.reason.value, shown(each.start), each.drives, each.holder) for each in found] == [
        ("project_start", "01-05T08:00", False, None),
        ("link", "01-06T08:00", False, "s"),
        ("summary", "01-07T08:00", True, "s"),
    ]


def test_a_summary_comes_from_the_children_that_begin_first_and_end_last() -> None:
    tasks = [Task("s"), *(Task(name, length * DAY, parent="s") for name, length in (("a", 1), ("b", 1), ("c", 1)))]
    found = bounds_of(sweeps_of(tasks, Link("a", "b"), Link("b", "c")), "s")
    assert [(each.reason.value, each.holder) for each in found] == [("children", "a"), ("children", "c")]


def test_a_link_that_drives_the_finish_is_told_by_the_finish() -> None:
    """b (1 d) ends with a (3 d) on Wednesday 7, so it starts on that day."""
    found = bounds_of(sweeps_of([Task("a", 3 * DAY), Task("b", DAY)], Link("a", "b", LinkType.FINISH_FINISH)), "b")
    assert told(found)[1] == ("link", "01-07T08:00", "01-07T17:00", True)


NETWORK = [Task("a", DAY), Task("b", 3 * DAY), Task("c", DAY), Task("d", DAY), Task("e", DAY)]
LINKS = (Link("a", "b"), Link("a", "c"), Link("b", "d"), Link("c", "d"))


def test_the_driving_path_leads_over_links_that_drive_and_no_others() -> None:
    """a drives b (3 d), which drives d; c (1 d) has two days of float before d; e stands alone."""
    sweeps = sweeps_of(NETWORK, *LINKS)
    assert driving_path(sweeps, "a", "d") == ["a", "b", "d"]
    assert driving_path(sweeps, "a", "c") == ["a", "c"]
    assert driving_path(sweeps, "c", "d") is None
    assert driving_path(sweeps, "d", "a") is None
    assert driving_path(sweeps, "e", "d") is None
    assert driving_path(sweeps, "d", "d") == ["d"]


def test_the_driving_path_goes_through_summaries() -> None:
    """b (2 d) ends with the summary that d follows; a ends before it."""
    tasks = [
        Task("s"),
        Task("a", DAY, parent="s"),
        Task("b", 2 * DAY, parent="s"),
        Task("t"),
        Task("d", DAY, parent="t"),
    ]
    sweeps = sweeps_of(tasks, Link("s", "t"))
    assert driving_path(sweeps, "b", "d") == ["b", "s", "d"]
    assert driving_path(sweeps, "s", "d") == ["s", "d"]
    assert driving_path(sweeps, "a", "d") is None


def test_the_paths_by_float_cut_the_work_up_most_critical_first() -> None:
    """a-b-d takes five days and is critical; c has two days of float; e has four. What is finished is on no path."""
    done = Task("x", DAY, actual_start=at("01-05T08:00"), actual_finish=at("01-05T17:00"), percent_complete=100)
    sweeps = sweeps_of([*NETWORK, done], *LINKS)
    found = float_paths(sweeps, 10)
    assert [(each.tasks, each.total_float / DAY) for each in found] == [(("a", "b", "d"), 0), (("c",), 2), (("e",), 4)]
    assert float_paths(sweeps, 1) == found[:1]
