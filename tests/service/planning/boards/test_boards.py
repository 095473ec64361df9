"""Boards: who sets them up, where cards stand, what a move means for the task, and what a full column takes."""

import asyncio
import random
from typing import Any

import orjson
import pytest

from services.kernel.http_client import Response
from services.kernel.ids import new_id
from services.planning.boards import use_cases
from tests.factories.plans import DAY, make_link, make_task, read_task
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def make(world: World, noun: str, **members: Any) -> dict[str, Any]:
    answer = await world["coordinator"].post(f"/v1/projects/{world.project_id}/{noun}", members)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def make_board(world: World, *columns: dict[str, Any]) -> tuple[str, list[str]]:
    board = await make(world, "boards", name="Site")
    made = [await make(world, "board-columns", board_id=board["id"], **each) for each in columns]
    return board["id"], [each["id"] for each in made]


async def place(
    world: World, task: dict[str, Any], column: str, who: str = "member", *, query: str = "", **where: Any
) -> Response:
    body = {"column_id": column} | where
    return await world[who].post(f"/v1/tasks/{task['id']}/board-position{query}", body)


async def put(world: World, task: dict[str, Any], column: str, who: str = "member", **where: Any) -> dict[str, Any]:
    answer = await place(world, task, column, who, **where)
    assert answer.status_code == 200, answer.text
    card: dict[str, Any] = answer.json()
    return card


async def shown(world: World, board: str) -> list[tuple[str, str]]:
    """The board's cards in order: column and title."""
    path = f"/v1/projects/{world.project_id}/board-cards?board_id={board}&expand=task&limit=200"
    answer = await world["member"].get(path)
    assert answer.status_code == 200, answer.text
    return [(each["column_id"], each["task"]["title"]) for each in answer.json()["data"]]


async def titles(world: World, board: str) -> list[str]:
    return [title for _, title in await shown(world, board)]


# Refusals


async def test_strangers_find_no_board_and_readers_move_no_card(world: World) -> None:
    board, (todo,) = await make_board(world, {"name": "To do"})
    task = await make_task(world, "Dig")
    card = await put(world, task, todo)
    project = f"/v1/projects/{world.project_id}"
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        for path in (
            *(f"{project}/{noun}" for noun in ("boards", "board-columns", "board-cards")),
            *(f"/v1/boards/{board}", f"/v1/board-columns/{todo}", f"/v1/board-cards/{card['id']}"),
        ):
            assert (await caller.get(path)).status_code == 404
        assert (await caller.post(f"{project}/boards", {"name": "Mine"})).status_code == 404
        assert (await caller.post(f"/v1/tasks/{task['id']}/board-position", {"column_id": todo})).status_code == 404
        assert (await caller.delete(f"/v1/board-cards/{card['id']}", 1)).status_code == 404
        assert (await caller.delete(f"/v1/boards/{board}", 1)).status_code == 404
    assert (await place(world, task, todo, "stakeholder")).status_code == 403
    short = await world["member"].post(f"{project}/boards", {"name": "Mine"})
    assert (short.status_code, short.json()["code"]) == (403, "authority_required")
    assert (await world["member"].delete(f"/v1/board-cards/{card['id']}")).status_code == 428
    assert (await world["member"].delete(f"/v1/board-cards/{card['id']}", 9)).status_code == 412


