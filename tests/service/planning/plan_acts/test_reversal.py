"""The journal of a plan: what was entered stands in it, and is taken back by a change like any other."""

from typing import Any

import pytest

from services.kernel.ids import new_id
from tests.factories.plans import DAY, make_link, make_plan, make_task, read_task
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World

BOOKKEEPING = {"version", "created_at", "updated_at", "created_by_id", "updated_by_id", "position", "rank", "effects"}


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def listed(world: World, noun: str) -> list[dict[str, Any]]:
    answer = await world["manager"].get(f"/v1/projects/{world.project_id}/{noun}?limit=200")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def standing(world: World) -> dict[str, Any]:
    """What the plan says, without who wrote it when."""
    found: dict[str, Any] = {}
    for noun in ("tasks", "dependencies", "assignments"):
        rows = [
            {name: value for name, value in each.items() if name not in BOOKKEEPING}
            for each in await listed(world, noun)
        ]
        found[noun] = sorted(rows, key=lambda each: str(each["id"]))
    options = (await world["manager"].get(f"/v1/projects/{world.project_id}/schedule-options")).json()
    found["options"] = {name: value for name, value in options.items() if name not in BOOKKEEPING}
    return found


async def last(world: World) -> dict[str, Any]:
    return (await listed(world, "plan-changes"))[0]


async def reverse(world: World, change: dict[str, Any], by: str = "manager", **options: Any) -> Any:
    return await world[by].post(f"/v1/plan-changes/{change['id']}/reversal", **options)


async def reversed_(world: World, change: dict[str, Any]) -> dict[str, Any]:
    answer = await reverse(world, change)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def patch(world: World, task: dict[str, Any], change: dict[str, Any], by: str = "manager") -> dict[str, Any]:
    version = (await read_task(world, task))["version"]
    answer = await world[by].patch(f"/v1/tasks/{task['id']}", change, version)
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


async def make_resource(world: World, name: str, **members: Any) -> str:
    body = {"name": name, "standard_rate": {"amount": "100.00", "currency": "NOK"}} | members
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/resources", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def assign(world: World, task: dict[str, Any], resource: str, **members: Any) -> dict[str, Any]:
    body = {"task_id": task["id"], "resource_id": resource} | members
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/assignments", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


# Refusals


async def test_the_journal_is_the_teams(world: World) -> None:
    await make_plan(world)
    change = await last(world)
    path = f"/v1/projects/{world.project_id}/plan-changes"
    assert (await world.under_test.http.get(path)).status_code == 401
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(path)).status_code == 404
        assert (await caller.get(f"/v1/plan-changes/{change['id']}")).status_code == 404
        assert (await caller.post(f"/v1/plan-changes/{change['id']}/reversal")).status_code == 404
    assert (await world["stakeholder"].get(f"/v1/plan-changes/{change['id']}")).json() == change
    assert (await world["manager"].post(f"/v1/plan-changes/{new_id()}/reversal")).status_code == 404


async def test_a_reversal_is_decided_by_whoever_may_decide_the_reversing_change(world: World) -> None:
    plan = await make_plan(world)
    await patch(world, plan["foundation"], {"duration_minutes": 3 * DAY})
    change = await last(world)
    keyless = await reverse(world, change, headers={"Idempotency-Key": None})
    assert (keyless.status_code, keyless.json()["code"]) == (400, "idempotency_key_missing")
    assert (await reverse(world, change, by="stakeholder")).status_code == 403
    answer = await reverse(world, change, by="coordinator")
    assert (answer.status_code, answer.json()["code"]) == (403, "authority_required")
    assert answer.json()["impact"]["finish"]["moved_minutes"] == 2 * DAY
    assert (await last(world))["id"] == change["id"]


async def test_what_has_moved_on_is_named(world: World) -> None:
    plan = await make_plan(world)
    await patch(world, plan["fence"], {"duration_minutes": 2 * DAY, "title": "Long fence"})
    change = await last(world)
    await patch(world, plan["fence"], {"duration_minutes": 3 * DAY})
    answer = await reverse(world, change)
    assert (answer.status_code, answer.json()["code"]) == (409, "plan_moved_on")
    assert answer.json()["places"] == [{"type": "task", "id": plan["fence"]["id"], "member": "duration_minutes"}]
    version = (await read_task(world, plan["fence"]))["version"]
    assert (await world["manager"].delete(f"/v1/tasks/{plan['fence']['id']}", version)).status_code == 204
    gone = await reverse(world, change)
    assert gone.json()["places"] == [{"type": "task", "id": plan["fence"]["id"], "member": None}]


async def test_what_is_kept_elsewhere_is_not_taken_back_here(world: World) -> None:
    await make_plan(world)
    half: list[Any] = [[["08:00", "12:00"]]] * 5 + [[], []]
    body = {"name": "Mornings", "days": half, "is_project_calendar": True}
    assert (await world["manager"].post(f"/v1/projects/{world.project_id}/calendars", body)).status_code == 201
    change = await last(world)
    assert (change["kinds"], change["reversible"]) == (["calendar.change"], False)
    answer = await reverse(world, change)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_reversible")


