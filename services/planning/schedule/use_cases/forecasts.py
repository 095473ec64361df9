"""What the project will have cost, what contingency is left, and who has too much to do: as it stands, and after a write."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from services.kernel.access import may_see_costs, require_member
from services.kernel.requests import Read
from services.kernel.session import Reader
from services.kernel.working_time import TICKS_PER_MINUTE
from services.planning.schedule.forecast import Ledger, forecast_impact
from services.planning.schedule.planned_cost import amount_json
from services.planning.schedule.repository.loading import load_forecast, load_plan
from services.planning.schedule.resource_load import overallocated_minutes


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


async def read_resource_loads(read: Read, project_id: UUID) -> Mapping[str, Any]:
    """By work resource, in the order of names: the work that is left for it, and how much of it is too much at its time."""
    await require_member(read.session, read.principal, project_id)
    plan = await load_plan(read.session, project_id)
    bookings = plan.bookings()
    beyond = overallocated_minutes(bookings, plan.capacities, plan.blocks())
    loads = []
    for each in sorted(plan.capacities.values(), key=lambda capacity: (capacity.name, str(capacity.id))):
        booked = bookings.get(each.id, [])
        work = sum(int((booking.finish - booking.start) * booking.units) for _, booking in booked)
        loads.append(
            {
                "resource_id": str(each.id),
                "name": each.name,
                "person_id": each.person_id and str(each.person_id),
                "max_units_percent": f"{each.max_units * 100:.2f}",
                "tasks": len({task_id for task_id, _ in booked}),
                "remaining_work_minutes": work // TICKS_PER_MINUTE,
                "overallocated_minutes": beyond.get(each.id, 0),
            }
        )
    return {"type": "resource_loads", "project_id": str(project_id), "loads": loads}
