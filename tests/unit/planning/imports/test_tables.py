"""Tables as plans: columns by a mapping or by their names, dates, durations, links, and the outline told in four ways."""

import io
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.planning.imports.file_plan import FilePlan, Reading
from services.planning.imports.formats import read_plan
from services.planning.imports.mspdi import MspdiLink, MspdiTask
from services.planning.imports.record_stream import UnreadableFile
from services.planning.imports.schemas import NewImportMapping
from services.planning.imports.table_plan import DATE_FORMATS, MEMBERS, ColumnMember
from tests.factories.imports import workbook

FILES = Path(__file__).parents[3] / "data" / "imports"
DAY = 4500


def mapping(**members: Any) -> str:
    columns = members.pop("columns")
    body = {"name": "Ours", "columns": [{"column": column, "member": member} for member, column in columns.items()]}
    return NewImportMapping.model_validate(body | members).model_dump_json()


def read(content: str | bytes, stored: str | None = None, name: str = "table.csv", **options: Any) -> FilePlan:
    reading = Reading(time_zone="Europe/Oslo", minutes_per_day=450, mapping=stored, **options)
    return read_plan(content.encode() if isinstance(content, str) else content, name, reading)


def tasks(file: FilePlan) -> dict[str, MspdiTask]:
    return {task.name: task for task in file.plan.tasks}


def outline(file: FilePlan) -> list[tuple[int, str]]:
    return [(task.outline_level, task.name) for task in file.plan.tasks]


def told(file: FilePlan, path: str, disposition: str) -> list[str]:
    return [each.reason for each in file.plan.report if (each.path, each.disposition) == (path, disposition)]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_the_members_of_a_mapping_are_those_that_are_read() -> None:
    assert set(ColumnMember) == set(MEMBERS)
    assert NewImportMapping.model_json_schema()["properties"]["date_format"]["anyOf"][0]["enum"] == list(DATE_FORMATS)


def test_a_board_without_a_mapping_is_read_by_the_names_of_its_columns() -> None:
    file = read((FILES / "board.csv").read_bytes())
    card = tasks(file)["Test card 2"]
    assert (card.constraint_date, card.deadline) == (moment("2020-04-15T08:00"), moment("2020-05-11T17:00"))
    assert [name for level, name in outline(file) if level == 1] == ["Stage 1", "Stage 3", "Stage 2", "Stage 4"]
    assert told(file, "Members", "dropped") == ["no member is mapped to it"]
    assert (file.rows[0]["title"], file.rows[0]["start"]) == ("Test card 1", "2020-03-20T08:00:00")


NORWEGIAN = """Nr;Aktivitet;Varighet;Start;Slutt;Foregående;Nivå;Fremdrift;Hvem
1;Grunnarbeid;;;;;1;;
2;Grave;2,5d;09.03.2026;;;2;50 %;Kari[50%];
3;Støpe;1 u;;;2FS+2d;2;;Ola
4;Åpning;0d;;;3SS-50%;2;;
x5;Rydde;4 t;;20.03.2026;2;9;;
"""


def test_a_mapping_says_what_norwegian_columns_mean() -> None:
    columns = {
        "external_id": "nr",
        "title": "Aktivitet",
        "duration": "Varighet",
        "start": "Start",
        "finish": "Slutt",
        "predecessors": "Foregående",
        "outline_level": "Nivå",
        "percent_complete": "Fremdrift",
        "assignee": "Hvem",
    }
    stored = mapping(columns=columns, date_format="dd.mm.yyyy", decimal_sign=",", delimiter=";")
    file = read(NORWEGIAN.encode("windows-1252"), stored)
    assert outline(file) == [(1, "Grunnarbeid"), (2, "Grave"), (2, "Støpe"), (2, "Åpning"), (3, "Rydde")]
    found = tasks(file)
    grave, pour, opening, tidy = (found[name] for name in ("Grave", "Støpe", "Åpning", "Rydde"))
    assert (grave.duration, grave.percent_complete) == (2.5 * DAY, 50)
    assert (pour.duration, tidy.duration, opening.milestone) == (5 * DAY, 2400, True)
    assert pour.links == [MspdiLink(grave.uid, 1, 2 * DAY)]
    assert opening.links == [MspdiLink(pour.uid, 3, -50, percent=True)]
    assert tidy.links == [MspdiLink(grave.uid)]
    assert tidy.deadline == moment("2026-03-20T17:00")
    assert [each.name for each in file.plan.resources] == ["Kari", "Ola"]
    assert file.plan.assignments[0].work == 2.5 * DAY
    assert told(file, "Nivå", "changed") == ["one level below the row before it at most"]
    assert file.rows[1]["duration_minutes"] == "1125"


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("WBS,Name\n1,A\n1.1,B\n1.1.2,C\n2,D\n2.3.4,E\n", None),
        ("ID,Name,Parent\n1,A,\n2,B,1\n3,C,B\n4,D,\n5,E,4\n", None),
        ("Level,Name\n1,A\n2,B\n3,C\n1,D\n2,E\n", "level"),
    ],
)
def test_the_outline_is_told_by_codes_by_parents_or_by_levels(text: str, by: str | None) -> None:
    assert outline(read(text)) == [(1, "A"), (2, "B"), (3, "C"), (1, "D"), (2, "E")]


