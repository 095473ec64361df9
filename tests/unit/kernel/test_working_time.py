"""Working time: calendars, arithmetic against a count minute by minute, and the edge to instants."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.working_time import (
    TICKS_PER_DAY,
    TICKS_PER_HOUR,
    Calendar,
    CalendarException,
    InvalidCalendar,
    NoWorkingTime,
    WorkingTime,
    WorkWeek,
    from_instant,
    norwegian_holidays,
    parse_range,
    to_instant,
    to_local,
    to_ticks,
)

DAY = (parse_range("08:00", "12:00"), parse_range("13:00", "17:00"))
STANDARD = Calendar.standard()
NIGHT = Calendar([(parse_range("22:00", "06:00"),)] * 5 + [(), ()])
HOLIDAYS = Calendar(
    [None] * 7,
    exceptions=[
        CalendarException(date(2026, 12, 24), date(2026, 12, 26), (), "Jul"),
        CalendarException(date(2026, 12, 19), date(2026, 12, 19), DAY, "Catching up"),
    ],
    work_weeks=[WorkWeek(date(2026, 7, 1), date(2026, 7, 31), (*([(parse_range("08:00", "14:00"),)] * 5), None, None))],
    base=STANDARD,
)


def at(text: str) -> int:
    return to_ticks(datetime.fromisoformat(text))


def test_ticks_round_trip_through_local_moments() -> None:
    moment = datetime.fromisoformat("2026-11-22T13:37:06")
    assert to_local(to_ticks(moment)) == moment
    assert at("1970-01-01T00:00") == 0
    assert at("1969-12-31T23:59:54") == -1


def test_work_between_counts_only_working_time() -> None:
    assert STANDARD.work_between(at("2026-11-20T16:00"), at("2026-11-23T09:00")) == 2 * TICKS_PER_HOUR
    assert STANDARD.work_between(at("2026-11-23T09:00"), at("2026-11-20T16:00")) == -2 * TICKS_PER_HOUR
    assert STANDARD.work_between(at("2026-11-20T17:00"), at("2026-11-23T08:00")) == 0


def test_a_finish_is_the_end_of_a_period_and_a_start_the_beginning_of_the_next() -> None:
    friday_eight = at("2026-11-20T08:00")
    assert STANDARD.add_work(friday_eight, 8 * TICKS_PER_HOUR) == at("2026-11-20T17:00")
    assert STANDARD.add_work(friday_eight, 8 * TICKS_PER_HOUR + 1) == at("2026-11-23T08:00:06")
    assert STANDARD.subtract_work(at("2026-11-23T17:00"), 8 * TICKS_PER_HOUR) == at("2026-11-23T08:00")
    assert STANDARD.subtract_work(at("2026-11-23T08:00"), 4 * TICKS_PER_HOUR) == at("2026-11-20T13:00")
    assert STANDARD.next_start(at("2026-11-20T17:00")) == at("2026-11-23T08:00")
    assert STANDARD.previous_finish(at("2026-11-23T08:00")) == at("2026-11-20T17:00")
    assert STANDARD.next_start(at("2026-11-20T12:30")) == at("2026-11-20T13:00")
    assert STANDARD.previous_finish(at("2026-11-20T12:30")) == at("2026-11-20T12:00")


def test_no_work_leaves_the_moment_where_it_is() -> None:
    saturday = at("2026-11-21T10:00")
    assert STANDARD.add_work(saturday, 0) == saturday
    assert STANDARD.subtract_work(saturday, 0) == saturday


def test_negative_work_turns_the_direction() -> None:
    monday = at("2026-11-23T10:00")
    assert STANDARD.add_work(monday, -TICKS_PER_HOUR) == STANDARD.subtract_work(monday, TICKS_PER_HOUR)
    assert STANDARD.subtract_work(monday, -TICKS_PER_HOUR) == STANDARD.add_work(monday, TICKS_PER_HOUR)


def test_a_night_shift_runs_over_midnight() -> None:
    monday_ten = at("2026-11-23T22:00")
    assert NIGHT.add_work(monday_ten, 8 * TICKS_PER_HOUR) == at("2026-11-24T06:00")
    assert NIGHT.work_between(at("2026-11-24T00:00"), at("2026-11-24T12:00")) == 6 * TICKS_PER_HOUR
    assert NIGHT.next_start(at("2026-11-28T03:00")) == at("2026-11-28T03:00")
    assert NIGHT.next_start(at("2026-11-28T06:00")) == at("2026-11-30T22:00")


def test_a_derived_calendar_inherits_and_overrides() -> None:
    assert HOLIDAYS.add_work(at("2026-12-23T13:00"), 5 * TICKS_PER_HOUR) == at("2026-12-28T09:00")
    assert HOLIDAYS.ranges_on(date(2026, 12, 19)) == DAY
    assert HOLIDAYS.ranges_on(date(2026, 7, 6)) == (parse_range("08:00", "14:00"),)
    assert HOLIDAYS.ranges_on(date(2026, 8, 3)) == DAY
    assert Calendar([None] * 7, base=HOLIDAYS).ranges_on(date(2026, 12, 24)) == ()


def test_a_thousand_exceptions_over_all_years_cost_hardly_more_than_one() -> None:
    closed = [CalendarException(date.min, date.max)] * 1000
    calendar = Calendar([(parse_range("08:00", "16:00"),)] * 7, closed)
    begun = time.process_time()
    with pytest.raises(NoWorkingTime):
        calendar.add_work(0, 1)
    assert time.process_time() - begun < 2, "day by day for each of them it took half a minute"


def test_the_first_of_overlapping_exceptions_holds() -> None:
    calendar = Calendar(
        STANDARD.days,
        [
            CalendarException(date(2026, 5, 5), date(2026, 5, 5), DAY[:1]),
            CalendarException(date(2026, 5, 1), date(2026, 5, 31)),
        ],
    )
    assert calendar.ranges_on(date(2026, 5, 5)) == DAY[:1]
    assert calendar.ranges_on(date(2026, 5, 6)) == ()


def test_elapsed_time_never_stops() -> None:
    clock = Calendar.around_the_clock()
    saturday = at("2026-11-21T10:00")
    assert clock.add_work(saturday, 3 * TICKS_PER_DAY) == at("2026-11-24T10:00")
    assert clock.next_start(at("2026-11-22T00:00")) == at("2026-11-22T00:00")


def test_an_intersection_works_only_when_both_do() -> None:
    afternoon = Calendar([(parse_range("12:00", "20:00"),)] * 7)
    both = STANDARD.intersect(afternoon)
    assert both.next_start(at("2026-11-20T08:00")) == at("2026-11-20T13:00")
    assert both.add_work(at("2026-11-20T13:00"), 5 * TICKS_PER_HOUR) == at("2026-11-23T14:00")
    assert STANDARD.intersect(STANDARD) is STANDARD


def test_the_horizon_grows_both_ways_without_moving_answers() -> None:
    calendar = Calendar.standard()
    near = calendar.work_between(at("2026-01-05T08:00"), at("2026-01-09T17:00"))
    assert calendar.work_between(at("1950-01-02T08:00"), at("2200-01-01T17:00")) > 0
    assert calendar.work_between(at("2026-01-05T08:00"), at("2026-01-09T17:00")) == near == 40 * TICKS_PER_HOUR


def test_a_calendar_without_work_says_so() -> None:
    with pytest.raises(NoWorkingTime):
        Calendar([()] * 7).add_work(at("2026-01-05T08:00"), 1)
    with pytest.raises(NoWorkingTime):
        Calendar([()] * 7).previous_finish(at("2026-01-05T08:00"))


@pytest.mark.parametrize(
    "data",
    [
        {"days": [[]] * 6},
        {"days": [[["08:00", "12:00"], ["11:00", "15:00"]]] + [[]] * 6},
        {"days": [[[f"{hour:02}:00", f"{hour:02}:30"] for hour in range(6)]] + [[]] * 6},
        {"days": [[["8 o'clock", "12:00"]]] + [[]] * 6},
        {"days": [[]] * 7, "exceptions": [{"from": "2026-12-26", "to": "2026-12-24"}]},
        {"days": 7},
        {},
    ],
)
def test_a_calendar_that_contradicts_itself_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(InvalidCalendar):
        Calendar.from_json(data)


def test_inheritance_has_a_bottom() -> None:
    calendar = STANDARD
    for _ in range(8):
        calendar = Calendar([None] * 7, base=calendar)
    with pytest.raises(InvalidCalendar):
        Calendar([None] * 7, base=calendar)


def test_a_calendar_survives_its_stored_form() -> None:
    stored = HOLIDAYS.to_json()
    assert stored["exceptions"][0] == {"from": "2026-12-24", "to": "2026-12-26", "ranges": [], "name": "Jul"}
    assert Calendar.from_json(stored, base=STANDARD).to_json() == stored
    night = NIGHT.to_json()
    assert night["days"][0] == [["22:00", "06:00"]]
    assert Calendar.from_json(night).days == NIGHT.days
    assert Calendar.from_json(Calendar.around_the_clock().to_json()).days[0] == ((0, TICKS_PER_DAY),)


def minutes_by_counting(calendar: WorkingTime, start: datetime, finish: datetime) -> int:
    """Working minutes counted one by one from the definition alone."""
    assert isinstance(calendar, Calendar)
    total, moment = 0, start
    while moment < finish:
        minute = (moment.hour * 60 + moment.minute) * 10
        today = any(first <= minute < last for first, last in definition(calendar, moment.date()))
        yesterday = definition(calendar, moment.date() - timedelta(1))
        total += today or any(first <= minute + TICKS_PER_DAY < last for first, last in yesterday)
        moment += timedelta(minutes=1)
    return total


def definition(calendar: Calendar, day: date) -> tuple[tuple[int, int], ...]:
    for exception in calendar.exceptions:
        if exception.first <= day <= exception.last:
            return exception.ranges
    for week in calendar.work_weeks:
        ranges = week.days[day.weekday()]
        if ranges is not None and week.first <= day <= week.last:
            return ranges
    own = calendar.days[day.weekday()]
    if own is None:
        assert calendar.base is not None
        return definition(calendar.base, day)
    return own


@given(
    st.sampled_from([STANDARD, NIGHT, HOLIDAYS]),
    st.integers(0, 60 * 24 * 20),
    st.integers(0, 60 * 24 * 6),
)
def test_work_between_equals_a_count_minute_by_minute(calendar: Calendar, offset: int, length: int) -> None:
    start = datetime.fromisoformat("2026-12-14T00:00") + timedelta(minutes=offset)
    finish = start + timedelta(minutes=length)
    expected = minutes_by_counting(calendar, start, finish) * 10
    assert calendar.work_between(to_ticks(start), to_ticks(finish)) == expected


@given(st.sampled_from([STANDARD, NIGHT, HOLIDAYS]), st.integers(0, 400_000), st.integers(1, 200_000))
def test_adding_and_subtracting_work_undo_each_other(calendar: Calendar, offset: int, work: int) -> None:
    start = calendar.next_start(at("2026-01-01T00:00") + offset)
    finish = calendar.add_work(start, work)
    assert calendar.work_between(start, finish) == work
    assert calendar.subtract_work(finish, work) == start
    assert calendar.previous_finish(finish) == finish


WALL_AND_REAL_HOURS = [
    ("Europe/Berlin", "2026-03-28T22:00", "2026-03-29T06:00", 7),
    ("Europe/Berlin", "2026-10-24T22:00", "2026-10-25T06:00", 9),
    ("America/New_York", "2026-03-07T22:00", "2026-03-08T06:00", 7),
    ("America/New_York", "2026-10-31T22:00", "2026-11-01T06:00", 9),
    ("Australia/Lord_Howe", "2026-04-04T22:00", "2026-04-05T06:00", 8.5),
    ("Australia/Lord_Howe", "2026-10-03T22:00", "2026-10-04T06:00", 7.5),
    ("Antarctica/Troll", "2026-03-28T22:00", "2026-03-29T06:00", 6),
    ("America/Santiago", "2026-09-05T22:00", "2026-09-06T06:00", 7),
    ("Africa/Cairo", "2026-04-23T22:00", "2026-04-24T06:00", 7),
    ("Africa/Casablanca", "2026-02-14T22:00", "2026-02-15T06:00", 9),
    ("Pacific/Apia", "2011-12-29T08:00", "2011-12-31T08:00", 24),
    ("America/Sao_Paulo", "2026-10-17T22:00", "2026-10-18T06:00", 8),
    ("Europe/London", "2026-03-27T17:00", "2026-03-30T08:00", 62),
]


@pytest.mark.parametrize(("zone", "start", "finish", "hours"), WALL_AND_REAL_HOURS)
def test_real_time_differs_from_wall_time_only_at_the_edge(zone: str, start: str, finish: str, hours: float) -> None:
    place = ZoneInfo(zone)
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(finish)
    assert to_instant(last, place) - to_instant(first, place) == timedelta(hours=hours)
    clock = Calendar.around_the_clock()
    assert clock.work_between(to_ticks(first), to_ticks(last)) * 6 == (last - first).total_seconds()


@pytest.mark.parametrize(
    ("zone", "local", "fold", "instant"),
    [
        ("Europe/Berlin", "2026-03-29T02:30", 0, "2026-03-29T01:30"),
        ("Europe/Berlin", "2026-03-29T02:30", 1, "2026-03-29T00:30"),
        ("America/New_York", "2026-03-08T02:30", 0, "2026-03-08T07:30"),
        ("America/New_York", "2026-03-08T02:30", 1, "2026-03-08T06:30"),
        ("America/Santiago", "2026-09-06T00:00", 0, "2026-09-06T04:00"),
        ("America/Santiago", "2026-09-06T00:00", 1, "2026-09-06T03:00"),
        ("Africa/Cairo", "2026-04-24T00:00", 0, "2026-04-23T22:00"),
        ("Africa/Cairo", "2026-04-24T00:00", 1, "2026-04-23T21:00"),
        ("Pacific/Apia", "2011-12-30T12:00", 0, "2011-12-30T22:00"),
        ("Pacific/Apia", "2011-12-30T12:00", 1, "2011-12-29T22:00"),
        ("Europe/Berlin", "2026-10-25T02:30", 0, "2026-10-25T00:30"),
        ("Europe/Berlin", "2026-10-25T02:30", 1, "2026-10-25T01:30"),
        ("America/New_York", "2026-11-01T01:30", 0, "2026-11-01T05:30"),
        ("America/New_York", "2026-11-01T01:30", 1, "2026-11-01T06:30"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", 0, "2026-04-04T14:45"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", 1, "2026-04-04T15:15"),
    ],
)
def test_gaps_and_folds_follow_pep_495(zone: str, local: str, fold: Literal[0, 1], instant: str) -> None:
    expected = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert to_instant(datetime.fromisoformat(local), ZoneInfo(zone), fold) == expected


def test_a_moment_in_a_gap_is_shown_back_after_it() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    instant = to_instant(datetime.fromisoformat("2026-03-29T02:30"), berlin)
    assert from_instant(instant, berlin) == datetime.fromisoformat("2026-03-29T03:30")


def test_zones_are_neither_lost_nor_invented() -> None:
    with pytest.raises(ValueError, match="no zone"):
        to_instant(datetime.now(UTC), ZoneInfo("UTC"))
    with pytest.raises(ValueError, match="carries a zone"):
        from_instant(datetime.fromisoformat("2026-01-01T00:00"), ZoneInfo("UTC"))


@pytest.mark.parametrize(
    ("year", "easter"), [(2024, (3, 31)), (2025, (4, 20)), (2026, (4, 5)), (2027, (3, 28)), (2038, (4, 25))]
)
def test_norwegian_holidays_move_with_easter(year: int, easter: tuple[int, int]) -> None:
    holidays = norwegian_holidays(year)
    sunday = date(year, *easter)
    assert holidays[sunday] == "Første påskedag"
    assert holidays[sunday - timedelta(3)] == "Skjærtorsdag"
    assert "Kristi himmelfartsdag" in holidays[sunday + timedelta(39)]
    assert "Andre pinsedag" in holidays[sunday + timedelta(50)]
    assert list(holidays) == sorted(holidays)


def test_two_holidays_on_one_day_share_it() -> None:
    assert norwegian_holidays(2008)[date(2008, 5, 1)] == "Arbeidernes dag / Kristi himmelfartsdag"
    assert len(norwegian_holidays(2026)) == 12
