"""The facts that this area publishes."""

from services.kernel.events import FactType

_COMPETENCE = {"name": "Hot work certificate", "description": "Welding and cutting, five years."}
_HELD = {
    "resource_id": "0197d1c0-0000-7000-8000-000000000001",
    "competence_id": "0197d1c0-0000-7000-8000-000000000002",
    "level": 3,
    "valid_from": "2022-06-01",
    "valid_to": "2027-05-31",
}
_DEMAND = {
    "task_id": "0197d1c0-0000-7000-8000-000000000003",
    "competence_id": "0197d1c0-0000-7000-8000-000000000002",
    "minimum_level": 3,
}

COMPETENCE_DEFINED = FactType("planning.competence.defined", 1, _COMPETENCE, "The tenant has a word for a competence.")
COMPETENCE_CHANGED = FactType("planning.competence.changed", 1, _COMPETENCE, "A competence is called otherwise.")
RESOURCE_COMPETENCE_RECORDED = FactType(
    "planning.resource_competence.recorded", 1, _HELD, "A resource has a competence."
)
RESOURCE_COMPETENCE_CHANGED = FactType(
    "planning.resource_competence.changed", 1, _HELD, "A resource has it at another level, or on other days."
)
RESOURCE_COMPETENCE_REMOVED = FactType(
    "planning.resource_competence.removed", 1, _HELD, "A resource does not have it after all."
)
COMPETENCE_DEMANDED = FactType("planning.competence_demand.added", 1, _DEMAND, "A task asks for a competence.")
COMPETENCE_DEMAND_CHANGED = FactType(
    "planning.competence_demand.changed", 1, _DEMAND, "A task asks for it at another level."
)
COMPETENCE_DEMAND_REMOVED = FactType(
    "planning.competence_demand.removed", 1, _DEMAND, "A task no longer asks for a competence."
)
FACT_TYPES = (
    COMPETENCE_DEFINED,
    COMPETENCE_CHANGED,
    RESOURCE_COMPETENCE_RECORDED,
    RESOURCE_COMPETENCE_CHANGED,
    RESOURCE_COMPETENCE_REMOVED,
    COMPETENCE_DEMANDED,
    COMPETENCE_DEMAND_CHANGED,
    COMPETENCE_DEMAND_REMOVED,
)
