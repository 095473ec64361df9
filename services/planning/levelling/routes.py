"""HTTP of this area: path, status, one call."""

from uuid import UUID

from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting
from services.planning.levelling import use_cases
from services.planning.levelling.kinds import LEVELLING_APPLY, LEVELLING_CLEAR, LEVELLING_RUN
from services.planning.levelling.repository import LEVELLING_RUNS
from services.planning.levelling.schemas import (
    AcceptedLevellingRun,
    LevellingClearanceShape,
    LevellingRunShape,
    NewLevellingRun,
)
from services.planning.schedule.kinds import SCHEDULE_DATES

router = area_router("levelling-runs")


@router.post("/v1/projects/{project_id}/levelling-runs", status_code=202, response_model=AcceptedLevellingRun)
@acts(LEVELLING_RUN)
async def level_plan(project_id: UUID, new: NewLevellingRun, write: KeyedWriting) -> Response:
    """Find out how work must move so that nobody has more to do than there is time for; nothing moves yet.

    The finish is as early as it can be, then as few tasks move as possible. A job does it.
    """
    job_id = await use_cases.ask_for_run(write.session, project_id, new)
    return await write.answer(use_cases.accepted(job_id), status=202, location=f"/v1/jobs/{job_id}")


@router.get(
    "/v1/projects/{project_id}/levelling-runs",
    response_model=Listing[LevellingRunShape],
    openapi_extra={"parameters": LEVELLING_RUNS.list_parameters()},
)
async def list_runs(project_id: UUID, read: Reading) -> Response:
    """The levellings that were tried, the newest first."""
    return await LEVELLING_RUNS.page(read, project_id)


@router.get(
    "/v1/levelling-runs/{levelling_run_id}",
    response_model=LevellingRunShape,
    openapi_extra={"parameters": LEVELLING_RUNS.object_parameters()},
)
async def get_run(levelling_run_id: UUID, read: Reading) -> Response:
    """One levelling: the finish before and after, what is proven about it, and each move with its reason."""
    return await LEVELLING_RUNS.one(read, levelling_run_id)


@router.post("/v1/levelling-runs/{levelling_run_id}/application", response_model=LevellingRunShape)
@acts(LEVELLING_APPLY, SCHEDULE_DATES)
async def apply_run(levelling_run_id: UUID, write: KeyedWriting) -> Response:
    """Move the tasks as the levelling found it, if the plan is still the one that was levelled."""
    run, effects = await use_cases.apply_run(write.session, levelling_run_id)
    body = await LEVELLING_RUNS.represent(write.session, run.id)
    return await write.answer(body, version=run.version, effects=effects)


@router.post("/v1/projects/{project_id}/levelling-clearances", response_model=LevellingClearanceShape)
@acts(LEVELLING_CLEAR, SCHEDULE_DATES)
async def clear_levelling(project_id: UUID, write: KeyedWriting) -> Response:
    """Take back the delays that levelling gave to tasks, whoever applied them."""
    document, effects = await use_cases.clear_levelling(write.session, project_id)
    return await write.answer(document, effects=effects)
