"""The days of a pattern, against the calendar on the wall."""

from datetime import date
from itertools import islice

from services.planning.schedule.recurrence import LAST, SUNDAY, Frequency, Pattern

FIRST = date(2026, 3, 4)  # a Wednesday
LAST_DAY = date(2027, 12, 31)


def days(pattern: Pattern, count: int = 4, first: date = FIRST, last: date = LAST_DAY) -> list[str]:
    return [each.isoformat() for each in islice(pattern.days(first, last), count)]


def test_daily_counts_days_from_the_first() -> None:
    assert days(Pattern(Frequency.DAILY, 10)) == ["2026-03-04", "2026-03-14", "2026-03-24", "2026-04-03"]


def test_weekly_has_its_days_of_every_so_many_weeks() -> None:
    pattern = Pattern(Frequency.WEEKLY, 2, frozenset({0, 3}))
    assert days(pattern) == ["2026-03-05", "2026-03-16", "2026-03-19", "2026-03-30"]


def test_where_a_week_begins_decides_which_sunday_is_of_it() -> None:
    sundays = frozenset({6})
    assert days(Pattern(Frequency.WEEKLY, 2, sundays), 2) == ["2026-03-08", "2026-03-22"]
    assert days(Pattern(Frequency.WEEKLY, 2, sundays, week_start=SUNDAY), 2) == ["2026-03-15", "2026-03-29"]


def test_monthly_by_number_leaves_out_months_that_are_too_short() -> None:
    assert days(Pattern(Frequency.MONTHLY, day=31)) == ["2026-03-31", "2026-05-31", "2026-07-31", "2026-08-31"]


def test_monthly_by_position_among_kinds_of_days() -> None:
    assert days(Pattern(Frequency.MONTHLY, 1, frozenset({1}), position=2), 2) == ["2026-03-10", "2026-04-14"]
    workdays = frozenset(range(5))
    assert days(Pattern(Frequency.MONTHLY, 3, workdays, position=LAST), 2) == ["2026-03-31", "2026-06-30"]


def test_yearly_is_in_its_month() -> None:
    assert days(Pattern(Frequency.YEARLY, 1, month=5, day=17), 3) == ["2026-05-17", "2027-05-17"]
    assert days(Pattern(Frequency.YEARLY, 1, month=2, day=29), 3, last=date(2033, 1, 1)) == ["2028-02-29", "2032-02-29"]


def test_the_first_and_the_last_of_all_days_are_days() -> None:
    assert days(Pattern(Frequency.WEEKLY, 1, week_start=SUNDAY), 1, first=date.min) == ["0001-01-01"]
    assert days(Pattern(Frequency.WEEKLY, 1), 9, first=date(9999, 12, 31), last=date.max) == ["9999-12-31"]
    assert days(Pattern(Frequency.DAILY, 10**9), 9, last=date.max) == ["2026-03-04"]
