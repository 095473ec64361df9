"""How gates are planned and passed. A passage is a decision, and moves the project to where its outcome leads."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.kernel.access import require_authority, require_member
from services.kernel.events import FactType
from services.kernel.problems import UnknownReference
from services.kernel.schemas import merged
from services.kernel.session import WriteSession
from services.planning.decisions.use_cases import record_decision
from services.planning.gates.events import GATE_CHANGED, GATE_PASSAGE_DECIDED, GATE_REMOVED
from services.planning.gates.gate_passage import GatePassage, require_grounds, require_turn
from services.planning.gates.repository import GATES, gates_of, has_passages, load_gate, what_is_there
from services.planning.gates.schemas import GateCriterion, GatePatch, JudgedCriterion, NewGate, NewGatePassage
from services.planning.projects.events import GATE_PLANNED, PROJECT_CHANGED
from services.planning.projects.gate import PASSED, Gate, GateHasPassages, GateOutOfOrder, GateState
from services.planning.projects.phase_model import STATUS_IN, Phase
from services.planning.projects.repository import load_project
from services.planning.schedule.repository.loading import load_forecast

_PLAN, _PASS, _STATUS = "gate.plan", "gate.pass", "project.status"


async def plan_gate(session: WriteSession, project_id: UUID, new: NewGate) -> Gate:
    """Put up a gate. Raises GateOutOfOrder before one that was passed."""
    await require_member(session, session.principal, project_id)
    await load_project(session, project_id, lock=True)
    await _require_ahead(session, project_id, new.position)
    values = new.model_dump(exclude={"criteria", "requires"})
    gate = Gate(
        project_id=project_id,
        **values,
        requires=[str(noun) for noun in new.requires],
        criteria=_kept(new.criteria),
        state=GateState.PLANNED,
    )
    session.add(gate)
    await session.flush()
    await _decide(session, gate, "planned")
    _tell(session, GATE_PLANNED, gate)
    return gate


async def change_gate(session: WriteSession, gate_id: UUID, expected_version: int, patch: GatePatch) -> Gate:
    """Word it anew, move it, or ask for other things at it. Raises GateSettled, GateOutOfOrder."""
    gate = await load_gate(session, gate_id)
    await require_member(session, session.principal, gate.project_id)
    await load_project(session, gate.project_id, lock=True)
    await GATES.check_version(session, gate.id, gate.version, expected_version)
    gate.require_unsettled()
    changes = merged(patch)
    if changes.get("position", gate.position) != gate.position:
        await _require_ahead(session, gate.project_id, changes["position"])
    if "requires" in changes:
        changes["requires"] = [str(noun) for noun in patch.requires]
    if "criteria" in changes:
        changes["criteria"] = _kept(patch.criteria)
    for name, value in changes.items():
        setattr(gate, name, value)
    await session.flush()
    if gate.version == expected_version:
        await require_authority(session, gate.project_id, [_PLAN], impact=_subject(gate))
        return gate  # The same once more: nothing was decided.
    await _decide(session, gate, ", ".join(sorted(changes)).replace("_", " "))
    _tell(session, GATE_CHANGED, gate)
    return gate


async def remove_gate(session: WriteSession, gate_id: UUID, expected_version: int) -> None:
    """Take a gate away at which nothing was decided yet. Raises GateHasPassages."""
    gate = await load_gate(session, gate_id)
    await require_member(session, session.principal, gate.project_id)
    await load_project(session, gate.project_id, lock=True)
    await GATES.check_version(session, gate.id, gate.version, expected_version)
    if await has_passages(session, gate.id):
        raise GateHasPassages
    await session.delete(gate)
    await session.flush()
    await _decide(session, gate, "removed")
    _tell(session, GATE_REMOVED, gate)


async def pass_gate(session: WriteSession, project_id: UUID, new: NewGatePassage) -> GatePassage:
    """Decide at a gate. The decision keeps what was judged, what was there and what the plan foresees.

    Raises UnknownReference, GateSettled, EarlierGateOpen, ProjectStopped, GateNotReady, ConditionsMissing,
    ConditionsOutOfPlace.
    """
    await require_member(session, session.principal, project_id)
    # Whoever decides at the project's gates waits here, so that no gate is passed twice or before its turn.
    project = await load_project(session, project_id, lock=True)
    gates = await gates_of(session, project_id)
    gate = next((each for each in gates if each.id == new.gate_id), None)
    if gate is None:
        raise UnknownReference("gate_id")
    require_turn(gate, gates)
    judged = _judged(gate, new.criteria)
    there = await what_is_there(session, project_id)
    missing = [noun for noun in gate.requires if noun not in there]
    outcome = GateState(new.outcome)
    require_grounds(outcome, new.conditions, judged, missing)
    before = project.status
    if outcome == GateState.STOPPED:
        project.stop()
    elif outcome in PASSED and gate.opens_phase is not None:
        project.advance_to(STATUS_IN[Phase(gate.opens_phase)])
    gate.state, gate.decided_at = outcome, session.now
    await session.flush()
    moved = project.status != before
    impact = _subject(gate) | ({"status": {"before": before, "after": project.status}} if moved else {})
    await require_authority(session, project_id, [_PASS, *([_STATUS] if moved else [])], impact=impact)
    decision = await record_decision(
        session,
        project_id=project_id,
        kind=_PASS,
        question=f"May the project pass {gate.code}: {gate.words}?",
        criteria=gate.statements,
        chosen=outcome,
        reason=new.reason,
        impact=session.impact,
        predicted=(await load_forecast(session, project_id)).prediction(),
        executed_by_id=session.principal.person_id,
        evidence=[
            *({"type": "gate", "id": str(gate.id), "note": _finding(each)} for each in judged),
            *({"type": noun, "id": str(there[noun]), "note": ""} for noun in gate.requires if noun in there),
        ],
        subject_type="gate",
        subject_id=gate.id,
    )
    gate.decision_id = decision.id
    passage = GatePassage(
        project_id=project_id,
        gate_id=gate.id,
        outcome=outcome,
        conditions=new.conditions,
        reason=new.reason,
        criteria=judged,
        missing=missing,
        decision_id=decision.id,
        decided_at=session.now,
    )
    session.add(passage)
    await session.flush()
    data = {
        "gate": {"id": str(gate.id)} | gate.told(),
        "outcome": outcome,
        "conditions": new.conditions,
        "decision_id": str(decision.id),
    }
    session.record(GATE_PASSAGE_DECIDED, "gate_passage", passage.id, data, project_id=project_id)
    if moved:
        changed = {"status": project.status}
        session.record(PROJECT_CHANGED, "project", project_id, changed, project_id=project_id, audience="guests")
    return passage


def _judged(gate: Gate, judgements: Sequence[JudgedCriterion]) -> list[dict[str, Any]]:
    """The gate's criteria with what was said of each. Raises UnknownReference for one that the gate has not."""
    by_place = {each.criterion: each for each in judgements}
    statements = gate.statements
    if any(place >= len(statements) for place in by_place):
        raise UnknownReference("criterion")
    return [
        {
            "statement": statement,
            "met": by_place[place].met if place in by_place else None,
            "note": by_place[place].note if place in by_place else "",
        }
        for place, statement in enumerate(statements)
    ]


