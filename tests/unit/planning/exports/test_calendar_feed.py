"""A plan as a calendar: what a calendar program finds in it, and that no title makes a line of its own."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest

from services.kernel.ids import new_id
from services.planning.exports.calendar_feed import calendar_losses, write_calendar
from services.planning.exports.plan_contents import ExportedTask, PlanContents
from tests.factories.plan_contents import contents_of, joined

FILES = Path(__file__).parents[3] / "data" / "msproject"
START = datetime.fromisoformat("2026-03-27T08:00")


@pytest.fixture
def contents() -> PlanContents:
    return contents_of((FILES / "p61.xml").read_bytes())


def plan_of(contents: PlanContents, *tasks: ExportedTask) -> PlanContents:
    return replace(contents, tasks=list(tasks), links=[], assignments=[])


def leaf(contents: PlanContents) -> ExportedTask:
    task = next(task for task in contents.tasks if not task.summary and not task.milestone)
    return replace(task, id=new_id(), start=START, finish=START + timedelta(days=4, hours=8))


def events(contents: PlanContents, *, milestones_only: bool = False) -> list[Any]:
    file = joined(write_calendar(contents, milestones_only=milestones_only))
    assert all(len(line) <= 75 for line in file.split(b"\r\n"))
    calendar = icalendar.Calendar.from_ical(file)
    assert not calendar.errors
    return list(calendar.walk("VEVENT"))


def test_a_task_lasts_from_its_start_to_its_finish_over_a_change_of_the_clock(contents: PlanContents) -> None:
    (event,) = events(plan_of(contents, leaf(contents)))
    assert event["DTSTART"].dt == datetime(2026, 3, 27, 7, tzinfo=UTC)
    assert event["DTEND"].dt == datetime(2026, 3, 31, 14, tzinfo=UTC)
    assert event["TRANSP"] == "TRANSPARENT"


def test_a_milestone_is_its_whole_day(contents: PlanContents) -> None:
    task = leaf(contents)
    gate = replace(task, id=new_id(), milestone=True, finish=START)
    found = events(plan_of(contents, task, gate), milestones_only=True)
    assert [(event["DTSTART"].dt, event["DTEND"].dt) for event in found] == [(date(2026, 3, 27), date(2026, 3, 28))]


def test_summaries_and_what_is_not_active_are_left_out(contents: PlanContents) -> None:
    task = leaf(contents)
    few = plan_of(contents, task, replace(task, id=new_id(), summary=True), replace(task, id=new_id(), active=False))
    assert [event["UID"] for event in events(few)] == [f"{task.id}@tandem"]
    assert {loss.member: loss.count for loss in calendar_losses(few) if loss.member == "task"} == {"task": 2}
    whole = events(contents)
    assert len(whole) == sum(task.active and not task.summary for task in contents.tasks)


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\u000b", "\u000c", "\u0085", "\u2028", "\u2029"])
def test_a_line_end_in_a_title_makes_no_line(contents: PlanContents, end: str) -> None:
    title = f"Dig{end}END:VEVENT{end}BEGIN:VALARM{end}ATTENDEE:mailto:spy@evil.example"
    task = replace(leaf(contents), title=title, notes=title + "\x07", labels=[f"a{end}b,c;d"])
    (event,) = events(plan_of(contents, task))
    assert "ATTENDEE" not in event
    assert not event.subcomponents
    assert str(event["SUMMARY"]) == "Dig END:VEVENT BEGIN:VALARM ATTENDEE:mailto:spy@evil.example"


def test_letters_of_several_bytes_are_never_torn(contents: PlanContents) -> None:
    for shift in range(4):
        title = "x" * shift + "Ærlig 橋 🚧" * 20
        (event,) = events(plan_of(contents, replace(leaf(contents), title=title)))
        assert str(event["SUMMARY"]) == title
