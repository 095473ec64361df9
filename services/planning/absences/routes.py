"""HTTP of this area: path, status, one call."""

from uuid import UUID

from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import Writing
from services.planning.absences import use_cases
from services.planning.absences.kinds import RESOURCE_ABSENCE
from services.planning.absences.repository import ABSENCES
from services.planning.absences.schemas import AbsencePatch, AbsenceShape, NewAbsence
from services.planning.resources.kinds import RESOURCE_CHANGE
from services.planning.schedule.kinds import SCHEDULE_DATES

router = area_router("absences")


@router.get(
    "/v1/projects/{project_id}/absences",
    response_model=Listing[AbsenceShape],
    openapi_extra={"parameters": ABSENCES.list_parameters()},
)
async def list_absences(project_id: UUID, read: Reading) -> Response:
    """Who is away when."""
    return await ABSENCES.page(read, project_id)


@router.post("/v1/projects/{project_id}/absences/searches", response_model=Listing[AbsenceShape])
async def search_absences(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The absences that meet a combination of conditions."""
    return await ABSENCES.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/absences", status_code=201, response_model=AbsenceShape)
@acts(RESOURCE_ABSENCE, RESOURCE_CHANGE, SCHEDULE_DATES)
async def record_absence(project_id: UUID, new: NewAbsence, write: Writing) -> Response:
    """Record that a resource is away; what it works on moves."""
    absence, effects = await use_cases.record_absence(write.session, project_id, new)
    body = await ABSENCES.represent(write.session, absence.id)
    location = f"/v1/absences/{absence.id}"
    return await write.answer(body, status=201, version=absence.version, location=location, effects=effects)


@router.get(
    "/v1/absences/{absence_id}",
    response_model=AbsenceShape,
    openapi_extra={"parameters": ABSENCES.object_parameters()},
)
async def get_absence(absence_id: UUID, read: Reading) -> Response:
    """One absence."""
    return await ABSENCES.one(read, absence_id)


@router.patch("/v1/absences/{absence_id}", response_model=AbsenceShape)
@acts(RESOURCE_ABSENCE, RESOURCE_CHANGE, SCHEDULE_DATES)
async def change_absence(absence_id: UUID, patch: AbsencePatch, write: Writing) -> Response:
    """Other days, or other words about them."""
    absence, effects = await use_cases.change_absence(write.session, absence_id, write.expected_version, patch)
    body = await ABSENCES.represent(write.session, absence_id)
    return await write.answer(body, version=absence.version, effects=effects)


@router.delete("/v1/absences/{absence_id}", status_code=204)
@acts(RESOURCE_ABSENCE, RESOURCE_CHANGE, SCHEDULE_DATES)
async def remove_absence(absence_id: UUID, write: Writing) -> Response:
    """The resource is there after all."""
    await use_cases.remove_absence(write.session, absence_id, write.expected_version)
    return await write.answer_empty()
