"""Contracts: what they say is recorded, what becomes of them followed up, and what changes them decided with reasons."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.kernel.access import may_see_costs, require_authority, require_member
from services.kernel.events import FactType
from services.kernel.money import Money
from services.kernel.problems import NotFound, UnknownReference
from services.kernel.requests import Read
from services.kernel.schemas import merged
from services.kernel.session import WriteSession
from services.planning.budget.use_cases import require_currency
from services.planning.contracts.alerts import alerts
from services.planning.contracts.contract import (
    ChangeOrderState,
    Contract,
    ContractChangeOrder,
    ContractEndsEarly,
    ContractMilestone,
    ContractOption,
    ContractStatus,
    OptionExpired,
    OptionState,
)
from services.planning.contracts.events import (
    CONTRACT_CHANGED,
    CONTRACT_RECORDED,
    MILESTONE_CHANGED,
    MILESTONE_RECORDED,
    OPTION_CHANGED,
    OPTION_RECORDED,
    ORDER_CHANGED,
    ORDER_DECIDED,
    ORDER_DRAFTED,
)
from services.planning.contracts.repository import (
    CONTRACT_CHANGE_ORDERS,
    CONTRACT_MILESTONES,
    CONTRACT_OPTIONS,
    CONTRACTS,
    deadlines_of,
    load,
)
from services.planning.contracts.schemas import (
    ChangeOrderRuling,
    ContractChangeOrderPatch,
    ContractMilestonePatch,
    ContractOptionPatch,
    ContractPatch,
    NewContract,
    NewContractChangeOrder,
    NewContractMilestone,
    NewContractOption,
    OptionRuling,
)
from services.planning.decisions.use_cases import record_acceptance, record_decision
from services.planning.resources.repository import belongs_to_project, project_currency
from services.planning.schedule.planned_cost import cost_impact, money_measures
from services.planning.schedule.repository.loading import load_ledger

_Part = ContractMilestone | ContractOption | ContractChangeOrder
# What of a milestone only says what came of it.
_FOLLOW_UP = frozenset({"state", "reached_on"})


async def record_contract(session: WriteSession, project_id: UUID, new: NewContract) -> Contract:
    """The project has a contract, which may have been signed. A number that it has already is refused by its unique index."""
    await require_member(session, session.principal, project_id)
    currency = await project_currency(session, project_id)
    contract = Contract(project_id=project_id, currency=currency, agreed_changes=Decimal(0))
    _set(contract, {name: getattr(new, name) for name in type(new).model_fields}, currency)
    if contract.status == ContractStatus.SIGNED:
        contract.signed_on = contract.signed_on or session.now.date()
    _require_order(contract)
    session.add(contract)
    await _settle_record(session, contract, Decimal(0), contract.value or Decimal(0))
    _tell_contract(session, CONTRACT_RECORDED, contract)
    return contract


async def change_contract(
    session: WriteSession, contract_id: UUID, expected_version: int, patch: ContractPatch
) -> Contract:
    """It says something else, or it was signed, completed or terminated. Measured is by how much its value changes."""
    contract = await load(session, Contract, contract_id)
    await require_member(session, session.principal, contract.project_id)
    await CONTRACTS.check_version(session, contract.id, contract.version, expected_version)
    before = contract.value or Decimal(0)
    values = merged(patch)
    status = values.pop("status", None)
    _set(contract, values, contract.currency)
    if status is not None and status != contract.status:
        contract.pass_to(ContractStatus(status))
        if status == ContractStatus.SIGNED:
            contract.signed_on = contract.signed_on or session.now.date()
    _require_order(contract)
    await _settle_record(session, contract, before, contract.value or Decimal(0), expected_version)
    if contract.version != expected_version:
        _tell_contract(session, CONTRACT_CHANGED, contract)
    return contract


def _set(thing: Contract | _Part, values: Mapping[str, Any], currency: str) -> None:
    """Put the named values in, amounts in the project's currency. Raises CurrencyMismatched."""
    for name, value in values.items():
        if isinstance(value, Money):
            require_currency(value, currency, f"/{name}/currency")
            setattr(thing, name, value.amount)
        else:
            setattr(thing, name, value)


def _require_order(contract: Contract) -> None:
    if contract.starts_on is not None and contract.ends_on is not None and contract.ends_on < contract.starts_on:
        raise ContractEndsEarly


