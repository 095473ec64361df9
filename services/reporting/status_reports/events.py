"""The facts that this area publishes."""

from typing import Any

from services.kernel.events import FactType
from services.reporting.status_reports.status_report import StatusReport

_DRAFT: dict[str, Any] = {
    "number": 4,
    "period_start": "2026-03-01",
    "period_end": "2026-03-31",
    "audience": "client",
    "signed_by_id": None,
    "sha256": None,
}
_SIGNED = _DRAFT | {"signed_by_id": "0197d1c0-0000-7000-8000-000000000002", "sha256": "9f2c" * 16}

REPORT_DRAFTED = FactType("reporting.status_report.drafted", 1, _DRAFT, "A status report is being written.")
REPORT_SIGNED = FactType("reporting.status_report.signed", 1, _SIGNED, "A report's figures and texts are frozen.")
REPORT_PUBLISHED = FactType(
    "reporting.status_report.published", 1, _SIGNED, "A signed report is shown to its audience."
)
FACT_TYPES = (REPORT_DRAFTED, REPORT_SIGNED, REPORT_PUBLISHED)


def report_data(report: StatusReport) -> dict[str, Any]:
    """The data of every fact about a report."""
    return {
        "number": report.number,
        "period_start": report.period_start.isoformat(),
        "period_end": report.period_end.isoformat(),
        "audience": report.audience,
        "signed_by_id": report.signed_by_id and str(report.signed_by_id),
        "sha256": report.sha256,
    }
