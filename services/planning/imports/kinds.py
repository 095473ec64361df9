"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind
from services.planning.schedule.kinds import PLAN_MEASURES

IMPORT_PLAN = declare_kind(
    "import.plan", "decide", "Take over a plan from a file", "Overta en plan fra en fil", PLAN_MEASURES
)
