"""Conflicts: who records them, what the plan shows by itself, and rulings that do what they say or do not happen."""

from typing import Any

import pytest

from services.kernel.ids import new_id
from tests.factories.plans import DAY, make_plan, make_task, read_task
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World

NEW: dict[str, Any] = {
    "kind": "resource",
    "title": "Two tasks want the crane in week 12",
    "parties": [{"type": "other", "name": "Crane"}],
    "options": [{"title": "A second crane", "impact": {"cost": {"amount": "777.00", "currency": "NOK"}}}],
}


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


def path(world: World) -> str:
    return f"/v1/projects/{world.project_id}/conflicts"


def patch_of(task: dict[str, Any], **patch: Any) -> dict[str, Any]:
    return {"title": "So be it", "write": {"noun": "task", "task_id": task["id"], "patch": patch}}


async def open_conflict(world: World, **members: Any) -> dict[str, Any]:
    answer = await world["coordinator"].post(path(world), NEW | members)
    assert answer.status_code == 201, answer.text
    conflict: dict[str, Any] = answer.json()
    return conflict


async def test_only_the_team_sees_and_records_conflicts(world: World) -> None:
    conflict = await open_conflict(world)
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(path(world))).status_code == 404
        assert (await caller.get(f"/v1/conflicts/{conflict['id']}")).status_code == 404
        assert (await caller.post(path(world), NEW)).status_code == 404
        ruling = {"option": 0, "reason": "So."}
        assert (await caller.post(f"/v1/conflicts/{conflict['id']}/ruling", ruling)).status_code == 404
        assert (await caller.get(f"/v1/projects/{world.project_id}/detected-conflicts")).status_code == 404
    assert (await world["auditor"].post(path(world), NEW)).status_code == 403
    assert (await world["member"].post(path(world), NEW)).json()["code"] == "authority_required"


async def test_what_an_option_costs_is_for_those_who_see_costs(world: World) -> None:
    conflict = await open_conflict(world)
    assert "777.00" in (await world["auditor"].get(f"/v1/conflicts/{conflict['id']}")).text
    assert "777.00" not in (await world["member"].get(f"/v1/conflicts/{conflict['id']}")).text
    assert "777.00" not in (await world["member"].get(path(world))).text


async def test_an_option_changes_tasks_of_its_own_project_only(world: World) -> None:
    for write in (
        {"noun": "task", "task_id": str(new_id()), "patch": {"duration_minutes": DAY}},
        {"noun": "assignment", "assignment_id": str(new_id()), "patch": {"units_percent": "50"}},
    ):
        answer = await world["manager"].post(path(world), NEW | {"options": [{"title": "So", "write": write}]})
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_reference")


async def test_a_coordinator_may_only_propose_a_ruling(world: World) -> None:
    conflict = await open_conflict(world)
    answer = await world["coordinator"].post(f"/v1/conflicts/{conflict['id']}/ruling", {"option": 0, "reason": "So."})
    assert (answer.status_code, answer.json()["code"]) == (403, "authority_required")
    assert answer.json()["kinds"] == ["conflict.rule"]


async def test_whoever_may_rule_but_not_move_the_finish_rules_nothing_that_moves_it(planning: ServiceUnderTest) -> None:
    policy = make_policy()
    grant = {"role": "coordinator", "kind": "conflict.rule", "may": "decide", "limits": {}}
    world = await planning.world(policy | {"grants": [*policy["grants"], grant]})
    plan = await make_plan(world)
    options = [
        patch_of(plan["foundation"], duration_minutes=9 * DAY),
        patch_of(plan["fence"], duration_minutes=2 * DAY),
    ]
    conflict = await open_conflict(world, options=options)
    ruling = f"/v1/conflicts/{conflict['id']}/ruling"
    refused = await world["coordinator"].post(ruling, {"option": 0, "reason": "So."})
    assert (refused.status_code, refused.json()["impact"]["finish"]["moved_minutes"]) == (403, 4 * DAY)
    assert (await read_task(world, plan["foundation"]))["duration_minutes"] == 5 * DAY
    assert (await world["member"].get(f"/v1/conflicts/{conflict['id']}")).json()["status"] == "open"
    allowed = await world["coordinator"].post(ruling, {"option": 1, "reason": "It has float."})
    assert allowed.status_code == 200, allowed.text


