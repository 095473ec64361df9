"""Working time: calendars over local wall-clock time, counted in whole ticks, and the edge where it meets real instants.

Schedules run on the project's local clock without a zone, so a clock change never alters a working minute; instants exist
only where a value leaves the system (`to_instant`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any, Final, Literal, TypeVar
from zoneinfo import ZoneInfo

TICKS_PER_MINUTE: Final = 10
TICKS_PER_HOUR: Final = 60 * TICKS_PER_MINUTE
TICKS_PER_DAY: Final = 24 * TICKS_PER_HOUR
SECONDS_PER_TICK: Final = 60 // TICKS_PER_MINUTE

_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00")
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_MOST_RANGES: Final = 5
MOST_BASES: Final = 8
# The horizon grows on demand up to these bounds; past them a calendar is taken to have run out of working time.
_FIRST_DAY: Final = date(1900, 1, 1).toordinal() - _EPOCH_ORDINAL
_LAST_DAY: Final = date(2300, 1, 1).toordinal() - _EPOCH_ORDINAL
_HORIZON_STEP: Final = 400

Range = tuple[int, int]
"""Ticks from the day's midnight, start before finish; a finish above `TICKS_PER_DAY` reaches into the next day."""

Ranges = tuple[Range, ...]


# WorkingTimeError
# |- InvalidCalendar       the definition contradicts itself
# `- NoWorkingTime         the calendar holds no (more) working time where some is needed
class WorkingTimeError(ValueError):
    """Working time cannot be reckoned."""

    code = "working_time_error"


class InvalidCalendar(WorkingTimeError):
    """The calendar's definition contradicts itself."""

    code = "invalid_calendar"


class NoWorkingTime(WorkingTimeError):
    """The calendar holds no working time where some is needed."""

    code = "no_working_time"


