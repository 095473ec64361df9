"""A project at a glance: one object in which each number names its unit and where it was read (capabilities S37, N17)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import orjson

from services.kernel.confidentiality import without_money
from services.kernel.events import instant_text
from services.reporting.dashboards import figure
from services.reporting.dashboards.performance import Performance, ProjectState
from services.reporting.dashboards.phase import Gate, Standing, phase_title
from services.reporting.dashboards.repository import Registers


def build_overview(
    project_id: UUID,
    state: ProjectState,
    registers: Registers,
    performance: Performance,
    today: date,
    *,
    costs: bool,
    language: Literal["en", "nb"] = "en",
) -> dict[str, Any]:
    """The overview as JSON values. Proposals age until `today`, actions fall overdue by the status date.

    Without `costs` everything that tells of money is null, and left out of impacts.
    """
    project = registers.project
    return {
        "id": str(project_id),
        "type": "overview",
        "project_id": str(project_id),
        "key": project["key"],
        "name": project["name"],
        "status": project["status"],
        "currency": project["currency"],
        "status_date": performance.status_date.isoformat(),
        "positions": registers.positions,
        "phase": _phase(registers, performance.status_date, language),
        "progress": _plain(
            by_duration=figure.percent(state.percent_by_duration, state.plan_number),
            by_budget=figure.percent(performance.value.percent_complete, performance.earned_number),
        ),
        "schedule": _plain(**schedule_figures(state)),
        "earned_value": _plain(**earned_value_figures(state, performance)) if costs else None,
        "top_risks": [_risk(row, project["currency"], costs=costs) for row in registers.risks],
        "open_proposals": [_proposal(row, registers, today, costs=costs) for row in registers.proposals],
        "decisions": [_decision(row, costs=costs) for row in registers.decisions],
        "overdue_actions": [_action(row, performance.status_date) for row in registers.overdue_actions],
        "counts": _plain(**_counts(state, registers)) | ({} if costs else {"committed": None}),
    }


def _phase(registers: Registers, status_date: date, language: Literal["en", "nb"]) -> dict[str, Any] | None:
    """The present phase and the next gate, in the reader's language; None for a project without gates."""
    standing = Standing.at(registers.gates)
    if standing is None:
        return None
    opened_by, following = standing.opened_by, standing.next_gate
    return {
        "current": standing.phase,
        "title": phase_title(standing.phase, language),
        "entered_at": instant_text(opened_by.decided_at) if opened_by and opened_by.decided_at else None,
        "stopped": standing.stopped,
        "next_gate": _gate(following, status_date, language) if following is not None else None,
        "gates_passed": figure.count(standing.passed, standing.number).to_json(),
        "gates": figure.count(standing.gates, standing.number).to_json(),
    }


def _gate(gate: Gate, status_date: date, language: Literal["en", "nb"]) -> dict[str, Any]:
    until = (gate.planned_date - status_date).days if gate.planned_date is not None else None
    return {
        "id": str(gate.id),
        "code": gate.code,
        "title": gate.titles[language],
        "state": gate.state,
        "opens_phase": gate.opens_phase,
        "phase_title": phase_title(gate.opens_phase, language),
        "planned_date": figure.day(gate.planned_date, gate.number).to_json(),
        "days_until": figure.days(until, gate.number).to_json(),
    }


def _plain(**figures: figure.Figure) -> dict[str, Any]:
    return {name: each.to_json() for name, each in figures.items()}


def schedule_figures(state: ProjectState) -> dict[str, figure.Figure]:
    """Finish by plan and by baseline; the variance counts calendar days and is positive when the plan finishes later."""
    agreed, forecast = state.agreed_finish, state.forecast_finish
    variance = None if agreed is None or forecast is None else (forecast - agreed).days
    return {
        "baseline_finish": figure.day(agreed, state.baseline_number),
        "forecast_finish": figure.day(forecast, state.plan_number),
        "finish_variance": figure.days(variance, max(state.plan_number, state.baseline_number)),
    }


