"""A baseline: the plan as it was agreed upon, kept beside the plan as it is."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKeyConstraint, Index, Integer, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict
from services.planning.base import Base


class NothingToBaseline(Conflict):
    code = "nothing_to_baseline"
    title = {"en": "The plan has no tasks yet", "nb": "Planen har ingen oppgaver ennå"}


class Baseline(Entity, Base):
    """Numbered from 0 within its project; it is set by a decision and never changed."""

    __tablename__ = "baselines"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        Index("uq_baselines_number", "tenant_id", "project_id", "number", unique=True),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    number: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    start: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    finish: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    decision_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))


class BaselineTask(Base):
    """A task's dates in a baseline. No foreign key to the task: the baseline survives its deletion."""

    __tablename__ = "baseline_tasks"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "baseline_id"], ["baselines.tenant_id", "baselines.id"], ondelete="CASCADE"),
    )

    tenant_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    baseline_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    task_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    wbs_code: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    start: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    finish: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    duration_minutes: Mapped[int] = mapped_column(Integer)
