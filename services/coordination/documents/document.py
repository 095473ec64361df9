"""A document and its versions. A version is written once and never changed; the document names the current one."""

from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKeyConstraint, Index, Integer, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.coordination.base import Base
from services.kernel.entity import Entity
from services.kernel.problems import Problem

MOST_BYTES = 100 * 1024 * 1024


class DocumentDamaged(Problem):
    code = "document_damaged"
    title = {"en": "The stored file is damaged", "nb": "Den lagrede filen er skadet"}
    detail = {
        "en": "Its bytes are not those that were uploaded, so none are given out. Restore it from a backup.",
        "nb": "Innholdet er ikke det som ble lastet opp, så ingenting gis ut. Gjenopprett den fra en sikkerhetskopi.",
    }


class Document(Entity, Base):
    """`number` is the current version's; `folder` is a path for people, such as `Contracts/2026`."""

    __tablename__ = "documents"
    __table_args__ = (
        Index("ix_documents_project", "tenant_id", "project_id", "folder", "title"),
        CheckConstraint("number >= 1", name="number"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    title: Mapped[str] = mapped_column(Text)
    folder: Mapped[str] = mapped_column(Text, default="")
    phase: Mapped[str | None] = mapped_column(Text)
    shared_with_guests: Mapped[bool] = mapped_column(Boolean, default=False)
    number: Mapped[int] = mapped_column(Integer, default=1)


class DocumentVersion(Entity, Base):
    """One uploaded file. `storage_key` is random and known to the store alone; `sha256` is that of its bytes, in hex."""

    __tablename__ = "document_versions"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "document_id"], ["documents.tenant_id", "documents.id"]),
        Index("uq_document_versions_number", "tenant_id", "document_id", "number", unique=True),
        CheckConstraint("size >= 0", name="size"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    document_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    number: Mapped[int] = mapped_column(Integer)
    filename: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(Text)
    storage_key: Mapped[str] = mapped_column(Text)
