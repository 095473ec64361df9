"""The facts that this area publishes. What an assignment moves is told as planning.plan.rescheduled."""

from services.kernel.events import FactType

_RESOURCE = {"name": "Kari Nordmann", "resource_type": "work", "person_id": None}
_ASSIGNMENT = {
    "task_id": "0197d1c0-0000-7000-8000-000000000001",
    "resource_id": "0197d1c0-0000-7000-8000-000000000002",
    "work_minutes": 2250,
}

RESOURCE_ADDED = FactType("planning.resource.added", 1, _RESOURCE, "A project has a resource.")
RESOURCE_CHANGED = FactType("planning.resource.changed", 1, _RESOURCE, "A resource has other values.")
RESOURCE_REMOVED = FactType("planning.resource.removed", 1, _RESOURCE, "A resource and its assignments are gone.")
ASSIGNMENT_ADDED = FactType("planning.assignment.added", 1, _ASSIGNMENT, "A resource takes part in a task.")
ASSIGNMENT_CHANGED = FactType("planning.assignment.changed", 1, _ASSIGNMENT, "A resource's part in a task is another.")
ASSIGNMENT_REMOVED = FactType(
    "planning.assignment.removed", 1, _ASSIGNMENT, "A resource no longer takes part in a task."
)
FACT_TYPES = (
    RESOURCE_ADDED,
    RESOURCE_CHANGED,
    RESOURCE_REMOVED,
    ASSIGNMENT_ADDED,
    ASSIGNMENT_CHANGED,
    ASSIGNMENT_REMOVED,
)
