"""A cost code: one account of the project's cost breakdown, the second axis of the budget beside the work itself."""

from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.planning.base import Base
from services.planning.external_refs.external_reference import ExternallyKnown


class CostCode(ExternallyKnown, Entity, Base):
    __tablename__ = "cost_codes"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        Index("uq_cost_codes_code", "tenant_id", "project_id", "code", unique=True),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
