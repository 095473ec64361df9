"""What a change of the plan does to its cost: work follows durations, and the impact tells the money."""

from typing import Any

import pytest

from tests.factories.plans import DAY, make_plan, make_task
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def make_part(
    world: World, task: dict[str, Any], rate: str | None = "600.00", currency: str = "NOK", **members: Any
) -> dict[str, Any]:
    """A resource's part in a task; what belongs to the resource is told apart by its name."""
    project = f"/v1/projects/{world.project_id}"
    resource = {"name": "Crane", "resource_type": members.pop("resource_type", "work")}
    if rate is not None:
        resource["standard_rate"] = {"amount": rate, "currency": currency}
    made = await world["manager"].post(f"{project}/resources", resource)
    assert made.status_code == 201, made.text
    body = {"task_id": task["id"], "resource_id": made.json()["id"]} | members
    answer = await world["manager"].post(f"{project}/assignments", body)
    assert answer.status_code == 201, answer.text
    part: dict[str, Any] = answer.json()
    return part


async def lengthen(world: World, task: dict[str, Any], days: int, query: str = "", **members: Any) -> dict[str, Any]:
    path = f"/v1/tasks/{task['id']}"
    version = (await world["manager"].get(path)).json()["version"]
    answer = await world["manager"].patch(path + query, {"duration_minutes": days * DAY} | members, version)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def kroner(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "NOK"}


@pytest.mark.parametrize(
    ("task_type", "work_days", "units", "after"),
    [
        ("fixed_units", 4, "50.00", "18000.00"),
        ("fixed_duration", 4, "50.00", "18000.00"),
        ("fixed_work", 2, "25.00", "9000.00"),
    ],
)
async def test_what_gives_way_to_a_new_duration_follows_the_task_type(
    world: World, task_type: str, work_days: int, units: str, after: str
) -> None:
    task = await make_task(world, "Dig", duration_minutes=4 * DAY, task_type=task_type)
    part = await make_part(world, task, units_percent="50")
    assert part["effects"]["impact"]["cost"] == {
        "before": kroner("0.00"),
        "after": kroner("9000.00"),
        "change": kroner("9000.00"),
    }
    changed = await lengthen(world, task, 8)
    found = (await world["member"].get(f"/v1/assignments/{part['id']}")).json()
    assert (found["work_minutes"], found["units_percent"]) == (work_days * DAY, units)
    cost = changed["effects"]["impact"].get("cost", {"after": kroner("9000.00")})
    assert cost["after"] == kroner(after)
    assert ("cost" in changed["effects"]["impact"]) is (task_type != "fixed_work")


async def test_work_that_was_given_gives_way_to_duration_times_units(world: World) -> None:
    task = await make_task(world, "Dig", duration_minutes=4 * DAY)
    part = await make_part(world, task, work_minutes=DAY)
    changed = await lengthen(world, task, 8)
    assert changed["effects"]["impact"]["cost"]["change"] == kroner("31500.00")
    assert (await world["member"].get(f"/v1/assignments/{part['id']}")).json()["work_minutes"] == 8 * DAY


async def test_a_part_of_a_task_that_had_no_duration_begins_to_work(world: World) -> None:
    task = await make_task(world, "Dig", duration_minutes=0, milestone=False)
    part = await make_part(world, task)
    assert "cost" not in part["effects"]["impact"]
    assert (await lengthen(world, task, 1))["effects"]["impact"]["cost"]["change"] == kroner("4500.00")
    assert (await world["member"].get(f"/v1/assignments/{part['id']}")).json()["work_minutes"] == DAY


async def test_the_cost_of_a_dry_run_is_the_difference_of_the_two_real_states(world: World) -> None:
    task = await make_task(world, "Dig", duration_minutes=3 * DAY)
    await make_part(world, task, "333.33", units_percent="33.33")
    await make_part(world, task, "0.07", units_percent="66.67")
    tried = await lengthen(world, task, 7, "?dry_run=true")
    done = await lengthen(world, task, 7)
    assert tried["impact"]["cost"] == done["effects"]["impact"]["cost"]
    # Whatever happens next begins where that change ended.
    cost = (await lengthen(world, task, 3))["effects"]["impact"]["cost"]
    assert cost["before"] == done["effects"]["impact"]["cost"]["after"]
    assert cost["after"] == done["effects"]["impact"]["cost"]["before"]


async def test_a_coordinator_proposes_what_costs_more_and_decides_what_costs_less(world: World) -> None:
    fence = (await make_plan(world))["fence"]
    await make_part(world, fence)
    path, version = f"/v1/tasks/{fence['id']}", fence["version"]
    answer = await world["coordinator"].patch(path, {"duration_minutes": 2 * DAY}, version)
    assert (answer.status_code, answer.json()["exceeded"]) == (403, ["cost"])
    assert answer.json()["impact"]["cost"]["change"] == kroner("4500.00")
    answer = await world["coordinator"].patch(path, {"duration_minutes": DAY // 2}, version)
    assert answer.status_code == 200, answer.text
    assert answer.json()["effects"]["impact"]["cost"]["change"] == kroner("-2250.00")
    decisions = await world["member"].get(f"/v1/projects/{world.project_id}/decisions?kind=schedule.dates")
    assert decisions.json()["data"][0]["decided_by_id"] == str(world["coordinator"].id)


async def test_rates_of_another_currency_and_no_rates_cost_nothing(world: World) -> None:
    task = await make_task(world, "Dig", duration_minutes=DAY)
    for rate, currency in ((None, "NOK"), ("100.00", "EUR")):
        assert "cost" not in (await make_part(world, task, rate, currency))["effects"]["impact"]
    assert "cost" not in (await lengthen(world, task, 2))["effects"]["impact"]


async def test_material_costs_by_the_unit_however_long_the_task_takes(world: World) -> None:
    task = await make_task(world, "Pour", duration_minutes=DAY)
    part = await make_part(world, task, "1450.50", resource_type="material", units_percent="300")
    assert part["effects"]["impact"]["cost"]["change"] == kroner("4351.50")
    assert "cost" not in (await lengthen(world, task, 2))["effects"]["impact"]


async def test_rates_deletions_and_inactive_tasks_change_the_cost(world: World) -> None:
    task = await make_task(world, "Dig", duration_minutes=DAY)
    part = await make_part(world, task)
    path = f"/v1/resources/{part['resource_id']}"
    dearer = await world["manager"].patch(path, {"standard_rate": kroner("700.00")}, 1)
    assert dearer.json()["effects"]["impact"]["cost"]["change"] == kroner("750.00")
    idle = await world["manager"].patch(f"/v1/tasks/{task['id']}", {"active": False}, task["version"])
    assert idle.json()["effects"]["impact"]["cost"]["change"] == kroner("-5250.00")
    busy = await world["manager"].patch(f"/v1/tasks/{task['id']}", {"active": True}, idle.json()["version"])
    assert busy.json()["effects"]["impact"]["cost"]["after"] == kroner("5250.00")
    tried = await world["manager"].delete(f"/v1/tasks/{task['id']}?dry_run=true", busy.json()["version"])
    assert tried.json()["impact"]["cost"]["after"] == kroner("0.00")
    off = await world["manager"].delete(f"/v1/assignments/{part['id']}?dry_run=true", part["version"])
    assert off.json()["impact"]["cost"]["change"] == kroner("-5250.00")
    gone = await world["manager"].delete(f"{path}?dry_run=true", dearer.json()["version"])
    assert gone.json()["impact"]["cost"]["after"] == kroner("0.00")
