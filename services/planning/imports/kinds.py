"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind
from services.planning.schedule.kinds import PLAN_MEASURES

IMPORT_PLAN = declare_kind(
    "import.plan", "decide", "Take over a plan from a file", "Overta en plan fra en fil", PLAN_MEASURES
)
IMPORT_REVERSE = declare_kind(
    "import.reverse",
    "decide",
    "Undo the import of a plan",
    "Angre importen av en plan",
    (*PLAN_MEASURES, "scope_tasks"),
)
IMPORT_PEOPLE = declare_kind(
    "import.people",
    "decide",
    "Say who the persons of an imported plan are",
    "Si hvem personene i en importert plan er",
    ("people_affected",),
)
IMPORT_MAPPING = declare_kind(
    "import.mapping",
    "operational",
    "Say what the columns of a table mean",
    "Si hva kolonnene i en tabell betyr",
)
