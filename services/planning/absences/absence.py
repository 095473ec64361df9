"""An absence: days on which a work resource is away. Why, not everybody is told."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKeyConstraint, Index, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import RuleViolated
from services.planning.base import Base


class AbsenceKind(StrEnum):
    """`away` is what those read who are not told more."""

    VACATION = "vacation"
    SICK = "sick"
    OTHER = "other"
    AWAY = "away"


class AbsenceEndsEarly(RuleViolated):
    code = "absence_ends_early"
    title = {"en": "An absence ends before it begins", "nb": "Et fravær slutter før det begynner"}


class Absence(Entity, Base):
    """Whole days, both included. `confidential`: kind and note are for whom it concerns and who recorded it."""

    __tablename__ = "absences"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "resource_id"],
            ["resources.tenant_id", "resources.id"],
            name="fk_absences_resource",
            ondelete="CASCADE",
        ),
        Index("ix_absences_project", "tenant_id", "project_id", "starts_on"),
        Index("ix_absences_resource", "tenant_id", "resource_id"),
        CheckConstraint("kind in ('vacation','sick','other')", name="kind"),
        CheckConstraint("starts_on <= ends_on", name="days"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    resource_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(Text)
    confidential: Mapped[bool] = mapped_column(Boolean)
    note: Mapped[str] = mapped_column(Text, default="")
