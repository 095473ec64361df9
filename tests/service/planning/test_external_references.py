"""Things by the names that other systems have for them: found, created, changed, and never two under one name."""

import asyncio
from typing import Any

import pytest

from services.kernel.ids import new_id
from tests.factories.plans import make_task
from tests.factories.policies import make_policy
from tests.factories.projects import make_project
from tests.factories.world import Caller, ServiceUnderTest, World

WBS = "/v1/external/erp/wbs/1.2"


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


def nok(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "NOK"}


async def put(caller: Caller, world: World, path: str, version: int | None = None, **members: Any) -> Any:
    body = {"type": "task", "project_id": str(world.project_id)} | members
    return await caller.put(path, body, version)


async def make_cost_code(world: World) -> str:
    answer = await world["manager"].post(
        f"/v1/projects/{world.project_id}/cost-codes", {"code": "41", "name": "Concrete"}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_nobody_without_an_identity_gets_in(planning: ServiceUnderTest) -> None:
    assert (await planning.http.get(WBS)).status_code == 401
    assert (await planning.http.request("PUT", WBS, json={})).status_code == 401


async def test_strangers_guests_and_other_tenants_find_nothing_and_write_nothing(world: World) -> None:
    made = await put(world["manager"], world, WBS, title="Foundation")
    assert made.status_code == 201, made.text
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(WBS)).status_code == 404
        assert (await put(caller, world, WBS, title="Mine")).status_code == 404
        assert (await put(caller, world, "/v1/external/erp/wbs/9", title="Mine")).status_code == 404


async def test_whoever_may_not_decide_is_told_so_as_by_the_ordinary_route(world: World) -> None:
    short = await put(world["coordinator"], world, WBS, title="Foundation")
    assert (short.status_code, short.json()["code"]) == (403, "authority_required")
    assert short.json()["kinds"] == ["scope.task"]
    assert (await world["manager"].get(WBS)).status_code == 404


async def test_the_first_creates_and_the_second_changes_what_it_names(world: World) -> None:
    made = await put(
        world["manager"], world, WBS, title="Foundation", duration_minutes=900, external_url="https://erp.example/1"
    )
    assert made.status_code == 201, made.text
    task = made.json()
    assert made.headers["location"] == f"/v1/tasks/{task['id']}"
    assert task["external_refs"] == [{"system": "erp", "type": "wbs", "id": "1.2", "url": "https://erp.example/1"}]
    changed = await put(world["manager"], world, WBS, duration_minutes=1350)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert changed.json()["effects"]["impact"]["finish"]
    found = await world["member"].get(f"{WBS}?fields=title,duration_minutes,external_refs")
    assert found.headers["content-location"] == f"/v1/tasks/{task['id']}"
    assert {name: found.json()[name] for name in ("id", "title", "duration_minutes")} == {
        "id": task["id"],
        "title": "Foundation",
        "duration_minutes": 1350,
    }
    assert found.json()["external_refs"] == task["external_refs"]
    same = await put(world["manager"], world, WBS)
    assert (same.status_code, same.json()["version"]) == (200, 2)


async def test_if_match_may_be_left_out_and_is_heeded_where_it_stands(world: World) -> None:
    nothing = await put(world["manager"], world, WBS, 1, title="Foundation")
    assert (nothing.status_code, nothing.json()["current_version"]) == (412, None)
    await put(world["manager"], world, WBS, title="Foundation")
    await put(world["manager"], world, WBS, 1, title="Foundations")
    stale = await put(world["manager"], world, WBS, 1, title="Piles")
    assert (stale.status_code, stale.json()["changed_fields"]) == (412, ["title"])


async def test_what_is_missing_or_malformed_is_named(world: World) -> None:
    flaws: tuple[tuple[dict[str, Any], str], ...] = (
        ({}, "/title"),
        ({"title": "A", "unheard_of": 1}, "/unheard_of"),
        ({"title": "A", "priority": 5000}, "/priority"),
        ({"type": "meeting"}, "/type"),
        ({"type": None}, "/type"),
        ({"title": "A", "parent_id": str(new_id())}, "/parent_id"),
        ({"type": "budget_line", "amount": {"amount": "1"}}, "/amount/currency"),
    )
    for members, pointer in flaws:
        answer = await put(world["manager"], world, WBS, **members)
        assert answer.status_code == 422, members
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer], members
    for path in ("/v1/external/ERP/wbs/1", "/v1/external/erp/w b/1", f"/v1/external/erp/wbs/{'x' * 201}"):
        assert (await put(world["manager"], world, path, title="A")).status_code == 404


async def test_every_noun_that_other_systems_feed_has_its_upsert(world: World) -> None:
    code = await make_cost_code(world)
    money: dict[str, Any] = {"cost_code_id": code, "amount": nok("100.00")}
    nouns: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "task": ({"title": "Dig"}, {"notes": "Deep"}),
        "resource": ({"name": "Crane"}, {"name": "Crane 2"}),
        "cost_code": ({"code": "42", "name": "Steel"}, {"name": "Steel and iron"}),
        "budget_line": (money | {"description": "Piles"}, {"amount": nok("120.00")}),
        "risk": ({"title": "Rain", "probability": "0.5"}, {"status": "closed"}),
    }
    for noun, (first, then) in nouns.items():
        path = f"/v1/external/erp/{noun}/7"
        made = await put(world["manager"], world, path, type=noun, **first)
        assert made.status_code == 201, made.text
        changed = await put(world["manager"], world, path, type=noun, **then)
        assert (changed.status_code, changed.json()["version"]) == (200, 2), changed.text
        assert then.items() <= changed.json().items()
        assert (await world["manager"].get(made.headers["location"])).json()["external_refs"][0]["id"] == "7"
        assert (await world["manager"].get(path)).json()["id"] == made.json()["id"]
    written_once: dict[str, dict[str, Any]] = {
        "commitment": money | {"supplier": "Betong AS"},
        "actual": money | {"posted_on": "2026-03-31"},
    }
    for noun, body in written_once.items():
        path = f"/v1/external/erp/{noun}/7"
        answers = [await put(world["manager"], world, path, type=noun, **body) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 200], answers[0].text
        assert answers[0].json()["external_ref"] == {"system": "erp", "type": noun, "id": "7", "url": None}
        other = await put(world["manager"], world, path, type=noun, **body | {"amount": nok("7.00")})
        assert (other.status_code, other.json()["code"]) == (409, "external_ref_contradicted")
        assert (await world["manager"].get(path)).json()["id"] == answers[0].json()["id"]
        assert (await world["member"].get(path)).status_code == 404, "who sees no costs sees none by this way either"


