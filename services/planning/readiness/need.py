"""A need: what a task cannot start without, who provides it, and what they have promised (a constraint of the Last
Planner System)."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKeyConstraint, Index, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict, RuleViolated
from services.planning.base import Base


class NeedKind(StrEnum):
    """What is needed; `work` is what somebody has to do before."""

    PERSON = "person"
    EQUIPMENT = "equipment"
    ACCESS = "access"
    MATERIAL = "material"
    INFORMATION = "information"
    ROOM = "room"
    DECISION = "decision"
    WORK = "work"


class NeedState(StrEnum):
    OPEN = "open"
    PROMISED = "promised"
    MET = "met"
    WITHDRAWN = "withdrawn"


UNMET = frozenset({NeedState.OPEN, NeedState.PROMISED})


class PromiseIncomplete(RuleViolated):
    code = "promise_incomplete"
    title = {"en": "A promise has an owner and a day", "nb": "Et løfte har en eier og en dag"}
    members = ("owner_id", "promised_for")


class AlreadyInHand(Conflict):
    code = "already_in_hand"
    title = {"en": "Somebody sees to this already", "nb": "Noen tar seg av dette fra før"}


class NothingMissing(Conflict):
    code = "nothing_missing"
    title = {"en": "The task does not lack that", "nb": "Oppgaven mangler ikke det"}


class Need(Entity, Base):
    """Without a day of its own it is needed when the task starts. `lead_days` is how long before that it has to be there.

    `promises` has each as `{by_id, made_on, promised_for, kept}`; a promise is kept by meeting the need until its day, broken
    by a later promise or by the day passing. `remedies` says which missing thing of a task a make-ready action removes, and
    `remedies_id` whose or which one.
    """

    __tablename__ = "needs"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "task_id"], ["tasks.tenant_id", "tasks.id"], name="fk_needs_task", ondelete="CASCADE"
        ),
        Index("ix_needs_project", "tenant_id", "project_id", "id"),
        Index("ix_needs_task", "tenant_id", "task_id"),
        Index("ix_needs_owner", "tenant_id", "owner_id", "state"),
        CheckConstraint(f"kind in ({','.join(repr(str(each)) for each in NeedKind)})", name="kind"),
        CheckConstraint("state in ('open','promised','met','withdrawn')", name="state"),
        CheckConstraint("lead_days between 0 and 366", name="lead_days"),
        CheckConstraint("state <> 'promised' or (owner_id is not null and promised_for is not null)", name="promise"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    task_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    kind: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    needed_by: Mapped[date | None] = mapped_column(Date)
    lead_days: Mapped[int] = mapped_column(Integer, default=0)
    owner_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    state: Mapped[str] = mapped_column(Text, default=NeedState.OPEN)
    promised_for: Mapped[date | None] = mapped_column(Date)
    met_on: Mapped[date | None] = mapped_column(Date)
    promises: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    remedies: Mapped[str | None] = mapped_column(Text)
    remedies_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))

    def settle(self, before: NeedState, promise_before: tuple[UUID | None, date | None], today: date) -> None:
        """Bring what was promised up to date with a state, owner and day that were set. Raises PromiseIncomplete.

        `promise_before` is by whom and for when it was promised; a new owner takes the promise over.
        """
        state = NeedState(self.state)
        if state is NeedState.PROMISED:
            if self.owner_id is None or self.promised_for is None:
                raise PromiseIncomplete
            if before is not NeedState.PROMISED or promise_before != (self.owner_id, self.promised_for):
                self._promise(self.owner_id, self.promised_for, today)
        elif state is NeedState.MET:
            self.met_on = self.met_on or today
            self._end(kept=self.promised_for is not None and self.met_on <= self.promised_for)
        elif state is NeedState.OPEN and before is NeedState.PROMISED:
            # Whoever takes a promise back has broken it.
            self._end(kept=False)
        if state is not NeedState.MET:
            self.met_on = None
        if state is NeedState.OPEN:
            self.promised_for = None

    def _promise(self, by_id: UUID, day: date, today: date) -> None:
        kept = [*self.promises]
        if kept and kept[-1]["kept"] is None:
            last = kept.pop()
            # Sooner than was promised is no broken promise; the new one stands for both.
            if date.fromisoformat(last["promised_for"]) < day:
                kept.append(last | {"kept": False})
        made = {"by_id": str(by_id), "made_on": today.isoformat(), "promised_for": day.isoformat(), "kept": None}
        self.promises = [*kept, made]

    def _end(self, *, kept: bool) -> None:
        if self.promises and self.promises[-1]["kept"] is None:
            self.promises = [*self.promises[:-1], self.promises[-1] | {"kept": kept}]
