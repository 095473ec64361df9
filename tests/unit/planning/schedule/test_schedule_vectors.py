"""Vectors of the schedule engine worked out by hand for what few files show: each docstring says how it comes about.

January 2026: the 5th is a Monday, on which the project starts at 08:00. Days are 08:00 to 12:00 and 13:00 to 17:00, Monday
to Friday. Shown moments leave out the year.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.kernel.working_time import (
    TICKS_PER_DAY,
    TICKS_PER_HOUR,
    Calendar,
    parse_range,
    to_instant,
    to_local,
    to_ticks,
)
from services.planning.schedule.critical_path import schedule
from services.planning.schedule.network import (
    Assignment,
    ConstraintType,
    Driver,
    LagBasis,
    Link,
    LinkType,
    Piece,
    Plan,
    Schedule,
    Task,
)

DAY = 8 * TICKS_PER_HOUR
FS, SS, FF, SF = LinkType.FINISH_START, LinkType.START_START, LinkType.FINISH_FINISH, LinkType.START_FINISH
ALAP = ConstraintType.AS_LATE_AS_POSSIBLE


def at(text: str) -> int:
    return to_ticks(datetime.fromisoformat(f"2026-{text}"))


def shown(moment: int) -> str:
    return to_local(moment).isoformat(timespec="minutes")[5:]


def solve(tasks: list[Task], *links: Link, **settings: Any) -> Schedule:
    settings.setdefault("start", at("01-05T08:00"))
    return schedule(Plan(tasks=tasks, links=links, calendar="s", calendars={"s": Calendar.standard()}, **settings))


def dates(answer: Schedule, task: str) -> tuple[str, str]:
    found = answer.tasks[task]
    return shown(found.start), shown(found.finish)


def late(answer: Schedule, task: str) -> tuple[str, str]:
    found = answer.tasks[task]
    return shown(found.late_start), shown(found.late_finish)


def total_days(answer: Schedule, task: str) -> float:
    return answer.tasks[task].total_float / DAY


# Deadlines


def test_a_deadline_takes_float_from_all_that_leads_to_it() -> None:
    """a (2 d) and b (3 d) end on Friday 9 by their link; b is due on Thursday 8. So b would have to start on Tuesday 6, and
    a to end on Monday 5, a day earlier than it does: both have -1 day, while `long` (9 d) still makes the finish."""
    tasks = [Task("a", 2 * DAY), Task("b", 3 * DAY, deadline=at("01-08T17:00")), Task("long", 9 * DAY)]
    answer = solve(tasks, Link("a", "b"))
    assert dates(answer, "b") == ("01-07T08:00", "01-09T17:00")
    assert late(answer, "b") == ("01-06T08:00", "01-08T17:00")
    assert late(answer, "a") == ("01-02T08:00", "01-05T17:00")
    assert [total_days(answer, task) for task in ("a", "b", "long")] == [-1, -1, 0]
    assert answer.critical_path() == ["a", "long", "b"]
    assert shown(answer.finish) == "01-15T17:00"


def test_a_deadline_behind_the_projects_finish_gives_no_float() -> None:
    """The project ends on Wednesday 7, so a deadline in February leaves a (1 d) its two days and no more."""
    answer = solve([Task("a", DAY, deadline=at("02-27T17:00")), Task("b", 3 * DAY)])
    assert total_days(answer, "a") == 2


def test_a_milestones_deadline_is_a_moment() -> None:
    """The milestone is reached on Tuesday 6 at 17:00; due at noon it is half a day late, and so is a."""
    answer = solve([Task("a", 2 * DAY), Task("m", deadline=at("01-06T12:00"))], Link("a", "m"))
    assert dates(answer, "m") == ("01-06T17:00", "01-06T17:00")
    assert (total_days(answer, "m"), total_days(answer, "a")) == (-0.5, -0.5)


# As late as possible, start no later than


def test_what_follows_a_task_as_late_as_possible_goes_with_it() -> None:
    """`long` ends on Thursday 15. b (2 d) may start on Wednesday 14, a (1 d) on Tuesday 13 at the latest. a goes there, and b,
    which is as soon as possible, can start no sooner than the 14th. Neither has float left."""
    answer = solve([Task("a", DAY, constraint=ALAP), Task("b", 2 * DAY), Task("long", 9 * DAY)], Link("a", "b"))
    assert dates(answer, "a") == ("01-13T08:00", "01-13T17:00")
    assert dates(answer, "b") == ("01-14T08:00", "01-15T17:00")
    assert (total_days(answer, "a"), total_days(answer, "b")) == (0, 0)
    assert answer.tasks["a"].driver is Driver.AS_LATE_AS_POSSIBLE


def test_a_task_as_late_as_possible_heeds_its_deadline() -> None:
    """Due on Friday 9, it lies on that day although the project runs on to the 15th."""
    answer = solve([Task("a", DAY, constraint=ALAP, deadline=at("01-09T17:00")), Task("long", 9 * DAY)])
    assert dates(answer, "a") == ("01-09T08:00", "01-09T17:00")


def test_start_no_later_than_beats_the_link_and_shows_what_is_missing() -> None:
    """a (4 d) ends on Thursday 8; b must not start later than Wednesday 7. Honoured, b lies on the 7th and a, which would have
    to end on the 6th, lacks two days. Otherwise b starts on Friday 9, two days too late."""
    tasks = [
        Task("a", 4 * DAY),
        Task("b", DAY, constraint=ConstraintType.START_NO_LATER_THAN, constraint_date=at("01-07T08:00")),
    ]
    honoured = solve(tasks, Link("a", "b"))
    assert dates(honoured, "b") == ("01-07T08:00", "01-07T17:00")
    assert honoured.tasks["b"].driver is Driver.CONSTRAINT
    assert total_days(honoured, "a") == -2
    linked = solve(tasks, Link("a", "b"), honor_constraints=False)
    assert dates(linked, "b") == ("01-09T08:00", "01-09T17:00")
    assert (total_days(linked, "a"), total_days(linked, "b")) == (-2, -2)


def test_start_no_later_than_moves_nothing_that_is_in_time() -> None:
    """b follows a (1 d) on Tuesday 6 and may start until Thursday 8: two days of float, though the project ends on the 15th."""
    constraint: dict[str, Any] = {
        "constraint": ConstraintType.START_NO_LATER_THAN,
        "constraint_date": at("01-08T08:00"),
    }
    answer = solve([Task("a", DAY), Task("b", DAY, **constraint), Task("long", 9 * DAY)], Link("a", "b"))
    assert dates(answer, "b") == ("01-06T08:00", "01-06T17:00")
    assert (total_days(answer, "b"), total_days(answer, "a")) == (2, 2)


# Elapsed time


def test_an_elapsed_lag_runs_through_nights_and_weekends() -> None:
    """a (5 d) ends on Friday 9 at 17:00. One day around the clock later it is Saturday 17:00, so b starts on Monday 12. Two
    elapsed days and 16 hours lead to Monday 09:00. Backwards, b's Monday 08:00 less one day is Sunday, before which a could
    end on Friday at the latest: no float."""
    tasks = [Task("a", 5 * DAY), Task("b", DAY)]
    answer = solve(tasks, Link("a", "b", FS, TICKS_PER_DAY, LagBasis.ELAPSED))
    assert dates(answer, "b") == ("01-12T08:00", "01-12T17:00")
    assert late(answer, "a") == ("01-05T08:00", "01-09T17:00")
    assert (total_days(answer, "a"), answer.tasks["a"].free_float) == (0, 0)
    longer = solve(tasks, Link("a", "b", FS, 2 * TICKS_PER_DAY + 16 * TICKS_PER_HOUR, LagBasis.ELAPSED))
    assert dates(longer, "b") == ("01-12T09:00", "01-13T09:00")


def test_an_elapsed_lead_goes_back_around_the_clock() -> None:
    """a (2 d) ends on Tuesday 6 at 17:00; a day around the clock before, Monday 17:00, lets b start on Tuesday."""
    answer = solve([Task("a", 2 * DAY), Task("b", DAY)], Link("a", "b", FS, -TICKS_PER_DAY, LagBasis.ELAPSED))
    assert dates(answer, "b") == ("01-06T08:00", "01-06T17:00")


@pytest.mark.parametrize(
    ("predecessor", "basis", "start"),
    [
        # Half of 16 working hours is one day behind Tuesday 17:00.
        (Task("a", 2 * DAY), LagBasis.PERCENT, "01-08T08:00"),
        # The same 8 hours around the clock end on Wednesday at 01:00.
        (Task("a", 2 * DAY), LagBasis.ELAPSED_PERCENT, "01-07T08:00"),
        # Half of two days around the clock, which end on Wednesday 08:00, is one more of those.
        (Task("a", 2 * TICKS_PER_DAY, elapsed=True), LagBasis.PERCENT, "01-08T08:00"),
    ],
)
def test_a_lag_in_percent_is_a_share_of_the_predecessors_duration(
    predecessor: Task, basis: LagBasis, start: str
) -> None:
    answer = solve([predecessor, Task("b", DAY)], Link("a", "b", FS, 50, basis))
    assert dates(answer, "b")[0] == start
    assert answer.tasks["a"].total_float == 0


def test_an_elapsed_task_between_two_others_ends_at_night() -> None:
    """Concrete sets for 36 hours around the clock from Monday 17:00 to Wednesday 05:00; work goes on at 08:00."""
    tasks = [Task("pour", DAY), Task("set", 36 * TICKS_PER_HOUR, elapsed=True), Task("strip", DAY)]
    answer = solve(tasks, Link("pour", "set"), Link("set", "strip"))
    assert dates(answer, "set") == ("01-05T17:00", "01-07T05:00")
    assert dates(answer, "strip") == ("01-07T08:00", "01-07T17:00")
    assert answer.tasks["set"].total_float == 3 * TICKS_PER_HOUR


# From the finish


def test_from_the_finish_everything_lies_as_late_as_it_can_and_the_start_follows() -> None:
    """To end on Friday 30, b (3 d) starts on Wednesday 28, a (2 d) on Monday 26, where the project then starts. c (1 d), as
    soon as possible, lies there; d (1 d) as late as possible on the 30th. Both could lie anywhere in the five days: four
    days of float, counted from the early dates; a and b have none."""
    tasks = [
        Task("a", 2 * DAY, constraint=ALAP),
        Task("b", 3 * DAY, constraint=ALAP),
        Task("c", DAY),
        Task("d", DAY, constraint=ALAP),
    ]
    answer = solve(tasks, Link("a", "b"), finish=at("01-30T17:00"))
    assert shown(answer.start) == "01-26T08:00"
    assert shown(answer.finish) == "01-30T17:00"
    assert dates(answer, "a") == ("01-26T08:00", "01-27T17:00")
    assert dates(answer, "b") == ("01-28T08:00", "01-30T17:00")
    assert dates(answer, "c") == ("01-26T08:00", "01-26T17:00")
    assert dates(answer, "d") == ("01-30T08:00", "01-30T17:00")
    assert shown(answer.tasks["d"].early_start) == "01-26T08:00"
    assert [total_days(answer, task) for task in "abcd"] == [0, 0, 4, 4]
    assert answer.critical_path() == ["a", "b"]


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        # b starts on the 28th; a has to start a day before it, on the 27th.
        (Link("a", "b", SS, DAY), ("01-27T08:00", "01-28T17:00")),
        # b ends on the 30th; a has to end a day before it.
        (Link("a", "b", FF, DAY), ("01-28T08:00", "01-29T17:00")),
        # b ends on the 30th, five days behind a's start, which therefore is on the 26th.
        (Link("a", "b", SF, 5 * DAY), ("01-26T08:00", "01-27T17:00")),
        # Two days around the clock before Wednesday 28 at 08:00 is Monday 26 at 08:00: a ends on Friday 23.
        (Link("a", "b", FS, 2 * TICKS_PER_DAY, LagBasis.ELAPSED), ("01-22T08:00", "01-23T17:00")),
    ],
)
def test_from_the_finish_each_link_and_lag_is_mirrored(link: Link, expected: tuple[str, str]) -> None:
    tasks = [Task("a", 2 * DAY, constraint=ALAP), Task("b", 3 * DAY, constraint=ALAP)]
    answer = solve(tasks, link, finish=at("01-30T17:00"))
    assert dates(answer, "a") == expected
    assert dates(answer, "b") == ("01-28T08:00", "01-30T17:00")


def test_from_the_finish_a_constraint_holds_what_would_lie_later() -> None:
    """a (2 d) has to end by Monday 26 at 17:00, so it starts on Friday 23, and with it the project."""
    constraint: dict[str, Any] = {
        "constraint": ConstraintType.FINISH_NO_LATER_THAN,
        "constraint_date": at("01-26T17:00"),
    }
    tasks = [Task("a", 2 * DAY, **constraint), Task("b", 3 * DAY, constraint=ALAP)]
    answer = solve(tasks, Link("a", "b"), finish=at("01-30T17:00"))
    assert dates(answer, "a") == ("01-23T08:00", "01-26T17:00")
    assert shown(answer.start) == "01-23T08:00"
    assert dates(answer, "b") == ("01-28T08:00", "01-30T17:00")


def test_from_the_finish_a_summary_reaches_over_what_lies_late() -> None:
    """Two children of one day in a row end on Friday 30: the summary reaches from the 29th to the 30th."""
    tasks = [Task("s"), Task("a", DAY, parent="s", constraint=ALAP), Task("b", DAY, parent="s", constraint=ALAP)]
    answer = solve(tasks, Link("a", "b"), finish=at("01-30T17:00"))
    assert dates(answer, "s") == ("01-29T08:00", "01-30T17:00")


# Work in progress


def test_work_begun_out_of_sequence_waits_with_its_rest_for_the_predecessor() -> None:
    """b (4 d) began on Monday 5 and is half done by Tuesday evening, though its predecessor a (5 d) ends only on Friday 9.
    Its rest of two days follows a on Monday 12 and ends on Tuesday 13. Where work in progress is not split, it goes on
    on Wednesday 7 and ends on Thursday 8."""
    begun = Task("b", 4 * DAY, actual_start=at("01-05T08:00"), percent_complete=50, stop=at("01-06T17:00"))
    tasks = [Task("a", 5 * DAY), begun]
    split = solve(tasks, Link("a", "b"))
    assert dates(split, "b") == ("01-05T08:00", "01-13T17:00")
    assert (total_days(split, "a"), total_days(split, "b")) == (0, 0)
    whole = solve(tasks, Link("a", "b"), split_in_progress=False)
    assert dates(whole, "b") == ("01-05T08:00", "01-08T17:00")


def test_work_begun_out_of_sequence_before_a_finish_to_finish_link_ends_with_it() -> None:
    """b (2 d) began on Monday, is half done, and ends no sooner than a on Friday 9: its last day is the 9th."""
    begun = Task("b", 2 * DAY, actual_start=at("01-05T08:00"), percent_complete=50)
    answer = solve([Task("a", 5 * DAY), begun], Link("a", "b", FF))
    assert dates(answer, "b") == ("01-05T08:00", "01-09T17:00")


def test_a_predecessor_that_gives_way_has_the_float_of_the_rest_that_waits() -> None:
    """`long` ends on Thursday 15. b's rest (1 d) waits for a (2 d), which ends on the 6th, and ends on the 7th; it may end on
    the 15th, so it has six days of float, and a the same."""
    begun = Task("b", 2 * DAY, actual_start=at("01-05T08:00"), percent_complete=50, stop=at("01-05T17:00"))
    answer = solve([Task("a", 2 * DAY), begun, Task("long", 9 * DAY)], Link("a", "b"))
    assert dates(answer, "b") == ("01-05T08:00", "01-07T17:00")
    assert (total_days(answer, "b"), total_days(answer, "a")) == (6, 6)


SPLIT = (Piece(0, DAY), Piece(3 * DAY, 2 * DAY))


@pytest.mark.parametrize(
    ("percent", "finish"),
    [
        # One day, two days' pause, two days: from Monday 5 to Friday 9.
        (0, "01-09T17:00"),
        # The first day is done; the rest comes behind the pause all the same.
        (33, "01-09T17:00"),
        # Two of three days are done, by Thursday 8; the last is Friday.
        (67, "01-09T17:00"),
    ],
)
def test_a_split_task_keeps_its_pause_when_it_is_begun(percent: int, finish: str) -> None:
    begun: dict[str, Any] = {"actual_start": at("01-05T08:00"), "percent_complete": percent} if percent else {}
    answer = solve([Task("a", 3 * DAY, splits=SPLIT, **begun)])
    assert dates(answer, "a") == ("01-05T08:00", finish)


def test_what_is_left_of_a_split_task_moves_whole_when_it_resumes_later() -> None:
    """Its first day is done; resumed on Monday 12 behind the pause, its last two days end on Tuesday 13."""
    begun: dict[str, Any] = {"actual_start": at("01-05T08:00"), "remaining": 2 * DAY, "resume": at("01-12T08:00")}
    answer = solve([Task("a", 3 * DAY, splits=SPLIT, percent_complete=33, **begun)])
    assert dates(answer, "a") == ("01-05T08:00", "01-13T17:00")


def test_more_left_than_was_planned_lengthens_a_begun_task() -> None:
    """Planned for two days and begun on Monday 5, three days are still left on Wednesday 7: it ends on Friday 9."""
    progress: dict[str, Any] = {"actual_start": at("01-05T08:00"), "percent_complete": 10, "remaining": 3 * DAY}
    answer = solve([Task("a", 2 * DAY, resume=at("01-07T08:00"), **progress)])
    assert dates(answer, "a") == ("01-05T08:00", "01-09T17:00")


# Resources


def test_a_part_in_a_resources_own_hours_and_a_late_one_decide_the_finish_together() -> None:
    """One works 16 h in whole days from Monday: until Tuesday 17:00. The other works 8 h in mornings only and begins after a
    delay of 4 h of its own time: Tuesday and Wednesday mornings, until Wednesday 12:00."""
    mornings = Calendar([(parse_range("08:00", "12:00"),)] * 5 + [(), ()])
    parts = (
        Assignment("whole", duration=2 * DAY),
        Assignment("half", "m", duration=DAY, delay=DAY // 2),
    )
    plan = Plan(
        tasks=[Task("a", 2 * DAY, assignments=parts)],
        start=at("01-05T08:00"),
        calendar="s",
        calendars={"s": Calendar.standard(), "m": mornings},
    )
    assert dates(schedule(plan), "a") == ("01-05T08:00", "01-07T12:00")


# Several critical paths


def test_with_several_critical_paths_every_open_end_is_one() -> None:
    """a ends on Tuesday 6 and `long` on Thursday 15, and nothing follows either: each is late by its own finish."""
    tasks = [Task("x", DAY), Task("a", DAY), Task("long", 9 * DAY)]
    assert solve(tasks, Link("x", "a")).critical_path() == ["long"]
    assert solve(tasks, Link("x", "a"), multiple_critical_paths=True).critical_path() == ["x", "long", "a"]


# The clock is set forward and back


@pytest.mark.parametrize(
    ("zone", "evening", "real_hours"),
    [
        ("Europe/Berlin", "2026-03-28T22:00", 7),
        ("Europe/Berlin", "2026-10-24T22:00", 9),
        ("America/New_York", "2026-03-07T22:00", 7),
        ("Australia/Lord_Howe", "2026-04-04T22:00", 8.5),
        ("Antarctica/Troll", "2026-03-28T22:00", 6),
        ("Africa/Cairo", "2026-04-23T22:00", 7),
        ("America/Sao_Paulo", "2026-10-17T22:00", 8),
    ],
)
def test_a_night_shift_has_eight_hours_on_the_wall_whatever_the_clock_does(
    zone: str, evening: str, real_hours: float
) -> None:
    """A calendar of nights from 22:00 to 06:00, a task of one night: it ends at 06:00, in real time earlier or later."""
    nights = Calendar([(parse_range("22:00", "06:00"),)] * 7)
    start = to_ticks(datetime.fromisoformat(evening))
    answer = schedule(Plan([Task("a", DAY)], start=start, calendar="n", calendars={"n": nights}))
    found = answer.tasks["a"]
    assert found.finish_at.hour == 6
    assert found.total_float == 0
    begin, end = (to_instant(moment, ZoneInfo(zone)) for moment in (found.start_at, found.finish_at))
    assert (end - begin).total_seconds() == real_hours * 3600
