"""Recurring tasks: a summary with a task for each day of a pattern, made again when the pattern changes."""

from typing import Any

import pytest

from services.kernel.ids import new_id
from tests.factories.plans import DAY, make_task
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World

MONDAYS: dict[str, Any] = {"frequency": "weekly", "weekdays": ["monday"]}
ROUND: dict[str, Any] = {
    "title": "Round",
    "pattern": MONDAYS,
    "starts_on": "2026-03-02",
    "count": 4,
    "duration_minutes": 60,
}


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


def path(world: World) -> str:
    return f"/v1/projects/{world.project_id}/recurrences"


async def recur(world: World, **members: Any) -> dict[str, Any]:
    answer = await world["manager"].post(path(world), ROUND | members)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def tasks(world: World, recurrence: dict[str, Any]) -> list[dict[str, Any]]:
    query = f"?parent_id={recurrence['task_id']}&limit=200"
    found: list[dict[str, Any]] = (await world["manager"].get(f"/v1/projects/{world.project_id}/tasks{query}")).json()[
        "data"
    ]
    return found


async def begin(world: World, task: dict[str, Any], percent: int = 50) -> None:
    version = (await world["manager"].get(f"/v1/tasks/{task['id']}")).json()["version"]
    answer = await world["manager"].patch(f"/v1/tasks/{task['id']}", {"percent_complete": percent}, version)
    assert answer.status_code == 200, answer.text


async def test_strangers_find_nothing_and_others_propose(world: World) -> None:
    made = await recur(world)
    own = f"/v1/recurrences/{made['id']}"
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(own)).status_code == 404
        assert (await caller.get(path(world))).status_code == 404
        assert (await caller.post(path(world), ROUND)).status_code == 404
        assert (await caller.patch(own, {"count": 2}, 1)).status_code == 404
        assert (await caller.delete(own, 1)).status_code == 404
    asked = await world["coordinator"].post(path(world), ROUND)
    assert (asked.status_code, asked.json()["code"]) == (403, "authority_required")
    asked = await world["member"].patch(own, {"count": 2}, 1)
    assert (asked.status_code, asked.json()["code"]) == (403, "authority_required")
    assert (await world["auditor"].delete(own, 1)).status_code == 403


async def test_what_makes_no_sense_is_refused(world: World) -> None:
    for wrong, code in (
        ({"until": "2026-06-01"}, "validation_failed"),
        ({"count": None}, "validation_failed"),
        ({"count": 1000}, "validation_failed"),
        ({"count": None, "until": "2026-03-01"}, "validation_failed"),
        ({"pattern": {"frequency": "weekly"}}, "validation_failed"),
        ({"pattern": MONDAYS | {"interval": 0}}, "validation_failed"),
        ({"pattern": {"frequency": "daily", "day": 3}}, "validation_failed"),
        ({"pattern": {"frequency": "monthly"}}, "validation_failed"),
        (
            {"pattern": {"frequency": "monthly", "day": 3, "position": "last", "kind_of_day": "day"}},
            "validation_failed",
        ),
        ({"pattern": {"frequency": "monthly", "position": "last"}}, "validation_failed"),
        ({"pattern": {"frequency": "yearly", "day": 3}}, "validation_failed"),
        ({"pattern": {"frequency": "yearly", "month": 2, "day": 30}}, "no_occurrence"),
        ({"pattern": {"frequency": "daily"}, "count": None, "until": "2029-01-01"}, "too_many_occurrences"),
        ({"starts_on": "2026-03-01"}, "recurs_too_early"),
        ({"starts_at": "24:00"}, "validation_failed"),
        ({"parent_id": str(new_id())}, "unknown_reference"),
        ({"calendar_id": str(new_id())}, "unknown_reference"),
        ({"assignee_id": str(world["stranger"].id)}, "unknown_reference"),
    ):
        answer = await world["manager"].post(path(world), ROUND | wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, code), wrong
    assert (await world["manager"].get(f"/v1/projects/{world.project_id}/tasks")).json()["data"] == []


async def test_each_day_of_the_pattern_has_a_task_that_starts_no_earlier(world: World) -> None:
    made = await recur(world, assignee_id=str(world["member"].id), starts_at="13:00")
    summary = (await world["manager"].get(f"/v1/tasks/{made['task_id']}")).json()
    assert (summary["summary"], summary["recurring"], summary["title"]) == (True, True, "Round")
    found = await tasks(world, made)
    assert [each["title"] for each in found] == ["Round 1", "Round 2", "Round 3", "Round 4"]
    days = ["2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23"]
    assert [each["start"] for each in found] == [f"{day}T13:00:00" for day in days]
    assert {each["constraint_type"] for each in found} == {"start_no_earlier_than"}
    assert {(each["duration_minutes"], each["assignee_id"], each["recurring"]) for each in found} == {
        (60, str(world["member"].id), False)
    }
    assert made["occurrences"] == [{"day": day, "task_id": each["id"]} for day, each in zip(days, found, strict=True)]
    listed = await world["manager"].get(f"/v1/projects/{world.project_id}/tasks?recurring=true")
    assert [each["id"] for each in listed.json()["data"]] == [made["task_id"]]


async def test_a_day_without_work_moves_on_or_is_skipped(world: World) -> None:
    daily: dict[str, Any] = {"pattern": {"frequency": "daily"}, "starts_on": "2026-03-06", "count": 3}
    moved = await tasks(world, await recur(world, **daily))
    assert [each["start"][:10] for each in moved] == ["2026-03-06", "2026-03-09", "2026-03-09"]
    skipped = await recur(world, **daily, skip_nonworking=True)
    assert [each["day"] for each in skipped["occurrences"]] == ["2026-03-06", "2026-03-09", "2026-03-10"]


