"""Access tokens: 32 random bytes behind a prefix that secret scanners know; only their SHA-256 is stored."""

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Column, DateTime, Index, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from gateway.base import Base
from services.kernel.entity import Entity

PREFIX = "tdm_pat_"
SERVICE_PREFIX = "tdm_svc_"
# How much of a secret is shown afterwards, so that people know which is which.
HINT_LENGTH = 4


class Token(Entity, Base):
    """A person's token. It is a row that is looked up at each request, not a claim that is believed."""

    __tablename__ = "tokens"
    # The look-up by hash happens before the tenant is known, so this one index cannot lead with tenant_id.
    __table_args__ = (Index("uq_tokens_hash", "hash", unique=True), {"info": {"background": True}})

    person_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    name: Mapped[str] = mapped_column(Text)
    hint: Mapped[str] = mapped_column(Text)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


# When a token, a client or a session was last used, to the hour, apart from what it is: using it changes no version.
credential_uses = Table(
    "credential_uses",
    Base.metadata,
    Column("tenant_id", SqlUuid(as_uuid=True), primary_key=True),
    Column("credential_id", SqlUuid(as_uuid=True), primary_key=True),
    Column("last_used_at", DateTime(timezone=True)),
    info={"background": True},
)


def draw_token(prefix: str = PREFIX) -> str:
    """A fresh secret of 256 random bits, shown once. The prefix tells people and secret scanners what it is."""
    return prefix + secrets.token_urlsafe(32)


def hint_of(secret: str) -> str:
    """The prefix and the first characters."""
    prefix = secret[: secret.index("_", 4) + 1]
    return secret[: len(prefix) + HINT_LENGTH]


def token_hash(secret: str) -> bytes:
    """What is stored and looked up. The secret has 256 random bits, so a plain hash cannot be reversed by guessing."""
    return hashlib.sha256(secret.encode()).digest()
