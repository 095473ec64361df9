"""Gates: who plans and passes them, in which order and on which grounds, and where a passage takes the project."""

import asyncio
from typing import Any

import pytest

from gateway.authority.templates import TEMPLATES
from services.kernel.ids import new_id
from tests.factories.policies import make_policy
from tests.factories.world import Caller, ServiceUnderTest, World

NORWEGIAN = {"Accept-Language": "nb"}


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


@pytest.fixture
async def state(planning: ServiceUnderTest) -> World:
    """A project of the public sector, under its policy without the second person, who is the desk's business."""
    policy = TEMPLATES["public_sector"].document | {"approvals": []}
    return await planning.world(policy, {"policy_template": "public_sector"})


def path(world: World, noun: str = "gates") -> str:
    return f"/v1/projects/{world.project_id}/{noun}"


async def plan(world: World, code: str, position: int, **members: Any) -> dict[str, Any]:
    body = {"code": code, "title": f"Gate {code}", "position": position} | members
    answer = await world["manager"].post(path(world), body)
    assert answer.status_code == 201, answer.text
    gate: dict[str, Any] = answer.json()
    return gate


def passage(gate: dict[str, Any], outcome: str = "passed", **members: Any) -> dict[str, Any]:
    return {"gate_id": gate["id"], "outcome": outcome, "reason": "The board met."} | members


def all_met(gate: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"criterion": place, "met": True} for place in range(len(gate["criteria"]))]