async def test_a_name_belongs_to_one_thing_whatever_its_noun_and_project(world: World) -> None:
    await put(world["manager"], world, WBS, title="Foundation")
    ref = {"system": "erp", "type": "wbs", "id": "1.2"}
    project = f"/v1/projects/{world.project_id}"
    money = {"cost_code_id": await make_cost_code(world), "amount": nok("1.00")}
    claims = {
        "tasks": {"title": "Another", "external_refs": [ref]},
        "resources": {"name": "Crane", "external_refs": [ref]},
        "cost-codes": {"code": "9", "name": "Nine", "external_refs": [ref]},
        "budget-lines": money | {"description": "Piles", "external_refs": [ref]},
        "risks": {"title": "Rain", "probability": "0", "external_refs": [ref]},
        "commitments": money | {"supplier": "Betong AS", "external_ref": ref},
        "actuals": money | {"posted_on": "2026-03-31", "external_ref": ref},
    }
    for noun, body in claims.items():
        answer = await world["manager"].post(f"{project}/{noun}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "external_ref_taken"), noun
    other = await put(world["manager"], world, WBS, type="risk", title="Rain", probability="0")
    assert (other.status_code, other.json()["code"]) == (409, "external_ref_taken")
    elsewhere = await make_project(world)
    moved = await put(world["manager"], world, WBS, project_id=str(elsewhere), title="Moved")
    assert (moved.status_code, moved.json()["code"]) == (409, "external_ref_taken")


async def test_a_name_is_free_again_when_its_thing_is_gone_or_lets_go_of_it(world: World) -> None:
    things: dict[str, dict[str, Any]] = {"task": {"title": "Dig"}, "resource": {"name": "Crane"}}
    for noun, members in things.items():
        path = f"/v1/external/erp/{noun}/1"
        made = await put(world["manager"], world, path, type=noun, **members)
        removed = await world["manager"].delete(made.headers["location"], 1)
        assert removed.status_code == 204
        assert (await world["manager"].get(path)).status_code == 404
        again = await put(world["manager"], world, path, type=noun, **members)
        assert again.status_code == 201
        let_go = await world["manager"].patch(again.headers["location"], {"external_refs": []}, 1)
        assert let_go.status_code == 200, let_go.text
        assert (await world["manager"].get(path)).status_code == 404


async def test_the_same_letters_in_two_encodings_and_slashes_are_one_name(world: World) -> None:
    made = await put(world["manager"], world, "/v1/external/erp/wbs/a%CC%8A/2%3F", title="Dig")
    assert made.status_code == 201, made.text
    assert made.json()["external_refs"][0]["id"] == "\u00e5/2?"
    assert (await world["manager"].get("/v1/external/erp/wbs/%C3%A5/2%3F")).json()["id"] == made.json()["id"]


async def test_of_many_who_put_one_name_at_once_one_creates(world: World) -> None:
    answers = await asyncio.gather(*(put(world["manager"], world, WBS, title=f"Task {n}") for n in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_a_batch_upserts_by_the_first_reference(world: World) -> None:
    refs = [{"system": "erp", "type": "risk", "id": "7"}]
    operations = [
        {"op": "upsert", "body": {"title": "Rain", "probability": "0.5", "external_refs": refs}},
        {"op": "upsert", "body": {"title": "Heavy rain", "probability": "0.5", "external_refs": refs}},
        {"op": "upsert", "body": {"title": "Frost", "probability": "0.5"}},
    ]
    path = f"/v1/projects/{world.project_id}/risks/batch"
    answer = await world["manager"].post(path, {"atomic": False, "operations": operations})
    assert [each["status"] for each in answer.json()["results"]] == [201, 200, 422], answer.text
    assert (await world["manager"].get("/v1/external/erp/risk/7")).json()["title"] == "Heavy rain"


async def test_an_upsert_may_be_tried_first(world: World) -> None:
    body = {"type": "task", "project_id": str(world.project_id), "title": "Dig"}
    tried = await world["coordinator"].put(f"{WBS}?dry_run=true", body)
    assert tried.json()["authority"]["verdict"] == "propose"
    assert (await world["manager"].get(WBS)).status_code == 404


async def test_a_task_keeps_its_other_names(world: World) -> None:
    jira = {"system": "jira", "type": "issue", "id": "BRO-1", "url": None}
    task = await make_task(world, "Dig", external_refs=[jira, {"system": "erp", "type": "wbs", "id": "1.2"}])
    changed = await put(world["manager"], world, WBS, title="Dig deeper", external_url="https://erp.example/12")
    assert changed.json()["id"] == task["id"]
    assert changed.json()["external_refs"] == [
        {"system": "erp", "type": "wbs", "id": "1.2", "url": "https://erp.example/12"},
        jira,
    ]
