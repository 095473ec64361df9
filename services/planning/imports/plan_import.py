"""The record of a plan that was taken over from a file, with what became of each of the file's elements."""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict, RuleViolated, Unavailable
from services.planning.base import Base

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
        "en": "Line {line}: {reason}. Nothing was imported.",
        "nb": "Linje {line}: {reason}. Ingenting ble importert.",
    }
    members = ("line", "reason_code")


class StoreNotConfigured(Unavailable):
    code = "storage_not_configured"
    title = {"en": "This installation has no store for files", "nb": "Denne installasjonen har ikke noe fillager"}


class Import(Entity, Base):
    """Written in the transaction that created what the file holds; a file that could not be read leaves none."""

    __tablename__ = "imports"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        Index("uq_imports_file", "tenant_id", "project_id", "sha256", unique=True),
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
