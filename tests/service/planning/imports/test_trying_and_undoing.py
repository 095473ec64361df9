"""Imports that are only tried, that come twice, and that are undone."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.factories.imports import board, by_title, everything, finished, imported, tried, upload
from tests.factories.plans import make_task
from tests.factories.policies import make_policy
from tests.factories.projects import make_project
from tests.factories.world import ServiceUnderTest, World

FILES = Path(__file__).parents[3] / "data"
NOUNS = ("tasks", "dependencies", "assignments", "resources", "calendars", "imports")


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def undo(world: World, made: dict[str, Any], role: str = "manager", **options: Any) -> Any:
    return await world[role].request("POST", f"/v1/imports/{made['id']}/reversal", **options)


async def test_a_dry_run_tells_everything_and_keeps_nothing(world: World) -> None:
    content = (FILES / "msproject" / "p34.xml").read_bytes()
    preview = await tried(world, content)
    assert preview["authority"]["verdict"] == "decide"
    result = preview["result"]
    assert (result["type"], result["format"]) == ("import_preview", "mspdi")
    assert result["counts"]["tasks"] > 0
    assert {each["disposition"] for each in result["report"]} == {"taken", "changed", "dropped"}
    for noun in NOUNS:
        assert await everything(world, noun) == []
    made = await imported(world, content)
    assert (made["counts"], made["report"]) == (result["counts"], result["report"])


async def test_a_dry_run_by_whoever_may_not_decide_says_so(world: World) -> None:
    answer = await upload(world, world["coordinator"], board(), query="?dry_run=true")
    assert (answer.status_code, answer.json()["authority"]["verdict"]) == (200, "propose")
    answer = await upload(world, world["auditor"], board(), query="?dry_run=true")
    assert answer.status_code == 403


async def test_a_dry_run_of_what_cannot_be_read_names_the_place(world: World) -> None:
    answer = await upload(world, world["manager"], b"<Project>\n<Tasks></Project>", query="?dry_run=true")
    assert (answer.status_code, answer.json()["code"]) == (422, "unreadable_plan")
    assert answer.json()["errors"][0]["pointer"] == "line 2"


async def test_the_report_tells_how_often_and_with_which_examples_something_was_lost(world: World) -> None:
    cards = [{"id": f"{n:024x}", "name": f"Card {n}", "idList": f"{1:024x}", "due": "soon"} for n in range(5)]
    report = (await tried(world, board(cards=cards)))["result"]["report"]
    (due,) = [each for each in report if each["path"] == "cards/due" and each["disposition"] == "dropped"]
    assert (due["count"], due["reason"], due["examples"]) == (5, "not a date", ["soon"])


async def test_the_same_board_once_more_changes_nothing_and_a_newer_one_brings_what_is_new(world: World) -> None:
    made = await imported(world, board(), filename="board.json")
    before = await everything(world, "tasks")
    again = await upload(world, world["manager"], board(), filename="again.json")
    assert (again.status_code, again.json()["import_id"]) == (409, made["id"])
    exported_again = await finished(world, await upload(world, world["manager"], board(dateLastView="2026-04-01")))
    assert exported_again["problem"]["code"] == "plan_already_imported"
    assert exported_again["problem"]["import_id"] == made["id"]
    assert await everything(world, "tasks") == before
    cards = orjson.loads(board())["cards"]
    cards.append({"id": f"{14:024x}", "name": "New", "idList": f"{2:024x}", "pos": 9, "idMembers": ["m1"]})
    newer = await imported(world, board(cards=cards))
    assert (newer["counts"]["tasks"], newer["counts"]["resources"], newer["counts"]["assignments"]) == (1, 0, 1)
    tasks = await by_title(world)
    assert tasks["New"]["parent_id"] == tasks["Doing"]["id"]
    assert {each["id"] for each in before} == {each["id"] for each in tasks.values()} - {tasks["New"]["id"]}


async def test_a_name_that_something_else_has_already_is_not_taken_away_from_it(world: World) -> None:
    await imported(world, board())
    world.project_id = await make_project(world)
    made = await imported(world, board())
    assert made["counts"]["tasks"] == len(await everything(world, "tasks"))
    assert all(task["external_refs"] == [] for task in await everything(world, "tasks"))
    told = [each for each in made["report"] if each["path"] == "tasks/id"]
    assert told[0]["reason"] == "something else has this external id already"


async def test_only_those_on_the_project_may_ask_for_an_undo_and_the_manager_decides(world: World) -> None:
    made = await imported(world, board())
    path = f"/v1/imports/{made['id']}/reversal"
    assert (await world.under_test.http.post(path)).status_code == 401
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.post(path)).status_code == 404
    answer = await undo(world, made, "coordinator")
    assert (answer.status_code, answer.json()["code"]) == (403, "authority_required")
    assert (await undo(world, made, headers={"Idempotency-Key": None})).status_code == 400
    tried_out = await undo(world, made, params={"dry_run": "true"})
    assert (tried_out.status_code, tried_out.headers["tandem-effect"]) == (200, "none")
    assert await everything(world, "tasks") != []


@pytest.mark.parametrize("name", ["p34", "p61"])
async def test_an_undone_import_leaves_the_project_as_it_was_and_may_come_again(world: World, name: str) -> None:
    content = (FILES / "msproject" / f"{name}.xml").read_bytes()
    frame = ("start", "status_date", "calendar_id", "minutes_per_day", "finish")
    before = (await world["manager"].get(f"/v1/projects/{world.project_id}")).json()
    made = await imported(world, content)
    answer = await undo(world, made)
    assert answer.status_code == 200, answer.text
    assert answer.json()["reversed_at"] is not None
    for noun in NOUNS[:-1]:
        assert await everything(world, noun) == [], noun
    after = (await world["manager"].get(f"/v1/projects/{world.project_id}")).json()
    assert {each: after[each] for each in frame} == {each: before[each] for each in frame}
    again = await undo(world, made)
    assert (again.status_code, again.json()["code"]) == (409, "import_reversed")
    (decision,) = (await world["member"].get(f"/v1/projects/{world.project_id}/decisions?kind=import.reverse")).json()[
        "data"
    ]
    assert decision["subject"] == {"type": "import", "id": made["id"]}
    assert (await imported(world, content))["counts"] == made["counts"]


async def test_an_undo_takes_only_what_the_import_made(world: World) -> None:
    own = await make_task(world, "Ours")
    first = await imported(world, board())
    second = await imported(
        world, board(id="c" * 24, cards=[{"id": f"{99:024x}", "name": "Other", "idList": f"{1:024x}"}])
    )
    assert (await undo(world, first)).status_code == 409, "the second board's card lies in the first one's list"
    assert (await undo(world, second)).status_code == 200
    answer = await undo(world, first)
    assert answer.status_code == 200, answer.text
    assert [task["id"] for task in await everything(world, "tasks")] == [own["id"]]
    assert (await imported(world, board()))["counts"] == first["counts"], "the names were given back"


async def test_what_was_changed_since_stands_in_the_way_of_an_undo(world: World) -> None:
    made = await imported(world, board())
    tasks = await by_title(world)
    survey = tasks["Survey"]
    changed = await world["manager"].patch(f"/v1/tasks/{survey['id']}", {"notes": "Mine"}, survey["version"])
    assert changed.status_code == 200, changed.text
    gone = await world["manager"].delete(f"/v1/tasks/{tasks['Old idea']['id']}", tasks["Old idea"]["version"])
    assert gone.status_code == 204, gone.text
    answer = await undo(world, made)
    assert (answer.status_code, answer.json()["code"]) == (409, "import_changed")
    places = {(each["pointer"], each["code"]) for each in answer.json()["errors"]}
    assert places == {(f"/tasks/{survey['id']}", "changed"), (f"/tasks/{tasks['Old idea']['id']}", "gone")}


async def test_what_hangs_on_an_import_stands_in_the_way_of_its_undo(world: World) -> None:
    made = await imported(world, board())
    tasks = await by_title(world)
    own = await make_task(world, "Ours")
    below = await make_task(world, "Below", parent_id=tasks["Doing"]["id"])
    project = f"/v1/projects/{world.project_id}"
    link = await world["manager"].post(
        f"{project}/dependencies", {"predecessor_id": tasks["Survey"]["id"], "successor_id": own["id"]}
    )
    duty = await world["manager"].post(
        f"{project}/responsibilities",
        {"task_id": tasks["Survey"]["id"], "person_id": str(world.people["member"]), "part": "accountable"},
    )
    assert (link.status_code, duty.status_code) == (201, 201)
    answer = await undo(world, made)
    assert answer.status_code == 409
    places = {each["pointer"] for each in answer.json()["errors"] if each["code"] == "refers_to_it"}
    assert places == {
        f"/tasks/{below['id']}",
        f"/dependencies/{link.json()['id']}",
        f"/responsibilities/{duty.json()['id']}",
    }


async def test_a_changed_frame_stands_in_the_way_of_an_undo(world: World) -> None:
    made = await imported(world, (FILES / "msproject" / "p34.xml").read_bytes())
    project = (await world["manager"].get(f"/v1/projects/{world.project_id}")).json()
    changed = await world["manager"].patch(
        f"/v1/projects/{world.project_id}", {"status_date": "2030-01-01T08:00:00"}, project["version"]
    )
    assert changed.status_code == 200, changed.text
    answer = await undo(world, made)
    assert f"/projects/{world.project_id}/status_date" in {each["pointer"] for each in answer.json()["errors"]}


async def test_the_tasks_of_an_undone_import_are_told_to_be_gone(world: World) -> None:
    made = await imported(world, board())
    ids = {task["id"] for task in await everything(world, "tasks")}
    assert (await undo(world, made)).status_code == 200
    async with world.under_test.service.database.read(world.tenant_id) as session:
        rows = await session.rows(
            "select type, envelope from outbox where tenant_id = $1 order by number", world.tenant_id
        )
    told = [row["type"] for row in rows]
    gone = [orjson.loads(row["envelope"])["data"] for row in rows if row["type"] == "planning.task.deleted"]
    assert {each for data in gone for each in data["removed_ids"]} == ids
    assert told[-1] == "planning.import.reversed"