async def test_a_ruling_is_a_decision_that_carries_its_option_out(world: World) -> None:
    plan = await make_plan(world)
    options = [{"title": "Nothing"}, patch_of(plan["foundation"], duration_minutes=7 * DAY)]
    conflict = await open_conflict(world, options=options)
    ruling = f"/v1/conflicts/{conflict['id']}/ruling"
    body = {"option": 1, "reason": "The client agreed."}
    tried = await world["manager"].post(f"{ruling}?dry_run=true", body)
    assert tried.json()["impact"]["finish"]["moved_minutes"] == 2 * DAY
    assert (await read_task(world, plan["foundation"]))["duration_minutes"] == 5 * DAY
    unknown = await world["manager"].post(ruling, body | {"option": 2})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_reference")
    before = (await world["manager"].get(f"/v1/projects/{world.project_id}/decisions")).json()["data"]
    ruled = await world["manager"].post(ruling, body)
    assert ruled.status_code == 200, ruled.text
    assert (ruled.json()["status"], ruled.json()["ruled_option"]) == ("ruled", 1)
    assert ruled.json()["effects"]["impact"] == tried.json()["impact"]
    assert (await read_task(world, plan["foundation"]))["duration_minutes"] == 7 * DAY
    decisions = (await world["manager"].get(f"/v1/projects/{world.project_id}/decisions")).json()["data"]
    (decision,) = [each for each in decisions if each not in before]
    assert decision["id"] == ruled.json()["decision_id"]
    assert (decision["kind"], decision["chosen"], decision["reason"]) == ("conflict.rule", "So be it", body["reason"])
    assert decision["prepared_by_id"] == str(world["coordinator"].id)
    assert decision["predicted"]["finish"] == "2026-03-12T16:00:00"
    again = await world["manager"].post(ruling, body)
    assert (again.status_code, again.json()["code"]) == (409, "conflict_closed")
    changed = await world["manager"].patch(f"/v1/conflicts/{conflict['id']}", {"title": "Else"}, 2)
    assert (changed.status_code, changed.json()["code"]) == (409, "conflict_closed")


async def test_a_ruling_can_give_a_resource_less_of_a_task(world: World) -> None:
    task = await make_task(world, "Dig", duration_minutes=2 * DAY)
    project = f"/v1/projects/{world.project_id}"
    crane = (await world["manager"].post(f"{project}/resources", {"name": "Crane"})).json()
    part = (
        await world["manager"].post(f"{project}/assignments", {"task_id": task["id"], "resource_id": crane["id"]})
    ).json()
    write = {"noun": "assignment", "assignment_id": part["id"], "patch": {"units_percent": "50"}}
    conflict = await open_conflict(world, options=[{"title": "Half of it", "write": write}])
    ruled = await world["manager"].post(f"/v1/conflicts/{conflict['id']}/ruling", {"option": 0, "reason": "Enough."})
    assert ruled.status_code == 200, ruled.text
    assert (await world["member"].get(f"/v1/assignments/{part['id']}")).json()["units_percent"] == "50.00"


async def test_an_option_whose_task_is_gone_cannot_be_taken(world: World) -> None:
    task = await make_task(world, "Dig", duration_minutes=DAY)
    conflict = await open_conflict(world, options=[patch_of(task, duration_minutes=2 * DAY)])
    assert (await world["manager"].delete(f"/v1/tasks/{task['id']}", task["version"])).status_code == 204
    answer = await world["manager"].post(f"/v1/conflicts/{conflict['id']}/ruling", {"option": 0, "reason": "So."})
    assert (answer.status_code, answer.json()["code"]) == (409, "option_outdated")


async def test_an_open_conflict_can_be_said_better_and_withdrawn(world: World) -> None:
    conflict = await open_conflict(world)
    one = f"/v1/conflicts/{conflict['id']}"
    changed = await world["coordinator"].patch(one, {"title": "The crane", "kind": "scope"}, 1)
    assert (changed.json()["title"], changed.json()["kind"], changed.json()["version"]) == ("The crane", "scope", 2)
    assert (await world["coordinator"].patch(one, {"title": "Stale"}, 1)).status_code == 412
    withdrawn = await world["coordinator"].patch(one, {"status": "withdrawn"}, 2)
    assert withdrawn.json()["status"] == "withdrawn"
    closed = await world["manager"].post(f"{one}/ruling", {"option": 0, "reason": "So."})
    assert (closed.status_code, closed.json()["code"]) == (409, "conflict_closed")


async def test_the_plan_shows_its_own_conflicts_whose_options_resolve_them(world: World) -> None:
    project, manager = f"/v1/projects/{world.project_id}", world["manager"]
    lift, load = [await make_task(world, title, duration_minutes=2 * DAY) for title in ("Lift", "Load")]
    late = await make_task(world, "Paint", duration_minutes=3 * DAY, deadline="2026-03-03T16:00:00")
    crane = (await manager.post(f"{project}/resources", {"name": "Crane"})).json()
    for task in (lift, load):
        body = {"task_id": task["id"], "resource_id": crane["id"]}
        assert (await manager.post(f"{project}/assignments", body)).status_code == 201
    detected = f"{project}/detected-conflicts"
    found = (await world["member"].get(detected)).json()["detected"]
    assert [(each["conflict"]["kind"], each["minutes"]) for each in found] == [("resource", 2 * DAY), ("date", DAY)]
    assert {party["name"] for party in found[0]["conflict"]["parties"]} == {"Crane", "Lift", "Load"}
    assert found[1]["conflict"]["parties"] == [{"type": "task", "id": late["id"], "name": "Paint"}]
    for each in found:
        opened = await world["coordinator"].post(path(world), each["conflict"])
        assert opened.status_code == 201, opened.text
        assert opened.json()["id"] in {
            known["conflict_id"] for known in (await world["member"].get(detected)).json()["detected"]
        }
        ruling = f"/v1/conflicts/{opened.json()['id']}/ruling"
        ruled = await manager.post(ruling, {"option": 0, "reason": "It can wait."})
        assert ruled.status_code == 200, ruled.text
    assert (await world["member"].get(detected)).json()["detected"] == []
