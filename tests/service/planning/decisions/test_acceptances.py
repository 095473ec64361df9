"""Who changes the plan decisively, or accepts what somebody proposed, leaves exactly one record of having decided."""

from typing import Any

import pytest

from services.kernel.ids import new_id
from tests.factories.plans import DAY, make_link, make_plan, make_task
from tests.factories.policies import make_policy
from tests.factories.world import Caller, ServiceUnderTest, World


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def decisions_of(world: World, query: str = "") -> list[dict[str, Any]]:
    answer = await world["auditor"].get(f"/v1/projects/{world.project_id}/decisions{query}")
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def replaying(world: World) -> Caller:
    """The manager, whose acceptance of a coordinator's proposal is being carried out."""
    proposer = world["coordinator"].id
    return world.caller("manager", on_behalf_of_id=proposer, proposal_id=new_id(), reason="The client agreed.")


async def accepted(world: World, decider: Caller, reason: str = "The client agreed.") -> dict[str, Any]:
    """The one decision that the acceptance left."""
    (decision,) = await decisions_of(world, f"?proposal_id={decider.principal.proposal_id}")
    assert decision["decided_by_id"] == str(world["manager"].id)
    assert decision["proposed_by_id"] == str(world["coordinator"].id)
    assert decision["reason"] == reason
    return decision


async def test_what_moves_nothing_decisive_leaves_no_decision(world: World) -> None:
    plan = await make_plan(world)
    before = await decisions_of(world)
    fence, survey = plan["fence"], plan["survey"]
    within_float = await world["coordinator"].patch(
        f"/v1/tasks/{fence['id']}", {"duration_minutes": 2 * DAY}, fence["version"]
    )
    assert within_float.status_code == 200
    named = await world["coordinator"].patch(f"/v1/tasks/{survey['id']}", {"title": "Look"}, survey["version"])
    assert named.status_code == 200
    assert await decisions_of(world) == before


async def test_a_manager_who_moves_the_finish_has_decided_it(world: World) -> None:
    plan = await make_plan(world)
    foundation, known = plan["foundation"], await decisions_of(world)
    change = {"duration_minutes": 7 * DAY}
    answer = await world["manager"].patch(f"/v1/tasks/{foundation['id']}", change, foundation["version"])
    decision, *rest = await decisions_of(world)
    assert rest == known
    assert (decision["kind"], decision["subject"]) == ("schedule.dates", {"type": "task", "id": foundation["id"]})
    assert (decision["question"], decision["chosen"]) == ("May 2 Foundation take longer?", "duration 5 d -> 7 d")
    assert decision["impact"] == answer.json()["effects"]["impact"]
    assert decision["impact"]["finish"]["moved_minutes"] == 2 * DAY
    assert (decision["proposal_id"], decision["reason"]) == (None, "")


async def test_a_refused_change_and_a_dry_run_leave_no_decision(world: World) -> None:
    plan = await make_plan(world)
    foundation, known = plan["foundation"], await decisions_of(world)
    path, change = f"/v1/tasks/{foundation['id']}", {"duration_minutes": 7 * DAY}
    assert (await world["coordinator"].patch(path, change, foundation["version"])).status_code == 403
    assert (await world["manager"].patch(f"{path}?dry_run=true", change, foundation["version"])).status_code == 200
    assert await decisions_of(world) == known


async def test_an_accepted_change_of_dates_keeps_who_why_and_the_impact(world: World) -> None:
    plan = await make_plan(world)
    foundation, decider = plan["foundation"], replaying(world)
    change = {"duration_minutes": 7 * DAY}
    answer = await decider.patch(f"/v1/tasks/{foundation['id']}", change, foundation["version"])
    assert answer.status_code == 200, answer.text
    decision = await accepted(world, decider)
    assert decision["kind"] == "schedule.dates"
    assert decision["impact"] == answer.json()["effects"]["impact"]
    assert decision["impact"]["subject"] == {"type": "task", "id": foundation["id"], "title": "Foundation"}


NEW: dict[str, tuple[str, dict[str, Any], str]] = {
    "task": ("tasks", {"title": "Paint"}, "scope.task"),
    "batch": ("tasks/batch", {"operations": [{"op": "create", "body": {"title": "Paint"}}]}, "scope.task"),
    "calendar": ("calendars", {"name": "Nights", "days": [[]] * 6 + [[["22:00", "24:00"]]]}, "calendar.change"),
    "resource": ("resources", {"name": "Crane"}, "resource.change"),
    "cost code": ("cost-codes", {"code": "100", "name": "Concrete"}, "cost_code.record"),
    "risk": ("risks", {"title": "Frost", "probability": "0.30"}, "risk.record"),
    "goal": ("goals", {"title": "Open in June"}, "goal.set"),
    "baseline": ("baselines", {"name": "First", "reason": "Agreed."}, "baseline.set"),
    "decision": ("decisions", {"question": "Who?", "chosen": "We", "reason": "Near."}, "decision.record"),
}


