"""Request and response shapes of reviews and of the calibration."""

from typing import Any
from uuid import UUID

from pydantic import Field

from services.kernel.schemas import Body, Effects, ObjectShape, Prose, Shape
from services.planning.schedule.schemas import Sum


class NewDecisionReview(Body):
    """What is to be learnt from it is the reviewer's to say; the figures are measured."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "decision_id": "0197d1c0-0000-7000-8000-000000000001",
                "note": "The second crane was late.",
            }
        },
    }

    decision_id: UUID
    note: Prose = ""


class DecisionReviewShape(ObjectShape):
    """`predicted` and `measured` hold `finish` and, for those who see costs, `eac`; an error above zero is later or dearer."""

    project_id: UUID
    decision_id: UUID
    kind: str
    automatic: bool
    predicted: dict[str, Any]
    measured: dict[str, Any]
    finish_error_minutes: int | None
    cost_error: Sum | None = Field(description="null for those who do not see costs")
    decisions_since: int
    note: str
    effects: Effects | None = None


class FinishAccuracy(Shape):
    """Days are the project's working days."""

    count: int
    median_error_days: str | None
    median_absolute_error_days: str | None


class CostAccuracy(Shape):
    count: int
    median_error: Sum | None
    median_absolute_error: Sum | None


class KindCalibration(Shape):
    """`kind` is null for all kinds together; `cost` for those who do not see costs."""

    kind: str | None
    reviewed: int
    finish: FinishAccuracy
    cost: CostAccuracy | None


class CalibrationShape(Shape):
    type: str
    project_id: UUID
    currency: str
    decisions: int
    overall: KindCalibration
    kinds: list[KindCalibration]
