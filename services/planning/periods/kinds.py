"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

PERIOD_RECORD = declare_kind(
    "period.record", "operational", "Set up an accounting period", "Opprette en regnskapsperiode"
)
PERIOD_CLOSE = declare_kind("period.close", "decide", "Close an accounting period", "Lukke en regnskapsperiode")
PERIOD_REOPEN = declare_kind("period.reopen", "decide", "Reopen an accounting period", "Gjenåpne en regnskapsperiode")
