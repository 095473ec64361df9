"""Postings of actual cost: taken in once, exact, reversed but never changed."""

import asyncio
from functools import partial
from typing import Any

import asyncpg
import orjson
import pytest

from services.kernel.ids import new_id
from services.kernel.outbox import read_facts
from tests.factories.policies import make_policy
from tests.factories.projects import make_project
from tests.factories.world import ServiceUnderTest, World, until_served


def nok(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "NOK"}


def path(world: World) -> str:
    return f"/v1/projects/{world.project_id}/actuals"


async def make_posting(world: World, number: object = 1, amount: str = "100.00", **members: Any) -> dict[str, Any]:
    """The body of a posting, under a cost code that is made on the first call."""
    codes = f"/v1/projects/{world.project_id}/cost-codes"
    known = (await world["manager"].get(codes)).json()["data"]
    if not known:
        known = [(await world["manager"].post(codes, {"code": "4100", "name": "Concrete"})).json()]
    reference = {"system": "erp", "type": "voucher", "id": f"V-{number}"}
    body = {"cost_code_id": known[0]["id"], "amount": nok(amount), "posted_on": "2026-03-31", "external_ref": reference}
    return body | members


async def posted_facts(planning: ServiceUnderTest, world: World) -> list[dict[str, Any]]:
    async with planning.service.database.read(world.tenant_id) as session:
        facts = [orjson.loads(each) for each in await read_facts(session, world.tenant_id, 0, 5000)]
    return [fact["data"] for fact in facts if fact["type"] == "planning.actual.posted"]


async def test_nobody_without_an_identity_gets_in(planning: ServiceUnderTest) -> None:
    assert (await planning.http.get(f"/v1/projects/{new_id()}/actuals")).status_code == 401
    assert (await planning.http.post(f"/v1/projects/{new_id()}/actuals/batch", json={})).status_code == 401


async def test_strangers_guests_and_other_tenants_find_nothing(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    body = await make_posting(world)
    actual_id = (await world["manager"].post(path(world), body)).json()["id"]
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(path(world))).status_code == 404
        assert (await caller.get(f"/v1/actuals/{actual_id}")).status_code == 404
        assert (await caller.post(path(world), body)).status_code == 404
        batch = {"operations": [{"op": "create", "body": body}]}
        assert (await caller.post(path(world) + "/batch", batch)).status_code == 404


