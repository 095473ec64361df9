"""The facts that this area publishes. That a task has other labels is told as any change of the task."""

from services.kernel.events import FactType

_LABEL = {"name": "concrete", "colour": "#8a8d91"}

LABEL_ADDED = FactType("planning.label.added", 1, _LABEL, "The project has a label.")
LABEL_CHANGED = FactType(
    "planning.label.changed",
    1,
    _LABEL | {"name_before": "betong"},
    "A label is called otherwise, in its tasks as well, or has another colour.",
)
LABEL_REMOVED = FactType("planning.label.removed", 1, _LABEL, "The project and its tasks no longer have a label.")
FACT_TYPES = (LABEL_ADDED, LABEL_CHANGED, LABEL_REMOVED)
