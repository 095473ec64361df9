"""`/v1/attendances`: who is invited, what they answered and whether they came."""

from uuid import UUID

from starlette.responses import Response

from services.coordination.meetings.kinds import MEETING_ATTENDANCE
from services.coordination.meetings.repository import ATTENDANCES
from services.coordination.meetings.schemas import AttendanceBatch, AttendancePatch, AttendanceShape, NewAttendance
from services.coordination.meetings.use_cases import attendances as use_cases
from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.batch import BATCH_ANSWERS, BatchShape, run_batch
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting, Writing

router = area_router("meetings")


@router.post("/v1/projects/{project_id}/attendances", status_code=201, response_model=AttendanceShape)
@acts(MEETING_ATTENDANCE)
async def invite_person(project_id: UUID, new: NewAttendance, write: Writing) -> Response:
    """Widen a meeting's circle."""
    attendance = await use_cases.invite_person(write.session, project_id, new)
    body = await ATTENDANCES.represent(write.session, attendance.id)
    return await write.answer(body, status=201, version=attendance.version, location=f"/v1/attendances/{attendance.id}")


@router.get(
    "/v1/projects/{project_id}/attendances",
    response_model=Listing[AttendanceShape],
    openapi_extra={"parameters": ATTENDANCES.list_parameters()},
)
async def list_attendances(project_id: UUID, read: Reading) -> Response:
    """Who attends the project's meetings; `meeting_id` picks one."""
    return await ATTENDANCES.page(read, project_id)


@router.post("/v1/projects/{project_id}/attendances/searches", response_model=Listing[AttendanceShape])
async def search_attendances(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The same list under a combination of conditions."""
    return await ATTENDANCES.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/attendances/batch", response_model=BatchShape, responses=BATCH_ANSWERS)
@acts(MEETING_ATTENDANCE)
async def change_attendances(project_id: UUID, batch: AttendanceBatch, write: KeyedWriting) -> Response:
    """Widen and narrow circles, and note who came, up to 1,000 people at a time."""
    return await run_batch(write, project_id, batch, use_cases.ATTENDANCE_VERBS)


@router.get(
    "/v1/attendances/{attendance_id}",
    response_model=AttendanceShape,
    openapi_extra={"parameters": ATTENDANCES.object_parameters()},
)
async def get_attendance(attendance_id: UUID, read: Reading) -> Response:
    """One person's part in one meeting."""
    return await ATTENDANCES.one(read, attendance_id)


@router.patch("/v1/attendances/{attendance_id}", response_model=AttendanceShape)
@acts(MEETING_ATTENDANCE)
async def change_attendance(attendance_id: UUID, patch: AttendancePatch, write: Writing) -> Response:
    """Answer an invitation, or note who came."""
    attendance = await use_cases.change_attendance(write.session, attendance_id, write.expected_version, patch)
    return await write.answer(await ATTENDANCES.represent(write.session, attendance_id), version=attendance.version)


@router.delete("/v1/attendances/{attendance_id}", status_code=204)
@acts(MEETING_ATTENDANCE)
async def uninvite_person(attendance_id: UUID, write: Writing) -> Response:
    """Take somebody out of a meeting's circle."""
    await use_cases.uninvite_person(write.session, attendance_id, write.expected_version)
    return await write.answer_empty()
