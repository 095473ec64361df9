"""Request and response shapes of contracts."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from services.kernel.money import Money
from services.kernel.schemas import Body, Day, Effects, Line, ObjectShape, Prose, Shape
from services.planning.budget.schemas import SignedMoney, UnsignedMoney
from services.planning.contracts.alerts import AlertCode
from services.planning.contracts.contract import (
    ChangeOrderState,
    ContractKind,
    ContractStatus,
    MilestoneState,
    OptionState,
)

# A merge patch changes what it names; what stands for the rest is never read.
_UNNAMED: Any = None
_ID = "0197d1c0-0000-7000-8000-000000000001"
_AMOUNT: Any = {"amount": "400000.00", "currency": "NOK"}
Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=r"^[^\r\n]*$")]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5_000)]
ExtensionDays = Annotated[int, Field(ge=-3_660, le=3_660, strict=True)]


def _as_text(value: object) -> object:
    """Shares are decimal strings, as money is."""
    if isinstance(value, (str, Decimal)):
        return value
    raise ValueError("is written as text, such as 10 or 7.5")


RetentionPercent = Annotated[
    Decimal,
    BeforeValidator(_as_text),
    Field(ge=0, le=100, max_digits=5, decimal_places=2),
    WithJsonSchema({"type": "string", "maxLength": 6, "pattern": r"^[0-9]{1,3}(\.[0-9]{1,2})?$", "examples": ["10"]}),
]
OfCosts = Field(description="null for those who do not see costs")


class ContractValues(Body):
    title: Line = ""
    counterparty: Line = ""
    kind: ContractKind = ContractKind.FIXED_PRICE
    value: UnsignedMoney | None = None
    signed_on: Day | None = None
    starts_on: Day | None = None
    ends_on: Day | None = None
    retention_percent: RetentionPercent = Decimal(0)
    retention_until: Day | None = None
    document_id: UUID | None = None
    notes: Prose = ""


class NewContract(ContractValues):
    """`value` is in the project's currency; a framework may have none. The document is one of the project. One that has been
    signed elsewhere may be recorded as such."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "number": "K-14",
                "title": "Groundworks",
                "counterparty": "Grunn og Fjell AS",
                "kind": "fixed_price",
                "value": {"amount": "12500000.00", "currency": "NOK"},
                "starts_on": "2026-03-02",
                "ends_on": "2026-10-30",
                "retention_percent": "10",
                "retention_until": "2027-10-30",
            }
        },
    }

    number: Number
    title: Line
    counterparty: Line
    kind: ContractKind
    status: Literal["draft", "signed"] = "draft"


class ContractPatch(ContractValues):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"status": "signed"}}}

    number: Number = ""
    status: ContractStatus = ContractStatus.DRAFT


class ContractShape(ObjectShape):
    """`current_value` is the value with what change orders and exercised options have added."""

    project_id: UUID
    number: str
    title: str
    counterparty: str
    kind: ContractKind
    status: ContractStatus
    value: Money | None = OfCosts
    current_value: Money | None = OfCosts
    signed_on: date | None
    starts_on: date | None
    ends_on: date | None
    retention_percent: str
    retention_until: date | None
    document_id: UUID | None
    notes: str
    effects: Effects | None = None


class NewContractMilestone(Body):
    """What is done by a day, and what is paid then. The task's finish is when that will be by the plan."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "contract_id": _ID,
                "title": "Foundation handed over",
                "due_on": "2026-06-30",
                "task_id": _ID,
                "payment": _AMOUNT,
            }
        },
    }

    contract_id: UUID
    title: Line
    due_on: Day
    task_id: UUID | None = None
    payment: UnsignedMoney | None = None


class ContractMilestonePatch(Body):
    """State and day of reaching are follow-up; everything else is what the contract says."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"state": "reached", "reached_on": "2026-06-26"}},
    }

    title: Line = ""
    due_on: Day = _UNNAMED
    task_id: UUID | None = None
    payment: UnsignedMoney | None = None
    state: MilestoneState = MilestoneState.PLANNED
    reached_on: Day | None = None


class ContractMilestoneShape(ObjectShape):
    project_id: UUID
    contract_id: UUID
    title: str
    due_on: date
    task_id: UUID | None
    payment: Money | None = OfCosts
    state: MilestoneState
    reached_on: date | None
    effects: Effects | None = None


class NewContractOption(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "contract_id": _ID,
                "title": "Second carriageway",
                "exercise_by": "2199-09-01",
                "value": _AMOUNT,
            }
        },
    }

    contract_id: UUID
    title: Line
    description: Prose = ""
    exercise_by: Day
    value: UnsignedMoney | None = None


class ContractOptionPatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"exercise_by": "2198-09-01"}}}

    title: Line = ""
    description: Prose = ""
    exercise_by: Day = _UNNAMED
    value: UnsignedMoney | None = None


class ContractOptionShape(ObjectShape):
    project_id: UUID
    contract_id: UUID
    title: str
    description: str
    exercise_by: date
    value: Money | None = OfCosts
    state: OptionState
    decision_id: UUID | None
    effects: Effects | None = None


class NewContractChangeOrder(Body):
    """Below zero it makes the contract cheaper, or shorter. It counts once it has been approved."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "contract_id": _ID,
                "title": "Piles instead of a slab",
                "value": _AMOUNT,
                "extension_days": 14,
            }
        },
    }

    contract_id: UUID
    title: Line
    description: Prose = ""
    value: SignedMoney
    extension_days: ExtensionDays = 0


class ContractChangeOrderPatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"extension_days": 10}}}

    title: Line = ""
    description: Prose = ""
    value: SignedMoney = _UNNAMED
    extension_days: ExtensionDays = 0


class ContractChangeOrderShape(ObjectShape):
    project_id: UUID
    contract_id: UUID
    title: str
    description: str
    value: Money | None = OfCosts
    extension_days: int
    state: ChangeOrderState
    decision_id: UUID | None
    effects: Effects | None = None


class ChangeOrderRuling(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"outcome": "approved", "reason": "The borings show clay."}},
    }

    outcome: Literal["approved", "rejected"]
    reason: Reason


class OptionRuling(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"outcome": "exercised", "reason": "The traffic has doubled."}},
    }

    outcome: Literal["exercised", "lapsed"]
    reason: Reason


class ContractAlert(Shape):
    """`days_left` is below zero for what is overdue; `days_late` how late it will be by the plan, null where it will not."""

    code: AlertCode
    contract_id: UUID
    contract: str
    subject_type: str
    subject_id: UUID
    title: str
    due_on: date
    days_left: int
    forecast_on: date | None
    days_late: int | None
    amount: Money | None = Field(description="what is paid, held back or at stake; null for those who do not see costs")


class ContractAlertsShape(Shape):
    type: str
    project_id: UUID
    alerts: list[ContractAlert]
