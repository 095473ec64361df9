"""An accounting period: days of a project whose postings are open, taken on reasons only, or closed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKeyConstraint, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict, Locked, RuleViolated
from services.planning.base import Base


class PeriodState(StrEnum):
    """`soft_closed` takes a posting from whoever has the authority for it and gives a reason, `closed` from nobody."""

    OPEN = "open"
    SOFT_CLOSED = "soft_closed"
    CLOSED = "closed"


# A period is closed step by step or at once, and opened again by a decision of its own.
_CLOSES: Final = {
    PeriodState.OPEN: {PeriodState.SOFT_CLOSED, PeriodState.CLOSED},
    PeriodState.SOFT_CLOSED: {PeriodState.CLOSED},
    PeriodState.CLOSED: frozenset[PeriodState](),
}


class PeriodClosed(Locked):
    """Nothing is posted on the days of a closed period, by nobody."""

    code = "period_closed"
    title = {"en": "The accounting period is closed", "nb": "Regnskapsperioden er lukket"}
    detail = {
        "en": "{period} ({starts_on} to {ends_on}) takes no postings. Post on a day of an open period, or have the"
        " period reopened first.",
        "nb": "{period} ({starts_on} til {ends_on}) tar ikke imot posteringer. Før på en dag i en åpen periode, eller få"
        " perioden gjenåpnet først.",
    }
    members = ("period_id", "period", "starts_on", "ends_on")


class ReasonMissing(RuleViolated):
    code = "reason_missing"
    title = {
        "en": "Say why it is posted into a soft-closed period",
        "nb": "Oppgi hvorfor det føres i en foreløpig stengt periode",
    }
    detail = {
        "en": "{period} is soft-closed: who may still post there gives a reason, which the decision keeps.",
        "nb": "{period} er foreløpig stengt: den som fortsatt kan føre der, oppgir en grunn, som beslutningen beholder.",
    }
    members = ("period_id", "period")


class PeriodsOverlap(Conflict):
    code = "periods_overlap"
    title = {"en": "The days belong to another period", "nb": "Dagene tilhører en annen periode"}
    detail = {
        "en": "{period} has the days from {starts_on} to {ends_on}.",
        "nb": "{period} har dagene fra {starts_on} til {ends_on}.",
    }
    members = ("period_id", "period", "starts_on", "ends_on")


class PeriodBackwards(RuleViolated):
    code = "period_backwards"
    title = {"en": "A period ends on its first day or later", "nb": "En periode slutter på sin første dag eller senere"}


class PeriodNotOpen(Conflict):
    """The days of what was closed stay its days."""

    code = "period_not_open"
    title = {"en": "The period is not open", "nb": "Perioden er ikke åpen"}
    detail = {"en": "It is {state}; have it reopened first.", "nb": "Den er {state}; få den gjenåpnet først."}
    members = ("state",)


class PeriodHasDecisions(Conflict):
    code = "period_has_decisions"
    title = {"en": "Decisions have been taken about this period", "nb": "Det er tatt beslutninger om denne perioden"}


class IllegalPeriodState(Conflict):
    code = "illegal_period_state"
    title = {"en": "The period cannot pass to that state", "nb": "Perioden kan ikke gå til den tilstanden"}
    detail = {"en": "It is {state}; possible: {possible}.", "nb": "Den er {state}; mulig: {possible}."}
    members = ("state", "possible")


class AccountingPeriod(Entity, Base):
    """First and last day belong to the period. Two periods of a project share no day, as the database sees to."""

    __tablename__ = "accounting_periods"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(["tenant_id", "decision_id"], ["decisions.tenant_id", "decisions.id"]),
        Index("ix_accounting_periods_project", "tenant_id", "project_id", "starts_on"),
        ExcludeConstraint(
            ("tenant_id", "="),
            ("project_id", "="),
            (text("daterange(starts_on, ends_on, '[]')"), "&&"),
            name="ex_accounting_periods_days",
            using="gist",
        ),
        CheckConstraint("starts_on <= ends_on", name="days"),
        CheckConstraint("state in ('open','soft_closed','closed')", name="state"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    name: Mapped[str] = mapped_column(Text)
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(Text, default=PeriodState.OPEN)
    # How often it was opened again; each time the figures that somebody took from it may have become others.
    reopenings: Mapped[int] = mapped_column(Integer, default=0)
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decision_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))

    def require_open(self) -> None:
        """Raise PeriodNotOpen unless everybody who may post may post here."""
        if self.state != PeriodState.OPEN:
            raise PeriodNotOpen(state=self.state)

    def require_undecided(self) -> None:
        """Raise PeriodNotOpen, or PeriodHasDecisions once it was closed, also where it is open again."""
        self.require_open()
        if self.decision_id is not None:
            raise PeriodHasDecisions

    def require_closable(self, state: PeriodState) -> None:
        """Raise IllegalPeriodState where closing it so does not come next."""
        possible = _CLOSES[PeriodState(self.state)]
        if state not in possible:
            raise IllegalPeriodState(state=self.state, possible=sorted(possible))

    def require_reopenable(self) -> None:
        """Raise IllegalPeriodState for what is open."""
        if self.state == PeriodState.OPEN:
            raise IllegalPeriodState(state=self.state, possible=sorted(_CLOSES[PeriodState.OPEN]))

    def pass_to(self, state: PeriodState, decision_id: UUID, at: datetime) -> None:
        """What was decided about it."""
        self.reopenings += state == PeriodState.OPEN
        self.state, self.decision_id, self.decided_at = state, decision_id, at

    def told(self) -> dict[str, Any]:
        """The period as facts tell of it."""
        return {
            "name": self.name,
            "starts_on": self.starts_on.isoformat(),
            "ends_on": self.ends_on.isoformat(),
            "state": self.state,
            "reopenings": self.reopenings,
        }


@dataclass(frozen=True, slots=True)
class LockedPeriod:
    """A period that is not open, as whoever posts meets it."""

    id: UUID
    name: str
    starts_on: date
    ends_on: date
    state: PeriodState

    @property
    def words(self) -> Mapping[str, Any]:
        """What problems say of it."""
        days = {"starts_on": self.starts_on.isoformat(), "ends_on": self.ends_on.isoformat()}
        return {"period_id": str(self.id), "period": self.name, **days}

    def to_json(self) -> dict[str, str]:
        """What an impact says of it."""
        return {
            "id": str(self.id),
            "name": self.name,
            "starts_on": self.starts_on.isoformat(),
            "ends_on": self.ends_on.isoformat(),
        }


def lock_on(day: date, periods: Iterable[LockedPeriod]) -> LockedPeriod | None:
    """The one that has the day, None where the day is open: because its period is, or because it has none."""
    return next((each for each in periods if each.starts_on <= day <= each.ends_on), None)
