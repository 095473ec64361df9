"""The facts that this area publishes. The tasks are told of as all tasks are."""

from typing import Final

from services.kernel.events import FactType

_RECURRENCE = {
    "task_id": "0197d1c0-0000-7000-8000-000000000001",
    "title": "Safety round",
    "pattern": {"frequency": "weekly", "interval": 1, "weekdays": ["monday"]},
    "starts_on": "2026-03-02",
    "until": "2026-06-01",
    "count": None,
    "occurrences": 14,
}

RECURRENCE_ADDED: Final = FactType(
    "planning.recurrence.added", 1, _RECURRENCE, "Something is done again and again, as tasks below a summary."
)
RECURRENCE_CHANGED: Final = FactType(
    "planning.recurrence.changed", 1, _RECURRENCE, "It recurs on other days; what had not begun was made again."
)
RECURRENCE_REMOVED: Final = FactType(
    "planning.recurrence.removed", 1, _RECURRENCE, "It does not recur any more; what had begun is left."
)
FACT_TYPES = (RECURRENCE_ADDED, RECURRENCE_CHANGED, RECURRENCE_REMOVED)
