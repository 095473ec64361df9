"""The facts that this area publishes."""

from services.kernel.events import FactType

_CONFLICT = {
    "kind": "resource",
    "title": "Two tasks want the crane in week 12",
    "status": "open",
    "parties": [{"type": "resource", "id": "0195a1c0-0000-7000-8000-000000000001", "name": "Crane"}],
    "options": ["The fence waits", "A second crane is hired"],
}
CONFLICT_OPENED = FactType("planning.conflict.opened", 1, _CONFLICT, "Somebody saw that not everybody can have it all.")
CONFLICT_CHANGED = FactType(
    "planning.conflict.changed", 1, _CONFLICT, "An open conflict is another, or is withdrawn; the data is all of it."
)
CONFLICT_RULED = FactType(
    "planning.conflict.ruled",
    1,
    _CONFLICT | {"status": "ruled", "ruled_option": 0, "decision_id": "0195a1c0-0000-7000-8000-000000000002"},
    "A conflict was settled by a decision, which has carried out what its option says.",
)
FACT_TYPES = (CONFLICT_OPENED, CONFLICT_CHANGED, CONFLICT_RULED)
