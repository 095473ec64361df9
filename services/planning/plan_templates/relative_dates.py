"""Dates as working days from a day on, so that a plan can be laid on another calendar. Values in, values out."""

from bisect import bisect_left
from datetime import date, datetime, time, timedelta
from typing import Final

from services.kernel.working_time import WorkingTime, day_number
from services.planning.schedule.working_days import working_days

# A working day counted from that of the start, which is 0, and the minute of that day.
Offset = tuple[int, int]
_FIRST: Final = day_number(date(1970, 1, 1))
_LAST: Final = day_number(date(2199, 12, 31))
_BLOCK: Final = 366


class BeyondTheCalendar(Exception):
    """The calendar holds fewer working days than are counted."""


class WorkingDays:
    """The working days of a calendar around an origin: those on which there is any work.

    A day without work stands for the next one with some. The range that has been looked at grows as it is asked.
    """

    def __init__(self, calendar: WorkingTime, origin: date) -> None:
        self._calendar = calendar
        self._origin = day_number(origin)
        self._later: list[int] = []
        self._earlier: list[int] = []  # From the origin backwards, so descending.
        self._until = self._from = self._origin

    def offset(self, moment: datetime) -> Offset:
        """How many working days lie between the origin and the moment's day, below zero for one before it."""
        day = day_number(moment.date())
        minute = moment.hour * 60 + moment.minute
        if day >= self._origin:
            while self._until <= day:
                if not self._look_later():
                    break
            return bisect_left(self._later, day), minute
        while self._from > day:
            if not self._look_earlier():
                break
        return -sum(1 for each in self._earlier if each >= day), minute

    def moment(self, offset: Offset) -> datetime:
        """The minute of the day that is so many working days from the origin. Raises BeyondTheCalendar."""
        days, minute = offset
        found = self._earlier if days < 0 else self._later
        look = self._look_earlier if days < 0 else self._look_later
        index = -days - 1 if days < 0 else days
        while len(found) <= index:
            if not look():
                raise BeyondTheCalendar
        day = date(1970, 1, 1) + timedelta(days=found[index] - _FIRST)
        return datetime.combine(day, time()) + timedelta(minutes=minute)

    def _look_later(self) -> bool:
        first, last = self._until, min(self._until + _BLOCK, _LAST + 1)
        self._later.extend(working_days(self._calendar, first, last))
        self._until = last
        return first < last

    def _look_earlier(self) -> bool:
        first, last = max(self._from - _BLOCK, _FIRST), self._from
        self._earlier.extend(reversed(working_days(self._calendar, first, last)))
        self._from = first
        return first < last
