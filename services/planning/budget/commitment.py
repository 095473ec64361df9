"""A commitment: money promised to a supplier, such as a purchase order, before any invoice has been paid."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Numeric, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.planning.base import Base


class Commitment(Entity, Base):
    """Written once; a negative amount takes a part of an earlier promise back."""

    __tablename__ = "commitments"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(["tenant_id", "cost_code_id"], ["cost_codes.tenant_id", "cost_codes.id"]),
        Index("ix_commitments_project", "tenant_id", "project_id", "created_at"),
        Index("ix_commitments_cost_code", "tenant_id", "cost_code_id"),
        Index(
            "uq_commitments_external_ref", "tenant_id", "external_system", "external_type", "external_id", unique=True
        ),
        {"info": {"append_only": True}},
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    task_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    cost_code_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    supplier: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    amount: Mapped[Decimal] = mapped_column(Numeric(20, 4))
    currency: Mapped[str] = mapped_column(Text)
    external_system: Mapped[str | None] = mapped_column(Text)
    external_type: Mapped[str | None] = mapped_column(Text)
    external_id: Mapped[str | None] = mapped_column(Text)
    external_url: Mapped[str | None] = mapped_column(Text)
