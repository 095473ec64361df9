"""`/v1/meetings`: the call, the minutes, their signature and what is sent."""

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Body
from starlette.responses import Response

from services.coordination.meetings import repository
from services.coordination.meetings.kinds import (
    MEETING_CALL,
    MEETING_CHANGE,
    MEETING_INVITE,
    MINUTES_DISTRIBUTE,
    MINUTES_SIGN,
)
from services.coordination.meetings.minutes import canonical, fingerprint
from services.coordination.meetings.repository import MEETINGS
from services.coordination.meetings.schemas import MeetingPatch, MeetingShape, MinutesShape, NewMeeting, NewSignature
from services.coordination.meetings.use_cases import meetings as use_cases
from services.coordination.meetings.use_cases import minutes as minutes_use_cases
from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.collection import SearchQuery, conditional
from services.kernel.job_routes import JOBS, JobShape
from services.kernel.problems import NotFound
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting, Write, Writing

router = area_router("meetings")


@router.post("/v1/projects/{project_id}/meetings", status_code=201, response_model=MeetingShape)
@acts(MEETING_CALL)
async def call_meeting(project_id: UUID, new: NewMeeting, write: Writing) -> Response:
    """Call a meeting, with its agenda and those who shall attend."""
    meeting = await use_cases.call_meeting(write.session, project_id, new)
    body = await MEETINGS.represent(write.session, meeting.id)
    return await write.answer(body, status=201, version=meeting.version, location=f"/v1/meetings/{meeting.id}")


@router.get(
    "/v1/projects/{project_id}/meetings",
    response_model=Listing[MeetingShape],
    openapi_extra={"parameters": MEETINGS.list_parameters()},
)
async def list_meetings(project_id: UUID, read: Reading) -> Response:
    """The project's meetings; a guest sees those to which they are invited."""
    return await MEETINGS.page(read, project_id)


@router.post("/v1/projects/{project_id}/meetings/searches", response_model=Listing[MeetingShape])
async def search_meetings(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The same list under a combination of conditions."""
    return await MEETINGS.search(read, query, project_id)


@router.get(
    "/v1/meetings/{meeting_id}", response_model=MeetingShape, openapi_extra={"parameters": MEETINGS.object_parameters()}
)
async def get_meeting(meeting_id: UUID, read: Reading) -> Response:
    """One meeting; `expand=agenda,attendances,outcomes` shows all of it."""
    return await MEETINGS.one(read, meeting_id)


@router.patch("/v1/meetings/{meeting_id}", response_model=MeetingShape)
@acts(MEETING_CHANGE)
async def change_meeting(meeting_id: UUID, patch: MeetingPatch, write: Writing) -> Response:
    """Move the meeting, change its call, note that it was held, or cancel it."""
    meeting = await use_cases.change_meeting(write.session, meeting_id, write.expected_version, patch)
    return await write.answer(await MEETINGS.represent(write.session, meeting_id), version=meeting.version)


@router.get("/v1/meetings/{meeting_id}/minutes", response_model=MinutesShape)
async def get_minutes(meeting_id: UUID, read: Reading) -> Response:
    """The minutes as one document: as they stand now, or exactly as they were signed."""
    if not await repository.is_visible(read.session, read.principal, meeting_id):
        raise NotFound
    signed = await repository.signed_minutes(read.session, meeting_id)
    text = signed["minutes"] or canonical(await repository.minutes_document(read.session, meeting_id))
    sha256 = fingerprint(text)
    body = {
        "meeting_id": meeting_id,
        "signed": signed["minutes"] is not None,
        "signed_by_id": signed["signed_by_id"],
        "signed_at": signed["signed_at"],
        "sha256": sha256,
        "document": orjson.Fragment(text),
    }
    return conditional(read, orjson.dumps(body, default=str), f'"{sha256}"')


@router.post("/v1/meetings/{meeting_id}/signature", status_code=201, response_model=MeetingShape)
@acts(MINUTES_SIGN)
async def sign_minutes(
    meeting_id: UUID, write: KeyedWriting, new: Annotated[NewSignature | None, Body()] = None
) -> Response:
    """Sign the minutes. They are frozen, decisions are taken in the signer's name, and actions are assigned."""
    meeting, effects = await minutes_use_cases.sign_minutes(write.session, meeting_id, new or NewSignature())
    body = await MEETINGS.represent(write.session, meeting_id)
    location = f"/v1/meetings/{meeting_id}/minutes"
    return await write.answer(body, status=201, version=meeting.version, location=location, effects=effects)


@router.post("/v1/meetings/{meeting_id}/invitations", status_code=202, response_model=JobShape)
@acts(MEETING_INVITE)
async def send_invitations(meeting_id: UUID, write: KeyedWriting) -> Response:
    """Mail everybody of the meeting an invitation that their calendar understands, or its cancellation."""
    return await _accepted(write, await minutes_use_cases.send_invitations(write.session, meeting_id))


@router.post("/v1/meetings/{meeting_id}/distributions", status_code=202, response_model=JobShape)
@acts(MINUTES_DISTRIBUTE)
async def distribute_minutes(meeting_id: UUID, write: KeyedWriting) -> Response:
    """Mail the signed minutes to everybody of the meeting."""
    return await _accepted(write, await minutes_use_cases.distribute_minutes(write.session, meeting_id))


async def _accepted(write: Write, job_id: UUID) -> Response:
    body = await JOBS.represent(write.session, job_id)
    return await write.answer(body, status=202, location=f"/v1/jobs/{job_id}")
