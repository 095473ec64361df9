"""Access tokens: 32 random bytes behind a prefix that secret scanners know; only their SHA-256 is stored."""

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from gateway.base import Base
from services.kernel.entity import Entity

PREFIX = "tdm_pat_"


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


def draw_token() -> str:
    """A fresh secret, shown once."""
    return PREFIX + secrets.token_urlsafe(32)


def token_hash(secret: str) -> bytes:
    """What is stored and looked up. The secret has 256 random bits, so a plain hash cannot be reversed by guessing."""
    return hashlib.sha256(secret.encode()).digest()
