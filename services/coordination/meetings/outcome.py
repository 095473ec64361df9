"""What a meeting came to: decisions, actions and notes. They take effect when the minutes are signed."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKeyConstraint, Index, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.coordination.base import Base
from services.kernel.entity import Entity
from services.kernel.problems import RuleViolated, error_at


class OutcomeKind(StrEnum):
    DECISION = "decision"
    ACTION = "action"
    NOTE = "note"


class Decision(StrEnum):
    """What a meeting decides of a proposal."""

    ACCEPT = "accept"
    REJECT = "reject"


class OutcomeIncomplete(RuleViolated):
    code = "outcome_incomplete"
    title = {
        "en": "An outcome of this kind says more, or less",
        "nb": "Et utfall av dette slaget sier mer, eller mindre",
    }
    detail = {"en": "See errors.", "nb": "Se errors."}


_OF_DECISIONS = ("proposal_id", "decision")
_OF_ACTIONS = ("title", "owner_id", "due_date")


class Outcome(Entity, Base):
    """A decision may decide a proposal; an action names who does what until when.

    `result` and, where something went wrong, `result_detail` are what the authority desk made of a decision: they are no
    part of the minutes and come after them.
    """

    __tablename__ = "outcomes"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "meeting_id"], ["meetings.tenant_id", "meetings.id"]),
        ForeignKeyConstraint(["tenant_id", "agenda_item_id"], ["agenda_items.tenant_id", "agenda_items.id"]),
        Index("ix_outcomes_meeting", "tenant_id", "meeting_id", "created_at"),
        Index("ix_outcomes_project", "tenant_id", "project_id"),
        CheckConstraint("kind in ('decision','action','note')", name="kind"),
        CheckConstraint("decision in ('accept','reject')", name="decision"),
        CheckConstraint("result in ('accepted','rejected','rebase_required','failed')", name="result"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    meeting_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    agenda_item_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    kind: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text, default="")
    proposal_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    decision: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")
    title: Mapped[str | None] = mapped_column(Text)
    owner_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    due_date: Mapped[date | None] = mapped_column(Date)
    parent_task_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    result: Mapped[str | None] = mapped_column(Text)
    result_detail: Mapped[str | None] = mapped_column(Text)

    def require_complete(self) -> None:
        """Raise OutcomeIncomplete unless exactly what its kind needs is there.

        An action needs a title, an owner and a due date; a decision names both proposal and verdict or, where the
        meeting decided something that nobody had proposed, neither; a note has words.
        """
        named = {name for name in (*_OF_DECISIONS, *_OF_ACTIONS, "parent_task_id") if getattr(self, name) is not None}
        needed: set[str] = set()
        allowed: set[str] = set()
        if self.kind == OutcomeKind.ACTION:
            needed, allowed = set(_OF_ACTIONS), {*_OF_ACTIONS, "parent_task_id"}
        elif self.kind == OutcomeKind.DECISION and named & set(_OF_DECISIONS):
            needed = allowed = set(_OF_DECISIONS)
        errors = [error_at(f"/{name}", "missing", f"is needed for {self.kind}") for name in sorted(needed - named)]
        errors += [
            error_at(f"/{name}", "misplaced", f"does not go with {self.kind}") for name in sorted(named - allowed)
        ]
        if not needed and not self.text.strip():
            errors.append(error_at("/text", "missing", "says what came out"))
        if errors:
            raise OutcomeIncomplete(errors=errors)
