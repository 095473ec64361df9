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
from services.planning.competences import use_cases
from services.planning.competences.kinds import COMPETENCE_DEFINE, COMPETENCE_DEMAND, COMPETENCE_RECORD
from services.planning.competences.repository import COMPETENCE_DEMANDS, COMPETENCES, RESOURCE_COMPETENCES
from services.planning.competences.schemas import (
    CandidatesShape,
    CompetenceDemandPatch,
    CompetenceDemandShape,
    CompetencePatch,
    CompetenceShape,
    CompetenceWarningsShape,
    NewCompetence,
    NewCompetenceDemand,
    NewResourceCompetence,
    ResourceCompetencePatch,
    ResourceCompetenceShape,
)

router = area_router("competences")


@router.get(
    "/v1/competences",
    response_model=Listing[CompetenceShape],
    openapi_extra={"parameters": COMPETENCES.list_parameters()},
)
async def list_competences(read: Reading) -> Response:
    """The tenant's words for what people can and may do."""
    return await COMPETENCES.page(read)


@router.post("/v1/competences", status_code=201, response_model=CompetenceShape)
@acts(COMPETENCE_DEFINE)
async def define_competence(new: NewCompetence, write: Writing) -> Response:
    """Add a word to the tenant's list."""
    made = await use_cases.define_competence(write.session, new)
    body = await COMPETENCES.represent(write.session, made.id)
    return await write.answer(body, status=201, version=made.version, location=f"/v1/competences/{made.id}")


@router.get(
    "/v1/competences/{competence_id}",
    response_model=CompetenceShape,
    openapi_extra={"parameters": COMPETENCES.object_parameters()},
)
async def get_competence(competence_id: UUID, read: Reading) -> Response:
    """One competence."""
    return await COMPETENCES.one(read, competence_id)


@router.patch("/v1/competences/{competence_id}", response_model=CompetenceShape)
@acts(COMPETENCE_DEFINE)
async def change_competence(competence_id: UUID, patch: CompetencePatch, write: Writing) -> Response:
    """Call a competence otherwise."""
    made = await use_cases.change_competence(write.session, competence_id, write.expected_version, patch)
    return await write.answer(await COMPETENCES.represent(write.session, competence_id), version=made.version)


@router.get(
    "/v1/projects/{project_id}/resource-competences",
    response_model=Listing[ResourceCompetenceShape],
    openapi_extra={"parameters": RESOURCE_COMPETENCES.list_parameters()},
)
async def list_resource_competences(project_id: UUID, read: Reading) -> Response:
    """Which of the project's resources has which competence, until when."""
    return await RESOURCE_COMPETENCES.page(read, project_id)


