"""HTTP of this area: path, status, one call."""

from uuid import UUID

from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting
from services.planning.decisions import use_cases
from services.planning.decisions.kinds import DECISION_RECORD
from services.planning.decisions.repository import DECISIONS
from services.planning.decisions.schemas import DecisionShape, NewDecision

router = area_router("decisions")


@router.get(
    "/v1/projects/{project_id}/decisions",
    response_model=Listing[DecisionShape],
    openapi_extra={"parameters": DECISIONS.list_parameters()},
)
async def list_decisions(project_id: UUID, read: Reading) -> Response:
    """The decisions of a project, the newest first."""
    return await DECISIONS.page(read, project_id)


@router.post("/v1/projects/{project_id}/decisions/searches", response_model=Listing[DecisionShape])
async def search_decisions(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The decisions of a project that meet a combination of conditions."""
    return await DECISIONS.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/decisions", status_code=201, response_model=DecisionShape)
@acts(DECISION_RECORD)
async def record_decision(project_id: UUID, new: NewDecision, write: KeyedWriting) -> Response:
    """Record a decision that was taken elsewhere. It is never changed; a better one is recorded beside it."""
    decision = await use_cases.record_decision_taken_elsewhere(write.session, project_id, new)
    body = await DECISIONS.represent(write.session, decision.id)
    return await write.answer(body, status=201, version=decision.version, location=f"/v1/decisions/{decision.id}")


@router.get(
    "/v1/decisions/{decision_id}",
    response_model=DecisionShape,
    openapi_extra={"parameters": DECISIONS.object_parameters()},
)
async def get_decision(decision_id: UUID, read: Reading) -> Response:
    """One decision."""
    return await DECISIONS.one(read, decision_id)
