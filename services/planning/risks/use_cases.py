"""What people do with risks: anybody on the team records them, and what is done about them is decided."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.kernel.access import require_authority, require_member
from services.kernel.batch import Verbs
from services.kernel.money import Money
from services.kernel.problems import NotFound, UnknownReference
from services.kernel.schemas import merged, named
from services.kernel.session import WriteSession
from services.planning.budget.repository import known_tasks
from services.planning.budget.use_cases import require_currency
from services.planning.decisions.use_cases import record_acceptance, record_decision
from services.planning.external_refs.repository import claim
from services.planning.external_refs.upsert import Upserting
from services.planning.projects.repository import load_goal, load_project
from services.planning.risks.events import RISK_CHANGED, RISK_RAISED, RISK_RESPONSE_PLANNED
from services.planning.risks.repository import RISK_RESPONSES, RISKS, load_risk, load_risk_response
from services.planning.risks.risk import Risk, RiskStatus
from services.planning.risks.risk_response import RiskResponse
from services.planning.risks.schemas import (
    CostImpact,
    MinutesImpact,
    NewRisk,
    NewRiskResponse,
    ResponseTask,
    RiskPatch,
    RiskResponsePatch,
)
from services.planning.schedule.editing import create_task
from services.planning.schedule.repository.loading import active_members, load_ledger, load_plan
from services.planning.schedule.use_cases.forecasts import ledger_impact
from services.planning.schedule.use_cases.plan_changes import settle, tell_rest
from services.planning.schedule.use_cases.tasks import addition, tell_created


async def raise_risk(session: WriteSession, project_id: UUID, new: NewRisk) -> Risk:
    """Put a risk into the register."""
    await require_member(session, session.principal, project_id)
    currency = (await load_project(session, project_id)).currency
    await _require_references(session, project_id, new.owner_id, new.goal_id)
    risk = Risk(
        project_id=project_id,
        title=new.title,
        cause=new.cause,
        event=new.event,
        effect=new.effect,
        probability=Decimal(new.probability),
        trigger_date=new.trigger_date,
        owner_id=new.owner_id,
        goal_id=new.goal_id,
        currency=currency,
        external_refs=named(new).get("external_refs", []),
    )
    nothing = Money.zero(currency)
    _set_minutes(risk, new.schedule_impact_minutes or MinutesImpact(low=0, likely=0, high=0))
    _set_cost(risk, new.cost_impact or CostImpact(low=nothing, likely=nothing, high=nothing))
    risk.estimate()
    before = await load_ledger(session, project_id)
    session.add(risk)
    await session.flush()
    await claim(session, "risk", risk.id, risk.external_refs)
    impact, _ = await ledger_impact(session, project_id, before)
    await require_authority(session, project_id, ["risk.record"], None, impact)
    await _record_acceptance(session, risk, f"Is this a risk of ours: {risk.title}?", "raised")
    session.record(RISK_RAISED, "risk", risk.id, _risk_data(risk), project_id=project_id)
    return risk


async def change_risk(session: WriteSession, risk_id: UUID, expected_version: int, patch: RiskPatch) -> Risk:
    """Judge a risk anew, or follow its life: it occurs, it is over."""
    risk = await load_risk(session, risk_id)
    await require_member(session, session.principal, risk.project_id)
    await RISKS.check_version(session, risk.id, risk.version, expected_version)
    before = await load_ledger(session, risk.project_id)
    changes = named(patch)
    await _require_references(session, risk.project_id, changes.get("owner_id"), changes.get("goal_id"))
    if "status" in changes and changes["status"] != risk.status:
        risk.pass_to(RiskStatus(changes["status"]))
    changes.pop("status", None)
    if "probability" in changes:
        risk.probability = Decimal(changes.pop("probability"))
    if "schedule_impact_minutes" in changes:
        _set_minutes(risk, changes.pop("schedule_impact_minutes"))
    if "cost_impact" in changes:
        _set_cost(risk, changes.pop("cost_impact"))
    for name, value in changes.items():
        setattr(risk, name, value)
    risk.estimate()
    await session.flush()
    if "external_refs" in changes:
        await claim(session, "risk", risk.id, risk.external_refs)
    impact, _ = await ledger_impact(session, risk.project_id, before)
    await require_authority(session, risk.project_id, ["risk.record"], None, impact)
    if risk.version == expected_version:
        return risk  # The same once more: nothing happened.
    await _record_acceptance(session, risk, f"Is the risk judged anew: {risk.title}?", f"{risk.status}, as changed")
    session.record(RISK_CHANGED, "risk", risk.id, _risk_data(risk), project_id=risk.project_id)
    return risk


# What a batch of risks is made of.
RISK_UPSERT = Upserting(RISKS, NewRisk, raise_risk, RiskPatch, change_risk)
RISK_VERBS = Verbs(RISKS, create=raise_risk, update=change_risk, upsert=RISK_UPSERT.operate)


async def plan_risk_response(
    session: WriteSession, project_id: UUID, new: NewRiskResponse
) -> tuple[RiskResponse, dict[str, Any] | None]:
    """Decide what is done about a risk. Returns the response, and the effects on the plan when it got a new task.

    Raises UnknownReference for a risk, task or owner that is not the project's.
    """
    await require_member(session, session.principal, project_id)
    try:
        risk = await load_risk(session, new.risk_id)
    except NotFound:
        raise UnknownReference("risk_id") from None
    if risk.project_id != project_id:
        raise UnknownReference("risk_id")
    await _require_work(session, project_id, new.task_id, new.owner_id)
    task_id, effects = new.task_id, None
    if new.new_task is not None:
        task_id, effects = await _add_task(session, project_id, new.new_task)
    response = RiskResponse(
        project_id=project_id,
        risk_id=risk.id,
        strategy=new.strategy,
        description=new.description,
        task_id=task_id,
        owner_id=new.owner_id,
    )
    session.add(response)
    await session.flush()
    if new.new_task is None:
        await require_authority(session, project_id, ["risk.response"])
    await _record_response(session, risk, response)
    return response, effects


async def _add_task(session: WriteSession, project_id: UUID, new: ResponseTask) -> tuple[UUID, dict[str, Any]]:
    """The work of a response as a task of the plan; authority is asked for both at once, with what it does to the dates."""
    plan = await load_plan(session, project_id, lock=True)
    texts: dict[UUID, dict[str, Any]] = {}
    task = create_task(plan, new.model_dump(), texts)
    change = replace(addition(plan, task), kinds=["risk.response", "scope.task"], recorded_by_caller=True)
    effects = await settle(session, plan, change, texts)
    tell_created(session, plan, task, None)
    tell_rest(session, plan, "task")
    return task.id, effects


async def change_risk_response(
    session: WriteSession, response_id: UUID, expected_version: int, patch: RiskResponsePatch
) -> RiskResponse:
    """Decide that something else is done about the risk."""
    response = await load_risk_response(session, response_id)
    await require_member(session, session.principal, response.project_id)
    await RISK_RESPONSES.check_version(session, response.id, response.version, expected_version)
    changes = merged(patch)
    await _require_work(session, response.project_id, changes.get("task_id"), changes.get("owner_id"))
    for name, value in changes.items():
        setattr(response, name, value)
    await session.flush()
    await require_authority(session, response.project_id, ["risk.response"])
    if response.version == expected_version:
        return response  # The same once more: nothing was decided.
    await _record_response(session, await load_risk(session, response.risk_id), response)
    return response


async def _record_acceptance(session: WriteSession, risk: Risk, question: str, chosen: str) -> None:
    await record_acceptance(
        session,
        project_id=risk.project_id,
        kind="risk.record",
        question=question,
        chosen=chosen,
        impact=session.impact,
        subject_type="risk",
        subject_id=risk.id,
    )


async def _record_response(session: WriteSession, risk: Risk, response: RiskResponse) -> None:
    await record_decision(
        session,
        project_id=risk.project_id,
        kind="risk.response",
        question=f"What is done about the risk: {risk.title}?",
        chosen=f"{response.strategy}: {response.description}".removesuffix(": "),
        impact=session.impact,
        executed_by_id=session.principal.person_id,
        subject_type="risk_response",
        subject_id=response.id,
    )
    data = {
        "risk_id": str(risk.id),
        "task_id": response.task_id and str(response.task_id),
        "strategy": response.strategy,
        "description": response.description,
        "owner_id": response.owner_id and str(response.owner_id),
    }
    session.record(RISK_RESPONSE_PLANNED, "risk_response", response.id, data, project_id=risk.project_id)


async def _require_references(
    session: WriteSession, project_id: UUID, owner_id: UUID | None, goal_id: UUID | None
) -> None:
    await _require_owner(session, project_id, owner_id)
    if goal_id is not None:
        try:
            goal = await load_goal(session, goal_id)
        except NotFound:
            raise UnknownReference("goal_id") from None
        if goal.project_id != project_id:
            raise UnknownReference("goal_id")


async def _require_work(session: WriteSession, project_id: UUID, task_id: UUID | None, owner_id: UUID | None) -> None:
    if task_id is not None and not await known_tasks(session, project_id, [task_id]):
        raise UnknownReference("task_id")
    await _require_owner(session, project_id, owner_id)


async def _require_owner(session: WriteSession, project_id: UUID, owner_id: UUID | None) -> None:
    if owner_id is not None and not await active_members(session, project_id, [owner_id]):
        raise UnknownReference("owner_id")


def _set_minutes(risk: Risk, impact: MinutesImpact) -> None:
    risk.minutes_low, risk.minutes_likely, risk.minutes_high = impact.low, impact.likely, impact.high


def _set_cost(risk: Risk, impact: CostImpact) -> None:
    require_currency(impact.low, risk.currency, "/cost_impact/low/currency")
    risk.cost_low, risk.cost_likely, risk.cost_high = (each.amount for each in (impact.low, impact.likely, impact.high))


def _risk_data(risk: Risk) -> dict[str, Any]:
    def money(amount: Decimal) -> dict[str, str]:
        return Money.of(amount, risk.currency).to_json()

    return {
        "title": risk.title,
        "cause": risk.cause,
        "event": risk.event,
        "effect": risk.effect,
        "probability": f"{risk.probability:f}",
        "schedule_impact_minutes": {"low": risk.minutes_low, "likely": risk.minutes_likely, "high": risk.minutes_high},
        "cost_impact": {"low": money(risk.cost_low), "likely": money(risk.cost_likely), "high": money(risk.cost_high)},
        "expected_minutes": risk.expected_minutes,
        "expected_cost": money(risk.expected_cost),
        "status": risk.status,
        "owner_id": risk.owner_id and str(risk.owner_id),
    }
