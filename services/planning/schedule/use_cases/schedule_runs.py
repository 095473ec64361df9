"""Schedule runs: what would follow from changes that nobody makes."""

from typing import Any
from uuid import UUID

from services.kernel.access import may_see_costs, require_member
from services.kernel.confidentiality import without_money
from services.kernel.problems import UnknownReference
from services.kernel.requests import Read
from services.kernel.schemas import named
from services.planning.schedule.editing import change_task
from services.planning.schedule.impact import impact_of
from services.planning.schedule.repository.loading import load_ledger, load_plan
from services.planning.schedule.schemas import NewScheduleRun
from services.planning.schedule.use_cases.plan_changes import effects_of, plan_dates


async def try_changes(read: Read, project_id: UUID, run: NewScheduleRun) -> dict[str, Any]:
    """Schedule the plan with the changes and answer what they would do. Nothing is stored, so no authority is needed."""
    await require_member(read.session, read.principal, project_id)
    plan = await load_plan(read.session, project_id)
    for planned in run.changes:
        task = plan.tasks.get(planned.task_id)
        if task is None:
            raise UnknownReference("task_id")
        change_task(plan, task, named(planned.change), {})
    plan.reschedule()
    impact = impact_of(plan, await load_ledger(read.session, project_id), read.principal.person_id)
    plan.moved |= plan.edited
    return {
        "type": "schedule_run",
        "project_id": str(project_id),
        "plan": plan_dates(plan.start, plan.finish),
        "impact": impact if await may_see_costs(read.session, read.principal, project_id) else without_money(impact),
        **effects_of(plan),
    }