async def _settle_record(
    session: WriteSession, contract: Contract, before: Decimal, after: Decimal, expected_version: int | None = None
) -> None:
    await session.flush()
    impact = await _require(session, contract, ["contract.record"], before, after)
    if contract.version == expected_version:
        return  # The same once more: nothing was decided.
    await record_decision(
        session,
        project_id=contract.project_id,
        kind="contract.record",
        question=f"What does the contract {contract.number} with {contract.counterparty} say?",
        chosen=f"{contract.title}, {contract.status}",
        impact=impact,
        executed_by_id=session.principal.person_id,
        subject_type="contract",
        subject_id=contract.id,
    )


async def _require(
    session: WriteSession, contract: Contract, kinds: list[str], before: Decimal, after: Decimal
) -> dict[str, Any]:
    """Ask for the authority, measured by the change of money. Returns the impact."""
    impact = cost_impact(before, after - before, contract.currency)
    ledger = await load_ledger(session, contract.project_id)
    measures = money_measures(abs(after - before), ledger.budget)
    await require_authority(session, contract.project_id, kinds, measures, impact)
    return impact


# Milestones


async def record_milestone(session: WriteSession, project_id: UUID, new: NewContractMilestone) -> ContractMilestone:
    """The contract says that something is done by a day. Raises UnknownReference."""
    contract = await _contract_of(session, project_id, new.contract_id)
    await _require_task(session, project_id, new.task_id)
    milestone = ContractMilestone(project_id=project_id, state="planned")
    _set(milestone, {name: getattr(new, name) for name in type(new).model_fields}, contract.currency)
    session.add(milestone)
    await session.flush()
    await _require(session, contract, ["contract.record"], Decimal(0), milestone.payment or Decimal(0))
    await _accept(
        session, milestone, "contract.record", f"Is this a milestone of {contract.number}: {milestone.title}?"
    )
    _tell_milestone(session, MILESTONE_RECORDED, contract, milestone)
    return milestone


async def change_milestone(
    session: WriteSession, milestone_id: UUID, expected_version: int, patch: ContractMilestonePatch
) -> ContractMilestone:
    """What came of it is follow-up; what the contract says of it is a matter of the contract."""
    milestone = await load(session, ContractMilestone, milestone_id)
    await require_member(session, session.principal, milestone.project_id)
    contract = await load(session, Contract, milestone.contract_id)
    await CONTRACT_MILESTONES.check_version(session, milestone.id, milestone.version, expected_version)
    values = merged(patch)
    await _require_task(session, milestone.project_id, values.get("task_id"))
    before = milestone.payment or Decimal(0)
    _set(milestone, values, contract.currency)
    await session.flush()
    kind = "contract.follow" if values.keys() <= _FOLLOW_UP else "contract.record"
    await _require(session, contract, [kind], before, milestone.payment or Decimal(0))
    if milestone.version == expected_version:
        return milestone
    await _accept(session, milestone, kind, f"Is the milestone of {contract.number} another: {milestone.title}?")
    _tell_milestone(session, MILESTONE_CHANGED, contract, milestone)
    return milestone


# Options


async def record_option(session: WriteSession, project_id: UUID, new: NewContractOption) -> ContractOption:
    """The contract has an option. Raises UnknownReference."""
    contract = await _contract_of(session, project_id, new.contract_id)
    option = ContractOption(project_id=project_id, state=OptionState.OPEN)
    _set(option, {name: getattr(new, name) for name in type(new).model_fields}, contract.currency)
    session.add(option)
    await session.flush()
    await require_authority(session, project_id, ["contract.record"])
    await _accept(session, option, "contract.record", f"Is this an option of {contract.number}: {option.title}?")
    _tell_option(session, OPTION_RECORDED, contract, option)
    return option


async def change_option(
    session: WriteSession, option_id: UUID, expected_version: int, patch: ContractOptionPatch
) -> ContractOption:
    """The contract says something else of it. Raises DecidedAlready."""
    option = await load(session, ContractOption, option_id)
    await require_member(session, session.principal, option.project_id)
    contract = await load(session, Contract, option.contract_id)
    await CONTRACT_OPTIONS.check_version(session, option.id, option.version, expected_version)
    option.require_open()
    _set(option, merged(patch), contract.currency)
    await session.flush()
    await require_authority(session, option.project_id, ["contract.record"])
    if option.version == expected_version:
        return option
    await _accept(session, option, "contract.record", f"Is the option of {contract.number} another: {option.title}?")
    _tell_option(session, OPTION_CHANGED, contract, option)
    return option


