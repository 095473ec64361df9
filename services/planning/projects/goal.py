"""A goal: what the project is for, with targets that can be measured."""

from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.planning.base import Base


class Goal(Entity, Base):
    """`targets` are values without a life of their own: `[{measure, unit, baseline, target, due_date}]`, numbers as text."""

    __tablename__ = "goals"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        Index("ix_goals_project", "tenant_id", "project_id", "created_at"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    title: Mapped[str] = mapped_column(Text)
    statement: Mapped[str] = mapped_column(Text)
    targets: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
