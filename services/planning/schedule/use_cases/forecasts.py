"""What the project will have cost, and what contingency is left: as it stands, and after a write."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from services.kernel.access import may_see_costs, require_member
from services.kernel.requests import Read
from services.kernel.session import Reader
from services.planning.schedule.forecast import Ledger, forecast_impact
from services.planning.schedule.planned_cost import amount_json
from services.planning.schedule.repository.loading import load_forecast


async def ledger_impact(reader: Reader, project_id: UUID, before: Ledger) -> tuple[dict[str, Any], dict[str, Any]]:
    """`eac` and `reserve` of a write that left the plan alone, and what it lets one predict; `before` is the ledger as
    the write found it."""
    after = await load_forecast(reader, project_id)
    return forecast_impact(replace(after, ledger=before), after), after.prediction()


async def read_forecast(read: Read, project_id: UUID) -> Mapping[str, Any]:
    """The forecast as JSON. Every amount is null for those who do not see costs."""
    await require_member(read.session, read.principal, project_id)
    forecast = await load_forecast(read.session, project_id)
    amounts = {
        "budget_at_completion": forecast.ledger.budget,
        "planned_cost": forecast.planned,
        "remaining_cost": forecast.remaining,
        "actual_cost": forecast.ledger.spent,
        "estimate_at_completion": forecast.estimate_at_completion,
        "expected_cost_of_risks": forecast.ledger.expected_risks,
        "reserve": forecast.reserve,
    }
    seen = await may_see_costs(read.session, read.principal, project_id)
    return {
        "type": "forecast",
        "project_id": str(project_id),
        "currency": forecast.currency,
        "finish": forecast.finish and forecast.finish.isoformat(),
        **{name: amount_json(amount, forecast.currency) if seen else None for name, amount in amounts.items()},
    }
