"""What each fact does to the read tables. Every handler may run twice and takes its time from the fact."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from services.kernel.events import Fact
from services.kernel.inbox import Handlers
from services.kernel.session import WriteSession
from services.reporting.projections import repository
from services.reporting.projections.read_tables import (
    ACTION_ITEMS,
    ACTUALS,
    BASELINE_TASKS,
    BASELINES,
    BUDGET_LINES,
    COMMITMENTS,
    DECISIONS,
    DOCUMENTS,
    GATES,
    GOALS,
    MEETINGS,
    PLANS,
    PROJECTS,
    PROPOSALS,
    RISK_RESPONSES,
    RISKS,
)

HANDLERS = Handlers()


@HANDLERS.on_every
async def keep_position(session: WriteSession, fact: Fact) -> None:
    if fact.project_id is not None:
        await repository.keep_position(session, fact)


def _subject(fact: Fact, **values: Any) -> dict[str, Any]:
    """A row whose id is the fact's subject, made of the fact's data and what stands beside it."""
    return {**fact.data, **values, "id": str(fact.subject_id)}


def _money(amount: Mapping[str, str] | None, name: str = "amount") -> dict[str, str | None]:
    return {name: amount["amount"] if amount else None, "currency": amount["currency"] if amount else None}


# -- projects and their plans -----------------------------------------------------------------------------------------


@HANDLERS.on("planning.project.created")
async def keep_project(session: WriteSession, fact: Fact) -> None:
    await repository.keep(session, PROJECTS, fact, fact.data)


@HANDLERS.on("planning.project.changed")
async def change_project(session: WriteSession, fact: Fact) -> None:
    await repository.change(session, PROJECTS, fact, fact.subject_id, fact.data, key="project_id")


@HANDLERS.on("planning.goal.set")
async def keep_goal(session: WriteSession, fact: Fact) -> None:
    lists = {name: fact.data.get(name) or [] for name in ("targets", "success_criteria")}
    await repository.keep(session, GOALS, fact, _subject(fact, **lists))


@HANDLERS.on("planning.gate.planned")
async def keep_gate(session: WriteSession, fact: Fact) -> None:
    await repository.keep(session, GATES, fact, _subject(fact))


@HANDLERS.on("planning.gate.changed")
async def change_gate(session: WriteSession, fact: Fact) -> None:
    await repository.change(session, GATES, fact, fact.subject_id, fact.data)


@HANDLERS.on("planning.gate.removed")
async def drop_gate(session: WriteSession, fact: Fact) -> None:
    await repository.drop_gate(session, fact)


@HANDLERS.on("planning.gate_passage.decided")
async def keep_gate_passage(session: WriteSession, fact: Fact) -> None:
    """Of a passage the overview shows what it made of its gate."""
    gate = dict(fact.data["gate"])
    gate_id = UUID(gate.pop("id"))
    await repository.change(session, GATES, fact, gate_id, gate | {"decided_at": fact.occurred_at})


@HANDLERS.on(
    "planning.task.created",
    "planning.task.changed",
    "planning.task.deleted",
    "planning.plan.rescheduled",
    "planning.plan.imported",
    "planning.plan.instantiated",
)
async def keep_plan(session: WriteSession, fact: Fact) -> None:
    """Every fact about tasks names those that it touched as they are now, those it removed, and the plan's dates."""
    data = fact.data
    removed = [UUID(each) for each in data.get("removed_ids", ())]
    if removed:
        await repository.drop_tasks(session, fact, removed)
    await repository.keep_tasks(
        session, fact, _once_each([*data.get("tasks", ()), *data.get("moved", ()), data.get("task")])
    )
    await repository.keep(session, PLANS, fact, data["plan"])


def _once_each(rows: Iterable[Mapping[str, Any] | None]) -> list[Mapping[str, Any]]:
    """A task may be named as changed and as moved; the last naming counts."""
    return list({row["id"]: row for row in rows if row is not None}.values())


@HANDLERS.on("planning.baseline.set")
async def keep_baseline(session: WriteSession, fact: Fact) -> None:
    """The latest baseline takes the place of the one before; a long one comes in parts."""
    data = fact.data
    baseline_id = data["baseline_id"]
    await repository.drop_tasks_of_other_baselines(session, fact, UUID(baseline_id))
    baseline = {**data, "baseline_number": data["number"], "set_at": fact.occurred_at}
    await repository.keep(session, BASELINES, fact, baseline)
    tasks = [{**task, "task_id": task["id"], "baseline_id": baseline_id} for task in data["tasks"]]
    await repository.keep(session, BASELINE_TASKS, fact, *tasks)


# -- money ------------------------------------------------------------------------------------------------------------


@HANDLERS.on("planning.budget_line.created", "planning.budget_line.changed")
async def keep_budget_line(session: WriteSession, fact: Fact) -> None:
    await repository.keep(session, BUDGET_LINES, fact, _subject(fact, **_money(fact.data["amount"])))


