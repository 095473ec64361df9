"""Tandem's own JSON: what a document has to keep to, and where it says that it does not."""

import io
from typing import Any

import orjson
import pytest
from pydantic import TypeAdapter

from services.planning.imports.json_document import read_json
from services.planning.imports.mspdi_plan import to_plan
from services.planning.imports.record_stream import UnreadableFile
from services.planning.imports.tandem_json import Beside, plan_of

_DAYS: list[Any] = [[["08:00", "12:00"]]] * 5 + [None, None]


def document(**members: Any) -> dict[str, Any]:
    """A small document that is right."""
    return {
        "format": "tandem-json",
        "version": 1,
        "project": {"start": "2026-03-02T08:00:00", "minutes_per_day": 450},
        "calendars": [{"id": "c", "name": "Site", "days": _DAYS}],
        "tasks": [{"id": "a", "title": "Phase"}, {"id": "b", "title": "Dig", "parent": "a", "duration_minutes": 450.5}],
        "resources": [{"id": "r", "name": "Crew", "resource_type": "work"}],
        "assignments": [{"task": "b", "resource": "r", "work_minutes": 450}],
    } | members


def read(content: bytes) -> Any:
    return plan_of(read_json(io.BytesIO(content), 1_000_000))


def task(**members: Any) -> list[dict[str, Any]]:
    return [{"id": "a", "title": "Dig"} | members]


