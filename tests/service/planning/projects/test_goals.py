"""Goals and success criteria: who sets them, what they are measured by, and how they are judged."""

import asyncio
from typing import Any

import pytest

from services.kernel.ids import new_id
from tests.factories.policies import make_policy
from tests.factories.projects import make_project
from tests.factories.world import ServiceUnderTest, World

TARGET = {"measure": "crossing time", "unit": "minutes", "baseline": "23", "target": "8.50", "due_date": "2026-06-20"}
NEW = {
    "title": "Open before the summer",
    "statement": "Traffic runs over the bridge.",
    "targets": [TARGET],
    "success_criteria": [{"statement": "Both lanes are open."}],
}


def path(world: World) -> str:
    return f"/v1/projects/{world.project_id}/goals"


async def set_goal(world: World) -> dict[str, Any]:
    answer = await world["manager"].post(path(world), NEW)
    assert answer.status_code == 201, answer.text
    goal: dict[str, Any] = answer.json()
    return goal


async def test_nobody_without_an_identity_gets_in(planning: ServiceUnderTest) -> None:
    assert (await planning.http.get(f"/v1/projects/{new_id()}/goals")).status_code == 401
    assert (await planning.http.patch(f"/v1/goals/{new_id()}", json={})).status_code == 401


async def test_strangers_guests_and_other_tenants_find_nothing(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    goal = await set_goal(world)
    criterion_id = goal["effects"]["success_criteria"][0]["id"]
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        for known in (path(world), f"/v1/goals/{goal['id']}", f"/v1/success-criteria/{criterion_id}"):
            assert (await caller.get(known)).status_code == 404
        assert (await caller.post(path(world), NEW)).status_code == 404
        assert (await caller.patch(f"/v1/goals/{goal['id']}", {"title": "Mine"}, 1)).status_code == 404
        assert (await caller.patch(f"/v1/success-criteria/{criterion_id}", {"met": False}, 1)).status_code == 404


async def test_a_coordinator_may_only_propose_goals_and_judgements(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    goal = await set_goal(world)
    criterion_id = goal["effects"]["success_criteria"][0]["id"]
    coordinator = world["coordinator"]
    answers = (
        await coordinator.post(path(world), NEW),
        await coordinator.patch(f"/v1/goals/{goal['id']}", {"title": "Other"}, 1),
        await coordinator.patch(f"/v1/success-criteria/{criterion_id}", {"met": False}, 1),
    )
    assert [answer.json()["code"] for answer in answers] == ["authority_required"] * 3
    assert (await coordinator.get(f"/v1/goals/{goal['id']}")).json()["version"] == 1


@pytest.mark.parametrize(
    "extra",
    [
        {"id": str(new_id())},
        {"tenant_id": str(new_id())},
        {"created_by_id": str(new_id())},
        {"version": 9},
        {"project_id": str(new_id())},
        {"title": None},
        {"targets": [TARGET | {"target": 8.5}]},
        {"targets": [TARGET | {"target": "NaN"}]},
        {"targets": [TARGET | {"due_date": "2026-02-30"}]},
        {"targets": [TARGET] * 51},
    ],
)
async def test_what_cannot_be_a_goal_is_refused(planning: ServiceUnderTest, extra: dict[str, Any]) -> None:
    world = await planning.world(make_policy())
    assert (await world["manager"].post(path(world), NEW | extra)).status_code == 422
    assert (await world["manager"].get(path(world))).json()["data"] == []


async def test_a_goal_keeps_its_targets_to_the_digit(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    goal = await set_goal(world)
    assert goal["targets"] == [TARGET]
    listed = (await world["member"].get(path(world))).json()["data"]
    assert [each["id"] for each in listed] == [goal["id"]]
    found = await world["member"].post(
        path(world) + "/searches", {"where": {"field": "title", "op": "prefix", "value": "Open"}}
    )
    assert found.json()["data"] == listed


async def test_of_many_writers_with_one_version_exactly_one_wins(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    known = f"/v1/goals/{(await set_goal(world))['id']}"
    answers = await asyncio.gather(*(world["manager"].patch(known, {"title": f"Goal {n}"}, 1) for n in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7


async def test_a_criterion_is_met_on_evidence_only(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    goal = await set_goal(world)
    known = f"/v1/success-criteria/{goal['effects']['success_criteria'][0]['id']}"
    assert (await world["manager"].get(known)).json()["met"] is None
    refused = await world["manager"].patch(known, {"met": True}, 1)
    assert (refused.status_code, refused.json()["code"]) == (422, "evidence_missing")
    assert (await world["manager"].patch(known, {"met": "yes"}, 1)).status_code == 422
    judged = await world["manager"].patch(known, {"met": True, "evidence": "Opened on 12 June."}, 1)
    assert (judged.status_code, judged.json()["met"]) == (200, True)
    decisions = (
        await world["member"].get(f"/v1/projects/{world.project_id}/decisions?kind=success_criterion.judge")
    ).json()
    assert [(each["chosen"], each["reason"]) for each in decisions["data"]] == [("met", "Opened on 12 June.")]


async def test_a_criterion_belongs_to_a_goal_of_its_project(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    other_id = await make_project(world)
    foreign = (await world["manager"].post(f"/v1/projects/{other_id}/goals", NEW)).json()
    known = f"/v1/projects/{world.project_id}/success-criteria"
    for goal_id in (foreign["id"], str(new_id())):
        refused = await world["manager"].post(known, {"goal_id": goal_id, "statement": "It stands."})
        assert (refused.status_code, refused.json()["code"]) == (422, "unknown_reference")
    goal = await set_goal(world)
    added = await world["manager"].post(known, {"goal_id": goal["id"], "statement": "It stands."})
    assert added.status_code == 201, added.text
    listed = (await world["member"].get(f"{known}?goal_id={goal['id']}")).json()["data"]
    assert [each["statement"] for each in listed] == ["Both lanes are open.", "It stands."]
