"""A baseline: the plan as it was agreed upon, kept beside the plan as it is."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, DateTime, ForeignKeyConstraint, Index, Integer, Numeric, Text, text
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
    """A task in a baseline. No foreign key to the task: the baseline survives its deletion.

    `work_minutes` and `cost` are the task's own, in the project's currency; null in baselines that were imported.
    """

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
    summary: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    work_minutes: Mapped[int | None] = mapped_column(BigInteger)
    cost: Mapped[Decimal | None] = mapped_column(Numeric(20, 4))


class BaselineAssignment(Base):
    """What part a work resource had in a task, with the name that it had; neither has to exist any more."""

    __tablename__ = "baseline_assignments"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "baseline_id"], ["baselines.tenant_id", "baselines.id"], ondelete="CASCADE"),
    )

    tenant_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    baseline_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    task_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    resource_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    units: Mapped[Decimal] = mapped_column(Numeric(12, 4))
    work_minutes: Mapped[int] = mapped_column(BigInteger)
