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
from services.planning.periods import use_cases
from services.planning.periods.kinds import PERIOD_CLOSE, PERIOD_RECORD, PERIOD_REOPEN
from services.planning.periods.repository import ACCOUNTING_PERIODS
from services.planning.periods.schemas import (
    AccountingPeriodBatch,
    AccountingPeriodPatch,
    AccountingPeriodShape,
    Closing,
    NewAccountingPeriod,
    Reopening,
)

router = area_router("accounting periods")


@router.get(
    "/v1/projects/{project_id}/accounting-periods",
    response_model=Listing[AccountingPeriodShape],
    openapi_extra={"parameters": ACCOUNTING_PERIODS.list_parameters()},
)
async def list_accounting_periods(project_id: UUID, read: Reading) -> Response:
    """The project's accounting periods, by their first day. Days in none of them are open."""
    return await ACCOUNTING_PERIODS.page(read, project_id)


@router.post("/v1/projects/{project_id}/accounting-periods/searches", response_model=Listing[AccountingPeriodShape])
async def search_accounting_periods(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The periods that meet a combination of conditions."""
    return await ACCOUNTING_PERIODS.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/accounting-periods", status_code=201, response_model=AccountingPeriodShape)
@acts(PERIOD_RECORD)
async def create_accounting_period(project_id: UUID, new: NewAccountingPeriod, write: Writing) -> Response:
    """Make days of the project an accounting period, which is open. 409 names the period that has one of the days."""
    period = await use_cases.create_period(write.session, project_id, new)
    body = await ACCOUNTING_PERIODS.represent(write.session, period.id)
    location = f"/v1/accounting-periods/{period.id}"
    return await write.answer(body, status=201, version=period.version, location=location)


@router.post("/v1/projects/{project_id}/accounting-periods/batch", response_model=BatchShape, responses=BATCH_ANSWERS)
@acts(PERIOD_RECORD)
async def change_accounting_periods(project_id: UUID, batch: AccountingPeriodBatch, write: KeyedWriting) -> Response:
    """Add and change up to 1,000 periods, such as the twelve of a year."""
    return await run_batch(write, project_id, batch, use_cases.PERIOD_VERBS)


@router.get(
    "/v1/accounting-periods/{period_id}",
    response_model=AccountingPeriodShape,
    openapi_extra={"parameters": ACCOUNTING_PERIODS.object_parameters()},
)
async def get_accounting_period(period_id: UUID, read: Reading) -> Response:
    """One period."""
    return await ACCOUNTING_PERIODS.one(read, period_id)


@router.patch("/v1/accounting-periods/{period_id}", response_model=AccountingPeriodShape)
@acts(PERIOD_RECORD)
async def change_accounting_period(period_id: UUID, patch: AccountingPeriodPatch, write: Writing) -> Response:
    """Give a period another name, or other days while it is open."""
    period = await use_cases.change_period(write.session, period_id, write.expected_version, patch)
    return await write.answer(await ACCOUNTING_PERIODS.represent(write.session, period_id), version=period.version)


@router.delete("/v1/accounting-periods/{period_id}", status_code=204)
@acts(PERIOD_RECORD)
async def remove_accounting_period(period_id: UUID, write: Writing) -> Response:
    """Take away a period that was never closed."""
    await use_cases.remove_period(write.session, period_id, write.expected_version)
    return await write.answer_empty()


@router.post("/v1/accounting-periods/{period_id}/closing", response_model=AccountingPeriodShape)
@acts(PERIOD_CLOSE)
async def close_accounting_period(period_id: UUID, closing: Closing, write: KeyedWriting) -> Response:
    """Close a period: softly, so that postings take authority and a reason, or wholly, so that there are none."""
    period = await use_cases.close_period(write.session, period_id, closing)
    return await write.answer(await ACCOUNTING_PERIODS.represent(write.session, period_id), version=period.version)


@router.post("/v1/accounting-periods/{period_id}/reopening", response_model=AccountingPeriodShape)
@acts(PERIOD_REOPEN)
async def reopen_accounting_period(period_id: UUID, reopening: Reopening, write: KeyedWriting) -> Response:
    """Open a closed period again; how often that was is counted."""
    period = await use_cases.reopen_period(write.session, period_id, reopening)
    return await write.answer(await ACCOUNTING_PERIODS.represent(write.session, period_id), version=period.version)
