"""A bucket: how often something was tried since its window began. One row each, so that one statement counts and tells."""

from sqlalchemy import Column, DateTime, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import UUID

from gateway.base import Base

rate_buckets = Table(
    "rate_buckets",
    Base.metadata,
    Column("tenant_id", UUID(as_uuid=True), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("taken", Integer, nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Index("ix_rate_buckets_ends_at", "ends_at"),
    info={"background": True},
)
