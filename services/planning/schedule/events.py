"""The facts that this area publishes. A task's row is the same in all of them; long lists come in parts of 200."""

from typing import Any, Final

from services.kernel.events import FactType

ROWS_IN_A_PART: Final = 200

TASK_ROW: Final[dict[str, Any]] = {
    "id": "0197d1c0-0000-7000-8000-000000000001",
    "parent_id": None,
    "wbs_code": "1.2",
    "title": "Pour the foundation",
    "position": 1048576,
    "outline_level": 2,
    "summary": False,
    "milestone": False,
    "start": "2026-03-02T08:00:00",
    "finish": "2026-03-06T16:00:00",
    "duration_minutes": 2250,
    "percent_complete": 0,
    "total_float_minutes": 0,
    "critical": True,
    "assignee_id": None,
    "deadline": None,
}
PLAN: Final = {"start": "2026-03-02T08:00:00", "finish": "2026-03-06T16:00:00"}

TASK_CREATED = FactType(
    "planning.task.created",
    1,
    {"task": TASK_ROW, "moved": [], "plan": PLAN, "origin": None},
    "A task exists; `moved` are the tasks that moved because of it, `origin` what it was made for.",
)
TASK_CHANGED = FactType(
    "planning.task.changed",
    1,
    {"task": TASK_ROW, "changed_fields": ["duration_minutes"], "moved": [], "plan": PLAN},
    "A task has other values.",
)
TASK_DELETED = FactType(
    "planning.task.deleted",
    1,
    {"removed_ids": [TASK_ROW["id"]], "moved": [], "plan": PLAN},
    "A task and all below it are gone.",
)
PLAN_RESCHEDULED = FactType(
    "planning.plan.rescheduled",
    1,
    {"cause": "dependency", "moved": [TASK_ROW], "plan": PLAN, "part": 1, "parts": 1},
    "Tasks moved for another reason than a change of their own.",
)
BASELINE_SET = FactType(
    "planning.baseline.set",
    1,
    {
        "baseline_id": "0197d1c0-0000-7000-8000-000000000002",
        "name": "Approved plan",
        "number": 0,
        "finish": "2026-03-06T16:00:00",
        "tasks": [
            {
                "id": TASK_ROW["id"],
                "start": "2026-03-02T08:00:00",
                "finish": "2026-03-06T16:00:00",
                "duration_minutes": 2250,
            }
        ],
        "decision_id": None,
        "part": 1,
        "parts": 1,
    },
    "The plan was agreed upon as it stands.",
)
FACT_TYPES = (TASK_CREATED, TASK_CHANGED, TASK_DELETED, PLAN_RESCHEDULED, BASELINE_SET)
