"""A plan's milestones and tasks as a calendar that others subscribe to (RFC 5545, with the properties of RFC 7986).

A milestone is its whole day; a task lasts from its start to its finish and makes nobody busy. Times are in UTC, so that a
calendar needs to know nothing of time zones.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from services.kernel.working_time import to_instant
from services.planning.exports.loss import Loss, counted
from services.planning.exports.plan_contents import ExportedTask, PlanContents

_PRODUCT: Final = "-//Tandem//Plan//EN"
_EVENTS_AT_ONCE: Final = 200
_MOST_OCTETS: Final = 75
# Whatever some reader takes for the end of a line, and what is no character of a text.
_LINE_ENDS: Final = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_CONTROLS: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")


def write_calendar(contents: PlanContents, *, milestones_only: bool) -> Iterator[bytes]:
    """The calendar in pieces. Summaries and tasks that are not active are left out."""
    project = contents.project
    zone = ZoneInfo(project.time_zone)
    yield _lines(
        [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            f"PRODID:{_PRODUCT}",
            "CALSCALE:GREGORIAN",
            f"NAME:{_text(project.name)}",
            f"X-WR-CALNAME:{_text(project.name)}",
            "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
            "X-PUBLISHED-TTL:PT1H",
        ]
    )
    names = {each.id: each.name for each in contents.resources}
    gathered: list[str] = []
    for number, task in enumerate(_shown(contents, milestones_only=milestones_only), 1):
        parts = contents.assignments_by_task.get(task.id, ())
        gathered += _event(task, zone, ", ".join(names[each.resource_id] for each in parts))
        if number % _EVENTS_AT_ONCE == 0:
            yield _lines(gathered)
            gathered.clear()
    yield _lines([*gathered, "END:VCALENDAR"])


def calendar_losses(contents: PlanContents) -> list[Loss]:
    """What a calendar has no place for."""
    found: Counter[tuple[str, str]] = Counter()
    found["dependency", "a calendar has no place for it"] = len(contents.links)
    found["resource", "by name in the text alone"] = len(contents.resources)
    found["baseline", "a calendar has no place for it"] = len(contents.baselines)
    found["task", "summaries and tasks that are not active are left out"] = sum(
        task.summary or not task.active for task in contents.tasks
    )
    return counted(found)


def _shown(contents: PlanContents, *, milestones_only: bool) -> Iterator[ExportedTask]:
    for task in contents.tasks:
        if task.active and not task.summary and (task.milestone or not milestones_only):
            yield task


def _event(task: ExportedTask, zone: ZoneInfo, resources: str) -> list[str]:
    if task.milestone:
        day = task.finish.date()
        times = [
            f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
        ]
    else:
        times = [f"DTSTART:{_instant(task.start, zone)}", f"DTEND:{_instant(max(task.finish, task.start), zone)}"]
    told = [f"{task.wbs_code}, {task.percent_complete} %"]
    told += [each for each in (task.assignee, resources, task.notes) if each]
    categories = ",".join(_text(label) for label in task.labels)
    changed = f"{task.updated_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return [
        "BEGIN:VEVENT",
        f"UID:{task.id}@tandem",
        f"DTSTAMP:{changed}",
        f"LAST-MODIFIED:{changed}",
        f"SEQUENCE:{task.version}",
        *times,
        f"SUMMARY:{_text(_LINE_ENDS.sub(' ', task.title))}",
        f"DESCRIPTION:{_text(chr(10).join(told))}",
        *([f"CATEGORIES:{categories}"] if categories else []),
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _instant(moment: datetime, zone: ZoneInfo) -> str:
    return f"{to_instant(moment, zone).astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    """A text of RFC 5545, section 3.3.11: on one line, whatever it was written on."""
    escaped = words.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return _CONTROLS.sub("", _LINE_ENDS.sub(r"\\n", escaped))


def _lines(contents: Iterable[str]) -> bytes:
    """Content lines, folded behind 75 octets and never inside of a character (section 3.1)."""
    return b"".join(_folded(line.encode(errors="replace")) for line in contents)


def _folded(line: bytes) -> bytes:
    if len(line) <= _MOST_OCTETS:
        return line + b"\r\n"
    parts: list[bytes] = []
    at = 0
    while at < len(line):
        end = at + _MOST_OCTETS - bool(parts)
        while end < len(line) and line[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(line[at:end])
        at = end
    return b"\r\n ".join(parts) + b"\r\n"
