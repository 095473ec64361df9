"""Calendars: a change of the one that the project runs on moves the plan, and is decided by whoever may move it."""

from typing import Any

import pytest

from tests.factories.plans import DAY, make_plan, make_task, read_task
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World

SITE = {"name": "Site", "days": [[["08:00", "12:00"], ["12:30", "16:00"]]] * 5 + [[], []]}
HOLIDAY = {"from": "2026-03-03", "to": "2026-03-03", "ranges": [], "name": "Holiday"}


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def make_calendar(world: World, **members: Any) -> dict[str, Any]:
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/calendars", SITE | members)
    assert answer.status_code == 201, answer.text
    calendar: dict[str, Any] = answer.json()
    return calendar


async def test_strangers_guests_and_other_tenants_find_nothing(world: World) -> None:
    calendar = await make_calendar(world)
    path = f"/v1/projects/{world.project_id}/calendars"
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(path)).status_code == 404
        assert (await caller.post(path, SITE)).status_code == 404
        assert (await caller.get(f"/v1/calendars/{calendar['id']}")).status_code == 404
        assert (await caller.patch(f"/v1/calendars/{calendar['id']}", {"name": "Mine"}, 1)).status_code == 404


async def test_a_coordinator_only_proposes_calendars(world: World) -> None:
    answer = await world["coordinator"].post(f"/v1/projects/{world.project_id}/calendars", SITE)
    assert (answer.status_code, answer.json()["code"]) == (403, "authority_required")


@pytest.mark.parametrize(
    "members",
    [
        {"days": [[]] * 6},
        {"days": [[["08:00", "25:00"]]] + [[]] * 6},
        {"days": [[["08:00", "12:00"], ["11:00", "13:00"]]] + [[]] * 6},
        {"exceptions": [{"from": "2026-03-04", "to": "2026-03-03"}]},
        {"exceptions": [{"from": "2026-02-30", "to": "2026-03-03"}]},
    ],
)
async def test_a_calendar_that_contradicts_itself_is_refused(world: World, members: dict[str, Any]) -> None:
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/calendars", SITE | members)
    assert answer.status_code == 422
    assert answer.json()["code"] in ("validation_failed", "calendar_invalid")


async def test_a_calendar_without_work_cannot_carry_the_plan(world: World) -> None:
    await make_plan(world)
    body = {"name": "Never", "days": [[]] * 7, "is_project_calendar": True}
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/calendars", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "no_working_time")


async def test_a_holiday_in_the_projects_calendar_moves_the_plan(world: World) -> None:
    plan = await make_plan(world)
    calendar = await make_calendar(world, is_project_calendar=True)
    assert await read_task(world, plan["handover"]) == plan["handover"]
    path = f"/v1/calendars/{calendar['id']}"
    tried = await world["coordinator"].patch(path, {"exceptions": [HOLIDAY]}, 1)
    assert tried.json()["impact"]["finish"]["moved_minutes"] == DAY
    answer = await world["manager"].patch(path, {"exceptions": [HOLIDAY]}, 1)
    assert answer.status_code == 200, answer.text
    assert answer.json()["exceptions"] == [HOLIDAY]
    assert answer.json()["effects"]["impact"]["finish"]["after"] == "2026-03-11T16:00:00"
    assert (await read_task(world, plan["handover"]))["finish"] == "2026-03-11T16:00:00"


async def test_a_task_may_run_on_a_calendar_that_inherits_from_another(world: World) -> None:
    base = await make_calendar(world, exceptions=[HOLIDAY])
    derived = await make_calendar(world, name="Nights", base_calendar_id=base["id"], days=[None] * 7)
    task = await make_task(world, "Cure", duration_minutes=2 * DAY, calendar_id=derived["id"])
    assert task["finish"] == "2026-03-04T16:00:00"
    loop = await world["manager"].patch(f"/v1/calendars/{base['id']}", {"base_calendar_id": derived["id"]}, 1)
    assert (loop.status_code, loop.json()["code"]) == (422, "unknown_reference")
    used = await world["manager"].delete(f"/v1/calendars/{derived['id']}", 1)
    assert (used.status_code, used.json()["code"]) == (409, "calendar_in_use")


async def test_a_calendar_keeps_the_public_holidays_of_norway_the_movable_ones_too(world: World) -> None:
    unknown = await world["manager"].post(f"/v1/projects/{world.project_id}/calendars", SITE | {"holidays": "XX"})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/holidays")
    easter = "2026-03-31T08:00:00"
    task = await make_task(
        world, "Pave", duration_minutes=4 * DAY, constraint_type="start_no_earlier_than", constraint_date=easter
    )
    assert task["finish"] == "2026-04-03T16:00:00", "by the calendar that keeps no holidays"
    calendar = await make_calendar(world, holidays="NO", is_project_calendar=True)
    assert calendar["holidays"] == "NO"
    # Maundy Thursday and Good Friday are the 2nd and 3rd of April, Easter Monday the 6th.
    assert (await read_task(world, task))["finish"] == "2026-04-08T16:00:00"
    own = [{"from": "2026-04-02", "to": "2026-04-02", "ranges": [["08:00", "12:00"], ["12:30", "16:00"]]}]
    path = f"/v1/calendars/{calendar['id']}"
    assert (await world["manager"].patch(path, {"exceptions": own}, 1)).status_code == 200
    assert (await read_task(world, task))["finish"] == "2026-04-07T16:00:00", "the site works on Maundy Thursday"
    stale = await world["manager"].patch(path, {"name": "Site 2"}, 1)
    assert stale.json()["changed_fields"] == ["exceptions"]
    assert (await world["manager"].patch(path, {"holidays": None, "exceptions": []}, 2)).status_code == 200
    assert (await read_task(world, task))["finish"] == "2026-04-03T16:00:00"
