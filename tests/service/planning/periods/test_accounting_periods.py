"""Accounting periods: who sets them up and closes them, and what they keep out of the accounts."""

import asyncio
from typing import Any

import asyncpg
import pytest
from sqlalchemy.exc import IntegrityError

from gateway.authority.templates import TEMPLATES
from services.kernel.ids import new_id
from services.planning.periods.accounting_period import AccountingPeriod
from tests.factories.policies import make_policy
from tests.factories.projects import make_project
from tests.factories.world import Caller, ServiceUnderTest, World

MARCH = {"name": "March 2026", "starts_on": "2026-03-01", "ends_on": "2026-03-31"}
APRIL = {"name": "April 2026", "starts_on": "2026-04-01", "ends_on": "2026-04-30"}
WHY = {"reason": "The invoice came late."}


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


def path(world: World, noun: str = "accounting-periods") -> str:
    return f"/v1/projects/{world.project_id}/{noun}"


async def set_up(world: World, **members: Any) -> dict[str, Any]:
    answer = await world["manager"].post(path(world), MARCH | members)
    assert answer.status_code == 201, answer.text
    period: dict[str, Any] = answer.json()
    return period


async def close(world: World, period: dict[str, Any], state: str = "closed", role: str = "manager") -> Any:
    body = {"state": state, "reason": "March is being checked."}
    return await world[role].post(f"/v1/accounting-periods/{period['id']}/closing", body)


async def closed(world: World, state: str = "closed", **members: Any) -> dict[str, Any]:
    answer = await close(world, await set_up(world, **members), state)
    assert answer.status_code == 200, answer.text
    period: dict[str, Any] = answer.json()
    return period


async def reopen(world: World, period: dict[str, Any], role: str = "manager") -> Any:
    return await world[role].post(f"/v1/accounting-periods/{period['id']}/reopening", WHY)


async def posting(world: World, day: str = "2026-03-31", voucher: str | None = None, **members: Any) -> dict[str, Any]:
    """The body of a posting, under a cost code that is made on the first call."""
    known = (await world["manager"].get(path(world, "cost-codes"))).json()["data"]
    if not known:
        known = [(await world["manager"].post(path(world, "cost-codes"), {"code": "4100", "name": "Concrete"})).json()]
    reference = {"system": "erp", "type": "voucher", "id": voucher or str(new_id())}
    amount = {"amount": "100.00", "currency": "NOK"}
    return {"cost_code_id": known[0]["id"], "amount": amount, "posted_on": day, "external_ref": reference} | members


async def post(caller: Caller, world: World, body: dict[str, Any]) -> Any:
    return await caller.post(path(world, "actuals"), body)


async def posted(world: World) -> int:
    return len((await world["manager"].get(path(world, "actuals"))).json()["data"])


async def decisions(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await world["manager"].get(path(world, "decisions") + "?sort=created_at")).json()[
        "data"
    ]
    return found


# -- who --------------------------------------------------------------------------------------------------------------


async def test_nobody_without_an_identity_gets_in(planning: ServiceUnderTest) -> None:
    assert (await planning.http.get(f"/v1/projects/{new_id()}/accounting-periods")).status_code == 401
    assert (await planning.http.post(f"/v1/accounting-periods/{new_id()}/closing", json={})).status_code == 401


async def test_strangers_guests_and_other_tenants_find_nothing(world: World) -> None:
    period = await set_up(world)
    one = f"/v1/accounting-periods/{period['id']}"
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(path(world))).status_code == 404
        assert (await caller.get(one)).status_code == 404
        assert (await caller.post(path(world), APRIL)).status_code == 404
        assert (await caller.patch(one, {"name": "X"}, 1)).status_code == 404
        assert (await caller.delete(one, 1)).status_code == 404
        assert (await caller.post(f"{one}/closing", {"state": "closed"} | WHY)).status_code == 404
        assert (await caller.post(f"{one}/reopening", WHY)).status_code == 404


async def test_a_coordinator_sets_periods_up_and_only_proposes_to_close_and_reopen_them(world: World) -> None:
    made = await world["coordinator"].post(path(world), MARCH)
    assert made.status_code == 201, made.text
    for role in ("member", "coordinator"):
        refused = await close(world, made.json(), role=role)
        assert (refused.status_code, refused.json()["kinds"]) == (403, ["period.close"])
        assert refused.json()["impact"]["state"] == {"before": "open", "after": "closed"}
    assert (await close(world, made.json())).status_code == 200
    refused = await reopen(world, made.json(), "coordinator")
    assert (refused.status_code, refused.json()["kinds"]) == (403, ["period.reopen"])
    for answer in (
        await world["auditor"].post(path(world), APRIL),
        await close(world, made.json(), role="auditor"),
        await reopen(world, made.json(), "auditor"),
    ):
        assert answer.status_code in (403, 409)
    assert (await world["auditor"].get(path(world))).json()["data"][0]["state"] == "closed"


