"""Request and response shapes of boards."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, model_validator

from services.kernel.schemas import Body, Effects, Flag, Line, ObjectShape, Percent, Prose, Shape
from services.planning.schedule.task import TaskStatus

_ID = "0197d1c0-0000-7000-8000-00000000000"
_COLUMN: Any = {
    "board_id": f"{_ID}1",
    "name": "In progress",
    "position": 20,
    "wip_limit": 5,
    "task_status": "in_progress",
}
Position = Annotated[int, Field(ge=0, le=1_000_000, strict=True, description="Columns stand in the order of these.")]
WipLimit = Annotated[int, Field(ge=1, le=10_000, strict=True, description="How many cards it takes; null for any.")]
_SETS = "What a task gets that is moved into the column; null leaves it as it is."


class NewBoard(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"name": "Site", "description": ""}}}

    name: Line
    description: Prose = ""


class BoardPatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"description": "What the crews do."}}}

    name: Line = ""
    description: Prose = ""


class ColumnOfBoard(Shape):
    """With `expand=columns`: a column of a board in its place, and how many cards are in it."""

    id: UUID
    type: str
    name: str
    position: int
    wip_limit: int | None
    task_status: str | None
    percent_complete: int | None
    card_count: int


class BoardShape(ObjectShape):
    project_id: UUID
    name: str
    description: str
    columns: list[ColumnOfBoard] | None = None
    effects: Effects | None = None


class ColumnValues(Body):
    name: Line = ""
    position: Position = 0
    wip_limit: WipLimit | None = None
    task_status: Annotated[TaskStatus | None, Field(description=_SETS)] = None
    percent_complete: Annotated[Percent | None, Field(description=_SETS)] = None


class NewBoardColumn(ColumnValues):
    """A column of a board, behind the others unless its position says otherwise."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": _COLUMN}}

    board_id: UUID
    name: Line


class BoardColumnPatch(ColumnValues):
    """What is mapped applies to tasks that are moved into the column from now on."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"wip_limit": 3}}}


class ColumnCards(Shape):
    """With `expand=cards`: how many there are, and by how many they are more than the column takes."""

    count: int
    over_limit: int


class BoardColumnShape(ObjectShape):
    project_id: UUID
    board_id: UUID
    name: str
    position: int
    wip_limit: int | None
    task_status: str | None
    percent_complete: int | None
    cards: ColumnCards | None = None
    effects: Effects | None = None


class CardTask(Shape):
    """With `expand=task`: what a card shows of its task."""

    id: UUID
    type: str
    title: str
    wbs_code: str
    status: str
    percent_complete: int
    start: datetime
    finish: datetime
    deadline: datetime | None
    milestone: bool
    critical: bool
    labels: list[str]
    assignee_id: UUID | None
    version: int


class BoardCardShape(ObjectShape):
    project_id: UUID
    board_id: UUID
    column_id: UUID
    task_id: UUID
    rank: str
    task: CardTask | None = None
    effects: Effects | None = None


class BoardPosition(Body):
    """Where a task is to stand: before or after another task of the column, or else at its end.

    A task that is not on the column's board yet is put on it. `over_limit` asks for a place in a column that is full.
    """

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"column_id": f"{_ID}2"}}}

    column_id: UUID
    before_id: UUID | None = None
    after_id: UUID | None = None
    over_limit: Flag = False

    @model_validator(mode="after")
    def _one_neighbour(self) -> "BoardPosition":
        if self.before_id is not None and self.after_id is not None:
            raise ValueError("name one neighbour, before_id or after_id")
        return self
