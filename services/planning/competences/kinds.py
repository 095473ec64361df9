"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

COMPETENCE_DEFINE = declare_kind(
    "competence.define", "decide", "Define competences", "Definere kompetanser", judged_by="tenant"
)
COMPETENCE_RECORD = declare_kind(
    "competence.record", "operational", "Record who has a competence", "Registrere hvem som har en kompetanse"
)
COMPETENCE_DEMAND = declare_kind(
    "competence.demand", "operational", "Demand a competence of a task", "Kreve en kompetanse av en oppgave"
)
