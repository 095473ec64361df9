"""The facts that this area publishes."""

from typing import Final

from services.kernel.events import FactType

ROWS_IN_A_PART: Final = 200
_ID = "0197d1c0-0000-7000-8000-000000000001"
_FIELD = {
    "key": "risk_class",
    "name": "Risk class",
    "field_type": "choice",
    "options": ["low", "high"],
    "formula": None,
    "result_type": None,
}

FIELD_ADDED = FactType("planning.custom_field.added", 1, _FIELD, "The tasks of the project have one more field.")
FIELD_CHANGED = FactType(
    "planning.custom_field.changed", 1, _FIELD, "A field is called otherwise, or is computed otherwise."
)
FIELD_REMOVED = FactType("planning.custom_field.removed", 1, _FIELD, "A field is gone, with its values.")
TENANT_FIELD_ADDED = FactType(
    "planning.tenant_field.added", 1, _FIELD, "The tasks of all projects have one more field."
)
TENANT_FIELD_CHANGED = FactType("planning.tenant_field.changed", 1, _FIELD, "A field of all projects is another.")
TENANT_FIELD_REMOVED = FactType(
    "planning.tenant_field.removed", 1, _FIELD, "A field of all projects is gone, with its values."
)
VALUES_SET = FactType(
    "planning.task.values_set",
    1,
    {"values": {"risk_class": "high", "cost_share": "12.5"}, "computed": {"exposure": {"error": "division_by_zero"}}},
    "Fields of a task were filled in; `computed` are those that follow from them, null where there is no value.",
)
VALUES_COMPUTED = FactType(
    "planning.task.values_computed",
    1,
    {"tasks": [{"task_id": _ID, "values": {"days_late": "3"}}], "part": 1, "parts": 1},
    "Formulas of tasks come to something else, because of the plan or of another formula.",
)
FACT_TYPES = (
    FIELD_ADDED,
    FIELD_CHANGED,
    FIELD_REMOVED,
    TENANT_FIELD_ADDED,
    TENANT_FIELD_CHANGED,
    TENANT_FIELD_REMOVED,
    VALUES_SET,
    VALUES_COMPUTED,
)
