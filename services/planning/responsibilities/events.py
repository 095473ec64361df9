"""The facts that this area publishes."""

from services.kernel.events import FactType

_CELL = {
    "task_id": "0195a1c0-0000-7000-8000-000000000001",
    "person_id": "0195a1c0-0000-7000-8000-000000000002",
    "part": "accountable",
}
RESPONSIBILITY_ASSIGNED = FactType("planning.responsibility.assigned", 1, _CELL, "A person has a part in a task.")
RESPONSIBILITY_CHANGED = FactType(
    "planning.responsibility.changed", 1, _CELL, "Another person has the part, or the person another part."
)
RESPONSIBILITY_REMOVED = FactType("planning.responsibility.removed", 1, _CELL, "The person no longer has the part.")
FACT_TYPES = (RESPONSIBILITY_ASSIGNED, RESPONSIBILITY_CHANGED, RESPONSIBILITY_REMOVED)
