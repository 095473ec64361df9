"""Reviews: what decisions were to bring about is compared with what came of them, and how far off predictions are."""

import asyncio
from typing import Any

from services.kernel.ids import new_id
from tests.factories.plans import DAY, make_plan
from tests.factories.policies import make_policy
from tests.factories.projects import make_project
from tests.factories.world import ServiceUnderTest, World


async def lengthen(world: World, task_id: str, days: int) -> dict[str, Any]:
    """Make a task longer; returns the decision that this was."""
    version = (await world["manager"].get(f"/v1/tasks/{task_id}")).json()["version"]
    answer = await world["manager"].patch(f"/v1/tasks/{task_id}", {"duration_minutes": days * DAY}, version)
    assert answer.status_code == 200, answer.text
    decisions = await world["manager"].get(f"/v1/projects/{world.project_id}/decisions?subject_id={task_id}&limit=1")
    found: dict[str, Any] = decisions.json()["data"][0]
    return found


def path(world: World) -> str:
    return f"/v1/projects/{world.project_id}/decision-reviews"


async def test_only_the_team_reviews_decisions_of_its_own_project(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    plan = await make_plan(world)
    decision = await lengthen(world, plan["foundation"]["id"], 7)
    new = {"decision_id": decision["id"]}
    assert (await planning.http.post(path(world), json=new)).status_code == 401
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.post(path(world), new)).status_code == 404
        assert (await caller.get(f"/v1/projects/{world.project_id}/decision-calibration")).status_code == 404
    assert (await world["auditor"].post(path(world), new)).status_code == 403
    assert (await world["member"].post(path(world), new)).json()["code"] == "authority_required"
    unknown = await world["coordinator"].post(path(world), {"decision_id": str(new_id())})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_reference")
    other = await make_project(world)
    foreign = await world["manager"].post(f"/v1/projects/{other}/decision-reviews", new)
    assert (foreign.status_code, foreign.json()["code"]) == (422, "unknown_reference")
    assert (await world["manager"].get(path(world))).json()["data"] == []


async def test_a_review_measures_how_much_later_and_dearer_it_came(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    plan, manager = await make_plan(world), world["manager"]
    project = f"/v1/projects/{world.project_id}"
    rate = {"amount": "600.00", "currency": "NOK"}
    crew = (await manager.post(f"{project}/resources", {"name": "Crew", "standard_rate": rate})).json()
    foundation = plan["foundation"]["id"]
    assigned = await manager.post(f"{project}/assignments", {"task_id": foundation, "resource_id": crew["id"]})
    assert assigned.status_code == 201, assigned.text
    decision = await lengthen(world, foundation, 7)
    assert decision["predicted"]["eac"] == {"amount": "31500.00", "currency": "NOK"}
    assert decision["executed_by_id"] == decision["prepared_by_id"] == str(manager.id)
    await lengthen(world, foundation, 9)
    made = await world["coordinator"].post(path(world), {"decision_id": decision["id"], "note": "Clay."})
    assert made.status_code == 201, made.text
    review = made.json()
    assert (review["finish_error_minutes"], review["decisions_since"], review["automatic"]) == (2 * DAY, 1, False)
    assert review["cost_error"] == {"amount": "9000.00", "currency": "NOK"}
    blind = (await world["member"].get(f"/v1/decision-reviews/{review['id']}")).json()
    assert (blind["cost_error"], "eac" in blind["predicted"], "eac" in blind["measured"]) == (None, False, False)
    assert blind["finish_error_minutes"] == 2 * DAY

    calibration = (await world["auditor"].get(f"{project}/decision-calibration")).json()
    (kind,) = calibration["kinds"]
    assert (kind["kind"], kind["reviewed"], kind["finish"]["median_error_days"]) == ("schedule.dates", 1, "2.00")
    assert kind["cost"]["median_absolute_error"] == {"amount": "9000.00", "currency": "NOK"}
    hidden = (await world["member"].get(f"{project}/decision-calibration")).json()
    assert (hidden["overall"]["cost"], hidden["overall"]["finish"]["count"]) == (None, 1)


async def test_a_later_review_counts_instead_of_the_earlier_one(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    plan = await make_plan(world)
    decision = await lengthen(world, plan["foundation"]["id"], 7)
    for days in (8, 6):
        await lengthen(world, plan["foundation"]["id"], days)
        assert (await world["manager"].post(path(world), {"decision_id": decision["id"]})).status_code == 201
    calibration = (await world["manager"].get(f"/v1/projects/{world.project_id}/decision-calibration")).json()
    assert calibration["overall"]["finish"] == {
        "count": 1,
        "median_error_days": "-1.00",
        "median_absolute_error_days": "1.00",
    }


async def test_what_predicted_nothing_is_reviewed_without_figures(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    new = {"question": "Which crane?", "chosen": "The later one", "reason": "It is free."}
    decision = (await world["manager"].post(f"/v1/projects/{world.project_id}/decisions", new)).json()
    review = (await world["manager"].post(path(world), {"decision_id": decision["id"]})).json()
    assert (review["finish_error_minutes"], review["cost_error"]) == (None, None)


async def test_on_its_review_date_a_decision_is_reviewed_by_itself(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    await make_plan(world)
    new = {
        "question": "Which crane?",
        "chosen": "The later one",
        "reason": "It is free.",
        "predicted": {"finish": "2026-03-09T16:00:00"},
    }
    decisions = f"/v1/projects/{world.project_id}/decisions"
    for review_date in ("2026-03-01", "2099-01-01"):
        made = await world["manager"].post(decisions, new | {"review_date": review_date})
        assert made.status_code == 201, made.text
    async with asyncio.timeout(20):
        while not (reviews := (await world["manager"].get(path(world))).json()["data"]):
            await asyncio.sleep(0.1)
    assert [(each["automatic"], each["finish_error_minutes"]) for each in reviews] == [(True, DAY)]
