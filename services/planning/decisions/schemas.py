"""Request and response shapes of decisions."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, model_validator

from services.kernel.money import Money
from services.kernel.schemas import (
    Body,
    Day,
    Effects,
    Flag,
    Instant,
    Line,
    LocalTime,
    ObjectShape,
    Prose,
    Shape,
    SignedMinutes,
)

_EXAMPLE: Any = {
    "question": "Which contractor builds the abutments?",
    "options": [
        {"title": "North Shore Civil", "criteria": [{"criterion": "start before Easter", "assessment": "no"}]},
        {
            "title": "Fjord Anlegg",
            "impact": {"finish_minutes": -2250, "cost": {"amount": "180000.00", "currency": "NOK"}},
            "criteria": [{"criterion": "start before Easter", "assessment": "yes"}],
        },
    ],
    "criteria": ["price", "start before Easter"],
    "chosen": "Fjord Anlegg",
    "reason": "Only they can start before Easter.",
    "review_date": "2026-06-01",
}


def _naive(moment: datetime) -> datetime:
    if moment.tzinfo is not None or not 1970 < moment.year < 2200:
        raise ValueError("a local time of the years 1971 to 2199, without an offset")
    return moment


WallClock = Annotated[LocalTime, AfterValidator(_naive)]


class OptionImpact(Body):
    """What an option would do: working minutes that the finish moves, and what it costs more; below zero, less."""

    finish_minutes: SignedMinutes | None = None
    cost: Money | None = None


class Criterion(Body):
    """How an option meets one of the criteria."""

    criterion: Line
    assessment: Line


class DecisionOption(Body):
    title: Line
    impact: OptionImpact | None = None
    criteria: list[Criterion] = Field(default_factory=list, max_length=50)


class Evidence(Body):
    """Something that the decider had before them."""

    type: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,60}$")]
    id: UUID
    note: Annotated[str, StringConstraints(max_length=1_000)] = ""


class Prediction(Body):
    """What shall be true after the decision: the plan's finish, and what the project will have cost."""

    finish: WallClock | None = None
    eac: Money | None = None


class NewDecision(Body):
    """A decision that was taken elsewhere; `decided_at` is now unless given.

    With options, `chosen` is the title of one. The words of a decision `about_costs` are for those who see costs.
    """

    model_config = {"extra": "forbid", "json_schema_extra": {"example": _EXAMPLE}}

    question: Line
    options: list[DecisionOption] = Field(default_factory=list, max_length=50)
    criteria: list[Line] = Field(default_factory=list, max_length=50)
    chosen: Line
    reason: Annotated[Prose, Field(min_length=1)]
    decided_at: Instant | None = None
    review_date: Day | None = None
    about_costs: Flag = False
    predicted: Prediction = Field(default_factory=Prediction)
    prepared_by_id: UUID | None = None
    executed_by_id: UUID | None = None
    evidence: list[Evidence] = Field(default_factory=list, max_length=100)
    evidence_position: Annotated[int, Field(ge=0, lt=2**63, strict=True)] | None = None
    goal_id: UUID | None = None

    @model_validator(mode="after")
    def _one_of_the_options(self) -> Self:
        if self.options and self.chosen not in {option.title for option in self.options}:
            raise ValueError("chosen is the title of one of the options")
        return self


class Subject(Shape):
    type: str
    id: UUID


class CriterionShape(Shape):
    criterion: str
    assessment: str


class OptionShape(Shape):
    title: str
    impact: dict[str, Any] | None
    criteria: list[CriterionShape]


class EvidenceShape(Shape):
    type: str
    id: UUID
    note: str


class DecisionShape(ObjectShape):
    """`options`, `chosen` and `reason` of a decision about costs are null for those who do not see them.

    `evidence_numbers` names by service the last fact that planning had applied when it was recorded.
    """

    project_id: UUID
    kind: str
    question: str
    options: list[OptionShape] | None
    criteria: list[str]
    chosen: str | None
    reason: str | None
    about_costs: bool
    impact: dict[str, Any]
    predicted: dict[str, Any]
    subject: Subject
    prepared_by_id: UUID | None
    decided_by_id: UUID
    executed_by_id: UUID | None
    proposed_by_id: UUID | None
    proposal_id: UUID | None
    decided_at: AwareDatetime
    review_date: date | None
    evidence: list[EvidenceShape]
    evidence_position: int | None
    evidence_numbers: dict[str, int]
    goal_id: UUID | None
    effects: Effects | None = None
