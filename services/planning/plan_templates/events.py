"""The facts that this area publishes."""

from typing import Final

from services.kernel.events import FactType
from services.planning.schedule.events import PLAN, TASK_ROW

_TEMPLATE = {"name": "Single-span bridge", "description": "From survey to handover."}

PLAN_TEMPLATE_PUBLISHED: Final = FactType(
    "planning.plan_template.published", 1, _TEMPLATE, "The tenant has a template made of a project's plan."
)
PLAN_TEMPLATE_CHANGED: Final = FactType(
    "planning.plan_template.changed", 1, _TEMPLATE, "A template is called otherwise."
)
PLAN_TEMPLATE_REMOVED: Final = FactType("planning.plan_template.removed", 1, _TEMPLATE, "A template is no more.")
PLAN_INSTANTIATED: Final = FactType(
    "planning.plan.instantiated",
    1,
    {
        "plan_template_id": "0197d1c0-0000-7000-8000-000000000003",
        "name": "Single-span bridge",
        "tasks": [TASK_ROW],
        "plan": PLAN,
        "part": 1,
        "parts": 1,
    },
    "An empty project was planned by a template.",
)
FACT_TYPES = (PLAN_TEMPLATE_PUBLISHED, PLAN_TEMPLATE_CHANGED, PLAN_TEMPLATE_REMOVED, PLAN_INSTANTIATED)