async def test_999_are_made_and_a_thousand_are_not(world: World) -> None:
    daily: dict[str, Any] = {"pattern": {"frequency": "daily"}, "count": 999}
    assert len((await recur(world, **daily))["occurrences"]) == 999


async def test_another_pattern_makes_again_what_has_not_begun(world: World) -> None:
    made = await recur(world)
    first, second, third, _ = await tasks(world, made)
    await begin(world, first, 100)
    await begin(world, second)
    both = {"frequency": "weekly", "weekdays": ["monday", "tuesday"]}
    answer = await world["manager"].patch(f"/v1/recurrences/{made['id']}", {"pattern": both, "count": 5}, 1)
    assert answer.status_code == 200, answer.text
    days = [each["day"] for each in answer.json()["occurrences"]]
    assert days == ["2026-03-02", "2026-03-09", "2026-03-10", "2026-03-16", "2026-03-17"]
    found = await tasks(world, made)
    assert [each["title"] for each in found] == [f"Round {number}" for number in range(1, 6)]
    assert [each["percent_complete"] for each in found][:2] == [100, 50]
    assert found[3]["id"] == third["id"], "the day is of both patterns, so its task stays"
    fewer = await world["manager"].patch(f"/v1/recurrences/{made['id']}", {"until": "2026-03-10"}, 2)
    assert [each["day"] for each in fewer.json()["occurrences"]] == ["2026-03-02", "2026-03-09", "2026-03-10"]
    assert len(await tasks(world, made)) == 3


async def test_title_duration_and_time_follow_and_what_people_changed_stays(world: World) -> None:
    made = await recur(world)
    first, second, third, fourth = await tasks(world, made)
    await begin(world, first)
    named = {"title": "With the inspector"}
    assert (await world["manager"].patch(f"/v1/tasks/{second['id']}", named, second["version"])).status_code == 200
    await make_task(world, "Report", parent_id=third["id"], duration_minutes=DAY)
    body = {"title": "Walk", "duration_minutes": 30, "starts_at": "10:00"}
    answer = await world["manager"].patch(f"/v1/recurrences/{made['id']}", body, 1)
    assert answer.status_code == 200, answer.text
    found = {each["id"]: each for each in await tasks(world, made)}
    assert [each["title"] for each in found.values()] == ["Round 1", "With the inspector", "Walk 3", "Walk 4"]
    assert [found[each["id"]]["duration_minutes"] for each in (first, second, third, fourth)] == [60, 30, DAY, 30]
    assert found[fourth["id"]]["start"] == "2026-03-23T10:00:00"
    assert (await world["manager"].get(f"/v1/tasks/{made['task_id']}")).json()["title"] == "Walk"


async def test_an_occurrence_that_somebody_deleted_is_not_made_again(world: World) -> None:
    made = await recur(world)
    _, second, *_ = await tasks(world, made)
    assert (await world["manager"].delete(f"/v1/tasks/{second['id']}", second["version"])).status_code == 204
    answer = await world["manager"].patch(f"/v1/recurrences/{made['id']}", {"count": 5}, 1)
    assert [each["task_id"] is None for each in answer.json()["occurrences"]] == [False, True, False, False, False]
    assert len(await tasks(world, made)) == 4


async def test_what_has_begun_outlives_its_recurrence(world: World) -> None:
    made, whole = await recur(world), await recur(world)
    first, *_ = await tasks(world, made)
    await begin(world, first)
    assert (await world["manager"].delete(f"/v1/recurrences/{made['id']}", 1)).status_code == 204
    assert [each["id"] for each in await tasks(world, made)] == [first["id"]]
    assert (await world["manager"].get(f"/v1/tasks/{made['task_id']}")).json()["recurring"] is False
    assert (await world["manager"].delete(f"/v1/recurrences/{whole['id']}", 1)).status_code == 204
    assert (await world["manager"].get(f"/v1/tasks/{whole['task_id']}")).status_code == 404
    third = await recur(world)
    version = (await world["manager"].get(f"/v1/tasks/{third['task_id']}")).json()["version"]
    assert (await world["manager"].delete(f"/v1/tasks/{third['task_id']}", version)).status_code == 204
    assert (await world["manager"].get(path(world))).json()["data"] == []


async def test_occurrences_may_have_been_put_below_each_other_and_the_summary_below_them(world: World) -> None:
    made = await recur(world)
    first, second, third, _ = await tasks(world, made)
    manager = world["manager"]

    async def move(task_id: str, parent_id: str | None) -> None:
        version = (await manager.get(f"/v1/tasks/{task_id}")).json()["version"]
        answer = await manager.patch(f"/v1/tasks/{task_id}", {"parent_id": parent_id}, version)
        assert answer.status_code == 200, answer.text

    await move(third["id"], second["id"])
    await move(first["id"], None)
    await move(made["task_id"], first["id"])
    tuesdays = {"frequency": "weekly", "weekdays": ["tuesday"]}
    changed = await manager.patch(f"/v1/recurrences/{made['id']}", {"pattern": tuesdays}, 1)
    assert changed.status_code == 200, changed.text
    assert (await manager.get(f"/v1/tasks/{first['id']}")).status_code == 200
    assert (await manager.delete(f"/v1/recurrences/{made['id']}", 2)).status_code == 204
