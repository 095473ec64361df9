"""Action items of meetings become tasks of their owners without moving anything."""

from uuid import UUID

import orjson
import pytest

from services.kernel.ids import new_id
from tests.factories.plans import make_plan, read_task
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def hear(world: World, action_id: UUID, **members: object) -> None:
    data = {
        "meeting_id": str(new_id()),
        "title": "Order the steel",
        "owner_id": str(world["member"].id),
        "due_date": "2026-03-20",
        "parent_task_id": None,
    }
    fact = ("coordination.action_item.assigned", action_id, data | members, world.project_id)
    await world.under_test.hear(world.tenant_id, "coordination", [fact])


async def test_an_action_item_becomes_a_task_of_its_owner_and_moves_nothing(world: World) -> None:
    plan = await make_plan(world)
    action_id = new_id()
    await hear(world, action_id)
    tasks = (await world["member"].get(f"/v1/projects/{world.project_id}/tasks")).json()["data"]
    folder, task = tasks[-2:]
    assert (folder["title"], folder["summary"], task["parent_id"]) == ("Actions", True, folder["id"])
    assert (task["title"], task["assignee_id"]) == ("Order the steel", str(world["member"].id))
    assert (task["deadline"], task["milestone"], task["critical"]) == ("2026-03-20T23:59:00", False, False)
    assert [await read_task(world, each) for each in plan.values()] == list(plan.values())
    async with world.under_test.service.database.read(world.tenant_id) as session:
        text = await session.value(
            "select envelope from outbox where tenant_id = $1 and type = 'planning.task.created' order by number desc limit 1",
            world.tenant_id,
        )
    assert orjson.loads(text)["data"]["origin"] == {"type": "action_item", "id": str(action_id)}


@pytest.mark.parametrize("due_date", ["2020-01-08", None])
async def test_an_action_agreed_behind_the_plans_end_neither_comes_late_nor_holds_the_finish_up(
    planning: ServiceUnderTest, due_date: str | None
) -> None:
    world = await planning.world(make_policy(), {"start": "2020-01-06T08:00:00"})
    plan = await make_plan(world)
    manager, project = world["manager"], f"/v1/projects/{world.project_id}"
    await hear(world, new_id(), due_date=due_date)
    tasks = (await manager.get(f"{project}/tasks")).json()["data"]
    if due_date is not None:
        assert "2020-01-06" <= tasks[-1]["start"][:10] <= due_date
        assert tasks[-1]["total_float_minutes"] >= 0
    before = (await manager.get(project)).json()["finish"]
    for task in plan.values():
        fresh = await read_task(world, task)
        if not fresh["summary"] and fresh["duration_minutes"]:
            shorter = await manager.patch(f"/v1/tasks/{fresh['id']}", {"duration_minutes": 1}, fresh["version"])
            assert shorter.status_code == 200, shorter.text
    assert (await manager.get(project)).json()["finish"] < before


async def test_a_second_action_joins_the_first_and_a_repeated_one_does_not(world: World) -> None:
    first = new_id()
    await hear(world, first)
    await hear(world, new_id(), title="Call the surveyor", owner_id=str(new_id()), due_date=None)
    await hear(world, first)
    tasks = (await world["member"].get(f"/v1/projects/{world.project_id}/tasks")).json()["data"]
    assert [each["title"] for each in tasks] == ["Actions", "Order the steel", "Call the surveyor"]
    assert tasks[2]["assignee_id"] is None


async def test_an_action_goes_below_the_task_that_the_meeting_named(world: World) -> None:
    plan = await make_plan(world)
    await hear(world, new_id(), parent_task_id=plan["fence"]["id"])
    tasks = (await world["member"].get(f"/v1/projects/{world.project_id}/tasks")).json()["data"]
    assert next(each for each in tasks if each["title"] == "Order the steel")["parent_id"] == plan["fence"]["id"]
