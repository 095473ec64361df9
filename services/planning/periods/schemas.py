"""Request and response shapes of accounting periods."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from services.kernel.batch import Batch, Create, Update
from services.kernel.schemas import Body, Day, Effects, Line, ObjectShape
from services.planning.periods.accounting_period import PeriodState

_UNNAMED: Any = None
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class NewAccountingPeriod(Body):
    """Both days belong to the period, and no day belongs to two."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {"name": "January 2026", "starts_on": "2026-01-01", "ends_on": "2026-01-31"},
        },
    }

    name: Line
    starts_on: Day
    ends_on: Day

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends_on < self.starts_on:
            raise ValueError("a period ends on its first day or later")
        return self


class AccountingPeriodPatch(Body):
    """The days can be changed while the period is open."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"name": "The first period of 2026"}}}

    name: Line = _UNNAMED
    starts_on: Day = _UNNAMED
    ends_on: Day = _UNNAMED


class AccountingPeriodBatch(
    Batch[Annotated[Create[NewAccountingPeriod] | Update[AccountingPeriodPatch], Field(discriminator="op")]]
):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "operations": [
                    {
                        "op": "create",
                        "body": {"name": "February 2026", "starts_on": "2026-02-01", "ends_on": "2026-02-28"},
                    },
                ]
            }
        },
    }


class Closing(Body):
    """`soft_closed` still takes postings with authority and a reason; `closed` takes none."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {"state": "soft_closed", "reason": "The accounts of January are being checked."}
        },
    }

    state: Literal[PeriodState.SOFT_CLOSED, PeriodState.CLOSED]
    reason: Reason


class Reopening(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"reason": "An invoice of January came late."}}}

    reason: Reason


class AccountingPeriodShape(ObjectShape):
    """`decision_id` names the decision that closed or reopened it last; `reopenings` counts the latter."""

    project_id: UUID
    name: str
    starts_on: date
    ends_on: date
    state: PeriodState
    reopenings: int
    decided_at: datetime | None
    decision_id: UUID | None
    effects: Effects | None = None