async def test_a_reader_is_told_what_they_may_do_with_a_period(world: World) -> None:
    period = await set_up(world)
    for role, may in (("manager", "decide"), ("coordinator", "propose"), ("auditor", "no")):
        shown = await world[role].get(f"/v1/accounting-periods/{period['id']}?expand=viewer")
        assert {shown.json()["viewer"]["can"][act] for act in ("close", "reopen")} == {may}


# -- what a period is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "members",
    [
        {"name": ""},
        {"starts_on": "2026-03-32"},
        {"ends_on": "2026-02-28"},
        {"ends_on": "2300-01-01"},
        {"state": "closed"},
        {"reopenings": 3},
    ],
)
async def test_what_is_no_period_is_refused(world: World, members: dict[str, Any]) -> None:
    answer = await world["manager"].post(path(world), MARCH | members)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert (await world["manager"].get(path(world))).json()["data"] == []


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "free"),
    [
        ("2026-03-31", "2026-04-30", False),
        ("2026-02-01", "2026-03-01", False),
        ("2026-03-10", "2026-03-10", False),
        ("2026-01-01", "2026-12-31", False),
        ("2026-04-01", "2026-04-30", True),
        ("2026-02-01", "2026-02-28", True),
    ],
)
async def test_no_day_belongs_to_two_periods_and_the_refusal_names_the_other(
    world: World, starts_on: str, ends_on: str, free: bool
) -> None:
    march = await set_up(world)
    answer = await world["manager"].post(path(world), {"name": "Other", "starts_on": starts_on, "ends_on": ends_on})
    assert answer.status_code == (201 if free else 409), answer.text
    if not free:
        problem = answer.json()
        assert (problem["code"], problem["period_id"], problem["period"]) == (
            "periods_overlap",
            march["id"],
            "March 2026",
        )
        assert "2026-03-01" in problem["detail"]


async def test_another_project_may_have_the_same_days(world: World) -> None:
    await set_up(world)
    other = await make_project(world)
    assert (await world["manager"].post(f"/v1/projects/{other}/accounting-periods", MARCH)).status_code == 201


async def test_of_many_that_want_the_same_days_at_once_one_gets_them(world: World) -> None:
    answers = await asyncio.gather(*(world["manager"].post(path(world), MARCH) for _ in range(10)))
    assert sorted(each.status_code for each in answers) == [201, *[409] * 9]
    assert {each.json()["code"] for each in answers if each.status_code == 409} == {"periods_overlap"}


async def test_the_database_itself_keeps_two_periods_apart(planning: ServiceUnderTest, world: World) -> None:
    period = await set_up(world)
    async with planning.service.database.write(world["manager"].principal) as session:
        twin = await session.get(AccountingPeriod, (world.tenant_id, period["id"]))
        assert twin is not None
        days = {"starts_on": twin.ends_on, "ends_on": twin.ends_on}
        session.add(AccountingPeriod(project_id=world.project_id, name="Twin", state="open", reopenings=0, **days))
        with pytest.raises(IntegrityError) as broken:
            await session.flush()
        assert isinstance(broken.value.orig.__cause__, asyncpg.ExclusionViolationError)  # type: ignore[union-attr]
        await session.rollback()


async def test_an_open_period_gets_other_days_and_a_closed_one_keeps_its_own(world: World) -> None:
    march = await set_up(world)
    april = await set_up(world, **APRIL)
    one = f"/v1/accounting-periods/{march['id']}"
    stale = await world["manager"].patch(one, {"name": "X"}, 9)
    assert (stale.status_code, stale.json()["current_version"]) == (412, 1)
    assert (await world["manager"].patch(one, {"name": "X"})).status_code == 428
    taken = await world["manager"].patch(one, {"ends_on": "2026-04-02"}, 1)
    assert (taken.status_code, taken.json()["period_id"]) == (409, april["id"])
    backwards = await world["manager"].patch(one, {"ends_on": "2026-02-02"}, 1)
    assert (backwards.status_code, backwards.json()["errors"][0]["pointer"]) == (422, "/ends_on")
    moved = await world["coordinator"].patch(one, {"starts_on": "2026-02-20", "name": "Late winter"}, 1)
    assert (moved.status_code, moved.json()["starts_on"], moved.json()["version"]) == (200, "2026-02-20", 2)
    version = (await close(world, march)).json()["version"]
    refused = await world["manager"].patch(one, {"ends_on": "2026-03-30"}, version)
    assert (refused.status_code, refused.json()["code"]) == (409, "period_not_open")
    assert (await world["manager"].patch(one, {"name": "Winter"}, version)).status_code == 200


