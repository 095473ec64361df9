"""The facts that this area publishes. They tell that somebody is away, and never why."""

from services.kernel.events import FactType

_ABSENCE = {
    "resource_id": "0197d1c0-0000-7000-8000-000000000002",
    "person_id": None,
    "starts_on": "2026-07-06",
    "ends_on": "2026-07-24",
}

ABSENCE_RECORDED = FactType("planning.absence.recorded", 1, _ABSENCE, "A resource will be away for some days.")
ABSENCE_CHANGED = FactType("planning.absence.changed", 1, _ABSENCE, "A resource is away on other days.")
ABSENCE_REMOVED = FactType("planning.absence.removed", 1, _ABSENCE, "A resource is not away after all.")
FACT_TYPES = (ABSENCE_RECORDED, ABSENCE_CHANGED, ABSENCE_REMOVED)
