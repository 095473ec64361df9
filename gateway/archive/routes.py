"""HTTP of the archive."""

from uuid import UUID

import orjson
from starlette.responses import Response

from gateway.archive import use_cases
from gateway.archive.kinds import PROJECT_ARCHIVE
from gateway.archive.repository import ARCHIVED_PROJECTS
from gateway.archive.schemas import ArchivedProjectShape, NewArchivedProject, RestoredProject
from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import Writing

router = area_router("identity")


@router.get(
    "/v1/archived-projects",
    response_model=Listing[ArchivedProjectShape],
    openapi_extra={"parameters": ARCHIVED_PROJECTS.list_parameters()},
)
async def list_archived_projects(read: Reading) -> Response:
    """The tenant's archive; for administrators, empty for others."""
    return await ARCHIVED_PROJECTS.page(read)


@router.get(
    "/v1/archived-projects/{archived_project_id}",
    response_model=ArchivedProjectShape,
    openapi_extra={"parameters": ARCHIVED_PROJECTS.object_parameters()},
)
async def get_archived_project(archived_project_id: UUID, read: Reading) -> Response:
    """One archived project, whose id is the project's."""
    return await ARCHIVED_PROJECTS.one(read, archived_project_id)


@router.post("/v1/archived-projects", status_code=201, response_model=ArchivedProjectShape)
@acts(PROJECT_ARCHIVE)
async def archive_project(new: NewArchivedProject, write: Writing) -> Response:
    """Archive a project: it exists for nobody from the next request on; for administrators."""
    await use_cases.archive_project(write.session, new)
    body = await ARCHIVED_PROJECTS.represent(write.session, new.project_id)
    return await write.answer(body, status=201, version=1, location=f"/v1/archived-projects/{new.project_id}")


@router.post("/v1/archived-projects/{archived_project_id}/restoration", response_model=RestoredProject)
@acts(PROJECT_ARCHIVE)
async def restore_project(archived_project_id: UUID, write: Writing) -> Response:
    """Bring the project back as it was; for administrators."""
    await use_cases.restore_project(write.session, archived_project_id)
    body = orjson.dumps({"id": str(archived_project_id), "type": "project"})
    return await write.answer(body, version=1)
