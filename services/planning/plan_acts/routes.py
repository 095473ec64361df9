"""HTTP of acts on many tasks, each one change of the plan that is decided by its whole effect, and of the journal."""

from uuid import UUID

from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting
from services.planning.plan_acts import use_cases
from services.planning.plan_acts.schemas import (
    NewResourceReplacement,
    NewTaskCopy,
    NewTaskDeletion,
    NewTaskMove,
    NewTaskShift,
    PlanActShape,
    PlanChangeShape,
)
from services.planning.resources.kinds import RESOURCE_ASSIGN
from services.planning.schedule.kinds import SCHEDULE_DATES, SCOPE_TASK, TASK_EDIT, TASK_PROGRESS
from services.planning.schedule.repository.collections import PLAN_CHANGES

router = area_router("plan-acts")


@router.post("/v1/projects/{project_id}/task-shifts", response_model=PlanActShape)
@acts(SCHEDULE_DATES)
async def shift_tasks(project_id: UUID, new: NewTaskShift, write: KeyedWriting) -> Response:
    """Move up to 10,000 tasks by working days: dates that were given move, and what follows by links follows.

    A task without a date of its own that no other of them drives is told to start no earlier than its shifted start.
    """
    body, effects = await use_cases.shift(write.session, project_id, new)
    return await write.answer(body, effects=effects)


@router.post("/v1/projects/{project_id}/task-moves", response_model=PlanActShape)
@acts(SCOPE_TASK)
async def move_tasks(project_id: UUID, new: NewTaskMove, write: KeyedWriting) -> Response:
    """Indent, outdent or move up to 1,000 tasks, with all below them, in their order."""
    body, effects = await use_cases.move_in_outline(write.session, project_id, new)
    return await write.answer(body, effects=effects)


@router.post("/v1/projects/{project_id}/task-copies", response_model=PlanActShape)
@acts(SCOPE_TASK, RESOURCE_ASSIGN)
async def copy_tasks(project_id: UUID, new: NewTaskCopy, write: KeyedWriting) -> Response:
    """Copy tasks with all below them, up to 1,000 in all, with the dependencies between them."""
    body, effects = await use_cases.copy(write.session, project_id, new)
    return await write.answer(body, effects=effects)


@router.post("/v1/projects/{project_id}/task-deletions", response_model=PlanActShape)
@acts(SCOPE_TASK)
async def delete_tasks(project_id: UUID, new: NewTaskDeletion, write: KeyedWriting) -> Response:
    """Remove up to 10,000 tasks, all below them and their dependencies."""
    body, effects = await use_cases.delete(write.session, project_id, new)
    return await write.answer(body, effects=effects)


@router.post("/v1/projects/{project_id}/resource-replacements", response_model=PlanActShape)
@acts(RESOURCE_ASSIGN, SCHEDULE_DATES)
async def replace_resource(project_id: UUID, new: NewResourceReplacement, write: KeyedWriting) -> Response:
    """Give the unfinished work of one resource to another of its type; where both take part it stays as it is."""
    body, effects = await use_cases.replace_resource(write.session, project_id, new)
    return await write.answer(body, effects=effects)


@router.get(
    "/v1/projects/{project_id}/plan-changes",
    response_model=Listing[PlanChangeShape],
    openapi_extra={"parameters": PLAN_CHANGES.list_parameters()},
)
async def list_plan_changes(project_id: UUID, read: Reading) -> Response:
    """What was entered into the plan, the newest first. Imports, and the tasks of action items, do not stand here."""
    return await PLAN_CHANGES.page(read, project_id)


@router.get(
    "/v1/plan-changes/{plan_change_id}",
    response_model=PlanChangeShape,
    openapi_extra={"parameters": PLAN_CHANGES.object_parameters()},
)
async def get_plan_change(plan_change_id: UUID, read: Reading) -> Response:
    """One change of a plan."""
    return await PLAN_CHANGES.one(read, plan_change_id)


@router.post("/v1/plan-changes/{plan_change_id}/reversal", status_code=201, response_model=PlanChangeShape)
@acts(TASK_EDIT, TASK_PROGRESS, SCOPE_TASK, SCHEDULE_DATES, RESOURCE_ASSIGN)
async def reverse_plan_change(plan_change_id: UUID, write: KeyedWriting) -> Response:
    """Take a change back by the reversing change, which is decided like any other and may be taken back in turn.

    409 `plan_moved_on` names the places where the plan is no longer as the change left it.
    """
    change_id, effects = await use_cases.reverse(write.session, plan_change_id)
    body = await PLAN_CHANGES.represent(write.session, change_id)
    return await write.answer(body, status=201, version=1, location=f"/v1/plan-changes/{change_id}", effects=effects)