def _finding(judged: dict[str, Any]) -> str:
    """A judgement as evidence tells it."""
    said = {True: "met", False: "not met", None: "not judged"}[judged["met"]]
    return f"{said}: {judged['statement']}" + (f" {judged['note']}" if judged["note"] else "")


def _kept(criteria: Sequence[GateCriterion]) -> list[dict[str, Any]]:
    return [{"code": None, "statement": each.statement} for each in criteria]


def _subject(gate: Gate) -> dict[str, Any]:
    return {"subject": {"type": "gate", "id": str(gate.id), "title": f"{gate.code} {gate.words}"}}


async def _require_ahead(session: WriteSession, project_id: UUID, position: int) -> None:
    """What was passed was passed in its order, so nothing is put up behind it."""
    last = max((each.position for each in await gates_of(session, project_id) if each.state in PASSED), default=0)
    if position <= last:
        raise GateOutOfOrder(position=last)


async def _decide(session: WriteSession, gate: Gate, chosen: str) -> None:
    await require_authority(session, gate.project_id, [_PLAN], impact=_subject(gate))
    await record_decision(
        session,
        project_id=gate.project_id,
        kind=_PLAN,
        question=f"What is decided at {gate.code}: {gate.words}?",
        chosen=chosen,
        impact=session.impact,
        executed_by_id=session.principal.person_id,
        subject_type="gate",
        subject_id=gate.id,
    )


def _tell(session: WriteSession, fact_type: FactType, gate: Gate) -> None:
    session.record(fact_type, "gate", gate.id, gate.told(), project_id=gate.project_id)
