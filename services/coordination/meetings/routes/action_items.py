"""`/v1/action-items`: what minutes assigned, until it is done."""

from uuid import UUID

from starlette.responses import Response

from services.coordination.meetings.kinds import ACTION_ITEM_CHANGE, ACTION_ITEM_REPORT
from services.coordination.meetings.repository import ACTION_ITEMS
from services.coordination.meetings.schemas import ActionItemBatch, ActionItemPatch, ActionItemShape
from services.coordination.meetings.use_cases import action_items as use_cases
from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.batch import BATCH_ANSWERS, BatchShape, run_batch
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting, Writing

router = area_router("meetings")


@router.get(
    "/v1/projects/{project_id}/action-items",
    response_model=Listing[ActionItemShape],
    openapi_extra={"parameters": ACTION_ITEMS.list_parameters()},
)
async def list_action_items(project_id: UUID, read: Reading) -> Response:
    """What the project's minutes assigned; `overdue=true` shows what should have been done."""
    return await ACTION_ITEMS.page(read, project_id)


@router.post("/v1/projects/{project_id}/action-items/searches", response_model=Listing[ActionItemShape])
async def search_action_items(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The same list under a combination of conditions."""
    return await ACTION_ITEMS.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/action-items/batch", response_model=BatchShape, responses=BATCH_ANSWERS)
@acts(ACTION_ITEM_REPORT, ACTION_ITEM_CHANGE)
async def change_action_items(project_id: UUID, batch: ActionItemBatch, write: KeyedWriting) -> Response:
    """Change or close up to 1,000 action items."""
    return await run_batch(write, project_id, batch, use_cases.ACTION_ITEM_VERBS)


@router.get(
    "/v1/action-items/{action_item_id}",
    response_model=ActionItemShape,
    openapi_extra={"parameters": ACTION_ITEMS.object_parameters()},
)
async def get_action_item(action_item_id: UUID, read: Reading) -> Response:
    """One action item, with its task once planning has made one."""
    return await ACTION_ITEMS.one(read, action_item_id)


@router.patch("/v1/action-items/{action_item_id}", response_model=ActionItemShape)
@acts(ACTION_ITEM_REPORT, ACTION_ITEM_CHANGE)
async def change_action_item(action_item_id: UUID, patch: ActionItemPatch, write: Writing) -> Response:
    """Change an open action item, or close it."""
    item = await use_cases.change_action_item(write.session, action_item_id, write.expected_version, patch)
    return await write.answer(await ACTION_ITEMS.represent(write.session, action_item_id), version=item.version)
