"""Where a membership comes from: a row here says that a group brought it, none that somebody granted it by hand."""

from sqlalchemy import Column, Table
from sqlalchemy.dialects.postgresql import UUID

from gateway.base import Base

membership_origins = Table(
    "membership_origins",
    Base.metadata,
    Column("tenant_id", UUID(as_uuid=True), primary_key=True),
    Column("membership_id", UUID(as_uuid=True), primary_key=True),
)
