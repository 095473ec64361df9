"""Request and response shapes of responsibilities and of their matrix."""

from typing import Any
from uuid import UUID

from services.kernel.schemas import Body, Effects, ObjectShape, Shape
from services.planning.responsibilities.responsibility import Part

_ID = "0197d1c0-0000-7000-8000-000000000001"
_UNNAMED: Any = None


class NewResponsibility(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"task_id": _ID, "person_id": _ID, "part": "accountable"}},
    }

    task_id: UUID
    person_id: UUID
    part: Part


class ResponsibilityPatch(Body):
    """Another person, or another part; so is the one who answers for a task replaced at once."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"part": "consulted"}}}

    person_id: UUID = _UNNAMED
    part: Part = Part.RESPONSIBLE


class ResponsibilityShape(ObjectShape):
    project_id: UUID
    task_id: UUID
    person_id: UUID
    part: Part
    effects: Effects | None = None


class MatrixCell(Shape):
    id: UUID
    person_id: UUID
    part: Part


class MatrixRow(Shape):
    """`accountable_id` and `responsible_ids` hold in effect: from the row, from a summary above it, from the assignee."""

    task_id: UUID
    wbs_code: str
    title: str
    outline_level: int
    summary: bool
    milestone: bool
    cells: list[MatrixCell]
    accountable_id: UUID | None
    responsible_ids: list[UUID]


class MatrixFinding(Shape):
    """`nobody_accountable`, `nobody_responsible`, `several_parts`, `left_the_project` or `overload`.

    An overload names a person, and for how many unfinished tasks and minutes of them they answer.
    """

    finding: str
    task_id: UUID | None
    person_id: UUID | None
    tasks: int | None
    minutes: int | None


class ResponsibilityMatrixShape(Shape):
    type: str
    project_id: UUID
    rows: list[MatrixRow]
    findings: list[MatrixFinding]
