"""The register of contracts: who sees and changes what, what is decided with reasons, and what is due."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.kernel.ids import new_id
from tests.factories.plans import DAY, make_task
from tests.factories.policies import make_policy
from tests.factories.world import Caller, ServiceUnderTest, World

TODAY = datetime.now(UTC).date()
NOUNS = ("contract-milestones", "contract-options", "contract-change-orders")


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


def kroner(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "NOK"}


def in_days(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


async def make(world: World, noun: str, caller: Caller | None = None, **members: Any) -> dict[str, Any]:
    answer = await (caller or world["manager"]).post(f"/v1/projects/{world.project_id}/{noun}", members)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def signed(world: World, **members: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"number": "K-1", "title": "Groundworks", "counterparty": "Fjell AS", "kind": "fixed_price"}
    made = await make(world, "contracts", **body | {"value": kroner("1000000.00"), "ends_on": in_days(400)} | members)
    answer = await world["manager"].patch(f"/v1/contracts/{made['id']}", {"status": "signed"}, 1)
    assert answer.status_code == 200, answer.text
    contract: dict[str, Any] = answer.json()
    return contract


async def parts(world: World, contract: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """One of each part."""
    whose = {"contract_id": contract["id"], "title": "Piles"}
    return {
        NOUNS[0]: await make(world, NOUNS[0], **whose, due_on=in_days(90), payment=kroner("400000.00")),
        NOUNS[1]: await make(world, NOUNS[1], **whose, exercise_by=in_days(20), value=kroner("50000.00")),
        NOUNS[2]: await make(world, NOUNS[2], **whose, value=kroner("25000.00"), extension_days=14),
    }


async def test_strangers_guests_and_other_tenants_find_nothing(world: World) -> None:
    contract = await signed(world)
    made = await parts(world, contract)
    paths = [f"/v1/contracts/{contract['id']}", *(f"/v1/{noun}/{each['id']}" for noun, each in made.items())]
    project = f"/v1/projects/{world.project_id}"
    assert (await world.under_test.http.get(paths[0])).status_code == 401
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        for path in [*paths, f"{project}/contracts", f"{project}/contract-alerts"]:
            assert (await caller.get(path)).status_code == 404
        for path in paths:
            assert (await caller.patch(path, {"title": "Mine"}, 1)).status_code == 404
        ruling = {"outcome": "approved", "reason": "Why not?"}
        assert (await caller.post(f"{paths[3]}/ruling", ruling)).status_code == 404


async def test_the_team_sees_contracts_without_their_money(world: World) -> None:
    contract = await signed(world)
    made = await parts(world, contract)
    shown = (await world["member"].get(f"/v1/contracts/{contract['id']}")).json()
    assert (shown["title"], shown["value"], shown["current_value"]) == ("Groundworks", None, None)
    for noun, money in zip(NOUNS, ("payment", "value", "value"), strict=True):
        shown = (await world["member"].get(f"/v1/{noun}/{made[noun]['id']}")).json()
        assert (shown["title"], shown[money]) == ("Piles", None)
        assert (await world["auditor"].get(f"/v1/{noun}/{made[noun]['id']}")).json()[money] is not None


@pytest.mark.parametrize(
    ("members", "status", "code"),
    [
        ({"value": {"amount": "1.00", "currency": "EUR"}}, 422, "currency_mismatched"),
        ({"value": kroner("-1.00")}, 422, "validation_failed"),
        ({"starts_on": "2026-03-02", "ends_on": "2026-03-01"}, 422, "contract_ends_early"),
        ({"retention_percent": "101"}, 422, "validation_failed"),
        ({"kind": "handshake"}, 422, "validation_failed"),
        ({}, 409, "already_exists"),
    ],
)
async def test_a_contract_that_makes_no_sense_is_refused(
    world: World, members: dict[str, Any], status: int, code: str
) -> None:
    body: dict[str, Any] = {"number": "K-1", "title": "Groundworks", "counterparty": "Fjell AS", "kind": "framework"}
    await make(world, "contracts", **body)
    number = {"number": "K-2"} if members else {}
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/contracts", body | number | members)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_part_belongs_to_a_contract_and_a_task_of_its_own_project(world: World) -> None:
    contract = await signed(world)
    path = f"/v1/projects/{world.project_id}/contract-milestones"
    good = {"contract_id": contract["id"], "title": "Piles", "due_on": in_days(9)}
    for wrong in ({"contract_id": str(new_id())}, {"task_id": str(new_id())}):
        answer = await world["manager"].post(path, good | wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_reference")


async def test_a_coordinator_follows_up_and_a_manager_decides(world: World) -> None:
    contract = await signed(world)
    milestone = await make(world, NOUNS[0], contract_id=contract["id"], title="Piles", due_on=in_days(9))
    path = f"/v1/contract-milestones/{milestone['id']}"
    reached = await world["coordinator"].patch(path, {"state": "reached", "reached_on": in_days(0)}, 1)
    assert (reached.status_code, reached.json()["state"]) == (200, "reached")
    dearer = await world["coordinator"].patch(path, {"payment": kroner("10.00")}, 2)
    assert (dearer.status_code, dearer.json()["kinds"]) == (403, ["contract.record"])
    order = {"contract_id": contract["id"], "title": "Piles", "value": kroner("25000.00")}
    drafted = await make(world, NOUNS[2], world["coordinator"], **order)
    ruling = {"outcome": "approved", "reason": "Clay."}
    answer = await world["coordinator"].post(f"/v1/contract-change-orders/{drafted['id']}/ruling", ruling)
    assert (answer.status_code, answer.json()["code"]) == (403, "authority_required")
    assert answer.json()["impact"]["cost"]["change"] == kroner("25000.00")


async def test_a_draft_is_signed_once_and_only_what_is_signed_is_changed(world: World) -> None:
    body: dict[str, Any] = {"number": "K-1", "title": "Groundworks", "counterparty": "Fjell AS", "kind": "fixed_price"}
    draft = await make(world, "contracts", **body)
    order = {"contract_id": draft["id"], "title": "Piles", "value": kroner("1.00")}
    early = await world["manager"].post(f"/v1/projects/{world.project_id}/contract-change-orders", order)
    assert (early.status_code, early.json()["code"]) == (409, "contract_not_in_force")
    path = f"/v1/contracts/{draft['id']}"
    illegal = await world["manager"].patch(path, {"status": "completed"}, 1)
    assert (illegal.status_code, illegal.json()["code"]) == (409, "illegal_contract_status")
    done = await world["manager"].patch(path, {"status": "signed"}, 1)
    assert (done.json()["status"], done.json()["signed_on"]) == ("signed", in_days(0))


async def test_what_is_agreed_upon_later_changes_the_contract_and_is_a_decision(world: World) -> None:
    contract = await signed(world)
    made = await parts(world, contract)
    path = f"/v1/contract-change-orders/{made[NOUNS[2]]['id']}"
    approved = await world["manager"].post(
        f"{path}/ruling", {"outcome": "approved", "reason": "The borings show clay."}
    )
    assert (approved.status_code, approved.json()["state"]) == (200, "approved")
    decision = (await world["manager"].get(f"/v1/decisions/{approved.json()['decision_id']}")).json()
    assert (decision["kind"], decision["reason"]) == ("contract.change", "The borings show clay.")
    again = await world["manager"].post(f"{path}/ruling", {"outcome": "rejected", "reason": "No."})
    assert (again.status_code, again.json()["code"]) == (409, "decided_already")
    late = await world["manager"].patch(path, {"title": "Other piles"}, 2)
    assert late.status_code in (409, 412)
    option = f"/v1/contract-options/{made[NOUNS[1]]['id']}/ruling"
    exercised = await world["manager"].post(option, {"outcome": "exercised", "reason": "The traffic has doubled."})
    assert exercised.json()["state"] == "exercised"
    now = (await world["manager"].get(f"/v1/contracts/{contract['id']}")).json()
    assert (now["value"], now["current_value"]) == (kroner("1000000.00"), kroner("1075000.00"))
    assert now["ends_on"] == in_days(414)


async def test_an_option_cannot_be_exercised_behind_its_day(world: World) -> None:
    contract = await signed(world)
    option = await make(
        world, NOUNS[1], contract_id=contract["id"], title="Second carriageway", exercise_by=in_days(-1)
    )
    path = f"/v1/contract-options/{option['id']}/ruling"
    answer = await world["manager"].post(path, {"outcome": "exercised", "reason": "Please."})
    assert (answer.status_code, answer.json()["code"]) == (409, "option_expired")
    lapsed = await world["manager"].post(path, {"outcome": "lapsed", "reason": "Too late."})
    assert (lapsed.json()["state"], lapsed.json()["decision_id"] is None) == ("lapsed", False)


async def test_one_is_told_what_is_due_and_what_the_plan_has_late(world: World) -> None:
    contract = await signed(world, retention_percent="10", retention_until=in_days(25))
    task = await make_task(world, "Piles", duration_minutes=3 * DAY)
    await parts(world, contract)
    whose = {"contract_id": contract["id"], "task_id": task["id"]}
    await make(world, NOUNS[0], **whose, title="Handover", due_on="2026-03-03", payment=kroner("100.00"))
    paid = await make(world, NOUNS[0], **whose, title="Start", due_on="2026-03-02", payment=kroner("1000.00"))
    await world["coordinator"].patch(f"/v1/contract-milestones/{paid['id']}", {"state": "paid"}, 1)
    path = f"/v1/projects/{world.project_id}/contract-alerts"
    found = {each["code"]: each for each in (await world["manager"].get(path)).json()["alerts"]}
    assert found.keys() == {"milestone_late", "option_due", "change_order_open", "retention_due"}
    late = found["milestone_late"]
    assert (late["title"], late["forecast_on"], late["days_late"]) == ("Handover", "2026-03-04", 1)
    assert (late["amount"], found["retention_due"]["amount"]) == (kroner("100.00"), kroner("100.00"))
    assert {each["amount"] and each["code"] for each in (await world["member"].get(path)).json()["alerts"]} == {None}
    assert (await world["manager"].get(f"{path}?within_days=-1")).status_code == 400