def test_links_speak_of_ids_or_else_of_rows() -> None:
    by_row = read("Name;Predecessors\nA;\nB;1\nC;1FF+1ed;2SS\n".replace("1FF+1ed;2SS", '"1FF+1ed;2SS"'))
    a, b, c = by_row.plan.tasks
    assert b.links == [MspdiLink(a.uid)]
    assert c.links == [MspdiLink(a.uid, 0, 14_400, elapsed=True), MspdiLink(b.uid, 3)]
    by_id = read("ID,Name,Predecessors\nFS,A,\nxFS,B,FS\n3,C,xFSSS+1d\n4,D,99\n")
    a, b, c, _ = by_id.plan.tasks
    assert (b.links, c.links) == ([MspdiLink(a.uid)], [MspdiLink(b.uid, 3, DAY)])
    assert told(by_id, "Predecessors", "dropped") == ["there is no such row"]


@pytest.mark.parametrize(
    ("date_format", "text", "expected"),
    [
        ("dd.mm.yyyy", "03.04.2026", "2026-04-03T08:00"),
        ("mm/dd/yyyy", "03/04/2026", "2026-03-04T08:00"),
        ("dd/mm/yyyy", "3/4/26", "2026-04-03T08:00"),
        (None, "2026-04-03", "2026-04-03T08:00"),
        (None, "2026-04-03T10:00:00Z", "2026-04-03T12:00"),
        (None, "Fri 03.04.26 07:30", "2026-04-03T07:30"),
        ("mm/dd/yyyy", "13/13/2026", None),
        ("dd.mm.yyyy", "31.02.2026", None),
        (None, "tomorrow", None),
        (None, "9" * 50_000, None),
    ],
)
def test_dates_are_read_as_the_mapping_says(date_format: str | None, text: str, expected: str | None) -> None:
    stored = mapping(columns={"title": "Name", "start": "Start"}, date_format=date_format)
    start = read(f"Name,Start\nA,{text}\n", stored).plan.tasks[0].start
    assert start == (None if expected is None else moment(expected))


def test_a_workbook_is_read_like_a_table_with_its_own_dates_and_numbers() -> None:
    rows: list[list[Any]] = [
        ["ID", "Task name", "Duration", "Start", "% complete", "Predecessors"],
        [1, "A", "3d", moment("2026-03-09T08:00"), 100, None],
        [2, "B", 2, None, 0.0, "1FS+1d"],
        [],
        [3, "=1+1", None, moment("2026-03-12"), None, 2],
    ]
    file = read(workbook(rows), name="plan.bin")
    a, b, formula = file.plan.tasks[0], file.plan.tasks[1], file.plan.tasks[2:]
    assert (file.format, a.name, a.start, a.percent_complete) == ("xlsx", "A", moment("2026-03-09T08:00"), 100)
    assert (b.duration, b.links) == (2 * DAY, [MspdiLink(a.uid, 1, DAY)])
    assert not formula, "a formula whose value the file does not keep has none"


