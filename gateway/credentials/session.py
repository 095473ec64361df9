"""A session: what a sign-in gives, an access token for minutes and a refresh token that is good once.

The tokens are rows, as all of ours. A refresh draws both anew; a refresh token that comes a second time was stolen, or
the first one was, and nobody can tell which: the session is over for both.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Column, DateTime, Index, Integer, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from gateway.base import Base
from services.kernel.entity import Entity

ACCESS_PREFIX: Final = "tdm_ses_"
REFRESH_PREFIX: Final = "tdm_ref_"
ACCESS_MINUTES: Final = 15
# However often it is refreshed, a session ends after so long, and the person proves anew who they are.
SESSION_DAYS: Final = 30


class Session(Entity, Base):
    """One sign-in of one person in one tenant. `scopes` is nothing where the session is as wide as its person."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint("method in ('password','oidc','client')", name="method"),
        CheckConstraint("(ended_at is null) = (end_reason is null)", name="ended"),
        # Looked up before the tenant is known, so these cannot lead with tenant_id.
        Index("uq_sessions_access_hash", "access_hash", unique=True),
        Index("uq_sessions_refresh_hash", "refresh_hash", unique=True),
        Index("ix_sessions_expires_at", "expires_at"),
        Index("ix_sessions_person", "tenant_id", "person_id"),
        {"info": {"background": True}},
    )

    person_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    method: Mapped[str] = mapped_column(Text)
    account_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    provider_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    client_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    scopes: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    authenticated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    credential_version: Mapped[int | None] = mapped_column(Integer)
    access_hash: Mapped[bytes] = mapped_column(LargeBinary)
    access_expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    refresh_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    end_reason: Mapped[str | None] = mapped_column(Text)


# Refresh tokens that were used, by which their second use is known.
spent_refreshes = Table(
    "spent_refreshes",
    Base.metadata,
    Column("tenant_id", SqlUuid(as_uuid=True), primary_key=True),
    Column("hash", LargeBinary, primary_key=True),
    Column("session_id", SqlUuid(as_uuid=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index("uq_spent_refreshes_hash", "hash", unique=True),
    Index("ix_spent_refreshes_expires_at", "expires_at"),
    info={"background": True},
)
