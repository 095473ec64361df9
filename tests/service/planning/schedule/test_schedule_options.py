"""The rules that a plan is scheduled under, remaining work behind the status date, and what a task may say of its work."""

from typing import Any

import pytest

from tests.factories.plans import DAY, make_link, make_plan, make_task, read_task
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


def options_of(world: World) -> str:
    return f"/v1/projects/{world.project_id}/schedule-options"


async def change_options(world: World, **members: Any) -> dict[str, Any]:
    version = (await world["manager"].get(options_of(world))).json()["version"]
    answer = await world["manager"].patch(options_of(world), members, version)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def change_task(world: World, task: dict[str, Any], **members: Any) -> dict[str, Any]:
    version = (await read_task(world, task))["version"]
    answer = await world["manager"].patch(f"/v1/tasks/{task['id']}", members, version)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def dates(task: dict[str, Any]) -> tuple[str, str]:
    return task["start"][5:16], task["finish"][5:16]


# Refusals


async def test_nobody_without_an_identity_sees_the_options(world: World) -> None:
    assert (await world.under_test.http.get(options_of(world))).status_code == 401


async def test_strangers_guests_and_other_tenants_find_nothing(world: World) -> None:
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(options_of(world))).status_code == 404
        assert (await caller.patch(options_of(world), {"honor_constraints": False}, 1)).status_code == 404
        answer = await caller.post(f"/v1/projects/{world.project_id}/reschedulings", {"after": "2026-03-04T08:00:00"})
        assert answer.status_code == 404


async def test_a_coordinator_only_proposes_what_moves_the_finish(world: World) -> None:
    await make_plan(world)
    version = (await world["manager"].get(options_of(world))).json()["version"]
    answer = await world["coordinator"].patch(options_of(world), {"start": "2026-03-09T08:00:00"}, version)
    assert (answer.status_code, answer.json()["code"]) == (403, "authority_required")
    assert answer.json()["kinds"] == ["schedule.dates"]
    after = {"after": "2026-03-09T08:00:00"}
    answer = await world["coordinator"].post(f"/v1/projects/{world.project_id}/reschedulings", after)
    assert (answer.status_code, answer.json()["code"]) == (403, "authority_required")


async def test_a_change_of_the_options_needs_their_version_and_known_members(world: World) -> None:
    assert (await world["manager"].patch(options_of(world), {"start": "2026-03-09T08:00:00"})).status_code == 428
    assert (await world["manager"].patch(options_of(world), {"start": "2026-03-09T08:00:00"}, 99)).status_code == 412
    for body in ({"colour": "red"}, {"start": None}, {"critical_float_minutes": 1.5}):
        answer = await world["manager"].patch(options_of(world), body, 1)
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


# The options


async def test_another_start_moves_the_plan_with_its_calendar(world: World) -> None:
    plan = await make_plan(world)
    body = await change_options(world, start="2026-03-09T08:00:00")
    assert body["effects"]["impact"]["finish"]["moved_minutes"] == 5 * DAY
    assert dates(await read_task(world, plan["survey"])) == ("03-09T08:00", "03-10T16:00")
    project = (await world["member"].get(f"/v1/projects/{world.project_id}")).json()
    assert (project["start"], project["version"]) == ("2026-03-09T08:00:00", body["version"])


async def test_a_plan_scheduled_from_its_finish_starts_as_late_as_it_can_and_back(world: World) -> None:
    """The plan takes seven days. To end on Friday 27 March the survey starts on Thursday 19; the fence (1 d) lies as late
    as it can, on the last day, once it is told so. A new task is so without being told."""
    plan = await make_plan(world)
    for task in plan.values():
        await change_task(world, task, constraint_type="as_late_as_possible")
    body = await change_options(world, finish_target="2026-03-27T16:00:00")
    assert body["start"] == "2026-03-19T08:00:00"
    assert dates(await read_task(world, plan["survey"])) == ("03-19T08:00", "03-20T16:00")
    assert dates(await read_task(world, plan["foundation"])) == ("03-23T08:00", "03-27T16:00")
    fence = await read_task(world, plan["fence"])
    assert dates(fence) == ("03-27T08:00", "03-27T16:00")
    assert (fence["early_start"], fence["total_float_minutes"]) == ("2026-03-23T08:00:00", 4 * DAY)
    assert (await read_task(world, plan["foundation"]))["critical"]
    added = await make_task(world, "Paint", duration_minutes=2 * DAY)
    assert (added["constraint_type"], *dates(added)) == ("as_late_as_possible", "03-26T08:00", "03-27T16:00")
    longer = await change_task(world, plan["survey"], duration_minutes=3 * DAY)
    assert dates(longer) == ("03-18T08:00", "03-20T16:00")
    assert (await world["member"].get(options_of(world))).json()["start"] == "2026-03-18T08:00:00"
    await change_options(world, finish_target=None, start="2026-03-02T08:00:00")
    assert (await make_task(world, "Clean"))["constraint_type"] == "as_soon_as_possible"


