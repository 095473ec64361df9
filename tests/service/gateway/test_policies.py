"""A project's policy: its versions, what a change of it would have meant, and the evidence for lending more."""

import asyncio
from typing import Any

from tests.factories.system import SystemUnderTest, Tenant


def policy_of(tenant: Tenant) -> str:
    return f"/v1/projects/{tenant.project_id}/policy"


async def document_of(tenant: Tenant) -> dict[str, Any]:
    document: dict[str, Any] = (await tenant["manager"].get(policy_of(tenant))).json()["document"]
    return document


def widened(document: dict[str, Any]) -> dict[str, Any]:
    """Coordinators decide what the project is called and how it stands."""
    grants = [*document["grants"], {"role": "coordinator", "kind": "project.*", "may": "decide", "limits": {}}]
    return document | {"grants": grants}


async def test_a_version_is_kept_with_what_it_changed_and_why(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    document = widened(await document_of(tenant))
    assert (await tenant["stranger"].put(policy_of(tenant), document, 1)).status_code == 404
    assert (await tenant["member"].put(policy_of(tenant), document, 1)).status_code == 202
    assert (await tenant["manager"].put(policy_of(tenant), document, 7)).status_code == 412
    reason = {"reason": "Kari has run three of these."}
    changed = await tenant["manager"].put(policy_of(tenant), document | reason, 1)
    assert (changed.status_code, changed.json()["version"]) == (200, 2), changed.text
    wanted = [{"place": "grants/coordinator/project.*", "before": None, "after": {"may": "decide"}}]
    assert changed.json()["effects"]["changes"] == wanted
    listed = (await tenant["coordinator"].get(f"/v1/projects/{tenant.project_id}/policy-versions")).json()["data"]
    assert [(each["number"], each["reason"], each["changes"]) for each in listed] == [
        (2, reason["reason"], wanted),
        (1, None, []),
    ]
    one = (await tenant["coordinator"].get(f"/v1/policy-versions/{listed[0]['id']}")).json()
    assert (one["created_by_id"], len(one["sha256"])) == (str(tenant["manager"].id), 64)
    assert (await tenant["stranger"].get(f"/v1/policy-versions/{listed[0]['id']}")).status_code == 404


async def test_tolerances_and_the_managers_own_limits_are_set_above_the_manager(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    bound = (await document_of(tenant)) | {"tolerances": {"finish_minutes": 0}}
    asked = await tenant["manager"].put(policy_of(tenant), bound, 1)
    assert (asked.status_code, asked.json()["kinds"]) == (202, ["policy.set", "policy.tolerances"]), asked.text
    assert {each["role"] for each in asked.json()["decidable_by"]} == {"owner", "programme_manager"}
    accepted = await tenant["owner"].post(
        f"{asked.headers['location']}/decision", {"decision": "accept", "reason": "The opening day is fixed."}
    )
    assert accepted.json()["state"] == "accepted", accepted.text
    late = await tenant["manager"].post(
        f"/v1/projects/{tenant.project_id}/tasks", {"title": "Dig", "duration_minutes": 450}
    )
    assert (late.status_code, late.json()["exceeded"]) == (202, ["tolerance.finish_minutes"]), late.text


async def test_a_policy_is_tried_on_the_last_90_days_before_it_is_set(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    asked = await tenant["coordinator"].patch(f"/v1/projects/{tenant.project_id}", {"status": "executing"}, 1)
    assert asked.status_code == 202
    document = widened(await document_of(tenant))
    tried = await tenant["manager"].put(f"{policy_of(tenant)}?dry_run=true", document, 1)
    assert tried.status_code == 200, tried.text
    (other,) = tried.json()["simulation"]["otherwise"]
    assert (other["proposal_id"], other["then"], other["now"]) == (asked.json()["id"], "propose", "decide")
    assert (await tenant["manager"].get(policy_of(tenant))).json()["version"] == 1


async def test_five_proposals_that_went_through_unchanged_suggest_a_limit_and_lend_nothing(
    system: SystemUnderTest,
) -> None:
    tenant = await system.tenant()
    path = f"/v1/projects/{tenant.project_id}"
    task = {"title": "Dig", "duration_minutes": 60}
    for minutes in (60, 120, 240, 180, 60):
        asked = await tenant["coordinator"].post(f"{path}/tasks", task | {"duration_minutes": minutes})
        assert asked.status_code == 202, asked.text
        decision = {"decision": "accept", "reason": "Go on."}
        settled = await tenant["manager"].post(f"{asked.headers['location']}/decision", decision)
        assert settled.json()["state"] == "accepted", settled.text
    version = (await tenant["member"].get(path)).json()["version"]
    rejected = await tenant["member"].patch(path, {"status": "executing"}, version)
    await tenant["manager"].post(f"{rejected.headers['location']}/decision", {"decision": "reject", "reason": "No."})
    assert (await tenant["stranger"].get(f"{path}/track-records")).status_code == 404
    own = (await tenant["member"].get(f"{path}/track-records")).json()["data"]
    assert {each["person_id"] for each in own} == {str(tenant["member"].id)}
    records = (await tenant["manager"].get(f"{path}/track-records")).json()["data"]
    by_kind = {(each["person_id"], each["kind"]): each for each in records}
    record = by_kind[str(tenant["coordinator"].id), "scope.task"]
    (suggested,) = record["suggestion"]["grants"]
    assert (suggested["kind"], suggested["limits"]["finish_minutes"]) == ("scope.task", 120)
    assert by_kind[str(tenant["member"].id), "project.status"]["outcomes"]["rejected"] == 1
    assert (await tenant["coordinator"].post(f"{path}/tasks", task)).status_code == 202
    lent = record["suggestion"] | {"expires_at": "2027-02-01T00:00:00Z", "reason": "Five in a row."}
    granted = await tenant["manager"].post(f"{path}/delegations", lent)
    assert granted.status_code == 201, granted.text
    assert (await tenant["coordinator"].post(f"{path}/tasks", task)).status_code == 201
    long = task | {"duration_minutes": 900}
    assert (await tenant["coordinator"].post(f"{path}/tasks", long)).status_code == 202


async def test_what_was_decided_about_authority_stands_in_the_ledger(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    path = f"/v1/projects/{tenant.project_id}"
    bound = (await document_of(tenant)) | {"tolerances": {"finish_minutes": 0}, "reason": "The day is fixed."}
    asked = await tenant["manager"].put(policy_of(tenant), bound, 1)
    decision = {"decision": "accept", "reason": "The opening day is fixed."}
    await tenant["owner"].post(f"{asked.headers['location']}/decision", decision)
    lent = {"person_id": str(tenant["coordinator"].id), "expires_at": "2027-02-01T00:00:00Z", "reason": "Holidays."}
    assert (await tenant["manager"].post(f"{path}/delegations", lent)).status_code == 201
    decided: dict[str, dict[str, Any]] = {}
    for _ in range(100):
        listed = (await tenant["manager"].get(f"{path}/decisions?limit=200")).json()["data"]
        decided = {each["kind"]: each for each in listed}
        if {"policy.set", "delegation.grant"} <= decided.keys():
            break
        await asyncio.sleep(0.05)
    policy = decided["policy.set"]
    assert (policy["chosen"], policy["decided_by_id"]) == ("Version 2", str(tenant["owner"].id))
    assert (policy["proposed_by_id"], policy["proposal_id"]) == (str(tenant["manager"].id), asked.json()["id"])
    delegation = decided["delegation.grant"]
    assert delegation["question"] == "May Coordinator act for the manager?"
    assert delegation["decided_by_id"] == str(tenant["manager"].id)
