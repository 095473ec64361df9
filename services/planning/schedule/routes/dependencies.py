"""HTTP of dependencies."""

from uuid import UUID

from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.batch import BATCH_ANSWERS, BatchShape, answer_batch
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting, Writing
from services.planning.schedule.kinds import SCHEDULE_DATES
from services.planning.schedule.repository.collections import DEPENDENCIES
from services.planning.schedule.schemas import DependencyBatch, DependencyPatch, DependencyShape, NewDependency
from services.planning.schedule.use_cases import dependencies as use_cases

router = area_router("dependencies")


@router.get(
    "/v1/projects/{project_id}/dependencies",
    response_model=Listing[DependencyShape],
    openapi_extra={"parameters": DEPENDENCIES.list_parameters()},
)
async def list_dependencies(project_id: UUID, read: Reading) -> Response:
    """The project's dependencies."""
    return await DEPENDENCIES.page(read, project_id)


@router.post("/v1/projects/{project_id}/dependencies/searches", response_model=Listing[DependencyShape])
async def search_dependencies(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The project's dependencies that meet a combination of conditions."""
    return await DEPENDENCIES.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/dependencies", status_code=201, response_model=DependencyShape)
@acts(SCHEDULE_DATES)
async def add_dependency(project_id: UUID, new: NewDependency, write: Writing) -> Response:
    """Link two tasks; the plan is rescheduled."""
    dependency, effects = await use_cases.add_dependency(write.session, project_id, new)
    return await write.answer(
        await DEPENDENCIES.represent(write.session, dependency.id),
        status=201,
        version=dependency.version,
        location=f"/v1/dependencies/{dependency.id}",
        effects=effects,
    )


@router.post("/v1/projects/{project_id}/dependencies/batch", response_model=BatchShape, responses=BATCH_ANSWERS)
@acts(SCHEDULE_DATES)
async def change_dependencies(project_id: UUID, batch: DependencyBatch, write: KeyedWriting) -> Response:
    """Link, change and unlink up to 1,000 pairs of tasks, rescheduled once; a circle refuses the whole."""
    outcomes, effects = await use_cases.run_batch(write.session, project_id, batch)
    return await answer_batch(write, batch, outcomes, effects)


@router.get(
    "/v1/dependencies/{dependency_id}",
    response_model=DependencyShape,
    openapi_extra={"parameters": DEPENDENCIES.object_parameters()},
)
async def get_dependency(dependency_id: UUID, read: Reading) -> Response:
    """One dependency."""
    return await DEPENDENCIES.one(read, dependency_id)


@router.patch("/v1/dependencies/{dependency_id}", response_model=DependencyShape)
@acts(SCHEDULE_DATES)
async def change_dependency(dependency_id: UUID, patch: DependencyPatch, write: Writing) -> Response:
    """Another type or lag."""
    dependency, effects = await use_cases.change_dependency(write.session, dependency_id, write.expected_version, patch)
    body = await DEPENDENCIES.represent(write.session, dependency_id)
    return await write.answer(body, version=dependency.version, effects=effects)


@router.delete("/v1/dependencies/{dependency_id}", status_code=204)
@acts(SCHEDULE_DATES)
async def delete_dependency(dependency_id: UUID, write: Writing) -> Response:
    """Unlink two tasks."""
    await use_cases.delete_dependency(write.session, dependency_id, write.expected_version)
    return await write.answer_empty()
