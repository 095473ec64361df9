"""HTTP of baselines and of schedule runs."""

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Query
from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting
from services.planning.schedule.kinds import BASELINE_SET
from services.planning.schedule.repository.collections import BASELINE_TASKS, BASELINES
from services.planning.schedule.schemas import (
    BaselineComparisonShape,
    BaselineShape,
    BaselineTaskShape,
    NewBaseline,
    NewScheduleRun,
    ScheduleRunShape,
)
from services.planning.schedule.use_cases import baselines as use_cases
from services.planning.schedule.use_cases.schedule_runs import try_changes

router = area_router("baselines")


@router.get(
    "/v1/projects/{project_id}/baselines",
    response_model=Listing[BaselineShape],
    openapi_extra={"parameters": BASELINES.list_parameters()},
)
async def list_baselines(project_id: UUID, read: Reading) -> Response:
    """The project's baselines, the newest first."""
    return await BASELINES.page(read, project_id)


@router.post("/v1/projects/{project_id}/baselines", status_code=201, response_model=BaselineShape)
@acts(BASELINE_SET)
async def set_baseline(project_id: UUID, new: NewBaseline, write: KeyedWriting) -> Response:
    """Keep the plan as it stands as the one that was agreed upon; this is a decision."""
    baseline = await use_cases.set_baseline(write.session, project_id, new)
    body = await BASELINES.represent(write.session, baseline.id)
    location = f"/v1/baselines/{baseline.id}"
    return await write.answer(body, status=201, version=baseline.version, location=location)


@router.get(
    "/v1/baselines/{baseline_id}",
    response_model=BaselineShape,
    openapi_extra={"parameters": BASELINES.object_parameters()},
)
async def get_baseline(baseline_id: UUID, read: Reading) -> Response:
    """One baseline."""
    return await BASELINES.one(read, baseline_id)


@router.get(
    "/v1/baselines/{baseline_id}/tasks",
    response_model=Listing[BaselineTaskShape],
    openapi_extra={"parameters": BASELINE_TASKS.list_parameters()},
)
async def list_baseline_tasks(baseline_id: UUID, read: Reading) -> Response:
    """The tasks as the baseline has them, deleted ones too."""
    return await BASELINE_TASKS.page(read, baseline_id)


@router.get("/v1/baselines/{baseline_id}/comparison", response_model=BaselineComparisonShape)
async def compare_baseline(
    baseline_id: UUID,
    read: Reading,
    other: Annotated[
        str,
        Query(
            alias="with", max_length=36, description="Another baseline of the project, or `current`: the plan as it is."
        ),
    ] = use_cases.CURRENT,
) -> Response:
    """What has been added, removed, moved and changed in work and cost since the baseline."""
    found = await use_cases.compare_baseline(read, baseline_id, other)
    return Response(orjson.dumps(found), media_type="application/json")


@router.post("/v1/projects/{project_id}/schedule-runs", response_model=ScheduleRunShape, tags=["schedule-runs"])
async def try_schedule(project_id: UUID, run: NewScheduleRun, read: Reading) -> Response:
    """What would follow from these changes. Nothing is stored."""
    return Response(orjson.dumps(await try_changes(read, project_id, run)), media_type="application/json")
