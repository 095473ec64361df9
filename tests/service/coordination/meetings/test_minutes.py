"""Minutes that act: what a signature freezes, whose decision it is, and what becomes of decisions and actions."""

import asyncio
import hashlib
from typing import Any

import pytest

from services.coordination.meetings.minutes import canonical
from services.kernel.ids import new_id
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World
from tests.service.coordination.meetings.calls import call_meeting, record_outcome, submit_proposal
from tests.service.coordination.recorded import facts_of

ACTION = {"kind": "action", "title": "Call the supplier", "due_date": "2026-03-13"}


async def sign(world: World, meeting: dict[str, Any], role: str = "manager", **body: Any) -> Any:
    return await world[role].post(f"/v1/meetings/{meeting['id']}/signature", body)


@pytest.mark.parametrize(
    ("outcome", "pointers"),
    [
        ({"kind": "note"}, ["/text"]),
        ({"kind": "action", "text": "Somebody should call"}, ["/due_date", "/owner_id", "/title"]),
        ({"kind": "note", "text": "Words", "due_date": "2026-03-13"}, ["/due_date"]),
        ({"kind": "decision", "decision": "accept"}, ["/proposal_id"]),
        ({"kind": "decision"}, ["/text"]),
    ],
)
async def test_an_outcome_says_what_its_kind_needs_and_no_more(
    coordination: ServiceUnderTest, outcome: dict[str, Any], pointers: list[str]
) -> None:
    world = await coordination.world(make_policy())
    meeting = await call_meeting(world)
    path = f"/v1/projects/{world.project_id}/outcomes"
    answer = await world["coordinator"].post(path, {"meeting_id": meeting["id"], **outcome})
    assert (answer.status_code, answer.json()["code"]) == (422, "outcome_incomplete")
    assert [error["pointer"] for error in answer.json()["errors"]] == pointers


