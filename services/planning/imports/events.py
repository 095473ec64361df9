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
IMPORT_REVERSED = FactType(
    "planning.import.reversed",
    1,
    {"filename": "bridge.xml", "tasks": 41},
    "An import was undone; planning.task.deleted tells of the tasks that went with it.",
)
IMPORT_PEOPLE_MATCHED = FactType(
    "planning.import.people_matched",
    1,
    {
        "matches": [
            {
                "resource_id": "0197d1c0-0000-7000-8000-000000000004",
                "person_id": "0197d1c0-0000-7000-8000-000000000005",
            }
        ]
    },
    "It was said who the persons of an imported plan are; their tasks follow in planning.plan.rescheduled.",
)
_MAPPING = {"name": "Our task list", "columns": [{"column": "Task", "member": "title"}]}
IMPORT_MAPPING_SET = FactType(
    "planning.import_mapping.set", 1, _MAPPING, "It was said what the columns of a table mean."
)
IMPORT_MAPPING_REMOVED = FactType(
    "planning.import_mapping.removed", 1, _MAPPING, "What the columns of a table mean is no longer kept."
)
FACT_TYPES = (PLAN_IMPORTED, IMPORT_REVERSED, IMPORT_PEOPLE_MATCHED, IMPORT_MAPPING_SET, IMPORT_MAPPING_REMOVED)
