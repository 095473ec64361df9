"""Request and response shapes of staffing requests."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from services.kernel.schemas import Body, Day, Effects, Line, ObjectShape, Shape
from services.planning.competences.schemas import Level
from services.planning.resources.schemas import UnitsPercent
from services.planning.staffing.staffing_request import StaffingState

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5_000)]
_ID = "0197d1c0-0000-7000-8000-00000000000"
_REQUEST: Any = {
    "role": "Welder",
    "task_id": f"{_ID}1",
    "line_owner_id": f"{_ID}2",
    "units_percent": "50",
    "starts_on": "2026-04-06",
    "ends_on": "2026-05-01",
    "reason": "The girders arrive after Easter.",
}


class NewStaffingRequest(Body):
    """A project asks the line owner for somebody in a role on these days, both included. Unanswered on the day `answer_by`
    the request ends. Where a task is named, an agreement assigns whoever comes to it."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": _REQUEST}}

    role: Line
    task_id: UUID | None = None
    competence_id: UUID | None = None
    minimum_level: Level = 1
    line_owner_id: UUID
    units_percent: UnitsPercent
    starts_on: Day
    ends_on: Day
    answer_by: Day | None = None
    reason: Reason


class NewStaffingOffer(Body):
    """Whom the line offers: a person of the tenant, or a name. What is left out is as it was asked for."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"name": "Kari Nordmann", "units_percent": "40", "reason": "Not on Fridays."}},
    }

    person_id: UUID | None = None
    name: Line | None = None
    units_percent: UnitsPercent | None = None
    starts_on: Day | None = None
    ends_on: Day | None = None
    reason: Reason

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if (self.person_id is None) == (self.name is None):
            raise ValueError("an offer names a person_id or a name")
        return self


class NewCounterOffer(Body):
    """On which terms the project would rather have somebody. What is left out stays as the project asked before."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"units_percent": "60", "reason": "Below that the girders lie idle."}},
    }

    units_percent: UnitsPercent | None = None
    starts_on: Day | None = None
    ends_on: Day | None = None
    answer_by: Day | None = None
    reason: Reason


class StaffingReason(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"reason": "Everybody is on the other site."}}}

    reason: Reason


class OfferShape(Shape):
    person_id: UUID | None
    name: str
    units_percent: str
    starts_on: date
    ends_on: date
    reason: str


class StaffingAct(Shape):
    act: Literal["requested", "offered", "countered", "agreed", "declined", "withdrawn", "expired"]
    by_id: UUID
    at: datetime
    reason: str
    name: str | None = None
    person_id: UUID | None = None
    units_percent: str
    starts_on: date
    ends_on: date


class StaffingRequestShape(ObjectShape):
    """`requested` waits for the line owner, `offered` for the project. `resource_id`, `assignment_id` and `decision_id` are
    what an agreement made."""

    project_id: UUID
    role: str
    task_id: UUID | None
    competence_id: UUID | None
    minimum_level: int
    line_owner_id: UUID
    units_percent: str
    starts_on: date
    ends_on: date
    answer_by: date | None
    state: StaffingState
    offer: OfferShape | None
    history: list[StaffingAct]
    resource_id: UUID | None
    assignment_id: UUID | None
    decision_id: UUID | None
    effects: Effects | None = None


class ConsequenceShape(Shape):
    """What comes of waiting until a day: whether the work could still begin when it should, and what the plan would be if
    its task began no earlier. Empty where nothing of it would move, or no task is named."""

    type: str
    staffing_request_id: UUID
    until: date
    needed_by: date = Field(description="when the task, or without one the period, begins")
    days_left: int = Field(description="from `until` to `needed_by`; below zero it is too late by as many")
    float_minutes: int | None = Field(description="by how much the task can wait before the finish moves")
    impact: dict[str, Any]
