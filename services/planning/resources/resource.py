"""A resource: a person, a machine, a material or a cost that the work takes."""

from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Numeric, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.planning.base import Base
from services.planning.external_refs.external_reference import ExternallyKnown


class ResourceType(StrEnum):
    """Only work drives dates."""

    WORK = "work"
    MATERIAL = "material"
    COST = "cost"


class Resource(ExternallyKnown, Entity, Base):
    """`max_units` 1 is one full person; the rate is money for an hour of work or a unit of material."""

    __tablename__ = "resources"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "calendar_id"], ["calendars.tenant_id", "calendars.id"], name="fk_resources_calendar"
        ),
        Index("ix_resources_project", "tenant_id", "project_id", "id"),
        CheckConstraint("resource_type in ('work','material','cost')", name="resource_type"),
        CheckConstraint("max_units >= 0", name="max_units"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    resource_type: Mapped[str] = mapped_column(Text, default=ResourceType.WORK)
    max_units: Mapped[Decimal] = mapped_column(Numeric(12, 4), default=Decimal(1))
    standard_rate: Mapped[Decimal | None] = mapped_column(Numeric())
    currency: Mapped[str | None] = mapped_column(Text)
    calendar_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    person_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
