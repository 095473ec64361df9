"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

COST_CODE_RECORD = declare_kind("cost_code.record", "operational", "Open a cost code", "Opprette en kostnadskode")
BUDGET_LINE = declare_kind(
    "budget.line", "decide", "Set a budget line", "Sette en budsjettpost", ("cost", "cost_share_bp")
)
BUDGET_COMMITMENT = declare_kind(
    "budget.commitment", "decide", "Commit money", "Binde penger", ("cost", "cost_share_bp")
)
# `periods_locked`: how many soft-closed accounting periods are posted into.
COST_POSTING = declare_kind(
    "cost.posting", "decide", "Post an actual cost", "Bokføre en kostnad", ("cost", "cost_share_bp", "periods_locked")
)
