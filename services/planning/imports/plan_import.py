"""The record of a plan that was taken over from a file, with what became of each of the file's elements."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict, RuleViolated, Unavailable, error_at
from services.planning.base import Base
from services.planning.imports.record_stream import UnreadableFile

MAXIMUM_FILE_BYTES = 50_000_000


class PlanAlreadyImported(Conflict):
    code = "plan_already_imported"
    title = {"en": "This plan has been imported already", "nb": "Denne planen er importert fra før"}
    detail = {
        "en": "The project has tasks of this plan. Nothing was changed.",
        "nb": "Prosjektet har oppgaver fra denne planen. Ingenting ble endret.",
    }
    members = ("import_id",)


class UnreadablePlan(RuleViolated):
    code = "unreadable_plan"
    title = {"en": "The file cannot be read as a plan", "nb": "Filen kan ikke leses som en plan"}
    detail = {
        "en": "At {place}: {reason}. Nothing was imported.",
        "nb": "Ved {place}: {reason}. Ingenting ble importert.",
    }
    members = ("line", "place", "reason_code")

    @classmethod
    def of(cls, error: UnreadableFile) -> "UnreadablePlan":
        """What a reader found, as the caller is told of it."""
        found = error_at(error.place, error.code, error.detail)
        return cls(line=error.line, place=error.place, reason=error.detail, reason_code=error.code, errors=[found])


class ImportChanged(Conflict):
    code = "import_changed"
    title = {"en": "What was imported has changed since", "nb": "Det som ble importert, er endret siden"}
    detail = {
        "en": "Somebody has worked with it: see errors. Nothing was removed.",
        "nb": "Noen har arbeidet med det: se errors. Ingenting ble fjernet.",
    }


class ImportReversed(Conflict):
    code = "import_reversed"
    title = {"en": "The import has been undone already", "nb": "Importen er angret fra før"}


class StoreNotConfigured(Unavailable):
    code = "storage_not_configured"
    title = {"en": "This installation has no store for files", "nb": "Denne installasjonen har ikke noe fillager"}


class Import(Entity, Base):
    """Written in the transaction that created what the file holds; a file that could not be read leaves none.

    `frame_before` and `frame_after` are the project's own values where an empty project took over those of the file.
    """

    __tablename__ = "imports"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        Index(
            "uq_imports_file",
            "tenant_id",
            "project_id",
            "sha256",
            unique=True,
            postgresql_where=text("reversed_at is null"),
        ),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    job_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    filename: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(Text)
    storage_key: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(Text)
    source_guid: Mapped[str] = mapped_column(Text)
    counts: Mapped[dict[str, int]] = mapped_column(JSONB)
    report: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    frame_before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    frame_after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    reversed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ImportItem(Base):
    """One thing that an import made, with a digest of it as it was then, so that an undo sees whether it was changed.

    No foreign key to the thing: that it is gone has to be seen as well.
    """

    __tablename__ = "import_items"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "import_id"], ["imports.tenant_id", "imports.id"], ondelete="CASCADE"),
        Index("ix_import_items_object", "tenant_id", "object_id"),
    )

    tenant_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    import_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    noun: Mapped[str] = mapped_column(Text, primary_key=True)
    object_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    digest: Mapped[str] = mapped_column(Text)
