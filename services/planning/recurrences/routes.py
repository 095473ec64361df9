"""HTTP of this area: path, status, one call."""

from uuid import UUID

from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import Writing
from services.planning.recurrences import use_cases
from services.planning.recurrences.repository import RECURRENCES
from services.planning.recurrences.schemas import NewRecurrence, RecurrencePatch, RecurrenceShape
from services.planning.schedule.kinds import SCHEDULE_DATES, SCOPE_TASK

router = area_router("recurrences")
_PATH = "/v1/recurrences/{recurrence_id}"


@router.get(
    "/v1/projects/{project_id}/recurrences",
    response_model=Listing[RecurrenceShape],
    openapi_extra={"parameters": RECURRENCES.list_parameters()},
)
async def list_recurrences(project_id: UUID, read: Reading) -> Response:
    """The project's recurring tasks."""
    return await RECURRENCES.page(read, project_id)


@router.post("/v1/projects/{project_id}/recurrences/searches", response_model=Listing[RecurrenceShape])
async def search_recurrences(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The recurring tasks that meet a combination of conditions."""
    return await RECURRENCES.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/recurrences", status_code=201, response_model=RecurrenceShape)
@acts(SCOPE_TASK)
async def add_recurrence(project_id: UUID, new: NewRecurrence, write: Writing) -> Response:
    """Put a recurring task into the outline: a summary with a task for each of its days, at most 999."""
    made, effects = await use_cases.add_recurrence(write.session, project_id, new)
    body = await RECURRENCES.represent(write.session, made.id)
    location = f"/v1/recurrences/{made.id}"
    return await write.answer(body, status=201, version=made.version, location=location, effects=effects)


@router.get(_PATH, response_model=RecurrenceShape, openapi_extra={"parameters": RECURRENCES.object_parameters()})
async def get_recurrence(recurrence_id: UUID, read: Reading) -> Response:
    """One recurring task with its occurrences."""
    return await RECURRENCES.one(read, recurrence_id)


@router.patch(_PATH, response_model=RecurrenceShape)
@acts(SCOPE_TASK, SCHEDULE_DATES)
async def change_recurrence(recurrence_id: UUID, patch: RecurrencePatch, write: Writing) -> Response:
    """Let it recur otherwise: what has begun stays, and the rest is made again."""
    made, effects = await use_cases.change_recurrence(write.session, recurrence_id, write.expected_version, patch)
    body = await RECURRENCES.represent(write.session, made.id)
    return await write.answer(body, version=made.version, effects=effects)


@router.delete(_PATH, status_code=204)
@acts(SCOPE_TASK)
async def remove_recurrence(recurrence_id: UUID, write: Writing) -> Response:
    """It does not recur any more; what has begun stays."""
    await use_cases.remove_recurrence(write.session, recurrence_id, write.expected_version)
    return await write.answer_empty()
