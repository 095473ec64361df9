"""Many operations in one request: each by itself or all together, decided by their sum, and referring to each other."""

from typing import Any

import pytest

from services.kernel.ids import new_id
from services.kernel.outbox import read_facts
from tests.factories.plans import DAY, make_plan, make_task, read_task
from tests.factories.policies import make_policy
from tests.factories.projects import make_project
from tests.factories.world import ServiceUnderTest, World


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


def batch_of(world: World, noun: str) -> str:
    return f"/v1/projects/{world.project_id}/{noun}/batch"


def create(**body: Any) -> dict[str, Any]:
    return {"op": "create", "body": body}


def nok(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "NOK"}


async def titles(world: World) -> list[str]:
    listed = (await world["manager"].get(f"/v1/projects/{world.project_id}/risks")).json()["data"]
    return [each["title"] for each in listed]


async def facts(world: World) -> int:
    async with world.under_test.service.database.read(world.tenant_id) as session:
        return len(await read_facts(session, world.tenant_id, 0, 1000))


async def test_strangers_and_other_tenants_find_no_batch_and_a_batch_needs_a_key(world: World) -> None:
    body = {"operations": [create(title="Rain", probability="0.5")]}
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        for atomic in (True, False):
            answer = await caller.post(batch_of(world, "risks"), body | {"atomic": atomic})
            assert answer.status_code == 404
    unkeyed = await world["manager"].post(batch_of(world, "risks"), body, headers={"Idempotency-Key": None})
    assert unkeyed.json()["code"] == "idempotency_key_missing"
    assert await titles(world) == []


async def test_an_operation_that_fails_takes_back_what_it_did_and_nothing_else(world: World) -> None:
    before = await facts(world)
    operations = [
        create(title="Rain", probability="0.5"),
        create(title="Frost", probability="0.5", owner_id=str(new_id())),
        {"op": "update", "id": "$1", "body": {"title": "Heavy rain"}},
        {"op": "update", "id": "$2", "body": {"title": "Hard frost"}},
        {"op": "update", "id": "$1", "body": {"status": "open", "goal_id": str(new_id()), "title": "Half"}},
        create(title="Snow", probability="2"),
    ]
    answer = await world["manager"].post(batch_of(world, "risks"), {"atomic": False, "operations": operations})
    assert answer.status_code == 207, answer.text
    results = answer.json()["results"]
    assert [each["status"] for each in results] == [201, 422, 200, 404, 422, 422]
    assert [(each["id"], each["version"]) for each in results[:3:2]] == [(results[0]["id"], 1), (results[0]["id"], 2)]
    pointers = [each["problem"]["errors"][0]["pointer"] for each in results if each["problem"]]
    assert pointers == [
        "/operations/1/body/owner_id",
        "/operations/3",
        "/operations/4/body/goal_id",
        "/operations/5/body/probability",
    ]
    assert await titles(world) == ["Heavy rain"]
    assert await facts(world) == before + 2, "a fact for each deed that stayed"


async def test_nothing_of_an_atomic_batch_is_done_when_one_operation_cannot_be(world: World) -> None:
    before = await facts(world)
    operations = [
        create(title="Rain", probability="0.5"),
        {"op": "update", "id": str(new_id()), "version": 1, "body": {}},
    ]
    answer = await world["manager"].post(batch_of(world, "risks"), {"operations": operations})
    assert (answer.status_code, answer.json()["code"]) == (422, "batch_refused")
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/operations/1"]
    assert (await titles(world), await facts(world)) == ([], before)


async def test_where_nothing_could_be_done_a_batch_says_that_nothing_was(world: World) -> None:
    answer = await world["manager"].post(batch_of(world, "risks"), {"atomic": False, "operations": [create()]})
    assert (answer.status_code, answer.headers["tandem-effect"]) == (207, "none")


async def test_a_batch_wants_the_version_of_what_it_changes(world: World) -> None:
    made = await world["manager"].post(
        batch_of(world, "risks"), {"operations": [create(title="Rain", probability="0.5")]}
    )
    risk_id = made.json()["results"][0]["id"]
    operations = [
        {"op": "update", "id": risk_id, "body": {"title": "A"}},
        {"op": "update", "id": risk_id, "version": 1, "body": {"title": "B"}},
        {"op": "update", "id": risk_id, "version": 1, "body": {"title": "C"}},
    ]
    answer = await world["manager"].post(batch_of(world, "risks"), {"atomic": False, "operations": operations})
    results = answer.json()["results"]
    assert [each["status"] for each in results] == [428, 200, 412]
    assert (results[2]["problem"]["current_version"], results[2]["problem"]["changed_fields"]) == (2, ["title"])


