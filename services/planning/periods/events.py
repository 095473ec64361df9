"""The facts that this area publishes."""

from services.kernel.events import FactType

_PERIOD = {
    "name": "March 2026",
    "starts_on": "2026-03-01",
    "ends_on": "2026-03-31",
    "state": "open",
    "reopenings": 0,
}
_DECIDED = {"decision_id": "0195a1c0-0000-7000-8000-000000000002"}

PERIOD_CREATED = FactType(
    "planning.accounting_period.created", 1, _PERIOD, "Days of the project are an accounting period; it is open."
)
PERIOD_CHANGED = FactType(
    "planning.accounting_period.changed", 1, _PERIOD, "A period has another name or other days; the data is all of it."
)
PERIOD_REMOVED = FactType(
    "planning.accounting_period.removed", 1, _PERIOD, "A period is no more; nobody had ever closed it."
)
PERIOD_CLOSED = FactType(
    "planning.accounting_period.closed",
    1,
    _PERIOD | {"state": "soft_closed", "reason": "The accounts of March are being checked."} | _DECIDED,
    "It was decided that a period takes postings on reasons only (`soft_closed`), or none (`closed`).",
)
PERIOD_REOPENED = FactType(
    "planning.accounting_period.reopened",
    1,
    _PERIOD | {"reopenings": 1, "reason": "An invoice came late."} | _DECIDED,
    "It was decided that a period takes postings again; `reopenings` counts how often that was.",
)
FACT_TYPES = (PERIOD_CREATED, PERIOD_CHANGED, PERIOD_REMOVED, PERIOD_CLOSED, PERIOD_REOPENED)
