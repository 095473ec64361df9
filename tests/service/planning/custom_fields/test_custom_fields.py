"""Custom fields: who defines them, what values they take, how tasks are found by them, and how formulas follow."""

import asyncio
from dataclasses import replace
from typing import Any

import orjson
import pytest

from services.kernel.http_client import Response
from services.kernel.ids import new_id
from services.planning.custom_fields import use_cases
from tests.factories.plans import DAY, make_link, make_task, read_task
from tests.factories.policies import make_policy
from tests.factories.world import Caller, ServiceUnderTest, World


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def try_field(world: World, key: str, field_type: str, **members: Any) -> Response:
    body = {"key": key, "name": key.title(), "field_type": field_type} | members
    return await world["coordinator"].post(f"/v1/projects/{world.project_id}/custom-fields", body)


async def make_field(world: World, key: str, field_type: str = "number", **members: Any) -> dict[str, Any]:
    answer = await try_field(world, key, field_type, **members)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def formula(world: World, key: str, text: str) -> dict[str, Any]:
    return await make_field(world, key, "formula", formula=text)


async def fill(world: World, task: dict[str, Any], **values: Any) -> dict[str, Any]:
    answer = await world["coordinator"].post(f"/v1/tasks/{task['id']}/custom-values", {"values": values})
    assert answer.status_code == 200, answer.text
    filled: dict[str, Any] = answer.json()["values"]
    return filled


async def values(world: World, task: dict[str, Any]) -> dict[str, Any]:
    answer = await world["member"].get(f"/v1/tasks/{task['id']}/custom-values")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["values"]
    return found


async def found(world: World, query: str) -> list[str]:
    answer = await world["member"].get(f"/v1/projects/{world.project_id}/tasks?{query}")
    assert answer.status_code == 200, answer.text
    return [each["title"] for each in answer.json()["data"]]


async def recorded(world: World, fact_type: str) -> list[dict[str, Any]]:
    async with world.under_test.service.database.read(world.tenant_id) as session:
        rows = await session.rows(
            "select envelope::json->'data' as data from outbox where tenant_id = $1 and type = $2 order by number",
            world.tenant_id,
            fact_type,
        )
    return [orjson.loads(row["data"]) for row in rows]


# Refusals


async def test_strangers_find_no_field_and_do_not_learn_which_keys_there_are(world: World) -> None:
    made, task = await make_field(world, "cost"), await make_task(world, "Dig")
    new = {"key": "mine", "name": "Mine", "field_type": "text"}
    project, path = f"/v1/projects/{world.project_id}", f"/v1/custom-fields/{made['id']}"
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        for hidden in (path, f"{project}/custom-fields", f"/v1/tasks/{task['id']}/custom-values"):
            assert (await caller.get(hidden)).status_code == 404
        assert (await caller.post(f"{project}/custom-fields", new)).status_code == 404
        assert (await caller.patch(path, {"name": "Mine"}, 1)).status_code == 404
        assert (await caller.delete(path, 1)).status_code == 404
        filled = await caller.post(f"/v1/tasks/{task['id']}/custom-values", {"values": {"cost": 1}})
        assert filled.status_code == 404
        for key in ("cost", "none"):
            probed = await caller.get(f"{project}/tasks?field.{key}=1")
            assert (probed.status_code, probed.json()["code"]) == (400, "unknown_filter")
    assert (await world["member"].post(f"{project}/custom-fields", new)).status_code == 403
    assert (await world["member"].patch(path, {"name": "Mine"})).status_code == 428
    assert (await world["coordinator"].patch(path, {"name": "Mine"}, 5)).status_code == 412
    readers = await world["stakeholder"].post(f"/v1/tasks/{task['id']}/custom-values", {"values": {"cost": 1}})
    assert readers.status_code == 403
    assert await values(world, task) == {"cost": None}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"key": "Cost"}, "validation_failed"),
        ({"key": "a-b"}, "validation_failed"),
        ({"key": "x" * 61}, "validation_failed"),
        ({"name": ""}, "validation_failed"),
        ({"field_type": "money"}, "validation_failed"),
        ({"options": ["a"]}, "not_of_this_type"),
        ({"formula": "1"}, "not_of_this_type"),
        ({"field_type": "choice"}, "not_of_this_type"),
        ({"field_type": "choice", "options": ["a", "A"]}, "not_of_this_type"),
        ({"field_type": "choice", "options": ["a,b"]}, "validation_failed"),
        ({"field_type": "formula"}, "not_of_this_type"),
        ({"field_type": "formula", "formula": "1 +"}, "formula_refused"),
        ({"field_type": "formula", "formula": "nothing"}, "formula_refused"),
        ({"field_type": "formula", "formula": "somebody & title"}, "formula_refused"),
        ({"field_type": "formula", "formula": "self + 1", "key": "self"}, "formula_cycle"),
        ({"field_type": "formula", "formula": "(" * 1_900}, "formula_refused"),
        ({"field_type": "formula", "formula": "1" * 2_001}, "validation_failed"),
    ],
)
async def test_what_is_no_field_is_refused(world: World, wrong: dict[str, Any], code: str) -> None:
    await make_field(world, "somebody", "person")
    body = {"key": "cost", "name": "Cost", "field_type": "number"} | wrong
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/custom-fields", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"][0]["pointer"].startswith("/")