async def test_authority_is_asked_for_the_sum_of_a_batch(planning: ServiceUnderTest) -> None:
    policy = make_policy()
    policy["grants"].append({"role": "coordinator", "kind": "budget.line", "may": "decide", "limits": {"cost": 1000}})
    world = await planning.world(policy)
    code = (
        await world["manager"].post(f"/v1/projects/{world.project_id}/cost-codes", {"code": "1", "name": "A"})
    ).json()
    line = create(cost_code_id=code["id"], description="Piles", amount=nok("600.00"))
    one = await world["coordinator"].post(batch_of(world, "budget-lines"), {"operations": [line]})
    assert one.status_code == 200, one.text
    for atomic in (True, False):
        body = {"atomic": atomic, "operations": [line, line]}
        both = await world["coordinator"].post(batch_of(world, "budget-lines"), body)
        assert (both.status_code, both.json()["code"]) == (403, "authority_required")
        assert both.json()["measures"]["cost"] == "1200.00"
        assert both.json()["impact"]["operations"] == 2
        assert both.json()["impact"]["cost"] == {
            "before": nok("600.00"),
            "after": nok("1800.00"),
            "change": nok("1200.00"),
        }
    lines = (await world["manager"].get(f"/v1/projects/{world.project_id}/budget-lines")).json()["data"]
    assert len(lines) == 1
    decided = await world["manager"].post(batch_of(world, "budget-lines"), {"operations": [line, line]})
    assert decided.json()["effects"]["impact"]["cost"]["after"] == nok("1800.00")
    decisions = (await world["manager"].get(f"/v1/projects/{world.project_id}/decisions")).json()["data"]
    assert sum(each["kind"] == "budget.line" for each in decisions) == 3


async def test_a_code_that_is_taken_refuses_its_operation_alone(world: World) -> None:
    operations = [create(code="1", name="A"), create(code="1", name="B"), create(code="2", name="C")]
    answer = await world["manager"].post(batch_of(world, "cost-codes"), {"atomic": False, "operations": operations})
    results = answer.json()["results"]
    assert [each["status"] for each in results] == [201, 409, 201]
    assert results[1]["problem"]["code"] == "already_exists"


async def test_postings_are_taken_in_partly_where_that_was_asked_for(world: World) -> None:
    code = (
        await world["manager"].post(f"/v1/projects/{world.project_id}/cost-codes", {"code": "1", "name": "A"})
    ).json()

    def posting(voucher: str, amount: str, **members: Any) -> dict[str, Any]:
        reference = {"system": "erp", "type": "voucher", "id": voucher}
        return create(
            cost_code_id=code["id"], amount=nok(amount), posted_on="2026-03-31", external_ref=reference, **members
        )

    first = await world["manager"].post(batch_of(world, "actuals"), {"operations": [posting("V-1", "100.00")]})
    original = first.json()["results"][0]["id"]
    operations = [
        posting("V-1", "100.00"),
        posting("V-1", "101.00"),
        posting("V-2", "-100.00", reverses_id=original),
        posting("V-3", "-100.00", reverses_id=original),
        posting("V-4", "7.00", task_id=str(new_id())),
        {"op": "create", "body": {"amount": nok("1.00")}},
        posting("V-5", "8.00"),
    ]
    answer = await world["manager"].post(batch_of(world, "actuals"), {"atomic": False, "operations": operations})
    assert answer.status_code == 207, answer.text
    results = answer.json()["results"]
    assert [each["status"] for each in results] == [200, 409, 201, 409, 422, 422, 201]
    listed = (await world["manager"].get(f"/v1/projects/{world.project_id}/actuals")).json()["data"]
    assert sorted(each["external_ref"]["id"] for each in listed) == ["V-1", "V-2", "V-5"]


async def test_links_are_set_changed_and_removed_together_and_the_plan_is_rescheduled_once(world: World) -> None:
    plan = await make_plan(world)
    roof = await make_task(world, "Roof", duration_minutes=DAY)
    link = (await world["manager"].get(f"/v1/projects/{world.project_id}/dependencies?limit=1")).json()["data"][0]
    operations = [
        create(predecessor_id=plan["handover"]["id"], successor_id=roof["id"]),
        {"op": "update", "id": "$1", "body": {"lag_minutes": DAY}},
        create(predecessor_id=roof["id"], successor_id=roof["id"]),
        create(predecessor_id=str(new_id()), successor_id=roof["id"]),
        {"op": "delete", "id": link["id"], "version": link["version"]},
        {"op": "delete", "id": link["id"], "version": link["version"]},
    ]
    answer = await world["manager"].post(batch_of(world, "dependencies"), {"atomic": False, "operations": operations})
    assert answer.status_code == 207, answer.text
    results = answer.json()["results"]
    assert [each["status"] for each in results] == [201, 200, 422, 422, 204, 404]
    made = (await world["manager"].get(f"/v1/dependencies/{results[0]['id']}")).json()
    assert (made["lag_minutes"], made["version"]) == (DAY, results[1]["version"])
    assert (await world["manager"].get(f"/v1/dependencies/{link['id']}")).status_code == 404
    handover = await read_task(world, plan["handover"])
    assert (await read_task(world, roof))["start"] > handover["finish"]


async def test_a_circle_of_links_refuses_the_batch(world: World) -> None:
    plan = await make_plan(world)
    back = create(predecessor_id=plan["handover"]["id"], successor_id=plan["survey"]["id"])
    answer = await world["manager"].post(batch_of(world, "dependencies"), {"atomic": False, "operations": [back]})
    assert (answer.status_code, answer.json()["code"]) == (409, "dependency_cycle")


async def test_a_batch_changes_no_object_of_another_project_of_its_people(world: World) -> None:
    other = await make_project(world)
    risk = (await world["manager"].post(f"/v1/projects/{other}/risks", {"title": "Rain", "probability": "1"})).json()
    change = {"op": "update", "id": risk["id"], "version": 1, "body": {"title": "Mine"}}
    answer = await world["manager"].post(batch_of(world, "risks"), {"atomic": False, "operations": [change]})
    assert answer.json()["results"][0]["status"] == 404