async def test_posting_needs_authority_and_a_key(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    body = await make_posting(world)
    refused = await world["coordinator"].post(path(world), body)
    assert (refused.status_code, refused.json()["code"]) == (403, "authority_required")
    assert refused.json()["impact"]["cost"]["change"] == nok("100.00")
    assert (await world["auditor"].post(path(world), body)).json()["code"] == "forbidden"
    keyless = await world["manager"].post(path(world), body, headers={"Idempotency-Key": None})
    assert keyless.json()["code"] == "idempotency_key_missing"
    assert (await world["manager"].get(path(world))).json()["data"] == []


@pytest.mark.parametrize(
    "extra",
    [
        {"id": str(new_id())},
        {"created_by_id": str(new_id())},
        {"version": 2},
        {"total_cost": nok("1.00")},
        {"external_ref": None},
        {"posted_on": "2026-02-30"},
        {"posted_on": "9999-12-31"},
        {"amount": nok("1" * 40)},
        {"amount": nok("NaN")},
        {"amount": {"amount": 0.1, "currency": "NOK"}},
        {"amount": {"amount": "1.00", "currency": "SEK"}},
        {"cost_code_id": str(new_id())},
        {"reverses_id": str(new_id())},
    ],
)
async def test_what_is_no_posting_is_refused(planning: ServiceUnderTest, extra: dict[str, Any]) -> None:
    world = await planning.world(make_policy())
    answer = await world["manager"].post(path(world), await make_posting(world, **extra))
    assert answer.status_code == 422
    assert (await world["manager"].get(path(world))).json()["data"] == []


async def test_a_tenth_and_two_tenths_are_three_tenths(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    await world["manager"].post(path(world), await make_posting(world, 1, "0.1"))
    second = await world["manager"].post(path(world), await make_posting(world, 2, "0.2"))
    assert second.json()["effects"]["impact"]["cost"] == {
        "before": nok("0.10"),
        "after": nok("0.30"),
        "change": nok("0.20"),
    }


async def test_the_same_voucher_twenty_times_at_once_is_one_posting(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    body = await make_posting(world)
    posting = partial(world["manager"].post, path(world), body)
    answers = await asyncio.gather(*(until_served(posting) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len((await world["manager"].get(path(world))).json()["data"]) == 1
    (fact,) = await posted_facts(planning, world)
    assert fact == {
        "task_id": None,
        "cost_code_id": body["cost_code_id"],
        "amount": nok("100.00"),
        "posted_on": "2026-03-31",
        "external_ref": body["external_ref"] | {"url": None},
        "description": "",
    }


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"amount": nok("100.01")}, "/amount"),
        ({"posted_on": "2026-04-01"}, "/posted_on"),
        ({"description": "Another"}, "/description"),
    ],
)
async def test_the_same_voucher_with_other_content_is_a_contradiction(
    planning: ServiceUnderTest, members: dict[str, Any], pointer: str
) -> None:
    world = await planning.world(make_policy())
    body = await make_posting(world)
    stored = (await world["manager"].post(path(world), body)).json()
    answer = await world["manager"].post(path(world), body | members)
    assert (answer.status_code, answer.json()["code"]) == (409, "external_ref_contradicted")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert (await world["manager"].get(f"/v1/actuals/{stored['id']}")).json()["amount"] == nok("100.00")


async def test_the_same_letters_in_two_encodings_are_one_voucher(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    composed, decomposed = await make_posting(world, "\u00e5"), await make_posting(world, "a\u030a")
    answers = [await world["manager"].post(path(world), body) for body in (composed, decomposed)]
    assert [answer.status_code for answer in answers] == [201, 200]


async def test_a_voucher_of_another_project_is_refused_without_a_word_about_it(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    body = await make_posting(world)
    await world["manager"].post(path(world), body)
    other_id = await make_project(world)
    code = (await world["manager"].post(f"/v1/projects/{other_id}/cost-codes", {"code": "1", "name": "A"})).json()["id"]
    answer = await world["manager"].post(f"/v1/projects/{other_id}/actuals", body | {"cost_code_id": code})
    assert (answer.status_code, answer.json()["code"]) == (409, "external_ref_contradicted")
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/external_ref"]


async def test_a_posting_has_no_way_to_be_changed(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    actual_id = (await world["manager"].post(path(world), await make_posting(world))).json()["id"]
    assert (await world["owner"].patch(f"/v1/actuals/{actual_id}", {"amount": nok("1.00")}, 1)).status_code == 405
    assert (await world["owner"].delete(f"/v1/actuals/{actual_id}", 1)).status_code == 405
    for statement in ("update actuals set amount = 1 where tenant_id = $1", "delete from actuals where tenant_id = $1"):
        async with planning.service.database.write(world["owner"].principal) as session:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await session.value(statement, world.tenant_id)


async def test_a_posting_is_reversed_once_by_its_whole_amount(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    original = (await world["manager"].post(path(world), await make_posting(world))).json()
    short = await world["manager"].post(path(world), await make_posting(world, 2, "-99.99", reverses_id=original["id"]))
    assert (short.status_code, short.json()["code"]) == (422, "reversal_unbalanced")
    reversal = await make_posting(world, 2, "-100.00", reverses_id=original["id"])
    answers = [await world["manager"].post(path(world), reversal) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    again = await world["manager"].post(
        path(world), await make_posting(world, 3, "-100.00", reverses_id=original["id"])
    )
    assert (again.status_code, again.json()["code"]) == (409, "already_reversed")
    listed = (await world["auditor"].get(path(world) + "?sort=-amount")).json()["data"]
    assert [each["amount"]["amount"] for each in listed] == ["100.00", "-100.00"]


async def test_a_batch_is_taken_in_whole_and_again_without_a_double(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    template = await make_posting(world)
    postings = [template | {"external_ref": template["external_ref"] | {"id": f"V-{n}"}} for n in range(1000)]
    operations = [{"op": "create", "body": posting} for posting in postings]
    batch = {"atomic": True, "operations": operations}
    first = await world["manager"].post(path(world) + "/batch", batch)
    assert first.status_code == 200, first.text[:500]
    results = first.json()["results"]
    assert {each["status"] for each in results} == {201}
    last = (await world["manager"].get(f"/v1/actuals/{results[-1]['id']}")).json()
    assert last["external_ref"]["id"] == "V-999"
    assert first.json()["effects"]["impact"]["cost"]["after"] == nok("100000.00")
    again = await world["manager"].post(path(world) + "/batch", batch)
    assert again.json()["results"] == [each | {"status": 200} for each in results]
    assert len(await posted_facts(planning, world)) == 1000
    one_more = {"operations": [*operations, operations[0]]}
    assert (await world["manager"].post(path(world) + "/batch", one_more)).status_code == 422


async def test_a_batch_with_one_fault_leaves_nothing_and_names_each_place(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    good, same = await make_posting(world, 1), await make_posting(world, 1, "7.00")
    wrong = await make_posting(world, 2, amount="1.00") | {"amount": {"amount": "1.00", "currency": "SEK"}}
    unknown = await make_posting(world, 3, cost_code_id=str(new_id()))

    async def send(*postings: dict[str, Any]) -> dict[str, Any]:
        batch = {"operations": [{"op": "create", "body": posting} for posting in postings]}
        answer = await world["manager"].post(path(world) + "/batch", batch)
        assert (answer.status_code, answer.json()["code"]) == (422, "batch_refused")
        return {error["pointer"]: error["code"] for error in answer.json()["errors"]}

    assert await send(good, wrong, unknown) == {
        "/operations/1/body/amount/currency": "currency_mismatched",
        "/operations/2/body/cost_code_id": "unknown_reference",
    }
    assert await send(good, same) == {"/operations/1/body/amount": "external_ref_contradicted"}
    assert (await world["manager"].get(path(world))).json()["data"] == []


async def test_batches_with_the_same_vouchers_in_opposite_order_get_on(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    template = await make_posting(world)
    postings = [template | {"external_ref": template["external_ref"] | {"id": f"V-{n}"}} for n in range(50)]
    operations = [{"op": "create", "body": posting} for posting in postings]
    answers = await asyncio.gather(
        *(
            world["manager"].post(path(world) + "/batch", {"operations": order})
            for order in (operations, operations[::-1]) * 4
        )
    )
    assert {answer.status_code for answer in answers} == {200}
    assert sum(each["status"] == 201 for answer in answers for each in answer.json()["results"]) == 50
