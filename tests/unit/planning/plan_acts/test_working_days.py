"""Moments moved by working days."""

from datetime import date, datetime

import pytest

from services.kernel.working_time import Calendar, CalendarException, NoWorkingTime
from services.planning.plan_acts.working_days import WorkingDays

WEEK = Calendar.standard()
EASTER = Calendar(WEEK.days, (CalendarException(date(2026, 4, 2), date(2026, 4, 6)),), ())


@pytest.mark.parametrize(
    ("calendar", "moment", "days", "expected"),
    [
        (WEEK, "2026-03-02T08:00", 0, "2026-03-02T08:00"),
        (WEEK, "2026-03-02T08:00", 1, "2026-03-03T08:00"),
        (WEEK, "2026-03-06T15:30", 1, "2026-03-09T15:30"),
        (WEEK, "2026-03-09T15:30", -1, "2026-03-06T15:30"),
        # From a Saturday the first working day on either side is one day away.
        (WEEK, "2026-03-07T23:59", 1, "2026-03-09T23:59"),
        (WEEK, "2026-03-07T23:59", -1, "2026-03-06T23:59"),
        (EASTER, "2026-04-01T08:00", 1, "2026-04-07T08:00"),
        (EASTER, "2026-04-07T08:00", -1, "2026-04-01T08:00"),
        (WEEK, "2026-03-02T08:00", 2_600, "2036-02-18T08:00"),
    ],
)
def test_the_clock_stays_and_working_days_are_counted(
    calendar: Calendar, moment: str, days: int, expected: str
) -> None:
    shifted = WorkingDays(calendar).shifted(datetime.fromisoformat(moment), days)
    assert shifted == datetime.fromisoformat(expected)


def test_there_and_back_from_a_working_day_is_where_one_was() -> None:
    days = WorkingDays(EASTER)
    moment = datetime.fromisoformat("2026-03-25T10:15")
    assert all(days.shifted(days.shifted(moment, each), -each) == moment for each in range(-60, 60))


def test_a_calendar_without_work_has_no_next_day() -> None:
    with pytest.raises(NoWorkingTime):
        WorkingDays(Calendar([()] * 7)).shifted(datetime.fromisoformat("2026-03-02T08:00"), 1)
