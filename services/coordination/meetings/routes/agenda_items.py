"""`/v1/agenda-items`: the points of the agendas."""

from uuid import UUID

from starlette.responses import Response

from services.coordination.meetings.kinds import MEETING_AGENDA
from services.coordination.meetings.repository import AGENDA_ITEMS
from services.coordination.meetings.schemas import AgendaItemBatch, AgendaItemPatch, AgendaItemShape, NewAgendaItem
from services.coordination.meetings.use_cases import agenda_items as use_cases
from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.batch import BATCH_ANSWERS, BatchShape, run_batch
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting, Writing

router = area_router("meetings")


@router.post("/v1/projects/{project_id}/agenda-items", status_code=201, response_model=AgendaItemShape)
@acts(MEETING_AGENDA)
async def add_agenda_item(project_id: UUID, new: NewAgendaItem, write: Writing) -> Response:
    """Put a point on a meeting's agenda."""
    agenda_item = await use_cases.add_agenda_item(write.session, project_id, new)
    body = await AGENDA_ITEMS.represent(write.session, agenda_item.id)
    return await write.answer(
        body, status=201, version=agenda_item.version, location=f"/v1/agenda-items/{agenda_item.id}"
    )


@router.get(
    "/v1/projects/{project_id}/agenda-items",
    response_model=Listing[AgendaItemShape],
    openapi_extra={"parameters": AGENDA_ITEMS.list_parameters()},
)
async def list_agenda_items(project_id: UUID, read: Reading) -> Response:
    """The agendas of the project's meetings; `meeting_id` picks one."""
    return await AGENDA_ITEMS.page(read, project_id)


@router.post("/v1/projects/{project_id}/agenda-items/searches", response_model=Listing[AgendaItemShape])
async def search_agenda_items(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The same list under a combination of conditions."""
    return await AGENDA_ITEMS.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/agenda-items/batch", response_model=BatchShape, responses=BATCH_ANSWERS)
@acts(MEETING_AGENDA)
async def change_agenda_items(project_id: UUID, batch: AgendaItemBatch, write: KeyedWriting) -> Response:
    """Put points on agendas, change and remove them, up to 1,000 at a time."""
    return await run_batch(write, project_id, batch, use_cases.AGENDA_ITEM_VERBS)


@router.get(
    "/v1/agenda-items/{agenda_item_id}",
    response_model=AgendaItemShape,
    openapi_extra={"parameters": AGENDA_ITEMS.object_parameters()},
)
async def get_agenda_item(agenda_item_id: UUID, read: Reading) -> Response:
    """One point; `expand=proposal` shows what it puts up for decision."""
    return await AGENDA_ITEMS.one(read, agenda_item_id)


@router.patch("/v1/agenda-items/{agenda_item_id}", response_model=AgendaItemShape)
@acts(MEETING_AGENDA)
async def change_agenda_item(agenda_item_id: UUID, patch: AgendaItemPatch, write: Writing) -> Response:
    """Change or move a point."""
    agenda_item = await use_cases.change_agenda_item(write.session, agenda_item_id, write.expected_version, patch)
    return await write.answer(await AGENDA_ITEMS.represent(write.session, agenda_item_id), version=agenda_item.version)


@router.delete("/v1/agenda-items/{agenda_item_id}", status_code=204)
@acts(MEETING_AGENDA)
async def remove_agenda_item(agenda_item_id: UUID, write: Writing) -> Response:
    """Take a point off the agenda."""
    await use_cases.remove_agenda_item(write.session, agenda_item_id, write.expected_version)
    return await write.answer_empty()