async def test_a_period_that_was_ever_closed_cannot_be_removed(world: World) -> None:
    march = await set_up(world)
    april = await set_up(world, **APRIL)
    assert (await world["manager"].delete(f"/v1/accounting-periods/{april['id']}", 1)).status_code == 204
    one = f"/v1/accounting-periods/{march['id']}"
    version = (await close(world, march)).json()["version"]
    assert (await world["manager"].delete(one, version)).json()["code"] == "period_not_open"
    version = (await reopen(world, march)).json()["version"]
    assert (await world["manager"].delete(one, version)).json()["code"] == "period_has_decisions"
    assert [each["name"] for each in (await world["manager"].get(path(world))).json()["data"]] == ["March 2026"]


async def test_the_months_of_a_year_are_one_batch(world: World) -> None:
    months = [
        {"name": f"{month}/2026", "starts_on": f"2026-{month:02}-01", "ends_on": f"2026-{month:02}-28"}
        for month in range(1, 13)
    ]
    batch = {"operations": [{"op": "create", "body": month} for month in months]}
    assert (await world["coordinator"].post(path(world) + "/batch", batch)).status_code == 200
    listed = await world["manager"].get(path(world) + "?starts_on[gte]=2026-06-01&sort=-starts_on")
    assert [each["name"] for each in listed.json()["data"]] == [f"{month}/2026" for month in range(12, 5, -1)]
    again = await world["manager"].post(path(world) + "/batch", batch | {"atomic": False})
    assert {each["problem"]["code"] for each in again.json()["results"]} == {"periods_overlap"}


# -- closing and reopening --------------------------------------------------------------------------------------------


async def test_a_period_is_closed_step_by_step_and_reopened_with_a_reason_that_is_kept(world: World) -> None:
    march = await set_up(world)
    for body in ({"state": "closed"}, {"state": "open"} | WHY, {"state": "closed", "reason": " "}):
        answer = await world["manager"].post(f"/v1/accounting-periods/{march['id']}/closing", body)
        assert answer.status_code == 422, body
    assert (await reopen(world, march)).json()["code"] == "illegal_period_state"
    softly = (await close(world, march, "soft_closed")).json()
    assert (softly["state"], softly["reopenings"], softly["version"]) == ("soft_closed", 0, 2)
    assert (await close(world, march, "soft_closed")).json()["code"] == "illegal_period_state"
    assert (await close(world, march)).json()["state"] == "closed"
    refused = await close(world, march, "soft_closed")
    assert (refused.status_code, refused.json()["possible"]) == (409, [])
    opened = (await reopen(world, march)).json()
    assert (opened["state"], opened["reopenings"]) == ("open", 1)
    assert (await reopen(world, await closed(world, **APRIL))).json()["reopenings"] == 1
    kept = {each["id"]: each for each in await decisions(world)}
    decision = kept[opened["decision_id"]]
    assert (decision["kind"], decision["chosen"], decision["reason"]) == ("period.reopen", "open", WHY["reason"])
    assert decision["decided_by_id"] == str(world["manager"].id)
    assert [each["kind"] for each in kept.values()].count("period.close") == 3


async def test_a_dry_run_of_a_closing_closes_nothing(world: World) -> None:
    march = await set_up(world)
    one = f"/v1/accounting-periods/{march['id']}"
    tried = await world["manager"].post(f"{one}/closing?dry_run=true", {"state": "closed"} | WHY)
    assert tried.json()["authority"]["verdict"] == "decide"
    assert (await world["manager"].get(one)).json()["state"] == "open"


# -- what it keeps out ------------------------------------------------------------------------------------------------


