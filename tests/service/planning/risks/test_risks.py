"""The risk register: who records risks, what they are expected to cost, and what life they have."""

import asyncio
from typing import Any

import orjson
import pytest

from services.kernel.ids import new_id
from services.kernel.outbox import read_facts
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World


def nok(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "NOK"}


NEW: dict[str, Any] = {
    "title": "Soft ground at the north abutment",
    "cause": "The borings stand 40 m apart.",
    "event": "Clay is found where rock was assumed.",
    "effect": "The foundation has to be piled.",
    "probability": "0.30",
    "schedule_impact_minutes": {"low": 2250, "likely": 4500, "high": 11250},
    "cost_impact": {"low": nok("400000.00"), "likely": nok("900000.00"), "high": nok("2000000.00")},
    "trigger_date": "2026-04-15",
}


def path(world: World) -> str:
    return f"/v1/projects/{world.project_id}/risks"


async def raise_risk(world: World, role: str = "manager", **members: Any) -> dict[str, Any]:
    answer = await world[role].post(path(world), NEW | members)
    assert answer.status_code == 201, answer.text
    risk: dict[str, Any] = answer.json()
    return risk


async def facts_of(planning: ServiceUnderTest, world: World, fact_type: str) -> list[dict[str, Any]]:
    async with planning.service.database.read(world.tenant_id) as session:
        facts = [orjson.loads(each) for each in await read_facts(session, world.tenant_id, 0, 1000)]
    return [fact["data"] for fact in facts if fact["type"] == fact_type]


async def test_nobody_without_an_identity_gets_in(planning: ServiceUnderTest) -> None:
    assert (await planning.http.get(f"/v1/projects/{new_id()}/risks")).status_code == 401
    assert (await planning.http.post(f"/v1/projects/{new_id()}/risks", json=NEW)).status_code == 401


async def test_strangers_guests_and_other_tenants_find_nothing(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    risk = await raise_risk(world)
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(path(world))).status_code == 404
        assert (await caller.get(f"/v1/risks/{risk['id']}")).status_code == 404
        assert (await caller.post(path(world), NEW)).status_code == 404
        assert (await caller.patch(f"/v1/risks/{risk['id']}", {"title": "Mine"}, 1)).status_code == 404
        assert (await caller.post(path(world) + "/searches", {})).status_code == 404


