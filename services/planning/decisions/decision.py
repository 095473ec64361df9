"""A decision: the question, what was chosen among what, by whose authority, why, and the effect that was foreseen."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Date, DateTime, ForeignKeyConstraint, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.planning.base import Base

# The job that compares, on the review date, what was predicted with what has come of it.
REVIEW_JOB: Final = "decision.review"


class Decision(Entity, Base):
    """Written once. Who thinks better of it decides anew, and both records stay.

    `options` are `{title, impact, criteria}`: what each would do, and how it meets each criterion. `prepared_by_id` made it
    ready, `executed_by_id` carried it out, where that is known. `evidence` are things `{type, id, note}` as they were at
    `evidence_numbers`, the facts of each service that planning had applied. `predicted` is what the plan's finish and the
    estimate at completion were to be after it. Where it is `about_costs`, its words are for those who see costs.

    `kind` is the authority that was used (`baseline.set`, `budget.line`; `decision.record` for one taken elsewhere);
    `proposed_by_id` and `proposal_id` are set when it accepted somebody's proposal. `evidence_position` is the public
    position of the event feed up to which the decider had seen the facts.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(["tenant_id", "goal_id"], ["goals.tenant_id", "goals.id"]),
        Index("ix_decisions_project", "tenant_id", "project_id", "decided_at"),
        Index("ix_decisions_subject", "tenant_id", "subject_id"),
        {"info": {"append_only": True}},
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    kind: Mapped[str] = mapped_column(Text)
    question: Mapped[str] = mapped_column(Text)
    options: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    criteria: Mapped[list[str]] = mapped_column(JSONB, default=list)
    chosen: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    about_costs: Mapped[bool] = mapped_column(Boolean, default=False)
    impact: Mapped[dict[str, Any]] = mapped_column(JSONB)
    predicted: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    subject_type: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    prepared_by_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    decided_by_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    executed_by_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    proposed_by_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    proposal_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    decided_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    review_date: Mapped[date | None] = mapped_column(Date)
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    evidence_position: Mapped[int | None] = mapped_column(BigInteger)
    evidence_numbers: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)
    goal_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
