"""Request and response shapes of resources and assignments."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema, model_validator

from services.kernel.batch import Batch, Create, Delete, Update, Upsert
from services.kernel.money import Money
from services.kernel.schemas import Body, Day, Effects, ExternalRef, ExternalRefs, Line, Minutes, ObjectShape, Shape
from services.planning.resources.resource import ResourceType, WorkKind
from services.planning.schedule.effort import WorkContour
from services.planning.schedule.pricing import Accrual, RateTable

_QUANTITY: Final = r"^[0-9]{1,7}(\.[0-9]{1,4})?$"

# 100 is one full person. Up to a hundred of them in one resource is a crowd, not a mistake.
UnitsPercent = Annotated[
    Decimal,
    Field(gt=0, le=10_000, max_digits=7, decimal_places=2),
    WithJsonSchema({"type": "string", "maxLength": 8, "pattern": r"^[0-9]{1,5}(\.[0-9]{1,2})?$", "examples": ["50"]}),
]


# How much material: up to what the column of an assignment's units holds.
Quantity = Annotated[
    Decimal,
    Field(gt=0, le=1_000_000, max_digits=11, decimal_places=4),
    WithJsonSchema({"type": "string", "maxLength": 12, "pattern": _QUANTITY, "examples": ["350.5"]}),
]
# None at all is possible for a while: a machine is at the workshop.
PeriodUnits = Annotated[
    Decimal,
    Field(ge=0, le=10_000, max_digits=7, decimal_places=2),
    WithJsonSchema({"type": "string", "maxLength": 8, "pattern": r"^[0-9]{1,5}(\.[0-9]{1,2})?$", "examples": ["50"]}),
]
UnitName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=30, pattern=r"^[^\r\n]*$")]


class AvailabilityPeriod(Body):
    """Days, both included, on which there are other units than usual; null is without a bound."""

    from_date: Day | None = None
    to_date: Day | None = None
    units_percent: PeriodUnits

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_date is not None and self.to_date is not None and self.to_date < self.from_date:
            raise ValueError("a period ends on or after the day on which it begins")
        return self


class DatedRate(Body):
    """What a resource costs by one of its tables from a day on. Table A's first rate is that of the resource itself."""

    rate_table: RateTable = RateTable.A
    from_date: Annotated[Day | None, Field(description="null: from the beginning, of the tables B to E")] = None
    standard_rate: Money
    overtime_rate: Annotated[Money | None, Field(description="null: as any other hour")] = None
    cost_per_use: Money | None = None

    @model_validator(mode="after")
    def _of_one_currency(self) -> Self:
        if self.from_date is None and self.rate_table is RateTable.A:
            raise ValueError(
                "what table A begins with is standard_rate, overtime_rate and cost_per_use of the resource"
            )
        given = [each for each in (self.standard_rate, self.overtime_rate, self.cost_per_use) if each is not None]
        if len({each.currency for each in given}) > 1:
            raise ValueError("the rates of a resource are in one currency")
        if any(each.amount < 0 for each in given):
            raise ValueError("no rate is below zero")
        return self


def _apart(periods: list[AvailabilityPeriod]) -> list[AvailabilityPeriod]:
    """In order of their days. No day lies in two of them."""
    ordered = sorted(periods, key=lambda each: each.from_date or date.min)
    for earlier, later in pairwise(ordered):
        if earlier.to_date is None or later.from_date is None or later.from_date <= earlier.to_date:
            raise ValueError("no day lies in two periods")
    return ordered


def _each_once(rates: list[DatedRate]) -> list[DatedRate]:
    """In the order of tables and days. A table has one rate from a day on."""
    ordered = sorted(rates, key=lambda each: (each.rate_table, each.from_date or date.min))
    if any((a.rate_table, a.from_date) == (b.rate_table, b.from_date) for a, b in pairwise(ordered)):
        raise ValueError("a table has one rate from a day on")
    return ordered


class ResourceValues(Body):
    name: Line = ""
    email: Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    resource_type: ResourceType = ResourceType.WORK
    work_kind: Annotated[
        WorkKind | None, Field(description="What a work resource is; whoever has a `person_id` is a person.")
    ] = None
    team_id: Annotated[
        UUID | None, Field(description="The team that a work resource belongs to. Its units are those of its members.")
    ] = None
    unit: Annotated[UnitName | None, Field(description="What material is counted in: m3, t, pieces.")] = None
    max_units_percent: UnitsPercent = Decimal(100)
    availability: Annotated[
        list[AvailabilityPeriod],
        Field(max_length=100, description="Days on which there are other units than `max_units_percent`."),
        AfterValidator(_apart),
    ] = []
    standard_rate: Money | None = None
    overtime_rate: Annotated[Money | None, Field(description="null: an hour of overtime costs what any other does")] = (
        None
    )
    cost_per_use: Annotated[Money | None, Field(description="What each assignment costs besides.")] = None
    accrual: Accrual = Accrual.PRORATED
    rates: Annotated[
        list[DatedRate],
        Field(max_length=100, description="Rates that hold from a day on, and those of the tables B to E."),
        AfterValidator(_each_once),
    ] = []
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


class AvailabilityShape(Shape):
    from_date: date | None
    to_date: date | None
    units_percent: str


class DatedRateShape(Shape):
    rate_table: RateTable
    from_date: date | None
    standard_rate: Money
    overtime_rate: Money | None
    cost_per_use: Money | None


class ResourceShape(ObjectShape):
    project_id: UUID
    name: str
    email: str | None
    resource_type: ResourceType
    work_kind: WorkKind | None
    team_id: UUID | None
    unit: str | None
    max_units_percent: str
    availability: list[AvailabilityShape]
    standard_rate: Money | None = Field(description="null for those who do not see rates, as all rates are")
    overtime_rate: Money | None
    cost_per_use: Money | None
    accrual: Accrual
    rates: list[DatedRateShape] | None
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
    rate_table: Annotated[RateTable, Field(description="By which of the resource's tables it is paid.")] = RateTable.A
    quantity: Annotated[Quantity | None, Field(description="How much material, in the resource's unit.")] = None
    cost: Annotated[Money | None, Field(description="What a cost resource comes to in this task.")] = None


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
    rate_table: RateTable
    quantity: str | None = Field(description="of material")
    cost: Money | None = Field(description="of a cost resource; null for those who do not see costs")
    effects: Effects | None = None
