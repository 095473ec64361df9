"""A levelling run: what a job has found for a plan as it stood, until somebody applies it or the plan has gone on."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, DateTime, ForeignKeyConstraint, Index, Integer, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict, RuleViolated
from services.planning.base import Base


class LevellingOutdated(Conflict):
    code = "levelling_outdated"
    title = {"en": "The plan has changed since it was levelled", "nb": "Planen er endret siden den ble utjevnet"}
    detail = {
        "en": "The moves were found for another plan. Level it again.",
        "nb": "Flyttingene ble funnet for en annen plan. Utjevn den på nytt.",
    }


class LevellingApplied(Conflict):
    code = "levelling_applied"
    title = {"en": "This levelling has been applied", "nb": "Denne utjevningen er tatt i bruk"}


class PlanRunsFromItsFinish(RuleViolated):
    code = "plan_runs_from_its_finish"
    title = {
        "en": "A plan that is scheduled from its finish is not levelled",
        "nb": "En plan som beregnes fra sluttdatoen, kan ikke utjevnes",
    }


class LevellingMode(StrEnum):
    """How far levelling may go: within the float that there is, or until nobody has too much, whatever the finish."""

    WITHIN_FLOAT = "within_float"
    EXTEND = "extend"


class LevellingRun(Entity, Base):
    """`delays` are ticks by task; `fingerprint` tells whether the plan is still the one that they were found for."""

    __tablename__ = "levelling_runs"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        Index("ix_levelling_runs_project", "tenant_id", "project_id", "id"),
        CheckConstraint("mode in ('within_float','extend')", name="mode"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    job_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    mode: Mapped[str] = mapped_column(Text)
    seconds: Mapped[int] = mapped_column(Integer)
    seed: Mapped[int] = mapped_column(Integer)
    fingerprint: Mapped[str] = mapped_column(Text)
    method: Mapped[str] = mapped_column(Text)
    optimizer: Mapped[str] = mapped_column(Text)
    proven: Mapped[bool] = mapped_column(Boolean)
    changes_proven: Mapped[bool] = mapped_column(Boolean)
    resolved: Mapped[bool] = mapped_column(Boolean)
    gap: Mapped[Any | None] = mapped_column(Numeric(12, 4))
    finish_before: Mapped[datetime] = mapped_column(TIMESTAMP)
    finish_after: Mapped[datetime] = mapped_column(TIMESTAMP)
    finish_bound: Mapped[datetime | None] = mapped_column(TIMESTAMP)
    makespan: Mapped[dict[str, Any]] = mapped_column(JSONB)
    search: Mapped[dict[str, Any]] = mapped_column(JSONB)
    load: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    moves: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    competences_lost: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    delays: Mapped[dict[str, int]] = mapped_column(JSONB)
    applied_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    def require_applicable(self, fingerprint: str) -> None:
        """Raises LevellingApplied, and LevellingOutdated where the plan is not the one that was levelled."""
        if self.applied_at is not None:
            raise LevellingApplied
        if self.fingerprint != fingerprint:
            raise LevellingOutdated
