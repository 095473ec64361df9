"""A group's grant: as long as somebody is in the group, they are on the project in a role."""

from uuid import UUID

from sqlalchemy import Index, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from gateway.base import Base
from services.kernel.entity import Entity


class GroupGrant(Entity, Base):
    """One role of one group on one project."""

    __tablename__ = "group_grants"
    __table_args__ = (
        Index("uq_group_grants_group", "tenant_id", "project_id", "group_id", unique=True),
        Index("ix_group_grants_group", "tenant_id", "group_id"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    group_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    role: Mapped[str] = mapped_column(Text)
