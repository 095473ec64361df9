"""A staffing request: a project asks a line owner for somebody; they offer, the project counters, and both agree or not."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKeyConstraint, Index, Integer, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict, RuleViolated
from services.planning.base import Base


class StaffingState(StrEnum):
    """`requested` waits for the line owner, `offered` for the project; the others are ends."""

    REQUESTED = "requested"
    OFFERED = "offered"
    AGREED = "agreed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


OPEN = frozenset({StaffingState.REQUESTED, StaffingState.OFFERED})


class NotNegotiated(Conflict):
    code = "not_negotiated"
    title = {"en": "The request is not waiting for that", "nb": "Forespørselen venter ikke på dette"}
    detail = {"en": "It is {state}.", "nb": "Den er {state}."}


class PeriodEndsEarly(RuleViolated):
    code = "period_ends_early"
    title = {"en": "A period ends before it begins", "nb": "En periode slutter før den begynner"}
    members = ("ends_on",)


class AnswerTooLate(RuleViolated):
    code = "answer_too_late"
    title = {
        "en": "The day to answer by lies in the past or behind the period",
        "nb": "Svarfristen er passert eller ligger etter perioden",
    }
    members = ("answer_by",)


class StaffingRequest(Entity, Base):
    """Units are shares of a full person. `offer` is what the line offers at present: `{person_id, name, units, starts_on,
    ends_on, reason}`. `history` has each act with who, when, terms and reason, and never loses one.
    """

    __tablename__ = "staffing_requests"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(["tenant_id", "competence_id"], ["competences.tenant_id", "competences.id"]),
        Index("ix_staffing_requests_project", "tenant_id", "project_id", "id"),
        Index("ix_staffing_requests_line_owner", "tenant_id", "line_owner_id", "state"),
        Index("ix_staffing_requests_competence", "tenant_id", "competence_id"),
        CheckConstraint("state in ('requested','offered','agreed','declined','withdrawn','expired')", name="state"),
        CheckConstraint("starts_on <= ends_on", name="days"),
        CheckConstraint("units > 0", name="units"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    # A task may be removed while one negotiates, so its id is no foreign key.
    task_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    role: Mapped[str] = mapped_column(Text)
    competence_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    minimum_level: Mapped[int] = mapped_column(Integer, default=1)
    line_owner_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    units: Mapped[Decimal] = mapped_column(Numeric(12, 4))
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    answer_by: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(Text, default=StaffingState.REQUESTED)
    offer: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    history: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    resource_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    assignment_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    decision_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))

    def require(self, *states: StaffingState) -> None:
        """Raises NotNegotiated where the request is in none of these states."""
        if self.state not in states:
            raise NotNegotiated(state=self.state)

    def note(self, act: str, by_id: UUID, at: str, reason: str, terms: dict[str, Any]) -> None:
        """Add an act to the history."""
        self.history = [*self.history, {"act": act, "by_id": str(by_id), "at": at, "reason": reason} | terms]
