"""Import mappings: who may keep one, what it may say, and that files are read by it."""

from typing import Any

import pytest

from services.kernel.ids import new_id
from tests.factories.imports import by_title, everything, imported, tried, upload, workbook
from tests.factories.policies import make_policy
from tests.factories.projects import make_project
from tests.factories.world import ServiceUnderTest, World

BODY = {
    "name": "The contractor's list",
    "columns": [
        {"column": "Nr", "member": "external_id"},
        {"column": "Aktivitet", "member": "title"},
        {"column": "Varighet", "member": "duration"},
        {"column": "Før", "member": "predecessors"},
        {"column": "Start", "member": "start"},
        {"column": "Frist", "member": "deadline"},
        {"column": "Ferdig", "member": "percent_complete"},
    ],
    "date_format": "dd.mm.yyyy",
    "decimal_sign": ",",
    "delimiter": ";",
}
TABLE = """Nr;Aktivitet;Varighet;Før;Start;Frist;Ferdig
1;Grave;2d;;09.03.2026;;100
2;Støpe;1,5d;1FS+1d;;20.03.2026;25
3;Åpning;0d;2;;;
"""


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


def path(world: World) -> str:
    return f"/v1/projects/{world.project_id}/import-mappings"


async def make_mapping(world: World, **members: Any) -> dict[str, Any]:
    answer = await world["manager"].post(path(world), BODY | members)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_the_team_sees_mappings_and_the_coordinator_keeps_them(world: World) -> None:
    made = await make_mapping(world)
    own = f"/v1/import-mappings/{made['id']}"
    assert (await world.under_test.http.get(path(world))).status_code == 401
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(path(world))).status_code == 404
        assert (await caller.get(own)).status_code == 404
        assert (await caller.post(path(world), BODY)).status_code == 404
        assert (await caller.patch(own, {"decimal_sign": "."}, 1)).status_code == 404
        assert (await caller.delete(own, 1)).status_code == 404
    assert (await world["auditor"].post(path(world), BODY | {"name": "Other"})).status_code == 403
    assert (await world["member"].get(own)).json()["columns"] == BODY["columns"]
    changed = await world["coordinator"].patch(own, {"decimal_sign": ".", "sheet": "Plan"}, 1)
    assert (changed.status_code, changed.json()["decimal_sign"], changed.json()["sheet"]) == (200, ".", "Plan")
    assert (await world["coordinator"].patch(own, {"sheet": None}, 1)).status_code == 412
    assert (await world["coordinator"].delete(own, 2)).status_code == 204
    assert (await world["manager"].get(own)).status_code == 404


async def test_a_name_is_given_once_in_a_project(world: World) -> None:
    await make_mapping(world)
    again = await world["manager"].post(path(world), BODY)
    assert (again.status_code, again.json()["code"]) == (409, "already_exists")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 201},
        {"columns": []},
        {"columns": [{"column": "A", "member": "start"}]},
        {"columns": [{"column": "A", "member": "title"}, {"column": "B", "member": "title"}]},
        {"columns": [{"column": "A", "member": "password"}]},
        {"columns": [{"column": "", "member": "title"}]},
        {"date_format": "%Y"},
        {"decimal_sign": ";"},
        {"delimiter": "ab"},
        {"encoding": "utf-7"},
        {"header_row": 0},
        {"header_row": True},
        {"outline": "magic"},
        {"unknown": 1},
    ],
)
async def test_a_mapping_says_only_what_can_be_read(world: World, wrong: dict[str, Any]) -> None:
    answer = await world["manager"].post(path(world), BODY | wrong)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"]
    made = await make_mapping(world)
    if "columns" in wrong or "name" in wrong:
        answer = await world["manager"].patch(f"/v1/import-mappings/{made['id']}", wrong, 1)
        assert answer.status_code == 422, answer.text
    nulls = dict.fromkeys(("name", "columns", "decimal_sign"))
    for name, value in nulls.items():
        answer = await world["manager"].patch(f"/v1/import-mappings/{made['id']}", {name: value}, 1)
        assert answer.status_code == 422, answer.text


async def test_a_table_is_read_by_its_mapping(world: World) -> None:
    made = await make_mapping(world)
    query = f"?mapping_id={made['id']}"
    content = TABLE.encode("windows-1252")
    preview = (await tried(world, content, filename="list.csv", query=query))["result"]
    assert preview["rows"][1] == {
        "row": "3",
        "title": "Støpe",
        "deadline": "2026-03-20T17:00:00",
        "duration_minutes": "675",
        "percent_complete": "25",
        "external_id": "2",
        "predecessors": "1FS+1d",
    }
    assert await everything(world, "tasks") == []
    found = await imported(world, content, filename="list.csv", query=query)
    assert (found["format"], found["counts"]["tasks"], found["counts"]["dependencies"]) == ("csv", 3, 2)
    tasks = await by_title(world)
    assert (tasks["Grave"]["status"], tasks["Grave"]["percent_complete"]) == ("done", 100)
    assert (tasks["Grave"]["start"], tasks["Støpe"]["duration_minutes"]) == ("2026-03-09T08:00:00", 675)
    assert tasks["Støpe"]["percent_complete"] == 25
    assert tasks["Åpning"]["milestone"] is True
    assert tasks["Støpe"]["start"] > tasks["Grave"]["finish"]
    assert tasks["Grave"]["external_refs"] == [{"system": "table", "type": made["id"], "id": "1", "url": None}]
    newer = (TABLE + "4;Rydde;1d;3;;;\n").encode("windows-1252")
    again = await imported(world, newer, filename="newer.csv", query=query)
    assert (again["counts"]["tasks"], again["counts"]["dependencies"]) == (1, 1)
    other = await imported(world, b"Nr;Navn\n1;Noe annet\n", filename="other.csv")
    assert other["counts"]["tasks"] == 1, "without a mapping an id is nobody's name"


async def test_a_workbook_is_read_by_the_same_mapping(world: World) -> None:
    made = await make_mapping(world)
    rows = [line.split(";") for line in TABLE.splitlines()]
    found = await imported(world, workbook(rows), filename="list.xlsx", query=f"?mapping_id={made['id']}")
    assert (found["format"], found["counts"]["tasks"], found["counts"]["dependencies"]) == ("xlsx", 3, 2)


async def test_only_a_mapping_of_the_same_project_is_read_by(world: World) -> None:
    made = await make_mapping(world)
    elsewhere = await make_project(world)
    for mapping_id, status in ((new_id(), 422), (made["id"], 422), ("x", 400)):
        files = {"file": ("list.csv", TABLE.encode(), "text/csv")}
        answer = await world["manager"].request(
            "POST", f"/v1/projects/{elsewhere}/imports?mapping_id={mapping_id}", files=files
        )
        assert answer.status_code == status, answer.text


async def test_a_job_reads_by_the_mapping_as_it_was_when_it_was_asked_for(world: World) -> None:
    made = await make_mapping(world)
    answer = await upload(
        world, world["manager"], b"Nr;Aktivitet\n1;Grave\n", filename="list.csv", query=f"?mapping_id={made['id']}"
    )
    assert answer.status_code == 202
    async with world.under_test.service.database.read(world.tenant_id) as session:
        kept = await session.value(
            "select arguments->'reading'->>'mapping' from jobs where tenant_id = $1 and kind = 'import_plan'",
            world.tenant_id,
        )
    assert "Aktivitet" in kept
