"""A resource's load along its working time: by stretches between cuts, and where it is too much.

Over-allocation is work beyond the units that are there at the moment when it is planned, as `schedule.resource_load` has it.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Final

from services.kernel.working_time import TICKS_PER_MINUTE
from services.planning.schedule.resource_load import Booking

_PARTS_OF_A_UNIT: Final = 10_000
_PARTS_OF_A_MINUTE: Final = _PARTS_OF_A_UNIT * TICKS_PER_MINUTE


@dataclass(frozen=True, slots=True)
class Stretch:
    """Minutes of work: what there is time for, what is planned, what of it is too much, and what is free."""

    capacity: int
    load: int
    overallocated: int
    free: int


@dataclass(slots=True)
class Overload:
    """A time without a break in which more is planned than there is: from and to as places in the working time."""

    start: int
    finish: int
    excess: int
    peak: Decimal
    owners: set[Hashable] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Segment:
    start: int
    finish: int
    demand: int
    present: int

    @property
    def length(self) -> int:
        return self.finish - self.start


def stretches(
    bookings: Iterable[Booking], capacity: Decimal, blocks: Iterable[Booking], cuts: Sequence[int]
) -> list[Stretch]:
    """One for each time between two cuts, which are places in the resource's working time in order."""
    totals = [[0, 0, 0, 0] for _ in cuts[1:]]
    number = 0
    for segment in _segments(bookings, capacity, blocks, cuts):
        while number < len(cuts) - 2 and segment.start >= cuts[number + 1]:
            number += 1
        if cuts[number] <= segment.start and segment.finish <= cuts[-1]:
            total = totals[number]
            total[0] += segment.present * segment.length
            total[1] += segment.demand * segment.length
            total[2] += max(0, segment.demand - segment.present) * segment.length
            total[3] += max(0, segment.present - segment.demand) * segment.length
    return [Stretch(*(amount // _PARTS_OF_A_MINUTE for amount in total)) for total in totals]


def overloads(
    bookings: Iterable[tuple[Hashable, Booking]], capacity: Decimal, blocks: Iterable[Booking]
) -> list[Overload]:
    """In order of time, with whose bookings are under way meanwhile. `excess` is in minutes of work."""
    owned = list(bookings)
    found: list[Overload] = []
    for segment in _segments((each for _, each in owned), capacity, blocks, ()):
        beyond = segment.demand - segment.present
        if beyond <= 0 or not segment.length:
            continue
        if not found or found[-1].finish != segment.start:
            found.append(Overload(segment.start, segment.start, 0, Decimal(0)))
        last = found[-1]
        last.finish = segment.finish
        last.excess += beyond * segment.length
        last.peak = max(last.peak, Decimal(segment.demand) / _PARTS_OF_A_UNIT)
    for each in found:
        each.excess //= _PARTS_OF_A_MINUTE
        each.owners = {owner for owner, one in owned if one.start < each.finish and one.finish > each.start}
    return [each for each in found if each.excess]


def _segments(
    bookings: Iterable[Booking], capacity: Decimal, blocks: Iterable[Booking], cuts: Sequence[int]
) -> Iterable[_Segment]:
    """Times between which neither demand nor presence changes, and none of which crosses a cut."""
    demand: defaultdict[int, int] = defaultdict(int)
    missing: defaultdict[int, int] = defaultdict(int)
    for steps, several in ((demand, bookings), (missing, blocks)):
        for each in several:
            if each.finish > each.start:
                steps[each.start] += int(each.units * _PARTS_OF_A_UNIT)
                steps[each.finish] -= int(each.units * _PARTS_OF_A_UNIT)
    limit, asked, absent = int(capacity * _PARTS_OF_A_UNIT), 0, 0
    for start, finish in pairwise(sorted({*demand, *missing, *cuts})):
        asked += demand.get(start, 0)
        absent += missing.get(start, 0)
        yield _Segment(start, finish, asked, max(0, limit - absent))
