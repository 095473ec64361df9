"""Request and response shapes of labels."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from services.kernel.schemas import Body, Effects, ObjectShape
from services.planning.labels.label import MAXIMUM_LABELS_OF_A_TASK
from services.planning.schedule.schemas import Label as LabelName

Colour = Annotated[
    str,
    StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$", max_length=7),
    AfterValidator(str.lower),
    Field(description="Red, green and blue as #rrggbb."),
]

LabelIds = Annotated[list[UUID], Field(max_length=MAXIMUM_LABELS_OF_A_TASK)]


class NewLabel(Body):
    """Its name is one word in upper and lower case."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"name": "concrete", "colour": "#8a8d91"}}}

    name: LabelName
    colour: Colour = "#8a8d91"


class LabelPatch(Body):
    """Another name is another name in all tasks that have the label."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"colour": "#c0392b"}}}

    name: LabelName = ""
    colour: Colour = ""


class LabelShape(ObjectShape):
    project_id: UUID
    name: str
    colour: str
    effects: Effects | None = None


class Labelling(Body):
    """The labels that a task takes and loses. It says nothing of its others, so two people do not undo each other's."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"add": [], "remove": []}},
    }

    add: LabelIds = Field(default_factory=list)
    remove: LabelIds = Field(default_factory=list)
