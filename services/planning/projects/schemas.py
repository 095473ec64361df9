"""Request and response shapes of projects."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StringConstraints

from services.kernel.money import MINOR_UNITS
from services.kernel.schemas import Body, Effects, Flag, Line, LocalTime, ObjectShape, Prose, Shape
from services.planning.projects.project import ProjectStatus

_ZONES = frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in _ZONES:
        raise ValueError("is no IANA time zone")
    return name


def _known_currency(code: str) -> str:
    if code not in MINOR_UNITS:
        raise ValueError("is no ISO 4217 currency")
    return code


def _plannable(local: datetime) -> datetime:
    """Local wall-clock time without an offset, in years that calendars can reach."""
    if local.tzinfo is not None:
        raise ValueError("is local wall-clock time and carries no offset")
    if not 1970 <= local.year <= 2200:
        raise ValueError("lies outside the years 1970 to 2200")
    return local.replace(second=0, microsecond=0)


Zone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_zone)]
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), AfterValidator(_known_currency)]
Local = Annotated[LocalTime, AfterValidator(_plannable)]
DecimalText = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,18}(\.[0-9]{1,9})?$")]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{1,9}$")]

_EXAMPLE: Any = {"key": "BRO", "name": "A new bridge", "start": "2026-03-02T08:00:00", "currency": "NOK"}


# The gateway owns the templates; a contract test compares their names.
PolicyTemplate = Literal["standard", "solo", "small", "construction", "public_sector", "agile_product"]


class NewProject(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": _EXAMPLE}}

    key: Key
    name: Line
    description: Prose = ""
    time_zone: Zone = "Europe/Oslo"
    currency: CurrencyCode = "NOK"
    start: Local
    minutes_per_day: Annotated[int, Field(ge=1, le=1440, strict=True)] = 450
    policy_template: PolicyTemplate = Field(
        default="standard", description="the authority policy that the project starts with; see /v1/policy-templates"
    )


class ProjectPatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"status_date": "2026-04-01T16:00:00"}}}

    name: Line = ""
    description: Prose = ""
    status: ProjectStatus = ProjectStatus.PLANNING
    status_date: Local | None = None


class ProjectShape(ObjectShape):
    key: str
    name: str
    description: str
    status: ProjectStatus
    time_zone: str
    currency: str
    start: LocalTime
    finish: LocalTime | None
    status_date: LocalTime | None
    calendar_id: UUID | None
    minutes_per_day: int
    minutes_per_week: int
    effects: Effects | None = None


_TARGET: Any = {
    "measure": "crossing time",
    "unit": "minutes",
    "baseline": "23",
    "target": "8",
    "due_date": "2026-06-20",
}
_GOAL: Any = {
    "title": "Open before the summer",
    "statement": "Traffic runs over the new bridge before the holidays begin.",
    "targets": [_TARGET],
    "success_criteria": [{"statement": "Both lanes are open."}],
}


class Target(Body):
    """From where to where a measure is to move, and by when."""

    measure: Line
    unit: Annotated[str, StringConstraints(max_length=40)]
    baseline: DecimalText
    target: DecimalText
    due_date: date


class NewCriterion(Body):
    """A criterion that comes with its goal."""

    statement: Line


class NewGoal(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": _GOAL}}

    title: Line
    statement: Prose = ""
    targets: Annotated[list[Target], Field(max_length=50)] = []
    success_criteria: Annotated[list[NewCriterion], Field(max_length=50)] = []


class GoalPatch(Body):
    """`targets` are replaced as a whole."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"targets": [_TARGET]}}}

    title: Line = ""
    statement: Prose = ""
    targets: Annotated[list[Target], Field(max_length=50)] = []


class NewSuccessCriterion(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {"goal_id": "0195a1c0-0000-7000-8000-000000000001", "statement": "Both lanes are open."}
        },
    }

    goal_id: UUID
    statement: Line


class SuccessCriterionPatch(Body):
    """`met` null says that it is not known yet; true needs evidence."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"met": True, "evidence": "Opened on 12 June."}},
    }

    statement: Line = ""
    met: Flag | None = None
    evidence: Prose = ""


class TargetShape(Shape):
    measure: str
    unit: str
    baseline: str
    target: str
    due_date: date


class GoalShape(ObjectShape):
    project_id: UUID
    title: str
    statement: str
    targets: list[TargetShape]
    effects: Effects | None = None


class SuccessCriterionShape(ObjectShape):
    project_id: UUID
    goal_id: UUID
    statement: str
    met: bool | None
    evidence: str
    effects: Effects | None = None
