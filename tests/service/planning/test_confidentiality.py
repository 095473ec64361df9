"""What not everybody on a project sees: rates and costs, in objects, lists, filters, sorts, impacts and decisions."""

import pytest

from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World

SEE_COSTS = ("owner", "programme_manager", "manager", "coordinator", "auditor")
SEE_NO_COSTS = ("member", "stakeholder", "client_contact")


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def test_rates_are_for_the_manager_and_whoever_stands_above(world: World) -> None:
    path = f"/v1/projects/{world.project_id}/resources"
    rate = {"amount": "1450.00", "currency": "NOK"}
    made = await world["manager"].post(path, {"name": "Welder", "resource_type": "work", "standard_rate": rate})
    assert made.status_code == 201, made.text
    one = f"/v1/resources/{made.json()['id']}"
    for role in ("owner", "programme_manager", "manager"):
        assert (await world[role].get(one)).json()["standard_rate"] == rate
    for role in ("coordinator", "auditor", *SEE_NO_COSTS):
        assert (await world[role].get(one)).json()["standard_rate"] is None
        assert "1450" not in (await world[role].get(path)).text


async def test_nouns_about_money_are_absent_to_those_who_do_not_see_costs(world: World) -> None:
    project = f"/v1/projects/{world.project_id}"
    code = (await world["manager"].post(f"{project}/cost-codes", {"code": "100", "name": "Concrete"})).json()["id"]
    amount = {"amount": "1250.00", "currency": "NOK"}
    allocation = {"cost_code_id": code, "amount": amount, "description": "Piles"}
    voucher = {"system": "erp", "type": "voucher", "id": "1"}
    made = {
        "budget-lines": await world["manager"].post(f"{project}/budget-lines", allocation),
        "commitments": await world["manager"].post(f"{project}/commitments", allocation | {"supplier": "Betong AS"}),
        "actuals": await world["manager"].post(
            f"{project}/actuals", allocation | {"posted_on": "2026-03-31", "external_ref": voucher}
        ),
    }
    for noun, answer in made.items():
        assert answer.status_code == 201, answer.text
        for role in SEE_COSTS:
            assert len((await world[role].get(f"{project}/{noun}")).json()["data"]) == 1
            assert (await world[role].get(f"/v1/{noun}/{answer.json()['id']}")).status_code == 200
        for role in SEE_NO_COSTS:
            assert (await world[role].get(f"{project}/{noun}")).status_code == 404
            assert (await world[role].post(f"{project}/{noun}/searches", {})).status_code == 404
            assert (await world[role].get(f"/v1/{noun}/{answer.json()['id']}")).status_code == 404


async def test_a_stale_writer_is_told_of_changed_money_only_if_they_see_it(world: World) -> None:
    path = f"/v1/projects/{world.project_id}/risks"
    risk = (await world["manager"].post(path, {"title": "Rock", "probability": "0.5"})).json()
    one = f"/v1/risks/{risk['id']}"
    cost = {point: {"amount": "100", "currency": "NOK"} for point in ("low", "likely", "high")}
    for version, change in enumerate(({"cost_impact": cost}, {"title": "Hard rock"}), 1):
        assert (await world["manager"].patch(one, change, version)).status_code == 200
    told = {role: (await world[role].patch(one, {"title": "Clay"}, 1)).json() for role in ("coordinator", "member")}
    assert told["coordinator"]["changed_fields"] == ["title", "cost_impact", "expected_cost"]
    assert told["member"]["changed_fields"] == ["title"]
    newer = (await world["coordinator"].patch(one, {"title": "Clay"}, 2)).json()
    assert (newer["changed_fields"], newer["current_version"]) == (["title"], 3)
    never = (
        await world["coordinator"].patch(one, {"title": "Clay"}, headers={"If-Match": '"of another object"'})
    ).json()
    assert {"title", "probability", "cost_impact"} <= set(never["changed_fields"]), "of a version that never was, all"


async def test_a_hidden_column_answers_no_filter_and_no_sort(world: World) -> None:
    path = f"/v1/projects/{world.project_id}/risks"
    for title, likely in (("Rock", "900000"), ("Rain", "100")):
        cost = {point: {"amount": likely, "currency": "NOK"} for point in ("low", "likely", "high")}
        made = await world["manager"].post(path, {"title": title, "probability": "0.5", "cost_impact": cost})
        assert made.status_code == 201, made.text
    for role, found in (("coordinator", 1), ("member", 0)):
        rows = (await world[role].get(f"{path}?expected_cost[gt]=1000")).json()["data"]
        assert len(rows) == found
    ordered = [
        [row["title"] for row in (await world[role].get(f"{path}?sort=-expected_cost")).json()["data"]]
        for role in ("coordinator", "member")
    ]
    assert ordered[0] == ["Rock", "Rain"]
    searched = await world["member"].post(
        f"{path}/searches", {"where": {"field": "expected_cost", "op": "gt", "value": "1000"}}
    )
    assert searched.json()["data"] == []


async def test_impacts_and_decisions_tell_their_money_to_those_who_see_costs(world: World) -> None:
    project = f"/v1/projects/{world.project_id}"
    code = (await world["manager"].post(f"{project}/cost-codes", {"code": "100", "name": "Concrete"})).json()["id"]
    body = {"cost_code_id": code, "amount": {"amount": "777.00", "currency": "NOK"}, "description": "Piles"}
    for role in ("coordinator", "member"):
        refused = await world[role].post(f"{project}/budget-lines", body, headers={"Prefer": "authority=strict"})
        assert refused.json()["code"] == "authority_required"
        assert ("777" in refused.text) == (role == "coordinator")
        tried = await world[role].post(f"{project}/budget-lines?dry_run=true", body)
        assert ("cost" in tried.json()["impact"]) == (role == "coordinator")
    assert (await world["manager"].post(f"{project}/budget-lines", body)).status_code == 201
    for role in ("auditor", "member"):
        (decision,) = (await world[role].get(f"{project}/decisions?kind=budget.line")).json()["data"]
        assert ("cost" in decision["impact"]) == (role == "auditor")