async def rule_on_option(session: WriteSession, option_id: UUID, ruling: OptionRuling) -> ContractOption:
    """Exercise an option, or let it lapse: a decision. Raises DecidedAlready, OptionExpired, ContractNotInForce."""
    option = await load(session, ContractOption, option_id)
    await require_member(session, session.principal, option.project_id)
    # The contract first, since its sum changes with whatever is decided about any of its parts.
    contract = await load(session, Contract, option.contract_id, lock=True)
    option = await load(session, ContractOption, option_id, lock=True)
    option.require_open()
    before = _current(contract)
    if ruling.outcome == "exercised":
        contract.require_in_force()
        if option.exercise_by < session.now.date():
            raise OptionExpired(exercise_by=option.exercise_by.isoformat())
        contract.agreed_changes += option.value or Decimal(0)
    option.state = OptionState(ruling.outcome)
    await session.flush()
    option.decision_id = await _decide(
        session, contract, option, before, f"Is the option exercised: {option.title}?", ruling.outcome, ruling.reason
    )
    await session.flush()
    _tell_option(session, OPTION_CHANGED, contract, option)
    return option


# Change orders


async def draft_change_order(
    session: WriteSession, project_id: UUID, new: NewContractChangeOrder
) -> ContractChangeOrder:
    """Put a change forward; nothing of the contract changes yet. Raises UnknownReference, ContractNotInForce."""
    contract = await _contract_of(session, project_id, new.contract_id)
    contract.require_in_force()
    order = ContractChangeOrder(project_id=project_id, state=ChangeOrderState.PROPOSED)
    _set(order, {name: getattr(new, name) for name in type(new).model_fields}, contract.currency)
    session.add(order)
    await session.flush()
    await require_authority(session, project_id, ["contract.follow"])
    await _accept(session, order, "contract.follow", f"Is a change of {contract.number} put forward: {order.title}?")
    _tell_order(session, ORDER_DRAFTED, contract, order)
    return order


async def change_change_order(
    session: WriteSession, order_id: UUID, expected_version: int, patch: ContractChangeOrderPatch
) -> ContractChangeOrder:
    """Put it forward otherwise. Raises DecidedAlready."""
    order = await load(session, ContractChangeOrder, order_id)
    await require_member(session, session.principal, order.project_id)
    contract = await load(session, Contract, order.contract_id)
    await CONTRACT_CHANGE_ORDERS.check_version(session, order.id, order.version, expected_version)
    order.require_open()
    _set(order, merged(patch), contract.currency)
    await session.flush()
    await require_authority(session, order.project_id, ["contract.follow"])
    if order.version == expected_version:
        return order
    await _accept(session, order, "contract.follow", f"Is the change of {contract.number} another: {order.title}?")
    _tell_order(session, ORDER_CHANGED, contract, order)
    return order


async def rule_on_change_order(session: WriteSession, order_id: UUID, ruling: ChangeOrderRuling) -> ContractChangeOrder:
    """Approve a change order, which changes the contract, or reject it: a decision. Raises DecidedAlready,
    ContractNotInForce."""
    order = await load(session, ContractChangeOrder, order_id)
    await require_member(session, session.principal, order.project_id)
    contract = await load(session, Contract, order.contract_id, lock=True)
    order = await load(session, ContractChangeOrder, order_id, lock=True)
    order.require_open()
    before = _current(contract)
    if ruling.outcome == "approved":
        contract.require_in_force()
        contract.agreed_changes += order.value
        if contract.ends_on is not None:
            contract.ends_on += timedelta(days=order.extension_days)
            _require_order(contract)
    order.state = ChangeOrderState(ruling.outcome)
    await session.flush()
    order.decision_id = await _decide(
        session, contract, order, before, f"Is the change agreed to: {order.title}?", ruling.outcome, ruling.reason
    )
    await session.flush()
    _tell_order(session, ORDER_DECIDED, contract, order)
    return order


def _current(contract: Contract) -> Decimal:
    return (contract.value or Decimal(0)) + contract.agreed_changes


async def _decide(
    session: WriteSession,
    contract: Contract,
    part: ContractOption | ContractChangeOrder,
    before: Decimal,
    question: str,
    chosen: str,
    reason: str,
) -> UUID:
    """Ask for the authority over what it does to the contract's sum, and record the decision. Returns its id."""
    impact = await _require(session, contract, ["contract.change"], before, _current(contract))
    decision = await record_decision(
        session,
        project_id=contract.project_id,
        kind="contract.change",
        question=question,
        chosen=chosen,
        reason=reason,
        impact=impact,
        executed_by_id=session.principal.person_id,
        subject_type=_noun_of(part),
        subject_id=part.id,
    )
    if impact:
        _tell_contract(session, CONTRACT_CHANGED, contract)
    return decision.id


