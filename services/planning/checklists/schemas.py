"""Request and response shapes of checklists."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from services.kernel.schemas import Body, Day, Effects, Flag, Line, ObjectShape

_ID = "0197d1c0-0000-7000-8000-00000000000"
_ITEM: Any = {"task_id": f"{_ID}1", "title": "Order the concrete", "assignee_id": None, "due_on": "2026-03-06"}
AfterId = Annotated[UUID | None, Field(description="The item to stand behind; null for the first place.")]


class ItemValues(Body):
    title: Line = ""
    done: Flag = False
    assignee_id: UUID | None = None
    due_on: Day | None = None
    after_id: AfterId = None


class NewChecklistItem(ItemValues):
    """Unless `after_id` says otherwise it stands at the end."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": _ITEM}}

    task_id: UUID
    title: Line


class ChecklistItemPatch(ItemValues):
    """`done` notes who ticks it off, and when."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"done": True}}}


class ChecklistItemShape(ObjectShape):
    project_id: UUID
    task_id: UUID
    title: str
    rank: str
    done: bool
    done_at: datetime | None
    done_by_id: UUID | None
    assignee_id: UUID | None
    due_on: date | None
    effects: Effects | None = None
