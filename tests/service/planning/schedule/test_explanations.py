"""Reasons of the schedule: who may ask, and what the answer says."""

import pytest

from services.kernel.ids import new_id
from tests.factories.plans import DAY, make_link, make_plan, make_task, read_task
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def test_nobody_without_an_identity_is_told_why(world: World) -> None:
    task = await make_task(world, "Survey")
    assert (await world.under_test.http.get(f"/v1/tasks/{task['id']}/explanation")).status_code == 401


async def test_strangers_guests_and_other_tenants_find_nothing(world: World) -> None:
    plan = await make_plan(world)
    survey, handover = plan["survey"]["id"], plan["handover"]["id"]
    project = f"/v1/projects/{world.project_id}"
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(f"/v1/tasks/{survey}/explanation")).status_code == 404
        assert (await caller.get(f"{project}/driving-path?from={survey}&to={handover}")).status_code == 404
        assert (await caller.get(f"{project}/float-paths")).status_code == 404


async def test_what_is_not_there_or_makes_no_sense_is_refused(world: World) -> None:
    task = await make_task(world, "Survey")
    project = f"/v1/projects/{world.project_id}"
    member = world["member"]
    assert (await member.get(f"/v1/tasks/{new_id()}/explanation")).status_code == 404
    answer = await member.get(f"{project}/driving-path?from={task['id']}&to={new_id()}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_filter_value")
    assert (await member.get(f"{project}/driving-path?from={task['id']}")).status_code == 400
    assert (await member.get(f"{project}/float-paths?paths=0")).status_code == 400


async def test_a_task_says_what_bounds_it_and_with_which_dates(world: World) -> None:
    """The foundation follows the survey on Wednesday 4 March; by itself it could start with the project."""
    plan = await make_plan(world)
    task = await read_task(world, plan["foundation"])
    answer = await world["stakeholder"].get(f"/v1/tasks/{task['id']}/explanation")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["start"], body["driver"]) == (task["start"], task["driver"])
    start, link = body["bounds"]
    assert (start["reason"], start["start"], start["drives"]) == ("project_start", "2026-03-02T08:00:00", False)
    assert (link["reason"], link["task_id"], link["dependency_id"], link["drives"]) == (
        "link",
        plan["survey"]["id"],
        task["driver"]["dependency_id"],
        True,
    )
    assert (link["date"], link["start"], link["finish"]) == (
        "2026-03-03T16:00:00",
        "2026-03-04T08:00:00",
        "2026-03-10T16:00:00",
    )


async def test_the_driving_path_and_the_paths_by_float_lead_through_the_plan(world: World) -> None:
    plan = await make_plan(world)
    last = await make_task(world, "Ceremony", duration_minutes=DAY)
    await make_link(world, plan["handover"], last)
    project = f"/v1/projects/{world.project_id}"
    path = f"{project}/driving-path?from={plan['survey']['id']}&to={last['id']}"
    found = (await world["member"].get(path)).json()
    assert [each["title"] for each in found["tasks"]] == ["Survey", "Foundation", "Handover", "Ceremony"]
    none = f"{project}/driving-path?from={plan['fence']['id']}&to={last['id']}"
    assert (await world["member"].get(none)).json()["tasks"] == []
    paths = (await world["member"].get(f"{project}/float-paths")).json()["paths"]
    assert [([each["title"] for each in path["tasks"]], path["total_float_minutes"]) for path in paths] == [
        (["Survey", "Foundation", "Handover", "Ceremony"], 0),
        (["Fence"], 4 * DAY),
    ]
    assert len((await world["member"].get(f"{project}/float-paths?paths=1")).json()["paths"]) == 1
