"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

BRIEF_WRITE = declare_kind(
    "brief.write", "operational", "Brief those who do a task", "Gi en oppgavebeskrivelse til dem som gjør oppgaven"
)
BRIEF_ACKNOWLEDGE = declare_kind(
    "brief.acknowledge",
    "operational",
    "Say that one has understood a task",
    "Bekrefte at man har forstått en oppgave",
    judged_by="oneself",
)
NEED_RECORD = declare_kind(
    "need.record",
    "operational",
    "Record what a task needs, and who provides it when",
    "Registrere hva en oppgave trenger, og hvem som skaffer det når",
)