async def test_days_in_no_period_and_in_an_open_one_take_postings_as_ever(world: World) -> None:
    await set_up(world)
    await closed(world, **APRIL)
    for day in ("2026-03-01", "2026-03-31", "2026-05-01", "2026-02-28"):
        assert (await post(world["manager"], world, await posting(world, day))).status_code == 201, day


@pytest.mark.parametrize("day", ["2026-03-01", "2026-03-15", "2026-03-31"])
async def test_nobody_posts_into_a_closed_period_and_the_refusal_says_what_to_do(world: World, day: str) -> None:
    march = await closed(world)
    body = await posting(world, day, **WHY)
    for role in ("owner", "manager", "coordinator"):
        refused = await post(world[role], world, body)
        assert (refused.status_code, refused.json()["code"]) == (423, "period_closed")
        assert (refused.json()["period_id"], refused.json()["period"]) == (march["id"], "March 2026")
        assert refused.json()["errors"][0]["pointer"] == "/posted_on"
        assert "reopened" in refused.json()["detail"]
    norwegian = await world["manager"].post(path(world, "actuals"), body, headers={"Accept-Language": "nb"})
    assert "gjenåpnet" in norwegian.json()["detail"]
    assert (await post(world["stranger"], world, body)).status_code == 404
    assert await posted(world) == 0
    assert (await reopen(world, march)).status_code == 200
    assert (await post(world["manager"], world, body)).status_code == 201


async def test_a_reversal_is_a_posting_of_its_own_day(world: World) -> None:
    march = await set_up(world)
    wrong = (await post(world["manager"], world, await posting(world))).json()
    await close(world, march)
    back = {"amount": {"amount": "-100.00", "currency": "NOK"}, "reverses_id": wrong["id"]}
    refused = await post(world["manager"], world, await posting(world, **back))
    assert (refused.status_code, refused.json()["code"]) == (423, "period_closed")
    assert (await post(world["manager"], world, await posting(world, "2026-04-01", **back))).status_code == 201


async def test_a_feed_that_repeats_itself_is_answered_whatever_was_closed_since(world: World) -> None:
    march = await set_up(world)
    body = await posting(world, voucher="V-1")
    first = await post(world["manager"], world, body)
    await close(world, march)
    again = await post(world["manager"], world, body)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    other = await post(world["manager"], world, body | {"amount": {"amount": "7.00", "currency": "NOK"}})
    assert (other.status_code, other.json()["code"]) == (409, "external_ref_contradicted")


async def test_into_a_soft_closed_period_who_may_decides_with_a_reason_and_the_ledger_keeps_it(world: World) -> None:
    march = await closed(world, "soft_closed")
    body = await posting(world)
    silent = await post(world["manager"], world, body)
    assert (silent.status_code, silent.json()["code"]) == (422, "reason_missing")
    assert silent.json()["errors"][0]["pointer"] == "/reason"
    assert await posted(world) == 0
    taken = await post(world["manager"], world, body | WHY)
    assert taken.status_code == 201, taken.text
    assert "reason" not in taken.json()
    (locked,) = taken.json()["effects"]["impact"]["locked_periods"]
    assert locked == {"id": march["id"]} | MARCH
    decision = (await decisions(world))[-1]
    assert (decision["kind"], decision["reason"]) == ("cost.posting", WHY["reason"])
    assert decision["subject"] == {"type": "accounting_period", "id": march["id"]}


async def test_into_a_soft_closed_period_who_may_not_proposes_without_a_reason(planning: ServiceUnderTest) -> None:
    world = await planning.world(TEMPLATES["construction"].document)
    line = {"description": "All", "amount": {"amount": "9000000.00", "currency": "NOK"}}
    cost_code_id = (await posting(world))["cost_code_id"]
    budget = await world["owner"].post(path(world, "budget-lines"), line | {"cost_code_id": cost_code_id})
    assert budget.status_code == 201, budget.text
    await closed(world, "soft_closed")
    refused = await post(world["coordinator"], world, await posting(world))
    assert (refused.status_code, refused.json()["code"]) == (403, "authority_required")
    assert (refused.json()["exceeded"], refused.json()["measures"]["periods_locked"]) == (["periods_locked"], "1")
    assert [each["name"] for each in refused.json()["impact"]["locked_periods"]] == ["March 2026"]
    assert "manager" in {each["role"] for each in refused.json()["decidable_by"]}
    open_day = await post(world["coordinator"], world, await posting(world, "2026-04-01"))
    assert open_day.status_code == 201, "the same posting on an open day is theirs to make"


