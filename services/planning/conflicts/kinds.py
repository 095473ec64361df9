"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind
from services.planning.schedule.kinds import PLAN_MEASURES

CONFLICT_RECORD = declare_kind("conflict.record", "operational", "Record a conflict", "Registrere en konflikt")
CONFLICT_RULE = declare_kind(
    "conflict.rule", "decide", "Rule on a conflict", "Avgjøre en konflikt", (*PLAN_MEASURES, "scope_tasks")
)
