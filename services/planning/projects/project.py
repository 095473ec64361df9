"""A project: the frame that everything else in planning belongs to, and its life from initiation to closure."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, DateTime, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict
from services.planning.base import Base


class ProjectStatus(StrEnum):
    """The life of a project (ISO 21502 uses the same order)."""

    INITIATING = "initiating"
    PLANNING = "planning"
    EXECUTING = "executing"
    CLOSING = "closing"
    CLOSED = "closed"


_NEXT = {
    ProjectStatus.INITIATING: {ProjectStatus.PLANNING, ProjectStatus.CLOSED},
    ProjectStatus.PLANNING: {ProjectStatus.EXECUTING, ProjectStatus.CLOSING},
    ProjectStatus.EXECUTING: {ProjectStatus.CLOSING},
    ProjectStatus.CLOSING: {ProjectStatus.CLOSED, ProjectStatus.EXECUTING},
    ProjectStatus.CLOSED: set(),
}


class IllegalPassage(Conflict):
    code = "illegal_passage"
    title = {"en": "The project cannot pass to that state", "nb": "Prosjektet kan ikke gå til den tilstanden"}
    detail = {"en": "From {present} it can pass to: {possible}.", "nb": "Fra {present} kan det gå til: {possible}."}


class Project(Entity, Base):
    """`start`, `finish_target` and `status_date` are local wall-clock times in `time_zone` (scheduling has no other clock).

    With `finish_target` the plan is scheduled backwards from that moment, and `start` follows from it. It and what stands
    below it are the rules that the plan is scheduled under; the schedule's area changes them.
    """

    __tablename__ = "projects"
    __table_args__ = (
        Index("uq_projects_key", "tenant_id", "key", unique=True),
        CheckConstraint("status in ('initiating','planning','executing','closing','closed')", name="status"),
    )

    key: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[str] = mapped_column(Text, default=ProjectStatus.PLANNING)
    time_zone: Mapped[str] = mapped_column(Text, default="Europe/Oslo")
    currency: Mapped[str] = mapped_column(Text, default="NOK")
    start: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    finish: Mapped[datetime | None] = mapped_column(DateTime(timezone=False))
    status_date: Mapped[datetime | None] = mapped_column(DateTime(timezone=False))
    calendar_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    minutes_per_day: Mapped[int] = mapped_column(Integer, default=450)
    minutes_per_week: Mapped[int] = mapped_column(Integer, default=2250)
    finish_target: Mapped[datetime | None] = mapped_column(DateTime(timezone=False))
    honor_constraints: Mapped[bool] = mapped_column(Boolean, default=True)
    split_in_progress: Mapped[bool] = mapped_column(Boolean, default=True)
    multiple_critical_paths: Mapped[bool] = mapped_column(Boolean, default=False)
    critical_float_minutes: Mapped[int] = mapped_column(Integer, default=0)
    # What WBS codes look like, see services/planning/scope/wbs_mask.py.
    wbs_prefix: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    wbs_levels: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default=text("'[]'"))
    wbs_unique: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("false"))

    def pass_to(self, status: ProjectStatus) -> None:
        """Move along the project's life. Raises IllegalPassage when there is no such step."""
        possible = _NEXT[ProjectStatus(self.status)]
        if status not in possible:
            raise IllegalPassage(present=self.status, possible=", ".join(sorted(possible)) or "-")
        self.status = status

    def advance_to(self, status: ProjectStatus) -> None:
        """Move forward to that state, over those in between; where the project is that far already, nothing happens."""
        life = list(ProjectStatus)
        if life.index(status) > life.index(ProjectStatus(self.status)):
            self.status = status

    def stop(self) -> None:
        """Go no further: what has begun is closed in order, and before that or during the closing the project ends."""
        if self.status in (ProjectStatus.PLANNING, ProjectStatus.EXECUTING):
            self.status = ProjectStatus.CLOSING
        else:
            self.status = ProjectStatus.CLOSED