async def test_the_options_say_what_beats_what(world: World) -> None:
    plan = await make_plan(world)
    await change_task(world, plan["foundation"], constraint_type="must_start_on", constraint_date="2026-03-03T08:00:00")
    honoured = await read_task(world, plan["foundation"])
    assert dates(honoured)[0] == "03-03T08:00"
    assert (await read_task(world, plan["survey"]))["total_float_minutes"] == -DAY
    await change_options(world, honor_constraints=False)
    assert dates(await read_task(world, plan["foundation"]))[0] == "03-04T08:00"


async def test_the_critical_path_may_be_wider_and_there_may_be_several(world: World) -> None:
    plan = await make_plan(world)
    lonely = await make_task(world, "Sign", duration_minutes=DAY)
    assert not (await read_task(world, plan["fence"]))["critical"]
    await change_options(world, critical_float_minutes=4 * DAY)
    assert (await read_task(world, plan["fence"]))["critical"]
    assert not (await read_task(world, lonely))["critical"]
    await change_options(world, critical_float_minutes=0, multiple_critical_paths=True)
    assert (await read_task(world, lonely))["critical"]
    assert not (await read_task(world, plan["fence"]))["critical"]


async def test_work_begun_out_of_sequence_waits_unless_the_options_say_otherwise(world: World) -> None:
    """The foundation (5 d) is begun on Monday and a fifth done, though the survey ends on Tuesday evening."""
    plan = await make_plan(world)
    begun = {"actual_start": "2026-03-02T08:00:00", "percent_complete": 20, "stop": "2026-03-02T16:00:00"}
    waiting = await change_task(world, plan["foundation"], **begun)
    assert dates(waiting) == ("03-02T08:00", "03-09T16:00")
    await change_options(world, split_in_progress=False)
    assert dates(await read_task(world, plan["foundation"])) == ("03-02T08:00", "03-06T16:00")


# Reschedulings


async def test_remaining_work_is_moved_behind_the_status_date(world: World) -> None:
    """On Wednesday 4 at noon half of the survey is done and nothing else begun. The rest of it (1 d) goes on from there
    and ends on Thursday at noon; the fence and the foundation follow. The sign starts no earlier."""
    path = f"/v1/projects/{world.project_id}/reschedulings"
    plan = await make_plan(world)
    sign = await make_task(world, "Sign", duration_minutes=DAY)
    pinned = await make_task(
        world, "Crane", duration_minutes=DAY, constraint_type="must_start_on", constraint_date="2026-03-03T08:00:00"
    )
    assert (await world["manager"].post(path, {})).json()["code"] == "status_date_missing"
    await change_task(world, plan["survey"], percent_complete=50)
    version = (await world["manager"].get(options_of(world))).json()["version"]
    status = {"status_date": "2026-03-04T12:00:00"}
    assert (await world["manager"].patch(f"/v1/projects/{world.project_id}", status, version)).status_code == 200
    answer = await world["manager"].post(path, {})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["after"], body["tasks_rescheduled"]) == ("2026-03-04T12:00:00", 2)
    assert plan["foundation"]["id"] in {each["id"] for each in body["effects"]["changed_tasks"]}
    survey = await read_task(world, plan["survey"])
    assert (survey["stop"], survey["resume"]) == ("2026-03-02T16:00:00", "2026-03-04T12:00:00")
    assert dates(survey) == ("03-02T08:00", "03-05T12:00")
    assert dates(await read_task(world, plan["foundation"]))[0] == "03-05T12:30"
    moved = await read_task(world, sign)
    assert (moved["constraint_type"], moved["start"]) == ("start_no_earlier_than", "2026-03-04T12:30:00")
    assert dates(await read_task(world, pinned))[0] == "03-03T08:00"
    again = await world["manager"].post(path, {"after": "2026-03-04T12:00:00"})
    assert (again.status_code, again.json()["tasks_rescheduled"]) == (200, 0)


# What a task may say of its work


async def test_work_pauses_and_the_pauses_are_shown_as_they_were_entered(world: World) -> None:
    """Four days with a pause of two behind the first: Monday, then Thursday to Tuesday."""
    pauses = [{"after_minutes": DAY, "gap_minutes": 2 * DAY}]
    task = await make_task(world, "Dig", duration_minutes=4 * DAY, splits=pauses)
    assert (task["splits"], *dates(task)) == (pauses, "03-02T08:00", "03-09T16:00")
    begun = await change_task(world, task, percent_complete=50)
    assert dates(begun) == ("03-02T08:00", "03-09T16:00")
    whole = await change_task(world, task, splits=[], percent_complete=0)
    assert (whole["splits"], *dates(whole)) == ([], "03-02T08:00", "03-05T16:00")


