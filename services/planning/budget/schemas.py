"""Request and response shapes of the budget."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from services.kernel.batch import Batch, Create, Update, Upsert
from services.kernel.money import Money
from services.kernel.schemas import Body, Day, Effects, ExternalRef, ExternalRefs, Line, ObjectShape, Prose, Shape

# Far above any project, and low enough that a column of numeric(20,4) holds it in every currency.
_LARGEST = 10**15


def _storable(money: Money) -> Money:
    if abs(money.amount) >= _LARGEST:
        raise ValueError(f"an amount is smaller than {_LARGEST}")
    return money


def _not_negative(money: Money) -> Money:
    if money.amount < 0:
        raise ValueError("a budget is not negative")
    return money


SignedMoney = Annotated[Money, AfterValidator(_storable)]
UnsignedMoney = Annotated[SignedMoney, AfterValidator(_not_negative)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$")]

# A merge patch changes what it names; what stands for the rest is never read.
_UNNAMED: Any = None
_ID = "0195a1c0-0000-7000-8000-000000000002"
_AMOUNT: Any = {"amount": "1250000.00", "currency": "NOK"}
_LINE: Any = {"cost_code_id": _ID, "description": "Concrete", "amount": _AMOUNT}
_COMMITMENT: Any = {"cost_code_id": _ID, "supplier": "Fjord Anlegg AS", "amount": _AMOUNT}
_POSTING: Any = {
    "cost_code_id": _ID,
    "amount": _AMOUNT,
    "posted_on": "2026-03-31",
    "external_ref": {"system": "erp", "type": "voucher", "id": "2026-000815"},
    "description": "Invoice 4711",
}


class NewCostCode(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"code": "4100", "name": "Concrete works"}}}

    code: Code
    name: Line
    external_refs: ExternalRefs = Field(default_factory=list)


class CostCodePatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"name": "Concrete and formwork"}}}

    code: Code = ""
    name: Line = ""
    external_refs: ExternalRefs = Field(default_factory=list)


class NewBudgetLine(Body):
    """`task_id` is the node of the work breakdown that the line is for."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": _LINE}}

    task_id: UUID | None = None
    cost_code_id: UUID
    description: Line
    amount: UnsignedMoney
    external_refs: ExternalRefs = Field(default_factory=list)


class BudgetLinePatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"amount": _AMOUNT}}}

    task_id: UUID | None = None
    cost_code_id: UUID = _UNNAMED
    description: Line = ""
    amount: UnsignedMoney = _UNNAMED
    external_refs: ExternalRefs = Field(default_factory=list)


class CommitmentValues(Body):
    task_id: UUID | None = None
    cost_code_id: UUID
    supplier: Line
    description: Prose = ""
    amount: SignedMoney


class NewCommitment(CommitmentValues):
    """A negative amount takes a part of an earlier promise back."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": _COMMITMENT}}

    external_ref: ExternalRef | None = None


class ActualValues(Body):
    task_id: UUID | None = None
    cost_code_id: UUID
    amount: SignedMoney
    posted_on: Day
    description: Prose = ""
    reverses_id: UUID | None = None
    reason: Reason | None = Field(
        default=None, description="why it is posted into a soft-closed accounting period, kept with the decision"
    )


class NewActual(ActualValues):
    """A negative amount is a credit. `reverses_id` names the posting that this one cancels."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": _POSTING}}

    external_ref: ExternalRef


class ActualBatch(Batch[Create[NewActual]]):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"atomic": True, "operations": [{"op": "create", "body": _POSTING}]}},
    }


class CostCodeBatch(
    Batch[Annotated[Create[NewCostCode] | Update[CostCodePatch] | Upsert[NewCostCode], Field(discriminator="op")]]
):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"operations": [{"op": "create", "body": {"code": "4200", "name": "Steel"}}]}},
    }


class BudgetLineBatch(
    Batch[
        Annotated[Create[NewBudgetLine] | Update[BudgetLinePatch] | Upsert[NewBudgetLine], Field(discriminator="op")]
    ],
):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"atomic": True, "operations": [{"op": "create", "body": _LINE}]}},
    }


class CommitmentBatch(Batch[Create[NewCommitment]]):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"operations": [{"op": "create", "body": _COMMITMENT}]}},
    }


class ExternalRefShape(Shape):
    system: str
    type: str
    id: str
    url: str | None


class CostCodeShape(ObjectShape):
    project_id: UUID
    code: str
    name: str
    external_refs: list[ExternalRef]
    effects: Effects | None = None


class BudgetLineShape(ObjectShape):
    project_id: UUID
    task_id: UUID | None
    cost_code_id: UUID
    description: str
    amount: Money
    external_refs: list[ExternalRef]
    effects: Effects | None = None


class CommitmentShape(ObjectShape):
    project_id: UUID
    task_id: UUID | None
    cost_code_id: UUID
    supplier: str
    description: str
    amount: Money
    external_ref: ExternalRefShape | None
    effects: Effects | None = None


class ActualShape(ObjectShape):
    project_id: UUID
    task_id: UUID | None
    cost_code_id: UUID
    description: str
    amount: Money
    posted_on: date
    reverses_id: UUID | None
    external_ref: ExternalRefShape
    effects: Effects | None = None
