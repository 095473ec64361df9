"""A budget line: what a part of the work may cost under one cost code. All lines together are the project's budget."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Numeric, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.planning.base import Base
from services.planning.external_refs.external_reference import ExternallyKnown


class BudgetLine(ExternallyKnown, Entity, Base):
    """`task_id` is the node of the work breakdown; without one the line covers the project as a whole."""

    __tablename__ = "budget_lines"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(["tenant_id", "cost_code_id"], ["cost_codes.tenant_id", "cost_codes.id"]),
        Index("ix_budget_lines_project", "tenant_id", "project_id", "created_at"),
        Index("ix_budget_lines_cost_code", "tenant_id", "cost_code_id"),
        CheckConstraint("amount >= 0", name="amount"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    task_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    cost_code_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    description: Mapped[str] = mapped_column(Text)
    amount: Mapped[Decimal] = mapped_column(Numeric(20, 4))
    currency: Mapped[str] = mapped_column(Text)
