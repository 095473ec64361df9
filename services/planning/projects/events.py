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
    },
    "A project exists. The gateway makes its creator the manager.",
)
PROJECT_CHANGED = FactType(
    "planning.project.changed",
    1,
    {"name": "A new bridge", "status": "executing", "status_date": "2026-04-01T16:00:00"},
    "Members of a project have other values; only those that changed are named.",
)
FACT_TYPES = (PROJECT_CREATED, PROJECT_CHANGED)
