"""HTTP of this area: path, status, one call."""

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Query
from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Day, Listing
from services.kernel.write import KeyedWriting, Write, Writing
from services.planning.competences.schemas import CandidatesShape
from services.planning.resources.kinds import RESOURCE_ASSIGN
from services.planning.schedule.kinds import SCHEDULE_DATES
from services.planning.staffing import use_cases
from services.planning.staffing.kinds import STAFFING_AGREE, STAFFING_ANSWER, STAFFING_REQUEST
from services.planning.staffing.repository import ALL_STAFFING_REQUESTS, STAFFING_REQUESTS
from services.planning.staffing.schemas import (
    ConsequenceShape,
    NewCounterOffer,
    NewStaffingOffer,
    NewStaffingRequest,
    StaffingReason,
    StaffingRequestShape,
)
from services.planning.staffing.staffing_request import StaffingRequest

router = area_router("staffing-requests")
_PATH = "/v1/staffing-requests/{staffing_request_id}"


async def _answer(write: Write, request: StaffingRequest) -> Response:
    body = await STAFFING_REQUESTS.represent(write.session, request.id)
    return await write.answer(body, version=request.version)


@router.get(
    "/v1/projects/{project_id}/staffing-requests",
    response_model=Listing[StaffingRequestShape],
    openapi_extra={"parameters": STAFFING_REQUESTS.list_parameters()},
)
async def list_staffing_requests(project_id: UUID, read: Reading) -> Response:
    """What the project asks the line for."""
    return await STAFFING_REQUESTS.page(read, project_id)


@router.get(
    "/v1/staffing-requests",
    response_model=Listing[StaffingRequestShape],
    openapi_extra={"parameters": ALL_STAFFING_REQUESTS.list_parameters()},
)
async def list_all_staffing_requests(read: Reading) -> Response:
    """Over all projects: what one is asked for as a line owner, and what one's own projects ask for."""
    return await ALL_STAFFING_REQUESTS.page(read)


@router.post("/v1/projects/{project_id}/staffing-requests/searches", response_model=Listing[StaffingRequestShape])
async def search_staffing_requests(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The project's requests that meet a combination of conditions."""
    return await STAFFING_REQUESTS.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/staffing-requests", status_code=201, response_model=StaffingRequestShape)
@acts(STAFFING_REQUEST)
async def ask_for_staff(project_id: UUID, new: NewStaffingRequest, write: Writing) -> Response:
    """Ask a line owner for somebody in a role, for a time."""
    request = await use_cases.ask_for_staff(write.session, project_id, new)
    body = await STAFFING_REQUESTS.represent(write.session, request.id)
    location = f"/v1/staffing-requests/{request.id}"
    return await write.answer(body, status=201, version=request.version, location=location)


@router.get(
    _PATH,
    response_model=StaffingRequestShape,
    openapi_extra={"parameters": STAFFING_REQUESTS.object_parameters()},
)
async def get_staffing_request(staffing_request_id: UUID, read: Reading) -> Response:
    """One request with its history."""
    return await STAFFING_REQUESTS.one(read, staffing_request_id)


@router.post(f"{_PATH}/offers", response_model=StaffingRequestShape)
@acts(STAFFING_ANSWER)
async def offer_staff(staffing_request_id: UUID, offer: NewStaffingOffer, write: KeyedWriting) -> Response:
    """As the line owner, offer somebody, on the terms that were asked for or on others."""
    return await _answer(write, await use_cases.offer_staff(write.session, staffing_request_id, offer))


@router.post(f"{_PATH}/refusal", response_model=StaffingRequestShape)
@acts(STAFFING_ANSWER)
async def decline(staffing_request_id: UUID, refusal: StaffingReason, write: KeyedWriting) -> Response:
    """As the line owner, say that there is nobody."""
    return await _answer(write, await use_cases.decline(write.session, staffing_request_id, refusal.reason))


@router.post(f"{_PATH}/counter-offers", response_model=StaffingRequestShape)
@acts(STAFFING_REQUEST)
async def counter_offer(staffing_request_id: UUID, counter: NewCounterOffer, write: KeyedWriting) -> Response:
    """As the project, ask on other terms than were offered."""
    return await _answer(write, await use_cases.counter_offer(write.session, staffing_request_id, counter))


@router.post(f"{_PATH}/withdrawal", response_model=StaffingRequestShape)
@acts(STAFFING_REQUEST)
async def withdraw(staffing_request_id: UUID, withdrawal: StaffingReason, write: KeyedWriting) -> Response:
    """As the project, ask no longer."""
    return await _answer(write, await use_cases.withdraw(write.session, staffing_request_id, withdrawal.reason))


@router.post(f"{_PATH}/agreement", response_model=StaffingRequestShape)
@acts(STAFFING_AGREE, RESOURCE_ASSIGN, SCHEDULE_DATES)
async def agree(staffing_request_id: UUID, agreement: StaffingReason, write: KeyedWriting) -> Response:
    """As the project, take the offer: a decision that books whoever was offered, and lets them work on the task."""
    request, effects = await use_cases.agree(write.session, staffing_request_id, agreement.reason)
    body = await STAFFING_REQUESTS.represent(write.session, request.id)
    return await write.answer(body, version=request.version, effects=effects)


@router.get(f"{_PATH}/consequence", response_model=ConsequenceShape)
async def get_consequence(
    staffing_request_id: UUID,
    read: Reading,
    until: Annotated[
        Day | None, Query(description="The day until which one waits; that to answer by, unless named.")
    ] = None,
) -> Response:
    """What comes of waiting for an answer: when the work has to begin, and what of the plan would move."""
    found = await use_cases.read_consequence(read, staffing_request_id, until)
    return Response(orjson.dumps(found), media_type="application/json")


@router.get(f"{_PATH}/candidates", response_model=CandidatesShape)
async def get_staffing_candidates(staffing_request_id: UUID, read: Reading) -> Response:
    """Who of the project's own resources could do it, the best first."""
    found = await use_cases.read_candidates(read, staffing_request_id)
    return Response(orjson.dumps(found), media_type="application/json")
