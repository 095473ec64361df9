"""The facts that this area publishes. What an act does to tasks is told by the facts of tasks and of the plan."""

from services.kernel.events import FactType

PLAN_CHANGE_REVERSED = FactType(
    "planning.plan_change.reversed",
    1,
    {"reverses_id": "0197d1c0-0000-7000-8000-000000000001", "title": "Pour the foundation"},
    "A change of the plan was taken back, which is a change of its own.",
)
FACT_TYPES = (PLAN_CHANGE_REVERSED,)
