"""The end that every change of a plan has: measured, allowed, stored, told."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.kernel.access import require_authority
from services.kernel.session import WriteSession
from services.planning.schedule.events import PLAN_RESCHEDULED, ROWS_IN_A_PART
from services.planning.schedule.impact import impact_of, measures_of
from services.planning.schedule.plan_rows import PlanTask, task_row
from services.planning.schedule.repository.storing import store_plan
from services.planning.schedule.working_plan import WorkingPlan

_ROWS_IN_AN_ANSWER: Final = 1_000


async def settle(
    session: WriteSession, plan: WorkingPlan, kinds: Iterable[str], texts: dict[UUID, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Reschedule, measure, ask for authority and store. Returns the `effects` of the answer.

    Raises what the engine refuses, and AuthorityRequired with the impact; nothing has been stored then.
    """
    plan.reschedule()
    impact = impact_of(plan)
    await require_authority(session, plan.project_id, sorted(kinds), measures_of(impact), impact)
    await store_plan(session, plan, texts)
    return effects_of(plan)


def effects_of(plan: WorkingPlan) -> dict[str, Any]:
    """The tasks that others' changes moved, as rows with their new versions, and how many they are in all."""
    moved = moved_tasks(plan)
    rows = [task_row(task) | {"version": task.version} for task in moved[:_ROWS_IN_AN_ANSWER]]
    return {"changed_tasks": rows, "changed_tasks_total": len(moved)}


def moved_tasks(plan: WorkingPlan) -> list[PlanTask]:
    """The tasks that nobody touched and that changed all the same."""
    return [task for task in plan.moved.values() if task.id in plan.tasks]


def plan_dates(start: datetime, finish: datetime | None) -> dict[str, str | None]:
    """The plan's frame as facts show it."""
    return {"start": start.isoformat(), "finish": finish.isoformat() if finish is not None else None}


def first_part(plan: WorkingPlan) -> dict[str, Any]:
    """`moved` and `plan` of a fact about one task; the rows beyond a part follow by `tell_rest`."""
    rows = [task_row(task) for task in moved_tasks(plan)[:ROWS_IN_A_PART]]
    return {"moved": rows, "plan": plan_dates(plan.start, plan.finish)}


def tell_rest(session: WriteSession, plan: WorkingPlan, cause: str, skip: int = ROWS_IN_A_PART) -> None:
    """Record the moved tasks beyond the first `skip` in parts."""
    rest = moved_tasks(plan)[skip:]
    parts = parts_of(rest)
    for number, part in enumerate(parts, 1):
        data = {
            "cause": cause,
            "moved": [task_row(task) for task in part],
            "plan": plan_dates(plan.start, plan.finish),
            "part": number,
            "parts": len(parts),
        }
        session.record(PLAN_RESCHEDULED, "project", plan.project_id, data, project_id=plan.project_id)


def parts_of(rows: Sequence[Any]) -> list[Sequence[Any]]:
    """Rows in parts that a message can carry."""
    return [rows[start : start + ROWS_IN_A_PART] for start in range(0, len(rows), ROWS_IN_A_PART)]
