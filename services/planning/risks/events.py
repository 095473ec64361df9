"""The facts that this area publishes."""

from services.kernel.events import FactType

_PERSON = "0195a1c0-0000-7000-8000-000000000001"
_RISK = {
    "title": "Soft ground at the north abutment",
    "cause": "The borings stand 40 m apart.",
    "event": "Clay is found where rock was assumed.",
    "effect": "The foundation has to be piled.",
    "probability": "0.30",
    "schedule_impact_minutes": {"low": 2250, "likely": 4500, "high": 11250},
    "cost_impact": {
        "low": {"amount": "400000.00", "currency": "NOK"},
        "likely": {"amount": "900000.00", "currency": "NOK"},
        "high": {"amount": "2000000.00", "currency": "NOK"},
    },
    "expected_minutes": 1575,
    "expected_cost": {"amount": "300000.00", "currency": "NOK"},
    "status": "open",
    "owner_id": _PERSON,
}

RISK_RAISED = FactType("planning.risk.raised", 1, _RISK, "Somebody saw a risk coming.")
RISK_CHANGED = FactType(
    "planning.risk.changed", 1, _RISK, "A risk is another; the data is the whole risk as it now is."
)
RISK_RESPONSE_PLANNED = FactType(
    "planning.risk_response.planned",
    1,
    {
        "risk_id": "0195a1c0-0000-7000-8000-000000000002",
        "task_id": "0195a1c0-0000-7000-8000-000000000003",
        "strategy": "mitigate",
        "description": "Drill six more holes before Easter.",
        "owner_id": _PERSON,
    },
    "Something will be done about a risk, or now something else; the data is the whole response as it now is.",
)
FACT_TYPES = (RISK_RAISED, RISK_CHANGED, RISK_RESPONSE_PLANNED)
