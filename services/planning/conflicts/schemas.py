"""Request and response shapes of conflicts."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from services.kernel.schemas import Body, Effects, Line, ObjectShape, Prose, Shape
from services.planning.conflicts.conflict import ConflictKind, ConflictStatus
from services.planning.decisions.schemas import CriterionShape, DecisionOption
from services.planning.resources.schemas import AssignmentPatch
from services.planning.schedule.schemas import TaskPatch

_ID = "0197d1c0-0000-7000-8000-000000000001"


class TaskWrite(Body):
    noun: Literal["task"]
    task_id: UUID
    patch: TaskPatch


class AssignmentWrite(Body):
    noun: Literal["assignment"]
    assignment_id: UUID
    patch: AssignmentPatch


ConflictWrite = Annotated[TaskWrite | AssignmentWrite, Field(discriminator="noun")]


class ConflictOption(DecisionOption):
    """`write` is what the ruling carries out when it takes this option."""

    write: ConflictWrite | None = None


class Party(Body):
    """Who or what wants it; `id` where Tandem knows it."""

    type: Literal["person", "resource", "task", "supplier", "other"]
    id: UUID | None = None
    name: Line


Parties = Annotated[list[Party], Field(min_length=1, max_length=20)]
Options = Annotated[list[ConflictOption], Field(max_length=20)]


class NewConflict(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "kind": "resource",
                "title": "Two tasks want the crane in week 12",
                "parties": [{"type": "other", "name": "Crane"}],
                "options": [
                    {
                        "title": "The fence waits",
                        "write": {"noun": "task", "task_id": _ID, "patch": {"priority": 400}},
                    },
                    {"title": "A second crane is hired"},
                ],
            }
        },
    }

    kind: ConflictKind
    title: Line
    description: Prose = ""
    parties: Parties
    options: Options = Field(default_factory=list)


class ConflictPatch(Body):
    """Only an open conflict changes; `withdrawn` says that it was none."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"title": "The crane in weeks 12 and 13"}}}

    kind: ConflictKind = ConflictKind.RESOURCE
    title: Line = ""
    description: Prose = ""
    parties: Parties = Field(default_factory=list)
    options: Options = Field(default_factory=list)
    status: Literal[ConflictStatus.OPEN, ConflictStatus.WITHDRAWN] = ConflictStatus.OPEN


class Ruling(Body):
    """`option` counts the conflict's options from 0."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"option": 0, "reason": "The fence has four days of float."}},
    }

    option: Annotated[int, Field(ge=0, lt=20, strict=True)]
    reason: Annotated[Prose, Field(min_length=1)]


class PartyShape(Shape):
    type: str
    id: UUID | None
    name: str


class ConflictOptionShape(Shape):
    title: str
    impact: dict[str, Any] | None
    criteria: list[CriterionShape]
    write: dict[str, Any] | None


class ConflictShape(ObjectShape):
    """`ruled_option` counts `options` from 0; the decision holds the reason and what it did."""

    project_id: UUID
    kind: ConflictKind
    title: str
    description: str
    parties: list[PartyShape]
    options: list[ConflictOptionShape]
    status: ConflictStatus
    ruled_option: int | None
    ruled_at: datetime | None
    decision_id: UUID | None
    effects: Effects | None = None


class DetectedConflict(Shape):
    """`conflict` is the body that opens it, and `conflict_id` an open one about the same resource or task already.

    `minutes` are of work beyond capacity, or of working time beyond the agreed date.
    """

    conflict_id: UUID | None
    minutes: int
    conflict: dict[str, Any]


class DetectedConflicts(Shape):
    type: str
    project_id: UUID
    detected: list[DetectedConflict]
