"""The facts that this area publishes."""

from typing import Final

from services.kernel.events import FactType

_REQUEST = {
    "role": "Welder",
    "task_id": "0197d1c0-0000-7000-8000-000000000001",
    "competence_id": None,
    "line_owner_id": "0197d1c0-0000-7000-8000-000000000002",
    "units_percent": "50.00",
    "starts_on": "2026-04-06",
    "ends_on": "2026-05-01",
    "answer_by": "2026-03-20",
    "state": "requested",
    "resource_id": None,
    "assignment_id": None,
}


def _fact(name: str, description: str) -> FactType:
    return FactType(f"planning.staffing_request.{name}", 1, _REQUEST, description)


STAFFING_REQUESTED: Final = _fact("raised", "A project asks the line for somebody.")
STAFFING_OFFERED: Final = _fact("offered", "The line offers somebody, perhaps on other terms.")
STAFFING_COUNTERED: Final = _fact("countered", "The project asks on other terms than were offered.")
STAFFING_AGREED: Final = _fact("agreed", "The project and the line have agreed; somebody is booked.")
STAFFING_DECLINED: Final = _fact("declined", "The line has nobody to offer.")
STAFFING_WITHDRAWN: Final = _fact("withdrawn", "The project asks no longer.")
STAFFING_EXPIRED: Final = _fact("expired", "Nobody has answered in time.")
FACT_TYPES = (
    STAFFING_REQUESTED,
    STAFFING_OFFERED,
    STAFFING_COUNTERED,
    STAFFING_AGREED,
    STAFFING_DECLINED,
    STAFFING_WITHDRAWN,
    STAFFING_EXPIRED,
)
