"""HTTP of the mask of WBS codes, and of taking typed codes back."""

from uuid import UUID

from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.requests import Reading
from services.kernel.write import KeyedWriting, Writing
from services.planning.schedule.kinds import SCOPE_TASK
from services.planning.schedule.repository.collections import WBS_MASK
from services.planning.schedule.schemas import NewWbsRenumbering, WbsMaskPatch, WbsMaskShape, WbsRenumberingShape
from services.planning.schedule.use_cases import wbs_codes as use_cases

router = area_router("wbs-codes")


@router.get(
    "/v1/projects/{project_id}/wbs-mask",
    response_model=WbsMaskShape,
    openapi_extra={"parameters": WBS_MASK.object_parameters()},
)
async def get_wbs_mask(project_id: UUID, read: Reading) -> Response:
    """What the codes of the work breakdown look like on each level."""
    return await WBS_MASK.one(read, project_id)


@router.patch("/v1/projects/{project_id}/wbs-mask", response_model=WbsMaskShape)
@acts(SCOPE_TASK)
async def change_wbs_mask(project_id: UUID, patch: WbsMaskPatch, write: Writing) -> Response:
    """Other codes; generated ones follow at once, and typed ones have to fit."""
    version, effects = await use_cases.change_mask(write.session, project_id, write.expected_version, patch)
    body = await WBS_MASK.represent(write.session, project_id)
    return await write.answer(body, version=version, effects=effects)


@router.post("/v1/projects/{project_id}/wbs-renumberings", response_model=WbsRenumberingShape)
@acts(SCOPE_TASK)
async def renumber(project_id: UUID, new: NewWbsRenumbering, write: KeyedWriting) -> Response:
    """Let typed codes give way to generated ones, under the present mask or a new one."""
    body, effects = await use_cases.renumber(write.session, project_id, new)
    return await write.answer(body, effects=effects)
