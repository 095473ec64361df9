"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

PROJECT_CREATE = declare_kind(
    "project.create", "decide", "Create a project", "Opprette et prosjekt", judged_by="tenant"
)
PROJECT_CHANGE = declare_kind(
    "project.change", "decide", "Change the frame of the project", "Endre rammene for prosjektet"
)
PROJECT_STATUS = declare_kind(
    "project.status", "decide", "Pass the project on to another state", "Føre prosjektet over i en annen tilstand"
)
GOAL_SET = declare_kind("goal.set", "decide", "Set a goal", "Sette et mål")
SUCCESS_CRITERION_JUDGE = declare_kind(
    "success_criterion.judge", "decide", "Judge a success criterion", "Vurdere et suksesskriterium"
)
