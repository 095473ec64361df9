"""A plan as tables: CSV that no spreadsheet runs, and a workbook whose cells are what they look like."""

import csv
import io
import re
import tracemalloc
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring

from services.kernel.ids import new_id
from services.kernel.language import Language
from services.planning.exports.csv_writer import neutral, table_losses, write_csv
from services.planning.exports.plan_contents import PlanContents
from services.planning.exports.sheets import SheetName, sheets_of
from services.planning.exports.workbook import column_name, write_workbook
from tests.factories.plan_contents import contents_of, joined

FILES = Path(__file__).parents[3] / "data" / "msproject"
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
Cells = dict[str, tuple[str, str, int]]

FORMULAS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "|cmd",
    "%0A",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "\u00a0=1",
    "'=1",
    '"=1',
    "\u200b=1",
    "\uff1d1",
)


def plan(name: str = "p61") -> PlanContents:
    return contents_of((FILES / f"{name}.xml").read_bytes())


def rows(contents: PlanContents, name: SheetName) -> list[dict[str, str]]:
    text = joined(write_csv(sheets_of(contents)[name])).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def workbook(contents: PlanContents, language: Language = Language.ENGLISH) -> dict[str, Cells]:
    """The cells of each sheet by place: value, type and the number of the look."""
    with zipfile.ZipFile(io.BytesIO(joined(write_workbook(contents, language)))) as archive:
        assert archive.testzip() is None
        names = [sheet.get("name") for sheet in fromstring(archive.read("xl/workbook.xml")).iter(f"{MAIN}sheet")]
        found = {}
        for number, name in enumerate(names, 1):
            assert name is not None
            sheet = fromstring(archive.read(f"xl/worksheets/sheet{number}.xml"))
            found[name] = dict(cells_of(sheet))
    return found


def cells_of(sheet: object) -> Iterator[tuple[str, tuple[str, str, int]]]:
    for cell in sheet.iter(f"{MAIN}c"):  # type: ignore[attr-defined]  # an element of the parser
        assert cell.find(f"{MAIN}f") is None
        value = "".join(part.text or "" for part in cell.iter() if part.tag in (f"{MAIN}v", f"{MAIN}t"))
        yield cell.get("r"), (value, cell.get("t", "n"), int(cell.get("s", 0)))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_looks_like_a_formula_is_none(text: str) -> None:
    assert neutral(text) == f"'{text}"
    contents = plan()
    contents.tasks[0] = replace(contents.tasks[0], title=text, notes=text, labels=[text], wbs_code=text, assignee=text)
    contents.resources[0] = replace(contents.resources[0], name=text, email=text)
    task, resource = rows(contents, SheetName.TASKS)[0], rows(contents, SheetName.RESOURCES)[0]
    for written in (*(task[name] for name in ("title", "notes", "labels", "wbs_code", "assignee")), resource["name"]):
        assert written == f"'{text}"
    title = workbook(contents)["Tasks"]["C2"]
    assert title[1] == "inlineStr"


def test_numbers_dates_and_plain_texts_stay_what_they_are() -> None:
    assert [neutral(text) for text in ("Dig", "1-2", "", "a=b", "Ærlig")] == ["Dig", "1-2", "", "a=b", "Ærlig"]
    contents = plan("p34")
    task = contents.tasks[5] = replace(
        contents.tasks[5], total_float_minutes=-480, deadline=datetime.fromisoformat("2026-03-02T16:00")
    )
    written = rows(contents, SheetName.TASKS)
    assert [row["title"] for row in written] == [each.title for each in contents.tasks]
    assert written[5]["total_float_days"] == "-1"
    assert written[5]["deadline"] == "2026-03-02T16:00"
    assert written[5]["start"] == task.start.isoformat(timespec="minutes")
    assert written[5]["predecessors"] == "5FS-32h"


def test_a_cell_of_a_date_is_a_date_and_a_number_a_number() -> None:
    contents = plan()
    cells = workbook(contents)["Tasks"]
    value, kind, _ = cells["G2"]
    assert kind == "n"
    serial = timedelta(days=float(value))
    assert abs(datetime.fromisoformat("1899-12-30") + serial - contents.tasks[0].start) < timedelta(seconds=1)
    assert cells["A2"][:2] == ("1", "n")
    assert cells["C2"][:2] == (contents.tasks[0].title, "inlineStr")


