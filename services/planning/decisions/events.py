"""The facts that this area publishes."""

from services.kernel.events import FactType

DECISION_RECORDED = FactType(
    "planning.decision.recorded",
    1,
    {
        "kind": "baseline.set",
        "question": "Set baseline 2?",
        "chosen": "Set it",
        "reason": "The client accepted the new finish.",
        "impact": {"finish": {"before": "2026-06-01T16:00:00", "after": "2026-06-08T16:00:00", "moved_minutes": 2250}},
        "predicted": {"finish": "2026-06-08T16:00:00", "eac": {"amount": "1250000.00", "currency": "NOK"}},
        "prepared_by_id": "0195a1c0-0000-7000-8000-000000000002",
        "decided_by_id": "0195a1c0-0000-7000-8000-000000000001",
        "executed_by_id": "0195a1c0-0000-7000-8000-000000000001",
        "proposed_by_id": "0195a1c0-0000-7000-8000-000000000002",
        "proposal_id": "0195a1c0-0000-7000-8000-000000000003",
        "decided_at": "2026-03-02T08:00:00.000000Z",
        "subject": {"type": "baseline", "id": "0195a1c0-0000-7000-8000-000000000004"},
    },
    "Somebody with the authority for it decided. The record is never changed. One about costs is for those who see them.",
)
FACT_TYPES = (DECISION_RECORDED,)
