"""Plans to schedule: tasks in a chain, with float beside them, as a manager would enter them."""

from typing import Any

from tests.factories.world import World

DAY = 450


async def make_task(world: World, title: str, **members: Any) -> dict[str, Any]:
    """A task that the manager enters."""
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/tasks", {"title": title} | members)
    assert answer.status_code == 201, answer.text
    task: dict[str, Any] = answer.json()
    return task


async def make_link(
    world: World, predecessor: dict[str, Any], successor: dict[str, Any], **members: Any
) -> dict[str, Any]:
    """A dependency between two tasks, finish to start unless said otherwise."""
    body = {"predecessor_id": predecessor["id"], "successor_id": successor["id"]} | members
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/dependencies", body)
    assert answer.status_code == 201, answer.text
    dependency: dict[str, Any] = answer.json()
    return dependency


async def read_task(world: World, task: dict[str, Any]) -> dict[str, Any]:
    """The task as it is now."""
    answer = await world["manager"].get(f"/v1/tasks/{task['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def make_plan(world: World) -> dict[str, dict[str, Any]]:
    """Survey (2 d) → foundation (5 d) → handover (milestone), and a fence (1 d) beside the foundation with 4 d of float."""
    survey = await make_task(world, "Survey", duration_minutes=2 * DAY)
    foundation = await make_task(world, "Foundation", duration_minutes=5 * DAY)
    fence = await make_task(world, "Fence", duration_minutes=DAY)
    handover = await make_task(world, "Handover", milestone=True)
    await make_link(world, survey, foundation)
    await make_link(world, survey, fence)
    await make_link(world, foundation, handover)
    await make_link(world, fence, handover)
    named = {"survey": survey, "foundation": foundation, "fence": fence, "handover": handover}
    return {name: await read_task(world, task) for name, task in named.items()}