@pytest.mark.parametrize(
    "splits",
    [
        [{"after_minutes": DAY, "gap_minutes": 60}],
        [{"after_minutes": 200, "gap_minutes": 60}, {"after_minutes": 100, "gap_minutes": 60}],
    ],
)
async def test_a_pause_outside_of_the_work_is_refused(world: World, splits: list[dict[str, int]]) -> None:
    body = {"title": "Dig", "duration_minutes": DAY, "splits": splits}
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/tasks", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "splits_outside")


async def test_a_levelling_delay_runs_around_the_clock(world: World) -> None:
    task = await make_task(world, "Dig", duration_minutes=DAY, levelling_delay_minutes=1440)
    assert (task["levelling_delay_minutes"], *dates(task)) == (1440, "03-03T08:00", "03-03T16:00")
    assert task["driver"]["reason"] == "levelling"
    assert dates(await change_task(world, task, levelling_delay_minutes=2880))[0] == "03-04T08:00"


async def test_a_placeholder_is_never_critical_and_gives_no_summary_its_dates(world: World) -> None:
    summary = await make_task(world, "Later")
    times = {"manual_start": "2026-04-01T08:00:00", "manual_finish": "2026-04-02T16:00:00"}
    placeholder = await make_task(world, "Some day", parent_id=summary["id"], manual=True, placeholder=True, **times)
    await make_task(world, "Soon", parent_id=summary["id"], duration_minutes=DAY)
    assert (placeholder["placeholder"], placeholder["critical"]) == (True, False)
    assert dates(await read_task(world, summary)) == ("03-02T08:00", "03-02T16:00")


async def test_a_deadline_and_an_elapsed_lag_do_what_they_say(world: World) -> None:
    """Concrete is poured on Monday and sets for two days around the clock, so it is stripped on Thursday; due on Wednesday
    evening, pouring lacks a day."""
    pour = await make_task(world, "Pour", duration_minutes=DAY)
    strip = await make_task(world, "Strip", duration_minutes=DAY, deadline="2026-03-04T16:00:00")
    await make_link(world, pour, strip, lag_minutes=2880, lag_basis="elapsed")
    assert dates(await read_task(world, strip)) == ("03-05T08:00", "03-05T16:00")
    assert (await read_task(world, strip))["total_float_minutes"] == -DAY
    assert (await read_task(world, pour))["critical"]


# Work, units and duration by the assignments


async def make_part(world: World, task: dict[str, Any], **members: Any) -> dict[str, Any]:
    project = f"/v1/projects/{world.project_id}"
    resource = await world["manager"].post(f"{project}/resources", {"name": "Crew"} | members.pop("resource", {}))
    body = {"task_id": task["id"], "resource_id": resource.json()["id"]} | members
    answer = await world["manager"].post(f"{project}/assignments", body)
    assert answer.status_code == 201, answer.text
    part: dict[str, Any] = answer.json()
    return part


async def read_part(world: World, part: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await world["member"].get(f"/v1/assignments/{part['id']}")).json()
    return found


async def change_part(world: World, part: dict[str, Any], **members: Any) -> dict[str, Any]:
    version = (await read_part(world, part))["version"]
    answer = await world["manager"].patch(f"/v1/assignments/{part['id']}", members, version)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert answer.headers["etag"] == f'"{body["version"]}"' == f'"{(await read_part(world, part))["version"]}"'
    return body


async def test_the_duration_follows_the_units_and_everybody_hears_of_it(world: World) -> None:
    """Four days of work by one become two days by two; the task that follows moves up."""
    task = await make_task(world, "Dig", duration_minutes=4 * DAY)
    follower = await make_task(world, "Fill", duration_minutes=DAY)
    await make_link(world, task, follower)
    part = await make_part(world, task)
    doubled = await change_part(world, part, units_percent="200")
    assert (doubled["work_minutes"], doubled["units_percent"]) == (4 * DAY, "200.00")
    found = await read_task(world, task)
    assert (found["duration_minutes"], *dates(found)) == (2 * DAY, "03-02T08:00", "03-03T16:00")
    changed = {each["id"]: each for each in doubled["effects"]["changed_tasks"]}
    assert changed[task["id"]]["version"] == found["version"]
    assert changed[follower["id"]]["start"] == "2026-03-04T08:00:00"


