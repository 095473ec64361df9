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
from services.planning.responsibilities import use_cases
from services.planning.responsibilities.kinds import RESPONSIBILITY_SET
from services.planning.responsibilities.repository import RESPONSIBILITIES
from services.planning.responsibilities.schemas import (
    NewResponsibility,
    ResponsibilityMatrixShape,
    ResponsibilityPatch,
    ResponsibilityShape,
)

router = area_router("responsibilities")


@router.get("/v1/projects/{project_id}/responsibility-matrix", response_model=ResponsibilityMatrixShape)
async def get_responsibility_matrix(
    project_id: UUID,
    read: Reading,
    max_tasks: Annotated[int, Query(ge=1, le=1_000, description="More unfinished tasks are an overload.")] = 25,
    max_days: Annotated[int, Query(ge=1, le=10_000, description="More working days of them are one, too.")] = 60,
) -> Response:
    """Who is responsible, accountable, consulted and informed for each part of the work, and what is wrong with it."""
    matrix = await use_cases.read_matrix(read, project_id, max_tasks, max_days)
    return Response(orjson.dumps(matrix), media_type="application/json")


@router.get(
    "/v1/projects/{project_id}/responsibilities",
    response_model=Listing[ResponsibilityShape],
    openapi_extra={"parameters": RESPONSIBILITIES.list_parameters()},
)
async def list_responsibilities(project_id: UUID, read: Reading) -> Response:
    """The cells of the project's responsibility matrix."""
    return await RESPONSIBILITIES.page(read, project_id)


@router.post("/v1/projects/{project_id}/responsibilities/searches", response_model=Listing[ResponsibilityShape])
async def search_responsibilities(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The cells that meet a combination of conditions."""
    return await RESPONSIBILITIES.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/responsibilities", status_code=201, response_model=ResponsibilityShape)
@acts(RESPONSIBILITY_SET)
async def assign_responsibility(project_id: UUID, new: NewResponsibility, write: Writing) -> Response:
    """Give a person a part in a task, a summary or a milestone."""
    cell = await use_cases.assign_responsibility(write.session, project_id, new)
    body = await RESPONSIBILITIES.represent(write.session, cell.id)
    return await write.answer(body, status=201, version=cell.version, location=f"/v1/responsibilities/{cell.id}")


@router.get(
    "/v1/responsibilities/{responsibility_id}",
    response_model=ResponsibilityShape,
    openapi_extra={"parameters": RESPONSIBILITIES.object_parameters()},
)
async def get_responsibility(responsibility_id: UUID, read: Reading) -> Response:
    """One cell."""
    return await RESPONSIBILITIES.one(read, responsibility_id)


@router.patch("/v1/responsibilities/{responsibility_id}", response_model=ResponsibilityShape)
@acts(RESPONSIBILITY_SET)
async def change_responsibility(responsibility_id: UUID, patch: ResponsibilityPatch, write: Writing) -> Response:
    """Put another person in the place, or give the person another part."""
    cell = await use_cases.change_responsibility(write.session, responsibility_id, write.expected_version, patch)
    body = await RESPONSIBILITIES.represent(write.session, responsibility_id)
    return await write.answer(body, version=cell.version)


@router.delete("/v1/responsibilities/{responsibility_id}", status_code=204)
@acts(RESPONSIBILITY_SET)
async def remove_responsibility(responsibility_id: UUID, write: Writing) -> Response:
    """Take the part away from the person."""
    await use_cases.remove_responsibility(write.session, responsibility_id, write.expected_version)
    return await write.answer_empty()
