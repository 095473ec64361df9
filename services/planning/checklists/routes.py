"""HTTP of this area: path, status, one call."""

from uuid import UUID

from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import Writing
from services.planning.checklists import use_cases
from services.planning.checklists.kinds import CHECKLIST_KEEP
from services.planning.checklists.repository import CHECKLIST_ITEMS
from services.planning.checklists.schemas import ChecklistItemPatch, ChecklistItemShape, NewChecklistItem
from services.planning.schedule.kinds import SCOPE_TASK
from services.planning.schedule.repository.collections import TASKS
from services.planning.schedule.schemas import TaskShape

router = area_router("checklists")


@router.get(
    "/v1/projects/{project_id}/checklist-items",
    response_model=Listing[ChecklistItemShape],
    openapi_extra={"parameters": CHECKLIST_ITEMS.list_parameters()},
)
async def list_checklist_items(project_id: UUID, read: Reading) -> Response:
    """The items of the project's checklists, by task and rank; `task_id` names one task."""
    return await CHECKLIST_ITEMS.page(read, project_id)


@router.post("/v1/projects/{project_id}/checklist-items/searches", response_model=Listing[ChecklistItemShape])
async def search_checklist_items(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The items that meet a combination of conditions."""
    return await CHECKLIST_ITEMS.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/checklist-items", status_code=201, response_model=ChecklistItemShape)
@acts(CHECKLIST_KEEP)
async def add_checklist_item(project_id: UUID, new: NewChecklistItem, write: Writing) -> Response:
    """Add an item to a task's checklist."""
    made = await use_cases.add_item(write.session, project_id, new)
    body = await CHECKLIST_ITEMS.represent(write.session, made.id)
    return await write.answer(body, status=201, version=made.version, location=f"/v1/checklist-items/{made.id}")


@router.get(
    "/v1/checklist-items/{checklist_item_id}",
    response_model=ChecklistItemShape,
    openapi_extra={"parameters": CHECKLIST_ITEMS.object_parameters()},
)
async def get_checklist_item(checklist_item_id: UUID, read: Reading) -> Response:
    """One item of a checklist."""
    return await CHECKLIST_ITEMS.one(read, checklist_item_id)


@router.patch("/v1/checklist-items/{checklist_item_id}", response_model=ChecklistItemShape)
@acts(CHECKLIST_KEEP)
async def change_checklist_item(checklist_item_id: UUID, patch: ChecklistItemPatch, write: Writing) -> Response:
    """Tick an item off, or say otherwise what it is, whose, by when, and where it stands."""
    made = await use_cases.change_item(write.session, checklist_item_id, write.expected_version, patch)
    return await write.answer(await CHECKLIST_ITEMS.represent(write.session, checklist_item_id), version=made.version)


@router.delete("/v1/checklist-items/{checklist_item_id}", status_code=204)
@acts(CHECKLIST_KEEP)
async def remove_checklist_item(checklist_item_id: UUID, write: Writing) -> Response:
    """Take an item off the checklist."""
    await use_cases.remove_item(write.session, checklist_item_id, write.expected_version)
    return await write.answer_empty()


@router.post("/v1/checklist-items/{checklist_item_id}/subtask", status_code=201, response_model=TaskShape)
@acts(SCOPE_TASK, CHECKLIST_KEEP)
async def become_subtask(checklist_item_id: UUID, write: Writing) -> Response:
    """Make an item work of its own, below its task; the plan is rescheduled."""
    task, effects = await use_cases.become_subtask(write.session, checklist_item_id)
    body = await TASKS.represent(write.session, task.id)
    return await write.answer(body, status=201, version=task.version, location=f"/v1/tasks/{task.id}", effects=effects)