async def test_work_that_is_taken_back_fills_the_task_at_its_units_again(world: World) -> None:
    """Two days' work of one beside another's four; taken back, it is as long as the task. Of a task of fixed duration
    more work asks for more units, and more units do more work."""
    task = await make_task(world, "Dig", duration_minutes=4 * DAY)
    await make_part(world, task)
    part = await make_part(world, task, work_minutes=2 * DAY)
    assert (await read_task(world, task))["duration_minutes"] == 4 * DAY
    assert (await change_part(world, part, work_minutes=None))["work_minutes"] == 4 * DAY
    fixed = await make_task(world, "Guard", duration_minutes=4 * DAY, task_type="fixed_duration")
    guard = await make_part(world, fixed)
    assert (await change_part(world, guard, work_minutes=6 * DAY))["units_percent"] == "150.00"
    assert (await change_part(world, guard, units_percent="50"))["work_minutes"] == 2 * DAY
    assert (await read_task(world, fixed))["duration_minutes"] == 4 * DAY


async def test_who_joins_an_effort_driven_task_shares_its_work_and_who_leaves_gives_it_back(world: World) -> None:
    task = await make_task(world, "Dig", duration_minutes=4 * DAY, effort_driven=True)
    first = await make_part(world, task)
    second = await make_part(world, task)
    assert ((await read_part(world, first))["work_minutes"], second["work_minutes"]) == (2 * DAY, 2 * DAY)
    assert (await read_task(world, task))["duration_minutes"] == 2 * DAY
    assert (await world["manager"].delete(f"/v1/assignments/{second['id']}", 1)).status_code == 204
    assert (await read_part(world, first))["work_minutes"] == 4 * DAY
    assert (await read_task(world, task))["duration_minutes"] == 4 * DAY


async def test_overtime_shortens_and_a_contour_stretches(world: World) -> None:
    task = await make_task(world, "Dig", duration_minutes=4 * DAY)
    part = await make_part(world, task)
    short = await change_part(world, part, overtime_minutes=2 * DAY)
    assert (short["work_minutes"], short["overtime_minutes"]) == (4 * DAY, 2 * DAY)
    assert (await read_task(world, task))["duration_minutes"] == 2 * DAY
    bell = await change_part(world, part, contour="bell")
    assert bell["contour"] == "bell"
    assert (await read_task(world, task))["duration_minutes"] == 4 * DAY
    answer = await world["manager"].patch(
        f"/v1/assignments/{part['id']}", {"overtime_minutes": 5 * DAY}, bell["version"]
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "overtime_beyond_work")


async def test_a_contour_loads_its_resource_by_the_tenth(world: World) -> None:
    """A turtle over ten days needs all of one at its middle: beside half a day's work of a flat 30 % it is too much there."""
    task = await make_task(world, "Dig", duration_minutes=10 * DAY)
    part = await make_part(world, task, contour="turtle")
    assert (part["work_minutes"], (await read_task(world, task))["duration_minutes"]) == (7 * DAY, 10 * DAY)
    loads = f"/v1/projects/{world.project_id}/resource-loads"
    load = (await world["member"].get(loads)).json()["loads"][0]
    assert (load["tasks"], load["remaining_work_minutes"], load["overallocated_minutes"]) == (1, 7 * DAY, 0)
    other = await make_task(world, "Haul", duration_minutes=10 * DAY)
    body = {"task_id": other["id"], "resource_id": part["resource_id"], "units_percent": "30"}
    assert (await world["manager"].post(f"/v1/projects/{world.project_id}/assignments", body)).status_code == 201
    load = (await world["member"].get(loads)).json()["loads"][0]
    # 75 % + 30 % in two tenths, 100 % + 30 % in four.
    assert load["overallocated_minutes"] == round((2 * 0.05 + 4 * 0.3) * DAY)


async def test_a_calendar_of_the_task_beats_those_of_its_resources_where_it_says_so(world: World) -> None:
    project = f"/v1/projects/{world.project_id}"
    weekend = {"name": "Weekends", "days": [[]] * 5 + [[["08:00", "12:00"], ["12:30", "16:00"]]] * 2}
    whole = {"name": "All days", "days": [[["08:00", "12:00"], ["12:30", "16:00"]]] * 7}
    weekends = (await world["manager"].post(f"{project}/calendars", weekend)).json()
    days = (await world["manager"].post(f"{project}/calendars", whole)).json()
    task = await make_task(world, "Blast", duration_minutes=DAY, calendar_id=days["id"])
    await make_part(world, task, resource={"calendar_id": weekends["id"]})
    assert dates(await read_task(world, task))[0] == "03-07T08:00"
    ignoring = await change_task(world, task, ignore_resource_calendars=True)
    assert dates(ignoring)[0] == "03-02T08:00"
