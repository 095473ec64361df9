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
    "options": [
        {"title": "North Shore Civil"},
        {"title": "Fjord Anlegg", "criteria": [{"criterion": "price", "assessment": "the lowest"}]},
    ],
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
        [
            {"title": "North Shore Civil", "impact": None, "criteria": []},
            {"title": "Fjord Anlegg", "impact": None, "criteria": [{"criterion": "price", "assessment": "the lowest"}]},
        ],
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


async def test_what_was_chosen_is_one_of_the_options(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    assert (await world["manager"].post(path(world), NEW | {"chosen": "Somebody else"})).status_code == 422
    assert (await world["manager"].post(path(world), NEW | {"chosen": "Nobody", "options": []})).status_code == 201


async def test_who_prepared_and_who_carried_it_out_are_people_of_the_project(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    for name in ("prepared_by_id", "executed_by_id"):
        for person_id in (world["stranger"].id, new_id()):
            answer = await world["manager"].post(path(world), NEW | {name: str(person_id)})
            assert (answer.status_code, answer.json()["code"]) == (422, "unknown_reference")
    roles = {"prepared_by_id": str(world["coordinator"].id), "executed_by_id": str(world["member"].id)}
    decision = (await world["manager"].post(path(world), NEW | roles)).json()
    assert {name: decision[name] for name in roles} == roles
    assert decision["decided_by_id"] == str(world["manager"].id)


async def test_a_decision_keeps_its_evidence_and_up_to_which_facts_it_was_seen(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    seen = {"type": "risk", "id": str(new_id()), "note": "Probability 0.3 that day."}
    first, second = [(await world["manager"].post(path(world), NEW | {"evidence": [seen]})).json() for _ in range(2)]
    assert first["evidence"] == [seen]
    assert first["evidence_numbers"].keys() >= {"planning", "gateway"}
    assert second["evidence_numbers"]["planning"] == first["evidence_numbers"]["planning"] + 1


async def test_the_words_of_a_decision_about_costs_are_for_those_who_see_them(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    project, manager = f"/v1/projects/{world.project_id}", world["manager"]
    code = (await manager.post(f"{project}/cost-codes", {"code": "100", "name": "Concrete"})).json()["id"]
    amount = {"amount": "777.00", "currency": "NOK"}
    line = {"cost_code_id": code, "amount": amount, "description": "Piles"}
    assert (await manager.post(f"{project}/budget-lines", line)).status_code == 201
    elsewhere = NEW | {"about_costs": True, "reason": "They ask 777 less.", "predicted": {"eac": amount}}
    assert (await manager.post(path(world), elsewhere)).status_code == 201
    for role in ("owner", "coordinator", "auditor"):
        shown = (await world[role].get(path(world))).json()["data"]
        assert [each["chosen"] for each in shown] == ["Fjord Anlegg", "777.00 NOK"]
    for role in ("member", "stakeholder", "client_contact"):
        answer = await world[role].get(path(world))
        assert "777.00" not in answer.text
        assert [(each["chosen"], each["reason"], each["options"]) for each in answer.json()["data"]] == [
            (None,) * 3
        ] * 2
        assert (await world[role].get(path(world) + "?q=777")).json()["data"] == []
    assert len((await world["auditor"].get(path(world) + "?q=777")).json()["data"]) == 2


async def test_the_cost_of_an_option_is_for_those_who_see_costs(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    impact = {"finish_minutes": -450, "cost": {"amount": "777.00", "currency": "NOK"}}
    options = [{"title": "Fjord Anlegg", "impact": impact}, {"title": "Nobody"}]
    decision = (await world["manager"].post(path(world), NEW | {"options": options})).json()
    assert decision["options"][0]["impact"] == impact
    (seen, nothing) = (await world["member"].get(f"/v1/decisions/{decision['id']}")).json()["options"]
    assert (seen["impact"], nothing["impact"]) == ({"finish_minutes": -450}, None)
