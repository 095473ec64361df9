"""The budget: accounts, lines and commitments, in exact amounts and by those who may decide them."""

import asyncio
from typing import Any
from uuid import UUID

import orjson
import pytest

from services.kernel.ids import new_id
from services.kernel.outbox import read_facts
from tests.factories.policies import make_policy
from tests.factories.projects import make_project
from tests.factories.world import ServiceUnderTest, World


def nok(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "NOK"}


def lines(world: World) -> str:
    return f"/v1/projects/{world.project_id}/budget-lines"


def commitments(world: World) -> str:
    return f"/v1/projects/{world.project_id}/commitments"


async def make_cost_code(world: World, project_id: UUID | None = None) -> str:
    path = f"/v1/projects/{project_id or world.project_id}/cost-codes"
    answer = await world["manager"].post(path, {"code": "4100", "name": "Concrete"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def make_line(world: World, amount: str = "1000.00") -> dict[str, Any]:
    body = {"cost_code_id": await make_cost_code(world), "description": "Abutments", "amount": nok(amount)}
    answer = await world["manager"].post(lines(world), body)
    assert answer.status_code == 201, answer.text
    line: dict[str, Any] = answer.json()
    return line


async def facts_of(planning: ServiceUnderTest, world: World, fact_type: str) -> list[dict[str, Any]]:
    async with planning.service.database.read(world.tenant_id) as session:
        facts = [orjson.loads(each) for each in await read_facts(session, world.tenant_id, 0, 1000)]
    return [fact for fact in facts if fact["type"] == fact_type]


async def test_nobody_without_an_identity_gets_in(planning: ServiceUnderTest) -> None:
    for noun in ("cost-codes", "budget-lines", "commitments"):
        assert (await planning.http.get(f"/v1/projects/{new_id()}/{noun}")).status_code == 401
        assert (await planning.http.post(f"/v1/projects/{new_id()}/{noun}", json={})).status_code == 401


async def test_strangers_guests_and_other_tenants_find_nothing(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    line = await make_line(world)
    body = {"cost_code_id": line["cost_code_id"], "description": "Mine", "amount": nok("1.00")}
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        for path in (lines(world), f"/v1/budget-lines/{line['id']}", f"/v1/cost-codes/{line['cost_code_id']}"):
            assert (await caller.get(path)).status_code == 404
        assert (await caller.post(lines(world), body)).status_code == 404
        assert (await caller.patch(f"/v1/budget-lines/{line['id']}", {"amount": nok("2.00")}, 1)).status_code == 404
        assert (
            await caller.post(f"/v1/projects/{world.project_id}/cost-codes", {"code": "1", "name": "M"})
        ).status_code == 404
        supply = {"cost_code_id": line["cost_code_id"], "supplier": "Mine AS", "amount": nok("1.00")}
        assert (await caller.post(commitments(world), supply)).status_code == 404


async def test_a_coordinator_may_only_propose_money_and_is_told_the_impact(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    line = await make_line(world)
    body = {"cost_code_id": line["cost_code_id"], "description": "More", "amount": nok("250.00")}
    refused = await world["coordinator"].post(lines(world), body)
    assert (refused.status_code, refused.json()["code"]) == (403, "authority_required")
    assert refused.json()["impact"]["cost"] == {
        "before": nok("1000.00"),
        "after": nok("1250.00"),
        "change": nok("250.00"),
    }
    less = await world["coordinator"].patch(f"/v1/budget-lines/{line['id']}", {"amount": nok("999.90")}, 1)
    assert less.json()["impact"]["cost"]["change"] == nok("-0.10")
    supply = {"cost_code_id": line["cost_code_id"], "supplier": "Fjord AS", "amount": nok("1.00")}
    assert (await world["coordinator"].post(commitments(world), supply)).json()["code"] == "authority_required"
    assert (await world["stakeholder"].post(lines(world), body)).json()["code"] == "forbidden"
    assert len((await world["manager"].get(lines(world))).json()["data"]) == 1
    assert (await world["manager"].get(commitments(world))).json()["data"] == []


async def test_a_limit_counts_the_absolute_change(planning: ServiceUnderTest) -> None:
    policy = make_policy()
    grant = {"role": "coordinator", "kind": "budget.line", "may": "decide", "limits": {"cost": 100}}
    world = await planning.world(policy | {"grants": [*policy["grants"], grant]})
    path = f"/v1/budget-lines/{(await make_line(world))['id']}"
    beyond = await world["coordinator"].patch(path, {"amount": nok("899.99")}, 1)
    assert (beyond.status_code, beyond.json()["exceeded"]) == (403, ["cost"])
    assert (await world["coordinator"].patch(path, {"amount": nok("900.00")}, 1)).status_code == 200


@pytest.mark.parametrize(
    "amount",
    [
        {"amount": "NaN", "currency": "NOK"},
        {"amount": "Infinity", "currency": "NOK"},
        {"amount": "1" * 40, "currency": "NOK"},
        {"amount": "999999999999999999", "currency": "NOK"},
        {"amount": "0.001", "currency": "NOK"},
        {"amount": "1e3", "currency": "NOK"},
        {"amount": 0.3, "currency": "NOK"},
        {"amount": "-1.00", "currency": "NOK"},
        {"amount": "1.00", "currency": "EUR"},
        {"amount": "1.00", "currency": "XXX"},
        {"amount": "1.00"},
        {"amount": "1.00", "currency": "NOK", "rate": "1"},
    ],
)
async def test_what_is_no_amount_of_the_project_is_refused(planning: ServiceUnderTest, amount: dict[str, Any]) -> None:
    world = await planning.world(make_policy())
    body = {"cost_code_id": await make_cost_code(world), "description": "Abutments", "amount": amount}
    answer = await world["manager"].post(lines(world), body)
    assert answer.status_code == 422
    assert (await world["manager"].get(lines(world))).json()["data"] == []


@pytest.mark.parametrize(
    "extra",
    [{"id": str(new_id())}, {"tenant_id": str(new_id())}, {"currency": "NOK"}, {"version": 3}, {"project_id": None}],
)
async def test_members_that_are_not_the_callers_are_refused(planning: ServiceUnderTest, extra: dict[str, Any]) -> None:
    world = await planning.world(make_policy())
    body = {"cost_code_id": await make_cost_code(world), "description": "Abutments", "amount": nok("1.00")}
    assert (await world["manager"].post(lines(world), body | extra)).status_code == 422
    supply = {"cost_code_id": body["cost_code_id"], "supplier": "Fjord AS", "amount": nok("1.00")}
    assert (await world["manager"].post(commitments(world), supply | extra)).status_code == 422


async def test_money_needs_an_idempotency_key(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    body = {"cost_code_id": await make_cost_code(world), "supplier": "Fjord AS", "amount": nok("1.00")}
    answer = await world["manager"].post(commitments(world), body, headers={"Idempotency-Key": None})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


async def test_a_code_is_given_once_in_a_project(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    await make_cost_code(world)
    path = f"/v1/projects/{world.project_id}/cost-codes"
    twice = await world["coordinator"].post(path, {"code": "4100", "name": "Again"})
    assert (twice.status_code, twice.json()["code"]) == (409, "already_exists")
    assert (await world["coordinator"].post(path, {"code": "4200", "name": "Steel"})).status_code == 201
    assert (await world["member"].post(path, {"code": "4300", "name": "Wood"})).json()["code"] == "authority_required"
    assert [each["code"] for each in (await world["auditor"].get(path)).json()["data"]] == ["4100", "4200"]


async def test_an_account_of_another_project_cannot_be_used(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    line = await make_line(world)
    foreign = await make_cost_code(world, await make_project(world))
    answers = (
        await world["manager"].post(lines(world), {"cost_code_id": foreign, "description": "A", "amount": nok("1.00")}),
        await world["manager"].patch(f"/v1/budget-lines/{line['id']}", {"cost_code_id": foreign}, 1),
        await world["manager"].post(
            commitments(world), {"cost_code_id": foreign, "supplier": "A", "amount": nok("1.00")}
        ),
    )
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_reference")
        assert answer.json()["errors"][0]["pointer"] == "/cost_code_id"


async def test_a_line_is_decided_recorded_and_published_to_the_cent(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    line = await make_line(world, "0.1")
    assert line["amount"] == nok("0.10")
    changed = await world["manager"].patch(f"/v1/budget-lines/{line['id']}", {"amount": nok("0.30")}, 1)
    assert changed.json()["effects"]["impact"]["cost"] == {
        "before": nok("0.10"),
        "after": nok("0.30"),
        "change": nok("0.20"),
    }
    assert changed.headers["etag"] == '"2"'
    decisions = (await world["auditor"].get(f"/v1/projects/{world.project_id}/decisions?sort=decided_at")).json()[
        "data"
    ]
    assert [(each["kind"], each["chosen"]) for each in decisions] == [
        ("budget.line", "0.10 NOK"),
        ("budget.line", "0.30 NOK"),
    ]
    assert decisions[1]["impact"] == changed.json()["effects"]["impact"]
    (fact,) = await facts_of(planning, world, "planning.budget_line.changed")
    assert fact["data"] == {
        "task_id": None,
        "cost_code_id": line["cost_code_id"],
        "cost_code": "4100",
        "description": "Abutments",
        "amount": nok("0.30"),
    }


async def test_the_same_once_more_decides_nothing(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    path = f"/v1/budget-lines/{(await make_line(world))['id']}"
    for same in ({}, {"amount": nok("1000")}, {"description": "Abutments"}):
        answer = await world["manager"].patch(path, same, 1)
        assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
    assert len((await world["auditor"].get(f"/v1/projects/{world.project_id}/decisions")).json()["data"]) == 1
    assert await facts_of(planning, world, "planning.budget_line.changed") == []


async def test_money_goes_to_work_of_the_project(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    own, foreign = [
        (await world["manager"].post(f"/v1/projects/{project_id}/tasks", {"title": "Foundation"})).json()["id"]
        for project_id in (world.project_id, await make_project(world))
    ]
    path = f"/v1/budget-lines/{(await make_line(world))['id']}"
    refused = await world["manager"].patch(path, {"task_id": foreign}, 1)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/task_id")
    assert (await world["manager"].patch(path, {"task_id": own}, 1)).json()["task_id"] == own
    assert len((await world["coordinator"].get(f"{lines(world)}?task_id={own}")).json()["data"]) == 1
    assert (await world["manager"].patch(path, {"task_id": None}, 2)).json()["task_id"] is None


async def test_a_dry_run_measures_and_stores_nothing(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    path = f"/v1/budget-lines/{(await make_line(world))['id']}"
    answer = await world["coordinator"].patch(f"{path}?dry_run=true", {"amount": nok("5.00")}, 1)
    assert answer.json()["authority"]["verdict"] == "propose"
    assert answer.json()["impact"]["cost"]["change"] == nok("-995.00")
    assert (await world["coordinator"].get(path)).json()["amount"] == nok("1000.00")


async def test_of_many_writers_with_one_version_exactly_one_wins(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    path = f"/v1/budget-lines/{(await make_line(world))['id']}"
    answers = await asyncio.gather(*(world["manager"].patch(path, {"amount": nok(f"{n}.00")}, 1) for n in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7


async def test_a_project_in_yen_has_no_decimals(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy(), {"currency": "JPY"})
    body = {"cost_code_id": await make_cost_code(world), "description": "A"}
    whole = await world["manager"].post(lines(world), body | {"amount": {"amount": "1500", "currency": "JPY"}})
    assert whole.json()["amount"] == {"amount": "1500", "currency": "JPY"}
    assert (
        await world["manager"].post(lines(world), body | {"amount": {"amount": "1.5", "currency": "JPY"}})
    ).status_code == 422


async def test_a_purchase_order_is_taken_in_once(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    body = {
        "cost_code_id": await make_cost_code(world),
        "supplier": "Fjord Anlegg AS",
        "amount": nok("1250000.00"),
        "external_ref": {"system": "erp", "type": "purchase_order", "id": "PO-1"},
    }
    answers = [await world["manager"].post(commitments(world), body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert answers[0].json()["external_ref"] == body["external_ref"] | {"url": None}  # type: ignore[operator]
    other = await world["manager"].post(commitments(world), body | {"amount": nok("1.00")})
    assert (other.status_code, other.json()["code"]) == (409, "external_ref_contradicted")
    assert [error["pointer"] for error in other.json()["errors"]] == ["/amount"]
    assert len(await facts_of(planning, world, "planning.commitment.recorded")) == 1
    unnamed = {name: value for name, value in body.items() if name != "external_ref"}
    assert [(await world["manager"].post(commitments(world), unnamed)).status_code for _ in range(2)] == [201, 201]
