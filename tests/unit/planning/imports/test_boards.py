"""Readers of boards and issues: what becomes of lists, cards, sections, subtasks, links, people and estimates."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.planning.imports.file_plan import FilePlan, Reading
from services.planning.imports.formats import read_plan
from services.planning.imports.mspdi import MspdiTask
from services.planning.imports.record_stream import UnreadableFile
from tests.factories.imports import board

FILES = Path(__file__).parents[3] / "data" / "imports"
OSLO = Reading(time_zone="Europe/Oslo", minutes_per_day=450)
DAY = 4500


def read(document: Any, name: str = "file.json", reading: Reading = OSLO) -> FilePlan:
    content = document if isinstance(document, bytes) else orjson.dumps(document)
    return read_plan(content, name, reading)


def read_csv(text: str, reading: Reading = OSLO) -> FilePlan:
    return read_plan(text.encode(), "file.csv", reading)


def tasks(file: FilePlan) -> dict[str, MspdiTask]:
    return {task.name: task for task in file.plan.tasks}


def outline(file: FilePlan) -> list[tuple[int, str]]:
    return [(task.outline_level, task.name) for task in file.plan.tasks]


def links(file: FilePlan) -> set[tuple[str, str]]:
    names = {task.uid: task.name for task in file.plan.tasks}
    return {(names[link.predecessor_uid], task.name) for task in file.plan.tasks for link in task.links}


def people(file: FilePlan, name: str) -> list[str]:
    resources = {each.uid: each.name for each in file.plan.resources}
    uid = tasks(file)[name].uid
    return [resources[each.resource_uid] for each in file.plan.assignments if each.task_uid == uid]


def told(file: FilePlan, path: str, disposition: str) -> list[str]:
    return [each.reason for each in file.plan.report if (each.path, each.disposition) == (path, disposition)]


# Trello


def test_a_board_becomes_an_outline_in_the_order_of_its_positions() -> None:
    file = read(board())
    assert file.format == "trello"
    assert outline(file) == [
        (1, "To do"),
        (2, "Old idea"),
        (2, "Survey"),
        (1, "Doing"),
        (2, "Girders"),
        (3, "Weld"),
        (3, "Paint"),
    ]


def test_a_cards_dates_are_local_and_its_due_date_is_a_deadline() -> None:
    survey = tasks(read(board()))["Survey"]
    assert survey.constraint_date == datetime.fromisoformat("2026-03-09T08:00")
    assert survey.deadline == datetime.fromisoformat("2026-03-13T23:30")
    assert survey.duration == 5 * DAY, "Monday to Friday"


def test_a_card_keeps_labels_people_fields_and_comments() -> None:
    file = read(board())
    survey = tasks(file)["Survey"]
    assert file.origins[survey.uid].labels == ("steel", "green")
    assert file.origins[survey.uid].id == f"{11:024x}"
    assert people(file, "Survey") == ["Member", "Somebody Else"]
    assert file.plan.resources[0].email == "MEMBER@example.org"
    assert "Cold & wet" in survey.notes
    assert "Area: North" in survey.notes
    assert "2026-02-01, Member: Ask the client" in survey.notes
    assert told(file, "actions", "dropped") == ["history of the board"]


def test_what_is_done_is_done_and_what_is_archived_is_inactive() -> None:
    file = read(board())
    found = tasks(file)
    assert (found["Weld"].percent_complete, found["Paint"].percent_complete) == (100, 0)
    assert (found["Old idea"].active, found["Survey"].active) == (False, True)
    assert told(file, "cards/closed", "changed")


def test_a_real_board_is_read() -> None:
    file = read((FILES / "trello-board.json").read_bytes())
    assert outline(file)[:3] == [(1, "Todo"), (2, "Write code"), (2, "Review code")]
    assert "Dropdown: Down" in tasks(file)["Visualize code"].notes
    assert told(file, "lists", "dropped") == ["a list without cards"]


# Asana

ASANA = {
    "data": [
        {
            "gid": "1",
            "name": "Dig",
            "notes": "Deep",
            "resource_type": "task",
            "memberships": [{"project": {"gid": "9", "name": "P"}, "section": {"gid": "s1", "name": "Ground"}}],
            "assignee": {"gid": "u1", "name": "Kari", "email": "kari@example.org"},
            "start_on": "2026-03-09",
            "due_on": "2026-03-10",
            "tags": [{"gid": "t", "name": "deep"}],
            "custom_fields": [{"gid": "c", "name": "Size", "display_value": "L"}],
            "subtasks": [{"gid": "3", "name": "Fence", "completed": True, "completed_at": "2026-03-08T23:30:00Z"}],
        },
        {
            "gid": "2",
            "name": "Opening",
            "resource_subtype": "milestone",
            "memberships": [
                {"project": {}, "section": {"gid": "s1", "name": "Ground"}},
                {"project": {"name": "Other"}},
            ],
            "dependencies": [{"gid": "1"}, {"gid": "77"}],
        },
        {"gid": "4", "name": "Signs", "parent": {"gid": "3"}, "due_at": "2026-03-12T10:00:00Z"},
    ]
}


def test_asanas_sections_subtasks_dependencies_and_fields_are_taken() -> None:
    file = read(ASANA)
    assert (file.format, outline(file)) == (
        "asana",
        [(1, "Ground"), (2, "Dig"), (3, "Fence"), (4, "Signs"), (2, "Opening")],
    )
    found = tasks(file)
    assert links(file) == {("Dig", "Opening")}
    assert found["Opening"].milestone
    assert found["Fence"].actual_finish == datetime.fromisoformat("2026-03-09T00:30")
    assert found["Signs"].deadline == datetime.fromisoformat("2026-03-12T11:00")
    assert "Size: L" in found["Dig"].notes
    assert people(file, "Dig") == ["Kari"]
    assert told(file, "tasks/dependencies", "dropped") == ["the other task is not in the file"]
    assert told(file, "tasks/memberships", "dropped") == ["a task stands in one place"]


ASANA_CSV = """Exported from a spreadsheet

