"""Checklists: who keeps them, in which order, what is counted, and what becomes work of its own."""

import asyncio
from typing import Any

import pytest

from services.kernel.ids import new_id
from services.planning.checklists import use_cases
from tests.factories.plans import make_task, read_task
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def add(world: World, task: dict[str, Any], title: str, **members: Any) -> dict[str, Any]:
    path = f"/v1/projects/{world.project_id}/checklist-items"
    answer = await world["member"].post(path, {"task_id": task["id"], "title": title} | members)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def titles(world: World, query: str = "") -> list[str]:
    answer = await world["member"].get(f"/v1/projects/{world.project_id}/checklist-items?{query}")
    assert answer.status_code == 200, answer.text
    return [each["title"] for each in answer.json()["data"]]


async def test_strangers_find_no_item_and_readers_tick_none_off(world: World) -> None:
    task = await make_task(world, "Pour")
    item = await add(world, task, "Order")
    path, project = f"/v1/checklist-items/{item['id']}", f"/v1/projects/{world.project_id}/checklist-items"
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(path)).status_code == 404
        assert (await caller.get(project)).status_code == 404
        assert (await caller.post(project, {"task_id": task["id"], "title": "Mine"})).status_code == 404
        assert (await caller.patch(path, {"done": True}, 1)).status_code == 404
        assert (await caller.delete(path, 1)).status_code == 404
        assert (await caller.post(f"{path}/subtask")).status_code == 404
    assert (await world["stakeholder"].patch(path, {"done": True}, 1)).status_code == 403
    assert (await world["member"].patch(path, {"done": True})).status_code == 428
    assert (await world["member"].patch(path, {"done": True}, 7)).status_code == 412
    asked = await world["member"].post(f"{path}/subtask")
    assert (asked.status_code, asked.json()["code"]) == (403, "authority_required")


async def test_what_is_no_item_is_refused_with_its_place(world: World) -> None:
    task, other = await make_task(world, "Pour"), await make_task(world, "Dig")
    theirs = await add(world, other, "Spade")
    abroad = await make_task(await world.under_test.world(make_policy()), "Elsewhere")
    for wrong in (
        {"task_id": str(new_id())},
        {"task_id": abroad["id"]},
        {"assignee_id": str(world["stranger"].id)},
        {"after_id": theirs["id"]},
        {"title": ""},
        {"title": "a\nb"},
        {"done": "true"},
        {"due_on": 20260306},
        {"rank": "i"},
    ):
        body = {"task_id": task["id"], "title": "Order"} | wrong
        answer = await world["member"].post(f"/v1/projects/{world.project_id}/checklist-items", body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{next(iter(wrong))}")
    answer = await world["member"].get(f"/v1/projects/{world.project_id}/checklist-items?done=maybe")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_filter_value")


async def test_items_keep_their_order_and_are_counted(world: World) -> None:
    pour, dig = await make_task(world, "Pour"), await make_task(world, "Dig")
    await add(world, dig, "Spade")
    a = await add(world, pour, "A")
    b = await add(world, pour, "B", due_on="2026-03-06", assignee_id=str(world["member"].id))
    await add(world, pour, "C", after_id=a["id"])
    await add(world, pour, "D", after_id=None)
    assert await titles(world) == ["D", "A", "C", "B", "Spade"]
    moved = await world["member"].patch(f"/v1/checklist-items/{b['id']}", {"after_id": None}, 1)
    assert (moved.status_code, moved.json()["version"]) == (200, 2)
    assert await titles(world, f"task_id={pour['id']}") == ["B", "D", "A", "C"]
    itself = await world["member"].patch(f"/v1/checklist-items/{b['id']}", {"after_id": b["id"]}, 2)
    assert itself.status_code == 422
    done = await world["member"].patch(f"/v1/checklist-items/{b['id']}", {"done": True}, 2)
    assert (done.json()["done_by_id"], done.json()["done"]) == (str(world["member"].id), True)
    assert done.json()["done_at"] is not None
    again = await world["coordinator"].patch(f"/v1/checklist-items/{b['id']}", {"done": True, "title": "B!"}, 3)
    assert (again.json()["done_by_id"], again.json()["done_at"]) == (str(world["member"].id), done.json()["done_at"])
    assert await titles(world, "done=true") == ["B!"]
    assert await titles(world, f"done=false&task_id={pour['id']}") == ["D", "A", "C"]
    assert await titles(world, "due_on[lte]=2026-03-06") == ["B!"]
    listed = await world["member"].get(f"/v1/projects/{world.project_id}/tasks?expand=checklist&fields=title")
    assert [each["checklist"] for each in listed.json()["data"]] == [{"done": 1, "total": 4}, {"done": 0, "total": 1}]
    open_again = await world["member"].patch(f"/v1/checklist-items/{b['id']}", {"done": False}, 4)
    assert (open_again.json()["done_at"], open_again.json()["done_by_id"]) == (None, None)
    assert (await world["member"].delete(f"/v1/checklist-items/{b['id']}", 5)).status_code == 204
    assert (await world["manager"].delete(f"/v1/tasks/{pour['id']}", pour["version"])).status_code == 204
    assert await titles(world) == ["Spade"]


async def test_an_item_becomes_a_task_below_its_task(world: World) -> None:
    task = await make_task(world, "Pour")
    item = await add(world, task, "Order", due_on="2026-03-06", assignee_id=str(world["member"].id))
    other = await add(world, task, "Fetch", done=True)
    made = await world["manager"].post(f"/v1/checklist-items/{item['id']}/subtask")
    assert made.status_code == 201, made.text
    subtask = made.json()
    assert (subtask["parent_id"], subtask["title"], subtask["deadline"]) == (task["id"], "Order", "2026-03-06T23:59:00")
    assert subtask["assignee_id"] == str(world["member"].id)
    assert made.headers["location"] == f"/v1/tasks/{subtask['id']}"
    assert (await read_task(world, task))["summary"] is True
    assert await titles(world) == ["Fetch"]
    done = await world["manager"].post(f"/v1/checklist-items/{other['id']}/subtask")
    assert done.json()["status"] == "done"
    assert (await world["manager"].post(f"/v1/checklist-items/{item['id']}/subtask")).status_code == 404


async def test_a_list_has_an_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use_cases, "MAXIMUM_ITEMS", 2)
    task = await make_task(world, "Pour")
    await add(world, task, "A")
    await add(world, task, "B")
    body = {"task_id": task["id"], "title": "C"}
    answer = await world["member"].post(f"/v1/projects/{world.project_id}/checklist-items", body)
    assert (answer.status_code, answer.json()["code"], answer.json()["limit"]) == (422, "checklist_too_long", 2)


async def test_who_adds_at_once_gets_places_of_their_own_and_long_ranks_are_given_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(use_cases, "MAXIMUM_LENGTH", 8)
    task = await make_task(world, "Pour")
    first = await add(world, task, "First")
    await add(world, task, "Last")
    await asyncio.gather(*(add(world, task, f"Item {number}", after_id=first["id"]) for number in range(12)))
    answer = await world["member"].get(f"/v1/projects/{world.project_id}/checklist-items?task_id={task['id']}")
    ranks = [each["rank"] for each in answer.json()["data"]]
    assert ranks == sorted(set(ranks))
    assert max(map(len, ranks)) <= 8
    names = await titles(world)
    assert (names[0], names[-1], len(names)) == ("First", "Last", 14)
