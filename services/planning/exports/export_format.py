"""The formats in which a project leaves, each with the type and the ending that its file has."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.planning.exports.calendar_feed import calendar_losses
from services.planning.exports.csv_writer import table_losses
from services.planning.exports.gantt import gantt_losses
from services.planning.exports.loss import Loss
from services.planning.exports.mspdi_writer import mspdi_losses
from services.planning.exports.plan_contents import PlanContents
from services.planning.exports.project_json import project_json_losses


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """`name` is the last segment of its path; `losses` tells what the format has no place for."""

    name: str
    media_type: str
    ending: str
    losses: Callable[[PlanContents], list[Loss]]


MSPDI: Final = ExportFormat("mspdi", "application/xml", "xml", mspdi_losses)
TANDEM_JSON: Final = ExportFormat("tandem-json", "application/json", "json", project_json_losses)
CSV: Final = ExportFormat("csv", "text/csv", "csv", table_losses)
XLSX: Final = ExportFormat(
    "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", table_losses
)
ICALENDAR: Final = ExportFormat("icalendar", "text/calendar", "ics", calendar_losses)
GANTT_SVG: Final = ExportFormat("gantt-svg", "image/svg+xml", "svg", gantt_losses)
GANTT_PDF: Final = ExportFormat("gantt-pdf", "application/pdf", "pdf", gantt_losses)
FORMATS: Final = (MSPDI, TANDEM_JSON, CSV, XLSX, ICALENDAR, GANTT_SVG, GANTT_PDF)
