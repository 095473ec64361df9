"""What a sending job has sent to whom, so that a job that starts again leaves out those who have their message."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.coordination.base import Base


class SentMessage(Base):
    """One recipient of one job. `sending` after a crash means: perhaps sent; the same Message-ID goes out again."""

    __tablename__ = "sent_messages"
    __table_args__ = (CheckConstraint("state in ('sending','sent','refused')", name="state"),)

    tenant_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    job_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True), primary_key=True)
    message_id: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    problem: Mapped[str | None] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
