"""The merged log: every service's facts of a tenant in one total order. Its position is the public one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from gateway.base import Base


class MergedEvent(Base):
    """One fact at its public position. Rows are only ever added."""

    __tablename__ = "merged_events"
    __table_args__ = (
        Index("uq_merged_events_source", "tenant_id", "source", "number", unique=True),
        Index("ix_merged_events_project", "tenant_id", "project_id", "position"),
        CheckConstraint("audience in ('members','guests','tenant','costs')", name="audience"),
    )

    tenant_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    source: Mapped[str] = mapped_column(Text)
    number: Mapped[int] = mapped_column(BigInteger)
    type: Mapped[str] = mapped_column(Text)
    project_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    audience: Mapped[str] = mapped_column(Text)
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    envelope: Mapped[str] = mapped_column(Text)


class LogHead(Base):
    """The last position of a tenant's merged log; its row lock orders the writers."""

    __tablename__ = "log_heads"

    tenant_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
