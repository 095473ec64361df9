"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

DECISION_RECORD = declare_kind("decision.record", "decide", "Record a decision", "Føre en beslutning")
