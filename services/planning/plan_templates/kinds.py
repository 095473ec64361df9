"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind
from services.planning.schedule.kinds import PLAN_MEASURES

PLAN_TEMPLATE_PUBLISH = declare_kind(
    "plan_template.publish",
    "decide",
    "Publish a project's plan to the tenant as a template",
    "Publisere et prosjekts plan som mal for hele virksomheten",
)
PLAN_TEMPLATE_KEEP = declare_kind(
    "plan_template.keep",
    "operational",
    "Keep the tenant's list of plan templates",
    "Vedlikeholde virksomhetens liste over planmaler",
    judged_by="tenant",
)
PLAN_TEMPLATE_USE = declare_kind(
    "plan_template.use",
    "decide",
    "Plan a project by a template",
    "Planlegge et prosjekt etter en mal",
    (*PLAN_MEASURES, "scope_tasks"),
)