async def test_what_makes_no_sense_is_refused_with_its_place(world: World) -> None:
    board, (todo, done) = await make_board(world, {"name": "To do"}, {"name": "Done"})
    dig, pour = await make_task(world, "Dig"), await make_task(world, "Pour")
    await put(world, dig, todo)
    nobody = str(new_id())
    for where, member in (
        ({"column_id": nobody}, "column_id"),
        ({"column_id": board}, "column_id"),
        ({"before_id": nobody}, "before_id"),
        ({"after_id": pour["id"]}, "after_id"),
        ({"column_id": done, "before_id": dig["id"]}, "before_id"),
    ):
        answer = (
            await place(world, pour, todo, **where)
            if "column_id" not in where
            else await world["member"].post(f"/v1/tasks/{pour['id']}/board-position", where)
        )
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{member}")
    both = await place(world, pour, todo, before_id=dig["id"], after_id=dig["id"])
    assert (both.status_code, both.json()["code"]) == (422, "validation_failed")
    assert (await place(world, dig, todo, after_id=dig["id"])).status_code == 422
    path = f"/v1/projects/{world.project_id}/board-columns"
    for wrong, code in (
        ({"board_id": nobody}, "unknown_reference"),
        ({"wip_limit": 0}, "validation_failed"),
        ({"wip_limit": True}, "validation_failed"),
        ({"position": 10**12}, "validation_failed"),
        ({"task_status": "blocked"}, "validation_failed"),
        ({"task_status": "done", "percent_complete": 50}, "column_contradicts_itself"),
        ({"task_status": "todo", "percent_complete": 1}, "column_contradicts_itself"),
        ({"task_status": "in_progress", "percent_complete": 100}, "column_contradicts_itself"),
    ):
        answer = await world["coordinator"].post(path, {"board_id": board, "name": "More"} | wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    refused = await world["coordinator"].delete(f"/v1/board-columns/{todo}", 1)
    assert (refused.status_code, refused.json()["code"], refused.json()["cards"]) == (409, "column_holds_cards", 1)


async def test_a_card_of_another_projects_column_is_refused(world: World) -> None:
    other = await world.under_test.world(make_policy())
    _, (theirs,) = await make_board(other, {"name": "To do"})
    answer = await place(world, await make_task(world, "Dig"), theirs)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_reference")


# The deed


async def test_cards_stand_where_they_are_put_and_columns_in_their_order(world: World) -> None:
    board, (todo, done) = await make_board(world, {"name": "To do"}, {"name": "Done"})
    a, b, c, d = [await make_task(world, title) for title in "ABCD"]
    for task in (a, b, c):
        await put(world, task, todo)
    await put(world, d, todo, before_id=a["id"])
    assert await titles(world, board) == ["D", "A", "B", "C"]
    await put(world, d, todo, after_id=b["id"])
    assert await titles(world, board) == ["A", "B", "D", "C"]
    moved = await put(world, b, done)
    assert await shown(world, board) == [(todo, "A"), (todo, "D"), (todo, "C"), (done, "B")]
    assert moved["version"] == 2
    await world["coordinator"].patch(f"/v1/board-columns/{done}", {"position": 0}, 1)
    assert await titles(world, board) == ["B", "A", "D", "C"]
    assert (await world["member"].delete(f"/v1/board-cards/{moved['id']}", 2)).status_code == 204
    assert await titles(world, board) == ["A", "D", "C"]
    assert (await world["manager"].delete(f"/v1/tasks/{d['id']}", d["version"])).status_code == 204
    assert await titles(world, board) == ["A", "C"]
    assert (await world["coordinator"].delete(f"/v1/board-columns/{done}", 2)).status_code == 204
    assert (await world["coordinator"].delete(f"/v1/boards/{board}", 1)).status_code == 204
    assert await titles(world, board) == []
    assert (await world["member"].get(f"/v1/board-columns/{todo}")).status_code == 404
    assert (await read_task(world, a))["status"] == "todo"


async def test_a_board_shows_its_columns_and_its_cards_by_label(world: World) -> None:
    board, (todo, done) = await make_board(world, {"name": "To do", "wip_limit": 3}, {"name": "Done"})
    wet, dry = [await make_task(world, title, labels=[title]) for title in ("Wet", "Dry")]
    label = await make(world, "labels", name="WET")
    for task in (wet, dry):
        await put(world, task, todo)
    columns = (await world["member"].get(f"/v1/boards/{board}?expand=columns")).json()["columns"]
    assert [(each["id"], each["wip_limit"], each["card_count"]) for each in columns] == [(todo, 3, 2), (done, None, 0)]
    path = f"/v1/projects/{world.project_id}/board-cards?board_id={board}"
    for query, task in ((f"label_id={label['id']}", wet), ("label_id[null]=true", dry)):
        answer = await world["member"].get(f"{path}&{query}")
        assert [each["task_id"] for each in answer.json()["data"]] == [task["id"]]


async def test_a_long_board_is_read_in_pages(world: World) -> None:
    board, columns = await make_board(world, {"name": "To do"}, {"name": "Done", "position": 0})
    tasks = [await make_task(world, title) for title in "ABCDEF"]
    for number, task in enumerate(tasks):
        await put(world, task, columns[number % 2])
    await put(world, tasks[4], columns[0], before_id=tasks[2]["id"])
    pages, cursor = [], ""
    while True:
        path = f"/v1/projects/{world.project_id}/board-cards?board_id={board}&expand=task&limit=1{cursor}"
        answer = (await world["member"].get(path)).json()
        pages += [each["task"]["title"] for each in answer["data"]]
        if answer["page"]["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['page']['next_cursor']}"
    assert pages == await titles(world, board) == list("BDFAEC")


async def test_a_task_may_stand_on_several_boards_and_once_on_each(world: World) -> None:
    (first, (one,)), (second, (two,)) = [await make_board(world, {"name": "To do"}) for _ in range(2)]
    task = await make_task(world, "Dig")
    ids = {(await put(world, task, column))["id"] for column in (one, two, one)}
    assert len(ids) == 2
    assert await titles(world, first) == await titles(world, second) == ["Dig"]


async def test_a_move_gives_the_task_the_progress_that_the_column_stands_for(world: World) -> None:
    _, (todo, half, done) = await make_board(
        world,
        {"name": "To do", "task_status": "todo"},
        {"name": "Half", "percent_complete": 50, "task_status": "in_progress"},
        {"name": "Done", "task_status": "done"},
    )
    task = await make_task(world, "Dig", duration_minutes=DAY)
    await put(world, task, todo)
    assert (await read_task(world, task))["version"] == task["version"]
    for column, status, percent in ((half, "in_progress", 50), (done, "done", 100), (todo, "todo", 0)):
        card = await put(world, task, column)
        now = await read_task(world, task)
        assert (now["status"], now["percent_complete"], card["column_id"]) == (status, percent, column)
    facts = await recorded(world, "planning.task.changed")
    assert [each["changed_fields"] for each in facts] == [["percent_complete", "status"], ["status"], ["status"]]


async def test_a_summary_has_no_progress_of_its_own_to_give(world: World) -> None:
    _, (plain, done) = await make_board(world, {"name": "Any"}, {"name": "Done", "task_status": "done"})
    summary = await make_task(world, "Foundation")
    await make_task(world, "Dig", parent_id=summary["id"])
    await put(world, summary, plain)
    answer = await place(world, summary, done)
    assert (answer.status_code, answer.json()["code"]) == (422, "summary_is_computed")


async def test_progress_by_a_card_is_judged_like_any_other(world: World) -> None:
    _, (done,) = await make_board(world, {"name": "Done", "task_status": "done"})
    dig, pour = await make_task(world, "Dig", duration_minutes=DAY), await make_task(world, "Pour")
    await make_link(world, dig, pour)
    answer = await place(world, dig, done, "stakeholder")
    assert answer.status_code == 403
    before = await read_task(world, dig)
    dry = await place(world, dig, done, query="?dry_run=true")
    assert (dry.status_code, dry.json()["dry_run"]) == (200, True)
    assert await read_task(world, dig) == before


# Limits


async def test_a_full_column_is_refused_and_may_be_decided(world: World) -> None:
    board, (doing,) = await make_board(world, {"name": "Doing", "wip_limit": 2})
    a, b, c = [await make_task(world, title) for title in "ABC"]
    await put(world, a, doing)
    await put(world, b, doing)
    full = await place(world, c, doing)
    assert (full.status_code, full.json()["code"]) == (409, "column_full")
    assert (full.json()["limit"], full.json()["cards"]) == (2, 2)
    for who in ("member", "coordinator"):
        asked = await place(world, c, doing, who, over_limit=True)
        assert (asked.status_code, asked.json()["code"]) == (403, "authority_required")
        assert asked.json()["exceeded"] == ["cards_over_limit"]
        assert asked.json()["impact"]["column"] == {"name": "Doing", "wip_limit": 2, "cards": 3}
    # Inside of the column nothing becomes more.
    await put(world, b, doing, before_id=a["id"])
    await put(world, c, doing, "manager", over_limit=True)
    assert await titles(world, board) == ["B", "A", "C"]
    path = f"/v1/board-columns/{doing}?expand=cards"
    assert (await world["member"].get(path)).json()["cards"] == {"count": 3, "over_limit": 1}
    decisions = (await world["manager"].get(f"/v1/projects/{world.project_id}/decisions")).json()["data"]
    assert ("board.move", "moved, 1 over the limit") in [(each["kind"], each["chosen"]) for each in decisions]
    await put(world, b, doing, after_id=c["id"])


async def test_a_limit_and_progress_are_judged_together(world: World) -> None:
    _, (done,) = await make_board(world, {"name": "Done", "wip_limit": 1, "task_status": "done"})
    a, b = [await make_task(world, title) for title in "AB"]
    await put(world, a, done)
    asked = await place(world, b, done, "coordinator", over_limit=True)
    assert (asked.status_code, asked.json()["kinds"]) == (403, ["board.move", "task.progress"])
    assert asked.json()["impact"]["column"]["cards"] == 2
    await put(world, b, done, "manager", over_limit=True)
    assert (await read_task(world, b))["status"] == "done"


# Several at once


async def test_who_moves_cards_at_once_loses_none_and_fills_no_column_too_far(world: World) -> None:
    board, (todo, doing, done) = await make_board(
        world, {"name": "To do"}, {"name": "Doing", "wip_limit": 3}, {"name": "Done", "task_status": "done"}
    )
    tasks = [await make_task(world, f"Task {number}") for number in range(8)]
    await asyncio.gather(*(place(world, task, todo) for task in tasks))
    assert sorted(await titles(world, board)) == [task["title"] for task in tasks]
    draw = random.Random(3)

    async def shuffle() -> None:
        for _ in range(6):
            task, other = draw.sample(tasks, 2)
            where = draw.choice(({}, {"before_id": other["id"]}, {"after_id": other["id"]}))
            answer = await place(world, task, draw.choice((todo, doing, done)), **where)
            assert answer.status_code in (200, 409, 422, 503), answer.text
            if answer.status_code == 409:
                assert answer.json()["code"] == "column_full"

    await asyncio.gather(*(shuffle() for _ in range(6)))
    cards = await shown(world, board)
    assert sorted(title for _, title in cards) == [task["title"] for task in tasks]
    assert sum(column == doing for column, _ in cards) <= 3


async def test_a_column_whose_ranks_have_grown_long_is_ranked_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(use_cases, "MAXIMUM_LENGTH", 8)
    board, (todo,) = await make_board(world, {"name": "To do"})
    a, b, *others = [await make_task(world, f"{number:02}") for number in range(10)]
    await put(world, a, todo)
    await put(world, b, todo)
    for _ in range(5):
        for each in others:
            card = await put(world, each, todo, before_id=b["id"])
            assert len(card["rank"]) <= 8
        assert await titles(world, board) == ["00", *(each["title"] for each in others), "01"]


async def recorded(world: World, fact_type: str) -> list[dict[str, Any]]:
    async with world.under_test.service.database.read(world.tenant_id) as session:
        rows = await session.rows(
            "select envelope::json->'data' as data from outbox where tenant_id = $1 and type = $2 order by number",
            world.tenant_id,
            fact_type,
        )
    return [orjson.loads(row["data"]) for row in rows]
