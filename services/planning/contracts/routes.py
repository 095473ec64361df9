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
from services.kernel.write import KeyedWriting, Writing
from services.planning.contracts import use_cases
from services.planning.contracts.kinds import CONTRACT_CHANGE, CONTRACT_FOLLOW, CONTRACT_RECORD
from services.planning.contracts.repository import (
    CONTRACT_CHANGE_ORDERS,
    CONTRACT_MILESTONES,
    CONTRACT_OPTIONS,
    CONTRACTS,
)
from services.planning.contracts.schemas import (
    ChangeOrderRuling,
    ContractAlertsShape,
    ContractChangeOrderPatch,
    ContractChangeOrderShape,
    ContractMilestonePatch,
    ContractMilestoneShape,
    ContractOptionPatch,
    ContractOptionShape,
    ContractPatch,
    ContractShape,
    NewContract,
    NewContractChangeOrder,
    NewContractMilestone,
    NewContractOption,
    OptionRuling,
)

router = area_router("contracts")


@router.get(
    "/v1/projects/{project_id}/contracts",
    response_model=Listing[ContractShape],
    openapi_extra={"parameters": CONTRACTS.list_parameters()},
)
async def list_contracts(project_id: UUID, read: Reading) -> Response:
    """The project's contracts."""
    return await CONTRACTS.page(read, project_id)


