"""HTTP of this area: path, status, one call."""

from uuid import UUID

from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.batch import BATCH_ANSWERS, BatchShape, run_batch
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting, Writing
from services.planning.resources import use_cases
from services.planning.resources.kinds import RESOURCE_ASSIGN, RESOURCE_CHANGE
from services.planning.resources.repository import ASSIGNMENTS, RESOURCES
from services.planning.resources.schemas import (
    AssignmentPatch,
    AssignmentShape,
    NewAssignment,
    NewResource,
    ResourceBatch,
    ResourcePatch,
    ResourceShape,
)
from services.planning.schedule.kinds import SCHEDULE_DATES

router = area_router("resources")


@router.get(
    "/v1/projects/{project_id}/resources",
    response_model=Listing[ResourceShape],
    openapi_extra={"parameters": RESOURCES.list_parameters()},
)
async def list_resources(project_id: UUID, read: Reading) -> Response:
    """The project's people, machines, materials and costs."""
    return await RESOURCES.page(read, project_id)


@router.post("/v1/projects/{project_id}/resources/searches", response_model=Listing[ResourceShape])
async def search_resources(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The project's resources that meet a combination of conditions."""
    return await RESOURCES.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/resources", status_code=201, response_model=ResourceShape)
@acts(RESOURCE_CHANGE)
async def add_resource(project_id: UUID, new: NewResource, write: Writing) -> Response:
    """Add a resource."""
    resource = await use_cases.add_resource(write.session, project_id, new)
    body = await RESOURCES.represent(write.session, resource.id)
    return await write.answer(body, status=201, version=resource.version, location=f"/v1/resources/{resource.id}")


@router.post("/v1/projects/{project_id}/resources/batch", response_model=BatchShape, responses=BATCH_ANSWERS)
@acts(RESOURCE_CHANGE)
async def change_resources(project_id: UUID, batch: ResourceBatch, write: KeyedWriting) -> Response:
    """Add and change up to 1,000 resources; each change of one that works on tasks reschedules them."""
    return await run_batch(write, project_id, batch, use_cases.RESOURCE_VERBS)


@router.get(
    "/v1/resources/{resource_id}",
    response_model=ResourceShape,
    openapi_extra={"parameters": RESOURCES.object_parameters()},
)
async def get_resource(resource_id: UUID, read: Reading) -> Response:
    """One resource."""
    return await RESOURCES.one(read, resource_id)


@router.patch("/v1/resources/{resource_id}", response_model=ResourceShape)
@acts(RESOURCE_CHANGE)
async def change_resource(resource_id: UUID, patch: ResourcePatch, write: Writing) -> Response:
    """Change a resource; another calendar reschedules what it works on."""
    resource, effects = await use_cases.change_resource(write.session, resource_id, write.expected_version, patch)
    body = await RESOURCES.represent(write.session, resource_id)
    return await write.answer(body, version=resource.version, effects=effects)


@router.delete("/v1/resources/{resource_id}", status_code=204)
@acts(RESOURCE_CHANGE)
async def delete_resource(resource_id: UUID, write: Writing) -> Response:
    """Remove a resource with its assignments."""
    await use_cases.delete_resource(write.session, resource_id, write.expected_version)
    return await write.answer_empty()


@router.get(
    "/v1/projects/{project_id}/assignments",
    response_model=Listing[AssignmentShape],
    openapi_extra={"parameters": ASSIGNMENTS.list_parameters()},
    tags=["assignments"],
)
async def list_assignments(project_id: UUID, read: Reading) -> Response:
    """Who works on what."""
    return await ASSIGNMENTS.page(read, project_id)


@router.post(
    "/v1/projects/{project_id}/assignments/searches", response_model=Listing[AssignmentShape], tags=["assignments"]
)
async def search_assignments(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The project's assignments that meet a combination of conditions."""
    return await ASSIGNMENTS.search(read, query, project_id)


@router.post(
    "/v1/projects/{project_id}/assignments", status_code=201, response_model=AssignmentShape, tags=["assignments"]
)
@acts(RESOURCE_ASSIGN, SCHEDULE_DATES)
async def assign(project_id: UUID, new: NewAssignment, write: Writing) -> Response:
    """Let a resource take part in a task."""
    assignment, effects = await use_cases.assign(write.session, project_id, new)
    return await write.answer(
        await ASSIGNMENTS.represent(write.session, assignment.id),
        status=201,
        version=assignment.version,
        location=f"/v1/assignments/{assignment.id}",
        effects=effects,
    )


@router.get(
    "/v1/assignments/{assignment_id}",
    response_model=AssignmentShape,
    openapi_extra={"parameters": ASSIGNMENTS.object_parameters()},
    tags=["assignments"],
)
async def get_assignment(assignment_id: UUID, read: Reading) -> Response:
    """One assignment."""
    return await ASSIGNMENTS.one(read, assignment_id)


@router.patch("/v1/assignments/{assignment_id}", response_model=AssignmentShape, tags=["assignments"])
@acts(RESOURCE_ASSIGN, SCHEDULE_DATES)
async def change_assignment(assignment_id: UUID, patch: AssignmentPatch, write: Writing) -> Response:
    """Other units, work or delay."""
    assignment, effects = await use_cases.change_assignment(write.session, assignment_id, write.expected_version, patch)
    body = await ASSIGNMENTS.represent(write.session, assignment_id)
    return await write.answer(body, version=assignment.version, effects=effects)


@router.delete("/v1/assignments/{assignment_id}", status_code=204, tags=["assignments"])
@acts(RESOURCE_ASSIGN, SCHEDULE_DATES)
async def unassign(assignment_id: UUID, write: Writing) -> Response:
    """End a resource's part in a task."""
    await use_cases.unassign(write.session, assignment_id, write.expected_version)
    return await write.answer_empty()
