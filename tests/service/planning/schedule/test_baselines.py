"""Baselines: set by a decision, kept while the plan moves on."""

import pytest

from tests.factories.plans import DAY, make_plan
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World

BODY = {"name": "Approved plan", "reason": "Agreed at the kick-off."}


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def test_strangers_guests_and_other_tenants_find_nothing(world: World) -> None:
    await make_plan(world)
    path = f"/v1/projects/{world.project_id}/baselines"
    baseline = (await world["manager"].post(path, BODY)).json()
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(path)).status_code == 404
        assert (await caller.post(path, BODY)).status_code == 404
        assert (await caller.get(f"/v1/baselines/{baseline['id']}")).status_code == 404
        assert (await caller.get(f"/v1/baselines/{baseline['id']}/tasks")).status_code == 404


async def test_a_baseline_needs_authority_a_key_and_a_plan(world: World) -> None:
    path = f"/v1/projects/{world.project_id}/baselines"
    empty = await world["manager"].post(path, BODY)
    assert (empty.status_code, empty.json()["code"]) == (409, "nothing_to_baseline")
    await make_plan(world)
    short = await world["coordinator"].post(path, BODY)
    assert (short.status_code, short.json()["code"]) == (403, "authority_required")
    unkeyed = await world["manager"].post(path, BODY, headers={"Idempotency-Key": None})
    assert unkeyed.json()["code"] == "idempotency_key_missing"
    assert (await world["manager"].get(path)).json()["data"] == []


async def test_a_baseline_keeps_the_dates_that_were_decided(world: World) -> None:
    plan = await make_plan(world)
    path = f"/v1/projects/{world.project_id}/baselines"
    answer = await world["manager"].post(path, BODY)
    assert answer.status_code == 201, answer.text
    baseline = answer.json()
    assert (baseline["number"], baseline["finish"]) == (0, "2026-03-10T16:00:00")
    decision = (await world["member"].get(f"/v1/decisions/{baseline['decision_id']}")).json()
    assert (decision["kind"], decision["reason"]) == ("baseline.set", BODY["reason"])
    foundation = plan["foundation"]
    change = {"duration_minutes": 9 * DAY}
    await world["manager"].patch(f"/v1/tasks/{foundation['id']}", change, foundation["version"])
    await world["manager"].delete(f"/v1/tasks/{plan['fence']['id']}", plan["fence"]["version"])
    kept = (await world["member"].get(f"/v1/baselines/{baseline['id']}/tasks?sort=finish")).json()["data"]
    assert {(each["id"], each["start"], each["finish"]) for each in kept} == {
        (task["id"], task["start"], task["finish"]) for task in plan.values()
    }
    second = await world["manager"].post(path, {"name": "Second", "reason": "Accepted delay."})
    assert second.json()["number"] == 1
    assert [each["number"] for each in (await world["member"].get(path)).json()["data"]] == [1, 0]


async def test_the_decision_says_how_the_agreed_finish_moves(world: World) -> None:
    plan = await make_plan(world)
    path = f"/v1/projects/{world.project_id}/baselines"
    first = await world["manager"].post(path, BODY)
    impact = {"number": 0, "tasks": 4, "finish": {"before": None, "after": "2026-03-10T16:00:00"}}
    assert first.json()["effects"]["impact"] == {"baseline": impact}
    foundation = plan["foundation"]
    await world["manager"].patch(f"/v1/tasks/{foundation['id']}", {"duration_minutes": 6 * DAY}, foundation["version"])
    refused = await world["coordinator"].post(path, BODY)
    moved = {"before": "2026-03-10T16:00:00", "after": "2026-03-11T16:00:00"}
    assert refused.json()["impact"] == {"baseline": {"number": 1, "tasks": 4, "finish": moved}}
    second = (await world["manager"].post(path, BODY)).json()
    decision = (await world["member"].get(f"/v1/decisions/{second['decision_id']}")).json()
    assert decision["impact"] == refused.json()["impact"]
