"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind
from services.planning.schedule.kinds import PLAN_MEASURES

LEVELLING_RUN = declare_kind("levelling.run", "operational", "Try a levelling of the plan", "Prøve ut en utjevning")
LEVELLING_APPLY = declare_kind(
    "levelling.apply",
    "propose",
    "Move work as a levelling found it",
    "Flytte arbeid slik utjevningen fant",
    PLAN_MEASURES,
)
LEVELLING_CLEAR = declare_kind(
    "levelling.clear",
    "propose",
    "Take back the delays of levelling",
    "Fjerne forsinkelser fra utjevning",
    PLAN_MEASURES,
)
