"""Reasons read off the schedule for those who may see the plan."""

from typing import Any
from uuid import UUID

from services.kernel.access import require_member
from services.kernel.problems import InvalidFilterValue, NotFound
from services.kernel.requests import Read
from services.kernel.working_time import TICKS_PER_MINUTE, to_local
from services.planning.schedule.explanation import Bound, bounds_of, driving_path, float_paths
from services.planning.schedule.network import Driver
from services.planning.schedule.plan_rows import PlanTask
from services.planning.schedule.repository.collections import TASKS
from services.planning.schedule.repository.loading import load_plan, project_of_task
from services.planning.schedule.working_plan import WorkingPlan


async def explain(read: Read, task_id: UUID) -> dict[str, Any]:
    """Why the task lies where it does. Raises NotFound for a task that the reader does not see."""
    project_id = await project_of_task(read.session, task_id)
    await TASKS.require_visible(read.session, task_id, read.principal.person_id)
    plan = await load_plan(read.session, project_id)
    task = plan.tasks.get(task_id)
    if task is None:
        raise NotFound
    sweeps, link_ids = plan.swept()
    dependency_id = task.driving_dependency_id
    return {
        "type": "explanation",
        "task_id": str(task_id),
        "project_id": str(project_id),
        "title": task.title,
        "start": task.start,
        "finish": task.finish,
        "driver": {"reason": task.driver, "dependency_id": dependency_id and str(dependency_id)},
        "bounds": [_bound(each, link_ids) for each in bounds_of(sweeps, task_id)],
    }


async def find_driving_path(read: Read, project_id: UUID, from_id: UUID, to_id: UUID) -> dict[str, Any]:
    """The shortest chain of driving links between two tasks of the project. Raises InvalidFilterValue."""
    await require_member(read.session, read.principal, project_id)
    plan = await load_plan(read.session, project_id)
    for name, task_id in (("from", from_id), ("to", to_id)):
        if task_id not in plan.tasks:
            raise InvalidFilterValue(name=name)
    sweeps, _ = plan.swept()
    path = driving_path(sweeps, from_id, to_id) or []
    return {
        "type": "driving_path",
        "project_id": str(project_id),
        "from_id": str(from_id),
        "to_id": str(to_id),
        "tasks": _rows(plan, path),
    }


async def list_float_paths(read: Read, project_id: UUID, limit: int) -> dict[str, Any]:
    """The most critical paths through the work that is not finished."""
    await require_member(read.session, read.principal, project_id)
    plan = await load_plan(read.session, project_id)
    sweeps, _ = plan.swept()
    paths = []
    for path in float_paths(sweeps, limit):
        tasks = _rows(plan, path.tasks)
        paths.append(
            {
                "total_float_minutes": int(path.total_float / TICKS_PER_MINUTE),
                "start": min(each["start"] for each in tasks),
                "finish": max(each["finish"] for each in tasks),
                "tasks": tasks,
            }
        )
    return {"type": "float_paths", "project_id": str(project_id), "paths": paths}


def _bound(bound: Bound, link_ids: dict[int, UUID]) -> dict[str, Any]:
    link, holder = bound.link, bound.holder
    children = bound.reason is Driver.CHILDREN
    task_id = holder if children else None if link is None else link.predecessor
    return {
        "reason": bound.reason.value,
        "drives": bound.drives,
        "date": to_local(bound.moment),
        "start": to_local(bound.start),
        "finish": to_local(bound.finish),
        "task_id": None if task_id is None else str(task_id),
        "dependency_id": None if link is None else str(link_ids[id(link)]),
        "summary_id": None if children or holder is None else str(holder),
        "resource_id": None if bound.resource_id is None else str(bound.resource_id),
        "constraint_type": None if bound.constraint is None else bound.constraint.name.lower(),
    }


def _rows(plan: WorkingPlan, ids: "list[Any] | tuple[Any, ...]") -> list[dict[str, Any]]:
    return [path_row(plan.tasks[each]) for each in ids]


def path_row(task: PlanTask) -> dict[str, Any]:
    """A task as a step of a path."""
    return {
        "id": str(task.id),
        "wbs_code": task.wbs_code,
        "title": task.title,
        "start": task.start,
        "finish": task.finish,
        "total_float_minutes": task.total_float_minutes,
        "critical": task.critical,
    }
