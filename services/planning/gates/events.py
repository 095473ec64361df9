"""The facts that this area publishes; that a gate was planned is told by the projects, which start with some."""

from services.kernel.events import FactType
from services.planning.projects.events import GATE

GATE_CHANGED = FactType("planning.gate.changed", 1, GATE, "A gate is another; the data is all of it.")
GATE_REMOVED = FactType("planning.gate.removed", 1, GATE, "A gate is no more; nothing had been decided at it.")
GATE_PASSAGE_DECIDED = FactType(
    "planning.gate_passage.decided",
    1,
    {
        "gate": {"id": "0195a1c0-0000-7000-8000-000000000001"} | GATE | {"state": "passed_with_conditions"},
        "outcome": "passed_with_conditions",
        "conditions": ["The risk of the ground is analysed before the first contract."],
        "decision_id": "0195a1c0-0000-7000-8000-000000000002",
    },
    "It was decided at a gate; the gate is told as it now is. Where the project changed its state, another fact says so.",
)
FACT_TYPES = (GATE_CHANGED, GATE_REMOVED, GATE_PASSAGE_DECIDED)
