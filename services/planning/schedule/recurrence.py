"""The days on which something recurs, as Microsoft Project describes it for tasks and for exceptions of calendars."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

EVERY_DAY: Final = frozenset(range(7))
MONDAY: Final = 0
SUNDAY: Final = 6
# The position of the last such day of a month; those before count from 1.
LAST: Final = -1


class Frequency(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Every so many (`interval`) days, weeks, months or years.

    Weekdays count from 0, Monday. Weekly, `weekdays` are the days of a week that begins with `week_start`. Monthly and
    yearly, it is either the day with a number, `day`, or the one at a `position` among those that are one of `weekdays`.
    Yearly, `month` says in which month. A month without such a day, as 30 February, has none.
    """

    frequency: Frequency
    interval: int = 1
    weekdays: frozenset[int] = EVERY_DAY
    week_start: int = MONDAY
    month: int = 1
    day: int | None = None
    position: int = 1

    def days(self, first: date, last: date) -> Iterator[date]:
        """The days from the first to the last, both included, in their order; intervals count from the first."""
        if self.frequency is Frequency.DAILY:
            yield from _stepping(first, last, self.interval)
        elif self.frequency is Frequency.WEEKLY:
            yield from self._weekly(first, last)
        else:
            yield from self._monthly(first, last)

    def _weekly(self, first: date, last: date) -> Iterator[date]:
        behind = (first.weekday() - self.week_start) % 7
        # By ordinals, since the week of the first day of all begins before there are dates.
        week = first.toordinal() - behind
        while week <= last.toordinal():
            for number in range(max(week, first.toordinal()), min(week + 6, last.toordinal()) + 1):
                day = date.fromordinal(number)
                if day.weekday() in self.weekdays:
                    yield day
            week += 7 * self.interval

    def _monthly(self, first: date, last: date) -> Iterator[date]:
        yearly = self.frequency is Frequency.YEARLY
        step = 12 * self.interval if yearly else self.interval
        month = first.year * 12 + (self.month if yearly else first.month) - 1
        while month <= last.year * 12 + last.month - 1:
            found = self._day_of(month // 12, month % 12 + 1)
            if found is not None and first <= found <= last:
                yield found
            month += step

    def _day_of(self, year: int, month: int) -> date | None:
        length = monthrange(year, month)[1]
        if self.day is not None:
            return date(year, month, self.day) if 1 <= self.day <= length else None
        days = [date(year, month, number) for number in range(1, length + 1)]
        among = [day for day in days if day.weekday() in self.weekdays]
        if not among:
            return None
        if self.position == LAST:
            return among[-1]
        return among[self.position - 1] if 1 <= self.position <= len(among) else None


def _stepping(first: date, last: date, interval: int) -> Iterator[date]:
    for number in range(first.toordinal(), last.toordinal() + 1, interval):
        yield date.fromordinal(number)
