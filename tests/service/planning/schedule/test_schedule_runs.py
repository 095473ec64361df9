"""Schedule runs: what would follow from changes of every kind, told without storing any of it."""

from typing import Any

import pytest

from services.kernel.ids import new_id
from tests.factories.plans import DAY, make_link, make_plan, make_task
from tests.factories.policies import make_policy
from tests.factories.world import Caller, ServiceUnderTest, World


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def send(world: World, *changes: dict[str, Any], by: str = "coordinator") -> Any:
    return await world[by].post(f"/v1/projects/{world.project_id}/schedule-runs", {"changes": [*changes]})


async def run(world: World, *changes: dict[str, Any], by: str = "coordinator") -> dict[str, Any]:
    answer = await send(world, *changes, by=by)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def make_resource(world: World, **members: Any) -> dict[str, Any]:
    body = {"name": "Carpenter", "standard_rate": {"amount": "100.00", "currency": "NOK"}} | members
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/resources", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def everything(world: World) -> list[Any]:
    """What the project's lists hold."""
    manager: Caller = world["manager"]
    path = f"/v1/projects/{world.project_id}"
    nouns = ("tasks", "dependencies", "assignments", "resources", "calendars", "decisions", "schedule-options")
    return [(await manager.get(f"{path}/{noun}")).json() for noun in nouns]


# Refusals


async def test_who_does_not_see_the_project_tries_nothing(world: World) -> None:
    task = await make_task(world, "Survey")
    body = {"changes": [{"op": "remove_task", "task_id": task["id"]}]}
    path = f"/v1/projects/{world.project_id}/schedule-runs"
    assert (await world.under_test.http.post(path, json=body)).status_code == 401
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.post(path, body)).status_code == 404


async def test_whoever_reads_the_plan_may_try_but_only_some_see_its_cost(world: World) -> None:
    plan = await make_plan(world)
    change = {"op": "remove_task", "task_id": plan["fence"]["id"]}
    assert (await run(world, change, by="stakeholder"))["cost"] is None
    assert (await run(world, change, by="auditor"))["cost"]["after"] == {"amount": "0.00", "currency": "NOK"}


UNKNOWN = str(new_id())


@pytest.mark.parametrize(
    ("wrong", "pointer", "code"),
    [
        ({"op": "remove_task", "task_id": UNKNOWN}, "/task_id", "unknown_reference"),
        ({"op": "remove_task", "task_id": "$7"}, "/task_id", "unknown_reference"),
        ({"op": "remove_task"}, "/task_id", "missing"),
        ({"op": "burn"}, "/op", "union_tag_invalid"),
        ({"task_id": UNKNOWN, "change": {"duration_minutes": -1}}, "/change/duration_minutes", "greater_than_equal"),
        ({"op": "add_task", "task": {"title": "x", "parent_id": UNKNOWN}}, "/task/parent_id", "unknown_reference"),
        ({"op": "add_task", "task": {"title": "x", "assignee_id": UNKNOWN}}, "/task/assignee_id", "unknown_reference"),
        (
            {"op": "add_task", "task": {"title": "x", "constraint_type": "must_start_on"}},
            "/task",
            "constraint_date_missing",
        ),
        (
            {"op": "add_dependency", "dependency": {"predecessor_id": "$1", "successor_id": UNKNOWN}},
            "/dependency/successor_id",
            "unknown_reference",
        ),
        (
            {"op": "add_dependency", "dependency": {"predecessor_id": "$1", "successor_id": "$1"}},
            "/dependency",
            "self_dependency",
        ),
        ({"op": "remove_dependency", "dependency_id": UNKNOWN}, "/dependency_id", "unknown_reference"),
        ({"op": "change_calendar", "calendar_id": UNKNOWN, "change": {}}, "/calendar_id", "unknown_reference"),
        (
            {"op": "change_resource", "resource_id": UNKNOWN, "max_units_percent": "50"},
            "/resource_id",
            "unknown_reference",
        ),
        ({"op": "set_assignment", "task_id": "$1", "resource_id": UNKNOWN}, "/resource_id", "unknown_reference"),
        (
            {
                "op": "add_calendar",
                "calendar": {"name": "Never", "days": [[["08:00", "12:00"], ["11:00", "15:00"]], *[[]] * 6]},
            },
            "/calendar",
            "calendar_invalid",
        ),
    ],
)
async def test_a_change_that_cannot_be_made_is_named_by_its_place(
    world: World, wrong: dict[str, Any], pointer: str, code: str
) -> None:
    fine = {"op": "add_task", "task": {"title": "Fine"}}
    answer = await send(world, fine, wrong)
    assert answer.status_code == 422, answer.text
    errors = answer.json()["errors"]
    assert [(each["pointer"], each["code"]) for each in errors] == [(f"/changes/1{pointer}", code)]


async def test_a_circle_names_the_change_that_closes_it(world: World) -> None:
    plan = await make_plan(world)
    link = {"predecessor_id": plan["handover"]["id"], "successor_id": plan["survey"]["id"]}
    answer = await send(
        world,
        {"task_id": plan["fence"]["id"], "change": {"duration_minutes": 1}},
        {"op": "add_dependency", "dependency": link},
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "dependency_cycle")
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/changes/1/dependency"]


@pytest.mark.parametrize("count", [0, 201])
async def test_a_run_has_one_to_two_hundred_changes(world: World, count: int) -> None:
    changes = [{"op": "add_task", "task": {"title": "x"}}] * count
    assert (await send(world, *changes)).status_code == 422


# The deed


