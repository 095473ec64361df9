"""A risk: an uncertain event with its cause and effect, how likely it is, and what it would do to time and money."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKeyConstraint, Index, Integer, Numeric, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict
from services.planning.base import Base
from services.planning.external_refs.external_reference import ExternallyKnown
from services.planning.risks.exposure import ThreePoints, expected_cost, expected_minutes


class RiskStatus(StrEnum):
    OPEN = "open"
    OCCURRED = "occurred"
    CLOSED = "closed"


_NEXT = {
    RiskStatus.OPEN: {RiskStatus.OCCURRED, RiskStatus.CLOSED},
    RiskStatus.OCCURRED: {RiskStatus.CLOSED},
    # A risk that was thought to be over may come back.
    RiskStatus.CLOSED: {RiskStatus.OPEN},
}


class IllegalRiskStatus(Conflict):
    code = "illegal_risk_status"
    title = {"en": "The risk cannot pass to that status", "nb": "Risikoen kan ikke gå til den statusen"}
    detail = {"en": "From {present} it can pass to: {possible}.", "nb": "Fra {present} kan den gå til: {possible}."}


class Risk(ExternallyKnown, Entity, Base):
    """Impacts are three-point estimates: working minutes of delay, and money in the project's currency.

    Below zero they are gains: an opportunity is a risk as well. The expected values follow from the estimates and are
    stored, so that a register can be sorted by them.
    """

    __tablename__ = "risks"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(["tenant_id", "goal_id"], ["goals.tenant_id", "goals.id"]),
        Index("ix_risks_project", "tenant_id", "project_id", "created_at"),
        Index("ix_risks_owner", "tenant_id", "owner_id"),
        CheckConstraint("status in ('open','occurred','closed')", name="status"),
        CheckConstraint("probability between 0 and 1", name="probability"),
        CheckConstraint("minutes_low <= minutes_likely and minutes_likely <= minutes_high", name="minutes"),
        CheckConstraint("cost_low <= cost_likely and cost_likely <= cost_high", name="cost"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    title: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text)
    event: Mapped[str] = mapped_column(Text)
    effect: Mapped[str] = mapped_column(Text)
    # Without a scale, so that "0.30" stays as precise as somebody said it.
    probability: Mapped[Decimal] = mapped_column(Numeric)
    minutes_low: Mapped[int] = mapped_column(Integer)
    minutes_likely: Mapped[int] = mapped_column(Integer)
    minutes_high: Mapped[int] = mapped_column(Integer)
    cost_low: Mapped[Decimal] = mapped_column(Numeric(20, 4))
    cost_likely: Mapped[Decimal] = mapped_column(Numeric(20, 4))
    cost_high: Mapped[Decimal] = mapped_column(Numeric(20, 4))
    currency: Mapped[str] = mapped_column(Text)
    expected_minutes: Mapped[int] = mapped_column(Integer)
    expected_cost: Mapped[Decimal] = mapped_column(Numeric(20, 4))
    trigger_date: Mapped[date | None] = mapped_column(Date)
    owner_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    goal_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    status: Mapped[str] = mapped_column(Text, default=RiskStatus.OPEN)

    def estimate(self) -> None:
        """Bring the expected values into line with probability and impacts."""
        minutes = ThreePoints(Decimal(self.minutes_low), Decimal(self.minutes_likely), Decimal(self.minutes_high))
        cost = ThreePoints(self.cost_low, self.cost_likely, self.cost_high)
        self.expected_minutes = expected_minutes(self.probability, minutes)
        self.expected_cost = expected_cost(self.probability, cost, self.currency).amount

    def pass_to(self, status: RiskStatus) -> None:
        """Move along the risk's life. Raises IllegalRiskStatus when there is no such step."""
        possible = _NEXT[RiskStatus(self.status)]
        if status not in possible:
            raise IllegalRiskStatus(present=self.status, possible=", ".join(sorted(possible)))
        self.status = status