def to_ticks(moment: datetime) -> int:
    """Ticks since 1970-01-01T00:00 of a naive local moment; seconds are rounded to the nearest tick."""
    delta = moment - _EPOCH
    return delta.days * TICKS_PER_DAY + (delta.seconds + SECONDS_PER_TICK // 2) // SECONDS_PER_TICK


# A plan speaks of the same few thousand moments again and again.
@lru_cache(maxsize=1 << 16)
def to_local(ticks: int) -> datetime:
    """The naive local moment of a tick count."""
    return _EPOCH + timedelta(seconds=ticks * SECONDS_PER_TICK)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH_ORDINAL


@dataclass(frozen=True, slots=True)
class CalendarException:
    """Days `first` to `last` (both included) that have these ranges instead of the week's; no range is no work."""

    first: date
    last: date
    ranges: Ranges = ()
    name: str = ""

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise InvalidCalendar(f"exception {self.name!r} ends before it begins")
        _check_ranges(self.ranges)


@dataclass(frozen=True, slots=True)
class WorkWeek:
    """A week pattern for the days `first` to `last`; a day that is None keeps the calendar's ordinary ranges."""

    first: date
    last: date
    days: tuple[Ranges | None, ...]
    name: str = ""

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise InvalidCalendar(f"work week {self.name!r} ends before it begins")
        _check_week(self.days)


class WorkingTime:
    """Arithmetic over disjoint working periods, by bisection in a table that grows as far as questions reach.

    A moment between two periods is one working moment with two names. Operations that ask for a finish answer with the
    end of the earlier period, those that ask for a start with the beginning of the later one. A working moment is also
    a number, its position; the difference of two is the work between them.
    """

    __slots__ = ("_cumulative", "_ends", "_first_day", "_from", "_last_day", "_leads", "_origin", "_starts", "_until")

    def __init__(self) -> None:
        self._first_day = self._last_day = 0
        # Moments the table answers for: its days less a margin, since a night shift that began before may cover the first.
        self._from = self._until = 0
        self._starts: list[int] = []
        self._ends: list[int] = []
        # _cumulative[i] is the position of period i, so it has one entry more than there are periods.
        self._cumulative: list[int] = [0]
        # Within period i a moment is its position plus _leads[i].
        self._leads: list[int] = []
        # The moment at position 0, which stays where it is however far the table grows.
        self._origin: int | None = None

    def periods(self, first_day: int, last_day: int) -> list[Range]:
        """Working periods that begin on the days `first_day` to `last_day - 1`, in order, disjoint, in absolute ticks."""
        raise NotImplementedError

    def _cover(self, first_day: int, last_day: int) -> None:
        """Make the table reach over these days; an existing table is widened in steps that double."""
        if self._first_day == self._last_day:
            self._first_day, self._last_day = first_day - _HORIZON_STEP, last_day + _HORIZON_STEP
        else:
            grow = max(_HORIZON_STEP, self._last_day - self._first_day)
            if first_day < self._first_day:
                self._first_day = min(first_day, self._first_day - grow)
            if last_day > self._last_day:
                self._last_day = max(last_day, self._last_day + grow)
        self._first_day, self._last_day = max(self._first_day, _FIRST_DAY), min(self._last_day, _LAST_DAY)
        periods = self.periods(self._first_day, self._last_day)
        self._starts = [start for start, _ in periods]
        self._ends = [end for _, end in periods]
        self._cumulative = list(accumulate((end - start for start, end in periods), initial=0))
        self._from = (self._first_day + 1) * TICKS_PER_DAY
        self._until = (self._last_day - 1) * TICKS_PER_DAY
        if self._origin is None:
            self._origin = self._from
        before = self.position(self._origin)
        if before:
            self._cumulative = [position - before for position in self._cumulative]
        self._leads = [start - position for start, position in zip(self._starts, self._cumulative, strict=False)]

    def _reach(self, moment: int) -> None:
        """Widen the table over a moment."""
        day = moment // TICKS_PER_DAY
        if not _FIRST_DAY < day < _LAST_DAY - 1:
            raise NoWorkingTime(f"{moment} ticks lies outside the calendar's horizon")
        self._cover(day - 1, day + 2)

    def _extend_later(self) -> None:
        if self._last_day >= _LAST_DAY:
            raise NoWorkingTime("the calendar holds no later working time")
        self._cover(self._first_day, self._last_day + 1)

    def _extend_earlier(self) -> None:
        if self._first_day <= _FIRST_DAY:
            raise NoWorkingTime("the calendar holds no earlier working time")
        self._cover(self._first_day - 1, self._last_day)

    def position(self, moment: int) -> int:
        """The working ticks from the calendar's fixed origin to a moment; negative before it."""
        if not self._from <= moment < self._until:
            self._reach(moment)
        index = bisect_right(self._starts, moment) - 1
        if index < 0:
            return self._cumulative[0]
        if moment >= self._ends[index]:
            return self._cumulative[index + 1]
        return self._cumulative[index] + moment - self._starts[index]

    def placed(self, position: int, work: int) -> tuple[int, int]:
        """The start and the finish of `work` ticks, more than none, from a position on."""
        finish = position + work
        while True:
            cumulative, leads = self._cumulative, self._leads
            first = bisect_right(cumulative, position)
            last = bisect_left(cumulative, finish, first)
            if first and last <= len(leads):
                return position + leads[first - 1], finish + leads[last - 1]
            if first:
                self._extend_later()
            else:
                self._extend_earlier()

    def work_between(self, start: int, finish: int) -> int:
        """Working ticks from `start` to `finish`; negative when `finish` is earlier."""
        return 0 if start == finish else self.position(finish) - self.position(start)

    def add_work(self, start: int, work: int) -> int:
        """The finish of `work` ticks begun at `start`: the end of a period. No work leaves the moment untouched."""
        if work <= 0:
            return start if work == 0 else self.subtract_work(start, -work)
        while True:
            target = self.position(start) + work
            cumulative = self._cumulative
            index = bisect_left(cumulative, target)
            if index < len(cumulative):
                return target + self._leads[index - 1]
            self._extend_later()

    def subtract_work(self, finish: int, work: int) -> int:
        """The start from which `work` ticks end at `finish`: inside or at the beginning of a period."""
        if work <= 0:
            return finish if work == 0 else self.add_work(finish, -work)
        while True:
            target = self.position(finish) - work
            if target >= self._cumulative[0]:
                return target + self._leads[bisect_right(self._cumulative, target) - 1]
            self._extend_earlier()

    def next_start(self, moment: int) -> int:
        """The first moment, not before `moment`, at which work can begin."""
        if not self._from <= moment < self._until:
            self._reach(moment)
        while True:
            index = bisect_right(self._ends, moment)
            if index < len(self._starts):
                return max(moment, self._starts[index])
            self._extend_later()

    def previous_finish(self, moment: int) -> int:
        """The last moment, not after `moment`, at which work can end."""
        if not self._from <= moment < self._until:
            self._reach(moment)
        while True:
            index = bisect_left(self._starts, moment) - 1
            if index >= 0:
                return min(moment, self._ends[index])
            self._extend_earlier()

    def intersect(self, other: WorkingTime) -> WorkingTime:
        """The time that works in both calendars."""
        return self if other is self else CommonWorkingTime(self, other)


class Calendar(WorkingTime):
    """A week of up to five ranges a day, with exceptions and work weeks, over a base calendar it inherits from.

    `days` runs from Monday; None inherits the base calendar's day (without a base: no work). Among overlapping exceptions
    the first in the list holds. An exception of the base beats the derived calendar's ordinary week, as a public
    holiday does in Microsoft Project.
    """

    __slots__ = ("base", "days", "depth", "exceptions", "name", "work_weeks")

    def __init__(
        self,
        days: Sequence[Ranges | None],
        exceptions: Sequence[CalendarException] = (),
        work_weeks: Sequence[WorkWeek] = (),
        base: Calendar | None = None,
        name: str = "",
    ) -> None:
        super().__init__()
        self.days = tuple(days)
        _check_week(self.days)
        self.exceptions = tuple(exceptions)
        self.work_weeks = tuple(work_weeks)
        self.base = base
        self.depth: int = 0 if base is None else base.depth + 1
        if self.depth > MOST_BASES:
            raise InvalidCalendar(f"a calendar inherits through at most {MOST_BASES} others")
        self.name = name

    @classmethod
    def standard(cls) -> Calendar:
        """Monday to Friday, 08:00 to 12:00 and 13:00 to 17:00."""
        day = (parse_range("08:00", "12:00"), parse_range("13:00", "17:00"))
        return cls([day] * 5 + [(), ()], name="Standard")

    @classmethod
    def around_the_clock(cls) -> Calendar:
        """Every hour of every day: the calendar of elapsed time."""
        return cls([((0, TICKS_PER_DAY),)] * 7, name="24 hours")

    @classmethod
    def from_json(cls, data: Mapping[str, Any], base: Calendar | None = None) -> Calendar:
        """A calendar from its stored form (see `to_json`). Raises InvalidCalendar on any other shape."""
        try:
            return cls(
                days=_days_from_json(data["days"]),
                exceptions=[
                    CalendarException(
                        date.fromisoformat(item["from"]),
                        date.fromisoformat(item["to"]),
                        _ranges_from_json(item.get("ranges", [])),
                        str(item.get("name", "")),
                    )
                    for item in data.get("exceptions", [])
                ],
                work_weeks=[
                    WorkWeek(
                        date.fromisoformat(item["from"]),
                        date.fromisoformat(item["to"]),
                        _days_from_json(item["days"]),
                        str(item.get("name", "")),
                    )
                    for item in data.get("work_weeks", [])
                ],
                base=base,
                name=str(data.get("name", "")),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise InvalidCalendar(f"calendar has the wrong shape: {error!r}") from error
        except WorkingTimeError:
            raise
        except ValueError as error:
            raise InvalidCalendar(str(error)) from error

    def to_json(self) -> dict[str, Any]:
        """`{"name", "days": [[["08:00", "12:00"], ...] | null] * 7 from Monday, "exceptions", "work_weeks"}`, base left out."""
        return {
            "name": self.name,
            "days": _days_to_json(self.days),
            "exceptions": [
                {
                    "from": item.first.isoformat(),
                    "to": item.last.isoformat(),
                    "ranges": _ranges_to_json(item.ranges),
                    "name": item.name,
                }
                for item in self.exceptions
            ],
            "work_weeks": [
                {
                    "from": item.first.isoformat(),
                    "to": item.last.isoformat(),
                    "days": _days_to_json(item.days),
                    "name": item.name,
                }
                for item in self.work_weeks
            ],
        }

    def ranges_on(self, day: date) -> Ranges:
        """The working ranges that begin on a day, in ticks from its midnight."""
        number = day_number(day)
        start = number * TICKS_PER_DAY
        return tuple((first - start, last - start) for first, last in self.periods(number, number + 1))

    def periods(self, first_day: int, last_day: int) -> list[Range]:
        """See `WorkingTime.periods`; the day before is looked at too, for a shift that runs over midnight."""
        special = self.work_weeks_within(first_day - 1, last_day) | self.exceptions_within(first_day - 1, last_day)
        week = self.week()
        # Turned so that a day number modulo seven finds its day: 1970-01-01 was a Thursday.
        turned = (*week[3:], *week[:3])
        found: list[Range] = []
        # What ends before the first day is left out, and what touches is one period.
        end = first_day * TICKS_PER_DAY
        for day in range(first_day - 1, last_day):
            ranges = special.get(day, turned[day % 7]) if special else turned[day % 7]
            midnight = day * TICKS_PER_DAY
            for opening, closing in ranges:
                start, finish = midnight + opening, midnight + closing
                if finish <= end:
                    continue
                if found and start <= end:
                    found[-1] = (found[-1][0], finish)
                else:
                    found.append((start, finish))
                end = finish
        floor = first_day * TICKS_PER_DAY
        if found and found[0][0] < floor:
            found[0] = (floor, found[0][1])
        return found

    def exceptions_within(self, first_day: int, last_day: int) -> dict[int, Ranges]:
        """The ranges of the days with an exception, by day number."""
        table = self.base.exceptions_within(first_day, last_day) if self.base is not None else {}
        for day, item in _first_to_hold(self.exceptions, first_day, last_day):
            table[day] = item.ranges
        return table

    def week(self) -> tuple[Ranges, ...]:
        """The ranges from Monday where neither an exception nor a work week says otherwise."""
        inherited = self.base.week() if self.base is not None else ((),) * 7
        return tuple(below if own is None else own for own, below in zip(self.days, inherited, strict=True))

    def work_weeks_within(self, first_day: int, last_day: int) -> dict[int, Ranges]:
        """The ranges of the days on which a work week holds, by day number; it beats the days of any week below it."""
        table: dict[int, Ranges] = {}
        if self.base is not None:
            below = self.base.work_weeks_within(first_day, last_day)
            table = {day: ranges for day, ranges in below.items() if self.days[_weekday(day)] is None}
        for index in range(7):
            weeks = [week for week in self.work_weeks if week.days[index] is not None]
            for day, week in _first_to_hold(weeks, first_day, last_day, weekday=index):
                table[day] = week.days[index] or ()
        return table


class CommonWorkingTime(WorkingTime):
    """The time two calendars share: a resource's hours within a task's calendar."""

    __slots__ = ("_left", "_right")

    def __init__(self, left: WorkingTime, right: WorkingTime) -> None:
        super().__init__()
        self._left = left
        self._right = right

    def periods(self, first_day: int, last_day: int) -> list[Range]:
        """See `WorkingTime.periods`."""
        left, right = self._left.periods(first_day, last_day), self._right.periods(first_day, last_day)
        found: list[Range] = []
        i = j = 0
        while i < len(left) and j < len(right):
            start, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
            if start < end:
                found.append((start, end))
            if left[i][1] <= right[j][1]:
                i += 1
            else:
                j += 1
        return found


S = TypeVar("S", CalendarException, WorkWeek)


def _first_to_hold(
    spans: Sequence[S], first_day: int, last_day: int, weekday: int | None = None
) -> Iterator[tuple[int, S]]:
    """The days from `first_day` to `last_day - 1` that lie in a span, each with the first span in the list that has it.

    With a weekday (0 for Monday) only those days. Every day is taken once however many spans overlap, since a day that
    is taken points to the next that may be free.
    """
    step = 1 if weekday is None else 7
    following: dict[int, int] = {}

    def free(day: int) -> int:
        behind = day
        while behind in following:
            behind = following[behind]
        while day in following:
            following[day], day = behind, following[day]
        return behind

    for span in spans:
        last = min(day_number(span.last) + 1, last_day)
        day = max(day_number(span.first), first_day)
        day = free(day if weekday is None else day + (weekday - _weekday(day)) % 7)
        while day < last:
            yield day, span
            following[day] = day + step
            day = free(day + step)


def _weekday(day: int) -> int:
    """0 for Monday; 1970-01-01 was a Thursday."""
    return (day + 3) % 7


def _check_ranges(ranges: Ranges) -> None:
    if len(ranges) > _MOST_RANGES:
        raise InvalidCalendar(f"a day has at most {_MOST_RANGES} working ranges, not {len(ranges)}")
    for start, end in ranges:
        if not 0 <= start < TICKS_PER_DAY or not start < end <= start + TICKS_PER_DAY:
            raise InvalidCalendar("a working range begins within its day and lasts up to 24 hours")
    for (_, end), (start, _) in pairwise(ranges):
        if start < end:
            raise InvalidCalendar("working ranges of a day follow each other without overlap")


def _check_week(days: Sequence[Ranges | None]) -> None:
    if len(days) != 7:
        raise InvalidCalendar(f"a week has seven days, not {len(days)}")
    for ranges in days:
        _check_ranges(ranges or ())


def parse_range(start: str, finish: str) -> Range:
    """A range from two clock times; a finish at or before the start lies in the next day ("22:00" to "06:00")."""
    opening, closing = _parse_clock(start), _parse_clock(finish)
    if opening == TICKS_PER_DAY:
        raise InvalidCalendar("a working range cannot begin at 24:00")
    return opening, closing if closing > opening else closing + TICKS_PER_DAY


def _parse_clock(text: str) -> int:
    if text in ("24:00", "24:00:00"):
        return TICKS_PER_DAY
    moment = time.fromisoformat(text)
    return (moment.hour * 3600 + moment.minute * 60 + moment.second + SECONDS_PER_TICK // 2) // SECONDS_PER_TICK


def _clock(ticks: int) -> str:
    if ticks == TICKS_PER_DAY:
        return "24:00"
    seconds = ticks % TICKS_PER_DAY * SECONDS_PER_TICK
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60).isoformat("auto" if seconds % 60 else "minutes")


def _ranges_from_json(ranges: Iterable[Sequence[str]]) -> Ranges:
    found = []
    for pair in ranges:
        if len(pair) != 2:
            raise InvalidCalendar("a working range is a pair of clock times")
        found.append(parse_range(pair[0], pair[1]))
    return tuple(found)


def _days_from_json(days: Iterable[Iterable[Sequence[str]] | None]) -> tuple[Ranges | None, ...]:
    return tuple(None if day is None else _ranges_from_json(day) for day in days)


def _ranges_to_json(ranges: Ranges) -> list[list[str]]:
    return [[_clock(start), _clock(end)] for start, end in ranges]


def _days_to_json(days: Sequence[Ranges | None]) -> list[list[list[str]] | None]:
    return [None if ranges is None else _ranges_to_json(ranges) for ranges in days]


def to_instant(local: datetime, zone: ZoneInfo, fold: Literal[0, 1] = 0) -> datetime:
    """The UTC instant of a naive local moment, by PEP 495.

    Where the clock is set back a local time happens twice: fold 0 takes the first. Where it is set forward a local time
    does not exist: fold 0 reads it by the offset before the change, which shifts it past the gap. The rule is fold 0 unless
    the caller knows better.
    """
    if local.tzinfo is not None:
        raise ValueError("a local moment carries no zone")
    return local.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def from_instant(instant: datetime, zone: ZoneInfo) -> datetime:
    """The naive local moment of an aware instant; where the local time happens twice the answer's `fold` tells which."""
    if instant.tzinfo is None:
        raise ValueError("an instant carries a zone")
    return instant.astimezone(zone).replace(tzinfo=None)


def easter_sunday(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm, Nature 1876; Meeus, Astronomical Algorithms, ch. 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def norwegian_holidays(year: int) -> dict[date, str]:
    """Norway's public holidays of a year with their Norwegian names, in order; two on one day share an entry."""
    easter = easter_sunday(year)
    found: dict[date, str] = {}
    for day, name in (
        (date(year, 1, 1), "Første nyttårsdag"),
        (easter - timedelta(3), "Skjærtorsdag"),
        (easter - timedelta(2), "Langfredag"),
        (easter, "Første påskedag"),
        (easter + timedelta(1), "Andre påskedag"),
        (date(year, 5, 1), "Arbeidernes dag"),
        (date(year, 5, 17), "Grunnlovsdagen"),
        (easter + timedelta(39), "Kristi himmelfartsdag"),
        (easter + timedelta(49), "Første pinsedag"),
        (easter + timedelta(50), "Andre pinsedag"),
        (date(year, 12, 25), "Første juledag"),
        (date(year, 12, 26), "Andre juledag"),
    ):
        found[day] = f"{found[day]} / {name}" if day in found else name
    return dict(sorted(found.items()))
