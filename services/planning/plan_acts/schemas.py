"""Request and response shapes of acts on many tasks."""

from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic.config import JsonDict

from services.kernel.schemas import Body, Effects, Flag, LocalTime, ObjectShape, Shape
from services.planning.plan_acts.copying import MOST_COPIED
from services.planning.plan_acts.outlining import MOST_MOVED
from services.planning.plan_acts.working_days import MOST_DAYS

MOST_CHOSEN: Final = 10_000
_TASK: Final = "0197d1c0-0000-7000-8000-000000000001"
_PLACE: Final = ("parent_id", "after_id")


class Choice(Body):
    """Either the tasks by id, or the conditions of a search (`POST …/tasks/searches`)."""

    task_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_CHOSEN)] | None = None
    where: Annotated[dict[str, Any], Field(description="A tree of all, any, not and conditions.")] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.task_ids is None) == (self.where is None):
            raise ValueError("the tasks are named by task_ids or by where")
        return self


class NewTaskShift(Choice):
    """Whole summaries take all below them along. What has begun, and what is another project's, stays."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"task_ids": [_TASK], "days": 5}}}

    days: Annotated[
        int, Field(ge=-MOST_DAYS, le=MOST_DAYS, strict=True, description="Working days; below zero to earlier dates.")
    ]
    deadlines: Annotated[Flag, Field(description="Deadlines move along.")] = False


class NewTaskDeletion(Choice):
    """With all that lies below them."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"task_ids": [_TASK]}}}


class Placed(Body):
    """`parent_id` null is the top; `after_id` names the sibling to stand behind, null puts in front of all."""

    parent_id: UUID | None = None
    after_id: UUID | None = None

    def place(self) -> dict[str, UUID | None]:
        """What was said of the place."""
        return {name: getattr(self, name) for name in _PLACE if name in self.model_fields_set}


_MOVE_EXAMPLE: JsonDict = {"task_ids": [_TASK], "direction": "to", "after_id": _TASK}


class NewTaskMove(Placed):
    """`indent` puts each task below the sibling in front of it; `outdent` behind the task that it lies below, and the
    siblings behind it come to lie below it, so that the order of the list stays. `to` takes a place."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": _MOVE_EXAMPLE}}

    task_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_MOVED)]
    direction: Literal["indent", "outdent", "to"]

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if (self.direction == "to") != bool(self.place()):
            raise ValueError("parent_id or after_id go with the direction to, and only with it")
        return self


class NewTaskCopy(Placed):
    """The copies stand behind the last of the tasks unless a place is named. Progress is not copied."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"task_ids": [_TASK], "assignments": True}}}

    task_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_COPIED)]
    dependencies: Annotated[Flag, Field(description="With the dependencies between tasks that are copied.")] = True
    assignments: Annotated[Flag, Field(description="With the parts that resources have.")] = False


class NewResourceReplacement(Body):
    """Work that is finished stays whose it was; without `task_ids` it is all of the resource's unfinished work."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"resource_id": _TASK, "by_resource_id": _TASK}},
    }

    resource_id: UUID
    by_resource_id: UUID
    task_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_CHOSEN)] | None = None


class PlanActShape(Shape):
    """What an act did. `task_ids` are the tasks that it changed, made or deleted, up to 1,000 of `tasks_total`.

    `left_alone` counts what the act met and did not touch; `copies` tells by copied task which the new one is.
    """

    type: str
    project_id: UUID
    task_ids: list[UUID]
    tasks_total: int
    left_alone: int
    copies: dict[UUID, UUID]
    effects: Effects | None = None


class EnteredShape(Shape):
    """A task with the members that were entered, as they are stored: lengths in tenths of a minute."""

    id: UUID
    title: str
    before: dict[str, Any]
    after: dict[str, Any]


class NamedTaskShape(Shape):
    id: UUID
    title: str


class PlanChangeShape(ObjectShape):
    """What somebody entered in one write; `tasks_moved` counts what merely followed. The lists hold the first hundred.

    `reverses_id` is the change that this one takes back, `reversed_by_id` the last one that takes this one back.
    """

    project_id: UUID
    kinds: list[str]
    subject_type: str
    subject_id: UUID
    title: str
    question: str
    chosen: str
    tasks: list[EnteredShape]
    added_tasks: list[NamedTaskShape]
    removed_tasks: list[NamedTaskShape]
    tasks_changed: int
    tasks_moved: int
    finish_before: LocalTime | None
    finish_after: LocalTime | None
    reversible: bool
    reverses_id: UUID | None
    reversed_by_id: UUID | None
    effects: Effects | None = None
