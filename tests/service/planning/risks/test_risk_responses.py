"""Responses to risks: decided, and tracked by work in the plan."""

from typing import Any
from uuid import UUID

import pytest

from services.kernel.ids import new_id
from tests.factories.policies import make_policy
from tests.factories.projects import make_project
from tests.factories.world import ServiceUnderTest, World


def path(world: World) -> str:
    return f"/v1/projects/{world.project_id}/risk-responses"


async def make_response(world: World, project_id: UUID | None = None, **members: Any) -> dict[str, Any]:
    """The body of a response to a risk that is raised for it."""
    risks = f"/v1/projects/{project_id or world.project_id}/risks"
    risk = await world["manager"].post(risks, {"title": "Soft ground", "probability": "0.3"})
    assert risk.status_code == 201, risk.text
    return {"risk_id": risk.json()["id"], "strategy": "mitigate", "description": "Drill more holes."} | members


async def test_nobody_without_an_identity_gets_in(planning: ServiceUnderTest) -> None:
    assert (await planning.http.get(f"/v1/projects/{new_id()}/risk-responses")).status_code == 401
    assert (await planning.http.post(f"/v1/projects/{new_id()}/risk-responses", json={})).status_code == 401


async def test_strangers_guests_and_other_tenants_find_nothing(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    body = await make_response(world)
    response = (await world["manager"].post(path(world), body)).json()
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(path(world))).status_code == 404
        assert (await caller.get(f"/v1/risk-responses/{response['id']}")).status_code == 404
        assert (await caller.post(path(world), body)).status_code == 404
        assert (
            await caller.patch(f"/v1/risk-responses/{response['id']}", {"strategy": "accept"}, 1)
        ).status_code == 404


async def test_who_records_risks_does_not_thereby_decide_what_is_done(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    body = await make_response(world)
    for role in ("member", "coordinator"):
        answer = await world[role].post(path(world), body)
        assert (answer.status_code, answer.json()["code"]) == (403, "authority_required")
    assert (await world["manager"].get(path(world))).json()["data"] == []


@pytest.mark.parametrize(
    ("extra", "pointer"),
    [
        ({"risk_id": str(new_id())}, "/risk_id"),
        ({"task_id": str(new_id())}, "/task_id"),
        ({"owner_id": str(new_id())}, "/owner_id"),
        ({"strategy": "pray"}, "/strategy"),
        ({"version": 1}, "/version"),
        ({"project_id": str(new_id())}, "/project_id"),
    ],
)
async def test_a_response_refers_to_what_exists(
    planning: ServiceUnderTest, extra: dict[str, Any], pointer: str
) -> None:
    world = await planning.world(make_policy())
    answer = await world["manager"].post(path(world), await make_response(world) | extra)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert (await world["manager"].get(path(world))).json()["data"] == []


async def test_a_risk_of_another_project_cannot_be_answered(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    answer = await world["manager"].post(path(world), await make_response(world, await make_project(world)))
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_reference")


async def test_a_response_is_a_decision_and_can_be_decided_anew(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    body = await make_response(world, owner_id=str(world.people["member"]))
    response = (await world["manager"].post(path(world), body)).json()
    assert (response["risk_id"], response["owner_id"], response["task_id"]) == (body["risk_id"], body["owner_id"], None)
    known = f"/v1/risk-responses/{response['id']}"
    changed = await world["manager"].patch(known, {"strategy": "transfer", "description": "Insure it."}, 1)
    assert (changed.status_code, changed.json()["strategy"]) == (200, "transfer")
    decisions = (await world["auditor"].get(f"/v1/projects/{world.project_id}/decisions?sort=decided_at")).json()[
        "data"
    ]
    assert [each["chosen"] for each in decisions] == ["mitigate: Drill more holes.", "transfer: Insure it."]
    assert {each["subject"]["id"] for each in decisions} == {response["id"]}
    listed = (await world["member"].get(f"{path(world)}?risk_id={body['risk_id']}")).json()["data"]
    assert [each["id"] for each in listed] == [response["id"]]


async def test_a_response_is_tracked_by_a_task_of_its_own_project(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    tasks = [
        (await world["manager"].post(f"/v1/projects/{project_id}/tasks", {"title": "Drill"})).json()
        for project_id in (world.project_id, await make_project(world))
    ]
    body = await make_response(world)
    answer = await world["manager"].post(path(world), body | {"task_id": tasks[0]["id"]})
    assert (answer.status_code, answer.json()["task_id"]) == (201, tasks[0]["id"])
    foreign = await world["manager"].post(path(world), body | {"task_id": tasks[1]["id"]})
    assert (foreign.status_code, foreign.json()["code"]) == (422, "unknown_reference")


async def test_a_response_can_bring_its_task_into_the_plan(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    new_task = {"title": "Drill six more holes", "duration_minutes": 2250}
    body = await make_response(world, new_task=new_task)
    refused = await world["coordinator"].post(path(world), body)
    assert (refused.status_code, refused.json()["kinds"]) == (403, ["risk.response", "scope.task"])
    assert (await world["manager"].get(f"/v1/projects/{world.project_id}/tasks")).json()["data"] == []
    both = await world["manager"].post(path(world), body | {"task_id": str(new_id())})
    assert both.status_code == 422
    answer = await world["manager"].post(path(world), body)
    assert answer.status_code == 201, answer.text
    task = (await world["member"].get(f"/v1/tasks/{answer.json()['task_id']}")).json()
    assert (task["title"], task["duration_minutes"]) == ("Drill six more holes", 2250)
