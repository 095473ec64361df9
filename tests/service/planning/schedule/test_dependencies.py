"""Dependencies: what they drive, the circles that are refused, and whose decision a new one is."""

from uuid import UUID

import pytest

from services.kernel.ids import new_id
from services.planning.imports.repository import insert_rows
from tests.factories.plans import DAY, make_link, make_plan, make_task, read_task
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def test_strangers_guests_and_other_tenants_find_nothing(world: World) -> None:
    plan = await make_plan(world)
    path = f"/v1/projects/{world.project_id}/dependencies"
    link = (await world["manager"].get(path)).json()["data"][0]
    body = {"predecessor_id": plan["survey"]["id"], "successor_id": plan["handover"]["id"]}
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(path)).status_code == 404
        assert (await caller.post(path, body)).status_code == 404
        assert (await caller.get(f"/v1/dependencies/{link['id']}")).status_code == 404
        assert (await caller.delete(f"/v1/dependencies/{link['id']}", 1)).status_code == 404


async def test_a_circle_is_refused_and_names_its_tasks(world: World) -> None:
    plan = await make_plan(world)
    path = f"/v1/projects/{world.project_id}/dependencies"
    body = {"predecessor_id": plan["handover"]["id"], "successor_id": plan["survey"]["id"]}
    answer = await world["manager"].post(path, body)
    assert (answer.status_code, answer.json()["code"]) == (409, "dependency_cycle")
    assert {plan["survey"]["id"], plan["handover"]["id"]} <= set(answer.json()["task_ids"])
    assert await read_task(world, plan["survey"]) == plan["survey"]


async def test_links_that_make_no_sense_are_refused(world: World) -> None:
    plan = await make_plan(world)
    inner = await make_task(world, "Inner", parent_id=plan["fence"]["id"])
    path = f"/v1/projects/{world.project_id}/dependencies"
    survey, fence = plan["survey"]["id"], plan["fence"]["id"]
    other = await world.under_test.world(make_policy())
    foreign = await make_task(other, "Foreign")
    for body, status, code in (
        ({"predecessor_id": survey, "successor_id": survey}, 422, "self_dependency"),
        ({"predecessor_id": survey, "successor_id": fence}, 409, "dependency_exists"),
        ({"predecessor_id": fence, "successor_id": inner["id"]}, 422, "ancestor_dependency"),
        ({"predecessor_id": survey, "successor_id": foreign["id"]}, 422, "unknown_reference"),
        (
            {"predecessor_id": survey, "successor_id": inner["id"], "lag_minutes": 1, "lag_percent": 1},
            422,
            "validation_failed",
        ),
        ({"predecessor_id": survey, "successor_id": inner["id"], "lag_minutes": 2**63}, 422, "validation_failed"),
    ):
        answer = await world["manager"].post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), body


@pytest.mark.parametrize(
    ("members", "start"),
    [
        ({}, "2026-03-04T08:00:00"),
        ({"lag_minutes": DAY}, "2026-03-05T08:00:00"),
        ({"lag_minutes": -DAY}, "2026-03-03T08:00:00"),
        ({"lag_minutes": 1440, "lag_basis": "elapsed"}, "2026-03-05T08:00:00"),
        ({"lag_percent": 50}, "2026-03-05T08:00:00"),
        ({"dependency_type": "start_to_start"}, "2026-03-02T08:00:00"),
        ({"dependency_type": "finish_to_finish"}, "2026-03-03T08:00:00"),
    ],
)
async def test_a_dependency_drives_its_successor(world: World, members: dict[str, object], start: str) -> None:
    first = await make_task(world, "First", duration_minutes=2 * DAY)
    second = await make_task(world, "Second", duration_minutes=DAY)
    made = await make_link(world, first, second, **members)
    assert (await read_task(world, second))["start"] == start
    found = (await world["member"].get(f"/v1/dependencies/{made['id']}")).json()
    assert {name: found[name] for name in members} == members


async def test_a_lag_within_the_float_is_a_coordinators_and_beyond_it_is_not(world: World) -> None:
    plan = await make_plan(world)
    links = (await world["manager"].get(f"/v1/projects/{world.project_id}/dependencies")).json()["data"]
    into_fence = next(link for link in links if link["successor_id"] == plan["fence"]["id"])
    path = f"/v1/dependencies/{into_fence['id']}"
    answer = await world["coordinator"].patch(path, {"lag_minutes": DAY}, 1)
    assert answer.status_code == 200, answer.text
    assert [row["title"] for row in answer.json()["effects"]["changed_tasks"]] == ["Fence"]
    answer = await world["coordinator"].patch(path, {"lag_minutes": 9 * DAY}, 2)
    assert (answer.status_code, answer.json()["code"]) == (403, "authority_required")
    assert answer.json()["impact"]["finish"]["moved_minutes"] == 5 * DAY
    stale = await world["coordinator"].patch(path, {"lag_minutes": 0}, 1)
    assert stale.status_code == 412


async def test_a_removed_dependency_lets_its_successor_go(world: World) -> None:
    plan = await make_plan(world)
    links = (await world["manager"].get(f"/v1/projects/{world.project_id}/dependencies")).json()["data"]
    into_fence = next(link for link in links if link["successor_id"] == plan["fence"]["id"])
    assert (await world["manager"].delete(f"/v1/dependencies/{into_fence['id']}", 1)).status_code == 204
    assert (await read_task(world, plan["fence"]))["start"] == "2026-03-02T08:00:00"
    assert (await world["manager"].get(f"/v1/dependencies/{into_fence['id']}")).status_code == 404


async def test_a_task_has_a_bounded_number_of_dependencies(world: World) -> None:
    hub = await make_task(world, "Hub", duration_minutes=DAY)
    operations = [{"op": "create", "body": {"title": f"Spoke {n}", "duration_minutes": 5}} for n in range(1000)]
    batch = await world["manager"].post(f"/v1/projects/{world.project_id}/tasks/batch", {"operations": operations})
    spokes = [result["id"] for result in batch.json()["results"]]
    # As an import would bring them: one by one over the API they would take a minute.
    async with world.under_test.service.database.write(world["manager"].principal) as session:
        rows = [
            {
                "id": new_id(),
                "predecessor_id": UUID(hub["id"]),
                "successor_id": UUID(spoke),
                "dependency_type": "finish_to_start",
                "lag": 0,
                "lag_basis": "working",
            }
            for spoke in spokes
        ]
        await insert_rows(session, "dependencies", world.project_id, rows)
        await session.commit()
    other = await make_task(world, "One more", duration_minutes=5)
    for body in (
        {"predecessor_id": hub["id"], "successor_id": other["id"]},
        {"predecessor_id": other["id"], "successor_id": hub["id"]},
    ):
        answer = await world["manager"].post(f"/v1/projects/{world.project_id}/dependencies", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "too_many_dependencies")
