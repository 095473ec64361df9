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


@dataclass(slots=True)
class Axis:
    """Slots by the ticks at which they start and end. `even`: one calendar has all of the work, so that each slot holds as much.

    `exact`: nothing had to be rounded to whole slots so far; rounding is what `up` and `down` are for.
    """

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    slot: int
    even: WorkingTime | None
    exact: bool

    @property
    def horizon(self) -> int:
        return len(self.starts)

    def first_from(self, moment: int) -> int:
        """The first slot that starts at the moment or later; the horizon behind the last one's start, one more behind its end."""
        return bisect_left(self.starts, moment) if moment <= self.ends[-1] else self.horizon + 1

    def up(self, moment: int) -> int:
        """The first slot from the moment on, where beginning later than that is safe."""
        slot = self.first_from(moment)
        if 0 < slot <= self.horizon and moment < self.ends[slot - 1]:
            self.exact = False
        return slot

    def down(self, moment: int) -> int:
        """The slot in which the moment lies, where taking all of it is safe."""
        slot = self.containing(moment)
        if slot >= 0 and self.starts[slot] < moment < self.ends[slot]:
            self.exact = False
        return max(0, slot)

    def containing(self, moment: int) -> int:
        """The slot in which the moment lies; -1 before the first."""
        return bisect_right(self.starts, moment) - 1

    def moment(self, slot: int) -> int:
        """When a slot starts; the horizon starts where the last slot ends."""
        return self.starts[slot] if slot < len(self.starts) else self.ends[-1]

    def finish(self, slot: int) -> int:
        """The end of the slot before, which is how an end at the beginning of a slot is written."""
        return self.ends[slot - 1] if slot > 0 else self.starts[0]

    def shift(
        self,
        carry: Callable[[int], int],
        work: Iterable[tuple[WorkingTime, int]] = (),
        *,
        of_ends: bool = False,
    ) -> Shift:
        """What carries moments, as a shift of slots; with `of_ends` it carries the ends of work.

        `work`: the carrying adds the longest of these, each a calendar and working ticks, which on an even axis is all
        there is to know.
        """
        lengths = list(work)
        if self.even is not None and lengths and all(calendar is self.even for calendar, _ in lengths):
            longest = max(length for _, length in lengths)
            return Shift(-(-longest // self.slot))
        table = []
        last = 0
        for slot in range(self.horizon + 1):
            moment = self.finish(slot) if of_ends else self.moment(slot)
            last = max(last, self.up(carry(moment)))
            table.append(last)
        return Shift(table=tuple(table))


def make_axis(
    calendars: Sequence[WorkingTime], start: int, until: int, lengths: Iterable[int], most: int = MOST_SLOTS
) -> Axis:
    """The axis of these calendars' working time from `start` to `until`, in slots that fit the lengths as far as they can."""
    only = calendars[0] if all(calendar is calendars[0] for calendar in calendars) else None
    measures = [abs(each) for each in lengths if each]
    if only is not None:
        first = only.next_start(start)
        length = max(1, only.work_between(first, until))
        fitting = reduce(gcd, measures, 0) or length
        slot = _coarse(fitting, length, most)
        count = -(-length // slot)
        starts = [first, *(only.next_start(only.add_work(first, slot * place)) for place in range(1, count))]
        ends = (only.add_work(first, slot * place) for place in range(1, count + 1))
        return Axis(tuple(starts), tuple(ends), slot, only, exact=slot == fitting)
    periods = _common_periods(calendars, start, until)
    length = sum(end - begin for begin, end in periods)
    fitting = reduce(gcd, [*measures, *(end - begin for begin, end in periods)], 0) or length
    slot = _coarse(fitting, length, most)
    cut = [(moment, min(moment + slot, end)) for begin, end in periods for moment in range(begin, end, slot)]
    return Axis(tuple(start for start, _ in cut), tuple(end for _, end in cut), slot, None, exact=slot == fitting)


def _coarse(fitting: int, length: int, most: int) -> int:
    """The smallest multiple of what fits the lengths with which there are not too many slots."""
    return fitting * -(-length // (fitting * most))


def _common_periods(calendars: Sequence[WorkingTime], start: int, until: int) -> list[tuple[int, int]]:
    """When any of the calendars works, from `start` to `until`; at least one period."""
    distinct = list({id(calendar): calendar for calendar in calendars}.values())
    days = start // TICKS_PER_DAY - 1, until // TICKS_PER_DAY + 1
    found: list[tuple[int, int]] = []
    for begin, end in sorted(period for each in distinct for period in each.periods(*days)):
        opens = max(begin, start, found[-1][1] if found else start)
        if opens >= end or opens >= until:
            continue
        if found and opens == found[-1][1]:
            found[-1] = (found[-1][0], end)
        else:
            found.append((opens, end))
    return found or [(start, start + 1)]
