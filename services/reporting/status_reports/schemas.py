"""Request and response shapes of status reports."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic.config import JsonDict

from services.kernel.schemas import Body, Day, Effects, ObjectShape, Prose
from services.reporting.status_reports.status_report import Audience, ReportState

_EXAMPLE: JsonDict = {
    "period_start": "2026-03-01",
    "period_end": "2026-03-31",
    "audience": "team",
    "progress": "The foundations stand; the beams arrived a week early.",
    "challenges": "The crane is shared with another site until Easter.",
    "decisions_needed": "Whether the north ramp waits for the crane.",
}


class NewStatusReport(Body):
    """What people write; the figures are computed."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": _EXAMPLE}}

    period_start: Day
    period_end: Day
    audience: Audience = Audience.TEAM
    progress: Prose = ""
    challenges: Prose = ""
    decisions_needed: Prose = ""


class StatusReportPatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"progress": "The beams are up."}}}

    period_start: Day = date(2026, 1, 1)
    period_end: Day = date(2026, 1, 1)
    audience: Audience = Audience.TEAM
    progress: Prose = ""
    challenges: Prose = ""
    decisions_needed: Prose = ""


class StatusReportShape(ObjectShape):
    """`figures` is the tree that page and PDF are set from; each figure names its unit, source and position."""

    project_id: UUID
    number: int
    state: ReportState
    audience: Audience
    period_start: date
    period_end: date
    progress: str
    challenges: str
    decisions_needed: str
    figures: dict[str, Any]
    positions: dict[str, int]
    sha256: str | None
    signed_by_id: UUID | None
    signed_at: datetime | None
    published_at: datetime | None
    effects: Effects | None = None
