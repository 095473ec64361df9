"""The lint of a stored plan: for the team alone, in their language, and with changes that the API takes as they are."""

from typing import Any

import pytest

from tests.factories.plans import DAY, make_link, make_plan, make_task
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World


@pytest.fixture(scope="module")
async def world(planning: ServiceUnderTest) -> World:
    """A plan with much that is wrong with it."""
    world = await planning.world(make_policy())
    plan = await make_plan(world)
    phase = await make_task(world, "Finishing")
    paint = await make_task(world, "Paint", parent_id=phase["id"], duration_minutes=50 * DAY, percent_complete=20)
    await make_task(world, "New task", parent_id=phase["id"], duration_minutes=0)
    await make_task(world, "Paint", parent_id=phase["id"], manual=True, manual_start="2026-01-12T08:00:00")
    await make_link(world, plan["foundation"], paint, dependency_type="start_to_start", lag_minutes=-DAY)
    await make_link(world, plan["survey"], plan["handover"])
    await make_task(
        world, "Fixed", constraint_type="must_start_on", constraint_date="2026-05-04T08:00:00", duration_minutes=DAY
    )
    for body in ({"name": "Crane"}, {"name": "Drill"}):
        assert (await world["manager"].post(f"/v1/projects/{world.project_id}/resources", body)).status_code == 201
    return world


def path(world: World) -> str:
    return f"/v1/projects/{world.project_id}/plan-lint"


async def read(world: World, who: str = "manager", query: str = "") -> dict[str, Any]:
    answer = await world[who].get(path(world) + query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_only_the_team_reads_it(world: World) -> None:
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(path(world))).status_code == 404
    assert (await world["auditor"].get(path(world))).status_code == 200


async def test_every_ready_made_change_is_taken_by_the_api_as_it_stands(world: World) -> None:
    report = await read(world)
    tried = 0
    for rule in report["rules"]:
        for finding in rule["findings"]:
            assert finding["steps"], (rule["code"], finding)
            step = finding["steps"][0]
            version = step["if_match"] and int(step["if_match"].strip('"'))
            manager, target = world["manager"], f"{step['path']}?dry_run=true"
            if step["method"] == "POST":
                answer = await manager.post(target, step["body"])
            elif step["method"] == "PATCH":
                answer = await manager.patch(target, step["body"], version)
            else:
                answer = await manager.delete(target, version)
            assert answer.status_code == 200, (rule["code"], step, answer.text)
            tried += 1
    assert tried >= 20
    assert len(report["rules"]) >= 15


async def test_it_is_told_by_severity_by_rule_and_with_what_is_clean(world: World) -> None:
    errors = await read(world, query="?severity=error")
    assert {each["severity"] for each in errors["rules"]} <= {"error"}
    some = await read(world, query="?rule=lead&rule=duplicate_title")
    assert {each["code"] for each in some["rules"]} == {"lead", "duplicate_title"}
    everything = await read(world, query="?with_clean=true")
    assert len(everything["rules"]) >= 40
    assert [each["number"] for each in everything["assessment"]] == list(range(1, 15))
    refused = await world["manager"].get(path(world) + "?rule=nonsense")
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_filter_value")


async def test_money_is_for_those_who_see_costs_and_words_are_in_the_readers_language(world: World) -> None:
    for finding in (each for rule in (await read(world, "member"))["rules"] for each in rule["findings"]):
        assert finding["consequence"]["cost"] is None
    norsk = await world["manager"].get(path(world) + "?rule=lead", headers={"Accept-Language": "nb"})
    assert norsk.json()["rules"][0]["title"] == "Avhengigheten har negativ forsinkelse"