async def test_an_outcome_names_only_what_is_there(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    meeting = await call_meeting(world)
    other = await call_meeting(world, agenda=[{"title": "Of the other meeting"}])
    items = (await world["member"].get(f"/v1/projects/{world.project_id}/agenda-items")).json()["data"]
    assert items[0]["meeting_id"] == other["id"]
    path = f"/v1/projects/{world.project_id}/outcomes"
    for wrong in (
        ACTION | {"owner_id": str(world["stranger"].id)},
        {"kind": "decision", "decision": "accept", "proposal_id": str(new_id())},
        {"kind": "note", "text": "Words", "agenda_item_id": items[0]["id"]},
        {"kind": "note", "text": "Words", "agenda_item_id": str(new_id())},
    ):
        answer = await world["coordinator"].post(path, {"meeting_id": meeting["id"], **wrong})
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_reference"), wrong
    assert (
        await world["member"].post(path, {"meeting_id": meeting["id"], "kind": "note", "text": "x"})
    ).status_code == 403


async def test_a_signature_is_not_a_coordinators_to_give(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    meeting = await call_meeting(world)
    unkeyed = await world["manager"].post(
        f"/v1/meetings/{meeting['id']}/signature", {}, headers={"Idempotency-Key": None}
    )
    assert (unkeyed.status_code, unkeyed.json()["code"]) == (400, "idempotency_key_missing")
    refused = await sign(world, meeting, "coordinator")
    assert (refused.status_code, refused.json()["code"]) == (403, "authority_required")
    assert {each["role"] for each in refused.json()["decidable_by"]} == {"owner", "programme_manager", "manager"}
    assert (await sign(world, meeting, "auditor")).status_code == 403
    assert (await sign(world, meeting, "guest")).status_code == 404
    assert (await world["manager"].get(f"/v1/meetings/{meeting['id']}")).json()["status"] == "called"


async def test_nobody_signs_what_was_changed_behind_their_back(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    meeting = await call_meeting(world)
    read = (await world["manager"].get(f"/v1/meetings/{meeting['id']}/minutes")).json()
    await record_outcome(world, meeting, kind="note", text="Added behind the signer's back")
    answer = await sign(world, meeting, sha256=read["sha256"])
    assert (answer.status_code, answer.json()["code"]) == (409, "minutes_differ")
    read = (await world["manager"].get(f"/v1/meetings/{meeting['id']}/minutes")).json()
    assert (await sign(world, meeting, sha256=read["sha256"])).status_code == 201


async def test_a_signature_freezes_the_minutes(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    meeting = await call_meeting(world, agenda=[{"title": "Steel"}])
    outcome = await record_outcome(world, meeting, kind="note", text="The steel comes late.")
    answer = await sign(world, meeting)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["status"], answer.json()["signed_by_id"]) == ("minutes_signed", str(world["manager"].id))
    minutes = (await world["member"].get(f"/v1/meetings/{meeting['id']}/minutes")).json()
    assert minutes["signed"] is True
    assert minutes["sha256"] == answer.json()["minutes_sha256"]
    assert hashlib.sha256(canonical(minutes["document"]).encode()).hexdigest() == minutes["sha256"]
    assert minutes["document"]["outcomes"][0]["text"] == "The steel comes late."
    project = f"/v1/projects/{world.project_id}"
    item = (await world["member"].get(f"{project}/agenda-items")).json()["data"][0]
    attendance = (await world["member"].get(f"{project}/attendances?person_id={world['member'].id}")).json()["data"][0]
    coordinator = world["coordinator"]
    for later in (
        await coordinator.patch(f"/v1/meetings/{meeting['id']}", {"title": "T"}, answer.json()["version"]),
        await coordinator.patch(f"/v1/outcomes/{outcome['id']}", {"text": "It comes in time."}, 1),
        await coordinator.delete(f"/v1/outcomes/{outcome['id']}", 1),
        await coordinator.post(f"{project}/outcomes", {"meeting_id": meeting["id"], "kind": "note", "text": "x"}),
        await coordinator.patch(f"/v1/agenda-items/{item['id']}", {"notes": "x"}, 1),
        await coordinator.post(f"{project}/agenda-items", {"meeting_id": meeting["id"], "title": "x"}),
        await coordinator.patch(f"/v1/attendances/{attendance['id']}", {"attended": True}, 1),
        await world["member"].patch(f"/v1/attendances/{attendance['id']}", {"response": "declined"}, 1),
        await sign(world, meeting, "owner"),
    ):
        assert (later.status_code, later.json()["code"]) == (409, "minutes_signed")
    renamed = ("gateway.person.changed", world["member"].id, {"name": "Renamed"}, None)
    await coordination.hear(world.tenant_id, "gateway", [renamed])
    assert (await world["member"].get(f"/v1/meetings/{meeting['id']}/minutes")).json() == minutes


async def test_two_who_sign_at_once_sign_once(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    meeting = await call_meeting(world)
    await record_outcome(world, meeting, owner_id=str(world["member"].id), **ACTION)
    answers = await asyncio.gather(*(sign(world, meeting, role) for role in ("manager", "owner")))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert len(await facts_of(coordination, world, "coordination.action_item.assigned")) == 1


async def test_a_decision_is_the_signers_own_whoever_wrote_it_down(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    proposal_id = await submit_proposal(world)
    meeting = await call_meeting(world)
    decision = {"kind": "decision", "proposal_id": str(proposal_id), "decision": "accept", "reason": "No cheaper way."}
    outcome = await record_outcome(world, meeting, **decision)
    assert await facts_of(coordination, world, "coordination.decision") == []
    assert (await sign(world, meeting, "coordinator")).status_code == 403
    assert await facts_of(coordination, world, "coordination.decision") == []
    signed = await sign(world, meeting)
    assert signed.json()["effects"]["decision_ids"] == [outcome["id"]]
    (fact,) = await facts_of(coordination, world, "coordination.decision.taken")
    assert fact["actor_id"] == str(world["manager"].id)
    assert fact["subject"] == {"type": "outcome", "id": outcome["id"]}
    assert fact["data"]["proposal_id"] == str(proposal_id)
    assert fact["data"]["decision"] == "accept"


@pytest.mark.parametrize("result", ["accepted", "rejected", "rebase_required", "failed"])
async def test_the_desks_verdict_comes_back_to_the_outcome(coordination: ServiceUnderTest, result: str) -> None:
    world = await coordination.world(make_policy())
    proposal_id = await submit_proposal(world)
    meeting = await call_meeting(world)
    decision = {"kind": "decision", "proposal_id": str(proposal_id), "decision": "accept"}
    outcome = await record_outcome(world, meeting, **decision)
    await sign(world, meeting)
    data = {"decided_by_id": str(world["manager"].id), "reason": "", "outcome_id": outcome["id"], "problem": None}
    await coordination.hear(
        world.tenant_id, "gateway", [(f"gateway.proposal.{result}", proposal_id, data, world.project_id)]
    )
    shown = (await world["member"].get(f"/v1/outcomes/{outcome['id']}?expand=proposal")).json()
    assert (shown["result"], shown["proposal"]["status"]) == (result, result)


async def test_a_decision_that_the_desk_refuses_leaves_the_proposal_open(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    proposal_id = await submit_proposal(world)
    meeting = await call_meeting(world)
    decision = {"kind": "decision", "proposal_id": str(proposal_id), "decision": "accept"}
    outcome = await record_outcome(world, meeting, **decision)
    await sign(world, meeting)
    data = {"outcome_id": outcome["id"], "problem": {"title": "Nobody decides their own proposal here"}}
    refused = ("gateway.proposal.decision_refused", proposal_id, data, world.project_id)
    await coordination.hear(world.tenant_id, "gateway", [refused])
    shown = (await world["member"].get(f"/v1/outcomes/{outcome['id']}?expand=proposal")).json()
    assert (shown["result"], shown["proposal"]["status"]) == ("failed", "open")
    assert shown["result_detail"] == "Nobody decides their own proposal here"


async def test_an_action_becomes_a_task_and_is_done_when_the_task_is(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    meeting = await call_meeting(world)
    parent_id = str(new_id())
    owner_id = str(world["member"].id)
    outcome = await record_outcome(world, meeting, owner_id=owner_id, parent_task_id=parent_id, **ACTION)
    (action_item_id,) = (await sign(world, meeting)).json()["effects"]["action_item_ids"]
    (assigned,) = await facts_of(coordination, world, "coordination.action_item.assigned")
    assert assigned["subject"] == {"type": "action_item", "id": action_item_id}
    assert assigned["data"]["parent_task_id"] == parent_id
    item = await action_item(world, action_item_id)
    assert (item["state"], item["outcome_id"], item["owner_id"]) == ("open", outcome["id"], owner_id)

    task = {"id": str(new_id()), "title": "Call the supplier", "percent_complete": 0}
    origin = {"type": "action_item", "id": action_item_id}
    await hear_task(world, "planning.task.created", task, origin=origin)
    item = await action_item(world, action_item_id)
    assert (item["state"], item["task_id"]) == ("scheduled", task["id"])
    await hear_task(world, "planning.task.changed", task | {"percent_complete": 60})
    assert (await action_item(world, action_item_id))["state"] == "scheduled"
    await hear_task(world, "planning.task.changed", task | {"percent_complete": 100})
    await hear_task(world, "planning.task.changed", task | {"percent_complete": 100})
    assert (await action_item(world, action_item_id))["state"] == "done"
    (closed,) = await facts_of(coordination, world, "coordination.action_item.closed")
    assert closed["data"]["title"] == "Call the supplier"


async def test_an_action_item_outlives_its_task(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    meeting = await call_meeting(world)
    await record_outcome(world, meeting, owner_id=str(world["member"].id), **ACTION)
    (action_item_id,) = (await sign(world, meeting)).json()["effects"]["action_item_ids"]
    task = {"id": str(new_id()), "percent_complete": 0}
    await hear_task(world, "planning.task.created", task, origin={"type": "action_item", "id": action_item_id})
    removed = ("planning.task.deleted", new_id(), {"removed_ids": [task["id"]], "moved": []}, world.project_id)
    await coordination.hear(world.tenant_id, "planning", [removed])
    item = await action_item(world, action_item_id)
    assert (item["state"], item["task_id"]) == ("open", None)


async def test_what_is_overdue_is_found_and_its_owner_reports_it_done(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    meeting = await call_meeting(world)
    for due_date in ("2020-01-31", "2199-01-31"):
        await record_outcome(world, meeting, owner_id=str(world["member"].id), **ACTION | {"due_date": due_date})
    await sign(world, meeting)
    path = f"/v1/projects/{world.project_id}/action-items"
    (overdue,) = (await world["member"].get(f"{path}?overdue=true")).json()["data"]
    assert overdue["due_date"] == "2020-01-31"
    flat = f"/v1/action-items/{overdue['id']}"
    assert (await world["stakeholder"].patch(flat, {"state": "done"}, 1)).status_code == 403
    assert (await world["member"].patch(flat, {"due_date": "2030-01-01"}, 1)).status_code == 403
    done = await world["member"].patch(flat, {"state": "done"}, 1)
    assert (done.status_code, done.json()["state"]) == (200, "done")
    again = await world["coordinator"].patch(flat, {"title": "Other"}, 2)
    assert (again.status_code, again.json()["code"]) == (409, "action_item_closed")
    assert (await world["member"].get(f"{path}?overdue=true")).json()["data"] == []


async def action_item(world: World, action_item_id: str) -> dict[str, Any]:
    answer = await world["member"].get(f"/v1/action-items/{action_item_id}")
    assert answer.status_code == 200, answer.text
    item: dict[str, Any] = answer.json()
    return item


async def hear_task(world: World, fact_type: str, task: dict[str, Any], **data: Any) -> None:
    body = {"task": task, "moved": [], "plan": None, **data}
    await world.under_test.hear(world.tenant_id, "planning", [(fact_type, new_id(), body, world.project_id)])


async def test_the_minutes_of_a_meeting_of_the_future_cannot_be_signed(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    meeting = await call_meeting(world, starts_at="2199-03-09T08:00:00Z", ends_at="2199-03-09T09:00:00Z")
    path = f"/v1/meetings/{meeting['id']}"
    held = await world["manager"].patch(path, {"status": "held"}, 1)
    assert (held.status_code, held.json()["code"]) == (409, "meeting_not_begun")
    signed = await world["manager"].post(f"{path}/signature", {}, headers={"If-Match": '"1"'})
    assert (signed.status_code, signed.json()["code"]) == (409, "meeting_not_begun")
    assert (await world["manager"].get(path)).json()["status"] == "called"