@router.post("/v1/projects/{project_id}/contracts/searches", response_model=Listing[ContractShape])
async def search_contracts(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The contracts that meet a combination of conditions."""
    return await CONTRACTS.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/contracts", status_code=201, response_model=ContractShape)
@acts(CONTRACT_RECORD)
async def record_contract(project_id: UUID, new: NewContract, write: KeyedWriting) -> Response:
    """Record a contract, as a draft or as it was signed."""
    made = await use_cases.record_contract(write.session, project_id, new)
    body = await CONTRACTS.represent(write.session, made.id)
    return await write.answer(body, status=201, version=made.version, location=f"/v1/contracts/{made.id}")


@router.get(
    "/v1/contracts/{contract_id}",
    response_model=ContractShape,
    openapi_extra={"parameters": CONTRACTS.object_parameters()},
)
async def get_contract(contract_id: UUID, read: Reading) -> Response:
    """One contract."""
    return await CONTRACTS.one(read, contract_id)


@router.patch("/v1/contracts/{contract_id}", response_model=ContractShape)
@acts(CONTRACT_RECORD)
async def change_contract(contract_id: UUID, patch: ContractPatch, write: Writing) -> Response:
    """It says something else, or it was signed, completed or terminated."""
    made = await use_cases.change_contract(write.session, contract_id, write.expected_version, patch)
    return await write.answer(await CONTRACTS.represent(write.session, contract_id), version=made.version)


@router.get(
    "/v1/projects/{project_id}/contract-milestones",
    response_model=Listing[ContractMilestoneShape],
    openapi_extra={"parameters": CONTRACT_MILESTONES.list_parameters()},
)
async def list_contract_milestones(project_id: UUID, read: Reading) -> Response:
    """What the project's contracts say is done by which day."""
    return await CONTRACT_MILESTONES.page(read, project_id)


@router.post("/v1/projects/{project_id}/contract-milestones/searches", response_model=Listing[ContractMilestoneShape])
async def search_contract_milestones(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The milestones that meet a combination of conditions."""
    return await CONTRACT_MILESTONES.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/contract-milestones", status_code=201, response_model=ContractMilestoneShape)
@acts(CONTRACT_RECORD)
async def record_contract_milestone(project_id: UUID, new: NewContractMilestone, write: KeyedWriting) -> Response:
    """Record what a contract says is done by a day, and what is paid then."""
    made = await use_cases.record_milestone(write.session, project_id, new)
    body = await CONTRACT_MILESTONES.represent(write.session, made.id)
    return await write.answer(body, status=201, version=made.version, location=f"/v1/contract-milestones/{made.id}")


@router.get(
    "/v1/contract-milestones/{contract_milestone_id}",
    response_model=ContractMilestoneShape,
    openapi_extra={"parameters": CONTRACT_MILESTONES.object_parameters()},
)
async def get_contract_milestone(contract_milestone_id: UUID, read: Reading) -> Response:
    """One milestone of a contract."""
    return await CONTRACT_MILESTONES.one(read, contract_milestone_id)


@router.patch("/v1/contract-milestones/{contract_milestone_id}", response_model=ContractMilestoneShape)
@acts(CONTRACT_RECORD, CONTRACT_FOLLOW)
async def change_contract_milestone(
    contract_milestone_id: UUID, patch: ContractMilestonePatch, write: Writing
) -> Response:
    """It was reached or paid, or the contract says something else of it."""
    made = await use_cases.change_milestone(write.session, contract_milestone_id, write.expected_version, patch)
    return await write.answer(
        await CONTRACT_MILESTONES.represent(write.session, contract_milestone_id), version=made.version
    )


@router.get(
    "/v1/projects/{project_id}/contract-options",
    response_model=Listing[ContractOptionShape],
    openapi_extra={"parameters": CONTRACT_OPTIONS.list_parameters()},
)
async def list_contract_options(project_id: UUID, read: Reading) -> Response:
    """What may still be asked for of the project's contracts."""
    return await CONTRACT_OPTIONS.page(read, project_id)


@router.post("/v1/projects/{project_id}/contract-options/searches", response_model=Listing[ContractOptionShape])
async def search_contract_options(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The options that meet a combination of conditions."""
    return await CONTRACT_OPTIONS.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/contract-options", status_code=201, response_model=ContractOptionShape)
@acts(CONTRACT_RECORD)
async def record_contract_option(project_id: UUID, new: NewContractOption, write: KeyedWriting) -> Response:
    """Record an option of a contract."""
    made = await use_cases.record_option(write.session, project_id, new)
    body = await CONTRACT_OPTIONS.represent(write.session, made.id)
    return await write.answer(body, status=201, version=made.version, location=f"/v1/contract-options/{made.id}")


@router.get(
    "/v1/contract-options/{contract_option_id}",
    response_model=ContractOptionShape,
    openapi_extra={"parameters": CONTRACT_OPTIONS.object_parameters()},
)
async def get_contract_option(contract_option_id: UUID, read: Reading) -> Response:
    """One option."""
    return await CONTRACT_OPTIONS.one(read, contract_option_id)


@router.patch("/v1/contract-options/{contract_option_id}", response_model=ContractOptionShape)
@acts(CONTRACT_RECORD)
async def change_contract_option(contract_option_id: UUID, patch: ContractOptionPatch, write: Writing) -> Response:
    """The contract says something else of it."""
    made = await use_cases.change_option(write.session, contract_option_id, write.expected_version, patch)
    return await write.answer(await CONTRACT_OPTIONS.represent(write.session, contract_option_id), version=made.version)


@router.post("/v1/contract-options/{contract_option_id}/ruling", response_model=ContractOptionShape)
@acts(CONTRACT_CHANGE)
async def rule_on_contract_option(contract_option_id: UUID, ruling: OptionRuling, write: KeyedWriting) -> Response:
    """Exercise an option, which adds its value to the contract, or let it lapse: a decision."""
    made = await use_cases.rule_on_option(write.session, contract_option_id, ruling)
    return await write.answer(await CONTRACT_OPTIONS.represent(write.session, contract_option_id), version=made.version)


@router.get(
    "/v1/projects/{project_id}/contract-change-orders",
    response_model=Listing[ContractChangeOrderShape],
    openapi_extra={"parameters": CONTRACT_CHANGE_ORDERS.list_parameters()},
)
async def list_contract_change_orders(project_id: UUID, read: Reading) -> Response:
    """What was put forward to change of the project's contracts."""
    return await CONTRACT_CHANGE_ORDERS.page(read, project_id)


@router.post(
    "/v1/projects/{project_id}/contract-change-orders/searches", response_model=Listing[ContractChangeOrderShape]
)
async def search_contract_change_orders(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The change orders that meet a combination of conditions."""
    return await CONTRACT_CHANGE_ORDERS.search(read, query, project_id)


@router.post(
    "/v1/projects/{project_id}/contract-change-orders", status_code=201, response_model=ContractChangeOrderShape
)
@acts(CONTRACT_FOLLOW)
async def draft_contract_change_order(project_id: UUID, new: NewContractChangeOrder, write: KeyedWriting) -> Response:
    """Put a change of a contract forward."""
    made = await use_cases.draft_change_order(write.session, project_id, new)
    body = await CONTRACT_CHANGE_ORDERS.represent(write.session, made.id)
    return await write.answer(body, status=201, version=made.version, location=f"/v1/contract-change-orders/{made.id}")


@router.get(
    "/v1/contract-change-orders/{contract_change_order_id}",
    response_model=ContractChangeOrderShape,
    openapi_extra={"parameters": CONTRACT_CHANGE_ORDERS.object_parameters()},
)
async def get_contract_change_order(contract_change_order_id: UUID, read: Reading) -> Response:
    """One change order."""
    return await CONTRACT_CHANGE_ORDERS.one(read, contract_change_order_id)


@router.patch("/v1/contract-change-orders/{contract_change_order_id}", response_model=ContractChangeOrderShape)
@acts(CONTRACT_FOLLOW)
async def change_contract_change_order(
    contract_change_order_id: UUID, patch: ContractChangeOrderPatch, write: Writing
) -> Response:
    """Put it forward otherwise."""
    made = await use_cases.change_change_order(write.session, contract_change_order_id, write.expected_version, patch)
    return await write.answer(
        await CONTRACT_CHANGE_ORDERS.represent(write.session, contract_change_order_id), version=made.version
    )


@router.post("/v1/contract-change-orders/{contract_change_order_id}/ruling", response_model=ContractChangeOrderShape)
@acts(CONTRACT_CHANGE)
async def rule_on_contract_change_order(
    contract_change_order_id: UUID, ruling: ChangeOrderRuling, write: KeyedWriting
) -> Response:
    """Approve a change order, which changes the contract's sum and end, or reject it: a decision."""
    made = await use_cases.rule_on_change_order(write.session, contract_change_order_id, ruling)
    return await write.answer(
        await CONTRACT_CHANGE_ORDERS.represent(write.session, contract_change_order_id), version=made.version
    )


@router.get("/v1/projects/{project_id}/contract-alerts", response_model=ContractAlertsShape)
async def get_contract_alerts(
    project_id: UUID,
    read: Reading,
    within_days: Annotated[int, Query(ge=0, le=3_660, description="How soon something has to be due.")] = 30,
) -> Response:
    """What of the contracts is due or overdue, and which milestones the plan has behind their day."""
    found = await use_cases.read_alerts(read, project_id, within_days)
    return Response(orjson.dumps(found), media_type="application/json")
