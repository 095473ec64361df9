"""The facts that this area publishes. The tasks that move because of them are told as planning.plan.rescheduled."""

from services.kernel.events import FactType

_RUN = "0197d1c0-0000-7000-8000-000000000004"

LEVELLING_COMPUTED = FactType(
    "planning.levelling_run.computed",
    1,
    {
        "levelling_run_id": _RUN,
        "mode": "extend",
        "method": "cp_sat",
        "proven": True,
        "moves": 3,
        "finish_before": "2026-03-06T16:00:00",
        "finish_after": "2026-03-10T16:00:00",
    },
    "A levelling of the plan was found; nothing has moved yet.",
)
LEVELLING_APPLIED = FactType(
    "planning.levelling_run.applied",
    1,
    {"levelling_run_id": _RUN, "delayed_tasks": 3},
    "The plan's tasks were delayed as a levelling run found it.",
)
LEVELLING_CLEARED = FactType(
    "planning.plan.levelling_cleared",
    1,
    {"cleared_tasks": 3},
    "The plan's tasks have no levelling delays any more.",
)
FACT_TYPES = (LEVELLING_COMPUTED, LEVELLING_APPLIED, LEVELLING_CLEARED)
