"""The facts that this area publishes."""

from services.kernel.events import FactType

_ID = "0197d1c0-0000-7000-8000-000000000001"
_MEETING = {
    "title": "Site meeting 4",
    "starts_at": "2026-03-09T08:00:00.000000Z",
    "ends_at": "2026-03-09T09:00:00.000000Z",
    "time_zone": "Europe/Oslo",
    "location": "Site office",
    "status": "called",
    "chair_id": _ID,
    "attendee_ids": [_ID],
    "agenda": [{"id": _ID, "title": "Delayed steel", "proposal_id": None}],
}
_ACTION_ITEM = {"meeting_id": _ID, "title": "Call the supplier", "owner_id": _ID, "due_date": "2026-03-13"}

MEETING_CALLED = FactType("coordination.meeting.called", 1, _MEETING, "A meeting was called.")
MEETING_CHANGED = FactType(
    "coordination.meeting.changed", 1, _MEETING, "A meeting, its agenda or its circle of attendees is another."
)
MINUTES_SIGNED = FactType(
    "coordination.minutes.signed",
    1,
    {
        "meeting_id": _ID,
        "title": "Site meeting 4",
        "signed_by_id": _ID,
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "outcomes": [{"id": _ID, "kind": "note", "text": "The steel comes a week late."}],
    },
    "The minutes are frozen. Texts are cut at 500 signs here; the minutes hold them whole.",
)
MINUTES_DISTRIBUTED = FactType(
    "coordination.minutes.distributed",
    1,
    {"meeting_id": _ID, "recipient_ids": [_ID]},
    "The signed minutes were mailed to these people.",
)
DECISION_TAKEN = FactType(
    "coordination.decision.taken",
    1,
    {"meeting_id": _ID, "outcome_id": _ID, "proposal_id": _ID, "decision": "accept", "reason": "No cheaper way."},
    "Signed minutes decide a proposal. Only the actor, who signed, has decided: their authority is what counts.",
)
ACTION_ITEM_ASSIGNED = FactType(
    "coordination.action_item.assigned",
    1,
    _ACTION_ITEM | {"parent_task_id": None},
    "Signed minutes give somebody something to do; planning makes a task of it.",
)
ACTION_ITEM_CLOSED = FactType(
    "coordination.action_item.closed", 1, _ACTION_ITEM | {"state": "done"}, "An action item was done or cancelled."
)
FACT_TYPES = (
    MEETING_CALLED,
    MEETING_CHANGED,
    MINUTES_SIGNED,
    MINUTES_DISTRIBUTED,
    DECISION_TAKEN,
    ACTION_ITEM_ASSIGNED,
    ACTION_ITEM_CLOSED,
)