async def test_new_work_with_its_links_is_tried_together_and_nothing_is_stored(world: World) -> None:
    plan = await make_plan(world)
    before = await everything(world)
    answer = await run(
        world,
        {"op": "add_task", "task": {"title": "Cure", "duration_minutes": 3 * DAY}},
        {"op": "add_dependency", "dependency": {"predecessor_id": plan["foundation"]["id"], "successor_id": "$1"}},
        {"op": "add_dependency", "dependency": {"predecessor_id": "$1", "successor_id": plan["handover"]["id"]}},
    )
    assert await everything(world) == before
    cure = answer["made"]["$1"]
    changed = {each["id"]: each for each in answer["changed_tasks"]}
    assert (changed[cure]["title"], changed[cure]["before"]) == ("Cure", None)
    assert (changed[cure]["start"], changed[cure]["finish"]) == ("2026-03-11T08:00:00", "2026-03-13T16:00:00")
    moved = changed[plan["handover"]["id"]]
    assert (moved["before"]["finish"], moved["finish"]) == ("2026-03-10T16:00:00", "2026-03-13T16:00:00")
    assert changed[plan["fence"]["id"]]["before"]["total_float_minutes"] == 4 * DAY
    assert changed[plan["fence"]["id"]]["total_float_minutes"] == 7 * DAY
    assert (answer["plan_before"]["finish"], answer["plan"]["finish"]) == ("2026-03-10T16:00:00", "2026-03-13T16:00:00")
    assert [each["title"] for each in answer["impact"]["milestones"]] == ["Handover"]
    assert [each["title"] for each in answer["critical_path_before"]] == ["Survey", "Foundation", "Handover"]
    assert [each["title"] for each in answer["critical_path"]] == ["Survey", "Foundation", "Cure", "Handover"]


async def test_taking_work_and_links_away_is_tried(world: World) -> None:
    plan = await make_plan(world)
    links = (await world["manager"].get(f"/v1/projects/{world.project_id}/dependencies")).json()["data"]
    to_fence = next(each for each in links if each["successor_id"] == plan["fence"]["id"])
    answer = await run(
        world,
        {"op": "remove_task", "task_id": plan["foundation"]["id"]},
        {"op": "remove_dependency", "dependency_id": to_fence["id"]},
    )
    assert answer["removed_task_ids"] == [plan["foundation"]["id"]]
    assert answer["plan"]["finish"] == "2026-03-03T16:00:00"
    lagged = await run(
        world,
        {"op": "change_dependency", "dependency_id": to_fence["id"], "change": {"lag_minutes": 5 * DAY}},
    )
    assert lagged["plan"]["finish"] == "2026-03-11T16:00:00"


async def test_working_time_is_tried(world: World) -> None:
    await make_plan(world)
    four_days: list[Any] = [[["08:00", "12:00"], ["12:30", "16:00"]]] * 4 + [[], [], []]
    body = {"name": "Four days", "days": four_days, "is_project_calendar": True}
    tried = await run(world, {"op": "add_calendar", "calendar": body})
    assert tried["plan"]["finish"] == "2026-03-11T16:00:00"
    made = await world["manager"].post(f"/v1/projects/{world.project_id}/calendars", body | {"days": [*four_days]})
    assert made.status_code == 201, made.text
    holiday = {"exceptions": [{"from": "2026-03-03", "to": "2026-03-04", "ranges": []}]}
    change = {"op": "change_calendar", "calendar_id": made.json()["id"], "change": holiday}
    assert (await run(world, change))["plan"]["finish"] == "2026-03-16T16:00:00"


async def test_resources_are_tried_with_what_they_cost_and_have_too_much_of(world: World) -> None:
    plan = await make_plan(world)
    carpenter = await make_resource(world)
    assign = {"op": "set_assignment", "task_id": plan["foundation"]["id"], "resource_id": carpenter["id"]}
    tried = await run(world, assign)
    assert tried["cost"]["after"]["amount"] == "3750.00"
    assert tried["impact"]["cost"]["change"]["amount"] == "3750.00"
    done = await world["manager"].post(
        f"/v1/projects/{world.project_id}/assignments",
        {"task_id": plan["foundation"]["id"], "resource_id": carpenter["id"]},
    )
    assert done.status_code == 201, done.text
    halved = await run(world, assign | {"units_percent": "50"})
    assert halved["plan"]["finish"] == "2026-03-17T16:00:00"
    fewer = await run(world, {"op": "change_resource", "resource_id": carpenter["id"], "max_units_percent": "50"})
    assert fewer["impact"]["load"][0]["overallocated_minutes"] == {"before": 0, "after": 5 * DAY // 2}
    gone = await run(
        world, {"op": "remove_assignment", "task_id": plan["foundation"]["id"], "resource_id": carpenter["id"]}
    )
    assert (gone["cost"]["before"]["amount"], gone["cost"]["after"]["amount"]) == ("3750.00", "0.00")


async def test_rules_are_tried_with_the_other_changes(world: World) -> None:
    plan = await make_plan(world)
    answer = await run(
        world,
        {"op": "change_options", "change": {"start": "2026-03-09T08:00:00"}},
        {"task_id": plan["survey"]["id"], "change": {"duration_minutes": DAY}},
    )
    assert answer["plan"] == {"start": "2026-03-09T08:00:00", "finish": "2026-03-16T16:00:00"}


async def test_a_dozen_days_of_what_if_do_not_disturb_a_later_run(world: World) -> None:
    first = await make_task(world, "First")
    second = await make_task(world, "Second")
    await make_link(world, first, second)
    answers = [await run(world, {"task_id": first["id"], "change": {"duration_minutes": 4 * DAY}}) for _ in range(2)]
    assert answers[0] == answers[1]
