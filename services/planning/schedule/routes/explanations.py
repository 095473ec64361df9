"""HTTP of the reasons that the schedule has: why a task lies where it does, what drives what, and the paths by float."""

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Query
from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.requests import Reading
from services.planning.schedule.schemas import DrivingPathShape, ExplanationShape, FloatPathsShape
from services.planning.schedule.use_cases import explanations as use_cases

router = area_router("explanations")


@router.get("/v1/tasks/{task_id}/explanation", response_model=ExplanationShape)
async def explain_task(task_id: UUID, read: Reading) -> Response:
    """Everything that bounds the task, with the dates that each bound alone would give it."""
    return Response(orjson.dumps(await use_cases.explain(read, task_id)), media_type="application/json")


@router.get("/v1/projects/{project_id}/driving-path", response_model=DrivingPathShape)
async def get_driving_path(
    project_id: UUID,
    read: Reading,
    from_id: Annotated[UUID, Query(alias="from", description="The task that the path begins with.")],
    to_id: Annotated[UUID, Query(alias="to", description="The task that it leads to.")],
) -> Response:
    """The shortest chain of driving links from one task to another: what a delay of the first would move the second by."""
    found = await use_cases.find_driving_path(read, project_id, from_id, to_id)
    return Response(orjson.dumps(found), media_type="application/json")


@router.get("/v1/projects/{project_id}/float-paths", response_model=FloatPathsShape)
async def list_float_paths(
    project_id: UUID,
    read: Reading,
    paths: Annotated[int, Query(ge=1, le=100, description="How many of them, the most critical first.")] = 10,
) -> Response:
    """The paths through the unfinished work by their float: the critical path, what comes next to it, and so on."""
    found = await use_cases.list_float_paths(read, project_id, paths)
    return Response(orjson.dumps(found), media_type="application/json")
