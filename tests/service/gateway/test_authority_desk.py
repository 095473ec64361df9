"""The desk: a refused write becomes a proposal, and a decision carries it out exactly once."""

import asyncio

from tests.factories.system import SystemUnderTest


async def test_nobody_gets_in_without_a_token(system: SystemUnderTest) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Tandem-Identity": "forged"}):
        answer = await system.http.get("/v1/projects", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_a_fresh_project_works_at_once_for_its_creator(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    project = await tenant["manager"].get(f"/v1/projects/{tenant.project_id}")
    assert project.status_code == 200
    mine = (await tenant["manager"].get(f"/v1/me/authority?project_id={tenant.project_id}")).json()
    assert mine["role"] == "manager"


async def test_whoever_decides_up_to_a_limit_is_told_who_decides_beyond_it(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    mine = (await tenant["coordinator"].get(f"/v1/me/authority?project_id={tenant.project_id}")).json()
    kinds = {each["kind"]: each for each in mine["kinds"]}
    assert (kinds["task.edit"]["may"], kinds["task.edit"]["decidable_by"]) == ("decide", [])
    beyond = {each["role"] for each in kinds["schedule.dates"]["decidable_by"]}
    assert (kinds["schedule.dates"]["limits"]["finish_minutes"], beyond) == (
        0,
        {"owner", "programme_manager", "manager"},
    )


async def test_a_stranger_finds_neither_project_nor_members(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    for path in ("", "/memberships", "/proposals", "/policy"):
        assert (await tenant["stranger"].get(f"/v1/projects/{tenant.project_id}{path}")).status_code == 404


async def test_a_write_without_authority_becomes_a_proposal_that_the_manager_accepts(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    path = f"/v1/projects/{tenant.project_id}"
    headers = {"If-Match": '"1"', "Idempotency-Key": "passage"}
    asked = await tenant["coordinator"].request("PATCH", path, json={"status": "executing"}, headers=headers)
    assert asked.status_code == 202, asked.text
    assert asked.headers["tandem-effect"] == "proposed"
    proposal = asked.headers["location"]
    again = await tenant["coordinator"].request("PATCH", path, json={"status": "executing"}, headers=headers)
    assert (again.status_code, again.headers["location"]) == (202, proposal)

    decision = {"decision": "accept", "reason": "We are ready."}
    own = await tenant["coordinator"].post(f"{proposal}/decision", decision)
    assert (own.status_code, own.json()["code"]) == (403, "own_proposal")
    member = await tenant["member"].post(f"{proposal}/decision", decision)
    assert (member.status_code, member.json()["code"]) == (403, "decider_lacks_authority")

    key = {"Idempotency-Key": "decide"}
    accepted = await tenant["manager"].post(f"{proposal}/decision", decision, headers=key)
    assert accepted.status_code == 200, accepted.text
    assert accepted.json()["state"] == "accepted"
    repeated = await tenant["manager"].post(f"{proposal}/decision", decision, headers=key)
    assert repeated.headers["idempotency-replayed"] == "true"
    project = (await tenant["manager"].get(path)).json()
    assert (project["status"], project["version"]) == ("executing", 2)


async def test_a_proposal_is_titled_by_what_it_is_about(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    path = f"/v1/projects/{tenant.project_id}/baselines"
    await tenant["manager"].post(
        f"/v1/projects/{tenant.project_id}/tasks", {"title": "Survey", "duration_minutes": 450}
    )
    asked = await tenant["coordinator"].post(path, {"name": "After the flood", "reason": "All dates moved."})
    assert (asked.status_code, asked.json()["title"]) == (202, "baseline.set: After the flood"), asked.text


async def test_strict_callers_get_the_refusal_itself(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    headers = {"Prefer": "authority=strict"}
    path = f"/v1/projects/{tenant.project_id}"
    answer = await tenant["coordinator"].patch(path, {"status": "executing"}, 1, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "authority_required")
    listed = await tenant["manager"].get(f"/v1/projects/{tenant.project_id}/proposals")
    assert listed.json()["data"] == []


async def test_a_proposal_on_ground_that_moved_asks_for_a_rebase(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    path = f"/v1/projects/{tenant.project_id}"
    proposal = (await tenant["coordinator"].patch(path, {"status": "executing"}, 1)).headers["location"]
    assert (await tenant["manager"].patch(path, {"name": "A longer bridge"}, 1)).status_code == 200
    decision = {"decision": "accept", "reason": "Yes."}
    stale = await tenant["manager"].post(f"{proposal}/decision", decision)
    assert (stale.status_code, stale.json()["code"]) == (409, "rebase_required")
    rebased = await tenant["manager"].post(f"{proposal}/decision", decision | {"rebase": True})
    assert rebased.json()["state"] == "accepted", rebased.text


async def test_a_decision_can_be_tried_first_and_settles_nothing_then(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    path = f"/v1/projects/{tenant.project_id}"
    proposal = (await tenant["coordinator"].patch(path, {"status": "executing"}, 1)).headers["location"]
    for word in ("accept", "reject"):
        decision = {"decision": word, "reason": "Let us see."}
        member = await tenant["member"].post(f"{proposal}/decision?dry_run=true", decision)
        assert (member.status_code, member.json()["code"]) == (403, "decider_lacks_authority")
        tried = await tenant["manager"].post(f"{proposal}/decision?dry_run=true", decision)
        assert (tried.status_code, tried.headers["tandem-effect"]) == (200, "none"), tried.text
        assert tried.json()["result"]["state"] == f"{word}ed"
    assert (await tenant["manager"].get(proposal)).json()["state"] == "submitted"
    assert (await tenant["manager"].get(path)).json()["status"] != "executing"
    assert (await tenant["manager"].patch(path, {"name": "A longer bridge"}, 1)).status_code == 200
    stale = await tenant["manager"].post(
        f"{proposal}/decision?dry_run=true", {"decision": "accept", "reason": "And now?"}
    )
    assert (stale.status_code, stale.json()["code"]) == (409, "rebase_required")
    assert (await tenant["manager"].get(proposal)).json()["state"] == "submitted"


async def test_an_amendment_that_cannot_be_used_leaves_the_proposal_open_as_it_was_asked(
    system: SystemUnderTest,
) -> None:
    tenant = await system.tenant()
    path = f"/v1/projects/{tenant.project_id}"
    proposal = (await tenant["coordinator"].patch(path, {"status": "executing"}, 1)).headers["location"]
    decision = {"decision": "amend", "reason": "Not all of it.", "body": {"statsu": "executing"}}
    refused = await tenant["manager"].post(f"{proposal}/decision", decision)
    assert (refused.status_code, refused.json()["code"]) == (422, "amendment_refused")
    assert refused.json()["cause"]["errors"][0]["pointer"] == "/statsu"
    assert (await tenant["coordinator"].get(proposal)).json()["state"] == "submitted"
    amended = await tenant["manager"].post(f"{proposal}/decision", decision | {"body": {"name": "A bridge"}})
    assert amended.json()["state"] == "accepted", amended.text
    assert amended.json()["steps"][0]["body"] == {"status": "executing"}
    assert amended.json()["amended_steps"][0]["body"] == {"name": "A bridge"}
    assert (await tenant["manager"].get(path)).json()["name"] == "A bridge"


async def test_of_two_simultaneous_decisions_one_counts(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    path = f"/v1/projects/{tenant.project_id}"
    proposal = (await tenant["coordinator"].patch(path, {"status": "executing"}, 1)).headers["location"]
    answers = await asyncio.gather(
        tenant["manager"].post(f"{proposal}/decision", {"decision": "accept", "reason": "Yes."}),
        tenant["owner"].post(f"{proposal}/decision", {"decision": "reject", "reason": "No."}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_a_revoked_membership_is_dead_at_the_next_request(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    listed = await tenant["manager"].get(f"/v1/projects/{tenant.project_id}/memberships?role=member")
    membership = listed.json()["data"][0]
    assert (await tenant["member"].get(f"/v1/projects/{tenant.project_id}")).status_code == 200
    gone = await tenant["manager"].delete(f"/v1/memberships/{membership['id']}", membership["version"])
    assert gone.status_code == 204, gone.text
    assert (await tenant["member"].get(f"/v1/projects/{tenant.project_id}")).status_code == 404


async def test_the_feed_tells_everything_in_order_to_members_and_little_to_guests(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    await tenant["coordinator"].patch(f"/v1/projects/{tenant.project_id}", {"status": "executing"}, 1)
    feed = (await tenant["manager"].get(f"/v1/events?project_id={tenant.project_id}&limit=200")).json()
    types = [event["type"] for event in feed["data"]]
    assert types[0] == "planning.project.created"
    assert types[-1] == "gateway.proposal.submitted"
    positions = [event["position"] for event in feed["data"]]
    assert positions == sorted(set(positions))
    guest = (await tenant["guest"].get("/v1/events?limit=200")).json()
    assert {event["type"] for event in guest["data"]} == {"planning.project.created"}
    assert (await tenant["stranger"].get("/v1/events")).json()["data"] == []


async def test_a_policy_that_nobody_could_change_again_is_refused(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    path = f"/v1/projects/{tenant.project_id}/policy"
    for may in ("propose", "no"):
        document = {"solo": True, "grants": [{"role": "manager", "kind": "*", "may": may, "limits": {}}]}
        refused = await tenant["manager"].put(path, document, 1)
        assert (refused.status_code, refused.json()["code"]) == (422, "policy_of_nobody")
    assert (await tenant["manager"].put(path, {"solo": True, "grants": []}, 1)).status_code == 422
    kept = {"solo": True, "grants": [{"role": "manager", "kind": "policy.*", "may": "decide", "limits": {}}]}
    assert (await tenant["owner"].put(path, kept, 1)).status_code == 200


async def test_the_feed_refuses_what_it_does_not_know(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    for path in ("/v1/events?typ=planning.task.created", "/v1/events/stream?limit=5"):
        answer = await tenant["manager"].get(path)
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_filter")
    for position in ("-1", "now", "9223372036854775808"):
        answer = await tenant["manager"].get("/v1/events/stream", headers={"Last-Event-ID": position})
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_a_proposal_names_the_open_ones_that_touch_the_same_tasks(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    manager, coordinator = tenant["manager"], tenant["coordinator"]
    path = f"/v1/projects/{tenant.project_id}"
    dig, build, paint = [
        (await manager.post(f"{path}/tasks", {"title": title, "duration_minutes": 450})).json()["id"]
        for title in ("Dig", "Build", "Paint")
    ]
    linked = await manager.post(f"{path}/dependencies", {"predecessor_id": dig, "successor_id": build})
    assert linked.status_code == 201, linked.text

    async def propose(task_id: str, days: int) -> str:
        version = (await manager.get(f"/v1/tasks/{task_id}")).json()["version"]
        asked = await coordinator.patch(f"/v1/tasks/{task_id}", {"duration_minutes": days * 450}, version)
        assert asked.status_code == 202, asked.text
        proposal_id: str = asked.json()["id"]
        return proposal_id

    async def conflicts(proposal_id: str) -> set[str]:
        shown = (await tenant["member"].get(f"/v1/proposals/{proposal_id}?expand=conflicts")).json()
        return set(shown["conflicts"])

    longer, later, apart = await propose(dig, 5), await propose(build, 9), await propose(paint, 30)
    assert (await conflicts(longer), await conflicts(later), await conflicts(apart)) == ({later}, {longer}, set())
    rejected = await manager.post(f"/v1/proposals/{later}/decision", {"decision": "reject", "reason": "Not now."})
    assert rejected.status_code == 200, rejected.text
    assert (await conflicts(longer), await conflicts(later)) == (set(), set())