async def test_a_key_means_one_thing(world: World) -> None:
    await make_field(world, "cost")
    for key in ("cost", "duration_minutes", "finish", "if", "not", "true"):
        answer = await try_field(world, key, "text")
        assert (answer.status_code, answer.json()["code"]) == (409, "field_key_taken")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("number", "1e3"),
        ("number", "NaN"),
        ("number", "1" * 19),
        ("number", 10**18),
        ("number", 1.5),
        ("number", True),
        ("number", "٣"),
        ("day", "2026-02-30"),
        ("day", "20260301"),
        ("day", "1900-01-01"),
        ("day", 20260301),
        ("flag", "true"),
        ("flag", 1),
        ("choice", "blue"),
        ("choice", ["low"]),
        ("person", "nobody"),
        ("person", "0197d1c0-0000-7000-8000-0000000000ff"),
        ("text", 7),
        ("text", "x" * 501),
        ("twice", 7),
        ("unknown", 7),
        ("UNKNOWN", 7),
    ],
)
async def test_a_value_that_is_not_of_the_fields_type_is_refused_with_its_place(
    world: World, key: str, value: Any
) -> None:
    for each in ("number", "day", "flag", "person", "text"):
        await make_field(world, each, each)
    await make_field(world, "choice", "choice", options=["low", "high"])
    await formula(world, "twice", "number * 2")
    task = await make_task(world, "Dig")
    body = {"values": {"text": "kept", key: value}}
    answer = await world["coordinator"].post(f"/v1/tasks/{task['id']}/custom-values", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"].startswith(f"/values/{key}")
    assert set((await values(world, task)).values()) == {None}


# Values


async def test_values_are_kept_by_type_and_shown_with_the_task(world: World) -> None:
    person = str(world["member"].id)
    given: dict[str, Any] = {
        "number": "12.50",
        "day": "2026-03-31",
        "flag": False,
        "choice": "high",
        "person": person,
        "text": "Ærlig talt, «ja» 😀",
    }
    for each in given:
        await make_field(world, each, each, **({"options": ["low", "high"]} if each == "choice" else {}))
    task, other = await make_task(world, "Dig"), await make_task(world, "Pour")
    shown = given | {"number": "12.5"}
    assert await fill(world, task, **given) == shown
    assert await values(world, task) == shown
    expanded = await world["member"].get(f"/v1/projects/{world.project_id}/tasks?expand=custom_values&fields=title")
    assert [each["custom_values"] for each in expanded.json()["data"]] == [shown, dict.fromkeys(given)]
    (fact,) = await recorded(world, "planning.task.values_set")
    assert fact == {"values": shown, "computed": {}}
    assert await fill(world, task, text=None, number=-3) == shown | {"text": None, "number": "-3"}
    assert await fill(world, task, text="") == shown | {"text": None, "number": "-3"}
    assert set((await values(world, other)).values()) == {None}
    assert (await read_task(world, task))["version"] == task["version"]


async def test_an_etag_tells_whether_values_have_changed(world: World) -> None:
    await make_field(world, "cost")
    task = await make_task(world, "Dig")
    path = f"/v1/tasks/{task['id']}/custom-values"
    etag = (await world["member"].get(path)).headers["etag"]
    assert (await world["member"].get(path, headers={"If-None-Match": etag})).status_code == 304
    await fill(world, task, cost=1)
    assert (await world["member"].get(path, headers={"If-None-Match": etag})).status_code == 200


async def test_tasks_are_found_and_sorted_by_their_fields(world: World) -> None:
    await make_field(world, "cost")
    await make_field(world, "due", "day")
    await make_field(world, "wet", "flag")
    await make_field(world, "risk", "choice", options=["low", "middle", "high"])
    await make_field(world, "note", "text")
    await make_field(world, "owner", "person")
    a, b, c, _ = [await make_task(world, title) for title in "ABCD"]
    me = str(world["member"].id)
    await fill(world, a, cost="10", due="2026-03-01", wet=True, risk="high", note="Åpen", owner=me)
    await fill(world, b, cost="9.5", due="2026-03-05", wet=False, risk="low", note="Zebra")
    await fill(world, c, cost="-1", risk="middle", note="Ære")
    for query, titles in (
        ("field.cost=10.0", "A"),
        ("field.cost[gte]=9.5", "AB"),
        ("field.cost[lt]=0", "C"),
        ("field.cost[null]=true", "D"),
        ("field.cost[null]=false&field.due[gt]=2026-03-01", "B"),
        ("field.wet=false", "B"),
        ("field.risk[in]=low,middle", "BC"),
        ("field.risk[nin]=low", "ACD"),
        ("field.note[contains]=EBR", "B"),
        ("field.note[prefix]=å", "A"),
        (f"field.owner={me}", "A"),
        ("sort=field.cost", "CBAD"),
        ("sort=-field.cost", "ABCD"),
        ("sort=field.risk", "BCAD"),
        ("sort=field.note", "BCAD"),
        ("sort=-field.due", "BACD"),
        ("field%2Ecost=10", "A"),
    ):
        assert await found(world, query) == list(titles), query
    for query, code in (
        ("field.cost=much", "invalid_filter_value"),
        ("field.risk=blue", "invalid_filter_value"),
        ("field.nothing=1", "unknown_filter"),
        ("field.cost[contains]=1", "unknown_filter"),
        ("sort=field.nothing", "unknown_sort"),
        ("field.cost'=1", "unknown_filter"),
    ):
        answer = await world["member"].get(f"/v1/projects/{world.project_id}/tasks?{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, code), query
    where = {"any": [{"field": "field.wet", "value": True}, {"field": "field.cost", "op": "lt", "value": 0}]}
    searched = await world["member"].post(
        f"/v1/projects/{world.project_id}/tasks/searches", {"where": where, "sort": ["field.cost"]}
    )
    assert [each["title"] for each in searched.json()["data"]] == ["C", "A"]
    paged, cursor = [], ""
    while True:
        answer = await world["member"].get(f"/v1/projects/{world.project_id}/tasks?sort=field.cost&limit=1{cursor}")
        paged += [each["title"] for each in answer.json()["data"]]
        if answer.json()["page"]["next_cursor"] is None:
            break
        cursor = f"&cursor={answer.json()['page']['next_cursor']}"
    assert paged == ["C", "B", "A", "D"]


@pytest.mark.parametrize("value", [10**30, 1.5e300, [], {}, None, True, "\U0001f600", ["a"] * 200])
async def test_odd_values_in_a_search_are_answered(world: World, value: Any) -> None:
    await make_field(world, "cost")
    await make_field(world, "note", "text")
    for field in ("field.cost", "field.note", "title", "field.none"):
        where = {"all": [{"field": field, "value": value}]}
        answer = await world["member"].post(f"/v1/projects/{world.project_id}/tasks/searches", {"where": where})
        assert answer.status_code in (200, 400), answer.text


async def test_options_and_fields_that_are_used_do_not_go(world: World) -> None:
    risk = await make_field(world, "risk", "choice", options=["low", "high"])
    twice = await formula(world, "label", 'risk & "!"')
    task = await make_task(world, "Dig")
    await fill(world, task, risk="high")
    path = f"/v1/custom-fields/{risk['id']}"
    answer = await world["coordinator"].patch(path, {"options": ["low"]}, 1)
    assert (answer.status_code, answer.json()["code"], answer.json()["tasks"]) == (409, "option_is_used", 1)
    assert (await world["coordinator"].patch(path, {"options": ["high", "extreme"]}, 1)).status_code == 200
    answer = await world["coordinator"].delete(path, 2)
    assert (answer.status_code, answer.json()["code"], answer.json()["keys"]) == (409, "field_is_used", ["label"])
    assert (await world["coordinator"].delete(f"/v1/custom-fields/{twice['id']}", 1)).status_code == 204
    assert (await world["coordinator"].delete(path, 2)).status_code == 204
    assert await values(world, task) == {}


async def test_a_project_has_only_so_many_fields(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use_cases, "MAXIMUM_FIELDS", 1)
    await make_field(world, "cost")
    answer = await try_field(world, "more", "text")
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_fields")


async def test_many_tasks_are_filled_in_at_once_or_not_at_all(world: World) -> None:
    await make_field(world, "cost")
    await make_field(world, "owner", "person")
    await formula(world, "twice", "cost * 2")
    tasks = [await make_task(world, title) for title in "ABC"]
    path = f"/v1/projects/{world.project_id}/custom-values"
    rows = [{"task_id": each["id"], "values": {"cost": number}} for number, each in enumerate(tasks)]
    abroad = await make_task(await world.under_test.world(make_policy()), "Elsewhere")
    for wrong, pointer in (
        ({"task_id": str(new_id()), "values": {}}, "/tasks/3/task_id"),
        ({"task_id": abroad["id"], "values": {}}, "/tasks/3/task_id"),
        ({"task_id": tasks[0]["id"], "values": {"cost": "much"}}, "/tasks/3/values/cost"),
        ({"task_id": tasks[0]["id"], "values": {"owner": str(new_id())}}, "/tasks/3/values/owner"),
        ({"task_id": tasks[0]["id"], "values": {"twice": 1}}, "/tasks/3/values/twice"),
    ):
        refused = await world["coordinator"].post(path, {"tasks": [*rows, wrong]})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    assert await found(world, "field.cost[null]=false") == []
    assert (await world["coordinator"].post(path, {"tasks": []})).status_code == 422
    assert (await world["stranger"].post(path, {"tasks": rows})).status_code == 404
    assert (await world["stakeholder"].post(path, {"tasks": rows})).status_code == 403
    keyless = await world["coordinator"].post(path, {"tasks": rows}, headers={"Idempotency-Key": None})
    assert (keyless.status_code, keyless.json()["code"]) == (400, "idempotency_key_missing")
    twice = {"task_id": tasks[0]["id"], "values": {"cost": 7}}
    filled = await world["coordinator"].post(path, {"tasks": [*rows, twice]})
    assert (filled.status_code, filled.json()["tasks"]) == (200, 3)
    assert await found(world, "sort=-field.twice") == ["A", "C", "B"]
    assert len(await recorded(world, "planning.task.values_set")) == 3


# Formulas


async def test_a_formula_is_computed_from_fields_and_from_other_formulas(world: World) -> None:
    task = await make_task(world, "Dig")
    await make_field(world, "hours")
    await make_field(world, "people")
    each = await formula(world, "each", "round(hours / people, 2)")
    assert each["result_type"] == "number"
    verdict = await formula(world, "verdict", 'if(each > 8, "too much for " & people, "fine")')
    assert verdict["result_type"] == "text"
    assert await values(world, task) == {"hours": None, "people": None, "each": None, "verdict": "fine"}
    filled = await fill(world, task, hours=25, people=3)
    assert (filled["each"], filled["verdict"]) == ("8.33", "too much for 3")
    filled = await fill(world, task, people=0)
    assert filled["each"] == filled["verdict"] == {"error": "division_by_zero"}
    facts = await recorded(world, "planning.task.values_set")
    assert facts[0]["computed"] == {"each": "8.33", "verdict": "too much for 3"}
    assert facts[1]["computed"]["each"] == {"error": "division_by_zero"}
    assert await found(world, "field.each[null]=true") == ["Dig"]
    filled = await fill(world, task, hours="999999999999999999", people="0.0000000001")
    assert filled["each"] == {"error": "out_of_range"}


async def test_formulas_that_go_in_a_circle_or_lose_their_type_are_refused(world: World) -> None:
    a = await formula(world, "a", "1")
    await formula(world, "b", "a + 1")
    await formula(world, "c", "b * 2")
    path = f"/v1/custom-fields/{a['id']}"
    circle = await world["coordinator"].patch(path, {"formula": "c - 1"}, 1)
    assert (circle.status_code, circle.json()["code"]) == (422, "formula_cycle")
    assert circle.json()["keys"][0] == circle.json()["keys"][-1]
    typed = await world["coordinator"].patch(path, {"formula": '"one"'}, 1)
    assert (typed.status_code, typed.json()["code"], typed.json()["field"]) == (422, "formula_refused", "b")
    task = await make_task(world, "Dig")
    assert await values(world, task) == {"a": "1", "b": "2", "c": "4"}
    changed = await world["coordinator"].patch(path, {"formula": "duration_minutes"}, 1)
    assert changed.status_code == 200, changed.text
    assert await values(world, task) == {"a": "450", "b": "451", "c": "902"}
    told = await recorded(world, "planning.task.values_computed")
    assert told[-1]["tasks"] == [{"task_id": task["id"], "values": {"a": "450", "b": "451", "c": "902"}}]


async def test_what_a_formula_yields_passes_its_type_on(world: World) -> None:
    a = await formula(world, "a", "1")
    b = await formula(world, "b", "a")
    task = await make_task(world, "Dig")
    changed = await world["coordinator"].patch(f"/v1/custom-fields/{a['id']}", {"formula": '"one"'}, 1)
    assert changed.json()["result_type"] == "text"
    other = (await world["member"].get(f"/v1/custom-fields/{b['id']}")).json()
    assert (other["result_type"], other["version"]) == ("text", 2)
    assert await values(world, task) == {"a": "one", "b": "one"}
    assert await found(world, "field.b[prefix]=on") == ["Dig"]


async def test_formulas_follow_the_plan(world: World) -> None:
    dig, pour = (
        await make_task(world, "Dig", duration_minutes=DAY),
        await make_task(world, "Pour", duration_minutes=DAY),
    )
    await make_link(world, dig, pour)
    await formula(world, "late", 'finish - date("2026-03-03")')
    await formula(world, "done", "percent_complete = 100")
    await formula(world, "shout", 'title & "!"')
    assert await values(world, pour) == {"late": "0", "done": False, "shout": "Pour!"}
    before = await read_task(world, dig)
    moved = await world["manager"].patch(f"/v1/tasks/{dig['id']}", {"duration_minutes": 3 * DAY}, before["version"])
    assert moved.status_code == 200, moved.text
    assert (await values(world, pour))["late"] == "2"
    assert (await values(world, dig))["late"] == "1"
    (told,) = (await recorded(world, "planning.task.values_computed"))[3:]
    assert {each["task_id"]: each["values"] for each in told["tasks"]} == {
        dig["id"]: {"late": "1"},
        pour["id"]: {"late": "2"},
    }
    now = await read_task(world, pour)
    renamed = await world["coordinator"].patch(f"/v1/tasks/{pour['id']}", {"title": "Cast"}, now["version"])
    assert renamed.status_code == 200
    assert (await values(world, pour))["shout"] == "Cast!"
    done = await world["coordinator"].patch(f"/v1/tasks/{pour['id']}", {"status": "done"}, now["version"] + 1)
    assert done.status_code == 200, done.text
    assert (await values(world, pour))["done"] is True
    new = await make_task(world, "Fence")
    assert (await values(world, new))["shout"] == "Fence!"
    assert await found(world, "field.done=true") == ["Cast"]
    gone = await world["manager"].delete(f"/v1/tasks/{new['id']}", new["version"])
    assert gone.status_code == 204


async def test_a_batch_of_tasks_brings_its_formulas_along(world: World) -> None:
    await formula(world, "hours", "duration_minutes / 60")
    operations = [
        {"op": "create", "body": {"title": f"Task {number}", "duration_minutes": 60 * number}} for number in range(1, 6)
    ]
    answer = await world["manager"].post(
        f"/v1/projects/{world.project_id}/tasks/batch", {"atomic": True, "operations": operations}
    )
    assert answer.status_code == 200, answer.text
    assert await found(world, "field.hours[gte]=3&sort=-field.hours") == ["Task 5", "Task 4", "Task 3"]


async def test_a_dry_run_stores_nothing(world: World) -> None:
    await make_field(world, "cost")
    await formula(world, "twice", "cost * 2")
    task = await make_task(world, "Dig")
    answer = await world["coordinator"].post(
        f"/v1/tasks/{task['id']}/custom-values?dry_run=true", {"values": {"cost": 4}}
    )
    assert (answer.status_code, answer.json()["result"]["values"]) == (200, {"cost": "4", "twice": "8"})
    assert await values(world, task) == {"cost": None, "twice": None}


# Fields of all projects


def administrator(world: World) -> Caller:
    return world.under_test.caller(replace(world["owner"].principal, tenant_role="admin"))


async def make_tenant_field(world: World, key: str, field_type: str = "text", **members: Any) -> dict[str, Any]:
    body = {"key": key, "name": key.title(), "field_type": field_type} | members
    answer = await administrator(world).post("/v1/tenant-fields", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_fields_of_all_projects_are_the_administrators_and_guests_do_not_see_them(world: World) -> None:
    made = await make_tenant_field(world, "centre")
    path = f"/v1/tenant-fields/{made['id']}"
    new = {"key": "other", "name": "Other", "field_type": "text"}
    assert (await world["manager"].post("/v1/tenant-fields", new)).status_code == 403
    assert (await world["manager"].patch(path, {"name": "Mine"}, 1)).status_code == 403
    assert (await world["manager"].delete(path, 1)).status_code == 403
    assert (await world["member"].get(path)).json()["key"] == "centre"
    for caller in (world["guest"], world["stranger"], world.foreigner()):
        assert (await caller.get(path)).status_code == 404
        assert (await caller.patch(path, {"name": "Mine"}, 1)).status_code == 404
        assert (await caller.get("/v1/tenant-fields")).json()["data"] == []
    own = await make_field(world, "cost")
    assert (await administrator(world).get(f"/v1/tenant-fields/{own['id']}")).status_code == 404
    assert (await administrator(world).patch(f"/v1/tenant-fields/{own['id']}", {"name": "x"}, 1)).status_code == 404
    assert (await world["manager"].get(f"/v1/custom-fields/{made['id']}")).status_code == 404
    assert (await world["manager"].delete(f"/v1/custom-fields/{made['id']}", 1)).status_code == 404
    computed = new | {"field_type": "formula", "formula": "1"}
    assert (await administrator(world).post("/v1/tenant-fields", computed)).status_code == 422


async def test_a_key_of_all_projects_is_no_projects_own(world: World) -> None:
    await make_tenant_field(world, "centre")
    await make_field(world, "cost")
    assert (await try_field(world, "centre", "text")).json()["code"] == "field_key_taken"
    for key in ("cost", "centre", "finish"):
        body = {"key": key, "name": key, "field_type": "text"}
        answer = await administrator(world).post("/v1/tenant-fields", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "field_key_taken")
    body = {"key": "same", "name": "Same", "field_type": "text"}
    answers = await asyncio.gather(
        administrator(world).post("/v1/tenant-fields", body),
        *(world["manager"].post(f"/v1/projects/{world.project_id}/custom-fields", body) for _ in range(3)),
    )
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]


async def test_tasks_have_the_fields_of_all_projects_and_formulas_use_them(world: World) -> None:
    centre = await make_tenant_field(world, "centre", "choice", options=["north", "south"])
    task = await make_task(world, "Dig")
    await formula(world, "label", 'centre & "!"')
    assert await fill(world, task, centre="north") == {"centre": "north", "label": "north!"}
    assert await found(world, "field.centre=north&sort=-field.centre") == ["Dig"]
    assert await found(world, "field.centre[null]=true") == []
    path = f"/v1/tenant-fields/{centre['id']}"
    used = await administrator(world).patch(path, {"options": ["south"]}, 1)
    assert (used.status_code, used.json()["code"]) == (409, "option_is_used")
    needed = await administrator(world).delete(path, 1)
    assert (needed.status_code, needed.json()["keys"]) == (409, ["label"])
    (label,) = (await world["member"].get(f"/v1/projects/{world.project_id}/custom-fields")).json()["data"]
    assert (await world["coordinator"].delete(f"/v1/custom-fields/{label['id']}", 1)).status_code == 204
    assert (await administrator(world).delete(path, 1)).status_code == 204
    assert await values(world, task) == {}
