"""A gate: the point between two phases at which it is decided whether and how the project goes on."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKeyConstraint, Index, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict
from services.planning.base import Base
from services.planning.projects.phase_model import MODELS, PROSJEKTVEIVISEREN, STEP


class GateState(StrEnum):
    """`planned` until the first passage; after that what the last one came to."""

    PLANNED = "planned"
    PASSED = "passed"
    PASSED_WITH_CONDITIONS = "passed_with_conditions"
    SENT_BACK = "sent_back"
    STOPPED = "stopped"


PASSED: Final = frozenset({GateState.PASSED, GateState.PASSED_WITH_CONDITIONS})
SETTLED: Final = PASSED | {GateState.STOPPED}
_TITLES: Final = {gate.code: gate.title for gate in PROSJEKTVEIVISEREN}
_CRITERIA: Final = {code: words["en"] for gate in PROSJEKTVEIVISEREN for code, words in gate.criteria.items()}


class GateSettled(Conflict):
    code = "gate_settled"
    title = {"en": "The gate has been decided", "nb": "Porten er avgjort"}
    detail = {"en": "{gate} is {state}.", "nb": "{gate} har status {state}."}
    members = ("gate", "state")


class GateHasPassages(Conflict):
    code = "gate_has_passages"
    title = {"en": "Decisions have been taken at this gate", "nb": "Det er tatt beslutninger ved denne porten"}


class GateOutOfOrder(Conflict):
    code = "gate_out_of_order"
    title = {"en": "A gate that was passed stands behind this place", "nb": "En passert port står bak denne plassen"}
    detail = {"en": "The last one passed is at {position}.", "nb": "Den siste som er passert, står på {position}."}
    members = ("position",)


class Gate(Entity, Base):
    """`title` is null, and so are the statements of `criteria` (`{code, statement}`), as long as the model's words hold.

    `requires` are nouns of which there must be one. Gates are passed in the order of their positions.
    """

    __tablename__ = "gates"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(["tenant_id", "decision_id"], ["decisions.tenant_id", "decisions.id"]),
        Index("uq_gates_position", "tenant_id", "project_id", "position", unique=True),
        Index("uq_gates_code", "tenant_id", "project_id", "code", unique=True),
        CheckConstraint(
            "opens_phase in ('concept','planning','execution','closing','benefits_realisation')", name="opens_phase"
        ),
        CheckConstraint("state in ('planned','passed','passed_with_conditions','sent_back','stopped')", name="state"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    code: Mapped[str] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    position: Mapped[int] = mapped_column(Integer)
    planned_date: Mapped[date | None] = mapped_column(Date)
    opens_phase: Mapped[str | None] = mapped_column(Text)
    requires: Mapped[list[str]] = mapped_column(JSONB, default=list)
    criteria: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    state: Mapped[str] = mapped_column(Text, default=GateState.PLANNED)
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decision_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))

    @property
    def words(self) -> str:
        """The title as records keep it."""
        return self.title if self.title is not None else _TITLES[self.code]["en"]

    @property
    def statements(self) -> list[str]:
        """The criteria as records keep them."""
        return [each["statement"] or _CRITERIA[each["code"]] for each in self.criteria]

    def require_unsettled(self) -> None:
        """Raise GateSettled when it was passed, or the project was stopped at it."""
        if self.state in SETTLED:
            raise GateSettled(gate=self.code, state=self.state)

    def told(self) -> dict[str, Any]:
        """The gate as facts tell of it."""
        return {
            "code": self.code,
            "title": self.words,
            # Until somebody words it anew, a gate of the model is told in every language that the model has.
            "titles": dict(_TITLES[self.code]) if self.title is None else None,
            "position": self.position,
            "planned_date": self.planned_date and self.planned_date.isoformat(),
            "opens_phase": self.opens_phase,
            "state": self.state,
        }


def gates_of_model(project_id: UUID, policy_template: str) -> list[Gate]:
    """The gates that a project under this policy template starts with, none where its sector agrees on none."""
    return [
        Gate(
            project_id=project_id,
            code=gate.code,
            position=place * STEP,
            opens_phase=gate.opens_phase,
            requires=list(gate.requires),
            criteria=[{"code": code, "statement": None} for code in gate.criteria],
            state=GateState.PLANNED,
        )
        for place, gate in enumerate(MODELS.get(policy_template, ()), 1)
    ]
