"""A gate passage: what was decided at a gate, on which grounds. Written once; a gate sent back gets another one."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKeyConstraint, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict, RuleViolated
from services.planning.base import Base
from services.planning.projects.gate import PASSED, Gate, GateState


class EarlierGateOpen(Conflict):
    code = "earlier_gate_open"
    title = {"en": "An earlier gate has not been passed", "nb": "En tidligere port er ikke passert"}
    detail = {"en": "First comes {gate}.", "nb": "Først kommer {gate}."}
    members = ("gate",)


class ProjectStopped(Conflict):
    code = "project_stopped"
    title = {"en": "The project was stopped", "nb": "Prosjektet er stanset"}
    detail = {"en": "It was stopped at {gate}.", "nb": "Det ble stanset ved {gate}."}
    members = ("gate",)


class GateNotReady(RuleViolated):
    code = "gate_not_ready"
    title = {"en": "The gate's conditions are not all met", "nb": "Ikke alle vilkår for porten er oppfylt"}
    detail = {
        "en": "Pass it with conditions, or send it back. Open: {criteria}; missing: {missing}.",
        "nb": "Passer den med vilkår, eller send den tilbake. Åpent: {criteria}; mangler: {missing}.",
    }
    members = ("criteria", "missing")


class ConditionsMissing(RuleViolated):
    code = "conditions_missing"
    title = {"en": "Say on which conditions the gate is passed", "nb": "Oppgi vilkårene som porten passeres på"}


class ConditionsOutOfPlace(RuleViolated):
    code = "conditions_out_of_place"
    title = {"en": "This outcome has no conditions", "nb": "Dette utfallet har ingen vilkår"}


class GatePassage(Entity, Base):
    """`criteria` are `{statement, met, note}` as they were judged; `met` is null where nobody did."""

    __tablename__ = "gate_passages"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(["tenant_id", "gate_id"], ["gates.tenant_id", "gates.id"]),
        ForeignKeyConstraint(["tenant_id", "decision_id"], ["decisions.tenant_id", "decisions.id"]),
        Index("ix_gate_passages_project", "tenant_id", "project_id", "created_at"),
        Index("ix_gate_passages_gate", "tenant_id", "gate_id"),
        CheckConstraint("outcome in ('passed','passed_with_conditions','sent_back','stopped')", name="outcome"),
        {"info": {"append_only": True}},
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    gate_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    outcome: Mapped[str] = mapped_column(Text)
    conditions: Mapped[list[str]] = mapped_column(JSONB)
    reason: Mapped[str] = mapped_column(Text)
    criteria: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    missing: Mapped[list[str]] = mapped_column(JSONB)
    decision_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    decided_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


def require_turn(gate: Gate, gates: Sequence[Gate]) -> None:
    """Raise unless it is this gate's turn: none before it is open, none has stopped the project, itself is not settled."""
    for each in gates:
        if each.state == GateState.STOPPED:
            raise ProjectStopped(gate=each.code)
    gate.require_unsettled()
    for each in gates:
        if each.position < gate.position and each.state not in PASSED:
            raise EarlierGateOpen(gate=each.code)


def require_grounds(
    outcome: GateState, conditions: Sequence[str], judged: Sequence[dict[str, Any]], missing: Collection[str]
) -> None:
    """Raise unless the outcome goes with what was found: a gate is simply passed when nothing is open."""
    if outcome == GateState.PASSED_WITH_CONDITIONS and not conditions:
        raise ConditionsMissing
    if outcome in (GateState.PASSED, GateState.STOPPED) and conditions:
        raise ConditionsOutOfPlace
    still_open = [each["statement"] for each in judged if not each["met"]]
    if outcome == GateState.PASSED and (still_open or missing):
        raise GateNotReady(criteria=still_open, missing=sorted(missing))
