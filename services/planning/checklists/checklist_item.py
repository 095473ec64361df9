"""An item of a task's checklist: something small to be done, and whether it is."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Date, DateTime, ForeignKeyConstraint, Index, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import RuleViolated
from services.planning.base import Base

MAXIMUM_ITEMS = 200


class ChecklistTooLong(RuleViolated):
    code = "checklist_too_long"
    title = {"en": "The checklist is too long", "nb": "Sjekklisten er for lang"}
    detail = {"en": "A task has at most {limit} items.", "nb": "En oppgave har høyst {limit} punkter."}
    members = ("limit",)


class ChecklistItem(Entity, Base):
    """It has no duration and is not scheduled; what needs that becomes a subtask. Ranks compare byte by byte."""

    __tablename__ = "checklist_items"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "task_id"],
            ["tasks.tenant_id", "tasks.id"],
            name="fk_checklist_items_task",
            ondelete="CASCADE",
        ),
        Index("ix_checklist_items_project", "tenant_id", "project_id", "id"),
        Index("ix_checklist_items_task", "tenant_id", "task_id", "rank"),
        Index("ix_checklist_items_assignee", "tenant_id", "assignee_id"),
        CheckConstraint("done = (done_at is not null) and done = (done_by_id is not null)", name="done"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    task_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    title: Mapped[str] = mapped_column(Text)
    rank: Mapped[str] = mapped_column(Text(collation="C"))
    done: Mapped[bool] = mapped_column(Boolean, default=False)
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    done_by_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    assignee_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    due_on: Mapped[date | None] = mapped_column(Date)

    def tick(self, done: bool, when: datetime, who: UUID) -> None:
        """Note that it is done, since when and by whom; what was done already stays as it was noted."""
        if done != self.done:
            self.done, self.done_at, self.done_by_id = done, when if done else None, who if done else None
