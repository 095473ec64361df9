"""When a decision about a change of the plan comes too late: the instant at which the first of its tasks begins."""

from typing import Any

import pytest

from tests.factories.plans import DAY, make_plan, make_task, read_task
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World

# The survey is done on 2 and 3 March, the foundation from the 4th to the 10th, the fence on the 4th; Oslo is an hour ahead.
SURVEY, FOUNDATION, FOUNDATION_ENDS = "2026-03-02T07:00", "2026-03-04T07:00", "2026-03-10T15:00"
Plan = dict[str, dict[str, Any]]


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def foretold(world: World, method: str, path: str, task: dict[str, Any] | None, body: Any = None) -> str | None:
    """What a coordinator is told who may only propose it, to the minute."""
    headers = {"If-Match": f'"{task["version"]}"'} if task is not None else {}
    answer = await world["coordinator"].request(
        method, path, headers=headers, params={"dry_run": "true"}, **({} if body is None else {"json": body})
    )
    assert answer.status_code == 200, answer.text
    instant = answer.json()["impact"].get("needed_by")
    assert instant is None or instant.endswith(":00.000000Z")
    return None if instant is None else str(instant)[:16]


async def changed(world: World, task: dict[str, Any], **patch: Any) -> str | None:
    return await foretold(world, "PATCH", f"/v1/tasks/{task['id']}", task, patch)


async def done(world: World, task: dict[str, Any], **patch: Any) -> dict[str, Any]:
    answer = await world["manager"].patch(f"/v1/tasks/{task['id']}", patch, task["version"])
    assert answer.status_code == 200, answer.text
    return await read_task(world, task)


async def test_a_change_is_needed_when_its_first_task_begins_by_the_stored_plan(world: World) -> None:
    plan = await make_plan(world)
    assert await changed(world, plan["survey"], duration_minutes=3 * DAY) == SURVEY
    assert await changed(world, plan["foundation"], duration_minutes=6 * DAY) == FOUNDATION
    later = {"constraint_type": "start_no_earlier_than", "constraint_date": "2026-03-20T08:00:00"}
    assert await changed(world, plan["foundation"], **later) == FOUNDATION, "the start that is stored, not the new one"


async def test_a_new_task_is_needed_when_it_would_begin_and_a_removed_one_when_it_would_have(world: World) -> None:
    plan = await make_plan(world)
    body = {"title": "Paint", "duration_minutes": DAY}
    late = body | {"constraint_type": "start_no_earlier_than", "constraint_date": "2026-03-05T08:00:00"}
    path = f"/v1/projects/{world.project_id}/tasks"
    assert await foretold(world, "POST", path, None, late) == "2026-03-05T07:00"
    # It begins with the project, while the plan's other tasks stay as they are.
    assert await foretold(world, "POST", path, None, body) == SURVEY
    assert await foretold(world, "DELETE", f"/v1/tasks/{plan['fence']['id']}", plan["fence"]) == FOUNDATION


async def test_what_has_been_begun_counts_with_its_end_and_what_is_finished_not_at_all(world: World) -> None:
    plan = await make_plan(world)
    survey = await done(world, plan["survey"], percent_complete=100)
    assert await changed(world, survey, percent_complete=100) is None
    foundation = await done(world, await read_task(world, plan["foundation"]), percent_complete=20)
    ends = foundation["finish"]
    assert (ends, foundation["status"]) == ("2026-03-10T16:00:00", "in_progress")
    assert await changed(world, foundation, duration_minutes=9 * DAY) == FOUNDATION_ENDS
    fence = await read_task(world, plan["fence"])
    assert await changed(world, fence, percent_complete=50) == FOUNDATION, "it is begun by nobody but the proposal"


async def test_it_is_an_instant_of_the_projects_own_clock(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy(), {"time_zone": "America/New_York"})
    task = await make_task(world, "Dig", duration_minutes=10 * DAY)
    assert await changed(world, task, duration_minutes=DAY) == "2026-03-02T13:00"
    summer = {"constraint_type": "start_no_earlier_than", "constraint_date": "2026-07-01T08:00:00"}
    assert await changed(world, await done(world, task, **summer), duration_minutes=DAY) == "2026-07-01T12:00"


async def test_several_operations_are_needed_by_the_earliest_of_them(world: World) -> None:
    plan = await make_plan(world)
    operations = [
        {
            "op": "update",
            "id": plan[name]["id"],
            "version": plan[name]["version"],
            "body": {"duration_minutes": 3 * DAY},
        }
        for name in ("fence", "survey")
    ]
    path = f"/v1/projects/{world.project_id}/tasks/batch"
    assert await foretold(world, "POST", path, None, {"operations": operations}) == SURVEY
    assert await foretold(world, "POST", path, None, {"operations": operations[:1]}) == FOUNDATION


async def test_words_about_a_task_are_never_too_late(world: World) -> None:
    plan = await make_plan(world)
    assert await changed(world, plan["survey"], title="Survey the river bed") is None
