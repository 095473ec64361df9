"""Moments moved by working days: the clock stays, and only days on which the calendar has any work are counted."""

from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta
from typing import Final

from services.kernel.working_time import TICKS_PER_DAY, NoWorkingTime, WorkingTime, day_number

# How far one shift may go: about ten years.
MOST_DAYS: Final = 2_600
# Calendars with long holidays have few working days; past this many days for each wanted one there are none left.
_DAYS_FOR_EACH: Final = 7
_MARGIN: Final = 400
# What bodies may say of days, see services/kernel/schemas.py.
_FIRST_YEAR: Final = 1971
_LAST_YEAR: Final = 2199


class WorkingDays:
    """The days of one calendar on which somebody works, looked up once for all moments of a shift."""

    def __init__(self, calendar: WorkingTime) -> None:
        self._calendar = calendar
        self._first = self._last = 0
        self._days: list[int] = []

    def shifted(self, moment: datetime, days: int) -> datetime:
        """The same time of day so many working days later, or earlier below zero. Raises NoWorkingTime.

        From a day without work the next working day in the direction of the shift counts as the first.
        """
        if not days:
            return moment
        own = day_number(moment.date())
        self._cover(own, days)
        at = bisect_right(self._days, own) - 1 if days > 0 else bisect_left(self._days, own)
        index = at + days
        if not 0 <= index < len(self._days):
            raise NoWorkingTime("the calendar has no such working day")
        shifted = moment + timedelta(days=self._days[index] - own)
        if not _FIRST_YEAR <= shifted.year <= _LAST_YEAR:
            raise NoWorkingTime("the day lies beyond the years that are planned for")
        return shifted

    def _cover(self, own: int, days: int) -> None:
        span = abs(days) * _DAYS_FOR_EACH + _MARGIN
        first, last = min(own, own - span * (days < 0)), max(own, own + span * (days > 0)) + 1
        if self._first <= first and last <= self._last:
            return
        if self._first == self._last:
            self._first, self._last = first, last
        self._first, self._last = min(self._first, first), max(self._last, last)
        periods = self._calendar.periods(self._first, self._last)
        self._days = sorted({start // TICKS_PER_DAY for start, _ in periods})
