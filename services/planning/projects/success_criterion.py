"""A success criterion: the condition by which a goal will be judged, and the judgement with its evidence."""

from uuid import UUID

from sqlalchemy import Boolean, ForeignKeyConstraint, Index, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import RuleViolated
from services.planning.base import Base


class EvidenceMissing(RuleViolated):
    code = "evidence_missing"
    title = {"en": "A criterion is met on evidence only", "nb": "Et kriterium er bare oppfylt når det er dokumentert"}


class SuccessCriterion(Entity, Base):
    """`met` is null until somebody has judged."""

    __tablename__ = "success_criteria"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "goal_id"], ["goals.tenant_id", "goals.id"]),
        Index("ix_success_criteria_goal", "tenant_id", "goal_id"),
        Index("ix_success_criteria_project", "tenant_id", "project_id", "created_at"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    goal_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    statement: Mapped[str] = mapped_column(Text)
    met: Mapped[bool | None] = mapped_column(Boolean)
    evidence: Mapped[str] = mapped_column(Text, default="")

    def judge(self, met: bool | None, evidence: str) -> None:
        """Say whether the criterion is met, null for not yet known. Raises EvidenceMissing for met on nothing."""
        if met and not evidence.strip():
            raise EvidenceMissing
        self.met, self.evidence = met, evidence
