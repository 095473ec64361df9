"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

DECISION_REVIEW = declare_kind("decision.review", "operational", "Review a decision", "Evaluere en beslutning")
DECISION_RECORD = declare_kind("decision.record", "decide", "Record a decision", "Føre en beslutning")