async def test_a_policy_can_keep_soft_closed_periods_from_the_manager(planning: ServiceUnderTest) -> None:
    world = await planning.world(TEMPLATES["public_sector"].document)
    await closed(world, "soft_closed")
    refused = await post(world["manager"], world, await posting(world, **WHY))
    assert (refused.status_code, refused.json()["exceeded"]) == (403, ["periods_locked"])
    assert {each["role"] for each in refused.json()["decidable_by"]} == {"owner", "programme_manager"}
    assert (await post(world["owner"], world, await posting(world, **WHY))).status_code == 201


async def test_a_batch_counts_each_soft_closed_period_once_and_names_each_posting_that_is_kept_out(
    world: World,
) -> None:
    await closed(world, "soft_closed")
    await closed(world, "soft_closed", **APRIL)
    await closed(world, name="May", starts_on="2026-05-01", ends_on="2026-05-31")
    days = ("2026-03-02", "2026-03-03", "2026-04-02", "2026-05-02", "2026-06-02")
    bodies = [await posting(world, day, **({} if day == "2026-03-03" else WHY)) for day in days]
    operations = [{"op": "create", "body": body} for body in bodies]
    whole = await world["manager"].post(path(world, "actuals/batch"), {"operations": operations})
    assert (whole.status_code, whole.json()["code"]) == (422, "batch_refused")
    assert {error["pointer"]: error["code"] for error in whole.json()["errors"]} == {
        "/operations/1/body/reason": "reason_missing",
        "/operations/3/body/posted_on": "period_closed",
    }
    assert await posted(world) == 0
    strict = {"Prefer": "authority=strict"}
    asked = await world["coordinator"].post(
        path(world, "actuals/batch"), {"operations": [operations[0], *operations[1:3]]}, headers=strict
    )
    assert (asked.status_code, asked.json()["measures"]["periods_locked"]) == (403, "2")
    partly = await world["manager"].post(path(world, "actuals/batch"), {"operations": operations, "atomic": False})
    assert [each["status"] for each in partly.json()["results"]] == [201, 422, 201, 423, 201]
    assert await posted(world) == 3
    decision = (await decisions(world))[-1]
    assert "March 2026, April 2026" in decision["question"]


async def test_a_posting_by_another_systems_name_is_bound_as_well(world: World) -> None:
    await closed(world, "soft_closed")
    await closed(world, **APRIL)
    body = await posting(world)
    del body["external_ref"]
    fed = body | {"type": "actual", "project_id": str(world.project_id)}
    shut = await world["manager"].put("/v1/external/erp/voucher/V-7", fed | {"posted_on": "2026-04-02"})
    assert (shut.status_code, shut.json()["code"]) == (423, "period_closed")
    asked = await world["coordinator"].put("/v1/external/erp/voucher/V-7", fed)
    assert (asked.status_code, asked.json()["measures"]["periods_locked"]) == (403, "1")
    assert (await world["manager"].put("/v1/external/erp/voucher/V-7", fed)).json()["code"] == "reason_missing"
    assert (await world["manager"].put("/v1/external/erp/voucher/V-7", fed | WHY)).status_code == 201


async def test_a_commitment_has_no_day_and_is_bound_to_no_period(world: World) -> None:
    await closed(world, starts_on="2000-01-01", ends_on="2100-01-01")
    body = await posting(world)
    promise = {"cost_code_id": body["cost_code_id"], "supplier": "Fjord Anlegg AS", "amount": body["amount"]}
    assert (await world["manager"].post(path(world, "commitments"), promise)).status_code == 201


async def test_of_postings_and_a_closing_at_once_none_comes_in_behind_the_closing(
    planning: ServiceUnderTest, world: World
) -> None:
    march = await set_up(world)
    bodies = [await posting(world) for _ in range(24)]
    later = asyncio.gather(*(post(world["manager"], world, body) for body in bodies))
    await asyncio.sleep(0.02)
    closing = await close(world, march)
    assert closing.status_code == 200, closing.text
    answers = await later
    assert {each.status_code for each in answers} <= {201, 423}
    async with planning.service.database.read(world.tenant_id) as session:
        order = await session.rows(
            """select type from outbox where tenant_id = $1
                 and type in ('planning.actual.posted', 'planning.accounting_period.closed') order by number""",
            world.tenant_id,
        )
    types = [row["type"] for row in order]
    assert types[-1] == "planning.accounting_period.closed"
    assert types.count("planning.actual.posted") == sum(each.status_code == 201 for each in answers)