async def test_an_onlooker_records_no_risk(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    for role in ("stakeholder", "auditor"):
        assert (await world[role].post(path(world), NEW)).json()["code"] == "forbidden"
    reader = world.caller("manager", scopes=frozenset({"planning:read"}))
    assert (await reader.post(path(world), NEW)).json()["code"] == "scope_missing"
    assert (await world["manager"].get(path(world))).json()["data"] == []


@pytest.mark.parametrize(
    "extra",
    [
        {"id": str(new_id())},
        {"tenant_id": str(new_id())},
        {"status": "closed"},
        {"expected_minutes": 0},
        {"version": 2},
        {"probability": "1.01"},
        {"probability": "-0.1"},
        {"probability": "NaN"},
        {"probability": 0.3},
        {"probability": "0.1234567"},
        {"schedule_impact_minutes": {"low": 3, "likely": 2, "high": 1}},
        {"schedule_impact_minutes": {"low": 1, "likely": 2, "high": 2**63}},
        {"schedule_impact_minutes": {"low": 1.5, "likely": 2, "high": 3}},
        {"cost_impact": {"low": nok("3.00"), "likely": nok("2.00"), "high": nok("1.00")}},
        {"cost_impact": {each: {"amount": "1.00", "currency": "EUR"} for each in ("low", "likely", "high")}},
        {"cost_impact": {"low": nok("1.00"), "likely": nok("2.00"), "high": {"amount": "3.00", "currency": "EUR"}}},
        {"cost_impact": {each: nok("1" * 40) for each in ("low", "likely", "high")}},
        {"trigger_date": "2026-13-01"},
        {"title": ""},
        {"title": "two\nlines"},
        {"cause": "x" * 50_000},
        {"owner_id": str(new_id())},
        {"goal_id": str(new_id())},
    ],
)
async def test_what_is_no_risk_is_refused(planning: ServiceUnderTest, extra: dict[str, Any]) -> None:
    world = await planning.world(make_policy())
    assert (await world["manager"].post(path(world), NEW | extra)).status_code == 422
    assert (await world["manager"].get(path(world))).json()["data"] == []


async def test_text_is_stored_as_it_was_written(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    for text in (
        "'); drop table risks; --",
        "{0.__class__} {{7*7}} ${jndi:x}",
        "=1+1",
        "a & | ! : *",
        "%_",
        "<svg onload=x>",
    ):
        risk = await raise_risk(world, title=text, cause=text)
        assert (risk["title"], risk["cause"]) == (text, text)
        found = await world["member"].get(path(world), params={"q": text, "limit": 1})
        assert found.json()["data"][0]["id"] == risk["id"]


async def test_a_stranger_cannot_own_a_risk(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    answer = await world["manager"].post(path(world), NEW | {"owner_id": str(world.people["stranger"])})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_reference")
    assert answer.json()["errors"][0]["pointer"] == "/owner_id"


async def test_a_risk_names_the_goal_that_it_threatens(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    goal = (await world["manager"].post(f"/v1/projects/{world.project_id}/goals", {"title": "Open in June"})).json()
    risk = await raise_risk(world, goal_id=goal["id"])
    listed = (await world["member"].get(f"{path(world)}?goal_id={goal['id']}")).json()["data"]
    assert [each["id"] for each in listed] == [risk["id"]]


async def test_any_member_records_a_risk_and_reads_what_it_is_expected_to_cost(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    risk = await raise_risk(world, "member", owner_id=str(world.people["coordinator"]))
    assert risk["probability"] == "0.30"
    assert risk["cost_impact"] == NEW["cost_impact"]
    assert (risk["expected_minutes"], risk["expected_cost"]) == (1575, nok("300000.00"))
    (fact,) = await facts_of(planning, world, "planning.risk.raised")
    assert fact == {name: value for name, value in NEW.items() if name != "trigger_date"} | {
        "expected_minutes": 1575,
        "expected_cost": nok("300000.00"),
        "status": "open",
        "owner_id": str(world.people["coordinator"]),
    }


async def test_an_impact_that_is_left_out_is_none(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy(), {"currency": "JPY"})
    answer = await world["member"].post(path(world), {"title": "Rain", "probability": "1"})
    assert answer.json()["schedule_impact_minutes"] == {"low": 0, "likely": 0, "high": 0}
    assert answer.json()["expected_cost"] == {"amount": "0", "currency": "JPY"}


async def test_a_new_judgement_brings_the_expected_values_along(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    risk = await raise_risk(world)
    known = f"/v1/risks/{risk['id']}"
    assert (await world["coordinator"].patch(known, {"probability": "0.15"})).status_code == 428
    changed = await world["coordinator"].patch(known, {"probability": "0.15", "trigger_date": None}, 1)
    assert changed.status_code == 200, changed.text
    assert (changed.json()["expected_minutes"], changed.json()["expected_cost"]) == (788, nok("150000.00"))
    assert changed.json()["trigger_date"] is None
    assert (await world["member"].patch(known, {"title": "Late"}, 1)).json()["current_version"] == 2


async def test_a_risk_passes_from_open_to_occurred_to_closed_and_may_come_back(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    known = f"/v1/risks/{(await raise_risk(world))['id']}"
    for version, status in enumerate(("occurred", "closed", "open"), 1):
        assert (await world["coordinator"].patch(known, {"status": status}, version)).status_code == 200
    await world["coordinator"].patch(known, {"status": "occurred"}, 4)
    back = await world["coordinator"].patch(known, {"status": "open"}, 5)
    assert (back.status_code, back.json()["code"]) == (409, "illegal_risk_status")
    assert (await world["coordinator"].get(known)).json()["version"] == 5


async def test_the_register_is_listed_by_what_it_may_cost(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    for probability in ("0.1", "0.9", "0.5"):
        await raise_risk(world, probability=probability)
    listed = (await world["auditor"].get(path(world) + "?sort=-expected_cost&status=open")).json()["data"]
    assert [each["probability"] for each in listed] == ["0.9", "0.5", "0.1"]
    where = {
        "any": [
            {"field": "probability", "op": "gte", "value": "0.9"},
            {"field": "expected_minutes", "op": "lt", "value": 600},
        ]
    }
    found = (await world["auditor"].post(path(world) + "/searches", {"where": where})).json()["data"]
    assert {each["probability"] for each in found} == {"0.9", "0.1"}
    assert (await world["auditor"].get(path(world) + "?status=gone")).json()["code"] == "invalid_filter_value"
    assert (await world["auditor"].get(path(world) + "?secret=1")).json()["code"] == "unknown_filter"


async def test_of_many_writers_with_one_version_exactly_one_wins(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    known = f"/v1/risks/{(await raise_risk(world))['id']}"
    answers = await asyncio.gather(*(world["member"].patch(known, {"title": f"Risk {n}"}, 1) for n in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
