"""Acts on many tasks: one change of the plan, rescheduled once, and decided by its whole effect."""

from typing import Any

import pytest

from services.kernel.ids import new_id
from tests.factories.plans import DAY, make_link, make_plan, make_task, read_task
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World

ACTS: dict[str, dict[str, Any]] = {
    "task-shifts": {"days": 5},
    "task-moves": {"direction": "indent"},
    "task-copies": {},
    "task-deletions": {},
}


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def act(world: World, noun: str, body: dict[str, Any], by: str = "manager", **options: Any) -> Any:
    return await world[by].post(f"/v1/projects/{world.project_id}/{noun}", body, **options)


async def done(world: World, noun: str, body: dict[str, Any], by: str = "manager") -> dict[str, Any]:
    answer = await act(world, noun, body, by)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def outline(world: World) -> list[tuple[str, str]]:
    listed = (await world["manager"].get(f"/v1/projects/{world.project_id}/tasks?limit=200")).json()["data"]
    return [(each["wbs_code"], each["title"]) for each in listed]


async def links(world: World) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (
        await world["manager"].get(f"/v1/projects/{world.project_id}/dependencies?limit=200")
    ).json()["data"]
    return listed


async def make_resource(world: World, name: str, **members: Any) -> str:
    body = {"name": name, "standard_rate": {"amount": "100.00", "currency": "NOK"}} | members
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/resources", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def assign(world: World, task: dict[str, Any], resource: str) -> dict[str, Any]:
    body = {"task_id": task["id"], "resource_id": resource}
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/assignments", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def assignments(world: World) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (
        await world["manager"].get(f"/v1/projects/{world.project_id}/assignments?limit=200")
    ).json()["data"]
    return listed


# Refusals


@pytest.mark.parametrize("noun", ACTS)
async def test_who_does_not_see_the_project_acts_on_nothing(world: World, noun: str) -> None:
    task = await make_task(world, "Survey")
    body = {"task_ids": [task["id"]]} | ACTS[noun]
    assert (await world.under_test.http.post(f"/v1/projects/{world.project_id}/{noun}", json=body)).status_code == 401
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.post(f"/v1/projects/{world.project_id}/{noun}", body)).status_code == 404