def earned_value_figures(state: ProjectState, performance: Performance) -> dict[str, figure.Figure]:
    """The whole of earned value management at the status date (Practice Standard for EVM; Lipke for the schedule)."""
    value, time, currency = performance.value, performance.schedule, state.currency
    planned_at, earned_at = performance.planned_number, performance.earned_number
    cost_at, all_at = max(earned_at, performance.actual_number), max(planned_at, earned_at, performance.actual_number)

    def money(amount: Decimal | None, position: int) -> figure.Figure:
        return figure.money(amount, currency, position)

    return {
        "budget_at_completion": money(value.budget, state.budget_number),
        "planned_value": money(performance.if_planned(value.planned), planned_at),
        "earned_value": money(value.earned, earned_at),
        "actual_cost": money(value.actual, performance.actual_number),
        "cost_variance": money(value.cost_variance, cost_at),
        "schedule_variance": money(performance.if_planned(value.schedule_variance), planned_at),
        "cost_performance_index": figure.ratio(value.cost_performance_index, cost_at),
        "schedule_performance_index": figure.ratio(
            performance.if_planned(value.schedule_performance_index), planned_at
        ),
        "estimate_at_completion": money(value.estimate_at_completion, cost_at),
        "estimate_to_complete": money(value.estimate_to_complete, cost_at),
        "variance_at_completion": money(value.variance_at_completion, cost_at),
        "to_complete_performance_index": figure.ratio(value.to_complete_performance_index, cost_at),
        "earned_schedule": figure.weeks(time.earned if time else None, planned_at),
        "schedule_variance_time": figure.weeks(time.schedule_variance if time else None, planned_at),
        "schedule_performance_index_time": figure.ratio(time.schedule_performance_index if time else None, planned_at),
        "duration_at_completion": figure.weeks(time.estimate_at_completion if time else None, all_at),
    }


def _risk(row: Mapping[str, Any], currency: str, *, costs: bool) -> dict[str, Any]:
    at = row["reached"]
    return {
        "id": str(row["id"]),
        "title": row["title"],
        "status": row["status"],
        "owner_id": row["owner_id"] and str(row["owner_id"]),
        "probability": figure.percent(hundredfold(row["probability"]), at).to_json(),
        "expected_cost": figure.money(row["expected_cost"], row["currency"] or currency, at).to_json()
        if costs
        else None,
        "expected_minutes": figure.minutes(row["expected_minutes"], at).to_json(),
    }


def hundredfold(share: Decimal | None) -> Decimal | None:
    """A share of one as percent."""
    return None if share is None else share * 100


def _proposal(row: Mapping[str, Any], registers: Registers, today: date, *, costs: bool) -> dict[str, Any]:
    impact = orjson.loads(row["impact_text"]) if row["impact_text"] else {}
    return {
        "id": str(row["id"]),
        "title": row["title"],
        "kinds": orjson.loads(row["kinds_text"]),
        "state": row["state"],
        "proposer_id": row["proposer_id"] and str(row["proposer_id"]),
        "submitted_at": instant_text(row["submitted_at"]),
        "age": age_of(row, registers, today).to_json(),
        "decidable_by": orjson.loads(row["decidable_text"]),
        "impact": impact if costs else without_money(impact),
    }


def age_of(row: Mapping[str, Any], registers: Registers, today: date) -> figure.Figure:
    """Days since a proposal was submitted, by the project's own calendar days."""
    submitted = row["submitted_at"].astimezone(registers.zone).date()
    return figure.days(max((today - submitted).days, 0), row["number"], "gateway")


def _decision(row: Mapping[str, Any], *, costs: bool) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "kind": row["kind"],
        "question": row["question"],
        "chosen": row["chosen"] if costs or not row["about_costs"] else None,
        "decided_by_id": row["decided_by_id"] and str(row["decided_by_id"]),
        "decided_at": instant_text(row["decided_at"]),
        "source": "planning",
        "position": row["number"],
    }


def _action(row: Mapping[str, Any], status_date: date) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "title": row["title"],
        "owner_id": row["owner_id"] and str(row["owner_id"]),
        "due_date": row["due_date"].isoformat(),
        "days_late": figure.days((status_date - row["due_date"]).days, row["number"], "coordination").to_json(),
    }


def _counts(state: ProjectState, registers: Registers) -> dict[str, figure.Figure]:
    """`foreign_amounts` are budget lines and postings in another currency than the project's: no sum holds them."""
    counts, plan = registers.counts, state.plan_number
    planning = registers.positions.get("planning", 0)
    return {
        "tasks": figure.count(counts["tasks"], plan),
        "critical_tasks": figure.count(counts["critical_tasks"], plan),
        "open_risks": figure.count(counts["open_risks"], counts["risks_number"]),
        "open_proposals": figure.count(counts["open_proposals"], counts["proposals_number"], "gateway"),
        "open_actions": figure.count(counts["open_actions"], counts["actions_number"], "coordination"),
        "meetings": figure.count(counts["meetings"], counts["meetings_number"], "coordination"),
        "documents": figure.count(counts["documents"], counts["documents_number"], "coordination"),
        "foreign_amounts": figure.count(counts["foreign_amounts"], planning),
        "committed": figure.money(counts["committed"], state.currency, counts["committed_number"]),
    }