@HANDLERS.on("planning.cost_code.changed")
async def rename_cost_code(session: WriteSession, fact: Fact) -> None:
    await repository.rename_cost_code(session, fact)


@HANDLERS.on("planning.commitment.recorded")
async def keep_commitment(session: WriteSession, fact: Fact) -> None:
    await repository.keep(session, COMMITMENTS, fact, _subject(fact, **_money(fact.data["amount"])))


@HANDLERS.on("planning.actual.posted")
async def keep_actual(session: WriteSession, fact: Fact) -> None:
    await repository.keep(session, ACTUALS, fact, _subject(fact, **_money(fact.data["amount"])))


# -- risks and decisions ----------------------------------------------------------------------------------------------


@HANDLERS.on("planning.risk.raised", "planning.risk.changed")
async def keep_risk(session: WriteSession, fact: Fact) -> None:
    expected = _money(fact.data.get("expected_cost"), "expected_cost")
    await repository.keep(session, RISKS, fact, _subject(fact, **expected))


@HANDLERS.on("planning.risk_response.planned")
async def keep_risk_response(session: WriteSession, fact: Fact) -> None:
    await repository.keep(session, RISK_RESPONSES, fact, _subject(fact))


@HANDLERS.on("planning.decision.recorded")
async def keep_decision(session: WriteSession, fact: Fact) -> None:
    await repository.keep(session, DECISIONS, fact, _subject(fact, about_costs=fact.audience == "costs"))


# -- coordination -----------------------------------------------------------------------------------------------------


@HANDLERS.on("coordination.meeting.called")
async def keep_meeting(session: WriteSession, fact: Fact) -> None:
    await repository.keep(session, MEETINGS, fact, _subject(fact))


@HANDLERS.on("coordination.meeting.changed")
async def change_meeting(session: WriteSession, fact: Fact) -> None:
    await repository.change(session, MEETINGS, fact, fact.subject_id, fact.data)


@HANDLERS.on("coordination.minutes.signed")
async def keep_signature_of_minutes(session: WriteSession, fact: Fact) -> None:
    values = {"minutes_signed_at": fact.occurred_at}
    await repository.change(session, MEETINGS, fact, UUID(fact.data["meeting_id"]), values)


@HANDLERS.on("coordination.action_item.assigned")
async def keep_action_item(session: WriteSession, fact: Fact) -> None:
    await repository.keep(session, ACTION_ITEMS, fact, _subject(fact, assigned_at=fact.occurred_at))


@HANDLERS.on("coordination.action_item.closed")
async def close_action_item(session: WriteSession, fact: Fact) -> None:
    await repository.change(session, ACTION_ITEMS, fact, fact.subject_id, {"closed_at": fact.occurred_at})


@HANDLERS.on("coordination.document.uploaded", "coordination.document.version_added", "coordination.document.changed")
async def keep_document(session: WriteSession, fact: Fact) -> None:
    await repository.keep(session, DOCUMENTS, fact, _subject(fact, versions=fact.data["number"]))


@HANDLERS.on("coordination.document.shared", "coordination.document.unshared")
async def share_document(session: WriteSession, fact: Fact) -> None:
    shared = {"shared_with_guests": fact.type == "coordination.document.shared"}
    await repository.change(session, DOCUMENTS, fact, fact.subject_id, shared)


# -- proposals --------------------------------------------------------------------------------------------------------


@HANDLERS.on("gateway.proposal.submitted")
async def keep_proposal(session: WriteSession, fact: Fact) -> None:
    row = _subject(fact, state="submitted", submitted_at=fact.occurred_at)
    await repository.keep(session, PROPOSALS, fact, row | {"decidable_by": row.get("decidable_by") or []})


@HANDLERS.on("gateway.proposal.rebase_required")
async def keep_need_of_rebase(session: WriteSession, fact: Fact) -> None:
    """The plan has moved under the proposal: it is still open, and says so."""
    await repository.change(session, PROPOSALS, fact, fact.subject_id, {"state": "rebase_required"})


@HANDLERS.on("gateway.proposal.amended")
async def keep_amended_proposal(session: WriteSession, fact: Fact) -> None:
    values = {name: fact.data[name] for name in ("title", "impact", "decidable_by")}
    await repository.change(session, PROPOSALS, fact, fact.subject_id, values | {"state": "submitted"})


@HANDLERS.on(
    "gateway.proposal.accepted",
    "gateway.proposal.rejected",
    "gateway.proposal.withdrawn",
    "gateway.proposal.failed",
    "gateway.proposal.superseded",
    "gateway.proposal.expired",
)
async def keep_end_of_proposal(session: WriteSession, fact: Fact) -> None:
    values = {
        "state": fact.type.rpartition(".")[2],
        "decided_at": fact.occurred_at,
        "decided_by_id": fact.data.get("decided_by_id"),
    }
    await repository.change(session, PROPOSALS, fact, fact.subject_id, values)
