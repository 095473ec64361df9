"""Loads of a project and of a person over all projects, where they are too much, and what the plan costs by its time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from services.kernel.access import may_see_costs, require_member
from services.kernel.problems import InvalidFilterValue, NotFound
from services.kernel.requests import Read
from services.kernel.session import Reader
from services.kernel.working_time import TICKS_PER_MINUTE, WorkingTime, to_local, to_ticks
from services.planning.loads.buckets import Bucket, BucketSize, TooManyBuckets, buckets_of, cuts_of
from services.planning.loads.load_series import Stretch, overloads, stretches
from services.planning.loads.repository import elsewhere_of, same_person
from services.planning.schedule.plan_rows import Capacity, PlanAssignment, PlanExpense
from services.planning.schedule.planned_cost import amount_json, phased, rounded
from services.planning.schedule.repository.loading import load_plan
from services.planning.schedule.resource_load import Booking, overallocated_minutes, working_time_of
from services.planning.schedule.working_plan import WorkingPlan

# Each project of a person is a plan to be read.
MOST_PROJECTS: Final = 30


async def read_resource_loads(
    read: Read, project_id: UUID, size: BucketSize | None, first: date | None, last: date | None
) -> Mapping[str, Any]:
    """By work resource, in the order of names: the work that is left for it, how much of it is too much at its time, and by
    days, weeks or months if asked for."""
    await require_member(read.session, read.principal, project_id)
    plan = await load_plan(read.session, project_id)
    buckets = _buckets(plan, size, first, last) if size is not None else None
    bookings, blocks = plan.bookings(), plan.blocks()
    beyond = overallocated_minutes(bookings, plan.capacities, blocks)
    loads = []
    for each in sorted(plan.capacities.values(), key=lambda capacity: (capacity.name, str(capacity.id))):
        booked = bookings.get(each.id, [])
        work = sum(int((booking.finish - booking.start) * booking.units) for _, booking in booked)
        series = None
        if buckets is not None:
            places = _places(working_time_of(each, plan.calendars), plan, cuts_of(buckets))
            own = stretches((one for _, one in booked), each.max_units, blocks.get(each.id, ()), places)
            series = [_shown(bucket, stretch) for bucket, stretch in zip(buckets, own, strict=True)]
        loads.append(
            {
                "resource_id": str(each.id),
                "name": each.name,
                "person_id": each.person_id and str(each.person_id),
                "max_units_percent": f"{each.max_units * 100:.2f}",
                "tasks": len({task_id for task_id, _ in booked}),
                "remaining_work_minutes": work // TICKS_PER_MINUTE,
                "overallocated_minutes": beyond.get(each.id, 0),
                "buckets": series,
            }
        )
    return {"type": "resource_loads", "project_id": str(project_id), "loads": loads}


def _buckets(plan: WorkingPlan, size: BucketSize, first: date | None, last: date | None) -> list[Bucket]:
    """Those of the plan, or of the days that were named. Raises InvalidFilterValue."""
    begin = first or plan.start.date()
    end = last or max(begin, (plan.finish_before or plan.start).date())
    if end < begin:
        raise InvalidFilterValue(name="to")
    try:
        return buckets_of(size, begin, end)
    except (TooManyBuckets, OverflowError):
        raise InvalidFilterValue(name="by") from None


def _places(calendar: WorkingTime, plan: WorkingPlan, moments: Sequence[int]) -> list[int]:
    origin = to_ticks(plan.start)
    return [calendar.work_between(origin, moment) for moment in moments]


def _shown(bucket: Bucket, stretch: Stretch) -> dict[str, Any]:
    return {
        "from_date": bucket.first.isoformat(),
        "to_date": bucket.last.isoformat(),
        "capacity_minutes": stretch.capacity,
        "load_minutes": stretch.load,
        "overallocated_minutes": stretch.overallocated,
        "free_minutes": stretch.free,
    }


async def read_over_allocations(read: Read, project_id: UUID) -> Mapping[str, Any]:
    """In the order of names and times: who has too much to do from when to when, by how much, and on what."""
    await require_member(read.session, read.principal, project_id)
    plan = await load_plan(read.session, project_id)
    bookings, blocks = plan.bookings(), plan.blocks()
    found = []
    for each in sorted(plan.capacities.values(), key=lambda capacity: (capacity.name, str(capacity.id))):
        for one in overloads(bookings.get(each.id, ()), each.max_units, blocks.get(each.id, ())):
            start, finish = _moments(working_time_of(each, plan.calendars), plan, one.start, one.finish)
            tasks = [task for task_id, task in plan.tasks.items() if task_id in one.owners]
            found.append(
                {
                    "resource_id": str(each.id),
                    "name": each.name,
                    "start": to_local(start).isoformat(),
                    "finish": to_local(finish).isoformat(),
                    "excess_minutes": one.excess,
                    "peak_units_percent": f"{one.peak * 100:.2f}",
                    "max_units_percent": f"{each.max_units * 100:.2f}",
                    "tasks": [{"task_id": str(task.id), "title": task.title} for task in tasks],
                }
            )
    return {"type": "over_allocations", "project_id": str(project_id), "over_allocations": found}


def _moments(calendar: WorkingTime, plan: WorkingPlan, start: int, finish: int) -> tuple[int, int]:
    """From when to when two places in a resource's working time lie."""
    origin = to_ticks(plan.start)
    return calendar.next_start(calendar.add_work(origin, start)), calendar.add_work(origin, finish)


