"""HTTP of this area: path, status, one call."""

from uuid import UUID

from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import Writing
from services.planning.labels import use_cases
from services.planning.labels.kinds import LABEL_RECORD
from services.planning.labels.repository import LABELS
from services.planning.labels.schemas import Labelling, LabelPatch, LabelShape, NewLabel
from services.planning.schedule.kinds import TASK_EDIT
from services.planning.schedule.repository.collections import TASKS
from services.planning.schedule.schemas import TaskShape

router = area_router("labels")


@router.get(
    "/v1/projects/{project_id}/labels",
    response_model=Listing[LabelShape],
    openapi_extra={"parameters": LABELS.list_parameters()},
)
async def list_labels(project_id: UUID, read: Reading) -> Response:
    """The project's labels with their colours."""
    return await LABELS.page(read, project_id)


@router.post("/v1/projects/{project_id}/labels/searches", response_model=Listing[LabelShape])
async def search_labels(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The labels that meet a combination of conditions."""
    return await LABELS.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/labels", status_code=201, response_model=LabelShape)
@acts(LABEL_RECORD)
async def add_label(project_id: UUID, new: NewLabel, write: Writing) -> Response:
    """Add a label to those of the project."""
    made = await use_cases.add_label(write.session, project_id, new)
    body = await LABELS.represent(write.session, made.id)
    return await write.answer(body, status=201, version=made.version, location=f"/v1/labels/{made.id}")


@router.get(
    "/v1/labels/{label_id}", response_model=LabelShape, openapi_extra={"parameters": LABELS.object_parameters()}
)
async def get_label(label_id: UUID, read: Reading) -> Response:
    """One label."""
    return await LABELS.one(read, label_id)


@router.patch("/v1/labels/{label_id}", response_model=LabelShape)
@acts(LABEL_RECORD)
async def change_label(label_id: UUID, patch: LabelPatch, write: Writing) -> Response:
    """Show a label in another colour, or call it otherwise, in all tasks that have it."""
    made = await use_cases.change_label(write.session, label_id, write.expected_version, patch)
    return await write.answer(await LABELS.represent(write.session, label_id), version=made.version)


@router.delete("/v1/labels/{label_id}", status_code=204)
@acts(LABEL_RECORD)
async def remove_label(label_id: UUID, write: Writing) -> Response:
    """Remove a label from the project and from all tasks that have it."""
    await use_cases.remove_label(write.session, label_id, write.expected_version)
    return await write.answer_empty()


@router.post("/v1/tasks/{task_id}/labellings", response_model=TaskShape)
@acts(TASK_EDIT)
async def label_task(task_id: UUID, labelling: Labelling, write: Writing) -> Response:
    """Let a task take labels and lose others, whichever it has besides."""
    version = await use_cases.label_task(write.session, task_id, labelling)
    return await write.answer(await TASKS.represent(write.session, task_id), version=version)
