"""The working time of somebody who is away for some days: their calendar without those days."""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

from services.kernel.working_time import TICKS_PER_DAY, Calendar, CalendarException, WorkingTime
from services.planning.schedule.plan_rows import Away

AROUND_THE_CLOCK = Calendar.around_the_clock()


def without(calendar: WorkingTime, away: Away) -> WorkingTime:
    """The calendar without these days."""
    return _without(calendar, away) if away else calendar


# Calendars are kept where they are loaded, and grow tables as they are asked; so do those that are made of them.
@lru_cache(maxsize=2_000)
def _without(calendar: WorkingTime, away: Away) -> WorkingTime:
    absences = [CalendarException(first, last) for first, last in away]
    return calendar.intersect(Calendar([((0, TICKS_PER_DAY),)] * 7, absences, name="present"))


def joined(spans: Iterable[tuple[date, date]]) -> Away:
    """Days from and to, both included, in order, with those that overlap or touch made one."""
    found: list[tuple[date, date]] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + timedelta(days=1):
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)