async def read_resource_load(
    read: Read, resource_id: UUID, size: BucketSize, first: date | None, last: date | None
) -> Mapping[str, Any]:
    """What a work resource has to do, and where it is a person in all projects of the tenant. Projects that the reader does
    not see keep their names: their work is `busy`. Clocks of other projects are read as this one's."""
    standins = await same_person(read.session, resource_id, read.principal.person_id, MOST_PROJECTS)
    own, others = standins[0], standins[1:]
    plan = await load_plan(read.session, own.project_id)
    if resource_id not in plan.capacities:
        raise NotFound
    buckets = _buckets(plan, size, first, last)
    capacity = plan.capacities[resource_id]
    calendar = working_time_of(capacity, plan.calendars)
    places = _places(calendar, plan, cuts_of(buckets))
    blocks = plan.blocks().get(resource_id, [])
    work = {own.project_id: [one for _, one in plan.bookings().get(resource_id, ())]}
    for each in others:
        elsewhere = await load_plan(read.session, each.project_id)
        booked = [one for _, one in elsewhere.bookings().get(each.id, ())]
        work.setdefault(each.project_id, []).extend(
            _carried(one, elsewhere.capacities[each.id], elsewhere, calendar, plan) for one in booked
        )
    together = stretches((one for several in work.values() for one in several), capacity.max_units, blocks, places)
    by_project = {
        project_id: stretches(several, capacity.max_units, (), places) for project_id, several in work.items()
    }
    names = {each.project_id: each.project_name for each in standins if each.seen}
    shown = []
    for number, (bucket, stretch) in enumerate(zip(buckets, together, strict=True)):
        shares = {project_id: series[number].load for project_id, series in by_project.items()}
        shown.append(
            _shown(bucket, stretch)
            | {
                "busy_minutes": sum(load for project_id, load in shares.items() if project_id not in names),
                "projects": [
                    {"project_id": str(project_id), "name": name, "load_minutes": shares[project_id]}
                    for project_id, name in names.items()
                    if shares[project_id]
                ],
            }
        )
    return {
        "type": "resource_load",
        "resource_id": str(resource_id),
        "project_id": str(own.project_id),
        "name": capacity.name,
        "person_id": capacity.person_id and str(capacity.person_id),
        "buckets": shown,
    }


def _carried(
    booking: Booking, theirs: Capacity, elsewhere: WorkingPlan, calendar: WorkingTime, plan: WorkingPlan
) -> Booking:
    """A booking of another plan as one in this resource's working time."""
    start, finish = _moments(working_time_of(theirs, elsewhere.calendars), elsewhere, booking.start, booking.finish)
    origin = to_ticks(plan.start)
    return Booking(calendar.work_between(origin, start), calendar.work_between(origin, finish), booking.units)


async def bookings_elsewhere(
    reader: Reader, plan: WorkingPlan, resource_ids: Iterable[UUID]
) -> dict[UUID, list[Booking]]:
    """By resource of the plan, what other projects have of the same persons, in the working time that they have here."""
    found: dict[UUID, list[Booking]] = {}
    for project_id, pairs in (await elsewhere_of(reader, resource_ids, MOST_PROJECTS)).items():
        other = await load_plan(reader, project_id)
        bookings = other.bookings()
        for own_id, their_id in pairs:
            calendar = working_time_of(plan.capacities[own_id], plan.calendars)
            found.setdefault(own_id, []).extend(
                _carried(one, other.capacities[their_id], other, calendar, plan)
                for _, one in bookings.get(their_id, ())
            )
    return found


def free_time(plan: WorkingPlan, resource_id: UUID, bookings: Iterable[Booking], first: date, last: date) -> Stretch:
    """What a resource has time for on these days, both included, where it has these bookings in its working time."""
    capacity = plan.capacities[resource_id]
    places = _places(working_time_of(capacity, plan.calendars), plan, cuts_of([Bucket(first, last)]))
    return stretches(bookings, capacity.max_units, plan.blocks().get(resource_id, ()), places)[0]


async def read_planned_costs(
    read: Read, project_id: UUID, size: BucketSize, first: date | None, last: date | None
) -> Mapping[str, Any]:
    """What the plan costs by its time. Raises NotFound for those who do not see costs."""
    await require_member(read.session, read.principal, project_id)
    if not await may_see_costs(read.session, read.principal, project_id):
        raise NotFound
    plan = await load_plan(read.session, project_id)
    buckets = _buckets(plan, size, first, last)
    cuts = cuts_of(buckets)
    active = {task_id for task_id, task in plan.tasks.items() if task.active}
    everything: list[PlanAssignment | PlanExpense] = [
        *(one for task_id, parts in plan.assignments.items() if task_id in active for one in parts),
        *(one for task_id, brought in plan.expenses.items() if task_id in active for one in brought),
    ]
    phases = [phased(one, plan.stint_of(one), cuts) for one in everything]
    shown, spent = [], sum((each[0] for each in phases), start=Fraction(0))
    for number, bucket in enumerate(buckets, 1):
        cost = sum((each[number] for each in phases), start=Fraction(0))
        spent += cost
        shown.append(
            {
                "from_date": bucket.first.isoformat(),
                "to_date": bucket.last.isoformat(),
                "cost": amount_json(rounded(cost, plan.currency), plan.currency),
                "cumulative": amount_json(rounded(spent, plan.currency), plan.currency),
            }
        )
    return {"type": "planned_costs", "project_id": str(project_id), "currency": plan.currency, "buckets": shown}
