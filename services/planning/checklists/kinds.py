"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

CHECKLIST_KEEP = declare_kind(
    "checklist.keep", "operational", "Keep the checklist of a task", "Føre sjekklisten til en oppgave"
)
