"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

FIELD_DEFINE = declare_kind(
    "field.define", "operational", "Define the fields of tasks", "Bestemme feltene til oppgaver"
)
FIELD_FILL = declare_kind(
    "field.fill", "operational", "Fill in the fields of a task", "Fylle ut feltene til en oppgave"
)
