"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

_MONEY = ("cost", "cost_share_bp")

CONTRACT_RECORD = declare_kind(
    "contract.record", "decide", "Record what a contract says", "Registrere hva en kontrakt sier", _MONEY
)
CONTRACT_FOLLOW = declare_kind(
    "contract.follow",
    "operational",
    "Follow a contract up: what was reached, what is to be changed",
    "Følge opp en kontrakt: hva som er nådd, hva som bør endres",
)
CONTRACT_CHANGE = declare_kind(
    "contract.change",
    "decide",
    "Decide on change orders and options",
    "Avgjøre endringsordrer og opsjoner",
    _MONEY,
)
