"""A conflict: its parties want what cannot all be had, its options say what could be done, a ruling settles it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKeyConstraint, Index, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel import problems
from services.kernel.entity import Entity
from services.planning.base import Base


class ConflictKind(StrEnum):
    RESOURCE = "resource"
    DATE = "date"
    SCOPE = "scope"
    CONTRACT = "contract"


class ConflictStatus(StrEnum):
    OPEN = "open"
    RULED = "ruled"
    WITHDRAWN = "withdrawn"


class ConflictClosed(problems.Conflict):
    code = "conflict_closed"
    title = {"en": "The conflict is no longer open", "nb": "Konflikten er ikke lenger åpen"}
    detail = {"en": "It is {state}.", "nb": "Status er {state}."}
    members = ("state",)


class OptionOutdated(problems.Conflict):
    code = "option_outdated"
    title = {
        "en": "What the option would change is there no longer",
        "nb": "Det som alternativet skulle endre, finnes ikke lenger",
    }


class Conflict(Entity, Base):
    """`parties` are `{type, id, name}`. `options` are `{title, impact, criteria, write}`.

    The write, where there is one, is a patch of a task or an assignment that the ruling carries out.
    """

    __tablename__ = "conflicts"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(["tenant_id", "decision_id"], ["decisions.tenant_id", "decisions.id"]),
        Index("ix_conflicts_project", "tenant_id", "project_id", "created_at"),
        CheckConstraint("kind in ('resource','date','scope','contract')", name="kind"),
        CheckConstraint("status in ('open','ruled','withdrawn')", name="status"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    kind: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    parties: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    options: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(Text, default=ConflictStatus.OPEN)
    ruled_option: Mapped[int | None] = mapped_column(Integer)
    ruled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decision_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))

    def require_open(self) -> None:
        """Raise ConflictClosed unless it is still to be settled."""
        if self.status != ConflictStatus.OPEN:
            raise ConflictClosed(state=self.status)

    def rule(self, option: int, decision_id: UUID, moment: datetime) -> None:
        """Settle it by one of its options."""
        self.require_open()
        self.status, self.ruled_option, self.decision_id = ConflictStatus.RULED, option, decision_id
        self.ruled_at = moment

    def withdraw(self) -> None:
        """It turned out to be none."""
        self.require_open()
        self.status = ConflictStatus.WITHDRAWN
