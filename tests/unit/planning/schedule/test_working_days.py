"""Which days of a calendar have any work."""

from datetime import date

from services.kernel.working_time import TICKS_PER_HOUR, Calendar, day_number
from services.planning.schedule.working_days import WorkedDays, working_days

MONDAY = day_number(date(2026, 3, 2))


def test_a_week_has_the_days_on_which_there_is_work() -> None:
    assert working_days(Calendar.standard(), MONDAY, MONDAY + 7) == [MONDAY + each for each in range(5)]
    assert working_days(Calendar.around_the_clock(), MONDAY, MONDAY + 7) == [MONDAY + each for each in range(7)]
    assert working_days(Calendar.standard(), MONDAY, MONDAY) == []


def test_a_shift_over_midnight_works_on_both_days() -> None:
    night = Calendar([((22 * TICKS_PER_HOUR, 24 * TICKS_PER_HOUR),), ((0, 6 * TICKS_PER_HOUR),)] + [()] * 5)
    assert working_days(night, MONDAY, MONDAY + 7) == [MONDAY, MONDAY + 1]


def test_asked_day_by_day_it_is_the_same() -> None:
    worked = WorkedDays(Calendar.standard())
    days = range(MONDAY - 800, MONDAY + 800)
    assert [day for day in days if day in worked] == working_days(Calendar.standard(), days.start, days.stop)