Task ID,Created At,Completed At,Last Modified,Name,Section/Column,Assignee,Assignee Email,Start Date,Due Date,Tags,Notes,Projects,Parent Task,Blocked By (Dependencies),Blocking (Dependencies),Size
11,2026-01-01,,2026-01-02,"Dig, and fence",Ground,Kari,kari@example.org,2026-03-09,2026-03-10,"a,b","Two
lines",P,,,,L
1.21143E+15,2026-01-01,2026-03-12,,Pour,Ground,,,,,,,P,,"Dig, and fence",,
13,,,,Form,,,,,,,,P,Pour,,Pave,
14,,,,Pave,Road,,,,,,,P,,,,
"""


def test_asanas_csv_names_parents_and_dependencies_by_name() -> None:
    file = read_csv(ASANA_CSV)
    assert outline(file) == [(1, "Ground"), (2, "Dig, and fence"), (2, "Pour"), (3, "Form"), (1, "Road"), (2, "Pave")]
    assert links(file) == {("Dig, and fence", "Pour"), ("Form", "Pave")}
    dig, pour = tasks(file)["Dig, and fence"], tasks(file)["Pour"]
    assert file.origins[dig.uid].labels == ("a", "b")
    assert dig.notes == "Two\nlines\n\nSize: L"
    assert file.origins[pour.uid].id == ""
    assert told(file, "Task ID", "dropped") == ["not an id: a spreadsheet has rounded it"]
    assert pour.percent_complete == 100


# Jira


def issue(number: int, **fields: Any) -> dict[str, Any]:
    return {"id": str(number), "key": f"B-{number}", "fields": {"summary": f"Issue {number}"} | fields}


def test_jiras_epics_subtasks_links_and_estimates_are_taken() -> None:
    blocks = {"name": "Blocks", "inward": "is blocked by", "outward": "blocks"}
    document = {
        "names": {"customfield_1": "Epic Link", "customfield_2": "Story Points", "customfield_3": "Start date"},
        "issues": [
            issue(1, issuetype={"name": "Epic"}),
            issue(
                2,
                customfield_1="B-1",
                customfield_2=5.0,
                customfield_3="2026-03-09",
                timeoriginalestimate=54_000,
                timeestimate=27_000,
                timespent=27_000,
                status={"name": "In Progress", "statusCategory": {"key": "indeterminate"}},
                issuelinks=[{"type": blocks, "outwardIssue": {"key": "B-3"}}],
                assignee={"accountId": "a1", "displayName": "Kari", "emailAddress": "kari@example.org"},
                priority={"name": "High"},
                subtasks=[{"key": "B-4"}],
                duedate="2026-03-20",
            ),
            issue(
                3,
                parent={"key": "B-1"},
                issuelinks=[
                    {"type": blocks, "inwardIssue": {"key": "B-2"}},
                    {"type": {"name": "Relates"}, "outwardIssue": {"key": "B-2"}},
                ],
                status={"statusCategory": {"key": "done"}},
                resolutiondate="2026-03-10T12:00:00.000+0000",
                description={
                    "type": "doc",
                    "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Hi"}]}],
                },
            ),
            issue(4),
        ],
    }
    file = read(document)
    assert outline(file) == [(1, "Issue 1"), (2, "Issue 2"), (3, "Issue 4"), (2, "Issue 3")]
    assert links(file) == {("Issue 2", "Issue 3")}
    two, three = tasks(file)["Issue 2"], tasks(file)["Issue 3"]
    assert (two.duration, two.percent_complete, two.priority) == (2 * DAY, 50, 700)
    assert "Story Points: 5.0" in two.notes
    assert three.actual_finish == datetime.fromisoformat("2026-03-10T13:00")
    assert three.notes == "Hi"
    assert told(file, "fields/issuelinks", "dropped") == ["only what blocks is a dependency"]


JIRA_CSV = (
    "\ufeffSummary,Issue key,Issue id,Issue Type,Status,Priority,Assignee,Labels,Labels,Due date,Resolved,Original estimate,"
    "Parent id,Outward issue link (Blocks),Custom field (Story Points)\r\n"
    "Frame,B-1,101,Epic,To Do,Medium,,,,,,,,,\r\n"
    "Weld,B-2,102,Task,Done,High,Kari,steel,night,12/Mar/26 9:41 AM,11/Mar/26 2:05 PM,54000,101,B-3,3\r\n"
    '"Paint\ntwice",B-3,103,Task,To Do,Odd,Kari,,,12/Mar/26,,,101,,\r\n'
)


def test_jiras_csv_with_repeated_columns_is_read() -> None:
    file = read_csv(JIRA_CSV)
    assert outline(file) == [(1, "Frame"), (2, "Weld"), (2, "Paint\ntwice")]
    weld = tasks(file)["Weld"]
    assert file.origins[weld.uid].labels == ("steel", "night")
    assert weld.deadline == datetime.fromisoformat("2026-03-12T09:41")
    assert weld.actual_finish == datetime.fromisoformat("2026-03-11T14:05")
    assert weld.duration == 2 * DAY
    assert links(file) == {("Weld", "Paint\ntwice")}
    assert told(file, "Priority", "changed") == ["an unknown priority is the middle one"]
    assert told(file, "Resolved", "changed") == ["times are the exporter's, read as those of the project"]


# What must not get through


@pytest.mark.parametrize(
    ("document", "code", "place"),
    [
        (b'{"lists": [], "cards": [}', "not_json", "line 1"),
        (b'{"lists": [],\n"cards": [1]}', "not_this_format", "cards[0]"),
        (b'{"lists": [], "cards": [NaN]}', "not_json", "line 1"),
        (b"{}", "not_this_format", "line 1"),
        (b'{"lists": [], "cards": ' + b"[" * 90 + b"]" * 90 + b"}", "too_deep", "line 1"),
        (b'{"a":' * 100_000, "too_deep", "line 1"),
        (b'{"lists": [], "cards": [], "x": "\xff"}', "not_json", "line 1"),
        (b'{"data": [{"gid": "1", "name": "a", "parent": {"gid": "1"}}]}', "parent_cycle", "data[0]"),
        (
            b'{"issues": [{"key": "A", "fields": {"parent": {"key": "B"}}}, {"key": "B", "fields": {"parent": {"key": "A"}}}]}',
            "parent_cycle",
            "issues[0]",
        ),
        (b'{"issues": [{"key": "A"}]}', "not_this_format", "issues[0]"),
        (b'{"data": [{"gid": "1", "resource_type": "user"}]}', "not_this_format", "data[0]"),
        (b'{"x": ' + b"9" * 10_000 + b"}", "not_json", "line 1"),
    ],
)
def test_what_is_no_plan_is_refused_with_its_place(document: bytes, code: str, place: str) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        read(document)
    assert (refusal.value.code, refusal.value.place) == (code, place)


def test_odd_values_are_left_out_and_accounted_for() -> None:
    cards = [
        {
            "id": 5,
            "name": "nul \x00 and \ud800",
            "idList": None,
            "pos": 1e308,
            "due": "9999-12-31",
            "start": 7,
            "idMembers": "m1",
            "idLabels": {"a": 1},
        },
        {"name": ["x"], "pos": "9" * 5000, "due": "2026-02-30"},
    ]
    document = json.dumps(orjson.loads(board()) | {"cards": cards}).encode()
    file = read(document)
    assert [task.name for task in file.plan.tasks] == ["nul  and ", ""]
    assert told(file, "cards/due", "dropped") == ["not a date", "outside the years 1971 to 2199"]
    assert told(file, "cards/name", "changed")
    orjson.dumps(file.plan.report)


def test_a_file_of_more_tasks_than_a_plan_may_have_is_refused_where_it_has_too_many() -> None:
    with pytest.raises(UnreadableFile) as refusal:
        read(ASANA, reading=Reading(max_tasks=3))
    assert refusal.value.code == "too_many_records"


def test_links_between_a_task_and_what_it_contains_are_dropped() -> None:
    file = read(
        {"data": [{"gid": "1", "name": "a", "subtasks": [{"gid": "2", "name": "b", "dependencies": [{"gid": "1"}]}]}]}
    )
    assert links(file) == set()
    assert told(file, "links", "dropped")
