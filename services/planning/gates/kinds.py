"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

GATE_PLAN = declare_kind("gate.plan", "propose", "Add or change a gate", "Legge til eller endre en port")
GATE_PASS = declare_kind("gate.pass", "decide", "Decide at a gate", "Avgjøre ved en port")
