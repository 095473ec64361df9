"""What somebody may do with a proposal is told beforehand, and is what happens when they try."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.kernel.http_client import Response
from services.kernel.ids import new_id
from tests.factories.policies import make_policy
from tests.factories.system import Person, SystemUnderTest, Tenant
from tests.service.gateway.test_proposals import drafted, path_of, two_tasks, with_policy

Json = dict[str, Any]
ACTS = ("accept", "reject", "amend", "withdraw", "comment", "object")
ON_THE_PROJECT = ("owner", "programme_manager", "manager", "coordinator", "member", "stakeholder", "auditor")


async def viewer_of(person: Person, proposal: str, language: str = "en") -> Json:
    answer = await person.get(proposal, params={"expand": "viewer"}, headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    viewer: Json = answer.json()["viewer"]
    assert set(viewer["can"]) == set(ACTS)
    assert set(viewer["why_not"]) == {act for act, may in viewer["can"].items() if may == "no"}
    return viewer


async def why_not(person: Person, proposal: str) -> dict[str, str]:
    return {act: each["code"] for act, each in (await viewer_of(person, proposal))["why_not"].items()}


async def try_act(person: Person, proposal: str, act: str) -> Response:
    """The act itself, as a dry run."""
    if act in ("comment", "object"):
        said = {"text": "Not before May.", "objection": act == "object"}
        return await person.post(f"{proposal}/comments", said, params={"dry_run": "true"})
    if act == "withdraw":
        return await person.post(f"{proposal}/withdrawal", {"reason": "Enough."}, params={"dry_run": "true"})
    body: Json = {"decision": act, "reason": "So be it."}
    if act == "amend":
        body["body"] = {"title": "Dig", "duration_minutes": 60}
    return await person.post(f"{proposal}/decision", body, params={"dry_run": "true"})


async def proposed(tenant: Tenant, role: str = "coordinator", minutes: int = 450) -> str:
    asked = await tenant[role].post(f"{path_of(tenant)}/tasks", {"title": "Dig", "duration_minutes": minutes})
    assert asked.status_code == 202, asked.text
    return str(asked.headers["location"])


async def test_whoever_does_not_see_a_proposal_is_told_nothing_about_it(system: SystemUnderTest) -> None:
    tenant, other = await system.tenant(), await system.tenant()
    proposal = await proposed(tenant)
    for person in (tenant["stranger"], tenant["guest"], other["manager"], tenant.admin):
        assert (await person.get(proposal, params={"expand": "viewer"})).status_code == 404
    draft = await drafted(tenant["coordinator"], tenant, two_tasks(tenant))
    assert (await tenant["manager"].get(draft.headers["location"], params={"expand": "viewer"})).status_code == 404


@pytest.mark.parametrize("limits", [{}, {"finish_minutes": 449}, {"finish_minutes": 450}])
async def test_everybody_is_told_what_then_happens(system: SystemUnderTest, limits: dict[str, int]) -> None:
    tenant = await system.tenant()
    document = make_policy()
    grants = [each for each in document["grants"] if (each["role"], each["kind"]) != ("manager", "*")]
    await with_policy(tenant, grants=[*grants, {"role": "manager", "kind": "*", "may": "decide", "limits": limits}])
    proposal = await proposed(tenant)
    wrong = []
    for role in ON_THE_PROJECT:
        viewer = await viewer_of(tenant[role], proposal)
        for act in ACTS:
            answer = await try_act(tenant[role], proposal, act)
            told = "decide" if viewer["can"][act] == "decide" else viewer["why_not"][act]["code"]
            found = "decide" if answer.is_success else answer.json()["code"]
            if told != found:
                wrong.append(f"{role} {act}: told {told}, got {found}")
    assert not wrong, "\n".join(wrong)
    accepting = (await viewer_of(tenant["manager"], proposal))["why_not"].get("accept")
    exceeds = limits.get("finish_minutes", 450) < 450
    assert (accepting["exceeded"] if accepting else None) == (["finish_minutes"] if exceeds else None)
    assert (await viewer_of(tenant["manager"], proposal))["can"]["amend"] == "decide", "with less it may be within them"


async def test_the_reasons_are_told_in_the_readers_language(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    viewer = await viewer_of(tenant["coordinator"], await proposed(tenant), "nb")
    assert viewer["why_not"]["accept"] == {"code": "own_proposal", "title": "Ingen avgjør sitt eget forslag her"}
    assert viewer["can"] == dict.fromkeys(ACTS, "no") | dict.fromkeys(("withdraw", "comment", "object"), "decide")


async def test_one_who_may_decide_their_own_proposals_is_told_so(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    proposal = await proposed(tenant)
    grants = [*make_policy()["grants"], {"role": "coordinator", "kind": "scope.task", "may": "decide"}]
    await with_policy(tenant, solo=True, grants=grants)
    assert (await viewer_of(tenant["coordinator"], proposal))["can"]["accept"] == "decide"
    await with_policy(tenant, approvals=[{"kind": "scope.task", "count": 1}])
    assert (await why_not(tenant["coordinator"], proposal))["accept"] == "own_proposal"


async def test_whoever_has_approved_waits_for_the_other(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    await with_policy(tenant, approvals=[{"kind": "scope.task", "count": 2}])
    proposal = await proposed(tenant)
    agreed = await tenant["manager"].post(f"{proposal}/decision", {"decision": "accept", "reason": "Yes."})
    assert agreed.json()["state"] == "submitted", agreed.text
    assert await why_not(tenant["manager"], proposal) == {"accept": "approved_already", "withdraw": "forbidden"}
    assert (await viewer_of(tenant["owner"], proposal))["can"]["accept"] == "decide"
    assert (await why_not(tenant["member"], proposal))["accept"] == "decider_lacks_authority"


async def test_nothing_is_done_with_what_is_settled(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    proposal = await proposed(tenant)
    await tenant["manager"].post(f"{proposal}/decision", {"decision": "reject", "reason": "No."})
    for role in ("manager", "coordinator", "member"):
        codes = await why_not(tenant[role], proposal)
        expected = dict.fromkeys(ACTS, "proposal_not_open")
        assert codes == expected | ({} if role == "coordinator" else {"withdraw": "forbidden"}), role


async def test_a_token_that_may_only_read_does_nothing_with_it(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    proposal = await proposed(tenant)
    for scopes, accepts, comments in (
        (["planning:read"], "decider_lacks_authority", "scope_missing"),
        (["planning:read", "planning:propose"], "decider_lacks_authority", None),
    ):
        drawn = await tenant["manager"].post("/v1/tokens", {"name": "narrow", "scopes": scopes})
        codes = await why_not(Person(system.http, drawn.json()["secret"], new_id()), proposal)
        assert (codes["accept"], codes.get("comment")) == (accepts, comments)


async def test_a_decision_that_wants_a_fresh_sign_in_leaves_the_proposal_open(system: SystemUnderTest) -> None:
    """A personal token has no sign-in behind it, so its holder is told before, and refused without harm."""
    tenant = await system.tenant()
    proposal = await proposed(tenant)
    await with_policy(tenant, step_up={"kinds": ["scope.*"], "minutes": 5})
    assert await why_not(tenant["manager"], proposal) == {"accept": "step_up_required", "withdraw": "forbidden"}
    refused = await tenant["manager"].post(f"{proposal}/decision", {"decision": "accept", "reason": "Yes."})
    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required"), refused.text
    assert (await tenant["manager"].get(proposal)).json()["state"] == "submitted"
    await with_policy(tenant, step_up=None)
    accepted = await tenant["manager"].post(f"{proposal}/decision", {"decision": "accept", "reason": "Yes."})
    assert accepted.json()["state"] == "accepted", accepted.text
    assert accepted.json()["decided_at"] < datetime.now(UTC).isoformat()


async def test_what_is_shown_of_a_viewer_changes_neither_version_nor_proposal(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    proposal = await proposed(tenant)
    before = await tenant["manager"].get(proposal)
    expanded = await tenant["manager"].get(proposal, params={"expand": "viewer,conflicts"})
    assert expanded.headers["etag"] == before.headers["etag"]
    document = expanded.json()
    assert document.pop("conflicts") == []
    assert document.pop("viewer")
    assert document == before.json() == (await tenant["manager"].get(proposal)).json()
