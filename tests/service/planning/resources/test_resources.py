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


@pytest.mark.parametrize(
    "members",
    [
        {"resource_type": "material", "work_kind": "equipment"},
        {"resource_type": "material", "overtime_rate": {"amount": "10.00", "currency": "NOK"}},
        {"resource_type": "cost", "standard_rate": {"amount": "10.00", "currency": "NOK"}},
        {"resource_type": "cost", "availability": [{"units_percent": "50"}]},
        {"unit": "m3"},
        {"standard_rate": {"amount": "-1.00", "currency": "NOK"}},
        {
            "standard_rate": {"amount": "1.00", "currency": "NOK"},
            "cost_per_use": {"amount": "1.00", "currency": "EUR"},
        },
    ],
)
async def test_what_a_resource_of_its_type_cannot_have_is_refused(world: World, members: dict[str, Any]) -> None:
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/resources", {"name": "Crane"} | members)
    assert (answer.status_code, answer.json()["code"]) == (422, "not_of_this_resource")


@pytest.mark.parametrize(
    "members",
    [
        {"availability": [{"from_date": "2026-04-02", "to_date": "2026-04-01", "units_percent": "50"}]},
        {"availability": [{"to_date": "2026-04-01", "units_percent": "50"}, {"units_percent": "50"}]},
        {"rates": [{"standard_rate": {"amount": "1.00", "currency": "NOK"}}]},
        {"rates": [{"rate_table": "F", "standard_rate": {"amount": "1.00", "currency": "NOK"}}]},
        {"rates": [{"rate_table": "B", "standard_rate": {"amount": "1.00", "currency": "NOK"}}] * 2},
    ],
)
async def test_periods_and_rates_that_contradict_themselves_are_refused(world: World, members: dict[str, Any]) -> None:
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/resources", {"name": "Crane"} | members)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_a_team_has_the_units_of_its_members(world: World) -> None:
    crew = await make(world, "resources", name="Crew", work_kind="team", max_units_percent="500")
    kari = await make(world, "resources", name="Kari", team_id=crew["id"])
    again = {"name": "Crew of crews", "work_kind": "team", "team_id": crew["id"]}
    path = f"/v1/projects/{world.project_id}/resources"
    assert (await world["manager"].post(path, again)).json()["code"] == "not_of_this_resource"
    none = {"name": "Ola", "team_id": kari["id"]}
    assert (await world["manager"].post(path, none)).json()["code"] == "unknown_reference"
    loads = (await world["manager"].get(f"/v1/projects/{world.project_id}/resource-loads")).json()["loads"]
    assert {each["name"]: each["max_units_percent"] for each in loads} == {"Crew": "100.00", "Kari": "100.00"}
    machine = await world["manager"].patch(f"/v1/resources/{crew['id']}", {"work_kind": "equipment"}, 1)
    assert machine.json()["code"] == "not_of_this_resource"
    assert (await world["manager"].delete(f"/v1/resources/{crew['id']}", 1)).status_code == 204
    left = (await world["manager"].get(f"/v1/resources/{kari['id']}")).json()
    assert (left["team_id"], left["version"]) == (None, 2)


async def test_work_beyond_the_units_of_a_period_is_too_much(world: World) -> None:
    task = await make_task(world, "Dig", duration_minutes=4 * DAY)
    half = {"from_date": "2026-03-04", "to_date": "2026-03-31", "units_percent": "50"}
    digger = await make(world, "resources", name="Digger", work_kind="equipment", availability=[half])
    assert digger["availability"] == [half | {"units_percent": "50.00"}]
    part = await make(world, "assignments", task_id=task["id"], resource_id=digger["id"])
    (load,) = part["effects"]["impact"]["load"]
    assert load["overallocated_minutes"] == {"before": 0, "after": DAY}


async def test_a_rate_from_a_day_on_makes_later_work_dearer(world: World) -> None:
    def kroner(amount: str) -> dict[str, str]:
        return {"amount": amount, "currency": "NOK"}

    rates = [
        {"from_date": "2026-03-04", "standard_rate": kroner("1000.00")},
        {"rate_table": "B", "standard_rate": kroner("10.00")},
    ]
    task = await make_task(world, "Dig", duration_minutes=4 * DAY)
    members = {"standard_rate": kroner("100.00"), "cost_per_use": kroner("50.00"), "rates": rates}
    kari = await make(world, "resources", name="Kari", **members)
    assert kari["rates"][0] == rates[0] | {"rate_table": "A", "overtime_rate": None, "cost_per_use": None}
    part = await make(world, "assignments", task_id=task["id"], resource_id=kari["id"])
    hours = DAY * 2 // 60
    assert part["effects"]["impact"]["cost"]["after"] == kroner(f"{hours * 100 + hours * 1000 + 50}.00")
    forecast = (await world["manager"].get(f"/v1/projects/{world.project_id}/forecast")).json()
    assert forecast["planned_cost"] == kroner(f"{hours * 100 + hours * 1000 + 50}.00")
    cheap = await world["manager"].patch(f"/v1/assignments/{part['id']}", {"rate_table": "B"}, 1)
    assert cheap.json()["effects"]["impact"]["cost"]["after"] == kroner(f"{4 * DAY // 60 * 10}.00")
    seen = (await world["member"].get(f"/v1/resources/{kari['id']}")).json()
    assert {seen[name] for name in ("standard_rate", "overtime_rate", "cost_per_use", "rates")} == {None}


async def test_material_costs_by_its_quantity_and_a_cost_is_said(world: World) -> None:
    task = await make_task(world, "Pour", duration_minutes=DAY)
    price = {"amount": "1450.50", "currency": "NOK"}
    concrete = await make(world, "resources", name="Concrete", resource_type="material", unit="m3", standard_rate=price)
    travel = await make(world, "resources", name="Travel", resource_type="cost")
    poured = await make(world, "assignments", task_id=task["id"], resource_id=concrete["id"], quantity="350.5")
    assert poured["quantity"] == "350.5000"
    assert poured["effects"]["impact"]["cost"]["after"] == {"amount": "508400.25", "currency": "NOK"}
    path = f"/v1/projects/{world.project_id}/assignments"
    body = {"task_id": task["id"], "resource_id": travel["id"]}
    for wrong in ({"quantity": "2"}, {"cost": {"amount": "10.00", "currency": "EUR"}}):
        assert (await world["manager"].post(path, body | wrong)).status_code == 422
    told = await make(world, "assignments", **body, cost={"amount": "99.75", "currency": "NOK"})
    assert told["effects"]["impact"]["cost"]["after"] == {"amount": "508500.00", "currency": "NOK"}
    assert (await world["member"].get(f"/v1/assignments/{told['id']}")).json()["cost"] is None
