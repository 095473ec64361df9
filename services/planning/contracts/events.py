"""The facts that this area publishes. `amount` is kept from those who do not see costs."""

from services.kernel.events import FactType

_ID = "0197d1c0-0000-7000-8000-000000000001"
_AMOUNT = {"amount": "400000.00", "currency": "NOK"}
_CONTRACT = {
    "number": "K-14",
    "title": "Groundworks",
    "counterparty": "Grunn og Fjell AS",
    "kind": "fixed_price",
    "status": "signed",
    "amount": _AMOUNT,
    "starts_on": "2026-03-02",
    "ends_on": "2026-10-30",
}
_MILESTONE = {
    "contract_id": _ID,
    "title": "Foundation handed over",
    "due_on": "2026-06-30",
    "task_id": None,
    "amount": _AMOUNT,
    "state": "planned",
}
_OPTION = {
    "contract_id": _ID,
    "title": "Second carriageway",
    "exercise_by": "2026-09-01",
    "amount": _AMOUNT,
    "state": "open",
}
_ORDER = {
    "contract_id": _ID,
    "title": "Piles instead of a slab",
    "amount": _AMOUNT,
    "extension_days": 14,
    "state": "proposed",
}

CONTRACT_RECORDED = FactType("planning.contract.recorded", 1, _CONTRACT, "The project has a contract.")
CONTRACT_CHANGED = FactType("planning.contract.changed", 1, _CONTRACT, "A contract is another.")
MILESTONE_RECORDED = FactType(
    "planning.contract_milestone.recorded", 1, _MILESTONE, "A contract says that something is done by a day."
)
MILESTONE_CHANGED = FactType(
    "planning.contract_milestone.changed", 1, _MILESTONE, "A milestone of a contract is another, was reached or paid."
)
OPTION_RECORDED = FactType("planning.contract_option.recorded", 1, _OPTION, "A contract has an option.")
OPTION_CHANGED = FactType(
    "planning.contract_option.changed", 1, _OPTION, "An option is another, was exercised or has lapsed."
)
ORDER_DRAFTED = FactType(
    "planning.contract_change_order.drafted", 1, _ORDER, "A change of a contract has been put forward."
)
ORDER_CHANGED = FactType("planning.contract_change_order.changed", 1, _ORDER, "A change order is another.")
ORDER_DECIDED = FactType(
    "planning.contract_change_order.decided", 1, _ORDER, "A change order was approved or rejected."
)
FACT_TYPES = (
    CONTRACT_RECORDED,
    CONTRACT_CHANGED,
    MILESTONE_RECORDED,
    MILESTONE_CHANGED,
    OPTION_RECORDED,
    OPTION_CHANGED,
    ORDER_DRAFTED,
    ORDER_CHANGED,
    ORDER_DECIDED,
)
