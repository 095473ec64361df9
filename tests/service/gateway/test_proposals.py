"""The life of a proposal: drafted in several steps, amended, approved by several, commented, waiting, settled."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.kernel.http_client import Response
from services.kernel.identity import Principal
from services.kernel.jobs import enqueue_job
from tests.factories.system import Person, SystemUnderTest, Tenant

Json = dict[str, Any]


def path_of(tenant: Tenant) -> str:
    return f"/v1/projects/{tenant.project_id}"


def two_tasks(tenant: Tenant) -> list[Json]:
    """A task, and a second one that follows it: the second step speaks of what the first made."""
    project = path_of(tenant)
    return [
        {"method": "POST", "path": f"{project}/tasks", "body": {"title": "Survey", "duration_minutes": 900}},
        {"method": "POST", "path": f"{project}/tasks", "body": {"title": "Piers", "duration_minutes": 450}},
        {
            "method": "POST",
            "path": f"{project}/dependencies",
            "body": {"predecessor_id": "$1", "successor_id": "$2"},
        },
    ]


async def drafted(person: Person, tenant: Tenant, steps: list[Json], **members: Any) -> Response:
    return await person.post(f"{path_of(tenant)}/proposals", {"steps": steps, **members})


async def tasks(tenant: Tenant) -> list[Json]:
    listed: list[Json] = (await tenant["manager"].get(f"{path_of(tenant)}/tasks")).json()["data"]
    return listed


async def with_policy(tenant: Tenant, **members: Any) -> None:
    """The owner changes the policy's members."""
    present = (await tenant["owner"].get(f"{path_of(tenant)}/policy")).json()
    document = present["document"] | members
    changed = await tenant["owner"].put(f"{path_of(tenant)}/policy", document, present["version"])
    assert changed.status_code == 200, changed.text


async def pass_hours(system: SystemUnderTest, tenant: Tenant, proposal: str, hours: float) -> None:
    """Let so much time have passed since the proposal was submitted, and wake whoever minds it."""
    tenant_id = UUID((await tenant["manager"].get("/v1/me")).json()["tenant_id"])
    proposal_id = UUID(proposal.rpartition("/")[2])
    async with system.service.database.write(Principal(tenant_id, UUID(int=0), kind="service")) as session:
        await session.value(
            """update proposals set submitted_at = submitted_at - $3::interval, reminded_at = reminded_at - $3::interval
               where tenant_id = $1 and id = $2""",
            tenant_id,
            proposal_id,
            timedelta(hours=hours),
        )
        job_id = await enqueue_job(session, "mind_proposal", {"proposal_id": str(proposal_id)})
        await session.commit()
    for _ in range(200):
        async with system.service.database.read(tenant_id) as reading:
            state = await reading.value("select state from jobs where tenant_id = $1 and id = $2", tenant_id, job_id)
        if state == "succeeded":
            return
        assert state in ("queued", "running"), state
        await asyncio.sleep(0.05)
    raise AssertionError("nobody minded the proposal")


async def settled(person: Person, proposal: str) -> Json:
    """The proposal once it is no longer being carried out."""
    for _ in range(200):
        found: Json = (await person.get(proposal)).json()
        if found["state"] != "accepting":
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("it is never carried out")


async def types_since(tenant: Tenant, proposal: str) -> list[str]:
    events = (await tenant["manager"].get("/v1/events?limit=200")).json()["data"]
    wanted = proposal.rpartition("/")[2]
    return [event["type"].rpartition(".")[2] for event in events if event["subject"]["id"] == wanted]


# -- drafts -----------------------------------------------------------------------------------------------------------