# The deed


async def test_an_entry_says_what_was_entered_and_what_followed(world: World) -> None:
    plan = await make_plan(world)
    answer = await patch(world, plan["foundation"], {"duration_minutes": 6 * DAY})
    change = await last(world)
    assert answer["effects"]["plan_change_id"] == change["id"]
    assert change["tasks"] == [
        {
            "id": plan["foundation"]["id"],
            "title": "Foundation",
            "before": {"duration": 50 * DAY},
            "after": {"duration": 60 * DAY},
        }
    ]
    assert (change["tasks_changed"], change["kinds"], change["subject_type"]) == (1, ["schedule.dates"], "task")
    assert (change["finish_before"], change["finish_after"]) == ("2026-03-10T16:00:00", "2026-03-11T16:00:00")
    assert change["created_by_id"] == str(world["manager"].id)


async def test_a_dry_run_leaves_no_entry(world: World) -> None:
    plan = await make_plan(world)
    before = await last(world)
    tried = await world["manager"].patch(
        f"/v1/tasks/{plan['fence']['id']}?dry_run=true", {"duration_minutes": 1}, plan["fence"]["version"]
    )
    assert tried.status_code == 200
    assert await last(world) == before


CHANGES: list[dict[str, Any]] = [
    {"duration_minutes": 9 * DAY},
    {"title": "Pier", "notes": "Deep", "labels": ["a", "b"], "priority": 700},
    {"notes": "Deep", "duration_minutes": 2 * DAY},
    {"percent_complete": 40},
    {"status": "done"},
    {"constraint_type": "must_start_on", "constraint_date": "2026-04-01T08:00:00", "deadline": "2026-05-01T16:00:00"},
    {"splits": [{"after_minutes": DAY, "gap_minutes": DAY}]},
    {"manual": True, "manual_start": "2026-03-05T08:00:00", "manual_finish": "2026-03-06T16:00:00"},
    {"wbs_code": "X"},
    {"milestone": True},
    {"active": False},
    {"after_id": None},
    {"elapsed": True, "levelling_delay_minutes": 600, "task_type": "fixed_duration", "effort_driven": True},
]


@pytest.mark.parametrize("change", CHANGES, ids="-".join)
async def test_undo_restores_and_redo_makes_it_again(world: World, change: dict[str, Any]) -> None:
    plan = await make_plan(world)
    await assign(world, plan["foundation"], await make_resource(world, "Carpenter"))
    before = await standing(world)
    await patch(world, plan["foundation"], change)
    after = await standing(world)
    entry = await last(world)
    undone = await reversed_(world, entry)
    assert undone["reverses_id"] == entry["id"]
    assert await standing(world) == before
    assert (await last(world))["id"] == undone["id"]
    assert (await world["manager"].get(f"/v1/plan-changes/{entry['id']}")).json()["reversed_by_id"] == undone["id"]
    again = await reverse(world, entry)
    assert (again.status_code, again.json()["code"]) == (409, "plan_moved_on")
    await reversed_(world, undone)
    assert await standing(world) == after


async def test_deleted_work_comes_back_with_links_parts_and_texts(world: World) -> None:
    plan = await make_plan(world)
    refs = [{"system": "erp", "type": "wbs", "id": "1.7", "url": None}]
    posts = await make_task(
        world, "Posts", parent_id=plan["fence"]["id"], notes="Oak", labels=["wood"], external_refs=refs
    )
    await make_task(world, "Boards", parent_id=plan["fence"]["id"], after_id=None, deadline="2026-03-09T16:00:00")
    await assign(world, posts, await make_resource(world, "Carpenter"), units_percent="50")
    await assign(world, posts, await make_resource(world, "Nails", resource_type="material"), quantity="12.5")
    before = await standing(world)
    forecast = (await world["manager"].get(f"/v1/projects/{world.project_id}/forecast")).json()
    version = (await read_task(world, plan["fence"]))["version"]
    assert (await world["manager"].delete(f"/v1/tasks/{plan['fence']['id']}", version)).status_code == 204
    after = await standing(world)
    entry = await last(world)
    assert [each["title"] for each in entry["removed_tasks"]] == ["Fence", "Boards", "Posts"]
    undone = await reversed_(world, entry)
    assert await standing(world) == before
    assert (await world["manager"].get(f"/v1/projects/{world.project_id}/forecast")).json() == forecast
    assert (await world["manager"].get("/v1/external/erp/wbs/1.7")).status_code == 200
    # What a reader knew of the deleted task is not taken for what it is now.
    assert (await read_task(world, plan["fence"]))["version"] > version
    await reversed_(world, undone)
    assert await standing(world) == after


