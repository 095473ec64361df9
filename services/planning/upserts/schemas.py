"""Request shapes of upserts: what the ordinary routes take, with the noun and the project beside it."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Discriminator, Field

from services.kernel.batch import unreadable_kept
from services.kernel.schemas import Body, Url
from services.planning.budget.schemas import (
    ActualShape,
    ActualValues,
    BudgetLinePatch,
    BudgetLineShape,
    CommitmentShape,
    CommitmentValues,
    CostCodePatch,
    CostCodeShape,
)
from services.planning.resources.schemas import ResourceShape, ResourceValues
from services.planning.risks.schemas import RiskPatch, RiskShape
from services.planning.schedule.schemas import TaskShape, TaskValues

_PROJECT = "0197d1c0-0000-7000-8000-000000000001"
EXAMPLE: Any = {"type": "task", "project_id": _PROJECT, "title": "Pour the foundation", "duration_minutes": 2250}


class _Upsert(Body):
    """What exists is changed by the members that are named, and stays in its project."""

    project_id: UUID
    external_url: Annotated[Url | None, Field(description="Where the other system shows it.")] = None


class TaskUpsert(_Upsert, TaskValues):
    type: Literal["task"]


class ResourceUpsert(_Upsert, ResourceValues):
    type: Literal["resource"]


class CostCodeUpsert(_Upsert, CostCodePatch):
    model_config = {"extra": "forbid", "json_schema_extra": {}}

    type: Literal["cost_code"]


class BudgetLineUpsert(_Upsert, BudgetLinePatch):
    model_config = {"extra": "forbid", "json_schema_extra": {}}

    type: Literal["budget_line"]


class CommitmentUpsert(_Upsert, CommitmentValues):
    """Written once: the same again is 200, anything else 409."""

    type: Literal["commitment"]


class ActualUpsert(_Upsert, ActualValues):
    """Written once: the same again is 200, anything else 409."""

    type: Literal["actual"]


class RiskUpsert(_Upsert, RiskPatch):
    model_config = {"extra": "forbid", "json_schema_extra": {}}

    type: Literal["risk"]


AnyUpsert = Annotated[
    TaskUpsert | ResourceUpsert | CostCodeUpsert | BudgetLineUpsert | CommitmentUpsert | ActualUpsert | RiskUpsert,
    Discriminator("type"),
]
UpsertBody = Annotated[AnyUpsert, unreadable_kept("type")]
AnyShape = TaskShape | ResourceShape | CostCodeShape | BudgetLineShape | CommitmentShape | ActualShape | RiskShape
