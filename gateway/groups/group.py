"""A group: people whom the tenant's own directory keeps together. It says who; what they may is said by its grants."""

from sqlalchemy import Column, Index, Table, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from gateway.base import Base
from services.kernel.entity import Entity


class Group(Entity, Base):
    """Kept by whoever provisions the tenant; over `/v1` it is only read."""

    __tablename__ = "groups"

    display_name: Mapped[str] = mapped_column(Text)
    external_id: Mapped[str | None] = mapped_column(Text)


group_members = Table(
    "group_members",
    Base.metadata,
    Column("tenant_id", SqlUuid(as_uuid=True), primary_key=True),
    Column("group_id", SqlUuid(as_uuid=True), primary_key=True),
    Column("person_id", SqlUuid(as_uuid=True), primary_key=True),
    Index("ix_group_members_person", "tenant_id", "person_id"),
)
