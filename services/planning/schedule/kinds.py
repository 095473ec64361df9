"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

# What a change of the plan is measured by: how much later the finish is and the largest move of a milestone, in working
# minutes; float used; how much more it costs, in the project's currency and in basis points of the budget; how many
# people and how many tasks of the current baseline are affected, and how much more work resources have than time.
PLAN_MEASURES = (
    "finish_minutes",
    "milestone_minutes",
    "float_minutes",
    "cost",
    "cost_share_bp",
    "people_affected",
    "overallocated_minutes",
    "baselined_tasks",
)

TASK_EDIT = declare_kind(
    "task.edit", "operational", "Edit the texts of a task", "Redigere tekstene til en oppgave", ("people_affected",)
)
TASK_PROGRESS = declare_kind("task.progress", "operational", "Report progress", "Rapportere fremdrift", PLAN_MEASURES)
SCOPE_TASK = declare_kind(
    "scope.task",
    "decide",
    "Add, move or remove work",
    "Legge til, flytte eller fjerne arbeid",
    (*PLAN_MEASURES, "scope_tasks"),
)
SCHEDULE_DATES = declare_kind("schedule.dates", "decide", "Move dates", "Flytte datoer", PLAN_MEASURES)
CALENDAR_CHANGE = declare_kind("calendar.change", "decide", "Change working time", "Endre arbeidstid", PLAN_MEASURES)
BASELINE_SET = declare_kind(
    "baseline.set", "decide", "Agree on the plan as baseline", "Fastsette planen som referanseplan"
)
