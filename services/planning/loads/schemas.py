"""Response shapes of loads."""

from datetime import date
from uuid import UUID

from pydantic import Field

from services.kernel.schemas import LocalTime, Shape
from services.planning.schedule.schemas import Sum


class LoadBucket(Shape):
    """Minutes of work on these days, both included."""

    from_date: date
    to_date: date
    capacity_minutes: int = Field(description="what there is time for: working time times the units that are there")
    load_minutes: int
    overallocated_minutes: int = Field(description="of the load, what exceeds the units at its moment")
    free_minutes: int


class ResourceLoad(Shape):
    """Minutes of work; over-allocated are those that exceed the resource's units at the moment they are planned for."""

    resource_id: UUID
    name: str
    person_id: UUID | None
    max_units_percent: str
    tasks: int
    remaining_work_minutes: int
    overallocated_minutes: int
    buckets: list[LoadBucket] | None = Field(description="with `by`")


class ResourceLoadsShape(Shape):
    type: str
    project_id: UUID
    loads: list[ResourceLoad]


class OverloadTask(Shape):
    task_id: UUID
    title: str


class OverAllocation(Shape):
    """A time without a break in which a resource has more to do than it can. `peak_units_percent` is the most at once."""

    resource_id: UUID
    name: str
    start: LocalTime
    finish: LocalTime
    excess_minutes: int
    peak_units_percent: str
    max_units_percent: str
    tasks: list[OverloadTask]


class OverAllocationsShape(Shape):
    type: str
    project_id: UUID
    over_allocations: list[OverAllocation]


class ShareOfProject(Shape):
    """What of the load is for a project that the reader sees."""

    project_id: UUID
    name: str
    load_minutes: int


class LoadOfEverything(LoadBucket):
    busy_minutes: int = Field(description="of the load, what is for projects that the reader does not see")
    projects: list[ShareOfProject]


class ResourceLoadShape(Shape):
    """One resource, and where it is a person all of their work in the tenant, by their calendar in this project."""

    type: str
    resource_id: UUID
    project_id: UUID
    name: str
    person_id: UUID | None
    buckets: list[LoadOfEverything]


class PlannedCostBucket(Shape):
    from_date: date
    to_date: date
    cost: Sum
    cumulative: Sum


class PlannedCostsShape(Shape):
    """What the plan costs by its time: work along with itself, uses and what accrues at the start or the end then."""

    type: str
    project_id: UUID
    currency: str
    buckets: list[PlannedCostBucket]