# What all parts have


async def _contract_of(session: WriteSession, project_id: UUID, contract_id: UUID) -> Contract:
    """The contract that a new part belongs to. Raises UnknownReference for one of another project."""
    await require_member(session, session.principal, project_id)
    try:
        contract = await load(session, Contract, contract_id)
    except NotFound:
        raise UnknownReference("contract_id") from None
    if contract.project_id != project_id:
        raise UnknownReference("contract_id")
    return contract


async def _require_task(session: WriteSession, project_id: UUID, task_id: UUID | None) -> None:
    if task_id is not None and not await belongs_to_project(session, "tasks", task_id, project_id):
        raise UnknownReference("task_id")


def _noun_of(part: _Part) -> str:
    return type(part).__tablename__.removesuffix("s")


async def _accept(session: WriteSession, part: _Part, kind: str, question: str) -> None:
    await record_acceptance(
        session,
        project_id=part.project_id,
        kind=kind,
        question=question,
        chosen="recorded",
        impact=session.impact,
        subject_type=_noun_of(part),
        subject_id=part.id,
    )


def _amount(contract: Contract, amount: Decimal | None) -> dict[str, str] | None:
    return None if amount is None else Money.of(amount, contract.currency).to_json()


def _tell_contract(session: WriteSession, fact_type: FactType, contract: Contract) -> None:
    data = {
        "number": contract.number,
        "title": contract.title,
        "counterparty": contract.counterparty,
        "kind": contract.kind,
        "status": contract.status,
        "amount": _amount(contract, _current(contract)),
        "starts_on": contract.starts_on and contract.starts_on.isoformat(),
        "ends_on": contract.ends_on and contract.ends_on.isoformat(),
    }
    session.record(fact_type, "contract", contract.id, data, project_id=contract.project_id)


def _tell_milestone(session: WriteSession, fact_type: FactType, contract: Contract, one: ContractMilestone) -> None:
    data = {
        "contract_id": str(contract.id),
        "title": one.title,
        "due_on": one.due_on.isoformat(),
        "task_id": one.task_id and str(one.task_id),
        "amount": _amount(contract, one.payment),
        "state": one.state,
    }
    session.record(fact_type, "contract_milestone", one.id, data, project_id=one.project_id)


def _tell_option(session: WriteSession, fact_type: FactType, contract: Contract, one: ContractOption) -> None:
    data = {
        "contract_id": str(contract.id),
        "title": one.title,
        "exercise_by": one.exercise_by.isoformat(),
        "amount": _amount(contract, one.value),
        "state": one.state,
    }
    session.record(fact_type, "contract_option", one.id, data, project_id=one.project_id)


def _tell_order(session: WriteSession, fact_type: FactType, contract: Contract, one: ContractChangeOrder) -> None:
    data = {
        "contract_id": str(contract.id),
        "title": one.title,
        "amount": _amount(contract, one.value),
        "extension_days": one.extension_days,
        "state": one.state,
    }
    session.record(fact_type, "contract_change_order", one.id, data, project_id=one.project_id)


async def read_alerts(read: Read, project_id: UUID, within_days: int) -> Mapping[str, Any]:
    """What of the project's contracts is due, overdue, or will be late by the plan, the first first."""
    await require_member(read.session, read.principal, project_id)
    deadlines = await deadlines_of(read.session, project_id)
    currency = await project_currency(read.session, project_id)
    seen = await may_see_costs(read.session, read.principal, project_id)
    titles = {deadline.contract_id: contract for deadline, contract in deadlines}
    found = alerts((deadline for deadline, _ in deadlines), datetime.now(UTC).date(), within_days)
    return {
        "type": "contract_alerts",
        "project_id": str(project_id),
        "alerts": [
            {
                "code": each.code.value,
                "contract_id": str(each.deadline.contract_id),
                "contract": titles[each.deadline.contract_id],
                "subject_type": each.deadline.subject_type,
                "subject_id": str(each.deadline.subject_id),
                "title": each.deadline.title,
                "due_on": each.deadline.due_on.isoformat(),
                "days_left": each.days_left,
                "forecast_on": each.deadline.forecast_on and each.deadline.forecast_on.isoformat(),
                "days_late": each.days_late,
                "amount": Money.rounded(each.deadline.amount, currency).to_json()
                if seen and each.deadline.amount is not None
                else None,
            }
            for each in found
        ],
    }
