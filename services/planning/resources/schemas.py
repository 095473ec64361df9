"""Request and response shapes of resources and assignments."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints, WithJsonSchema

from services.kernel.batch import Batch, Create, Delete, Update, Upsert
from services.kernel.money import Money
from services.kernel.schemas import Body, Effects, ExternalRef, ExternalRefs, Line, Minutes, ObjectShape
from services.planning.resources.resource import ResourceType
from services.planning.schedule.effort import WorkContour

# 100 is one full person. Up to a hundred of them in one resource is a crowd, not a mistake.
UnitsPercent = Annotated[
    Decimal,
    Field(gt=0, le=10_000, max_digits=7, decimal_places=2),
    WithJsonSchema({"type": "string", "maxLength": 8, "pattern": r"^[0-9]{1,5}(\.[0-9]{1,2})?$", "examples": ["50"]}),
]


class ResourceValues(Body):
    name: Line = ""
    email: Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    resource_type: ResourceType = ResourceType.WORK
    max_units_percent: UnitsPercent = Decimal(100)
    standard_rate: Money | None = None
    calendar_id: UUID | None = None
    person_id: UUID | None = None
    external_refs: ExternalRefs = Field(default_factory=list)


class NewResource(ResourceValues):
    """`standard_rate` is for an hour of work, or for a unit of material."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "name": "Crane",
                "standard_rate": {"amount": "1450.00", "currency": "NOK"},
                "max_units_percent": "100",
            }
        },
    }

    name: Line


class ResourcePatch(ResourceValues):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"max_units_percent": "50"}}}


class ResourceBatch(
    Batch[
        Annotated[Create[NewResource] | Update[ResourcePatch] | Upsert[NewResource] | Delete, Field(discriminator="op")]
    ]
):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"atomic": True, "operations": [{"op": "create", "body": {"name": "Drill"}}]}},
    }


class ResourceShape(ObjectShape):
    project_id: UUID
    name: str
    email: str | None
    resource_type: ResourceType
    max_units_percent: str
    standard_rate: Money | None
    calendar_id: UUID | None
    person_id: UUID | None
    external_refs: list[ExternalRef]
    effects: Effects | None = None


class AssignmentValues(Body):
    """Work = duration x units. Which of the three follows the others is the task's type; see `task_type` of a task."""

    units_percent: UnitsPercent = Decimal(100)
    work_minutes: Annotated[Minutes | None, Field(description="All of the work, overtime with it.")] = None
    overtime_minutes: Annotated[
        Minutes, Field(description="The share of the work that is done outside of working time; it shortens the part.")
    ] = 0
    contour: Annotated[
        WorkContour, Field(description="How the work is spread; where it is not flat the same work takes longer.")
    ] = WorkContour.FLAT
    delay_minutes: Annotated[
        Minutes, Field(description="Working time that the part waits after the start of its task.")
    ] = 0


class NewAssignment(AssignmentValues):
    """Without `work_minutes` the resource works at these units for the whole of the task; of an effort-driven task that
    has others at work it takes over its share of theirs, and the task becomes shorter."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "task_id": "0197d1c0-0000-7000-8000-000000000001",
                "resource_id": "0197d1c0-0000-7000-8000-000000000002",
                "units_percent": "50",
            }
        },
    }

    task_id: UUID
    resource_id: UUID


class AssignmentPatch(AssignmentValues):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"units_percent": "100"}}}


class AssignmentShape(ObjectShape):
    project_id: UUID
    task_id: UUID
    resource_id: UUID
    units_percent: str
    work_minutes: int
    overtime_minutes: int
    contour: WorkContour
    delay_minutes: int
    effects: Effects | None = None
