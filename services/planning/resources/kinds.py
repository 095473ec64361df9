"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind
from services.planning.schedule.kinds import PLAN_MEASURES

RESOURCE_CHANGE = declare_kind("resource.change", "decide", "Change the resources", "Endre ressursene", PLAN_MEASURES)
RESOURCE_ASSIGN = declare_kind("resource.assign", "decide", "Assign resources", "Tildele ressurser", PLAN_MEASURES)
