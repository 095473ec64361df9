"""An external reference: what another system calls a thing of ours, and whose it is."""

from typing import Any
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.problems import Conflict
from services.planning.base import Base


class ExternalRefTaken(Conflict):
    code = "external_ref_taken"
    title = {
        "en": "The external reference belongs to something else",
        "nb": "Den eksterne referansen hører til noe annet",
    }


class ExternalReference(Base):
    """Unique per tenant, system, type and id, whatever the noun; the object's own copy is what readers see."""

    __tablename__ = "external_refs"
    __table_args__ = (Index("ix_external_refs_object", "tenant_id", "object_id"),)

    tenant_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    system: Mapped[str] = mapped_column(Text, primary_key=True)
    type: Mapped[str] = mapped_column(Text, primary_key=True)
    external_id: Mapped[str] = mapped_column(Text, primary_key=True)
    noun: Mapped[str] = mapped_column(Text)
    object_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))


class ExternallyKnown:
    """Mixed into nouns that other systems feed: `[{system, type, id, url}]` as readers see it."""

    external_refs: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB, default=list, server_default=text("'[]'"), nullable=False
    )
