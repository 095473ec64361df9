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
from services.kernel.schemas import Listing
from services.kernel.write import Writing
from services.planning.readiness import use_cases
from services.planning.readiness.kinds import BRIEF_ACKNOWLEDGE, BRIEF_WRITE, NEED_RECORD
from services.planning.readiness.repository import NEEDS, TASK_BRIEFS
from services.planning.readiness.schemas import (
    NeedPatch,
    NeedShape,
    NewAcknowledgement,
    NewMakeReadyAction,
    NewNeed,
    NewTaskBrief,
    ReadinessShape,
    TaskBriefPatch,
    TaskBriefShape,
    TaskReadinessShape,
)

router = area_router("readiness")


@router.get(
    "/v1/projects/{project_id}/task-briefs",
    response_model=Listing[TaskBriefShape],
    openapi_extra={"parameters": TASK_BRIEFS.list_parameters()},
)
async def list_task_briefs(project_id: UUID, read: Reading) -> Response:
    """The briefs of the project's tasks; those whose start is near and that nobody has acknowledged by filters."""
    return await TASK_BRIEFS.page(read, project_id)


@router.post("/v1/projects/{project_id}/task-briefs/searches", response_model=Listing[TaskBriefShape])
async def search_task_briefs(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The briefs that meet a combination of conditions."""
    return await TASK_BRIEFS.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/task-briefs", status_code=201, response_model=TaskBriefShape)
@acts(BRIEF_WRITE)
async def write_task_brief(project_id: UUID, new: NewTaskBrief, write: Writing) -> Response:
    """Tell those who do a task what it is about."""
    made = await use_cases.write_brief(write.session, project_id, new)
    body = await TASK_BRIEFS.represent(write.session, made.id)
    return await write.answer(body, status=201, version=made.version, location=f"/v1/task-briefs/{made.id}")


@router.get(
    "/v1/task-briefs/{task_brief_id}",
    response_model=TaskBriefShape,
    openapi_extra={"parameters": TASK_BRIEFS.object_parameters()},
)
async def get_task_brief(task_brief_id: UUID, read: Reading) -> Response:
    """One brief, with who has acknowledged it."""
    return await TASK_BRIEFS.one(read, task_brief_id)


@router.patch("/v1/task-briefs/{task_brief_id}", response_model=TaskBriefShape)
@acts(BRIEF_WRITE)
async def change_task_brief(task_brief_id: UUID, patch: TaskBriefPatch, write: Writing) -> Response:
    """It says something else, so that it is to be acknowledged anew."""
    made = await use_cases.change_brief(write.session, task_brief_id, write.expected_version, patch)
    return await write.answer(await TASK_BRIEFS.represent(write.session, task_brief_id), version=made.version)


@router.delete("/v1/task-briefs/{task_brief_id}", status_code=204)
@acts(BRIEF_WRITE)
async def remove_task_brief(task_brief_id: UUID, write: Writing) -> Response:
    """The task has no brief any more."""
    await use_cases.remove_brief(write.session, task_brief_id, write.expected_version)
    return await write.answer_empty()


@router.post("/v1/task-briefs/{task_brief_id}/acknowledgements", response_model=TaskBriefShape)
@acts(BRIEF_ACKNOWLEDGE)
async def acknowledge_task_brief(task_brief_id: UUID, new: NewAcknowledgement, write: Writing) -> Response:
    """As somebody who does the task, say that one has understood it."""
    made = await use_cases.acknowledge(write.session, task_brief_id, new.revision)
    return await write.answer(await TASK_BRIEFS.represent(write.session, task_brief_id), version=made.version)


@router.get(
    "/v1/projects/{project_id}/needs",
    response_model=Listing[NeedShape],
    openapi_extra={"parameters": NEEDS.list_parameters()},
)
async def list_needs(project_id: UUID, read: Reading) -> Response:
    """What the project's tasks need before they start."""
    return await NEEDS.page(read, project_id)


@router.post("/v1/projects/{project_id}/needs/searches", response_model=Listing[NeedShape])
async def search_needs(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The needs that meet a combination of conditions."""
    return await NEEDS.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/needs", status_code=201, response_model=NeedShape)
@acts(NEED_RECORD)
async def record_need(project_id: UUID, new: NewNeed, write: Writing) -> Response:
    """Record what a task cannot start without."""
    made = await use_cases.record_need(write.session, project_id, new)
    body = await NEEDS.represent(write.session, made.id)
    return await write.answer(body, status=201, version=made.version, location=f"/v1/needs/{made.id}")


@router.get("/v1/needs/{need_id}", response_model=NeedShape, openapi_extra={"parameters": NEEDS.object_parameters()})
async def get_need(need_id: UUID, read: Reading) -> Response:
    """One need with its promises."""
    return await NEEDS.one(read, need_id)


@router.patch("/v1/needs/{need_id}", response_model=NeedShape)
@acts(NEED_RECORD)
async def change_need(need_id: UUID, patch: NeedPatch, write: Writing) -> Response:
    """It is another, or was promised, met, withdrawn or opened again."""
    made = await use_cases.change_need(write.session, need_id, write.expected_version, patch)
    return await write.answer(await NEEDS.represent(write.session, need_id), version=made.version)


@router.delete("/v1/needs/{need_id}", status_code=204)
@acts(NEED_RECORD)
async def remove_need(need_id: UUID, write: Writing) -> Response:
    """It was recorded by mistake."""
    await use_cases.remove_need(write.session, need_id, write.expected_version)
    return await write.answer_empty()


@router.get("/v1/tasks/{task_id}/readiness", response_model=TaskReadinessShape)
async def get_task_readiness(task_id: UUID, read: Reading) -> Response:
    """Whether a task can start, and what it lacks."""
    found = await use_cases.read_task_readiness(read, task_id)
    return Response(orjson.dumps(found), media_type="application/json")


@router.get("/v1/projects/{project_id}/readiness", response_model=ReadinessShape)
async def get_readiness(
    project_id: UUID,
    read: Reading,
    weeks: Annotated[int, Query(ge=1, le=26, description="How far one looks ahead: as a rule three or six.")] = 6,
) -> Response:
    """The tasks that start within some weeks, what they lack, and which share of each week's work is ready."""
    found = await use_cases.read_readiness(read, project_id, weeks)
    return Response(orjson.dumps(found), media_type="application/json")


@router.post("/v1/projects/{project_id}/make-ready-actions", status_code=201, response_model=NeedShape)
@acts(NEED_RECORD)
async def make_ready(project_id: UUID, new: NewMakeReadyAction, write: Writing) -> Response:
    """Turn what a task lacks into a need with an owner and a day."""
    made = await use_cases.make_ready(write.session, project_id, new)
    body = await NEEDS.represent(write.session, made.id)
    return await write.answer(body, status=201, version=made.version, location=f"/v1/needs/{made.id}")
