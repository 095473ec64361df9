"""Decisions: who may record one, what it keeps, and that nothing changes it."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from services.kernel.ids import new_id
from tests.factories.policies import make_policy
from tests.factories.projects import make_project
from tests.factories.world import ServiceUnderTest, World

NEW = {
    "question": "Which contractor builds the abutments?",
    "options": ["North Shore Civil", "Fjord Anlegg"],
    "criteria": ["price"],
    "chosen": "Fjord Anlegg",
    "reason": "Only they can start before Easter.",
}


def path(world: World) -> str:
    return f"/v1/projects/{world.project_id}/decisions"


async def test_nobody_without_an_identity_gets_in(planning: ServiceUnderTest) -> None:
    assert (await planning.http.get(f"/v1/projects/{new_id()}/decisions")).status_code == 401
    assert (await planning.http.post(f"/v1/projects/{new_id()}/decisions", json=NEW)).status_code == 401


async def test_strangers_guests_and_other_tenants_find_nothing(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    recorded = (await world["manager"].post(path(world), NEW)).json()
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(path(world))).status_code == 404
        assert (await caller.get(f"/v1/decisions/{recorded['id']}")).status_code == 404
        assert (await caller.post(path(world), NEW)).status_code == 404
        assert (await caller.post(path(world) + "/searches", {})).status_code == 404


async def test_recording_a_decision_needs_authority_and_a_key(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    answer = await world["coordinator"].post(path(world), NEW)
    assert (answer.status_code, answer.json()["code"]) == (403, "authority_required")
    assert (await world["auditor"].post(path(world), NEW)).json()["code"] == "forbidden"
    keyless = await world["manager"].post(path(world), NEW, headers={"Idempotency-Key": None})
    assert (keyless.status_code, keyless.json()["code"]) == (400, "idempotency_key_missing")
    assert (await world["manager"].get(path(world))).json()["data"] == []


@pytest.mark.parametrize(
    "extra",
    [
        {"decided_by_id": str(new_id())},
        {"impact": {}},
        {"tenant_id": str(new_id())},
        {"proposal_id": None},
        {"version": 7},
    ],
)
async def test_what_the_record_takes_from_the_caller_cannot_be_sent(
    planning: ServiceUnderTest, extra: dict[str, object]
) -> None:
    world = await planning.world(make_policy())
    assert (await world["manager"].post(path(world), NEW | extra)).status_code == 422


async def test_a_decision_cannot_have_been_taken_in_the_future(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    answer = await world["manager"].post(path(world), NEW | {"decided_at": later})
    assert (answer.status_code, answer.json()["code"]) == (422, "decided_in_the_future")


async def test_a_decision_may_name_the_goal_that_it_serves(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    goal = (await world["manager"].post(f"/v1/projects/{world.project_id}/goals", {"title": "Open in June"})).json()
    assert (await world["manager"].post(path(world), NEW | {"goal_id": goal["id"]})).json()["goal_id"] == goal["id"]
    other_id = await make_project(world)
    foreign = (await world["manager"].post(f"/v1/projects/{other_id}/goals", {"title": "Break through"})).json()["id"]
    for goal_id in (foreign, str(new_id())):
        unknown = await world["manager"].post(path(world), NEW | {"goal_id": goal_id})
        assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_reference")


async def test_a_decision_taken_elsewhere_is_kept_with_its_grounds(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    answer = await world["manager"].post(path(world), NEW | {"review_date": "2026-06-01", "evidence_position": 17})
    assert answer.status_code == 201, answer.text
    decision = answer.json()
    assert answer.headers["location"] == f"/v1/decisions/{decision['id']}"
    assert decision["kind"] == "decision.record"
    assert decision["decided_by_id"] == str(world["manager"].id)
    assert (decision["proposed_by_id"], decision["proposal_id"]) == (None, None)
    assert decision["subject"] == {"type": "project", "id": str(world.project_id)}
    assert (decision["options"], decision["review_date"], decision["evidence_position"]) == (
        NEW["options"],
        "2026-06-01",
        17,
    )
    assert (await world["auditor"].get(f"/v1/decisions/{decision['id']}")).json() == decision
    found = await world["member"].post(
        path(world) + "/searches", {"where": {"field": "decided_by_id", "value": str(world["manager"].id)}}
    )
    assert [each["id"] for each in found.json()["data"]] == [decision["id"]]


async def test_an_accepted_proposal_names_proposer_decider_and_the_deciders_reason(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    proposal_id, proposer = new_id(), world["coordinator"].id
    decider = world.caller("manager", on_behalf_of_id=proposer, proposal_id=proposal_id, reason="Agreed on the phone.")
    goal = {"title": "Open in June", "targets": [], "success_criteria": []}
    answer = await decider.post(f"/v1/projects/{world.project_id}/goals", goal)
    assert answer.status_code == 201, answer.text
    (decision,) = (await world["member"].get(path(world) + f"?proposal_id={proposal_id}")).json()["data"]
    assert decision["kind"] == "goal.set"
    assert decision["decided_by_id"] == str(world["manager"].id)
    assert decision["proposed_by_id"] == str(proposer)
    assert decision["reason"] == "Agreed on the phone."
    assert decision["subject"] == {"type": "goal", "id": answer.json()["id"]}


async def test_a_record_has_no_way_to_be_changed(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    decision_id = (await world["manager"].post(path(world), NEW)).json()["id"]
    assert (await world["owner"].patch(f"/v1/decisions/{decision_id}", {"reason": "Other"}, 1)).status_code == 405
    assert (await world["owner"].delete(f"/v1/decisions/{decision_id}", 1)).status_code == 405
    for statement in (
        "update decisions set reason = 'Other' where tenant_id = $1",
        "delete from decisions where tenant_id = $1",
    ):
        async with planning.service.database.write(world["owner"].principal) as session:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await session.value(statement, world.tenant_id)
