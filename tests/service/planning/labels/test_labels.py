"""Labels: who keeps them, what becomes of tasks that have them, and what is found by them."""

import asyncio
from typing import Any

import pytest

from services.kernel.ids import new_id
from tests.factories.plans import make_task, read_task
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def make_label(world: World, name: str, **members: Any) -> dict[str, Any]:
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/labels", {"name": name} | members)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def label(world: World, task: dict[str, Any], **said: Any) -> list[str]:
    answer = await world["coordinator"].post(f"/v1/tasks/{task['id']}/labellings", said)
    assert answer.status_code == 200, answer.text
    words: list[str] = answer.json()["labels"]
    return words


async def test_strangers_find_no_label_and_members_propose_one(world: World) -> None:
    made = await make_label(world, "concrete")
    path = f"/v1/projects/{world.project_id}/labels"
    task = await make_task(world, "Pour")
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(path)).status_code == 404
        assert (await caller.get(f"/v1/labels/{made['id']}")).status_code == 404
        assert (await caller.post(path, {"name": "steel"})).status_code == 404
        assert (await caller.patch(f"/v1/labels/{made['id']}", {"name": "steel"}, 1)).status_code == 404
        assert (await caller.delete(f"/v1/labels/{made['id']}", 1)).status_code == 404
        assert (await caller.post(f"/v1/tasks/{task['id']}/labellings", {"add": []})).status_code == 404
    short = await world["member"].post(path, {"name": "steel"})
    assert (short.status_code, short.json()["code"]) == (403, "authority_required")
    assert (await world["stakeholder"].post(f"/v1/tasks/{task['id']}/labellings", {})).status_code == 403
    assert (await world["coordinator"].post(path, {"name": "steel"})).status_code == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "a,b"},
        {"name": "a\nb"},
        {"name": "x" * 201},
        {"name": 7},
        {"colour": "red"},
        {"colour": "#12345"},
        {"colour": "#1234567"},
        {"color": "#123456"},
    ],
)
async def test_what_is_no_label_is_refused_with_its_place(world: World, wrong: dict[str, Any]) -> None:
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/labels", {"name": "ok"} | wrong)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith(f"/{next(iter(wrong))}")


async def test_a_name_is_one_label_whichever_case_it_is_written_in(world: World) -> None:
    await make_label(world, "Ålesund", colour="#AABBCC")
    other = await make_label(world, "Bergen")
    again = await world["manager"].post(f"/v1/projects/{world.project_id}/labels", {"name": "ÅLESUND"})
    assert (again.status_code, again.json()["code"]) == (409, "label_taken")
    renamed = await world["manager"].patch(f"/v1/labels/{other['id']}", {"name": "ålesund"}, 1)
    assert (renamed.status_code, renamed.json()["code"]) == (409, "label_taken")
    listed = (await world["member"].get(f"/v1/projects/{world.project_id}/labels")).json()["data"]
    assert [(each["name"], each["colour"]) for each in listed] == [("Bergen", "#8a8d91"), ("Ålesund", "#aabbcc")]


async def test_a_task_takes_and_loses_labels_and_is_found_by_them(world: World) -> None:
    concrete, steel = await make_label(world, "concrete"), await make_label(world, "steel")
    pour, weld, dig = [await make_task(world, title, labels=["Winter"]) for title in ("Pour", "Weld", "Dig")]
    assert await label(world, pour, add=[concrete["id"]]) == ["Winter", "concrete"]
    assert await label(world, pour, add=[concrete["id"], concrete["id"]]) == ["Winter", "concrete"]
    await label(world, weld, add=[concrete["id"], steel["id"]])
    path = f"/v1/projects/{world.project_id}/tasks"

    async def found(query: str) -> list[str]:
        answer = await world["member"].get(f"{path}?{query}")
        assert answer.status_code == 200, answer.text
        return [each["title"] for each in answer.json()["data"]]

    assert await found(f"label_id={concrete['id']}") == ["Pour", "Weld"]
    assert await found(f"label_id[in]={steel['id']},{new_id()}") == ["Weld"]
    assert await found(f"label_id[nin]={steel['id']}") == ["Pour", "Dig"]
    assert await found("label_id[null]=true") == ["Dig"]
    assert await found(f"label_id={concrete['id']}&label_id={steel['id']}") == ["Weld"]
    assert (await world["member"].get(f"{path}?label_id=concrete")).json()["code"] == "invalid_filter_value"
    where = {"not": {"field": "label_id", "value": steel["id"]}}
    searched = await world["member"].post(f"{path}/searches", {"where": where})
    assert [each["title"] for each in searched.json()["data"]] == ["Pour", "Dig"]
    assert await label(world, weld, remove=[concrete["id"]]) == ["Winter", "steel"]
    assert await found(f"label_id={concrete['id']}") == ["Pour"]
    assert dig["labels"] == ["Winter"]


async def test_labels_of_other_projects_and_too_many_of_them_are_refused(world: World) -> None:
    task = await make_task(world, "Pour", labels=[f"word {number}" for number in range(20)])
    for member in ("add", "remove"):
        answer = await world["manager"].post(f"/v1/tasks/{task['id']}/labellings", {member: [str(new_id())]})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{member}")
    concrete = await make_label(world, "concrete")
    answer = await world["manager"].post(f"/v1/tasks/{task['id']}/labellings", {"add": [concrete["id"]]})
    assert (answer.status_code, answer.json()["code"], answer.json()["limit"]) == (422, "too_many_labels", 20)


async def test_tasks_follow_a_label_that_is_renamed_and_lose_one_that_is_removed(world: World) -> None:
    concrete = await make_label(world, "concrete")
    task = await make_task(world, "Pour", labels=["first", "Concrete", "last", "betong"])
    other = await make_task(world, "Dig", labels=["first"])
    renamed = await world["coordinator"].patch(f"/v1/labels/{concrete['id']}", {"name": "Betong"}, 1)
    assert renamed.status_code == 200, renamed.text
    now = await read_task(world, task)
    assert (now["labels"], now["version"]) == (["first", "Betong", "last"], task["version"] + 1)
    assert (await read_task(world, other))["version"] == other["version"]
    assert (await world["coordinator"].delete(f"/v1/labels/{concrete['id']}", 1)).status_code == 412
    assert (await world["coordinator"].delete(f"/v1/labels/{concrete['id']}", 2)).status_code == 204
    assert (await read_task(world, task))["labels"] == ["first", "last"]


async def test_two_who_label_a_task_at_once_keep_each_others_labels(world: World) -> None:
    task = await make_task(world, "Pour")
    made = [await make_label(world, f"label {number}") for number in range(6)]
    answers = await asyncio.gather(
        *(world["manager"].post(f"/v1/tasks/{task['id']}/labellings", {"add": [each["id"]]}) for each in made)
    )
    assert [each.status_code for each in answers] == [200] * 6
    assert sorted((await read_task(world, task))["labels"]) == [each["name"] for each in made]
