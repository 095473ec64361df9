"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

PERSON_ADD = declare_kind("person.add", "decide", "Add a person", "Legge til en person", judged_by="tenant")
PERSON_CHANGE = declare_kind("person.change", "decide", "Change a person", "Endre en person", judged_by="tenant")
TOKEN_OWN = declare_kind(
    "token.own", "operational", "Manage one's own tokens", "Forvalte egne token", judged_by="oneself"
)
MEMBERSHIP_GRANT = declare_kind(
    "membership.grant",
    "decide",
    "Decide who is on the project",
    "Bestemme hvem som er med i prosjektet",
    ("people_affected", "external_readers"),
)
OWNER_APPOINT = declare_kind(
    "owner.appoint",
    "decide",
    "Decide who stands above the manager",
    "Bestemme hvem som står over prosjektlederen",
    delegable=False,
)
