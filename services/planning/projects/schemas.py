"""Request and response shapes of projects."""

from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StringConstraints

from services.kernel.money import MINOR_UNITS
from services.kernel.schemas import Body, Effects, Line, ObjectShape, Prose
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
Local = Annotated[datetime, AfterValidator(_plannable)]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{1,9}$")]

_EXAMPLE = {"key": "BRO", "name": "A new bridge", "start": "2026-03-02T08:00:00", "currency": "NOK"}


class NewProject(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": _EXAMPLE}}

    key: Key
    name: Line
    description: Prose = ""
    time_zone: Zone = "Europe/Oslo"
    currency: CurrencyCode = "NOK"
    start: Local
    minutes_per_day: Annotated[int, Field(ge=1, le=1440, strict=True)] = 450


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
    start: datetime
    finish: datetime | None
    status_date: datetime | None
    calendar_id: UUID | None
    minutes_per_day: int
    minutes_per_week: int
    effects: Effects | None = None
