"""A status report: an author's words over computed figures; the signature freezes both, publication shows them."""

import hashlib
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import CheckConstraint, Date, DateTime, ForeignKeyConstraint, Index, Integer, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict, RuleViolated
from services.reporting.base import Base


class ReportState(StrEnum):
    """A report's life has one direction."""

    DRAFT = "draft"
    SIGNED = "signed"
    PUBLISHED = "published"


class Audience(StrEnum):
    """Whom a report is for: `team` is everybody on the project but its guests, `client` is the guests as well."""

    TEAM = "team"
    CLIENT = "client"


class ReportSigned(Conflict):
    code = "status_report_signed"
    title = {"en": "A signed report does not change", "nb": "En signert rapport endres ikke"}
    detail = {"en": "Draft another report instead.", "nb": "Lag et nytt utkast i stedet."}


class ReportNotSigned(Conflict):
    code = "status_report_not_signed"
    title = {"en": "Only a signed report can be published", "nb": "Bare en signert rapport kan publiseres"}


class ReportPublished(Conflict):
    code = "status_report_published"
    title = {"en": "The report is published already", "nb": "Rapporten er allerede publisert"}


class PeriodReversed(RuleViolated):
    code = "period_reversed"
    title = {"en": "The period ends before it starts", "nb": "Perioden slutter før den begynner"}


class FiguresOutOfRange(RuleViolated):
    code = "figures_out_of_range"
    title = {"en": "A figure is too large for a report", "nb": "Et tall er for stort for en rapport"}


class StatusReport(Entity, Base):
    """`figures` are those of the last save until the signature; then `signed_document` is what was signed, to the byte.

    `positions` names how far each service's facts had been taken in when the figures were computed.
    """

    __tablename__ = "status_reports"
    __table_args__ = (
        Index("uq_status_reports_number", "tenant_id", "project_id", "number", unique=True),
        CheckConstraint("state in ('draft','signed','published')", name="state"),
        CheckConstraint("audience in ('team','client')", name="audience"),
        CheckConstraint("(state = 'draft') = (signed_document is null)", name="signed_document"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    number: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text, default=ReportState.DRAFT)
    audience: Mapped[str] = mapped_column(Text)
    period_start: Mapped[date] = mapped_column(Date)
    period_end: Mapped[date] = mapped_column(Date)
    progress: Mapped[str] = mapped_column(Text)
    challenges: Mapped[str] = mapped_column(Text)
    decisions_needed: Mapped[str] = mapped_column(Text)
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB)
    positions: Mapped[dict[str, int]] = mapped_column(JSONB)
    signed_document: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[str | None] = mapped_column(Text)
    signed_by_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    signed_by_name: Mapped[str | None] = mapped_column(Text)
    signed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    published_by_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    def require_draft(self) -> None:
        """Raise ReportSigned once there is a signature."""
        if self.state != ReportState.DRAFT:
            raise ReportSigned

    def set_period(self, start: date, end: date) -> None:
        """Raise PeriodReversed for a period that ends before it starts."""
        if end < start:
            raise PeriodReversed
        self.period_start, self.period_end = start, end

    def show(self, figures: dict[str, Any], positions: dict[str, int]) -> None:
        """Take computed figures; only a draft does."""
        self.require_draft()
        self.figures, self.positions = figures, positions

    def sign(self, person_id: UUID, name: str, at: datetime) -> None:
        """Freeze the figures and texts. The hash is over the document's canonical JSON: sorted keys, no blanks, UTF-8."""
        self.require_draft()
        document = {
            "id": str(self.id),
            "project_id": str(self.project_id),
            "number": self.number,
            "audience": self.audience,
            "positions": self.positions,
            "figures": self.figures,
        }
        canonical = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
        self.signed_document = canonical.decode()
        self.sha256 = hashlib.sha256(canonical).hexdigest()
        self.signed_by_id, self.signed_by_name, self.signed_at = person_id, name, at
        self.state = ReportState.SIGNED

    def publish(self, person_id: UUID, at: datetime) -> None:
        """Show a signed report to its audience. Raises ReportNotSigned, or ReportPublished the second time."""
        if self.state == ReportState.DRAFT:
            raise ReportNotSigned
        if self.state == ReportState.PUBLISHED:
            raise ReportPublished
        self.published_by_id, self.published_at = person_id, at
        self.state = ReportState.PUBLISHED


class Rendering(Base):
    """The PDF of a signed report in one language: setting it again would give the same bytes, only later."""

    __tablename__ = "renderings"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "report_id"], ["status_reports.tenant_id", "status_reports.id"], ondelete="cascade"
        ),
        CheckConstraint("language in ('en','nb')", name="language"),
    )

    tenant_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    report_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    language: Mapped[str] = mapped_column(Text, primary_key=True)
    pdf: Mapped[bytes] = mapped_column(LargeBinary)