@router.post("/v1/projects/{project_id}/resource-competences/searches", response_model=Listing[ResourceCompetenceShape])
async def search_resource_competences(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The competences of resources that meet a combination of conditions."""
    return await RESOURCE_COMPETENCES.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/resource-competences", status_code=201, response_model=ResourceCompetenceShape)
@acts(COMPETENCE_RECORD)
async def record_resource_competence(project_id: UUID, new: NewResourceCompetence, write: Writing) -> Response:
    """Record that a resource has a competence."""
    made = await use_cases.record_resource_competence(write.session, project_id, new)
    body = await RESOURCE_COMPETENCES.represent(write.session, made.id)
    return await write.answer(body, status=201, version=made.version, location=f"/v1/resource-competences/{made.id}")


@router.get(
    "/v1/resource-competences/{resource_competence_id}",
    response_model=ResourceCompetenceShape,
    openapi_extra={"parameters": RESOURCE_COMPETENCES.object_parameters()},
)
async def get_resource_competence(resource_competence_id: UUID, read: Reading) -> Response:
    """One competence of a resource."""
    return await RESOURCE_COMPETENCES.one(read, resource_competence_id)


@router.patch("/v1/resource-competences/{resource_competence_id}", response_model=ResourceCompetenceShape)
@acts(COMPETENCE_RECORD)
async def change_resource_competence(
    resource_competence_id: UUID, patch: ResourceCompetencePatch, write: Writing
) -> Response:
    """It was renewed, or is another level."""
    made = await use_cases.change_resource_competence(
        write.session, resource_competence_id, write.expected_version, patch
    )
    return await write.answer(
        await RESOURCE_COMPETENCES.represent(write.session, resource_competence_id), version=made.version
    )


@router.delete("/v1/resource-competences/{resource_competence_id}", status_code=204)
@acts(COMPETENCE_RECORD)
async def remove_resource_competence(resource_competence_id: UUID, write: Writing) -> Response:
    """The resource does not have it after all."""
    await use_cases.remove_resource_competence(write.session, resource_competence_id, write.expected_version)
    return await write.answer_empty()


@router.get(
    "/v1/projects/{project_id}/competence-demands",
    response_model=Listing[CompetenceDemandShape],
    openapi_extra={"parameters": COMPETENCE_DEMANDS.list_parameters()},
)
async def list_demands(project_id: UUID, read: Reading) -> Response:
    """What the project's tasks ask for."""
    return await COMPETENCE_DEMANDS.page(read, project_id)


@router.post("/v1/projects/{project_id}/competence-demands/searches", response_model=Listing[CompetenceDemandShape])
async def search_demands(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The demands that meet a combination of conditions."""
    return await COMPETENCE_DEMANDS.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/competence-demands", status_code=201, response_model=CompetenceDemandShape)
@acts(COMPETENCE_DEMAND)
async def demand_competence(project_id: UUID, new: NewCompetenceDemand, write: Writing) -> Response:
    """Demand that somebody who works on a task has a competence."""
    made = await use_cases.demand_competence(write.session, project_id, new)
    body = await COMPETENCE_DEMANDS.represent(write.session, made.id)
    return await write.answer(body, status=201, version=made.version, location=f"/v1/competence-demands/{made.id}")


@router.get(
    "/v1/competence-demands/{competence_demand_id}",
    response_model=CompetenceDemandShape,
    openapi_extra={"parameters": COMPETENCE_DEMANDS.object_parameters()},
)
async def get_demand(competence_demand_id: UUID, read: Reading) -> Response:
    """One demand of a task."""
    return await COMPETENCE_DEMANDS.one(read, competence_demand_id)


@router.patch("/v1/competence-demands/{competence_demand_id}", response_model=CompetenceDemandShape)
@acts(COMPETENCE_DEMAND)
async def change_demand(competence_demand_id: UUID, patch: CompetenceDemandPatch, write: Writing) -> Response:
    """Ask for another level."""
    made = await use_cases.change_demand(write.session, competence_demand_id, write.expected_version, patch)
    return await write.answer(
        await COMPETENCE_DEMANDS.represent(write.session, competence_demand_id), version=made.version
    )


@router.delete("/v1/competence-demands/{competence_demand_id}", status_code=204)
@acts(COMPETENCE_DEMAND)
async def remove_demand(competence_demand_id: UUID, write: Writing) -> Response:
    """Ask for it no longer."""
    await use_cases.remove_demand(write.session, competence_demand_id, write.expected_version)
    return await write.answer_empty()


@router.get("/v1/projects/{project_id}/competence-warnings", response_model=CompetenceWarningsShape)
async def get_competence_warnings(
    project_id: UUID,
    read: Reading,
    within_days: Annotated[int, Query(ge=0, le=3_660, description="How soon a competence has to end to be told.")] = 90,
) -> Response:
    """Work of which nobody has what it asks for while it is done, and competences that end soon."""
    warnings = await use_cases.read_warnings(read, project_id, within_days)
    return Response(orjson.dumps(warnings), media_type="application/json")


@router.get("/v1/tasks/{task_id}/candidates", response_model=CandidatesShape)
async def get_candidates(task_id: UUID, read: Reading) -> Response:
    """Who of the project could do a task, the best first: by what it asks for, by the time they have, by what they cost."""
    return Response(orjson.dumps(await use_cases.read_candidates(read, task_id)), media_type="application/json")
