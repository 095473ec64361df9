"""What other services' facts do to the plan: an action item of a meeting becomes a task of its owner."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from services.kernel.events import Fact
from services.kernel.inbox import Handlers
from services.kernel.session import WriteSession
from services.kernel.working_time import from_instant
from services.planning.external_refs.repository import key_of, owners
from services.planning.schedule.editing import create_task
from services.planning.schedule.repository.loading import (
    active_members,
    load_plan,
    project_time_zone,
)
from services.planning.schedule.repository.storing import store_plan
from services.planning.schedule.use_cases.plan_changes import tell_rest
from services.planning.schedule.use_cases.tasks import tell_created
from services.planning.schedule.working_plan import WorkingPlan

HANDLERS = Handlers()
_SYSTEM = "tandem"
# An action is due by the end of its day, whenever the working day ends there.
_END_OF_DAY = time(23, 59)


@HANDLERS.on("coordination.action_item.assigned")
async def make_task_of_action_item(session: WriteSession, fact: Fact) -> None:
    """A task without duration, so that it moves nothing, due when the action is; below its parent or below "Actions"."""
    assert fact.project_id is not None
    project_id, data = fact.project_id, fact.data
    plan = await load_plan(session, project_id, lock=True)
    ref = {"system": _SYSTEM, "type": "action_item", "id": str(fact.subject_id), "url": None}
    folder = {"system": _SYSTEM, "type": "actions_of", "id": str(project_id), "url": None}
    known = await owners(session, [key_of(ref), key_of(folder)])
    if key_of(ref) in known:
        return
    texts: dict[UUID, dict[str, Any]] = {}
    parent_id = UUID(data["parent_task_id"]) if data.get("parent_task_id") else None
    if parent_id not in plan.tasks:
        parent_id = known.get(key_of(folder))
    if parent_id not in plan.tasks:
        parent = create_task(plan, _values() | {"title": "Actions", "external_refs": [folder]}, texts)
        tell_later = [parent]
        parent_id = parent.id
    else:
        tell_later = []
    owner_id = UUID(data["owner_id"]) if data.get("owner_id") else None
    members = await active_members(session, project_id, [owner_id]) if owner_id is not None else set()
    zone = ZoneInfo(await project_time_zone(session, project_id))
    due = date.fromisoformat(data["due_date"]) if data.get("due_date") else None
    values = (
        _values()
        | _earliest(plan, from_instant(fact.occurred_at, zone), due)
        | {
            "title": data["title"],
            "parent_id": parent_id,
            "assignee_id": owner_id if owner_id in members else None,
            "external_refs": [ref],
        }
    )
    if due is not None:
        values["deadline"] = datetime.combine(due, _END_OF_DAY)
    task = create_task(plan, values, texts)
    plan.reschedule()
    await store_plan(session, plan, texts)
    for made in tell_later:
        tell_created(session, plan, made, None)
    tell_created(session, plan, task, {"type": "action_item", "id": str(fact.subject_id)})
    tell_rest(session, plan, "action_item")


def _values() -> dict[str, Any]:
    """No duration and no milestone."""
    return {"duration_minutes": 0, "milestone": False}


def _earliest(plan: WorkingPlan, agreed: datetime, due: date | None) -> dict[str, Any]:
    """Not before the action was agreed upon, unless it was due before; where that lies behind the plan's end, as late
    as possible: a date there would hold the finish up when the plan gets shorter."""
    earliest = max(agreed.replace(second=0, microsecond=0, fold=0), plan.start)
    if due is not None:
        earliest = min(earliest, datetime.combine(due, time()))
    if earliest > (plan.finish_before or plan.start):
        return {"constraint_type": "as_late_as_possible"}
    return {"constraint_type": "start_no_earlier_than", "constraint_date": earliest}
