"""Loads by time, over-allocations, a person's work over all projects, and what the plan costs by its time."""

from typing import Any
from uuid import UUID

import pytest

from services.kernel.ids import new_id
from tests.factories.plans import DAY, make_task
from tests.factories.policies import make_policy
from tests.factories.world import Caller, ServiceUnderTest, World


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def make(caller: Caller, project_id: UUID | str, noun: str, **members: Any) -> dict[str, Any]:
    answer = await caller.post(f"/v1/projects/{project_id}/{noun}", members)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def kari_at_work(caller: Caller, project_id: UUID | str, person_id: UUID, days: int = 2) -> dict[str, Any]:
    rate = {"amount": "100.00", "currency": "NOK"}
    kari = await make(caller, project_id, "resources", name="Kari", person_id=str(person_id), standard_rate=rate)
    task = await make(caller, project_id, "tasks", title="Dig", duration_minutes=days * DAY)
    await make(caller, project_id, "assignments", task_id=task["id"], resource_id=kari["id"])
    return kari


async def test_strangers_guests_and_other_tenants_find_nothing(world: World) -> None:
    kari = await kari_at_work(world["manager"], world.project_id, world["member"].id)
    project = f"/v1/projects/{world.project_id}"
    paths = [f"{project}/{noun}" for noun in ("resource-loads", "over-allocations", "planned-costs")]
    for path in [*paths, f"/v1/resources/{kari['id']}/load"]:
        for caller in (world["stranger"], world["guest"], world.foreigner()):
            assert (await caller.get(path)).status_code == 404
    assert (await world["member"].get(paths[2])).status_code == 404
    assert (await world["member"].get(f"/v1/resources/{new_id()}/load")).status_code == 404


@pytest.mark.parametrize(
    "query", ["by=year", "by=day&from=2026-03-02&to=2026-03-01", "by=day&to=2190-01-01", "by=day&from=0"]
)
async def test_days_that_make_no_series_are_refused(world: World, query: str) -> None:
    for noun in ("resource-loads", "planned-costs"):
        answer = await world["manager"].get(f"/v1/projects/{world.project_id}/{noun}?{query}")
        assert (answer.status_code, answer.json()["code"]) in [(400, "invalid_filter_value"), (400, "malformed")]


async def test_a_load_is_told_by_day_and_by_week(world: World) -> None:
    kari = await kari_at_work(world["manager"], world.project_id, world["member"].id)
    second = await make_task(world, "Pour", duration_minutes=DAY)
    await make(
        world["manager"],
        world.project_id,
        "assignments",
        task_id=second["id"],
        resource_id=kari["id"],
        units_percent="50",
    )
    path = f"/v1/projects/{world.project_id}/resource-loads"
    assert (await world["member"].get(path)).json()["loads"][0]["buckets"] is None
    (load,) = (await world["member"].get(f"{path}?by=day&to=2026-03-04")).json()["loads"]
    assert load["buckets"][0] == {
        "from_date": "2026-03-02",
        "to_date": "2026-03-02",
        "capacity_minutes": DAY,
        "load_minutes": DAY * 3 // 2,
        "overallocated_minutes": DAY // 2,
        "free_minutes": 0,
    }
    assert [day["load_minutes"] for day in load["buckets"]] == [DAY * 3 // 2, DAY, 0]
    (week,) = (await world["member"].get(f"{path}?by=week")).json()["loads"][0]["buckets"]
    assert (week["from_date"], week["to_date"]) == ("2026-03-02", "2026-03-08")
    assert (week["capacity_minutes"], week["load_minutes"], week["free_minutes"]) == (5 * DAY, DAY * 5 // 2, 3 * DAY)
    (over,) = (await world["member"].get(f"/v1/projects/{world.project_id}/over-allocations")).json()[
        "over_allocations"
    ]
    assert (over["name"], over["start"], over["finish"]) == ("Kari", "2026-03-02T08:00:00", "2026-03-02T16:00:00")
    assert (over["excess_minutes"], over["peak_units_percent"]) == (DAY // 2, "150.00")
    assert {each["title"] for each in over["tasks"]} == {"Dig", "Pour"}


async def test_work_for_projects_that_one_does_not_see_is_busy_time_without_a_name(world: World) -> None:
    kari = await kari_at_work(world["manager"], world.project_id, world["member"].id)
    body = {"key": "TUN", "name": "A secret tunnel", "start": "2026-03-03T08:00:00"}
    other = (await world["manager"].post("/v1/projects", body)).json()["id"]
    policy = ("gateway.policy.set", new_id(), {"document": make_policy()}, UUID(other))
    members = [
        ("gateway.membership.granted", new_id(), {"person_id": str(world[role].id), "role": role}, UUID(other))
        for role in ("manager", "member")
    ]
    await world.under_test.hear(world.tenant_id, "gateway", [policy, *members])
    await kari_at_work(world["manager"], other, world["member"].id, days=1)
    path = f"/v1/resources/{kari['id']}/load?by=day&to=2026-03-03"
    _, tuesday = (await world["manager"].get(path)).json()["buckets"]
    assert (tuesday["load_minutes"], tuesday["overallocated_minutes"], tuesday["busy_minutes"]) == (2 * DAY, DAY, 0)
    assert [each["name"] for each in tuesday["projects"]] == ["A new bridge", "A secret tunnel"]
    shown = await world["coordinator"].get(path)
    assert "tunnel" not in shown.text
    _, tuesday = shown.json()["buckets"]
    assert (tuesday["load_minutes"], tuesday["busy_minutes"]) == (2 * DAY, DAY)
    assert [each["name"] for each in tuesday["projects"]] == ["A new bridge"]


async def test_the_plan_costs_what_it_does_in_each_week(world: World) -> None:
    await kari_at_work(world["manager"], world.project_id, world["member"].id, days=8)
    weeks = (await world["manager"].get(f"/v1/projects/{world.project_id}/planned-costs?by=week")).json()["buckets"]
    assert [each["cost"]["amount"] for each in weeks] == ["3750.00", "2250.00"]
    assert weeks[-1]["cumulative"]["amount"] == "6000.00"
