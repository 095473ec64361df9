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

from services.kernel.working_time import TICKS_PER_MINUTE, WorkingTime, to_ticks
from services.planning.schedule.effort import TENTHS, WorkContour, length_of
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


def colliding(bookings: Iterable[tuple[UUID, Booking]], capacity: Decimal) -> set[UUID]:
    """The tasks that are under way while the bookings ask for more than the capacity."""
    limit, booked = int(capacity * _PARTS_OF_A_UNIT), list(bookings)
    moments = sorted({booking.start for _, booking in booked})
    found: set[UUID] = set()
    for moment in moments:
        present = [(task_id, each) for task_id, each in booked if each.start <= moment < each.finish]
        if sum(int(each.units * _PARTS_OF_A_UNIT) for _, each in present) > limit:
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


def stretches_of(part: PlanAssignment, length: int) -> list[tuple[int, int, Decimal]]:
    """With how many units the part works from where to where of its length: all along, or in the tenths of its contour."""
    if part.contour == WorkContour.FLAT:
        return [(0, length, part.units)]
    return [
        (length * number // 10, length * (number + 1) // 10, part.units * tenth / 100)
        for number, tenth in enumerate(TENTHS[WorkContour(part.contour)])
    ]


def bookings_by_resource(
    tasks: Mapping[UUID, PlanTask],
    assignments: Mapping[UUID, Iterable[PlanAssignment]],
    capacities: Mapping[UUID, Capacity],
    calendars: Mapping[Any, WorkingTime],
    origin: datetime,
) -> dict[UUID, list[tuple[UUID, Booking]]]:
    """By resource: what each task still takes of it. Finished and inactive tasks and summaries take nothing."""
    places: dict[Any, Callable[[datetime], int]] = {}
    found: dict[UUID, list[tuple[UUID, Booking]]] = {}
    for task_id, parts in assignments.items():
        task = tasks.get(task_id)
        if task is None or task.summary or not task.active or task.percent_complete >= 100:
            continue
        for part in parts:
            calendar_id = capacities[part.resource_id].calendar_id
            position = places.get(calendar_id)
            if position is None:
                position = places[calendar_id] = _place_in(calendars.get(calendar_id) or calendars["project"], origin)
            found.setdefault(part.resource_id, []).extend(
                (task_id, booking) for booking in bookings_of(task, part, position)
            )
    return found


def overallocated_minutes(
    bookings: Mapping[UUID, Iterable[tuple[UUID, Booking]]], capacities: Mapping[UUID, Capacity]
) -> dict[UUID, int]:
    """By resource the minutes of work beyond its capacity, for those that have any."""
    found = {
        resource_id: excess((booking for _, booking in booked), capacities[resource_id].max_units)
        for resource_id, booked in bookings.items()
    }
    return {resource_id: minutes for resource_id, minutes in found.items() if minutes}


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
