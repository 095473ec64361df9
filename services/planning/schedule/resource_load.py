"""How much more work a plan asks of its resources than they have time for, as a sweep over each one's working time.

Over-allocation is work that exceeds the capacity at the moment when it is planned, as Microsoft Project counts it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from services.kernel.working_time import TICKS_PER_DAY, TICKS_PER_MINUTE, WorkingTime, to_ticks
from services.planning.schedule.absent_time import without
from services.planning.schedule.effort import length_of, stretches_of
from services.planning.schedule.plan_rows import Capacity, PlanAssignment, PlanTask

# Units have four decimals, so in ten-thousandths all of it is whole numbers.
_PARTS_OF_A_UNIT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Booking:
    """A stretch of a resource's working time, in ticks from any one beginning, and the units that it takes."""

    start: int
    finish: int
    units: Decimal


def excess(bookings: Iterable[Booking], capacity: Decimal) -> int:
    """The work in whole minutes that the bookings ask for beyond the capacity, over all of the time."""
    steps: defaultdict[int, int] = defaultdict(int)
    for booking in bookings:
        if booking.finish > booking.start:
            units = int(booking.units * _PARTS_OF_A_UNIT)
            steps[booking.start] += units
            steps[booking.finish] -= units
    limit = int(capacity * _PARTS_OF_A_UNIT)
    demand = reached = beyond = 0
    for moment in sorted(steps):
        beyond += max(0, demand - limit) * (moment - reached)
        demand += steps[moment]
        reached = moment
    return beyond // (_PARTS_OF_A_UNIT * TICKS_PER_MINUTE)


def colliding(bookings: Iterable[tuple[UUID, Booking]], capacity: Decimal, blocks: Iterable[Booking] = ()) -> set[UUID]:
    """The tasks that are under way while the bookings ask for more than the capacity that the blocks leave."""
    limit, booked, blocked = int(capacity * _PARTS_OF_A_UNIT), list(bookings), list(blocks)
    moments = sorted({booking.start for booking in (*(each for _, each in booked), *blocked)})
    found: set[UUID] = set()
    for moment in moments:
        present = [(task_id, each) for task_id, each in booked if each.start <= moment < each.finish]
        taken = [
            each.units for each in (*(each for _, each in present), *blocked) if each.start <= moment < each.finish
        ]
        if sum(int(units * _PARTS_OF_A_UNIT) for units in taken) > limit:
            found.update(task_id for task_id, _ in present)
    return found


def bookings_of(task: PlanTask, part: PlanAssignment, position: Callable[[datetime], int]) -> list[Booking]:
    """What a part takes of its resource: its units from the task's start for as long as its work lasts at them, or where
    its contour is not flat what it takes in each tenth of that.

    Of a task that has begun it is the rest, which ends with the task. `position` places a moment in the resource's
    working time; overtime lies outside of it.
    """
    length = position(task.finish) - position(task.start) if task.elapsed else length_of(part)
    if task.percent_complete:
        finish = position(task.finish)
        start, rest = finish - length, finish - length * (100 - task.percent_complete) // 100
    else:
        start = rest = position(task.start) + part.delay
    return [
        Booking(max(start + begin, rest), start + end, units)
        for begin, end, units in stretches_of(part, length)
        if start + end > rest
    ]


def bookings_by_resource(
    tasks: Mapping[UUID, PlanTask],
    assignments: Mapping[UUID, Iterable[PlanAssignment]],
    capacities: Mapping[UUID, Capacity],
    calendars: Mapping[Any, WorkingTime],
    origin: datetime,
) -> dict[UUID, list[tuple[UUID, Booking]]]:
    """By resource: what each task still takes of it. Finished and inactive tasks and summaries take nothing."""
    places = _Places(calendars, origin)
    found: dict[UUID, list[tuple[UUID, Booking]]] = {}
    for task_id, parts in assignments.items():
        task = tasks.get(task_id)
        if task is None or task.summary or not task.active or task.percent_complete >= 100:
            continue
        for part in parts:
            position = places.of(capacities[part.resource_id])
            found.setdefault(part.resource_id, []).extend(
                (task_id, booking) for booking in bookings_of(task, part, position)
            )
    return found


def blocks_by_resource(
    capacities: Mapping[UUID, Capacity], calendars: Mapping[Any, WorkingTime], origin: datetime
) -> dict[UUID, list[Booking]]:
    """By resource, what is missing of its units for a time, as bookings that are nobody's."""
    found: dict[UUID, list[Booking]] = {}
    for capacity in capacities.values():
        if capacity.missing:
            calendar, start = working_time_of(capacity, calendars), to_ticks(origin)
            found[capacity.id] = [
                Booking(_within(calendar, start, begin), _within(calendar, start, end), units)
                for begin, end, units in capacity.missing
            ]
    return found


def _within(calendar: WorkingTime, origin: int, moment: int) -> int:
    """The place of a moment that may lie beyond all time: a century away is as good."""
    century = 36_525 * TICKS_PER_DAY
    return calendar.work_between(origin, min(max(moment, origin - century), origin + century))


def overallocated_minutes(
    bookings: Mapping[UUID, Iterable[tuple[UUID, Booking]]],
    capacities: Mapping[UUID, Capacity],
    blocks: Mapping[UUID, Iterable[Booking]],
) -> dict[UUID, int]:
    """By resource the minutes of work beyond its capacity, for those that have any."""
    found = {
        resource_id: excess(
            [*(booking for _, booking in booked), *blocks.get(resource_id, ())], capacities[resource_id].max_units
        )
        for resource_id, booked in bookings.items()
    }
    return {resource_id: minutes for resource_id, minutes in found.items() if minutes}


def working_time_of(capacity: Capacity, calendars: Mapping[Any, WorkingTime]) -> WorkingTime:
    """When the resource works: its own calendar or the project's, without the days when it is away."""
    return without(calendars.get(capacity.calendar_id) or calendars["project"], capacity.away)


class _Places:
    """Where moments lie in the working time of resources. Tasks share their moments, so each is looked up once."""

    def __init__(self, calendars: Mapping[Any, WorkingTime], origin: datetime) -> None:
        self._calendars, self._origin = calendars, origin
        self._known: dict[Any, Callable[[datetime], int]] = {}

    def of(self, capacity: Capacity) -> Callable[[datetime], int]:
        key = capacity.calendar_id, capacity.away
        if key not in self._known:
            self._known[key] = _place_in(working_time_of(capacity, self._calendars), self._origin)
        return self._known[key]


def _place_in(calendar: WorkingTime, origin: datetime) -> Callable[[datetime], int]:
    """Tasks share their moments, so each is looked up once."""
    known: dict[datetime, int] = {}
    start = to_ticks(origin)

    def position(moment: datetime) -> int:
        place = known.get(moment)
        if place is None:
            place = known[moment] = calendar.work_between(start, to_ticks(moment))
        return place

    return position