@pytest.mark.parametrize("noun", list(NEW))
async def test_whatever_is_created_by_an_acceptance_is_decided_once(world: World, noun: str) -> None:
    await make_task(world, "Dig")
    path, body, kind = NEW[noun]
    decider = replaying(world)
    answer = await decider.post(f"/v1/projects/{world.project_id}/{path}", body)
    assert answer.status_code in (200, 201), answer.text
    assert (await accepted(world, decider, body.get("reason", "The client agreed.")))["kind"] == kind


@pytest.mark.parametrize(
    ("change", "kind", "chosen"),
    [
        ({"title": "Dig deep"}, "task.edit", "title Dig -> Dig deep"),
        ({"percent_complete": 50}, "task.progress", "percent complete 0 -> 50"),
        ({"milestone": True}, "scope.task", "milestone no -> yes"),
        ({"deadline": "2026-04-01T16:00:00", "title": "Dig"}, "schedule.dates", "deadline none -> 2026-04-01 16:00"),
    ],
)
async def test_an_accepted_change_of_a_task_says_what_changed(
    world: World, change: dict[str, Any], kind: str, chosen: str
) -> None:
    task, decider = await make_task(world, "Dig", duration_minutes=DAY), replaying(world)
    answer = await decider.patch(f"/v1/tasks/{task['id']}", change, task["version"])
    assert answer.status_code == 200, answer.text
    decision = await accepted(world, decider)
    assert (decision["kind"], decision["question"], decision["chosen"]) == (kind, "May 1 Dig be changed?", chosen)


async def test_an_accepted_deletion_names_what_is_gone(world: World) -> None:
    parent = await make_task(world, "Groundworks")
    await make_task(world, "Dig", parent_id=parent["id"])
    parent = (await world["manager"].get(f"/v1/tasks/{parent['id']}")).json()
    decider = replaying(world)
    assert (await decider.delete(f"/v1/tasks/{parent['id']}", parent["version"])).status_code == 204
    decision = await accepted(world, decider)
    assert (decision["question"], decision["chosen"]) == (
        "May 1 Groundworks be deleted?",
        "deleted with 1 tasks below it",
    )


async def test_accepted_dependencies_and_assignments_name_both_ends(world: World) -> None:
    dig, pour = await make_task(world, "Dig"), await make_task(world, "Pour")
    link, decider = await make_link(world, dig, pour), replaying(world)
    answer = await decider.patch(f"/v1/dependencies/{link['id']}", {"lag_minutes": DAY}, link["version"])
    assert answer.status_code == 200, answer.text
    decision = await accepted(world, decider)
    assert decision["question"] == "May the dependency of 2 Pour on 1 Dig be changed?"
    assert decision["chosen"] == "finish to start, lag 1 d"
    crane = (await world["manager"].post(f"/v1/projects/{world.project_id}/resources", {"name": "Crane"})).json()
    decider = replaying(world)
    body = {"task_id": dig["id"], "resource_id": crane["id"], "units_percent": "50"}
    assert (await decider.post(f"/v1/projects/{world.project_id}/assignments", body)).status_code == 201
    decision = await accepted(world, decider)
    assert decision["kind"] == "resource.assign"
    assert decision["question"] == "Shall Crane work on 1 Dig?"
    assert decision["chosen"] == "50 %, 0.5 d of work"


async def test_a_project_that_passes_on_was_decided_to(world: World) -> None:
    path = f"/v1/projects/{world.project_id}"
    project = (await world["manager"].get(path)).json()
    answer = await world["manager"].patch(path, {"status": "executing"}, project["version"])
    assert answer.status_code == 200, answer.text
    (decision,) = await decisions_of(world, "?kind=project.status")
    assert decision["chosen"] == "executing"
    decider = replaying(world)
    renamed = await decider.patch(path, {"name": "Bridge 2"}, answer.json()["version"])
    assert renamed.status_code == 200, renamed.text
    assert (await accepted(world, decider))["kind"] == "project.change"


async def test_an_accepted_posting_is_decided_with_its_sum(world: World) -> None:
    project = f"/v1/projects/{world.project_id}"
    code = (await world["manager"].post(f"{project}/cost-codes", {"code": "100", "name": "Concrete"})).json()
    decider = replaying(world)
    body = {
        "cost_code_id": code["id"],
        "amount": {"amount": "1250.00", "currency": "NOK"},
        "posted_on": "2026-03-31",
        "external_ref": {"system": "ledger", "type": "voucher", "id": "7"},
    }
    answer = await decider.post(f"{project}/actuals", body)
    assert answer.status_code == 201, answer.text
    decision = await accepted(world, decider)
    assert (decision["kind"], decision["chosen"]) == ("cost.posting", "1250.00 NOK")
    assert decision["impact"]["cost"]["change"]["amount"] == "1250.00"


async def test_a_response_with_a_new_task_is_one_decision(world: World) -> None:
    project = f"/v1/projects/{world.project_id}"
    risk = (await world["manager"].post(f"{project}/risks", {"title": "Frost", "probability": "0.30"})).json()
    decider = replaying(world)
    body = {"risk_id": risk["id"], "strategy": "mitigate", "new_task": {"title": "Cover", "duration_minutes": DAY}}
    answer = await decider.post(f"{project}/risk-responses", body)
    assert answer.status_code == 201, answer.text
    assert (await accepted(world, decider))["kind"] == "risk.response"
