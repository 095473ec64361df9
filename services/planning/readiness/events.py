"""The facts that this area publishes."""

from typing import Final

from services.kernel.events import FactType

_ID = "0197d1c0-0000-7000-8000-000000000001"
_BRIEF = {
    "task_id": _ID,
    "why": "The crane stands on it from May on.",
    "done_when": ["The slab has its strength after 28 days."],
    "inputs": ["Drawing B-204, revision C"],
    "contact_id": _ID,
    "revision": 2,
}
_NEED = {
    "task_id": _ID,
    "kind": "material",
    "title": "40 m3 of concrete",
    "needed_by": None,
    "lead_days": 2,
    "owner_id": _ID,
    "state": "promised",
    "promised_for": "2026-03-20",
    "met_on": None,
}

BRIEF_RECORDED: Final = FactType("planning.task_brief.recorded", 1, _BRIEF, "Those who do a task are told what it is.")
BRIEF_CHANGED: Final = FactType(
    "planning.task_brief.changed", 1, _BRIEF, "A brief says something else, so that it is to be acknowledged anew."
)
BRIEF_ACKNOWLEDGED: Final = FactType(
    "planning.task_brief.acknowledged",
    1,
    {"task_id": _ID, "person_id": _ID, "revision": 2},
    "Somebody who does a task has understood its brief.",
)
BRIEF_REMOVED: Final = FactType("planning.task_brief.removed", 1, _BRIEF, "A task has no brief any more.")
NEED_RECORDED: Final = FactType("planning.need.recorded", 1, _NEED, "A task cannot start without something.")
NEED_CHANGED: Final = FactType("planning.need.changed", 1, _NEED, "A need is another, was promised, met or withdrawn.")
NEED_REMOVED: Final = FactType("planning.need.removed", 1, _NEED, "A need was recorded by mistake.")
FACT_TYPES = (
    BRIEF_RECORDED,
    BRIEF_CHANGED,
    BRIEF_ACKNOWLEDGED,
    BRIEF_REMOVED,
    NEED_RECORDED,
    NEED_CHANGED,
    NEED_REMOVED,
)
