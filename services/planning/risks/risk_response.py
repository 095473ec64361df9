"""A risk response: what is done about a risk, and the task in the plan by which that work is tracked."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.planning.base import Base


class Strategy(StrEnum):
    """Strategies for threats and for opportunities (PMBOK Guide, plan risk responses)."""

    AVOID = "avoid"
    MITIGATE = "mitigate"
    TRANSFER = "transfer"
    ACCEPT = "accept"
    EXPLOIT = "exploit"
    ENHANCE = "enhance"
    SHARE = "share"


class RiskResponse(Entity, Base):
    __tablename__ = "risk_responses"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "risk_id"], ["risks.tenant_id", "risks.id"]),
        Index("ix_risk_responses_project", "tenant_id", "project_id", "created_at"),
        Index("ix_risk_responses_risk", "tenant_id", "risk_id"),
        CheckConstraint(f"strategy in ({','.join(repr(str(each)) for each in Strategy)})", name="strategy"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    risk_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    strategy: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    task_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    owner_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