async def test_a_draft_is_refused_to_whoever_is_not_on_the_project(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    other = await system.tenant()
    assert (await drafted(tenant["stranger"], tenant, two_tasks(tenant))).status_code == 404
    assert (await drafted(other["manager"], tenant, two_tasks(tenant))).status_code == 404
    assert (await drafted(tenant["stakeholder"], tenant, two_tasks(tenant))).status_code in (403, 422)


async def test_steps_that_do_not_belong_together_are_no_proposal(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    other = await system.tenant()
    meeting = {"method": "POST", "path": f"{path_of(tenant)}/meetings", "body": {}}
    mixed = await drafted(tenant["coordinator"], tenant, [*two_tasks(tenant), meeting])
    assert (mixed.status_code, mixed.json()["code"]) == (422, "steps_of_one_service")
    for path in ("/v1/proposals/x/decision", "/v1/nonsense", "/v1/projects/../tasks"):
        answer = await drafted(tenant["coordinator"], tenant, [{"method": "POST", "path": path, "body": {}}])
        assert (answer.status_code, answer.json()["code"]) == (422, "steps_of_one_service"), answer.text
    elsewhere = await drafted(tenant["coordinator"], tenant, two_tasks(other))
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "step_refused")
    own = await tenant["manager"].post("/v1/projects", {"key": "ZWEI", "name": "Other", "start": "2026-03-02T08:00:00"})
    second = f"/v1/projects/{own.json()['id']}/tasks"
    two = [two_tasks(tenant)[0], {"method": "POST", "path": second, "body": {"title": "A", "duration_minutes": 1}}]
    assert (await drafted(tenant["manager"], tenant, two)).json()["code"] in ("step_refused", "other_project")
    assert (await drafted(tenant["manager"], tenant, two[1:])).json()["code"] == "other_project"


async def test_a_draft_is_tried_as_a_whole_and_nobody_else_sees_it(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    made = await drafted(tenant["coordinator"], tenant, two_tasks(tenant), title="A first plan")
    assert (made.status_code, made.headers["tandem-effect"]) == (201, "none"), made.text
    draft = made.json()
    assert (draft["state"], draft["title"]) == ("draft", "A first plan")
    assert draft["impact"]["finish"]["moved_minutes"] == 1350
    assert await tasks(tenant) == []
    assert (await tenant["coordinator"].get(made.headers["location"])).status_code == 200
    assert (await tenant["manager"].get(made.headers["location"])).status_code == 404
    assert (await tenant["manager"].get(f"{path_of(tenant)}/proposals")).json()["data"] == []
    decision = {"decision": "accept", "reason": "Found it."}
    assert (await tenant["manager"].post(f"{made.headers['location']}/decision", decision)).status_code == 404


async def test_a_step_that_is_refused_is_named_and_nothing_of_the_others_stays(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    circle = {
        "method": "POST",
        "path": f"{path_of(tenant)}/dependencies",
        "body": {"predecessor_id": "$2", "successor_id": "$1"},
    }
    refused = await drafted(tenant["coordinator"], tenant, [*two_tasks(tenant), circle])
    assert (refused.status_code, refused.json()["code"], refused.json()["step"]) == (422, "step_refused", 4)
    assert await tasks(tenant) == []


async def test_a_draft_is_edited_discarded_or_submitted_by_its_proposer_alone(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    coordinator = tenant["coordinator"]
    made = await drafted(coordinator, tenant, two_tasks(tenant))
    proposal = made.headers["location"]
    assert (await tenant["member"].patch(proposal, {"title": "Mine"}, 1)).status_code == 404
    assert (await coordinator.patch(proposal, {"title": "Late"}, 7)).status_code == 412
    fewer = await coordinator.patch(proposal, {"title": "One task", "steps": two_tasks(tenant)[:1]}, 1)
    assert (fewer.status_code, fewer.json()["impact"]["finish"]["moved_minutes"]) == (200, 900), fewer.text
    assert (await tenant["member"].delete(proposal, 2)).status_code == 404
    assert (await coordinator.delete(proposal, 2)).status_code == 204
    assert (await coordinator.get(proposal)).status_code == 404


async def test_what_was_submitted_is_decided_as_a_whole_in_one_transaction(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    coordinator, manager = tenant["coordinator"], tenant["manager"]
    made = await drafted(coordinator, tenant, two_tasks(tenant), justification="The ice is late.")
    proposal = made.headers["location"]
    submitted = await coordinator.post(f"{proposal}/submission")
    assert (submitted.status_code, submitted.json()["state"]) == (200, "submitted"), submitted.text
    assert (await coordinator.delete(proposal, submitted.json()["version"])).status_code == 409
    tried = await manager.post(f"{proposal}/decision?dry_run=true", {"decision": "accept", "reason": "Let us see."})
    assert tried.json()["result"]["state"] == "accepted", tried.text
    assert await tasks(tenant) == []
    accepted = await manager.post(f"{proposal}/decision", {"decision": "accept", "reason": "Good."})
    assert accepted.json()["state"] == "accepted", accepted.text
    assert len(accepted.json()["result"]["ids"]) == 3
    planned = {task["title"]: task for task in await tasks(tenant)}
    assert planned["Piers"]["start"] > planned["Survey"]["start"]
    assert planned["Survey"]["created_by_id"] == str(coordinator.id)


async def test_what_lies_within_the_proposers_own_authority_is_done_when_it_is_submitted(
    system: SystemUnderTest,
) -> None:
    tenant = await system.tenant()
    made = await drafted(tenant["manager"], tenant, two_tasks(tenant), submit=True)
    assert (made.status_code, made.json()["state"]) == (201, "accepted"), made.text
    assert {task["title"] for task in await tasks(tenant)} == {"Survey", "Piers"}


async def test_a_step_builds_on_what_the_step_before_left(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    manager = tenant["manager"]
    task = (await manager.post(f"{path_of(tenant)}/tasks", {"title": "Survey", "duration_minutes": 450})).json()
    steps = [
        {"method": "PATCH", "path": f"/v1/tasks/{task['id']}", "if_match": '"1"', "body": {"duration_minutes": minutes}}
        for minutes in (900, 1350)
    ]
    made = await drafted(tenant["coordinator"], tenant, steps, submit=True)
    assert made.status_code == 201, made.text
    assert made.json()["impact"]["finish"]["moved_minutes"] == 900
    accepted = await manager.post(f"{made.headers['location']}/decision", {"decision": "accept", "reason": "Yes."})
    assert accepted.json()["state"] == "accepted", accepted.text
    assert (await manager.get(f"/v1/tasks/{task['id']}")).json()["duration_minutes"] == 1350


# -- several deciders -------------------------------------------------------------------------------------------------


async def test_four_eyes_want_somebody_else_also_where_one_decides_alone(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    await with_policy(tenant, approvals=[{"kind": "scope.*", "count": 1}], solo=True)
    manager = tenant["manager"]
    asked = await manager.post(f"{path_of(tenant)}/tasks", {"title": "Survey", "duration_minutes": 450})
    assert asked.status_code == 202, asked.text
    decision = {"decision": "accept", "reason": "I say so."}
    own = await manager.post(f"{asked.headers['location']}/decision", decision)
    assert (own.status_code, own.json()["code"]) == (403, "own_proposal")
    accepted = await tenant["owner"].post(f"{asked.headers['location']}/decision", decision)
    assert accepted.json()["state"] == "accepted", accepted.text


async def test_a_quorum_takes_as_many_as_the_policy_says_and_each_only_once(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    await with_policy(tenant, approvals=[{"kind": "scope.*", "count": 2}])
    asked = await tenant["coordinator"].post(f"{path_of(tenant)}/tasks", {"title": "Survey", "duration_minutes": 450})
    proposal = asked.headers["location"]
    decision = {"decision": "accept", "reason": "Yes."}
    first = await tenant["manager"].post(f"{proposal}/decision", decision)
    assert (first.status_code, first.json()["state"]) == (200, "submitted"), first.text
    assert [each["person_id"] for each in first.json()["approvals"]] == [str(tenant["manager"].id)]
    assert await tasks(tenant) == []
    again = await tenant["manager"].post(f"{proposal}/decision", decision)
    assert (again.status_code, again.json()["code"]) == (409, "approved_already")
    second = await tenant["owner"].post(f"{proposal}/decision", decision)
    assert second.json()["state"] == "accepted", second.text
    assert len(await tasks(tenant)) == 1
    assert await types_since(tenant, proposal) == ["submitted", "approved", "accepted"]


async def test_what_is_amended_after_an_approval_needs_it_again_and_a_decision_can_name_what_it_read(
    system: SystemUnderTest,
) -> None:
    tenant = await system.tenant()
    await with_policy(tenant, approvals=[{"kind": "scope.*", "count": 2}])
    coordinator = tenant["coordinator"]
    asked = await coordinator.post(f"{path_of(tenant)}/tasks", {"title": "Survey", "duration_minutes": 450})
    proposal, decision = asked.headers["location"], {"decision": "accept", "reason": "Yes."}
    read = (await tenant["manager"].post(f"{proposal}/decision", decision)).json()
    steps = [{"method": "POST", "path": f"{path_of(tenant)}/tasks", "body": {"title": "Dig", "duration_minutes": 9000}}]
    amended = await coordinator.patch(proposal, {"steps": steps}, read["version"])
    assert (amended.status_code, amended.json()["approvals"]) == (200, []), amended.text
    stale = {"If-Match": f'"{read["version"]}"'}
    late = await tenant["owner"].post(f"{proposal}/decision", decision, headers=stale)
    assert late.status_code == 412, late.text
    assert (await tenant["owner"].post(f"{proposal}/decision", decision)).json()["state"] == "submitted"


# -- newer and older --------------------------------------------------------------------------------------------------


async def test_asking_again_for_the_same_and_more_supersedes_the_older_proposal(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    coordinator, path = tenant["coordinator"], path_of(tenant)
    older = (await coordinator.patch(path, {"status": "executing"}, 1)).headers["location"]
    other = (await coordinator.patch(path, {"name": "Longer"}, 1)).headers["location"]
    newer = await coordinator.patch(path, {"status": "executing", "name": "Longest"}, 1)
    for proposal in (older, other):
        found = (await tenant["manager"].get(proposal)).json()
        assert (found["state"], found["superseded_by_id"]) == ("superseded", newer.json()["id"])


async def test_open_proposals_about_the_same_thing_know_of_each_other(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    task = (await tenant["manager"].post(f"{path_of(tenant)}/tasks", {"title": "Dig", "duration_minutes": 450})).json()
    path = f"/v1/tasks/{task['id']}"
    first = await tenant["coordinator"].patch(path, {"duration_minutes": 900}, 1)
    assert first.json()["effects"]["conflicts"] == []
    second = await tenant["member"].patch(path, {"duration_minutes": 1350}, 1)
    assert second.json()["effects"]["conflicts"] == [first.json()["id"]], second.text
    expanded = (await tenant["manager"].get(f"{first.headers['location']}?expand=conflicts")).json()
    assert expanded["conflicts"] == [second.json()["id"]]


# -- what others say, and waiting -------------------------------------------------------------------------------------


async def test_whoever_is_on_the_project_says_something_to_an_open_proposal(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    proposal = (await tenant["coordinator"].patch(path_of(tenant), {"status": "executing"}, 1)).headers["location"]
    said = {"text": "The crane is booked.", "objection": True}
    assert (await tenant["stranger"].post(f"{proposal}/comments", said)).status_code == 404
    assert (await tenant["guest"].get(f"{proposal}/comments")).status_code == 404
    made = await tenant["member"].post(f"{proposal}/comments", said)
    assert made.status_code == 201, made.text
    listed = (await tenant["manager"].get(f"{proposal}/comments")).json()["data"]
    assert [(each["text"], each["objection"]) for each in listed] == [("The crane is booked.", True)]
    assert (await tenant["manager"].get(made.headers["location"])).json()["id"] == made.json()["id"]
    await tenant["coordinator"].post(f"{proposal}/withdrawal", {"reason": "Never mind."})
    assert (await tenant["member"].post(f"{proposal}/comments", said)).status_code == 409


async def test_the_inbox_shows_what_waits_for_me_in_every_project_and_what_waiting_leads_to(
    system: SystemUnderTest,
) -> None:
    tenant = await system.tenant()
    asked = await tenant["coordinator"].patch(path_of(tenant), {"status": "executing"}, 1)
    assert (await tenant["manager"].get("/v1/me/proposals?nonsense=1")).status_code == 400
    for role in ("coordinator", "member", "stranger", "owner"):
        assert (await tenant[role].get("/v1/me/proposals")).json()["data"] == [], role
    (waiting,) = (await tenant["manager"].get("/v1/me/proposals")).json()["data"]
    assert waiting["id"] == asked.json()["id"]
    assert (waiting["age_minutes"], waiting["escalated_at"]) == (0, None)
    assert waiting["expires_at"] > waiting["escalates_at"] > waiting["submitted_at"]
    await tenant["coordinator"].post(f"{path_of(tenant)}/tasks", {"title": "Dig", "duration_minutes": 450})
    first = (await tenant["manager"].get("/v1/me/proposals?limit=1")).json()
    rest = (await tenant["manager"].get("/v1/me/proposals", params={"cursor": first["page"]["next_cursor"]})).json()
    assert first["data"][0]["id"] == asked.json()["id"]
    assert (len(first["data"]), len(rest["data"]), rest["page"]["next_cursor"]) == (1, 1, None)


async def test_one_that_waits_is_remembered_escalated_and_expires_in_the_end(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    asked = await tenant["coordinator"].patch(path_of(tenant), {"status": "executing"}, 1)
    proposal = asked.headers["location"]
    await pass_hours(system, tenant, proposal, 49)
    assert (await tenant["manager"].get(proposal)).json()["reminded_at"] is not None
    assert (await tenant["owner"].get("/v1/me/proposals")).json()["data"] == []
    await pass_hours(system, tenant, proposal, 100)
    (escalated,) = (await tenant["owner"].get("/v1/me/proposals")).json()["data"]
    assert escalated["escalated_at"] is not None
    await pass_hours(system, tenant, proposal, 24 * 30)
    assert (await tenant["manager"].get(proposal)).json()["state"] == "expired"
    late = await tenant["manager"].post(f"{proposal}/decision", {"decision": "accept", "reason": "Too late."})
    assert (late.status_code, late.json()["code"]) == (409, "proposal_not_open")
    assert await types_since(tenant, proposal) == ["submitted", "reminded", "escalated", "expired"]


async def test_the_policy_accepts_what_lies_in_its_limits_and_nobody_objects_to(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    rules = {"auto_accept": [{"kind": "scope.task", "limits": {"finish_minutes": 450}, "after_hours": 24}]}
    await with_policy(tenant, proposals=rules)
    coordinator, path = tenant["coordinator"], f"{path_of(tenant)}/tasks"
    asked = [await coordinator.post(path, {"title": title, "duration_minutes": 450}) for title in ("Dig", "Drill")]
    tall = await coordinator.post(path, {"title": "Tall", "duration_minutes": 900})
    quiet, contested = (each.headers["location"] for each in asked)
    await tenant["member"].post(f"{contested}/comments", {"text": "Not before May.", "objection": True})
    for proposal in (quiet, contested, tall.headers["location"]):
        await pass_hours(system, tenant, proposal, 25)
    accepted = await settled(tenant["manager"], quiet)
    assert (accepted["state"], accepted["decided_by_id"]) == ("accepted", str(tenant["manager"].id)), accepted
    for proposal in (contested, tall.headers["location"]):
        assert (await tenant["manager"].get(proposal)).json()["state"] == "submitted"
    assert [task["title"] for task in await tasks(tenant)] == ["Dig"]


async def test_a_decider_amends_one_step_of_several(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    made = await drafted(tenant["coordinator"], tenant, two_tasks(tenant), submit=True)
    proposal = made.headers["location"]
    amendment: Json = {"decision": "amend", "reason": "Half.", "bodies": [{"title": "Survey", "duration_minutes": 450}]}
    wrong = await tenant["manager"].post(f"{proposal}/decision", amendment)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bodies_for_steps")
    amendment["bodies"] += [None, None]
    accepted = await tenant["manager"].post(f"{proposal}/decision", amendment)
    assert accepted.json()["state"] == "accepted", accepted.text
    assert {task["title"]: task["duration_minutes"] for task in await tasks(tenant)} == {"Survey": 450, "Piers": 450}


async def test_a_posting_into_a_soft_closed_period_takes_the_deciders_reason_and_a_closed_one_holds_it_up(
    system: SystemUnderTest,
) -> None:
    tenant = await system.tenant()
    manager, project = tenant["manager"], path_of(tenant)
    code = (await manager.post(f"{project}/cost-codes", {"code": "4100", "name": "Concrete"})).json()["id"]
    march = {"name": "March 2026", "starts_on": "2026-03-01", "ends_on": "2026-03-31"}
    period = f"/v1/accounting-periods/{(await manager.post(f'{project}/accounting-periods', march)).json()['id']}"

    async def pass_to(act: str, **members: str) -> None:
        passed = await manager.post(f"{period}/{act}", {"reason": "As agreed."} | members)
        assert passed.status_code == 200, passed.text

    async def propose(voucher: str) -> str:
        body = {
            "cost_code_id": code,
            "amount": {"amount": "100.00", "currency": "NOK"},
            "posted_on": "2026-03-31",
            "external_ref": {"system": "erp", "type": "voucher", "id": voucher},
        }
        asked = await tenant["coordinator"].post(f"{project}/actuals", body)
        assert asked.status_code == 202, asked.text
        return str(asked.headers["location"])

    await pass_to("closing", state="soft_closed")
    early, late = await propose("V-1"), await propose("V-2")
    assert (await manager.get(early)).json()["measures"]["periods_locked"] == "1"
    decision = {"decision": "accept", "reason": "The invoice came late."}
    accepted = await manager.post(f"{early}/decision", decision)
    assert accepted.json()["state"] == "accepted", accepted.text
    kept = (await manager.get(f"{project}/decisions", params={"kind": "cost.posting"})).json()["data"]
    assert [each["reason"] for each in kept] == ["The invoice came late."]
    await pass_to("closing", state="closed")
    for dry_run in ("true", "false"):
        held = await manager.post(f"{late}/decision", decision, params={"dry_run": dry_run})
        assert (held.status_code, held.json()["code"]) == (409, "proposal_held_up"), held.text
        assert held.json()["cause"]["code"] == "period_closed"
        assert (await manager.get(late)).json()["state"] == "submitted"
    await pass_to("reopening")
    accepted = await manager.post(f"{late}/decision", decision)
    assert accepted.json()["state"] == "accepted", accepted.text
    assert len((await manager.get(f"{project}/actuals")).json()["data"]) == 2


async def test_the_inbox_tells_until_when_each_decision_is_needed_and_what_comes_of_waiting(
    system: SystemUnderTest,
) -> None:
    tenant = await system.tenant()
    manager, coordinator, project = tenant["manager"], tenant["coordinator"], path_of(tenant)

    async def proposed(title: str, start: str) -> str:
        begins = {"constraint_type": "start_no_earlier_than", "constraint_date": start}
        asked = await coordinator.post(f"{project}/tasks", {"title": title, "duration_minutes": 450} | begins)
        assert asked.status_code == 202, asked.text
        return str(asked.json()["id"])

    far, gone, near = (
        await proposed("Paint", "2199-01-02T08:00:00"),
        await proposed("Dig", "2026-03-02T08:00:00"),
        await proposed("Pave", "2190-01-04T08:00:00"),
    )
    never = (await coordinator.patch(project, {"status": "executing"}, 1)).json()["id"]

    async def inbox(**query: str) -> list[Json]:
        answer = await manager.get("/v1/me/proposals", params=query)
        assert answer.status_code == 200, answer.text
        listed: list[Json] = answer.json()["data"]
        return listed

    by_need = await inbox(sort="needed_by")
    assert [each["id"] for each in by_need] == [gone, near, far, never]
    assert [each["needed_by"] and each["needed_by"][:10] for each in by_need] == [
        "2026-03-02",
        "2190-01-04",
        "2199-01-02",
        None,
    ]
    assert [each["id"] for each in await inbox(**{"needed_by[lte]": "2190-12-31T00:00:00Z"})] == [gone, near]
    assert [each["id"] for each in await inbox(**{"needed_by[null]": "true"})] == [never]
    refused = await manager.get("/v1/me/proposals", params={"needed_by[lte]": "soon"})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_filter_value")
    told = {each["id"]: each["if_undecided"] for each in by_need}
    assert [(each["what"], each["due"]) for each in told[gone]] == [
        ("too_late", True),
        ("escalated", False),
        ("expired", False),
    ]
    assert [each["what"] for each in told[near]] == ["escalated", "expired", "too_late"]
    assert [each["what"] for each in told[never]] == ["escalated", "expired"]
    assert told[near][-1]["at"] == by_need[1]["needed_by"]
    assert "too late" in told[near][-1]["text"]
    norwegian = await manager.get("/v1/me/proposals?sort=needed_by", headers={"Accept-Language": "nb"})
    assert "for sent" in norwegian.json()["data"][1]["if_undecided"][-1]["text"]


async def test_the_steps_of_a_proposal_are_needed_by_the_earliest_of_them(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    steps = two_tasks(tenant)
    steps[1]["body"] |= {"constraint_type": "start_no_earlier_than", "constraint_date": "2026-04-01T08:00:00"}
    for order in (steps[:2], steps[1::-1]):
        made = await drafted(tenant["coordinator"], tenant, order)
        assert made.json()["impact"]["needed_by"] == "2026-03-02T07:00:00.000000Z", made.text
