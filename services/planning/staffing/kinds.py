"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind
from services.planning.schedule.kinds import PLAN_MEASURES

STAFFING_REQUEST = declare_kind("staffing.request", "operational", "Ask the line for people", "Be linjen om folk")
STAFFING_ANSWER = declare_kind(
    "staffing.answer",
    "operational",
    "Answer for the line what a project asks for",
    "Svare for linjen på det et prosjekt ber om",
    judged_by="oneself",
)
STAFFING_AGREE = declare_kind(
    "staffing.agree", "decide", "Agree on an offer of the line", "Inngå avtale om linjens tilbud", PLAN_MEASURES
)
