"""`/v1/outcomes`: decisions, actions and notes."""

from uuid import UUID

from starlette.responses import Response

from services.coordination.meetings.kinds import MINUTES_RECORD
from services.coordination.meetings.repository import OUTCOMES
from services.coordination.meetings.schemas import NewOutcome, OutcomeBatch, OutcomePatch, OutcomeShape
from services.coordination.meetings.use_cases import outcomes as use_cases
from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.batch import BATCH_ANSWERS, BatchShape, run_batch
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting, Writing

router = area_router("meetings")


@router.post("/v1/projects/{project_id}/outcomes", status_code=201, response_model=OutcomeShape)
@acts(MINUTES_RECORD)
async def record_outcome(project_id: UUID, new: NewOutcome, write: Writing) -> Response:
    """Record what a meeting came to. It takes effect when the minutes are signed."""
    outcome = await use_cases.record_outcome(write.session, project_id, new)
    body = await OUTCOMES.represent(write.session, outcome.id)
    return await write.answer(body, status=201, version=outcome.version, location=f"/v1/outcomes/{outcome.id}")


@router.get(
    "/v1/projects/{project_id}/outcomes",
    response_model=Listing[OutcomeShape],
    openapi_extra={"parameters": OUTCOMES.list_parameters()},
)
async def list_outcomes(project_id: UUID, read: Reading) -> Response:
    """What the project's meetings came to; `meeting_id` picks one."""
    return await OUTCOMES.page(read, project_id)


@router.post("/v1/projects/{project_id}/outcomes/searches", response_model=Listing[OutcomeShape])
async def search_outcomes(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The same list under a combination of conditions."""
    return await OUTCOMES.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/outcomes/batch", response_model=BatchShape, responses=BATCH_ANSWERS)
@acts(MINUTES_RECORD)
async def change_outcomes(project_id: UUID, batch: OutcomeBatch, write: KeyedWriting) -> Response:
    """Record, change and remove up to 1,000 outcomes."""
    return await run_batch(write, project_id, batch, use_cases.OUTCOME_VERBS)


@router.get(
    "/v1/outcomes/{outcome_id}",
    response_model=OutcomeShape,
    openapi_extra={"parameters": OUTCOMES.object_parameters()},
)
async def get_outcome(outcome_id: UUID, read: Reading) -> Response:
    """One outcome, with the result of its decision."""
    return await OUTCOMES.one(read, outcome_id)


@router.patch("/v1/outcomes/{outcome_id}", response_model=OutcomeShape)
@acts(MINUTES_RECORD)
async def change_outcome(outcome_id: UUID, patch: OutcomePatch, write: Writing) -> Response:
    """Change an outcome of unsigned minutes."""
    outcome = await use_cases.change_outcome(write.session, outcome_id, write.expected_version, patch)
    return await write.answer(await OUTCOMES.represent(write.session, outcome_id), version=outcome.version)


@router.delete("/v1/outcomes/{outcome_id}", status_code=204)
@acts(MINUTES_RECORD)
async def remove_outcome(outcome_id: UUID, write: Writing) -> Response:
    """Strike an outcome from unsigned minutes."""
    await use_cases.remove_outcome(write.session, outcome_id, write.expected_version)
    return await write.answer_empty()
