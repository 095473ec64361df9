"""Copies of other services' objects, with only the members that this service uses."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.coordination.base import Base


class ProjectCopy(Base):
    """A project as planning publishes it."""

    __tablename__ = "projects"

    tenant_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    key: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    time_zone: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)


class ProposalCopy(Base):
    """A proposal as the authority desk publishes it; an agenda can carry it, and an outcome can decide it."""

    __tablename__ = "proposals"
    __table_args__ = (Index("ix_proposals_project", "tenant_id", "project_id", "status"),)

    tenant_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    title: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    kinds: Mapped[list[str]] = mapped_column(JSONB)
    impact: Mapped[dict[str, Any]] = mapped_column(JSONB)
    submitted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
