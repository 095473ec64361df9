"""The facts that this area publishes."""

from services.kernel.events import FactType

PROJECT_CREATED = FactType(
    "planning.project.created",
    1,
    {
        "key": "BRO",
        "name": "A new bridge",
        "time_zone": "Europe/Oslo",
        "currency": "NOK",
        "status": "planning",
        "start": "2026-03-02T08:00:00",
        "policy_template": "standard",
    },
    "A project exists. The gateway makes its creator the manager, under the policy template that was chosen.",
)
PROJECT_CHANGED = FactType(
    "planning.project.changed",
    1,
    {"name": "A new bridge", "status": "executing", "status_date": "2026-04-01T16:00:00"},
    "Members of a project have other values; only those that changed are named.",
)
GOAL_SET = FactType(
    "planning.goal.set",
    1,
    {
        "title": "Open before the summer",
        "statement": "Traffic runs over the new bridge before the holidays begin.",
        "targets": [
            {"measure": "crossing time", "unit": "minutes", "baseline": "23", "target": "8", "due_date": "2026-06-20"}
        ],
        "success_criteria": [
            {"id": "0195a1c0-0000-7000-8000-000000000001", "statement": "Both lanes are open.", "met": None}
        ],
    },
    "A goal was set or changed, or one of its criteria was; the data is the whole goal as it now is.",
)
GATE = {
    "code": "BP3",
    "title": "Decide to pass on to the execution phases",
    "titles": {
        "en": "Decide to pass on to the execution phases",
        "nb": "Beslutte overgang til gjennomføringsfasene",
    },
    "position": 30,
    "planned_date": "2026-09-01",
    "opens_phase": "execution",
    "state": "planned",
}
GATE_PLANNED = FactType(
    "planning.gate.planned",
    1,
    GATE,
    "A gate was put up, by somebody or by the phase model that the project starts with.",
)
FACT_TYPES = (PROJECT_CREATED, PROJECT_CHANGED, GOAL_SET, GATE_PLANNED)
