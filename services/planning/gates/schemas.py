"""Request and response shapes of gates and their passages."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from services.kernel.schemas import Body, Day, Effects, Flag, Line, ObjectShape, Prose, Shape
from services.planning.projects.gate import GateState
from services.planning.projects.phase_model import Phase, Requirement

_ID = "0197d1c0-0000-7000-8000-000000000001"
_UNNAMED: Any = None
Outcome = Literal[GateState.PASSED, GateState.PASSED_WITH_CONDITIONS, GateState.SENT_BACK, GateState.STOPPED]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_-]{0,19}$")]
Position = Annotated[int, Field(ge=1, le=10_000, strict=True)]


def _each_once(requires: list[Requirement]) -> list[Requirement]:
    return list(dict.fromkeys(requires))


class GateCriterion(Body):
    """What has to be true for the gate to be passed."""

    statement: Line


Criteria = Annotated[list[GateCriterion], Field(max_length=50)]
Requires = Annotated[list[Requirement], Field(max_length=20), AfterValidator(_each_once)]


class NewGate(Body):
    """`requires` are nouns of which the project must have one; `opens_phase` is the phase behind the gate."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "code": "G2",
                "title": "Release to construction",
                "position": 20,
                "planned_date": "2026-09-01",
                "opens_phase": "execution",
                "requires": ["baseline", "budget_line"],
                "criteria": [{"statement": "The permit has been granted."}],
            }
        },
    }

    code: Code
    title: Line
    position: Position
    planned_date: Day | None = None
    opens_phase: Phase | None = None
    requires: Requires = Field(default_factory=list)
    criteria: Criteria = Field(default_factory=list)


class GatePatch(Body):
    """`requires` and `criteria` are replaced as a whole."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"planned_date": "2026-10-01"}}}

    title: Line = _UNNAMED
    position: Position = _UNNAMED
    planned_date: Day | None = None
    opens_phase: Phase | None = None
    requires: Requires = Field(default_factory=list)
    criteria: Criteria = Field(default_factory=list)


class JudgedCriterion(Body):
    """`criterion` counts the gate's criteria from 0."""

    criterion: Annotated[int, Field(ge=0, lt=50, strict=True)]
    met: Flag
    note: Annotated[str, StringConstraints(max_length=500)] = ""


def _judged_once(judged: list[JudgedCriterion]) -> list[JudgedCriterion]:
    if len({each.criterion for each in judged}) < len(judged):
        raise ValueError("a criterion is judged once")
    return judged


class NewGatePassage(Body):
    """A gate is `passed` when each criterion is met and nothing is missing; otherwise with conditions, or not."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "gate_id": _ID,
                "outcome": "passed_with_conditions",
                "conditions": ["The risk of the ground is analysed before the first contract."],
                "reason": "The board holds the concept to be sound.",
            }
        },
    }

    gate_id: UUID
    outcome: Outcome
    conditions: Annotated[list[Line], Field(max_length=50)] = Field(default_factory=list)
    reason: Annotated[Prose, Field(min_length=1)]
    criteria: Annotated[list[JudgedCriterion], Field(max_length=50), AfterValidator(_judged_once)] = Field(
        default_factory=list
    )


class GateCriterionShape(Shape):
    code: str | None
    statement: str


class GateShape(ObjectShape):
    """A gate of a phase model speaks the reader's language until somebody words it anew.

    `expand=missing` adds which of `requires` the project does not have.
    """

    project_id: UUID
    code: str
    title: str
    position: int
    planned_date: date | None
    opens_phase: Phase | None
    phase_title: str | None
    requires: list[Requirement]
    criteria: list[GateCriterionShape]
    state: GateState
    decided_at: datetime | None
    decision_id: UUID | None
    effects: Effects | None = None


class JudgedCriterionShape(Shape):
    statement: str
    met: bool | None
    note: str


class GatePassageShape(ObjectShape):
    """`missing` are the things that the gate required and that were not there."""

    project_id: UUID
    gate_id: UUID
    outcome: Outcome
    conditions: list[str]
    reason: str
    criteria: list[JudgedCriterionShape]
    missing: list[Requirement]
    decision_id: UUID
    decided_at: datetime
    effects: Effects | None = None
