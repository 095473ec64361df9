"""Checklists: items are added, ticked off, moved and removed, and become subtasks.

Whoever writes holds the lock of the project's plan, so no two items get the same place.
"""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any
from uuid import UUID

from services.kernel.access import require_authority, require_member
from services.kernel.events import FactType
from services.kernel.problems import NotFound, UnknownReference
from services.kernel.rank import MAXIMUM_LENGTH, between, spread
from services.kernel.schemas import merged
from services.kernel.session import WriteSession
from services.planning.checklists.checklist_item import MAXIMUM_ITEMS, ChecklistItem, ChecklistTooLong
from services.planning.checklists.events import ITEM_ADDED, ITEM_CHANGED, ITEM_REMOVED
from services.planning.checklists.repository import CHECKLIST_ITEMS, give_ranks, load_item, ranks_of
from services.planning.checklists.schemas import ChecklistItemPatch, NewChecklistItem
from services.planning.decisions.use_cases import record_acceptance
from services.planning.schedule.editing import create_task
from services.planning.schedule.plan_rows import PlanTask
from services.planning.schedule.repository.loading import load_plan, lock_plan, project_of_task
from services.planning.schedule.use_cases.plan_changes import PlanChange, settle, tell_rest
from services.planning.schedule.use_cases.tasks import require_people, tell_created


async def add_item(session: WriteSession, project_id: UUID, new: NewChecklistItem) -> ChecklistItem:
    """A task's checklist has one more item. Raises UnknownReference, ChecklistTooLong."""
    await require_member(session, session.principal, project_id)
    await lock_plan(session, project_id)
    await _require_task(session, project_id, new.task_id)
    await require_people(session, project_id, [{"assignee_id": new.assignee_id}])
    ranks = await ranks_of(session, new.task_id)
    if len(ranks) >= MAXIMUM_ITEMS:
        raise ChecklistTooLong(limit=MAXIMUM_ITEMS)
    after_id = new.after_id if "after_id" in new.model_fields_set else next(reversed(ranks), None)
    item = ChecklistItem(
        project_id=project_id,
        task_id=new.task_id,
        title=new.title,
        rank=await _rank_behind(session, ranks, after_id),
        assignee_id=new.assignee_id,
        due_on=new.due_on,
        done=False,
    )
    item.tick(new.done, session.now, session.author_id)
    session.add(item)
    await _settle(session, item, f"Is this on the checklist: {item.title}?", "added")
    _tell(session, ITEM_ADDED, item)
    return item


async def change_item(
    session: WriteSession, item_id: UUID, expected_version: int, patch: ChecklistItemPatch
) -> ChecklistItem:
    """It is done, or another, or stands elsewhere. Raises UnknownReference."""
    item = await load_item(session, item_id)
    await require_member(session, session.principal, item.project_id)
    await lock_plan(session, item.project_id)
    item = await load_item(session, item_id, again=True)
    await CHECKLIST_ITEMS.check_version(session, item.id, item.version, expected_version)
    values = merged(patch)
    await require_people(session, item.project_id, [values])
    if "after_id" in values:
        await _move(session, item, values.pop("after_id"))
    if "done" in values:
        item.tick(values.pop("done"), session.now, session.author_id)
    for name, value in values.items():
        setattr(item, name, value)
    await _settle(session, item, f"Is this item another: {item.title}?", "done" if item.done else "changed")
    if item.version != expected_version:
        _tell(session, ITEM_CHANGED, item)
    return item


async def remove_item(session: WriteSession, item_id: UUID, expected_version: int) -> None:
    """It is no longer on the checklist."""
    item = await load_item(session, item_id)
    await require_member(session, session.principal, item.project_id)
    await lock_plan(session, item.project_id)
    item = await load_item(session, item_id, again=True)
    await CHECKLIST_ITEMS.check_version(session, item.id, item.version, expected_version)
    await session.delete(item)
    await _settle(session, item, f"May this item be removed: {item.title}?", "removed")
    _tell(session, ITEM_REMOVED, item, subtask_id=None)


async def become_subtask(session: WriteSession, item_id: UUID) -> tuple[PlanTask, dict[str, Any]]:
    """An item becomes work of its own below its task, which is scheduled. Returns the new task and the effects.

    Who was to do it, its day as a deadline, and that it is done go with it.
    """
    item = await load_item(session, item_id)
    await require_member(session, session.principal, item.project_id)
    plan = await load_plan(session, item.project_id, lock=True)
    item = await load_item(session, item_id, again=True)
    values: dict[str, Any] = {"title": item.title, "parent_id": item.task_id, "assignee_id": item.assignee_id}
    if item.due_on is not None:
        values["deadline"] = datetime.combine(item.due_on, time(23, 59))
    if item.done:
        values["percent_complete"] = 100
    texts: dict[UUID, dict[str, Any]] = {}
    task = create_task(plan, values, texts)
    await session.delete(item)
    await session.flush()
    change = PlanChange(
        ["checklist.keep", "scope.task"],
        "task",
        task.id,
        task.title,
        f"Shall the item {item.title} be a task of its own?",
        "new task",
    )
    effects = await settle(session, plan, change, texts)
    tell_created(session, plan, task, {"type": "checklist_item", "id": str(item.id)})
    tell_rest(session, plan, "task")
    _tell(session, ITEM_REMOVED, item, subtask_id=str(task.id))
    return task, effects


async def _require_task(session: WriteSession, project_id: UUID, task_id: UUID) -> None:
    try:
        of_project = await project_of_task(session, task_id)
    except NotFound:
        raise UnknownReference("task_id") from None
    if of_project != project_id:
        raise UnknownReference("task_id")


async def _move(session: WriteSession, item: ChecklistItem, after_id: UUID | None) -> None:
    ranks = await ranks_of(session, item.task_id)
    del ranks[item.id]
    item.rank = await _rank_behind(session, ranks, after_id)


async def _rank_behind(session: WriteSession, ranks: Mapping[UUID, str], after_id: UUID | None) -> str:
    """A rank behind one of a task's other items, or before all of them. Raises UnknownReference.

    Where ranks have grown long, the others get new ones first.
    """
    if after_id is not None and after_id not in ranks:
        raise UnknownReference("after_id")
    order = list(ranks)
    place = order.index(after_id) + 1 if after_id is not None else 0
    values = [*ranks.values()]
    rank = between(values[place - 1] if place else None, values[place] if place < len(values) else None)
    if len(rank) <= MAXIMUM_LENGTH:
        return rank
    values = spread(len(order))
    await give_ranks(session, dict(zip(order, values, strict=True)))
    return between(values[place - 1] if place else None, values[place] if place < len(values) else None)


async def _settle(session: WriteSession, item: ChecklistItem, question: str, chosen: str) -> None:
    await session.flush()
    await require_authority(session, item.project_id, ["checklist.keep"])
    await record_acceptance(
        session,
        project_id=item.project_id,
        kind="checklist.keep",
        question=question,
        chosen=chosen,
        subject_type="checklist_item",
        subject_id=item.id,
    )


def _tell(session: WriteSession, fact_type: FactType, item: ChecklistItem, **more: Any) -> None:
    session.record(fact_type, "checklist_item", item.id, _row(item) | more, project_id=item.project_id)


def _row(item: ChecklistItem) -> dict[str, Any]:
    return {
        "task_id": str(item.task_id),
        "title": item.title,
        "rank": item.rank,
        "done": item.done,
        "done_by_id": item.done_by_id and str(item.done_by_id),
        "assignee_id": item.assignee_id and str(item.assignee_id),
        "due_on": item.due_on and item.due_on.isoformat(),
    }