async def test_acts_on_many_tasks_are_taken_back_as_one(world: World) -> None:
    plan = await make_plan(world)
    ids = [(await make_task(world, title))["id"] for title in ("Paint", "Plant")]
    mason = await make_resource(world, "Mason")
    carpenter = await make_resource(world, "Carpenter")
    await assign(world, plan["foundation"], carpenter)
    acts: list[tuple[str, dict[str, Any]]] = [
        ("task-shifts", {"where": {"all": []}, "days": 4}),
        ("task-moves", {"task_ids": ids, "direction": "indent"}),
        ("task-moves", {"task_ids": ids, "direction": "to", "parent_id": None, "after_id": plan["survey"]["id"]}),
        ("task-deletions", {"task_ids": [plan["foundation"]["id"], *ids]}),
        ("task-copies", {"task_ids": [plan["foundation"]["id"], plan["survey"]["id"]], "assignments": True}),
        ("resource-replacements", {"resource_id": carpenter, "by_resource_id": mason}),
    ]
    for noun, body in acts:
        before = await standing(world)
        answer = await world["manager"].post(f"/v1/projects/{world.project_id}/{noun}", body)
        assert answer.status_code == 200, answer.text
        after = await standing(world)
        assert after != before, noun
        entry = await last(world)
        assert answer.json()["effects"]["plan_change_id"] == entry["id"]
        undone = await reversed_(world, entry)
        assert await standing(world) == before, noun
        redone = await reversed_(world, undone)
        assert await standing(world) == after, noun
        await reversed_(world, redone)
        assert await standing(world) == before, noun


async def test_links_and_rules_and_parts_are_taken_back(world: World) -> None:
    plan = await make_plan(world)
    manager, path = world["manager"], f"/v1/projects/{world.project_id}"
    before = await standing(world)
    link = await make_link(world, plan["fence"], plan["foundation"], lag_minutes=DAY)
    await reversed_(world, await last(world))
    assert await standing(world) == before
    link = await make_link(world, plan["fence"], plan["foundation"], lag_minutes=DAY)
    linked = await standing(world)
    changed = await manager.patch(f"/v1/dependencies/{link['id']}", {"lag_minutes": 2 * DAY}, link["version"])
    assert changed.status_code == 200
    await reversed_(world, await last(world))
    assert await standing(world) == linked
    version = (await manager.get(f"/v1/dependencies/{link['id']}")).json()["version"]
    assert (await manager.delete(f"/v1/dependencies/{link['id']}", version)).status_code == 204
    await reversed_(world, await last(world))
    assert await standing(world) == linked
    options = await manager.get(f"{path}/schedule-options")
    moved = await manager.patch(f"{path}/schedule-options", {"start": "2026-03-09T08:00:00"}, options.json()["version"])
    assert moved.status_code == 200
    await reversed_(world, await last(world))
    assert await standing(world) == linked
    carpenter = await make_resource(world, "Carpenter")
    part = await assign(world, plan["foundation"], carpenter)
    await reversed_(world, await last(world))
    assert await standing(world) == linked
    part = await assign(world, plan["foundation"], carpenter)
    assigned = await standing(world)
    halved = await manager.patch(f"/v1/assignments/{part['id']}", {"units_percent": "50"}, part["version"])
    assert halved.status_code == 200
    assert await standing(world) != assigned
    await reversed_(world, await last(world))
    assert await standing(world) == assigned


async def test_new_work_that_others_have_built_on_stays(world: World) -> None:
    plan = await make_plan(world)
    cure = await make_task(world, "Cure")
    entry = await last(world)
    link = await make_link(world, plan["foundation"], cure)
    answer = await reverse(world, entry)
    assert (answer.status_code, answer.json()["places"]) == (
        409,
        [{"type": "dependency", "id": link["id"], "member": None}],
    )
    assert (await world["manager"].delete(f"/v1/dependencies/{link['id']}", link["version"])).status_code == 204
    child = await make_task(world, "Water it", parent_id=cure["id"])
    below = await reverse(world, entry)
    assert below.json()["places"] == [{"type": "task", "id": child["id"], "member": "parent_id"}]


async def test_a_batch_is_one_entry(world: World) -> None:
    plan = await make_plan(world)
    before = await standing(world)
    operations = [
        {"op": "create", "body": {"title": "Site"}},
        {"op": "create", "body": {"title": "Road", "parent_id": "$1", "duration_minutes": DAY}},
        {
            "op": "update",
            "id": plan["fence"]["id"],
            "version": plan["fence"]["version"],
            "body": {"parent_id": "$1", "title": "Gate"},
        },
        {"op": "delete", "id": plan["survey"]["id"], "version": plan["survey"]["version"]},
    ]
    batch = {"atomic": True, "operations": operations}
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/tasks/batch", batch)
    assert answer.status_code == 200, answer.text
    after = await standing(world)
    undone = await reversed_(world, await last(world))
    assert await standing(world) == before
    await reversed_(world, undone)
    assert await standing(world) == after
