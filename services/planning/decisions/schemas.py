"""Request and response shapes of decisions."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.kernel.schemas import Body, Effects, Instant, Line, ObjectShape, Prose, Shape

_EXAMPLE: Any = {
    "question": "Which contractor builds the abutments?",
    "options": ["North Shore Civil", "Fjord Anlegg"],
    "criteria": ["price", "start before Easter"],
    "chosen": "Fjord Anlegg",
    "reason": "Only they can start before Easter.",
    "review_date": "2026-06-01",
}


class NewDecision(Body):
    """A decision that was taken elsewhere; `decided_at` is now unless given."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": _EXAMPLE}}

    question: Line
    options: list[Line] = Field(default_factory=list, max_length=50)
    criteria: list[Line] = Field(default_factory=list, max_length=50)
    chosen: Line
    reason: Annotated[Prose, Field(min_length=1)]
    decided_at: Instant | None = None
    review_date: date | None = None
    evidence_position: Annotated[int, Field(ge=0, lt=2**63, strict=True)] | None = None
    goal_id: UUID | None = None


class Subject(Shape):
    type: str
    id: UUID


class DecisionShape(ObjectShape):
    project_id: UUID
    kind: str
    question: str
    options: list[str]
    criteria: list[str]
    chosen: str
    reason: str
    impact: dict[str, Any]
    subject: Subject
    decided_by_id: UUID
    proposed_by_id: UUID | None
    proposal_id: UUID | None
    decided_at: AwareDatetime
    review_date: date | None
    evidence_position: int | None
    goal_id: UUID | None
    effects: Effects | None = None