def test_the_same_plan_is_the_same_workbook_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    contents = contents_of((FILES / "p34.xml").read_bytes())
    first = joined(write_workbook(contents, Language.ENGLISH))
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    assert joined(write_workbook(contents, Language.ENGLISH)) == first


def test_a_workbook_has_the_tables_and_the_chart_in_the_readers_language() -> None:
    contents = plan()
    english, norwegian = workbook(contents), workbook(contents, Language.NORWEGIAN)
    assert list(english) == ["Tasks", "Dependencies", "Resources", "Assignments", "Gantt"]
    assert list(norwegian) == ["Oppgaver", "Avhengigheter", "Ressurser", "Tildelinger", "Gantt"]
    assert norwegian["Oppgaver"]["C1"][0] == "Tittel"
    assert len([place for place in english["Assignments"] if place.startswith("A")]) == len(contents.assignments) + 1


def test_the_chart_fills_the_days_of_a_task_and_no_others() -> None:
    contents = plan()
    model = next(task for task in contents.tasks if not task.summary and not task.milestone)
    start = datetime.fromisoformat("2026-03-02T08:00")
    bar = replace(model, start=start, finish=start + timedelta(days=3, hours=8), percent_complete=50, critical=False)
    gate = replace(
        model, id=new_id(), start=start + timedelta(days=9), finish=start + timedelta(days=9), milestone=True
    )
    contents = replace(contents, tasks=[bar, gate], links=[], assignments=[])
    cells = workbook(contents)["Gantt"]
    assert [cells[f"{column_name(4 + day)}2"][0] for day in range(10)] == [str(day) for day in range(2, 12)]
    looks = [cells.get(f"{column_name(4 + day)}3", ("", "", 0))[2] for day in range(10)]
    assert looks[0] == looks[1] != looks[2] == looks[3]
    assert len({looks[4], looks[7], looks[8], looks[9]}) == 1, "days without the task look like working days"
    assert looks[5] == looks[6] != looks[4], "Saturday and Sunday are marked"
    assert cells["N4"][0] == "\N{BLACK DIAMOND}"


@pytest.mark.parametrize(("days", "columns"), [(150, 151), (2_000, 286), (9_000, 296), (80_000, 1_200)])
def test_the_chart_counts_days_weeks_or_months(days: int, columns: int) -> None:
    contents = plan()
    start = datetime.fromisoformat("2026-03-02T08:00")
    task = replace(contents.tasks[0], start=start, finish=start + timedelta(days=days))
    contents = replace(contents, tasks=[task], links=[], assignments=[])
    heads = [place for place in workbook(contents)["Gantt"] if re.fullmatch("[A-Z]+2", place)]
    assert len(heads) - 4 == columns


def test_a_plan_without_tasks_makes_tables_without_rows() -> None:
    contents = replace(plan(), tasks=[], links=[], assignments=[], resources=[])
    assert rows(contents, SheetName.TASKS) == []
    assert workbook(contents)["Gantt"]["A1"][0] == "The plan has no tasks."


def test_what_is_no_character_of_xml_is_left_out_and_what_looks_like_an_escape_stays() -> None:
    contents = plan()
    contents.tasks[0] = replace(contents.tasks[0], title="_x0041_ \x07<&>", notes="one\r\ntwo")
    cells = workbook(contents)["Tasks"]
    assert cells["C2"][0] == "_x005F_x0041_ <&>"
    assert cells["Z2"][0] == "one\ntwo"


def test_a_large_plan_is_written_piece_by_piece() -> None:
    contents = plan()
    model = next(task for task in contents.tasks if not task.summary)
    many = [replace(model, id=new_id(), start=model.start + timedelta(days=number % 900)) for number in range(2_000)]
    for task in many:
        task.finish = task.start + timedelta(days=9)
    contents = replace(contents, tasks=many, links=[], assignments=[], baselines=[])
    tracemalloc.start()
    largest = max(len(part) for part in write_workbook(contents, Language.ENGLISH))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert largest < 1_000_000
    assert peak < 10_000_000


def test_what_tables_do_not_tell_is_told() -> None:
    contents = plan()
    assert {"calendar"} <= {loss.member for loss in table_losses(contents)}