async def decide(caller: Caller, world: World, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
    answer = await caller.post(path(world, "gate-passages"), body)
    assert answer.status_code == status, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def gates_of(world: World, **headers: str) -> list[dict[str, Any]]:
    gates: list[dict[str, Any]] = (await world["manager"].get(path(world), headers=headers)).json()["data"]
    return gates


async def status_of(world: World) -> str:
    return str((await world["manager"].get(f"/v1/projects/{world.project_id}")).json()["status"])


# -- who --------------------------------------------------------------------------------------------------------------


async def test_only_the_team_sees_plans_and_passes_gates(world: World) -> None:
    gate = await plan(world, "G1", 10)
    passed = await decide(world["manager"], world, passage(gate))
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        for noun in ("gates", "gate-passages"):
            assert (await caller.get(path(world, noun))).status_code == 404
        assert (await caller.get(f"/v1/gates/{gate['id']}")).status_code == 404
        assert (await caller.get(f"/v1/gate-passages/{passed['id']}")).status_code == 404
        assert (await caller.patch(f"/v1/gates/{gate['id']}", {"title": "X"}, 1)).status_code == 404
        assert (await caller.delete(f"/v1/gates/{gate['id']}", 1)).status_code == 404
        await decide(caller, world, passage(gate), 404)
    assert (await world["auditor"].post(path(world), {"code": "G2", "title": "X", "position": 20})).status_code == 403


async def test_a_coordinator_may_only_propose_gates_and_passages(world: World) -> None:
    gate = await plan(world, "G1", 10)
    planned = await world["coordinator"].post(path(world), {"code": "G2", "title": "More", "position": 20})
    assert (planned.status_code, planned.json()["kinds"]) == (403, ["gate.plan"])
    refused = await decide(world["coordinator"], world, passage(gate), 403)
    assert refused["kinds"] == ["gate.pass"]
    assert refused["impact"]["subject"]["title"] == "G1 Gate G1"
    moved = await world["coordinator"].patch(f"/v1/gates/{gate['id']}", {"planned_date": "2026-09-01"}, 1)
    assert moved.json()["code"] == "authority_required"
    assert (await gates_of(world))[0]["state"] == "planned"


async def test_in_the_public_sector_the_manager_proposes_and_the_owner_decides(state: World) -> None:
    gate = (await gates_of(state))[0]
    body = passage(gate, criteria=all_met(gate))
    refused = await decide(state["manager"], state, body, 403)
    assert {each["role"] for each in refused["decidable_by"]} == {"owner", "programme_manager"}
    assert (await decide(state["owner"], state, body))["outcome"] == "passed"


async def test_in_the_public_sector_nobody_passes_a_gate_alone(planning: ServiceUnderTest) -> None:
    world = await planning.world(TEMPLATES["public_sector"].document, {"policy_template": "public_sector"})
    gate = (await gates_of(world))[0]
    refused = await decide(world["owner"], world, passage(gate, criteria=all_met(gate)), 403)
    assert refused["exceeded"] == ["approvals"]
    moved = await world["owner"].patch(f"/v1/gates/{gate['id']}", {"planned_date": "2026-09-01"}, 1)
    assert moved.status_code == 200, "to plan a gate is not to pass it"


# -- where gates come from --------------------------------------------------------------------------------------------


async def test_a_project_of_the_public_sector_begins_with_the_decision_points_of_the_state(state: World) -> None:
    gates = await gates_of(state)
    assert [gate["code"] for gate in gates] == ["BP1", "BP2", "BP3", "BP4", "BP5", "BP6"]
    phases = ["concept", "planning", "execution", "closing", "benefits_realisation", None]
    assert [gate["opens_phase"] for gate in gates] == phases
    assert {gate["state"] for gate in gates} == {"planned"}
    assert await status_of(state) == "initiating"


async def test_other_projects_begin_without_gates(world: World) -> None:
    assert await gates_of(world) == []
    assert await status_of(world) == "planning"


async def test_the_models_words_follow_the_reader_until_somebody_words_them_anew(state: World) -> None:
    english, norwegian = (await gates_of(state))[2], (await gates_of(state, **NORWEGIAN))[2]
    assert (english["title"], english["phase_title"]) == ("Decide to pass on to the execution phases", "Execution")
    assert norwegian["title"] == "Beslutte overgang til gjennomføringsfasene"
    assert norwegian["phase_title"] == "Gjennomføring"
    assert "Usikkerheten er analysert og kan aksepteres." in [each["statement"] for each in norwegian["criteria"]]
    found = await state["manager"].get(f"{path(state)}?q=gjennomføringsfasene", headers=NORWEGIAN)
    assert [gate["code"] for gate in found.json()["data"]] == ["BP3"]
    named = await state["owner"].patch(
        f"/v1/gates/{english['id']}", {"title": "Go for the build"}, 1, headers=NORWEGIAN
    )
    assert named.json()["title"] == "Go for the build"
    assert "Usikkerheten er analysert og kan aksepteres." in named.text, "what was not reworded speaks as before"
    for headers in ({}, NORWEGIAN):
        assert (await gates_of(state, **headers))[2]["title"] == "Go for the build"


async def test_a_code_and_a_place_are_taken_once_only(world: World) -> None:
    await plan(world, "G1", 10)
    for taken in ({"code": "G1", "position": 20}, {"code": "G2", "position": 10}):
        answer = await world["manager"].post(path(world), {"title": "Again"} | taken)
        assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")


async def test_a_gate_is_changed_and_taken_away_as_long_as_nothing_was_decided_there(world: World) -> None:
    first, second = await plan(world, "G1", 10), await plan(world, "G2", 20)
    moved = await world["manager"].patch(f"/v1/gates/{second['id']}", {"position": 30, "requires": ["goal"]}, 1)
    assert (moved.json()["position"], moved.json()["requires"]) == (30, ["goal"])
    same = await world["manager"].patch(f"/v1/gates/{second['id']}", {"position": 30}, 2)
    assert same.json()["version"] == 2
    await decide(world["manager"], world, passage(first))
    version = (await gates_of(world))[0]["version"]
    settled = await world["manager"].patch(f"/v1/gates/{first['id']}", {"title": "Other"}, version)
    assert (settled.status_code, settled.json()["code"]) == (409, "gate_settled")
    behind = await world["manager"].patch(f"/v1/gates/{second['id']}", {"position": 5}, 2)
    assert (behind.status_code, behind.json()["code"]) == (409, "gate_out_of_order")
    added = await world["manager"].post(path(world), {"code": "G0", "title": "Late", "position": 3})
    assert (added.status_code, added.json()["position"]) == (409, 10)
    kept = await world["manager"].delete(f"/v1/gates/{first['id']}", version)
    assert (kept.status_code, kept.json()["code"]) == (409, "gate_has_passages")
    assert (await world["manager"].delete(f"/v1/gates/{second['id']}", 2)).status_code == 204


# -- passages ---------------------------------------------------------------------------------------------------------


async def test_gates_are_passed_in_their_order_and_once(world: World) -> None:
    first, second = await plan(world, "G1", 10), await plan(world, "G2", 20)
    early = await decide(world["manager"], world, passage(second), 409)
    assert (early["code"], early["gate"]) == ("earlier_gate_open", "G1")
    await decide(world["manager"], world, passage(first, "sent_back", conditions=["More detail."]))
    assert (await decide(world["manager"], world, passage(second), 409))["code"] == "earlier_gate_open"
    await decide(world["manager"], world, passage(first))
    again = await decide(world["manager"], world, passage(first), 409)
    assert again["code"] == "gate_settled"
    await decide(world["manager"], world, passage(second))
    assert [gate["state"] for gate in await gates_of(world)] == ["passed", "passed"]
    passages = (await world["manager"].get(path(world, "gate-passages"))).json()["data"]
    assert [each["outcome"] for each in passages] == ["sent_back", "passed", "passed"]


async def test_two_who_pass_the_same_gate_at_once_pass_it_once(world: World) -> None:
    gate = await plan(world, "G1", 10)
    answers = await asyncio.gather(
        *(world[role].post(path(world, "gate-passages"), passage(gate)) for role in ("manager", "owner"))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_a_gate_is_simply_passed_only_when_nothing_is_open(world: World) -> None:
    gate = await plan(world, "G1", 10, requires=["goal"], criteria=[{"statement": "The permit is there."}])
    refused = await decide(world["manager"], world, passage(gate), 422)
    assert (refused["code"], refused["criteria"]) == ("gate_not_ready", ["The permit is there."])
    assert refused["missing"] == ["goal"]
    shown = await world["manager"].get(f"/v1/gates/{gate['id']}?expand=missing")
    assert shown.json()["missing"] == ["goal"]
    bare = await decide(world["manager"], world, passage(gate, "passed_with_conditions"), 422)
    assert bare["code"] == "conditions_missing"
    wordy = await decide(world["manager"], world, passage(gate, conditions=["Soon."]), 422)
    assert wordy["code"] == "conditions_out_of_place"
    beyond = passage(gate, criteria=[{"criterion": 1, "met": True}])
    assert (await decide(world["manager"], world, beyond, 422))["code"] == "unknown_reference"
    twice = passage(gate, criteria=[{"criterion": 0, "met": True}, {"criterion": 0, "met": False}])
    assert (await decide(world["manager"], world, twice, 422))["code"] == "validation_failed"
    passed = await decide(
        world["manager"], world, passage(gate, "passed_with_conditions", conditions=["A goal by Friday."])
    )
    assert (passed["missing"], passed["conditions"]) == (["goal"], ["A goal by Friday."])
    assert passed["criteria"] == [{"statement": "The permit is there.", "met": None, "note": ""}]


async def test_a_gate_of_another_project_is_unknown(world: World, planning: ServiceUnderTest) -> None:
    other = await planning.world(make_policy())
    foreign = await plan(other, "G1", 10)
    for gate in (foreign, {"id": str(new_id())}):
        assert (await decide(world["manager"], world, passage(gate), 422))["code"] == "unknown_reference"


async def test_a_passage_stands_in_the_ledger_with_its_grounds_and_the_plans_forecast(world: World) -> None:
    await world["manager"].post(path(world, "tasks"), {"title": "Dig", "duration_minutes": 450})
    goal = (await world["manager"].post(path(world, "goals"), {"title": "Open before summer"})).json()
    gate = await plan(world, "G1", 10, requires=["goal"], criteria=[{"statement": "The permit is there."}])
    judged = [{"criterion": 0, "met": True, "note": "Letter of 2 March."}]
    passed = await decide(world["manager"], world, passage(gate, criteria=judged))
    decision = (await world["manager"].get(f"/v1/decisions/{passed['decision_id']}")).json()
    assert (decision["kind"], decision["chosen"], decision["reason"]) == ("gate.pass", "passed", "The board met.")
    assert decision["criteria"] == ["The permit is there."]
    assert decision["evidence"] == [
        {"type": "gate", "id": gate["id"], "note": "met: The permit is there. Letter of 2 March."},
        {"type": "goal", "id": goal["id"], "note": ""},
    ]
    finish = (await world["manager"].get(f"/v1/projects/{world.project_id}")).json()["finish"]
    assert decision["predicted"]["finish"] == finish
    shown = (await world["manager"].get(f"/v1/gates/{gate['id']}")).json()
    assert (shown["state"], shown["decision_id"]) == ("passed", decision["id"])


async def test_a_dry_run_passes_nothing(world: World) -> None:
    gate = await plan(world, "G1", 10, opens_phase="execution")
    answer = await world["manager"].post(f"{path(world, 'gate-passages')}?dry_run=true", passage(gate))
    assert (answer.status_code, answer.json()["impact"]["status"]["after"]) == (200, "executing")
    assert (await gates_of(world))[0]["state"] == "planned"
    assert await status_of(world) == "planning"


async def test_what_moves_the_project_needs_authority_over_its_state_as_well(planning: ServiceUnderTest) -> None:
    policy = make_policy()
    grant = {"role": "coordinator", "kind": "gate.pass", "may": "decide", "limits": {}}
    world = await planning.world(policy | {"grants": [*policy["grants"], grant]})
    plain, opening = await plan(world, "G1", 10), await plan(world, "G2", 20, opens_phase="execution")
    await decide(world["coordinator"], world, passage(plain))
    refused = await decide(world["coordinator"], world, passage(opening), 403)
    assert refused["kinds"] == ["gate.pass", "project.status"]


async def test_the_states_decision_points_lead_a_project_through_its_life(state: World) -> None:
    owner = state["owner"]
    seen = []
    for gate in await gates_of(state):
        ready = gate["code"] not in ("BP2", "BP3")
        outcome = {} if ready else {"outcome": "passed_with_conditions", "conditions": ["The rest by Friday."]}
        await decide(owner, state, passage(gate, criteria=all_met(gate)) | outcome)
        seen.append(await status_of(state))
    assert seen == ["initiating", "planning", "executing", "closing", "closed", "closed"]


@pytest.mark.parametrize(("at", "left"), [(1, "closed"), (3, "closing"), (4, "closing"), (5, "closed")])
async def test_a_stopped_project_is_closed_in_order_or_ends(state: World, at: int, left: str) -> None:
    gates = await gates_of(state)
    for gate in gates[: at - 1]:
        body = passage(gate, "passed_with_conditions", conditions=["Later."], criteria=all_met(gate))
        await decide(state["owner"], state, body)
    await decide(state["owner"], state, passage(gates[at - 1], "stopped"))
    assert await status_of(state) == left
    assert (await gates_of(state))[at - 1]["state"] == "stopped"
    for gate in gates[at - 1 : at + 1]:
        assert (await decide(state["owner"], state, passage(gate), 409))["code"] == "project_stopped"


async def test_whoever_reads_a_gate_is_told_what_they_may_do(state: World) -> None:
    gate = (await gates_of(state))[0]
    for role, expected in (("owner", "decide"), ("manager", "propose"), ("auditor", "no")):
        can = (await state[role].get(f"/v1/gates/{gate['id']}?expand=viewer")).json()["viewer"]["can"]
        assert can == {"update": expected, "delete": expected, "pass": expected}
