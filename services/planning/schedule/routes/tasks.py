"""HTTP of tasks and milestones."""

from uuid import UUID

from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.batch import BATCH_ANSWERS, BatchShape, answer_batch
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting, Writing
from services.planning.custom_fields.listing import page_with_fields, search_with_fields
from services.planning.schedule.kinds import SCHEDULE_DATES, SCOPE_TASK, TASK_EDIT, TASK_PROGRESS
from services.planning.schedule.repository.collections import MILESTONES, TASKS
from services.planning.schedule.schemas import NewTask, TaskBatch, TaskPatch, TaskShape
from services.planning.schedule.use_cases import tasks as use_cases

router = area_router("tasks")


@router.get(
    "/v1/projects/{project_id}/tasks",
    response_model=Listing[TaskShape],
    openapi_extra={"parameters": TASKS.list_parameters()},
)
async def list_tasks(project_id: UUID, read: Reading) -> Response:
    """The project's tasks, in the order of the outline unless sorted otherwise.

    They are also filtered and sorted by the project's custom fields, as `field.` and the key: `field.cost[gte]=10`.
    """
    return await (await page_with_fields(TASKS, read, project_id)).page(read, project_id)


@router.post("/v1/projects/{project_id}/tasks/searches", response_model=Listing[TaskShape])
async def search_tasks(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The project's tasks that meet a combination of conditions."""
    return await (await search_with_fields(TASKS, read, query, project_id)).search(read, query, project_id)


@router.get(
    "/v1/projects/{project_id}/milestones",
    response_model=Listing[TaskShape],
    openapi_extra={"parameters": MILESTONES.list_parameters()},
)
async def list_milestones(project_id: UUID, read: Reading) -> Response:
    """The tasks that are milestones."""
    return await (await page_with_fields(MILESTONES, read, project_id)).page(read, project_id)


@router.post("/v1/projects/{project_id}/tasks", status_code=201, response_model=TaskShape)
@acts(SCOPE_TASK)
async def add_task(project_id: UUID, new: NewTask, write: Writing) -> Response:
    """Put a task into the outline; the plan is rescheduled."""
    task, effects = await use_cases.add_task(write.session, project_id, new)
    body = await TASKS.represent(write.session, task.id)
    return await write.answer(body, status=201, version=task.version, location=f"/v1/tasks/{task.id}", effects=effects)


@router.post(
    "/v1/projects/{project_id}/tasks/batch",
    response_model=BatchShape,
    responses=BATCH_ANSWERS,
)
@acts(TASK_EDIT, TASK_PROGRESS, SCOPE_TASK, SCHEDULE_DATES)
async def run_batch(project_id: UUID, batch: TaskBatch, write: KeyedWriting) -> Response:
    """Up to 1,000 operations, rescheduled once. `"$n"` stands for the task that the n-th operation creates.

    A batch that is not atomic skips operations that cannot be carried out; a plan that cannot be scheduled, or authority
    that is short for the whole, refuses it altogether.
    """
    outcomes, effects = await use_cases.run_batch(write.session, project_id, batch)
    return await answer_batch(write, batch, outcomes, effects)


@router.get("/v1/tasks/{task_id}", response_model=TaskShape, openapi_extra={"parameters": TASKS.object_parameters()})
async def get_task(task_id: UUID, read: Reading) -> Response:
    """One task with its computed dates and float."""
    return await TASKS.one(read, task_id)


@router.patch("/v1/tasks/{task_id}", response_model=TaskShape)
@acts(TASK_EDIT, TASK_PROGRESS, SCOPE_TASK, SCHEDULE_DATES)
async def edit_task(task_id: UUID, patch: TaskPatch, write: Writing) -> Response:
    """Change a task; what moves dates is measured, and decided by whoever has authority over that effect."""
    task, effects = await use_cases.edit_task(write.session, task_id, write.expected_version, patch)
    return await write.answer(await TASKS.represent(write.session, task_id), version=task.version, effects=effects)


@router.delete("/v1/tasks/{task_id}", status_code=204)
@acts(SCOPE_TASK)
async def delete_task(task_id: UUID, write: Writing) -> Response:
    """Remove a task, all below it and their dependencies."""
    await use_cases.delete_task(write.session, task_id, write.expected_version)
    return await write.answer_empty()
