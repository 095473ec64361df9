"""The axis of a levelling problem: working time cut into slots, with the way from moments to slots and back."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from math import gcd
from typing import Final

from services.kernel.working_time import TICKS_PER_DAY, WorkingTime
from services.planning.levelling.problem import Shift

# As many slots keep tables and searches small; a plan that would need more gets longer slots.
MOST_SLOTS: Final = 4_000


@dataclass(frozen=True, slots=True)
class Axis:
    """Slots by the ticks at which they start. `even`: one calendar has all of the work, so that each slot holds as much.

    `exact`: no length had to be rounded up to whole slots.
    """

    starts: tuple[int, ...]
    slot: int
    even: WorkingTime | None
    exact: bool

    @property
    def horizon(self) -> int:
        return len(self.starts)

    def first_from(self, moment: int) -> int:
        """The first slot that starts at the moment or later; the horizon behind the last one."""
        return bisect_left(self.starts, moment)

    def containing(self, moment: int) -> int:
        """The slot in which the moment lies; -1 before the first."""
        return bisect_right(self.starts, moment) - 1

    def moment(self, slot: int) -> int:
        """When a slot starts; the horizon is taken to start where the last slot does."""
        return self.starts[min(slot, len(self.starts) - 1)]

    def shift(self, carry: Callable[[int], int], work: Iterable[tuple[WorkingTime, int]] = ()) -> Shift:
        """What carries moments, as a shift of slots.

        `work`: the carrying adds the longest of these, each a calendar and working ticks, which on an even axis is all
        there is to know.
        """
        lengths = list(work)
        if self.even is not None and lengths and all(calendar is self.even for calendar, _ in lengths):
            longest = max(length for _, length in lengths)
            return Shift(-(-longest // self.slot))
        table = []
        last = 0
        for start in self.starts:
            last = max(last, self.first_from(carry(start)))
            table.append(last)
        table.append(max(last, self.horizon))
        return Shift(table=tuple(table))


def make_axis(
    calendars: Sequence[WorkingTime], start: int, length: int, lengths: Iterable[int], most: int = MOST_SLOTS
) -> Axis:
    """The axis from `start` over `length` working ticks of these calendars, in slots that fit the lengths as far as they can."""
    only = calendars[0] if all(calendar is calendars[0] for calendar in calendars) else None
    measures = [abs(each) for each in lengths if each]
    if only is not None:
        fitting = reduce(gcd, measures, 0) or length
        slot = max(fitting, -(-length // most))
        first = only.next_start(start)
        count = -(-length // slot) + 1
        starts = [first, *(only.next_start(only.add_work(first, slot * place)) for place in range(1, count))]
        return Axis(tuple(starts), slot, only, exact=slot == fitting)
    periods = _common_periods(calendars, start, length)
    fitting = reduce(gcd, [*measures, *(end - begin for begin, end in periods)], 0) or length
    slot = max(fitting, -(-length // (most // 2)))
    cut = [moment for begin, end in periods for moment in range(begin, end, slot)]
    return Axis(tuple(cut), slot, None, exact=slot == fitting)


def _common_periods(calendars: Sequence[WorkingTime], start: int, length: int) -> list[tuple[int, int]]:
    """When any of the calendars works, from `start` until `length` working ticks have passed."""
    distinct = list({id(calendar): calendar for calendar in calendars}.values())
    first_day, days = start // TICKS_PER_DAY - 1, 2 * (length // TICKS_PER_DAY) + 30
    found: list[tuple[int, int]] = []
    passed = 0
    while passed < length:
        every = sorted(period for each in distinct for period in each.periods(first_day, first_day + days))
        for begin, end in every:
            behind = max(begin, start, found[-1][1] if found else start)
            if behind >= end:
                continue
            if found and behind == found[-1][1]:
                found[-1] = (found[-1][0], end)
            else:
                found.append((behind, end))
            passed += end - behind
            if passed >= length:
                return found
        first_day, days = first_day + days, days * 2
        if days > _LONGEST_DAYS:
            return found
    return found


_LONGEST_DAYS: Final = 60_000
