"""Request and response shapes of competences."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from services.kernel.money import Money
from services.kernel.schemas import Body, Day, Effects, Line, ObjectShape, Prose, Shape
from services.planning.competences.fitness import FitCode

Level = Annotated[int, Field(ge=1, le=5, strict=True, description="From 1, a beginner, to 5, a master.")]
_ID = "0197d1c0-0000-7000-8000-00000000000"
_HELD: Any = {
    "resource_id": f"{_ID}1",
    "competence_id": f"{_ID}2",
    "level": 3,
    "valid_from": "2022-06-01",
    "valid_to": "2027-05-31",
}


class NewCompetence(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"name": "Hot work certificate", "description": "Welding and cutting."}},
    }

    name: Line
    description: Prose = ""


class CompetencePatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"description": "Good for five years."}}}

    name: Line = ""
    description: Prose = ""


class CompetenceShape(ObjectShape):
    name: str
    description: str


class NewResourceCompetence(Body):
    """On the days from and to, both included; null has no bound. The evidence is a document of the project."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": _HELD}}

    resource_id: UUID
    competence_id: UUID
    level: Level
    valid_from: Day | None = None
    valid_to: Day | None = None
    evidence_document_id: UUID | None = None
    note: Prose = ""


class ResourceCompetencePatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"valid_to": "2032-05-31"}}}

    level: Level = 1
    valid_from: Day | None = None
    valid_to: Day | None = None
    evidence_document_id: UUID | None = None
    note: Prose = ""


class ResourceCompetenceShape(ObjectShape):
    project_id: UUID
    resource_id: UUID
    competence_id: UUID
    level: int
    valid_from: date | None
    valid_to: date | None
    evidence_document_id: UUID | None
    note: str
    effects: Effects | None = None


class NewCompetenceDemand(Body):
    """At least one of those who work on the task has the competence, at this level or above."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"task_id": f"{_ID}3", "competence_id": f"{_ID}2", "minimum_level": 3}},
    }

    task_id: UUID
    competence_id: UUID
    minimum_level: Level = 1


class CompetenceDemandPatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"minimum_level": 2}}}

    minimum_level: Level = 1


class CompetenceDemandShape(ObjectShape):
    project_id: UUID
    task_id: UUID
    competence_id: UUID
    minimum_level: int
    effects: Effects | None = None


class FitShape(Shape):
    """How a demand is met: `level` and `valid_to` are those of the competence that comes closest, null without any."""

    competence_id: UUID
    competence: str
    minimum_level: int
    code: FitCode
    level: int | None
    valid_to: date | None


class CandidateShape(Shape):
    """Minutes are those of the days that were asked about; `rate` is an hour's, null for those who do not see rates."""

    rank: int
    resource_id: UUID
    name: str
    person_id: UUID | None
    project_id: UUID
    assigned: bool
    skills: list[FitShape]
    capacity_minutes: int
    free_minutes: int
    wanted_minutes: int
    rate: Money | None
    reasons: list[Literal["skills_met", "skills_partly_met", "skills_unmet", "away", "free", "partly_free", "busy"]]


class CandidatesShape(Shape):
    type: str
    project_id: UUID
    from_date: date
    to_date: date
    candidates: list[CandidateShape]


class WarnedTask(Shape):
    task_id: UUID
    title: str


class CompetenceWarning(Shape):
    """`unmet`: nobody who works on the task has what it asks for while they do; `code` tells what comes closest to it.
    `expiring`: a competence of a resource ends soon; the tasks are those that ask for it of this resource."""

    kind: Literal["unmet", "expiring"]
    competence_id: UUID
    competence: str
    code: FitCode
    resource_id: UUID | None
    resource: str | None
    valid_to: date | None
    tasks: list[WarnedTask]


class CompetenceWarningsShape(Shape):
    type: str
    project_id: UUID
    warnings: list[CompetenceWarning]
