"""The facts that this area publishes."""

from services.kernel.events import FactType

_ITEM = {
    "task_id": "0197d1c0-0000-7000-8000-000000000001",
    "title": "Order the concrete",
    "rank": "i00001",
    "done": False,
    "done_by_id": None,
    "assignee_id": None,
    "due_on": "2026-03-06",
}

ITEM_ADDED = FactType("planning.checklist_item.added", 1, _ITEM, "A task's checklist has one more item.")
ITEM_CHANGED = FactType("planning.checklist_item.changed", 1, _ITEM, "An item is done, or is another.")
ITEM_REMOVED = FactType(
    "planning.checklist_item.removed",
    1,
    _ITEM | {"subtask_id": None},
    "An item is gone; `subtask_id` is the task that it became.",
)
FACT_TYPES = (ITEM_ADDED, ITEM_CHANGED, ITEM_REMOVED)
