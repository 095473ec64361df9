"""HTTP of this area: path, status, one call."""

from uuid import UUID

from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import Writing
from services.planning.projects import use_cases
from services.planning.projects.repository import PROJECTS
from services.planning.projects.schemas import NewProject, ProjectPatch, ProjectShape

router = area_router("projects")


@router.get("/v1/projects", response_model=Listing[ProjectShape], openapi_extra={"parameters": PROJECTS.list_parameters()})
async def list_projects(read: Reading) -> Response:
    """The projects that the caller is on."""
    return await PROJECTS.page(read)


@router.post("/v1/projects", status_code=201, response_model=ProjectShape)
async def create_project(new: NewProject, write: Writing) -> Response:
    """Create a project; its creator becomes its manager."""
    project = await use_cases.create_project(write.session, new)
    body = await PROJECTS.represent(write.session, project.id)
    return await write.answer(body, status=201, version=project.version, location=f"/v1/projects/{project.id}")


@router.get(
    "/v1/projects/{project_id}", response_model=ProjectShape, openapi_extra={"parameters": PROJECTS.object_parameters()}
)
async def get_project(project_id: UUID, read: Reading) -> Response:
    """One project."""
    return await PROJECTS.one(read, project_id)


@router.patch("/v1/projects/{project_id}", response_model=ProjectShape)
async def change_project(project_id: UUID, patch: ProjectPatch, write: Writing) -> Response:
    """Change the project's frame; a passage along its life is a decision."""
    project = await use_cases.change_project(write.session, project_id, write.expected_version, patch)
    return await write.answer(await PROJECTS.represent(write.session, project_id), version=project.version)