def test_a_document_is_read_in_the_terms_of_mspdi() -> None:
    plan, beside = read(b"\xef\xbb\xbf" + orjson.dumps(document(later_member=[1])))
    assert [(each.name, each.outline_level, each.parent_uid) for each in plan.tasks] == [
        ("Phase", 1, None),
        ("Dig", 2, 1),
    ]
    assert plan.tasks[1].duration == 4_505
    assert beside.usual_calendar == 2
    assert to_plan(plan).calendar == 2


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"project": {}}, "/project/start"),
        ({"project": {"start": "2026-03-02T08:00:00Z"}}, "/project/start"),
        ({"project": {"start": "9999-03-02T08:00:00"}}, "/project/start"),
        ({"project": {"start": "2026-03-02T08:00:00", "calendar": "x"}}, "/project/calendar"),
        ({"project": {"start": "2026-03-02T08:00:00", "minutes_per_day": 0}}, "/project/minutes_per_day"),
        ({"calendars": [{"id": "c", "name": "Site", "days": [[["08:00"]]] * 7}]}, "/calendars/0"),
        ({"calendars": [{"id": "c", "name": "Site", "days": [[["8", "9"]]] * 7}]}, "/calendars/0"),
        ({"calendars": [{"id": "c", "name": "Site", "days": _DAYS, "base": "c"}]}, "/calendars/0"),
        ({"calendars": [{"id": "c", "name": "Site", "days": _DAYS, "exceptions": [{"from": 1}]}]}, "/calendars/0"),
        ({"calendars": [{"id": "c", "name": "Site", "days": _DAYS, "work_weeks": [{"days": 4}]}]}, "/calendars/0"),
        ({"calendars": [{"id": "c", "name": "Site", "days": _DAYS, "holidays": "XX"}]}, "/calendars/0/holidays"),
        ({"tasks": task(title="")}, "/tasks/0/title"),
        ({"tasks": task(title="a\nb")}, "/tasks/0/title"),
        ({"tasks": task(title="a\x00b")}, "/tasks/0/title"),
        ({"tasks": task(duration_minutes=-1)}, "/tasks/0/duration_minutes"),
        ({"tasks": task(duration_minutes=1e300)}, "/tasks/0/duration_minutes"),
        ({"tasks": task(duration_minutes="NaN")}, "/tasks/0/duration_minutes"),
        ({"tasks": task(parent="x")}, "/tasks/0/parent"),
        ({"tasks": task(parent="a")}, "/tasks/0/parent"),
        ({"tasks": [*task(parent="b"), {"id": "b", "title": "Pave"}]}, "/tasks/0/parent"),
        ({"tasks": [*task(), *task()]}, "/tasks/1/id"),
        ({"tasks": task(constraint_type="must_start_on")}, "/tasks/0/constraint_date"),
        ({"tasks": task(splits={"gaps": [{"after_minutes": 9, "gap_minutes": 1}]})}, "/tasks/0/splits"),
        ({"tasks": task(percent_complete=101)}, "/tasks/0/percent_complete"),
        ({"tasks": 7}, "/tasks"),
        ({"dependencies": [{"predecessor": "a", "successor": "x"}]}, "/dependencies/0/successor"),
        ({"dependencies": [{"predecessor": "a", "successor": "b", "lag": 1e99}]}, "/dependencies/0/lag"),
        ({"resources": [{"id": "r", "name": "Crew", "resource_type": "robot"}]}, "/resources/0/resource_type"),
        ({"resources": [{"id": "r", "name": "Crew", "resource_type": "work", "team": "r"}]}, "/resources/0/team"),
        (
            {"resources": [{"id": "r", "name": "Crew", "resource_type": "work", "currency": "XXX"}]},
            "/resources/0/currency",
        ),
        (
            {"resources": [{"id": "r", "name": "Crew", "resource_type": "work", "standard_rate": "1e9"}]},
            "/resources/0/standard_rate",
        ),
        ({"assignments": [{"task": "b", "resource": "r", "units": "0"}]}, "/assignments/0/units"),
        ({"absences": [{"resource": "x", "starts_on": "2026-03-02", "ends_on": "2026-03-02"}]}, "/absences/0/resource"),
        ({"absences": [{"resource": "r", "starts_on": "2026-03-02", "ends_on": "2026-03-01"}]}, "/absences/0/ends_on"),
        (
            {"absences": [{"resource": "r", "starts_on": "9999-03-02", "ends_on": "9999-03-02"}]},
            "/absences/0/starts_on",
        ),
        ({"assignments": [{"task": "b", "resource": "r", "overtime_minutes": 1}]}, "/assignments/0/overtime_minutes"),
        ({"assignments": [{"task": "b", "resource": "r"}] * 2}, "/assignments/1"),
        ({"baselines": [{"number": 0, "name": "As agreed", "tasks": []}] * 2}, "/baselines/1/number"),
        (
            {"baselines": [{"number": 0, "name": "As agreed", "tasks": [{"task": "b", "title": "Dig"}]}]},
            "/baselines/0/tasks/0/start",
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_place(members: dict[str, Any], place: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read(orjson.dumps(document(**members)))
    assert refused.value.code == "not_this_format"
    assert refused.value.place.startswith(place)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "not_json"),
        (b'{"a": "\\ud800"}', "not_this_format"),
        (b'{"a": NaN}', "not_json"),
        (b"[" * 100_000, "too_deep"),
        (b"\xff\xfe{", "not_json"),
        (b"{}", "not_this_format"),
        (b'{"format": "tandem-json"}', "unknown_version"),
        (b'{"format": "tandem-json", "version": 2}', "unknown_version"),
        (b'{"format": ["tandem-json"], "version": 1}', "not_this_format"),
    ],
)
def test_what_is_no_such_document_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read(content)
    assert refused.value.code == code


def test_what_stands_beside_the_plan_can_be_handed_on_as_json() -> None:
    rate = {"table": "B", "from_date": "2026-07-01", "standard_rate": "640.5"}
    resource = {"id": "r", "name": "Crew", "resource_type": "work", "standard_rate": "600", "rates": [rate]}
    absences = [{"resource": "r", "starts_on": "2026-03-02", "ends_on": "2026-03-03", "kind": "vacation"}]
    baseline = {
        "number": 0,
        "name": "As agreed",
        "tasks": [
            {"task": "b", "title": "Dig", "start": "2026-03-02T08:00:00", "finish": "2026-03-02T16:00:00"},
            {"task": "gone", "title": "Pave", "start": "2026-03-02T08:00:00", "finish": "2026-03-02T16:00:00"},
        ],
    }
    _, beside = read(orjson.dumps(document(resources=[resource], absences=absences, baselines=[baseline])))
    handed = TypeAdapter(Beside)
    assert handed.validate_json(handed.dump_json(beside)) == beside
    assert beside.baseline_tasks == {0: {2: ("", "Dig")}}
