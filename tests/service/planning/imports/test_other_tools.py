"""Boards, issues and tables as plans of a project: what stands there once the job has ended."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.factories.imports import board, by_title, everything, imported
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World

FILES = Path(__file__).parents[3] / "data" / "imports"


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def test_a_board_is_a_plan_with_the_names_that_it_had(world: World) -> None:
    before = (await world["manager"].get(f"/v1/projects/{world.project_id}")).json()
    made = await imported(world, board(), filename="board.json")
    assert (made["format"], made["counts"]["tasks"], made["counts"]["resources"]) == ("trello", 7, 2)
    tasks = await by_title(world)
    survey = tasks["Survey"]
    assert survey["parent_id"] == tasks["To do"]["id"]
    assert (survey["start"], survey["deadline"]) == ("2026-03-09T08:00:00", "2026-03-13T23:30:00")
    assert survey["labels"] == ["steel", "green"]
    card = {"system": "trello", "type": "card", "id": f"{11:024x}", "url": "https://trello.com/c/11"}
    assert survey["external_refs"] == [card]
    found = await world["member"].get(f"/v1/external/trello/card/{11:024x}")
    assert found.json()["id"] == survey["id"]
    assert (tasks["Weld"]["status"], tasks["Old idea"]["active"]) == ("done", False)
    after = (await world["manager"].get(f"/v1/projects/{world.project_id}")).json()
    frame = ("start", "calendar_id", "minutes_per_day", "status_date")
    assert {name: after[name] for name in frame} == {name: before[name] for name in frame}
    assert await everything(world, "calendars") == []


async def test_issues_are_a_plan_with_their_progress_and_links(world: World) -> None:
    def issue(number: int, **fields: Any) -> dict[str, Any]:
        return {"key": f"B-{number}", "fields": {"summary": f"Issue {number}"} | fields}

    blocks = {"type": {"name": "Blocks"}, "outwardIssue": {"key": "B-2"}}
    begun = {"statusCategory": {"key": "indeterminate"}}
    issues = [
        issue(1, timeoriginalestimate=54_000, timeestimate=13_500, timespent=40_500, status=begun, issuelinks=[blocks]),
        issue(2, timeoriginalestimate=27_000, assignee={"key": "kari", "displayName": "Kari"}),
        issue(3, status={"statusCategory": {"key": "done"}}, resolutiondate="2026-03-05T12:00:00.000+0000"),
        issue(4, status={"statusCategory": {"key": "done"}}),
    ]
    made = await imported(world, orjson.dumps({"issues": issues}), filename="issues.json")
    assert (made["format"], made["counts"]["dependencies"]) == ("jira", 1)
    tasks = await by_title(world)
    one, two, three, four = (tasks[f"Issue {number}"] for number in range(1, 5))
    assert (one["duration_minutes"], one["percent_complete"], one["status"]) == (900, 75, "in_progress")
    assert two["start"] >= one["finish"]
    assert (three["status"], three["actual_finish"]) == ("done", "2026-03-05T13:00:00")
    assert (four["status"], four["percent_complete"]) == ("done", 100)
    (assignment,) = await everything(world, "assignments")
    assert assignment["work_minutes"] == 450


async def test_a_real_table_of_a_board_is_a_plan(world: World) -> None:
    made = await imported(world, (FILES / "board.csv").read_bytes(), filename="board.csv")
    tasks = await everything(world, "tasks")
    assert (made["format"], len(tasks), sum(task["summary"] for task in tasks)) == ("csv", 29, 4)
    assert {each["name"] for each in await everything(world, "resources")} == {"testuser1"}


async def test_a_real_board_is_a_plan(world: World) -> None:
    made = await imported(world, (FILES / "trello-board.json").read_bytes(), filename="board.json")
    assert made["counts"]["tasks"] == len(await everything(world, "tasks")) == 5
    dropped = {each["path"]: each for each in made["report"] if each["disposition"] == "dropped"}
    assert dropped["lists"]["examples"] == ["Done"]


async def test_persons_of_the_file_who_are_resources_already_are_not_made_again(world: World) -> None:
    body = {"name": "The member", "email": "member@example.org", "resource_type": "work"}
    known = (await world["manager"].post(f"/v1/projects/{world.project_id}/resources", body)).json()
    made = await imported(world, board())
    assert made["counts"]["resources"] == 1
    survey = (await by_title(world))["Survey"]
    parts = await everything(world, "assignments")
    assert known["id"] in {each["resource_id"] for each in parts if each["task_id"] == survey["id"]}
