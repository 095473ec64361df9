"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

FIELD_DEFINE = declare_kind(
    "field.define", "operational", "Define the fields of tasks", "Bestemme feltene til oppgaver"
)
FIELD_FILL = declare_kind(
    "field.fill", "operational", "Fill in the fields of a task", "Fylle ut feltene til en oppgave"
)
TENANT_FIELD_DEFINE = declare_kind(
    "tenant_field.define",
    "decide",
    "Define the fields that tasks have in all projects",
    "Bestemme feltene som oppgaver har i alle prosjekter",
    judged_by="tenant",
)
