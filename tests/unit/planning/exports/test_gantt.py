"""The Gantt chart: where bars lie, how large plans break into pages, and that titles stay texts."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring

from services.kernel.ids import new_id
from services.kernel.language import Language
from services.planning.exports.gantt import PAPERS, gantt_losses, gantt_pages, write_gantt
from services.planning.exports.plan_contents import ExportedTask, PlanContents
from services.planning.exports.time_axis import TimeAxis
from services.planning.schedule.plan_rows import PlanLink
from tests.factories.plan_contents import contents_of, joined

FILES = Path(__file__).parents[3] / "data" / "msproject"
SVG = "{http://www.w3.org/2000/svg}"
START = datetime.fromisoformat("2026-03-02T08:00")


@pytest.fixture
def contents() -> PlanContents:
    return contents_of((FILES / "p61.xml").read_bytes())


def leaves(contents: PlanContents, count: int) -> list[ExportedTask]:
    model = next(task for task in contents.tasks if not task.summary and not task.milestone)
    return [
        replace(
            model,
            id=new_id(),
            title=f"Task {number}",
            start=START + timedelta(days=number),
            finish=START + timedelta(days=number, hours=8),
            critical=False,
            percent_complete=0,
        )
        for number in range(count)
    ]


def plan_of(contents: PlanContents, tasks: list[ExportedTask], links: list[PlanLink] | None = None) -> PlanContents:
    return replace(contents, tasks=tasks, links=links or [], assignments=[], baselines=[])


def drawing(contents: PlanContents, language: Language = Language.ENGLISH) -> Any:
    return fromstring(joined(write_gantt(contents, language)))


def texts(picture: Any) -> list[str]:
    return [each.text or "" for each in picture.iter(f"{SVG}text")]


def bars(picture: Any) -> list[tuple[float, float]]:
    """Left end and length of the bars of tasks, which alone are so high and rounded, the legend's left out."""
    found = [each for each in picture.iter(f"{SVG}rect") if each.get("height") == "6.2"]
    return [(float(each.get("x")), float(each.get("width"))) for each in found]


def test_a_bar_lies_where_its_days_are(contents: PlanContents) -> None:
    first, second, third = leaves(contents, 3)
    third.finish = third.start + timedelta(days=4)
    found = bars(drawing(plan_of(contents, [first, second, third])))
    assert [x for x, _ in found] == sorted(x for x, _ in found)
    assert found[2][1] / found[1][1] == pytest.approx(12, abs=0.1)


def test_every_task_of_a_plan_is_named_once(contents: PlanContents) -> None:
    told = texts(drawing(contents))
    for task in contents.tasks:
        assert told.count(task.title) == 1


@pytest.mark.parametrize("paper", list(PAPERS))
def test_a_large_plan_goes_on_over_pages_that_hold_every_row_once(contents: PlanContents, paper: str) -> None:
    tasks = leaves(contents, 150)
    pages = gantt_pages(plan_of(contents, tasks), paper, Language.NORWEGIAN)
    assert len(pages) == -(-150 // PAPERS[paper].rows)
    pictures: list[Any] = [fromstring(page) for page in pages]
    told = [text for picture in pictures for text in texts(picture) if text.startswith("Task ")]
    assert told == [task.title for task in tasks]
    for picture in pictures:
        assert "Tittel" in texts(picture)
        assert float(picture.get("height")) <= PAPERS[paper].height


def test_a_plan_without_tasks_says_so(contents: PlanContents) -> None:
    empty = plan_of(contents, [])
    assert "The plan has no tasks." in texts(drawing(empty))
    assert len(gantt_pages(empty, "a4", Language.ENGLISH)) == 1


def test_links_between_rows_of_a_page_are_drawn_whichever_ends_they_join(contents: PlanContents) -> None:
    first, second = leaves(contents, 2)
    for kind in ("finish_to_start", "start_to_start", "finish_to_finish", "start_to_finish"):
        for ends in ((first, second), (second, first)):
            link = PlanLink(new_id(), ends[0].id, ends[1].id, kind, 0, "working")
            assert len(list(drawing(plan_of(contents, [first, second], [link])).iter(f"{SVG}polyline"))) == 1


@pytest.mark.parametrize("title", ["<script>alert(1)</script>", "]]>", "a\x07\u202eb", '" onload="x', "&amp;"])
def test_a_title_is_a_text_and_nothing_else(contents: PlanContents, title: str) -> None:
    (task,) = leaves(contents, 1)
    picture = drawing(plan_of(contents, [replace(task, title=title)]))
    assert {each.tag.removeprefix(SVG) for each in picture.iter()} <= {
        "svg",
        "rect",
        "line",
        "text",
        "polygon",
        "polyline",
    }
    assert not [name for each in picture.iter() for name in each.attrib if name.startswith("on") or "href" in name]


@pytest.mark.parametrize(
    ("days", "step"),
    [(10, "day"), (100, "week"), (600, "month"), (3_000, "quarter"), (9_000, "year"), (70_000, "decade")],
)
def test_an_axis_has_the_divisions_that_its_length_deserves(days: int, step: str) -> None:
    axis = TimeAxis(START.date(), START.date() + timedelta(days=days - 1), 100, 500)
    assert axis.step == step
    for language in Language:
        for ticks in (axis.finer(language), axis.coarser(language)):
            assert all(before.end == after.x for before, after in pairwise(ticks))
            assert not ticks or (ticks[0].x, ticks[-1].end) == (100, 600)


def test_what_a_picture_does_not_show_is_told(contents: PlanContents) -> None:
    assert {loss.member for loss in gantt_losses(contents)} >= {"calendar", "resource"}
