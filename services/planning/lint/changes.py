"""The ready-made changes that findings propose."""

from typing import Any

from services.planning.lint.finding import Finding, Step
from services.planning.lint.ground import AssignmentRow, Ground, ResourceRow
from services.planning.schedule.plan_rows import PlanLink, PlanTask


def change_task(task: PlanTask, **patch: Any) -> Step:
    return Step("PATCH", f"/v1/tasks/{task.id}", patch, task.version)


def change_link(ground: Ground, link: PlanLink, **patch: Any) -> Step:
    return Step("PATCH", f"/v1/dependencies/{link.id}", patch, ground.link_versions.get(link.id))


def drop_link(ground: Ground, link: PlanLink) -> Step:
    return Step("DELETE", f"/v1/dependencies/{link.id}", None, ground.link_versions.get(link.id))


def link_tasks(ground: Ground, predecessor: PlanTask, successor: PlanTask) -> Step:
    body = {"predecessor_id": str(predecessor.id), "successor_id": str(successor.id)}
    return Step("POST", f"/v1/projects/{ground.plan.project_id}/dependencies", body)


def add_milestone(ground: Ground, title: str, parent: PlanTask | None) -> Step:
    body = {"title": title, "milestone": True, "parent_id": None if parent is None else str(parent.id)}
    return Step("POST", f"/v1/projects/{ground.plan.project_id}/tasks", body)


def change_resource(resource: ResourceRow, **patch: Any) -> Step:
    return Step("PATCH", f"/v1/resources/{resource.id}", patch, resource.version)


def assign(ground: Ground, task: PlanTask, resource: ResourceRow) -> Step:
    body = {"task_id": str(task.id), "resource_id": str(resource.id)}
    return Step("POST", f"/v1/projects/{ground.plan.project_id}/assignments", body)


def unassign(assignment: AssignmentRow) -> Step:
    return Step("DELETE", f"/v1/assignments/{assignment.id}", None, assignment.version)


def of_task(ground: Ground, task: PlanTask, minutes: int, *steps: Step, **values: Any) -> Finding:
    """A finding about a task; what is at stake is what is still to be spent on it."""
    return Finding("task", task.id, task.title, minutes, ground.cost_of(task), steps, values)


def of_link(
    ground: Ground, link: PlanLink, ends: tuple[PlanTask, PlanTask], minutes: int, *steps: Step, **values: Any
) -> Finding:
    """A finding about a dependency; what is at stake is what is still to be spent on its successor."""
    predecessor, successor = ends
    title = f"{predecessor.title} → {successor.title}"
    told = {"predecessor_id": str(predecessor.id), "successor_id": str(successor.id), **values}
    return Finding("dependency", link.id, title, minutes, ground.cost_of(successor), steps, told)


def of_project(ground: Ground, minutes: int, *steps: Step, **values: Any) -> Finding:
    """A finding about the whole project, with the price of that much delay."""
    plan = ground.plan
    return Finding("project", plan.project_id, plan.name, minutes, ground.cost_of_delay(minutes), steps, values)
