"""Baselines beside each other and beside the plan: any number of them, each with dates, work, cost and parts."""

from typing import Any

import pytest

from services.kernel.ids import new_id
from tests.factories.plans import DAY, make_plan, make_task, read_task
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def set_baseline(world: World, name: str) -> str:
    body = {"name": name, "reason": "Agreed."}
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/baselines", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def compare(world: World, baseline: str, other: str | None = None, by: str = "manager") -> dict[str, Any]:
    query = "" if other is None else f"?with={other}"
    answer = await world[by].get(f"/v1/baselines/{baseline}/comparison{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def patch(world: World, task: dict[str, Any], change: dict[str, Any]) -> None:
    version = (await read_task(world, task))["version"]
    answer = await world["manager"].patch(f"/v1/tasks/{task['id']}", change, version)
    assert answer.status_code == 200, answer.text


async def assign(world: World, task: dict[str, Any]) -> dict[str, Any]:
    resource = await world["manager"].post(
        f"/v1/projects/{world.project_id}/resources",
        {"name": "Carpenter", "standard_rate": {"amount": "100.00", "currency": "NOK"}},
    )
    body = {"task_id": task["id"], "resource_id": resource.json()["id"]}
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/assignments", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_strangers_and_other_tenants_find_no_comparison(world: World) -> None:
    await make_plan(world)
    baseline = await set_baseline(world, "First")
    path = f"/v1/baselines/{baseline}/comparison"
    assert (await world.under_test.http.get(path)).status_code == 401
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(path)).status_code == 404
    assert (await world["manager"].get(f"/v1/baselines/{new_id()}/comparison")).status_code == 404


@pytest.mark.parametrize("other", ["0197d1c0-0000-7000-8000-0000000000ff", "yesterday", "", "x" * 37])
async def test_a_baseline_is_compared_with_one_of_its_project(world: World, other: str) -> None:
    await make_plan(world)
    baseline = await set_baseline(world, "First")
    answer = await world["manager"].get(f"/v1/baselines/{baseline}/comparison?with={other}")
    assert answer.status_code == 400, answer.text


async def test_the_plan_is_compared_with_what_was_agreed(world: World) -> None:
    plan = await make_plan(world)
    part = await assign(world, plan["foundation"])
    baseline = await set_baseline(world, "First")
    same = await compare(world, baseline)
    assert (same["tasks"], same["assignments"], same["sums"]["tasks_unchanged"]) == ([], [], 4)
    await patch(world, plan["foundation"], {"duration_minutes": 6 * DAY})
    version = (await read_task(world, plan["fence"]))["version"]
    assert (await world["manager"].delete(f"/v1/tasks/{plan['fence']['id']}", version)).status_code == 204
    added = await make_task(world, "Garden", duration_minutes=DAY)
    found = await compare(world, baseline)
    assert {each["title"]: each["change"] for each in found["tasks"]} == {
        "Foundation": "changed",
        "Handover": "changed",
        "Fence": "removed",
        "Garden": "added",
    }
    foundation = next(each for each in found["tasks"] if each["id"] == plan["foundation"]["id"])
    assert foundation["finish"] == {
        "before": "2026-03-10T16:00:00",
        "after": "2026-03-11T16:00:00",
        "moved_minutes": DAY,
    }
    assert foundation["work_minutes"] == {"before": 5 * DAY, "after": 6 * DAY}
    assert foundation["cost"]["after"] == {"amount": "4500.00", "currency": "NOK"}
    garden = next(each for each in found["tasks"] if each["id"] == added["id"])
    assert garden["start"] == {"before": None, "after": "2026-03-02T08:00:00"}
    sums = found["sums"]
    assert [sums[f"tasks_{each}"] for each in ("added", "removed", "changed", "moved", "unchanged")] == [1, 1, 2, 2, 1]
    assert sums["work_minutes"] == {"before": 5 * DAY, "after": 6 * DAY}
    assert sums["finish"]["moved_minutes"] == DAY
    assert [(each["resource_id"], each["change"], each["name"]) for each in found["assignments"]] == [
        (part["resource_id"], "changed", "Carpenter")
    ]


async def test_any_two_baselines_are_compared_and_later_changes_do_not_matter(world: World) -> None:
    plan = await make_plan(world)
    ids = []
    for number in range(12):
        await patch(world, plan["survey"], {"duration_minutes": (number + 1) * DAY})
        ids.append(await set_baseline(world, f"Plan {number}"))
    await patch(world, plan["survey"], {"duration_minutes": 0})
    found = await compare(world, ids[0], ids[11])
    assert found["with_id"] == ids[11]
    assert found["sums"]["finish"]["moved_minutes"] == 11 * DAY
    back = await compare(world, ids[11], ids[0])
    assert back["sums"]["finish"]["moved_minutes"] == -11 * DAY


async def test_cost_is_for_those_who_see_costs(world: World) -> None:
    plan = await make_plan(world)
    await assign(world, plan["foundation"])
    baseline = await set_baseline(world, "First")
    await patch(world, plan["foundation"], {"duration_minutes": 6 * DAY})
    blind = await compare(world, baseline, by="stakeholder")
    assert (blind["sums"]["cost"], blind["tasks"][0]["cost"]) == (None, None)
    assert blind["sums"]["work_minutes"] == {"before": 5 * DAY, "after": 6 * DAY}
    for by, cost in (("member", None), ("manager", {"amount": "3750.00", "currency": "NOK"})):
        rows = (await world[by].get(f"/v1/baselines/{baseline}/tasks")).json()["data"]
        kept = next(each for each in rows if each["id"] == plan["foundation"]["id"])
        assert (kept["cost"], kept["work_minutes"], kept["summary"]) == (cost, 5 * DAY, False)
