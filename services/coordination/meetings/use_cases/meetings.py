"""Calling and changing meetings."""

from uuid import UUID

from services.coordination.context.repository import is_on_project, project_time_zone, proposal_exists
from services.coordination.meetings import repository
from services.coordination.meetings.events import MEETING_CALLED, MEETING_CHANGED
from services.coordination.meetings.invitation import AttendeeRole
from services.coordination.meetings.meeting import (
    AgendaItem,
    Attendance,
    Meeting,
    MeetingEndsBeforeItStarts,
    MeetingStatus,
    rank_after,
)
from services.coordination.meetings.schemas import MeetingPatch, NewMeeting
from services.kernel.access import require_authority, require_member
from services.kernel.problems import UnknownReference
from services.kernel.schemas import merged
from services.kernel.session import WriteSession


async def call_meeting(session: WriteSession, project_id: UUID, new: NewMeeting) -> Meeting:
    """A meeting with its agenda and its circle; the chair attends without being named."""
    await require_member(session, session.principal, project_id)
    if new.ends_at <= new.starts_at:
        raise MeetingEndsBeforeItStarts
    chair_id = new.chair_id or session.author_id
    await require_person(session, project_id, chair_id, "chair_id")
    await require_person(session, project_id, new.minute_taker_id, "minute_taker_id")
    roles = {chair_id: AttendeeRole.CHAIR}
    for position, attendee in enumerate(new.attendees):
        await require_person(session, project_id, attendee.person_id, f"attendees/{position}/person_id")
        roles.setdefault(attendee.person_id, attendee.role)
    for position, item in enumerate(new.agenda):
        await require_proposal(session, project_id, item.proposal_id, f"agenda/{position}/proposal_id")
    time_zone = new.time_zone or await project_time_zone(session, project_id) or "UTC"
    meeting = Meeting(
        project_id=project_id,
        chair_id=chair_id,
        time_zone=time_zone,
        **new.model_dump(include={"title", "starts_at", "ends_at", "location", "minute_taker_id"}),
    )
    session.add(meeting)
    await session.flush()
    for person_id, role in roles.items():
        session.add(Attendance(project_id=project_id, meeting_id=meeting.id, person_id=person_id, role=role))
    rank = None
    for item in new.agenda:
        rank = rank_after(rank)
        session.add(AgendaItem(project_id=project_id, meeting_id=meeting.id, rank=rank, **item.model_dump()))
    await session.flush()
    subject = {"type": "meeting", "id": str(meeting.id), "title": meeting.title}
    await require_authority(session, project_id, ["meeting.call"], impact={"subject": subject})
    data = await repository.meeting_data(session, meeting.id)
    session.record(MEETING_CALLED, "meeting", meeting.id, data, project_id=project_id)
    return meeting


async def change_meeting(
    session: WriteSession, meeting_id: UUID, expected_version: int, patch: MeetingPatch
) -> Meeting:
    """Change what the call says, hold the meeting, or cancel it."""
    meeting = await open_meeting(session, meeting_id)
    await repository.MEETINGS.check_version(session, meeting.id, meeting.version, expected_version)
    changes = merged(patch)
    for name in ("chair_id", "minute_taker_id"):
        await require_person(session, meeting.project_id, changes.get(name), name)
    status = changes.pop("status", meeting.status)
    place = {
        name: changes.pop(name, getattr(meeting, name)) for name in ("starts_at", "ends_at", "time_zone", "location")
    }
    for name, value in changes.items():
        setattr(meeting, name, value)
    meeting.take_place(**place)
    if status != meeting.status:
        meeting.pass_to(MeetingStatus(status), session.now)
    await session.flush()
    await require_authority(session, meeting.project_id, ["meeting.change"])
    await record_change(session, meeting)
    return meeting


async def open_meeting(session: WriteSession, meeting_id: UUID, *, unknown: str | None = None) -> Meeting:
    """The meeting, locked, of a project that the caller is on, and not frozen.

    Raises NotFound, or UnknownReference where a body names the meeting as `unknown`; MinutesSigned, MeetingCancelled.
    """
    if not await repository.is_visible(session, session.principal, meeting_id) and unknown is not None:
        raise UnknownReference(unknown)
    meeting = await repository.lock_meeting(session, meeting_id)
    await require_member(session, session.principal, meeting.project_id)
    meeting.require_open()
    return meeting


async def record_change(session: WriteSession, meeting: Meeting) -> None:
    data = await repository.meeting_data(session, meeting.id)
    session.record(MEETING_CHANGED, "meeting", meeting.id, data, project_id=meeting.project_id)


async def require_person(session: WriteSession, project_id: UUID, person_id: UUID | None, name: str) -> None:
    """Raise UnknownReference unless this is nobody, or an active person of the project."""
    if person_id is not None and not await is_on_project(session, project_id, person_id):
        raise UnknownReference(name)


async def require_proposal(
    session: WriteSession, project_id: UUID, proposal_id: UUID | None, name: str = "proposal_id"
) -> None:
    """Raise UnknownReference unless this is nothing, or a proposal of the project."""
    if proposal_id is not None and not await proposal_exists(session, project_id, proposal_id):
        raise UnknownReference(name)
