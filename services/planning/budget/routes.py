"""HTTP of this area: path, status, one call."""

from uuid import UUID

from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.batch import BATCH_ANSWERS, BatchShape, answer_batch, run_batch
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting, Writing
from services.planning.budget import use_cases
from services.planning.budget.kinds import BUDGET_COMMITMENT, BUDGET_LINE, COST_CODE_RECORD, COST_POSTING
from services.planning.budget.repository import ACTUALS, BUDGET_LINES, COMMITMENTS, COST_CODES
from services.planning.budget.schemas import (
    ActualBatch,
    ActualShape,
    BudgetLineBatch,
    BudgetLinePatch,
    BudgetLineShape,
    CommitmentBatch,
    CommitmentShape,
    CostCodeBatch,
    CostCodePatch,
    CostCodeShape,
    NewActual,
    NewBudgetLine,
    NewCommitment,
    NewCostCode,
)

router = area_router("budget")


@router.get(
    "/v1/projects/{project_id}/cost-codes",
    response_model=Listing[CostCodeShape],
    openapi_extra={"parameters": COST_CODES.list_parameters()},
)
async def list_cost_codes(project_id: UUID, read: Reading) -> Response:
    """The project's accounts, by code."""
    return await COST_CODES.page(read, project_id)


@router.post("/v1/projects/{project_id}/cost-codes/searches", response_model=Listing[CostCodeShape])
async def search_cost_codes(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The accounts that meet a combination of conditions."""
    return await COST_CODES.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/cost-codes", status_code=201, response_model=CostCodeShape)
@acts(COST_CODE_RECORD)
async def create_cost_code(project_id: UUID, new: NewCostCode, write: Writing) -> Response:
    """Add an account; its code is unique in the project."""
    cost_code = await use_cases.create_cost_code(write.session, project_id, new)
    body = await COST_CODES.represent(write.session, cost_code.id)
    return await write.answer(body, status=201, version=cost_code.version, location=f"/v1/cost-codes/{cost_code.id}")


@router.post("/v1/projects/{project_id}/cost-codes/batch", response_model=BatchShape, responses=BATCH_ANSWERS)
@acts(COST_CODE_RECORD)
async def create_cost_codes(project_id: UUID, batch: CostCodeBatch, write: KeyedWriting) -> Response:
    """Add up to 1,000 accounts."""
    return await run_batch(write, project_id, batch, use_cases.COST_CODE_VERBS)


@router.get(
    "/v1/cost-codes/{cost_code_id}",
    response_model=CostCodeShape,
    openapi_extra={"parameters": COST_CODES.object_parameters()},
)
async def get_cost_code(cost_code_id: UUID, read: Reading) -> Response:
    """One account."""
    return await COST_CODES.one(read, cost_code_id)


@router.patch("/v1/cost-codes/{cost_code_id}", response_model=CostCodeShape)
@acts(COST_CODE_RECORD)
async def change_cost_code(cost_code_id: UUID, patch: CostCodePatch, write: Writing) -> Response:
    """Give an account another code or name; what was booked under it stays with it."""
    cost_code = await use_cases.change_cost_code(write.session, cost_code_id, write.expected_version, patch)
    return await write.answer(await COST_CODES.represent(write.session, cost_code_id), version=cost_code.version)


@router.get(
    "/v1/projects/{project_id}/budget-lines",
    response_model=Listing[BudgetLineShape],
    openapi_extra={"parameters": BUDGET_LINES.list_parameters()},
)
async def list_budget_lines(project_id: UUID, read: Reading) -> Response:
    """The project's budget, line by line."""
    return await BUDGET_LINES.page(read, project_id)


@router.post("/v1/projects/{project_id}/budget-lines/searches", response_model=Listing[BudgetLineShape])
async def search_budget_lines(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The budget lines that meet a combination of conditions."""
    return await BUDGET_LINES.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/budget-lines", status_code=201, response_model=BudgetLineShape)
@acts(BUDGET_LINE)
async def create_budget_line(project_id: UUID, new: NewBudgetLine, write: KeyedWriting) -> Response:
    """Budget a part of the work under a cost code, in the project's currency."""
    line = await use_cases.create_budget_line(write.session, project_id, new)
    body = await BUDGET_LINES.represent(write.session, line.id)
    return await write.answer(body, status=201, version=line.version, location=f"/v1/budget-lines/{line.id}")


@router.post("/v1/projects/{project_id}/budget-lines/batch", response_model=BatchShape, responses=BATCH_ANSWERS)
@acts(BUDGET_LINE)
async def change_budget_lines(project_id: UUID, batch: BudgetLineBatch, write: KeyedWriting) -> Response:
    """Add and change up to 1,000 budget lines; authority is asked for the sum of the changes."""
    return await run_batch(write, project_id, batch, use_cases.BUDGET_LINE_VERBS)


@router.get(
    "/v1/budget-lines/{line_id}",
    response_model=BudgetLineShape,
    openapi_extra={"parameters": BUDGET_LINES.object_parameters()},
)
async def get_budget_line(line_id: UUID, read: Reading) -> Response:
    """One budget line."""
    return await BUDGET_LINES.one(read, line_id)


@router.patch("/v1/budget-lines/{line_id}", response_model=BudgetLineShape)
@acts(BUDGET_LINE)
async def change_budget_line(line_id: UUID, patch: BudgetLinePatch, write: Writing) -> Response:
    """Budget more or less; authority is asked for the absolute change."""
    line = await use_cases.change_budget_line(write.session, line_id, write.expected_version, patch)
    return await write.answer(await BUDGET_LINES.represent(write.session, line_id), version=line.version)


@router.get(
    "/v1/projects/{project_id}/commitments",
    response_model=Listing[CommitmentShape],
    openapi_extra={"parameters": COMMITMENTS.list_parameters()},
)
async def list_commitments(project_id: UUID, read: Reading) -> Response:
    """What is promised to suppliers."""
    return await COMMITMENTS.page(read, project_id)


@router.post("/v1/projects/{project_id}/commitments/searches", response_model=Listing[CommitmentShape])
async def search_commitments(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The commitments that meet a combination of conditions."""
    return await COMMITMENTS.search(read, query, project_id)


@router.post(
    "/v1/projects/{project_id}/commitments",
    status_code=201,
    response_model=CommitmentShape,
    responses={200: {"model": CommitmentShape, "description": "The same reference and content were taken in before."}},
)
@acts(BUDGET_COMMITMENT)
async def record_commitment(project_id: UUID, new: NewCommitment, write: KeyedWriting) -> Response:
    """Commit money to a supplier. A repeated external reference answers 200 with what is stored, or 409."""
    commitment_id, is_new = await use_cases.record_commitment(write.session, project_id, new)
    body = await COMMITMENTS.represent(write.session, commitment_id)
    return await write.answer(
        body, status=201 if is_new else 200, version=1, location=f"/v1/commitments/{commitment_id}"
    )


@router.post("/v1/projects/{project_id}/commitments/batch", response_model=BatchShape, responses=BATCH_ANSWERS)
@acts(BUDGET_COMMITMENT)
async def record_commitments(project_id: UUID, batch: CommitmentBatch, write: KeyedWriting) -> Response:
    """Commit money up to 1,000 times; authority is asked for the sum."""
    return await run_batch(write, project_id, batch, use_cases.COMMITMENT_VERBS)


@router.get(
    "/v1/commitments/{commitment_id}",
    response_model=CommitmentShape,
    openapi_extra={"parameters": COMMITMENTS.object_parameters()},
)
async def get_commitment(commitment_id: UUID, read: Reading) -> Response:
    """One commitment."""
    return await COMMITMENTS.one(read, commitment_id)


@router.get(
    "/v1/projects/{project_id}/actuals",
    response_model=Listing[ActualShape],
    openapi_extra={"parameters": ACTUALS.list_parameters()},
)
async def list_actuals(project_id: UUID, read: Reading) -> Response:
    """The postings of the project, by the day that they were posted on."""
    return await ACTUALS.page(read, project_id)


@router.post("/v1/projects/{project_id}/actuals/searches", response_model=Listing[ActualShape])
async def search_actuals(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The postings that meet a combination of conditions."""
    return await ACTUALS.search(read, query, project_id)


@router.post(
    "/v1/projects/{project_id}/actuals",
    status_code=201,
    response_model=ActualShape,
    responses={200: {"model": ActualShape, "description": "The same reference and content were posted before."}},
)
@acts(COST_POSTING)
async def post_actual(project_id: UUID, new: NewActual, write: KeyedWriting) -> Response:
    """Post a cost. A repeated external reference answers 200 with what is stored, or 409 when it contradicts."""
    actual_id, is_new = await use_cases.post_actual(write.session, project_id, new)
    body = await ACTUALS.represent(write.session, actual_id)
    return await write.answer(body, status=201 if is_new else 200, version=1, location=f"/v1/actuals/{actual_id}")


@router.post("/v1/projects/{project_id}/actuals/batch", response_model=BatchShape, responses=BATCH_ANSWERS)
@acts(COST_POSTING)
async def post_actuals(project_id: UUID, batch: ActualBatch, write: KeyedWriting) -> Response:
    """Post up to 1,000 costs, all or those that can be. A result of 200 says that the posting was here before."""
    outcomes = await use_cases.post_actuals(write.session, project_id, batch)
    return await answer_batch(write, batch, outcomes)


@router.get(
    "/v1/actuals/{actual_id}", response_model=ActualShape, openapi_extra={"parameters": ACTUALS.object_parameters()}
)
async def get_actual(actual_id: UUID, read: Reading) -> Response:
    """One posting."""
    return await ACTUALS.one(read, actual_id)
