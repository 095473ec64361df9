"""Dates as working days from a start, there and back."""

from datetime import date, datetime, timedelta

import pytest

from services.kernel.working_time import Calendar, CalendarException
from services.planning.plan_templates.relative_dates import BeyondTheCalendar, WorkingDays

MONDAY = date(2026, 3, 2)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_working_days_are_counted_from_the_start_in_both_directions() -> None:
    days = WorkingDays(Calendar.standard(), MONDAY)
    assert days.offset(at("2026-03-02T08:00")) == (0, 480)
    assert days.offset(at("2026-03-06T16:30")) == (4, 990)
    assert days.offset(at("2026-03-09T00:00")) == (5, 0)
    assert days.offset(at("2026-02-27T12:00")) == (-1, 720)
    assert days.offset(at("2026-02-20T12:00")) == (-6, 720)


def test_a_day_without_work_stands_for_the_next_one() -> None:
    days = WorkingDays(Calendar.standard(), MONDAY)
    assert days.moment(days.offset(at("2026-03-07T10:00"))) == at("2026-03-09T10:00")
    assert days.moment(days.offset(at("2026-02-28T10:00"))) == at("2026-03-02T10:00")


@pytest.mark.parametrize("first", [MONDAY, date(2026, 3, 7)])
@pytest.mark.parametrize("calendar", [Calendar.standard(), Calendar.around_the_clock()])
def test_there_and_back_is_the_same_working_day(calendar: Calendar, first: date) -> None:
    days = WorkingDays(calendar, first)
    for number in range(-798, 800, 7):
        moment = at("2026-03-03T13:15") + timedelta(days=number)
        assert days.moment(days.offset(moment)) == moment


def test_another_start_on_another_calendar_counts_its_own_days() -> None:
    offset = WorkingDays(Calendar.standard(), MONDAY).offset(at("2026-03-13T08:00"))
    holiday = CalendarException(date(2026, 5, 14), date(2026, 5, 14), ())
    closed = Calendar(Calendar.standard().days, [holiday])
    assert WorkingDays(closed, date(2026, 5, 11)).moment(offset) == at("2026-05-25T08:00")


def test_a_calendar_that_ends_cannot_be_counted_in() -> None:
    never = Calendar([()] * 7)
    days = WorkingDays(never, MONDAY)
    assert days.offset(at("2199-12-31T08:00"))[0] == 0
    assert days.offset(at("1970-01-01T08:00"))[0] == 0
    for offset in ((0, 0), (-1, 0)):
        with pytest.raises(BeyondTheCalendar):
            days.moment(offset)
    with pytest.raises(BeyondTheCalendar):
        WorkingDays(Calendar.standard(), MONDAY).moment((10**6, 0))
