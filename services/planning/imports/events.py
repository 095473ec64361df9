"""The facts that this area publishes. Baselines that a file brings are told as planning.baseline.set."""

from services.kernel.events import FactType
from services.planning.schedule.events import PLAN, TASK_ROW

PLAN_IMPORTED = FactType(
    "planning.plan.imported",
    1,
    {
        "import_id": "0197d1c0-0000-7000-8000-000000000003",
        "filename": "bridge.xml",
        "tasks": [TASK_ROW],
        "plan": PLAN,
        "part": 1,
        "parts": 1,
    },
    "A plan was taken over from a file; a project that had tasks keeps them, and those may have moved.",
)
FACT_TYPES = (PLAN_IMPORTED,)
