"""The facts that this area publishes."""

from services.kernel.events import FactType

_TASK = "0195a1c0-0000-7000-8000-000000000001"
_COST_CODE = "0195a1c0-0000-7000-8000-000000000002"
_AMOUNT = {"amount": "1250000.00", "currency": "NOK"}
_LINE = {
    "task_id": _TASK,
    "cost_code_id": _COST_CODE,
    "cost_code": "4100",
    "description": "Concrete for the abutments",
    "amount": _AMOUNT,
}

COST_CODE_CREATED = FactType(
    "planning.cost_code.created", 1, {"code": "4100", "name": "Concrete works"}, "The project has one more account."
)
COST_CODE_CHANGED = FactType(
    "planning.cost_code.changed", 1, {"code": "4100", "name": "Concrete works"}, "An account has another code or name."
)
BUDGET_LINE_CREATED = FactType("planning.budget_line.created", 1, _LINE, "A part of the work has a budget.")
BUDGET_LINE_CHANGED = FactType(
    "planning.budget_line.changed", 1, _LINE, "A budget line is another; the data is the whole line as it now is."
)
COMMITMENT_RECORDED = FactType(
    "planning.commitment.recorded",
    1,
    {
        "task_id": _TASK,
        "cost_code_id": _COST_CODE,
        "supplier": "Fjord Anlegg AS",
        "description": "Ready-mixed concrete",
        "amount": _AMOUNT,
        "external_ref": {"system": "erp", "type": "purchase_order", "id": "PO-4711", "url": None},
    },
    "Money is promised to a supplier.",
)
ACTUAL_POSTED = FactType(
    "planning.actual.posted",
    1,
    {
        "task_id": _TASK,
        "cost_code_id": _COST_CODE,
        "amount": _AMOUNT,
        "posted_on": "2026-03-31",
        "external_ref": {"system": "erp", "type": "voucher", "id": "2026-000815", "url": None},
        "description": "Invoice 4711",
    },
    "A cost was incurred. A posting never changes; its reversal is a posting of its own.",
)
FACT_TYPES = (
    COST_CODE_CREATED,
    COST_CODE_CHANGED,
    BUDGET_LINE_CREATED,
    BUDGET_LINE_CHANGED,
    COMMITMENT_RECORDED,
    ACTUAL_POSTED,
)
