"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind
from services.planning.schedule.kinds import PLAN_MEASURES

RESOURCE_ABSENCE = declare_kind(
    "resource.absence", "operational", "Record an absence", "Registrere et fravær", PLAN_MEASURES
)
