"""Inviting people, answering, and noting who came."""

from uuid import UUID

from services.coordination.meetings import repository
from services.coordination.meetings.meeting import MOST_ATTENDEES, Attendance, MeetingFull
from services.coordination.meetings.schemas import AttendancePatch, NewAttendance
from services.coordination.meetings.use_cases.meetings import open_meeting, record_change, require_person
from services.kernel.access import require_authority, require_member, require_scope, role_in
from services.kernel.batch import Verbs
from services.kernel.problems import NotFound, UnknownReference
from services.kernel.schemas import merged
from services.kernel.session import WriteSession


async def invite_person(session: WriteSession, project_id: UUID, new: NewAttendance) -> Attendance:
    """Widen the circle by somebody of the project, guests included. The invitation itself is sent on its own."""
    await require_member(session, session.principal, project_id)
    meeting = await open_meeting(session, new.meeting_id, unknown="meeting_id")
    if meeting.project_id != project_id:
        raise UnknownReference("meeting_id")
    await require_person(session, project_id, new.person_id, "person_id")
    if await repository.count_of_meeting(session, Attendance, meeting.id) >= MOST_ATTENDEES:
        raise MeetingFull(limit=MOST_ATTENDEES)
    attendance = Attendance(project_id=project_id, **new.model_dump())
    session.add(attendance)
    await session.flush()
    await require_authority(session, project_id, ["meeting.attendance"])
    await record_change(session, meeting)
    return attendance


async def change_attendance(
    session: WriteSession, attendance_id: UUID, expected_version: int, patch: AttendancePatch
) -> Attendance:
    """Answer for oneself, which everybody invited may do; whatever else is for those who run the meeting."""
    attendance = await repository.load(session, Attendance, attendance_id)
    if await role_in(session, session.principal, attendance.project_id) is None:
        raise NotFound
    own_answer = attendance.person_id == session.principal.person_id and patch.model_fields_set <= {"response"}
    if not own_answer:
        await require_member(session, session.principal, attendance.project_id)
    meeting = await repository.lock_meeting(session, attendance.meeting_id)
    meeting.require_open()
    await repository.ATTENDANCES.check_version(session, attendance.id, attendance.version, expected_version)
    for name, value in merged(patch).items():
        setattr(attendance, name, value)
    await session.flush()
    if own_answer:
        require_scope(session.principal, "coordination:propose")
    else:
        await require_authority(session, attendance.project_id, ["meeting.attendance"])
    await record_change(session, meeting)
    return attendance


async def uninvite_person(session: WriteSession, attendance_id: UUID, expected_version: int) -> None:
    attendance = await repository.load(session, Attendance, attendance_id)
    meeting = await open_meeting(session, attendance.meeting_id)
    await repository.ATTENDANCES.check_version(session, attendance.id, attendance.version, expected_version)
    await session.delete(attendance)
    await session.flush()
    await require_authority(session, attendance.project_id, ["meeting.attendance"])
    await record_change(session, meeting)


# What a batch is made of.
ATTENDANCE_VERBS = Verbs(repository.ATTENDANCES, create=invite_person, update=change_attendance, delete=uninvite_person)
