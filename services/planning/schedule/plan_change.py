"""A change of a plan in the journal: what somebody entered, before and after, so that it can be taken back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, DateTime, ForeignKeyConstraint, Index, Integer, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict
from services.planning.base import Base


class PlanMovedOn(Conflict):
    """`places` are members of tasks, dependencies or assignments that are not as the change left them, at most fifty."""

    code = "plan_moved_on"
    title = {"en": "The plan has moved on since", "nb": "Planen har endret seg siden"}
    detail = {
        "en": "What the change left is no longer there. See places.",
        "nb": "Det endringen etterlot er ikke der lenger. Se places.",
    }
    members = ("places",)


class NotReversible(Conflict):
    code = "not_reversible"
    title = {"en": "This change is not taken back as a whole", "nb": "Denne endringen kan ikke tas tilbake samlet"}
    detail = {
        "en": "It was made where calendars, resources or agreements are kept; change it there.",
        "nb": "Den ble gjort der kalendere, ressurser eller avtaler føres; endre den der.",
    }


class PlanChangeEntry(Entity, Base):
    """`document` is what was entered, see `journal.py`; what merely followed by the schedule is only counted."""

    __tablename__ = "plan_changes"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        Index("ix_plan_changes_project", "tenant_id", "project_id", "id"),
        Index("ix_plan_changes_reverses", "tenant_id", "reverses_id"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    kinds: Mapped[list[str]] = mapped_column(ARRAY(Text))
    subject_type: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    title: Mapped[str] = mapped_column(Text)
    question: Mapped[str] = mapped_column(Text)
    chosen: Mapped[str] = mapped_column(Text)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    tasks_changed: Mapped[int] = mapped_column(Integer)
    tasks_moved: Mapped[int] = mapped_column(Integer)
    finish_before: Mapped[datetime | None] = mapped_column(DateTime(timezone=False))
    finish_after: Mapped[datetime | None] = mapped_column(DateTime(timezone=False))
    reversible: Mapped[bool] = mapped_column(Boolean)
    reverses_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
