"""Request and response shapes of meetings and what belongs to them."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from services.coordination.meetings.action_item import ActionItemState
from services.coordination.meetings.invitation import AttendeeRole, AttendeeStatus
from services.coordination.meetings.meeting import MOST_AGENDA_ITEMS, MOST_ATTENDEES, MeetingStatus
from services.coordination.meetings.outcome import Decision, OutcomeKind
from services.kernel.batch import Batch, Create, Delete, Update
from services.kernel.schemas import Body, Day, Effects, Flag, Instant, Line, ObjectShape, Prose, Shape

_ZONES = frozenset(available_timezones())
_ID = "0197d1c0-0000-7000-8000-000000000001"
# What a merge patch does not name is never looked at; these only keep `null` out of what cannot be null.
_NOBODY = UUID(int=0)
_NEVER = datetime(1971, 1, 1, tzinfo=UTC)


def _known_zone(name: str) -> str:
    if name not in _ZONES:
        raise ValueError("is no IANA time zone")
    return name


Zone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_zone)]
Place = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300, pattern=r"^[^\r\n]*$")]
Rank = Annotated[str, StringConstraints(pattern=r"^[0-9a-z]{1,60}$")]
PlannedMinutes = Annotated[int, Field(ge=0, le=1440, strict=True)]
# One outcome; the bound keeps a hundred of them inside one fact and one mail.
Statement = Annotated[str, StringConstraints(max_length=4_000)]


class NewMeetingItem(Body):
    """An agenda item that comes with its meeting."""

    title: Line
    notes: Prose = ""
    proposal_id: UUID | None = None
    planned_minutes: PlannedMinutes | None = None


class NewMeetingAttendee(Body):
    person_id: UUID
    role: AttendeeRole = AttendeeRole.REQUIRED


class NewMeeting(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "title": "Site meeting 4",
                "starts_at": "2026-03-09T08:00:00Z",
                "ends_at": "2026-03-09T09:00:00Z",
                "time_zone": "Europe/Oslo",
                "location": "Site office",
                "attendees": [{"person_id": _ID, "role": "required"}],
                "agenda": [{"title": "Delayed steel", "planned_minutes": 15}],
            }
        },
    }

    title: Line
    starts_at: Instant
    ends_at: Instant
    time_zone: Annotated[Zone | None, Field(description="The project's, unless given.")] = None
    location: Place = ""
    chair_id: Annotated[UUID | None, Field(description="The caller, unless given.")] = None
    minute_taker_id: UUID | None = None
    attendees: Annotated[list[NewMeetingAttendee], Field(max_length=MOST_ATTENDEES)] = []
    agenda: Annotated[list[NewMeetingItem], Field(max_length=MOST_AGENDA_ITEMS)] = []


class MeetingPatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"status": "held"}}}

    title: Line = ""
    starts_at: Instant = _NEVER
    ends_at: Instant = _NEVER
    time_zone: Zone = "UTC"
    location: Place = ""
    chair_id: UUID = _NOBODY
    minute_taker_id: UUID | None = None
    status: Literal["called", "held", "cancelled"] = "called"


class MeetingShape(ObjectShape):
    project_id: UUID
    title: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    time_zone: str
    location: str
    chair_id: UUID
    minute_taker_id: UUID | None
    status: MeetingStatus
    sequence: int
    minutes_sha256: str | None
    signed_by_id: UUID | None
    signed_at: AwareDatetime | None
    effects: Effects | None = None


class MinutesShape(Shape):
    """The minutes as they stand, or as they were signed; `sha256` is that of `document` in canonical JSON."""

    meeting_id: UUID
    signed: bool
    signed_by_id: UUID | None
    signed_at: AwareDatetime | None
    sha256: str
    document: dict[str, Any]


class NewSignature(Body):
    """Names the minutes that the signer has read, so that nobody signs what was changed meanwhile."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {}}}

    sha256: Annotated[
        str | None,
        Field(pattern=r"^[0-9a-f]{64}$", max_length=64, description="`sha256` of the minutes as the signer read them."),
    ] = None


class NewAgendaItem(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"meeting_id": _ID, "title": "Delayed steel", "planned_minutes": 15}},
    }

    meeting_id: UUID
    rank: Annotated[Rank | None, Field(description="The last of the agenda, unless given.")] = None
    title: Line
    notes: Prose = ""
    proposal_id: UUID | None = None
    planned_minutes: PlannedMinutes | None = None


class AgendaItemPatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"rank": "im"}}}

    rank: Rank = "i"
    title: Line = ""
    notes: Prose = ""
    proposal_id: UUID | None = None
    planned_minutes: PlannedMinutes | None = None


class AgendaItemBatch(
    Batch[Annotated[Create[NewAgendaItem] | Update[AgendaItemPatch] | Delete, Field(discriminator="op")]],
):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {"operations": [{"op": "create", "body": {"meeting_id": _ID, "title": "Any other business"}}]}
        },
    }


class AgendaItemShape(ObjectShape):
    project_id: UUID
    meeting_id: UUID
    rank: str
    title: str
    notes: str
    proposal_id: UUID | None
    planned_minutes: int | None
    effects: Effects | None = None


class NewAttendance(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"meeting_id": _ID, "person_id": _ID, "role": "optional"}},
    }

    meeting_id: UUID
    person_id: UUID
    role: AttendeeRole = AttendeeRole.REQUIRED


class AttendancePatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"response": "accepted"}}}

    role: AttendeeRole = AttendeeRole.REQUIRED
    response: AttendeeStatus = AttendeeStatus.NEEDS_ACTION
    attended: Flag | None = None


class AttendanceBatch(
    Batch[Annotated[Create[NewAttendance] | Update[AttendancePatch] | Delete, Field(discriminator="op")]],
):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "atomic": True,
                "operations": [{"op": "create", "body": {"meeting_id": _ID, "person_id": _ID}}],
            }
        },
    }


class AttendanceShape(ObjectShape):
    project_id: UUID
    meeting_id: UUID
    person_id: UUID
    role: AttendeeRole
    response: AttendeeStatus
    attended: bool | None
    effects: Effects | None = None


class NewOutcome(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "meeting_id": _ID,
                "kind": "action",
                "title": "Call the supplier",
                "owner_id": _ID,
                "due_date": "2026-03-13",
            }
        },
    }

    meeting_id: UUID
    agenda_item_id: UUID | None = None
    kind: OutcomeKind
    text: Statement = ""
    proposal_id: UUID | None = None
    decision: Decision | None = None
    reason: Statement = ""
    title: Line | None = None
    owner_id: UUID | None = None
    due_date: Day | None = None
    parent_task_id: UUID | None = None


class OutcomePatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"due_date": "2026-03-20"}}}

    agenda_item_id: UUID | None = None
    text: Statement = ""
    proposal_id: UUID | None = None
    decision: Decision | None = None
    reason: Statement = ""
    title: Line | None = None
    owner_id: UUID | None = None
    due_date: Day | None = None
    parent_task_id: UUID | None = None


class OutcomeBatch(
    Batch[Annotated[Create[NewOutcome] | Update[OutcomePatch] | Delete, Field(discriminator="op")]],
):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "operations": [
                    {"op": "create", "body": {"meeting_id": _ID, "kind": "note", "text": "The road is open again."}}
                ]
            }
        },
    }


class OutcomeShape(ObjectShape):
    project_id: UUID
    meeting_id: UUID
    agenda_item_id: UUID | None
    kind: OutcomeKind
    text: str
    proposal_id: UUID | None
    decision: Decision | None
    reason: str
    title: str | None
    owner_id: UUID | None
    due_date: date | None
    parent_task_id: UUID | None
    result: Literal["accepted", "rejected", "rebase_required", "failed"] | None
    result_detail: str | None
    effects: Effects | None = None


class ActionItemPatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"state": "done"}}}

    title: Line = ""
    owner_id: UUID = _NOBODY
    due_date: Day = _NEVER.date()
    state: Literal["done", "cancelled"] = "done"


class ActionItemBatch(Batch[Update[ActionItemPatch]]):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "atomic": True,
                "operations": [{"op": "update", "id": _ID, "version": 1, "body": {"state": "done"}}],
            }
        },
    }


class ActionItemShape(ObjectShape):
    project_id: UUID
    meeting_id: UUID
    outcome_id: UUID
    title: str
    owner_id: UUID
    due_date: date
    parent_task_id: UUID | None
    state: ActionItemState
    task_id: UUID | None
    effects: Effects | None = None
