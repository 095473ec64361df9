"""Undoing a whole import: what it made goes, as long as nobody has worked with it since."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.kernel.access import require_member
from services.kernel.problems import error_at
from services.kernel.session import WriteSession
from services.planning.decisions.use_cases import record_decision
from services.planning.imports.events import IMPORT_REVERSED
from services.planning.imports.plan_import import Import, ImportChanged, ImportReversed
from services.planning.imports.repository import (
    changed_items,
    hanging_on,
    items_of,
    load_import,
    project_frame,
    remove_rest,
    set_project_frame,
)
from services.planning.schedule.calendar import default_calendar
from services.planning.schedule.events import ROWS_IN_A_PART, TASK_DELETED
from services.planning.schedule.plan_rows import Options
from services.planning.schedule.repository.loading import load_plan
from services.planning.schedule.use_cases.plan_changes import PlanChange, first_part, plan_dates, settle, tell_rest
from services.planning.schedule.working_plan import WorkingPlan

_PLURALS: Final = {"dependency": "dependencies"}
_FOLLOWS_FROM_THE_PLAN: Final = "start"


async def reverse_import(session: WriteSession, import_id: UUID) -> Import:
    """Remove everything that the import made, and give an emptied project its own frame back.

    Raises ImportReversed, and ImportChanged with the places where somebody changed or used what it made. Baselines that
    came with the file were agreed upon, and stay as every baseline does.
    """
    record = await load_import(session, import_id)
    project_id = record.project_id
    await require_member(session, session.principal, project_id)
    plan = await load_plan(session, project_id, lock=True)
    if record.reversed_at is not None:
        raise ImportReversed
    places = [
        error_at(f"/{_PLURALS.get(noun, f'{noun}s')}/{object_id}", "changed" if present else "gone", "since the import")
        for noun, object_id, present in await changed_items(session, import_id)
    ]
    places += [
        error_at(f"/{table.replace('_', '-')}/{object_id}", "refers_to_it", "it did not come with the import")
        for table, object_id in await hanging_on(session, import_id)
    ]
    frame = await _frame_before(session, record, places)
    if places:
        raise ImportChanged(errors=places[:100])
    tasks = [plan.tasks[task_id] for task_id in await items_of(session, import_id, "task")]
    made = {task.id for task in tasks}
    removed: list[UUID] = []
    for task in tasks:
        if task.parent_id not in made:
            removed += plan.remove(task)
    if frame is not None:
        _take_frame(plan, frame)
    question, chosen = f"May the import of {record.filename} be undone?", f"{len(removed)} tasks removed"
    change = PlanChange(["import.reverse"], "import", import_id, record.filename, question, chosen, True)
    await settle(session, plan, change)
    if frame is not None:
        await set_project_frame(session, project_id, frame)
    await remove_rest(session, import_id)
    record.reversed_at = session.now
    await session.flush()
    await record_decision(
        session,
        project_id=project_id,
        kind="import.reverse",
        question=question,
        chosen=chosen,
        impact=session.impact,
        executed_by_id=session.principal.person_id,
        subject_type="import",
        subject_id=import_id,
    )
    _tell(session, plan, record, removed)
    return record


async def _frame_before(session: WriteSession, record: Import, places: list[dict[str, str]]) -> dict[str, Any] | None:
    """What the project is given back, None where the import did not touch it. A changed one is one more of the places."""
    if record.frame_before is None or record.frame_after is None:
        return None
    now = await project_frame(session, record.project_id)
    computed = (_FOLLOWS_FROM_THE_PLAN,) if now["finish_target"] is not None else ()
    for name, value in record.frame_after.items():
        if now[name] != value and name not in computed:
            places.append(error_at(f"/projects/{record.project_id}/{name}", "changed", "since the import"))
    return {name: _value(name, value) for name, value in record.frame_before.items()}


def _value(name: str, value: Any) -> Any:
    """A value of the frame as its column takes it."""
    if value is None:
        return None
    if name in ("start", "status_date", "finish_target"):
        return datetime.fromisoformat(value)
    return UUID(value) if name == "calendar_id" else value


def _take_frame(plan: WorkingPlan, frame: dict[str, Any]) -> None:
    plan.start, plan.status_date = frame["start"], frame["status_date"]
    plan.minutes_per_day = frame["minutes_per_day"]
    plan.critical_float_minutes = frame["critical_float_minutes"]
    plan.options = Options(
        frame["honor_constraints"], frame["split_in_progress"], frame["multiple_critical_paths"], frame["finish_target"]
    )
    own = plan.calendars.get(frame["calendar_id"]) if frame["calendar_id"] is not None else None
    plan.calendars["project"] = own if own is not None else default_calendar(plan.minutes_per_day)


def _tell(session: WriteSession, plan: WorkingPlan, record: Import, removed: list[UUID]) -> None:
    """The tasks that are gone, in parts, the first of them with what moved because of it."""
    for start in range(0, len(removed), ROWS_IN_A_PART):
        part = removed[start : start + ROWS_IN_A_PART]
        frame = first_part(plan) if start == 0 else {"moved": [], "plan": plan_dates(plan.start, plan.finish)}
        data = {"removed_ids": [str(each) for each in part], **frame}
        session.record(TASK_DELETED, "task", part[0], data, project_id=plan.project_id)
    tell_rest(session, plan, "import")
    data = {"filename": record.filename, "tasks": len(removed)}
    session.record(IMPORT_REVERSED, "import", record.id, data, project_id=plan.project_id)
