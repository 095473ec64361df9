"""The facts that this area publishes."""

from services.kernel.events import FactType

DECISION_REVIEWED = FactType(
    "planning.decision.reviewed",
    1,
    {
        "review_id": "0195a1c0-0000-7000-8000-000000000001",
        "kind": "schedule.dates",
        "automatic": False,
        "predicted": {"finish": "2026-06-08T16:00:00", "eac": {"amount": "1250000.00", "currency": "NOK"}},
        "measured": {"finish": "2026-06-10T16:00:00", "eac": {"amount": "1300000.00", "currency": "NOK"}},
        "finish_error_minutes": 900,
        "cost_error": {"amount": "50000.00", "currency": "NOK"},
        "note": "The second crane was late.",
    },
    "What a decision was to bring about was compared with what has come of it.",
)
FACT_TYPES = (DECISION_REVIEWED,)
