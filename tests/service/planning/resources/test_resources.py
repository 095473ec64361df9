"""Resources and assignments: who may make them, and how a resource's own calendar drives a task."""

from typing import Any

import pytest

from services.kernel.ids import new_id
from tests.factories.plans import DAY, make_task, read_task
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def make(world: World, noun: str, **members: Any) -> dict[str, Any]:
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/{noun}", members)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_nobody_without_an_identity_sees_resources(world: World) -> None:
    assert (await world.under_test.http.get(f"/v1/projects/{world.project_id}/resources")).status_code == 401


async def test_strangers_guests_and_other_tenants_find_nothing(world: World) -> None:
    task = await make_task(world, "Dig", duration_minutes=DAY)
    crane = await make(world, "resources", name="Crane")
    part = await make(world, "assignments", task_id=task["id"], resource_id=crane["id"])
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        for noun, made in (("resources", crane), ("assignments", part)):
            assert (await caller.get(f"/v1/projects/{world.project_id}/{noun}")).status_code == 404
            assert (await caller.get(f"/v1/{noun}/{made['id']}")).status_code == 404
            assert (await caller.delete(f"/v1/{noun}/{made['id']}", 1)).status_code == 404
        assert (await caller.post(f"/v1/projects/{world.project_id}/resources", {"name": "Mine"})).status_code == 404


async def test_a_coordinator_only_proposes_resources(world: World) -> None:
    answer = await world["coordinator"].post(f"/v1/projects/{world.project_id}/resources", {"name": "Crane"})
    assert (answer.status_code, answer.json()["code"]) == (403, "authority_required")


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"max_units_percent": 0}, "validation_failed"),
        ({"max_units_percent": "NaN"}, "validation_failed"),
        ({"standard_rate": {"amount": 5.5, "currency": "NOK"}}, "validation_failed"),
        ({"standard_rate": {"amount": "5.555", "currency": "NOK"}}, "validation_failed"),
        ({"email": "nobody"}, "validation_failed"),
        ({"calendar_id": str(new_id())}, "unknown_reference"),
        ({"person_id": str(new_id())}, "unknown_reference"),
    ],
)
async def test_a_resource_that_makes_no_sense_is_refused(world: World, members: dict[str, Any], code: str) -> None:
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/resources", {"name": "Crane"} | members)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_resource_is_shown_as_it_was_entered(world: World) -> None:
    members = {
        "email": "kari@example.org",
        "max_units_percent": "50",
        "standard_rate": {"amount": "1450.50", "currency": "NOK"},
        "person_id": str(world["member"].id),
    }
    made = await make(world, "resources", name="Kari Nordmann", **members)
    assert {name: made[name] for name in members} == members | {"max_units_percent": "50.00"}
    answer = await world["manager"].patch(
        f"/v1/resources/{made['id']}", {"standard_rate": None, "max_units_percent": 100}, 1
    )
    assert (answer.json()["standard_rate"], answer.json()["max_units_percent"]) == (None, "100.00")


async def test_a_resource_with_its_own_hours_drives_the_task(world: World) -> None:
    weekend = {"name": "Weekends", "days": [[]] * 5 + [[["08:00", "12:00"], ["12:30", "16:00"]]] * 2}
    calendar = await make(world, "calendars", **weekend)
    task = await make_task(world, "Blast", duration_minutes=2 * DAY)
    assert task["finish"] == "2026-03-03T16:00:00"
    blaster = await make(world, "resources", name="Blaster", calendar_id=calendar["id"])
    part = await make(world, "assignments", task_id=task["id"], resource_id=blaster["id"], units_percent="50")
    assert (part["units_percent"], part["work_minutes"]) == ("50.00", DAY)
    assert part["effects"]["impact"]["finish"]["after"] == "2026-03-08T16:00:00"
    moved = await read_task(world, task)
    assert (moved["start"], moved["finish"]) == ("2026-03-07T08:00:00", "2026-03-08T16:00:00")
    longer = await world["manager"].patch(f"/v1/tasks/{task['id']}", {"duration_minutes": 3 * DAY}, moved["version"])
    assert longer.json()["finish"] == "2026-03-14T16:00:00"
    found = (await world["member"].get(f"/v1/assignments/{part['id']}")).json()
    assert (found["work_minutes"], found["version"]) == (DAY * 3 // 2, 2)
    again = await world["manager"].post(
        f"/v1/projects/{world.project_id}/assignments", {"task_id": task["id"], "resource_id": blaster["id"]}
    )
    assert (again.status_code, again.json()["code"]) == (409, "assignment_exists")
    assert (await world["manager"].delete(f"/v1/resources/{blaster['id']}", 1)).status_code == 204
    assert (await read_task(world, task))["finish"] == "2026-03-04T16:00:00"
    assert (await world["manager"].get(f"/v1/assignments/{part['id']}")).status_code == 404


async def test_an_assignment_beyond_the_float_is_not_a_coordinators(world: World) -> None:
    task = await make_task(world, "Dig", duration_minutes=DAY)
    crane = await make(world, "resources", name="Crane")
    body = {"task_id": task["id"], "resource_id": crane["id"], "work_minutes": 3 * DAY}
    answer = await world["coordinator"].post(f"/v1/projects/{world.project_id}/assignments", body)
    assert (answer.status_code, answer.json()["code"]) == (403, "authority_required")
    assert answer.json()["impact"]["finish"]["moved_minutes"] == 2 * DAY
