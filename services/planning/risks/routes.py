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
from services.planning.risks import use_cases
from services.planning.risks.kinds import RISK_RECORD, RISK_RESPONSE
from services.planning.risks.repository import RISK_RESPONSES, RISKS
from services.planning.risks.schemas import (
    NewRisk,
    NewRiskResponse,
    RiskBatch,
    RiskPatch,
    RiskResponsePatch,
    RiskResponseShape,
    RiskShape,
)
from services.planning.schedule.kinds import SCOPE_TASK

router = area_router("risks")


@router.get(
    "/v1/projects/{project_id}/risks",
    response_model=Listing[RiskShape],
    openapi_extra={"parameters": RISKS.list_parameters()},
)
async def list_risks(project_id: UUID, read: Reading) -> Response:
    """The project's risk register."""
    return await RISKS.page(read, project_id)


@router.post("/v1/projects/{project_id}/risks/searches", response_model=Listing[RiskShape])
async def search_risks(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The risks that meet a combination of conditions."""
    return await RISKS.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/risks", status_code=201, response_model=RiskShape)
@acts(RISK_RECORD)
async def raise_risk(project_id: UUID, new: NewRisk, write: Writing) -> Response:
    """Record a risk with its three-point impacts in working minutes and in the project's currency."""
    risk = await use_cases.raise_risk(write.session, project_id, new)
    body = await RISKS.represent(write.session, risk.id)
    return await write.answer(body, status=201, version=risk.version, location=f"/v1/risks/{risk.id}")


@router.post("/v1/projects/{project_id}/risks/batch", response_model=BatchShape, responses=BATCH_ANSWERS)
@acts(RISK_RECORD)
async def change_risks(project_id: UUID, batch: RiskBatch, write: KeyedWriting) -> Response:
    """Record and change up to 1,000 risks."""
    return await run_batch(write, project_id, batch, use_cases.RISK_VERBS)


@router.get("/v1/risks/{risk_id}", response_model=RiskShape, openapi_extra={"parameters": RISKS.object_parameters()})
async def get_risk(risk_id: UUID, read: Reading) -> Response:
    """One risk."""
    return await RISKS.one(read, risk_id)


@router.patch("/v1/risks/{risk_id}", response_model=RiskShape)
@acts(RISK_RECORD)
async def change_risk(risk_id: UUID, patch: RiskPatch, write: Writing) -> Response:
    """Judge a risk anew, or say that it occurred or is over."""
    risk = await use_cases.change_risk(write.session, risk_id, write.expected_version, patch)
    return await write.answer(await RISKS.represent(write.session, risk_id), version=risk.version)


@router.get(
    "/v1/projects/{project_id}/risk-responses",
    response_model=Listing[RiskResponseShape],
    openapi_extra={"parameters": RISK_RESPONSES.list_parameters()},
)
async def list_risk_responses(project_id: UUID, read: Reading) -> Response:
    """What is done about the project's risks."""
    return await RISK_RESPONSES.page(read, project_id)


@router.post("/v1/projects/{project_id}/risk-responses/searches", response_model=Listing[RiskResponseShape])
async def search_risk_responses(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The responses that meet a combination of conditions."""
    return await RISK_RESPONSES.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/risk-responses", status_code=201, response_model=RiskResponseShape)
@acts(RISK_RESPONSE, SCOPE_TASK)
async def plan_risk_response(project_id: UUID, new: NewRiskResponse, write: KeyedWriting) -> Response:
    """Decide a response to a risk, done by a task that exists or by a new one."""
    response, effects = await use_cases.plan_risk_response(write.session, project_id, new)
    body = await RISK_RESPONSES.represent(write.session, response.id)
    location = f"/v1/risk-responses/{response.id}"
    return await write.answer(body, status=201, version=response.version, location=location, effects=effects)


@router.get(
    "/v1/risk-responses/{response_id}",
    response_model=RiskResponseShape,
    openapi_extra={"parameters": RISK_RESPONSES.object_parameters()},
)
async def get_risk_response(response_id: UUID, read: Reading) -> Response:
    """One response."""
    return await RISK_RESPONSES.one(read, response_id)


@router.patch("/v1/risk-responses/{response_id}", response_model=RiskResponseShape)
@acts(RISK_RESPONSE)
async def change_risk_response(response_id: UUID, patch: RiskResponsePatch, write: Writing) -> Response:
    """Decide that something else is done."""
    response = await use_cases.change_risk_response(write.session, response_id, write.expected_version, patch)
    return await write.answer(await RISK_RESPONSES.represent(write.session, response_id), version=response.version)
