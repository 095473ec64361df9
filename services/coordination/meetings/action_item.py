"""An action that signed minutes assign to somebody, followed until it is done."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKeyConstraint, Index, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.coordination.base import Base
from services.kernel.entity import Entity
from services.kernel.problems import Conflict


class ActionItemState(StrEnum):
    """`scheduled` once planning has made a task of it."""

    OPEN = "open"
    SCHEDULED = "scheduled"
    DONE = "done"
    CANCELLED = "cancelled"


class ActionItemClosed(Conflict):
    code = "action_item_closed"
    title = {"en": "The action item is closed", "nb": "Aksjonspunktet er lukket"}
    detail = {"en": "It is {present}.", "nb": "Det er {present}."}


class ActionItem(Entity, Base):
    __tablename__ = "action_items"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "meeting_id"], ["meetings.tenant_id", "meetings.id"]),
        ForeignKeyConstraint(["tenant_id", "outcome_id"], ["outcomes.tenant_id", "outcomes.id"]),
        Index("ix_action_items_project", "tenant_id", "project_id", "due_date"),
        Index("uq_action_items_outcome", "tenant_id", "outcome_id", unique=True),
        Index("ix_action_items_task", "tenant_id", "task_id"),
        CheckConstraint("state in ('open','scheduled','done','cancelled')", name="state"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    meeting_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    outcome_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    title: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    due_date: Mapped[date] = mapped_column(Date)
    parent_task_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    state: Mapped[str] = mapped_column(Text, default=ActionItemState.OPEN)
    task_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))

    @property
    def closed(self) -> bool:
        return self.state in (ActionItemState.DONE, ActionItemState.CANCELLED)

    def require_open(self) -> None:
        """Raise ActionItemClosed when nobody works on it any more."""
        if self.closed:
            raise ActionItemClosed(present=self.state)

    def close(self, state: ActionItemState) -> None:
        """Done, or cancelled. Raises ActionItemClosed when it is closed already."""
        self.require_open()
        self.state = state

    def schedule(self, task_id: UUID | None) -> None:
        """Tie it to planning's task, or loosen it when the task is gone; what is closed keeps its state."""
        self.task_id = task_id
        if not self.closed:
            self.state = ActionItemState.SCHEDULED if task_id is not None else ActionItemState.OPEN

    def reopen(self) -> None:
        """Its task is no longer complete."""
        if self.state == ActionItemState.DONE:
            self.state = ActionItemState.SCHEDULED