def test_a_workbooks_percentages_are_those_that_it_shows() -> None:
    from openpyxl import Workbook  # type: ignore[import-untyped]  # noqa: PLC0415 -- only few tests write workbooks

    book, written = Workbook(), io.BytesIO()
    for row in (["Name", "% complete"], ["A", 0.5], ["B", 50]):
        book.active.append(row)
    book.active["B2"].number_format = "0%"
    book.save(written)
    assert [task.percent_complete for task in read(written.getvalue()).plan.tasks] == [50, 50]


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\r\nName;Duration\r\nA;2d\r\n",
        "\ufeffTask_Name,Duration\nA,2 days?\n",
        "Card ID\tCard Name\tDuration\n1\tA\t2\n",
    ],
)
def test_tables_of_spreadsheets_and_other_tools_are_known(text: str) -> None:
    (task,) = read(text).plan.tasks
    assert (task.name, task.duration) == ("A", 2 * DAY)


def test_an_id_is_a_name_only_under_a_mapping() -> None:
    text = "ID,Name\n7,A\n"
    without, stored = read(text), orjson.loads(mapping(columns={"title": "Name", "external_id": "ID"}))
    under = read(text, orjson.dumps(stored | {"id": "m-1"}).decode())
    assert [file.origins[1].id for file in (without, under)] == ["", "7"]
    assert under.origins[1].type == "m-1"


def bomb() -> bytes:
    """A megabyte of zip that unpacks to a gigabyte."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", b"\0" * 80_000_000)
    return written.getvalue()


XXE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet>&a;</worksheet>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x03\x04" + b"\0" * 100, "not_xlsx"),
        (workbook([["Name"], ["A"]])[:2_000], "not_xlsx"),
        (workbook([["Name"], ["A"]], {"xl/worksheets/sheet1.xml": XXE}), "forbidden_dtd"),
        (workbook([["Name"], ["A"]], {"xl/worksheets/sheet1.xml": XXE.decode().encode("utf-16")}), "forbidden_dtd"),
        (workbook([["Name"], ["A"]], {"xl/workbook.xml": b"<workbook"}), "not_xlsx"),
        (workbook([["Name"], ["A"]], {f"x{number}": b"" for number in range(2_100)}), "zip_bomb"),
        (bomb(), "zip_bomb"),
    ],
)
def test_a_hostile_workbook_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        read(content, name="plan.xlsx")
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("content", "code", "place"),
    [
        (b"", "no_header", "line 1"),
        (b"\n\n", "no_header", "line 1"),
        (b"A,B\n1,2\n", "no_title", "the header"),
        (b"Name\n" + b"x" * 200_000, "not_csv", "line 2"),
        (b"Name\nA\x00\n", "not_text", "line 2"),
        (b"\xff\xfeN\x00a", "not_text", "line 1"),
        (b"Name\nA\x81\n", "not_text", "line 2"),
        (b"Name" + b"," * 400, "too_many_columns", "line 1"),
        (b"Name\nA\nB\nC\n", "too_many_records", "row 4"),
        (b"ID,Name,Parent\n1,A,2\n2,B,1\n", "parent_cycle", "row 2"),
        (b"ID,Name,Parent\n1,A,1\n", "parent_cycle", "row 2"),
    ],
)
def test_what_is_no_table_is_refused_with_its_place(content: bytes, code: str, place: str) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        read(content, max_tasks=2)
    assert (refusal.value.code, refusal.value.place) == (code, place)


def test_a_mapping_whose_column_or_sheet_is_not_there_is_told() -> None:
    for content, options, code in (
        (b"Name\nA\n", {}, "no_such_column"),
        (b"Name\nA\n", {"header_row": 9}, "no_header"),
        (workbook([["Title"], ["A"]]), {"sheet": "Plan"}, "no_sheet"),
    ):
        with pytest.raises(UnreadableFile) as refusal:
            read(content, mapping(columns={"title": "Title"}, **options))
        assert refusal.value.code == code


def test_huge_numbers_and_nonsense_leave_no_trace_but_the_report() -> None:
    text = "Name,Duration,% complete,Priority,Outline level,Predecessors\n"
    text += f"A,{'9' * 40}d,1e99,-5,NaN,{'7' * 200}\nB,-3d,Infinity,1e400,-1,1XX;;2\nC,3 fortnights,,,,\n"
    file = read(text)
    assert [task.duration for task in file.plan.tasks] == [DAY] * 3
    assert told(file, "Duration", "dropped") == ["not a duration"]
    assert told(file, "% complete", "dropped") == ["not a number in bounds"]
    assert all(not task.links for task in file.plan.tasks)
    orjson.dumps(file.plan.report)