@pytest.mark.parametrize("noun", ACTS)
async def test_an_act_wants_a_key_and_tasks_of_the_plan(world: World, noun: str) -> None:
    await make_task(world, "Survey")
    task = await make_task(world, "Dig")
    body = {"task_ids": [task["id"], str(new_id())]} | ACTS[noun]
    answer = await act(world, noun, body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/task_ids/1")
    keyless = await act(world, noun, body, headers={"Idempotency-Key": None})
    assert (keyless.status_code, keyless.json()["code"]) == (400, "idempotency_key_missing")
    wrongs: list[dict[str, Any]] = [{"task_ids": []}, {"task_ids": ["x"]}, {}, {"task_ids": [str(new_id())] * 10_001}]
    for wrong in wrongs:
        assert (await act(world, noun, wrong | ACTS[noun])).status_code == 422


async def test_a_coordinator_shifts_inside_float_and_proposes_the_rest(world: World) -> None:
    plan = await make_plan(world)
    within = await act(world, "task-shifts", {"task_ids": [plan["fence"]["id"]], "days": 2}, "coordinator")
    assert within.status_code == 200, within.text
    beyond = await act(world, "task-shifts", {"task_ids": [plan["foundation"]["id"]], "days": 2}, "coordinator")
    assert (beyond.status_code, beyond.json()["code"]) == (403, "authority_required")
    assert beyond.json()["kinds"] == ["schedule.dates"]
    for noun in ("task-moves", "task-copies", "task-deletions"):
        body = {"task_ids": [plan["fence"]["id"]]} | ACTS[noun]
        answer = await act(world, noun, body, "coordinator")
        assert (answer.status_code, answer.json()["kinds"]) == (403, ["scope.task"])
    assert await outline(world) == [("1", "Survey"), ("2", "Foundation"), ("3", "Fence"), ("4", "Handover")]


@pytest.mark.parametrize(
    ("noun", "body"),
    [
        ("task-shifts", {"days": 2}),
        ("task-shifts", {"days": 2, "task_ids": [str(new_id())], "where": {"all": []}}),
        ("task-shifts", {"days": 2_601, "where": {"all": []}}),
        ("task-shifts", {"days": True, "where": {"all": []}}),
        ("task-moves", {"direction": "to", "task_ids": [str(new_id())]}),
        ("task-moves", {"direction": "indent", "parent_id": None, "task_ids": [str(new_id())]}),
        ("task-moves", {"direction": "sideways", "task_ids": [str(new_id())]}),
        ("resource-replacements", {"resource_id": str(new_id()), "by_resource_id": str(new_id())}),
    ],
)
async def test_an_act_that_makes_no_sense_is_refused(world: World, noun: str, body: dict[str, Any]) -> None:
    assert (await act(world, noun, body)).status_code == 422


@pytest.mark.parametrize("where", [{"field": "colour", "value": "red"}, {"all": 1}, {"field": "start", "value": "x"}])
async def test_conditions_that_cannot_be_read_are_told_as_in_a_search(world: World, where: dict[str, Any]) -> None:
    assert (await act(world, "task-shifts", {"days": 1, "where": where})).status_code == 400


# Shifting


async def test_a_shift_moves_given_dates_by_working_days_and_lets_links_do_the_rest(world: World) -> None:
    plan = await make_plan(world)
    pinned = await make_task(
        world,
        "Crane comes",
        duration_minutes=DAY,
        constraint_type="must_start_on",
        constraint_date="2026-03-05T10:00:00",
        deadline="2026-03-06T23:59:00",
    )
    told = await done(
        world, "task-shifts", {"where": {"field": "milestone", "value": False}, "days": 3, "deadlines": True}
    )
    # Only what nothing else of them drives was told anything.
    assert set(told["task_ids"]) == {plan["survey"]["id"], pinned["id"]}
    survey = await read_task(world, plan["survey"])
    assert (survey["constraint_type"], survey["constraint_date"]) == ("start_no_earlier_than", "2026-03-05T08:00:00")
    assert (await read_task(world, plan["handover"]))["finish"] == "2026-03-13T16:00:00"
    pinned = await read_task(world, pinned)
    # From Thursday three working days on is Tuesday, at the same time of day.
    assert (pinned["start"], pinned["deadline"]) == ("2026-03-10T10:00:00", "2026-03-11T23:59:00")
    back = await done(world, "task-shifts", {"where": {"all": []}, "days": -3, "deadlines": True})
    assert set(back["task_ids"]) == {plan["survey"]["id"], pinned["id"]}
    assert (await read_task(world, plan["survey"]))["start"] == "2026-03-02T08:00:00"
    assert (await read_task(world, pinned))["start"] == "2026-03-05T10:00:00"


async def test_a_shift_takes_what_lies_below_along_and_leaves_begun_work_alone(world: World) -> None:
    house = await make_task(world, "House")
    begun = await make_task(world, "Dig", parent_id=house["id"], duration_minutes=2 * DAY)
    later = await make_task(world, "Pour", parent_id=house["id"], duration_minutes=DAY)
    progress = {"percent_complete": 50}
    version = (await read_task(world, begun))["version"]
    assert (await world["manager"].patch(f"/v1/tasks/{begun['id']}", progress, version)).status_code == 200
    told = await done(world, "task-shifts", {"task_ids": [house["id"]], "days": 5})
    assert (told["task_ids"], told["left_alone"], told["tasks_total"]) == ([later["id"]], 1, 1)
    assert (await read_task(world, begun))["start"] == "2026-03-02T08:00:00"
    assert (await read_task(world, later))["start"] == "2026-03-09T08:00:00"
    assert {each["id"] for each in told["effects"]["changed_tasks"]} >= {house["id"], later["id"]}


async def test_a_shift_beyond_all_calendars_is_refused(world: World) -> None:
    task = await make_task(world, "Survey", constraint_type="must_start_on", constraint_date="2199-12-01T08:00:00")
    answer = await act(world, "task-shifts", {"task_ids": [task["id"]], "days": 2_600})
    assert (answer.status_code, answer.json()["code"]) == (422, "no_working_time")


async def test_a_dry_run_of_an_act_stores_nothing(world: World) -> None:
    plan = await make_plan(world)
    path = f"/v1/projects/{world.project_id}/task-shifts?dry_run=true"
    tried = await world["manager"].post(path, {"task_ids": [plan["survey"]["id"]], "days": 5})
    assert (tried.status_code, tried.json()["impact"]["finish"]["moved_minutes"]) == (200, 5 * DAY)
    assert await read_task(world, plan["survey"]) == plan["survey"]


# The outline


async def make_outline(world: World) -> dict[str, dict[str, Any]]:
    titles = ("A", "B", "C", "D", "E")
    return {title: await make_task(world, title, duration_minutes=DAY) for title in titles}


async def test_indenting_puts_neighbours_below_the_one_in_front_of_them(world: World) -> None:
    tasks = await make_outline(world)
    await done(world, "task-moves", {"task_ids": [tasks["C"]["id"], tasks["B"]["id"]], "direction": "indent"})
    assert await outline(world) == [("1", "A"), ("1.1", "B"), ("1.2", "C"), ("2", "D"), ("3", "E")]
    first = await act(world, "task-moves", {"task_ids": [tasks["D"]["id"], tasks["A"]["id"]], "direction": "indent"})
    assert (first.status_code, first.json()["code"]) == (422, "no_level_there")
    assert first.json()["errors"][0]["pointer"] == "/task_ids/1"


async def test_outdenting_keeps_the_order_of_the_list(world: World) -> None:
    tasks = await make_outline(world)
    below = [tasks[title]["id"] for title in "BCDE"]
    await done(world, "task-moves", {"task_ids": below, "direction": "indent"})
    await done(world, "task-moves", {"task_ids": [tasks["B"]["id"], tasks["C"]["id"]], "direction": "outdent"})
    assert await outline(world) == [("1", "A"), ("2", "B"), ("3", "C"), ("3.1", "D"), ("3.2", "E")]
    top = await act(world, "task-moves", {"task_ids": [tasks["A"]["id"]], "direction": "outdent"})
    assert (top.status_code, top.json()["code"]) == (422, "no_level_there")


async def test_tasks_move_together_and_stay_in_their_order(world: World) -> None:
    tasks = await make_outline(world)
    body = {"task_ids": [tasks["D"]["id"], tasks["B"]["id"]], "direction": "to"}
    await done(world, "task-moves", body | {"parent_id": tasks["E"]["id"]})
    assert await outline(world) == [("1", "A"), ("2", "C"), ("3", "E"), ("3.1", "B"), ("3.2", "D")]
    await done(world, "task-moves", body | {"parent_id": None, "after_id": None})
    assert await outline(world) == [("1", "B"), ("2", "D"), ("3", "A"), ("4", "C"), ("5", "E")]
    cycle = await act(world, "task-moves", body | {"parent_id": tasks["B"]["id"]})
    assert (cycle.status_code, cycle.json()["code"]) == (409, "parent_cycle")
    behind_itself = await act(world, "task-moves", body | {"after_id": tasks["B"]["id"]})
    assert behind_itself.json()["errors"][0]["pointer"] == "/after_id"


async def test_many_tasks_go_at_once_with_all_below_them(world: World) -> None:
    plan = await make_plan(world)
    below = await make_task(world, "Posts", parent_id=plan["fence"]["id"])
    told = await done(world, "task-deletions", {"task_ids": [plan["fence"]["id"], plan["foundation"]["id"]]})
    assert set(told["task_ids"]) == {plan["fence"]["id"], plan["foundation"]["id"], below["id"]}
    assert await outline(world) == [("1", "Survey"), ("2", "Handover")]
    assert await links(world) == []
    gone = await done(world, "task-deletions", {"where": {"field": "title", "op": "contains", "value": "Sur"}})
    assert gone["tasks_total"] == 1


# Copies


async def test_a_copy_brings_subtree_links_and_parts_and_no_progress(world: World) -> None:
    house = await make_task(world, "House", notes="Red", labels=["wood"])
    dig = await make_task(world, "Dig", parent_id=house["id"], duration_minutes=2 * DAY, notes="Deep")
    pour = await make_task(world, "Pour", parent_id=house["id"], duration_minutes=DAY)
    outside = await make_task(world, "Outside")
    await make_link(world, dig, pour, lag_minutes=30)
    await make_link(world, pour, outside)
    carpenter = await make_resource(world, "Carpenter")
    await assign(world, dig, carpenter)
    version = (await read_task(world, dig))["version"]
    assert (
        await world["manager"].patch(f"/v1/tasks/{dig['id']}", {"percent_complete": 50}, version)
    ).status_code == 200
    told = await done(world, "task-copies", {"task_ids": [house["id"]], "assignments": True})
    assert await outline(world) == [
        *(("1", "House"), ("1.1", "Dig"), ("1.2", "Pour"), ("2", "House"), ("2.1", "Dig"), ("2.2", "Pour")),
        ("3", "Outside"),
    ]
    copy = await read_task(world, {"id": told["copies"][dig["id"]]})
    assert (copy["percent_complete"], copy["actual_start"], copy["notes"]) == (0, None, "Deep")
    assert (await read_task(world, {"id": told["copies"][house["id"]]}))["labels"] == ["wood"]
    made = [each for each in await links(world) if each["predecessor_id"] == copy["id"]]
    assert [(each["successor_id"], each["lag_minutes"]) for each in made] == [(told["copies"][pour["id"]], 30)]
    assert len(await links(world)) == 3
    parts = await assignments(world)
    assert {each["task_id"] for each in parts} == {dig["id"], copy["id"]}
    assert told["effects"]["impact"]["cost"]["change"]["amount"] == "1500.00"
    forecast = (await world["manager"].get(f"/v1/projects/{world.project_id}/forecast")).json()
    assert forecast["planned_cost"]["amount"] == "3000.00"


async def test_a_copy_goes_where_it_is_told(world: World) -> None:
    tasks = await make_outline(world)
    chosen = {"task_ids": [tasks["B"]["id"], tasks["A"]["id"]], "dependencies": False}
    await done(world, "task-copies", chosen | {"parent_id": tasks["E"]["id"]})
    await done(world, "task-copies", chosen | {"after_id": None})
    titles = [title for _, title in await outline(world)]
    assert titles == ["A", "B", "A", "B", "C", "D", "E", "A", "B"]
    elsewhere = await act(world, "task-copies", chosen | {"after_id": tasks["C"]["id"], "parent_id": tasks["E"]["id"]})
    assert elsewhere.json()["errors"][0]["pointer"] == "/after_id"


# Resources


async def test_a_resource_is_replaced_in_its_unfinished_work(world: World) -> None:
    plan = await make_plan(world)
    carpenter, mason = await make_resource(world, "Carpenter"), await make_resource(world, "Mason")
    material = await make_resource(world, "Steel", resource_type="material")
    for name in ("survey", "foundation", "fence"):
        await assign(world, plan[name], carpenter)
    await assign(world, plan["fence"], mason)
    survey = await read_task(world, plan["survey"])
    finished = await world["manager"].patch(f"/v1/tasks/{survey['id']}", {"status": "done"}, survey["version"])
    assert finished.status_code == 200
    body = {"resource_id": carpenter, "by_resource_id": mason}
    for wrong in (carpenter, material):
        refused = await act(world, "resource-replacements", body | {"by_resource_id": wrong})
        assert (refused.status_code, refused.json()["code"]) == (422, "not_another_resource")
    short = await act(world, "resource-replacements", body, "coordinator")
    assert (short.status_code, short.json()["kinds"]) == (403, ["resource.assign", "schedule.dates"])
    told = await done(world, "resource-replacements", body)
    assert (told["task_ids"], told["left_alone"]) == ([plan["foundation"]["id"]], 1)
    by_task = {(each["task_id"], each["resource_id"]) for each in await assignments(world)}
    assert by_task == {
        (plan["survey"]["id"], carpenter),
        (plan["foundation"]["id"], mason),
        (plan["fence"]["id"], carpenter),
        (plan["fence"]["id"], mason),
    }


async def test_whoever_works_by_another_calendar_moves_the_work_that_they_take_over(world: World) -> None:
    plan = await make_plan(world)
    half: list[Any] = [[["08:00", "12:00"]]] * 5 + [[], []]
    calendar = await world["manager"].post(
        f"/v1/projects/{world.project_id}/calendars", {"name": "Mornings", "days": half}
    )
    carpenter = await make_resource(world, "Carpenter")
    mason = await make_resource(world, "Mason", calendar_id=calendar.json()["id"])
    await assign(world, plan["foundation"], carpenter)
    body = {"resource_id": carpenter, "by_resource_id": mason, "task_ids": [plan["foundation"]["id"]]}
    told = await done(world, "resource-replacements", body)
    assert told["effects"]["impact"]["finish"]["moved_minutes"] > 0
    assert plan["handover"]["id"] in {each["id"] for each in told["effects"]["changed_tasks"]}


# Odd input


async def test_a_shift_by_nothing_changes_nothing_and_naming_a_task_twice_is_naming_it(world: World) -> None:
    plan = await make_plan(world)
    told = await done(world, "task-shifts", {"where": {"all": []}, "days": 0})
    assert (told["task_ids"], told["effects"]["changed_tasks_total"]) == ([], 0)
    twice = await done(world, "task-shifts", {"task_ids": [plan["survey"]["id"]] * 2, "days": 1})
    assert twice["task_ids"] == [plan["survey"]["id"]]
    gone = await done(world, "task-deletions", {"where": {"field": "title", "value": "Nobody"}})
    assert (gone["task_ids"], gone["tasks_total"]) == ([], 0)


async def test_conditions_that_nest_without_end_are_refused(world: World) -> None:
    where: dict[str, Any] = {"all": []}
    for _ in range(60):
        where = {"not": where}
    assert (await act(world, "task-deletions", {"where": where})).status_code in (400, 422)


async def test_the_same_key_acts_once(world: World) -> None:
    plan = await make_plan(world)
    headers = {"Idempotency-Key": "shift-once"}
    body = {"task_ids": [plan["survey"]["id"]], "days": 2}
    first, second = [await act(world, "task-shifts", body, headers=headers) for _ in range(2)]
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert second.headers["idempotency-replayed"] == "true"
    assert (await read_task(world, plan["survey"]))["start"] == "2026-03-04T08:00:00"


async def test_a_deletion_with_a_parent_and_its_child_takes_each_once(world: World) -> None:
    house = await make_task(world, "House")
    wall = await make_task(world, "Wall", parent_id=house["id"])
    told = await done(world, "task-deletions", {"task_ids": [wall["id"], house["id"]]})
    assert (sorted(told["task_ids"]), told["tasks_total"]) == (sorted([house["id"], wall["id"]]), 2)
    assert await outline(world) == []
