"""HTTP of this area: path, status, one call."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting
from services.planning.imports import use_cases
from services.planning.imports.kinds import IMPORT_PLAN
from services.planning.imports.repository import IMPORTS
from services.planning.imports.schemas import PLAN_UPLOAD, AcceptedImport, ImportShape
from services.planning.imports.upload import PlanFile, receive_plan
from services.planning.schedule.kinds import BASELINE_SET

router = area_router("imports")
UploadedPlan = Annotated[PlanFile, Depends(receive_plan, scope="function")]


@router.post(
    "/v1/projects/{project_id}/imports",
    status_code=202,
    response_model=AcceptedImport,
    openapi_extra={"requestBody": PLAN_UPLOAD},
)
@acts(IMPORT_PLAN, BASELINE_SET)
async def import_plan(project_id: UUID, file: UploadedPlan, write: KeyedWriting) -> Response:
    """Take over a plan from a Microsoft Project XML file, or from the JSON of an export, of up to 50 MB and 100,000 tasks; a job reads it.

    The same file, or another version of the same plan, is refused in the same project.
    """
    job_id = await use_cases.ask_for_import(write.session, project_id, file)
    return await write.answer(use_cases.accepted(job_id), status=202, location=f"/v1/jobs/{job_id}")


@router.get(
    "/v1/projects/{project_id}/imports",
    response_model=Listing[ImportShape],
    openapi_extra={"parameters": IMPORTS.list_parameters()},
)
async def list_imports(project_id: UUID, read: Reading) -> Response:
    """The plans that the project has taken over, the newest first."""
    return await IMPORTS.page(read, project_id)


@router.get(
    "/v1/imports/{import_id}", response_model=ImportShape, openapi_extra={"parameters": IMPORTS.object_parameters()}
)
async def get_import(import_id: UUID, read: Reading) -> Response:
    """What was taken, changed and dropped, and why."""
    return await IMPORTS.one(read, import_id)
