"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

RISK_RECORD = declare_kind("risk.record", "operational", "Record a risk", "Registrere en risiko")
RISK_RESPONSE = declare_kind("risk.response", "decide", "Respond to a risk", "Sette inn tiltak mot en risiko")
