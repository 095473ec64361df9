"""Request and response shapes of risks."""

from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from services.kernel.batch import Batch, Create, Update, Upsert
from services.kernel.money import Money
from services.kernel.schemas import (
    Body,
    Day,
    Effects,
    ExternalRef,
    ExternalRefs,
    Line,
    Minutes,
    ObjectShape,
    Prose,
    Shape,
    SignedMinutes,
)
from services.planning.budget.schemas import SignedMoney
from services.planning.risks.risk import RiskStatus
from services.planning.risks.risk_response import Strategy

Probability = Annotated[str, StringConstraints(pattern=r"^(0(\.[0-9]{1,6})?|1(\.0{1,6})?)$"), Field(examples=["0.30"])]

# A merge patch changes what it names; what stands for the rest is never read.
_UNNAMED: Any = None
_ID = "0195a1c0-0000-7000-8000-000000000001"
_RISK: Any = {
    "title": "Soft ground at the north abutment",
    "cause": "The borings stand 40 m apart.",
    "event": "Clay is found where rock was assumed.",
    "effect": "The foundation has to be piled.",
    "probability": "0.30",
    "schedule_impact_minutes": {"low": 2250, "likely": 4500, "high": 11250},
    "cost_impact": {
        "low": {"amount": "400000.00", "currency": "NOK"},
        "likely": {"amount": "900000.00", "currency": "NOK"},
        "high": {"amount": "2000000.00", "currency": "NOK"},
    },
    "trigger_date": "2026-04-15",
}


class MinutesImpact(Body):
    """Working minutes of delay in the best, the likely and the worst case; below zero they are time won."""

    low: SignedMinutes
    likely: SignedMinutes
    high: SignedMinutes

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low <= self.likely <= self.high:
            raise ValueError("low, likely and high stand in this order")
        return self


class CostImpact(Body):
    """Money that the best, the likely and the worst case costs; below zero it is money won."""

    low: SignedMoney
    likely: SignedMoney
    high: SignedMoney

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if len({self.low.currency, self.likely.currency, self.high.currency}) > 1:
            raise ValueError("low, likely and high are in one currency")
        if not self.low <= self.likely <= self.high:
            raise ValueError("low, likely and high stand in this order")
        return self


class NewRisk(Body):
    """An impact that is left out is none."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": _RISK}}

    title: Line
    cause: Prose = ""
    event: Prose = ""
    effect: Prose = ""
    probability: Probability
    schedule_impact_minutes: MinutesImpact | None = None
    cost_impact: CostImpact | None = None
    trigger_date: Day | None = None
    owner_id: UUID | None = None
    goal_id: UUID | None = None
    external_refs: ExternalRefs = Field(default_factory=list)


class RiskPatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"probability": "0.15"}}}

    title: Line = ""
    cause: Prose = ""
    event: Prose = ""
    effect: Prose = ""
    probability: Probability = ""
    schedule_impact_minutes: MinutesImpact = _UNNAMED
    cost_impact: CostImpact = _UNNAMED
    trigger_date: Day | None = None
    owner_id: UUID | None = None
    goal_id: UUID | None = None
    status: RiskStatus = RiskStatus.OPEN
    external_refs: ExternalRefs = Field(default_factory=list)


class ResponseTask(Body):
    """A task that the plan gets for the response."""

    title: Line
    duration_minutes: Minutes


class NewRiskResponse(Body):
    """`task_id` names the task that does it; `new_task` has one made."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "risk_id": _ID,
                "strategy": "mitigate",
                "description": "Drill six more holes before Easter.",
                "new_task": {"title": "Drill six more holes", "duration_minutes": 2250},
            }
        },
    }

    risk_id: UUID
    strategy: Strategy
    description: Prose = ""
    task_id: UUID | None = None
    new_task: ResponseTask | None = None
    owner_id: UUID | None = None

    @model_validator(mode="after")
    def _one_task(self) -> Self:
        if self.task_id is not None and self.new_task is not None:
            raise ValueError("a response has task_id or new_task, not both")
        return self


class RiskResponsePatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"strategy": "transfer"}}}

    strategy: Strategy = Strategy.ACCEPT
    description: Prose = ""
    task_id: UUID | None = None
    owner_id: UUID | None = None


class RiskBatch(Batch[Annotated[Create[NewRisk] | Update[RiskPatch] | Upsert[NewRisk], Field(discriminator="op")]]):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"atomic": True, "operations": [{"op": "create", "body": _RISK}]}},
    }


class MinutesImpactShape(Shape):
    low: int
    likely: int
    high: int


class CostImpactShape(Shape):
    low: Money
    likely: Money
    high: Money


class RiskShape(ObjectShape):
    """The expected values are the probability times the mean (low + 4 likely + high) / 6 of the impact."""

    project_id: UUID
    title: str
    cause: str
    event: str
    effect: str
    probability: str
    schedule_impact_minutes: MinutesImpactShape
    cost_impact: CostImpactShape | None = Field(description="null for those who do not see costs")
    expected_minutes: int
    expected_cost: Money | None = Field(description="null for those who do not see costs")
    trigger_date: date | None
    owner_id: UUID | None
    goal_id: UUID | None
    status: RiskStatus
    external_refs: list[ExternalRef]
    effects: Effects | None = None


class RiskResponseShape(ObjectShape):
    project_id: UUID
    risk_id: UUID
    strategy: Strategy
    description: str
    task_id: UUID | None
    owner_id: UUID | None
    effects: Effects | None = None
