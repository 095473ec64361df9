"""Reads issues from Jira: the JSON of its search, and its CSV with repeated columns. Epics and parents become summaries."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from services.planning.imports.file_plan import FilePlan, Reading
from services.planning.imports.json_document import inner, objects
from services.planning.imports.mspdi import MspdiTask
from services.planning.imports.plan_builder import EVENING, PlanBuilder
from services.planning.imports.record_stream import UnreadableFile
from services.planning.imports.table import Table

_IN_NOTES: Final = "written into the notes"
_FIELDS: Final = (
    *("summary", "description", "parent", "issuelinks", "labels", "priority", "status", "assignee", "duedate"),
    *("resolutiondate", "timeoriginalestimate", "timeestimate", "subtasks"),
)
_FIELDS_ELSEWHERE: Final = {
    "issuetype": _IN_NOTES,
    "components": "taken as labels",
    "fixVersions": "taken as labels",
    "resolution": "as the status tells",
    "timespent": "as the remaining estimate tells",
    "aggregatetimeestimate": "computed anew from the plan",
    "aggregatetimeoriginalestimate": "computed anew from the plan",
    "aggregatetimespent": "computed anew from the plan",
    "timetracking": "as the estimates tell",
    "progress": "computed anew from the plan",
    "aggregateprogress": "computed anew from the plan",
    "comment": _IN_NOTES,
}
_PRIORITIES: Final = {"highest": 900, "blocker": 900, "critical": 800, "high": 700, "major": 600, "medium": 500}
_LOWER_PRIORITIES: Final = {"low": 300, "minor": 300, "lowest": 100, "trivial": 100}
_BLOCKS: Final = "blocks"
_DONE, _BEGUN = "done", "indeterminate"
_DEPTH_OF_TEXT: Final = 20


def is_jira_json(document: Any) -> bool:
    """Whether it looks like an answer of Jira's search."""
    return isinstance(document, dict) and isinstance(document.get("issues"), list)


def read_jira_json(document: Any, reading: Reading) -> FilePlan:
    """A plan from `{"issues": [issue, …]}`. Raises UnreadableFile with a code and the place in the document."""
    if not is_jira_json(document):
        raise UnreadableFile("not_this_format", "issues of Jira stand in a list called issues", 1)
    issues = objects(document["issues"], "issues")
    for number, issue in enumerate(issues):
        if not isinstance(issue.get("fields"), dict):
            raise UnreadableFile("not_this_format", "an issue has fields", 1, place=f"issues[{number}]")
    return _Issues(reading, inner(document.get("names"))).read(issues)


class _Issues:
    def __init__(self, reading: Reading, names: Mapping[str, Any]) -> None:
        self.build = PlanBuilder("jira", "jira", reading)
        # A custom field has a name only where the search was asked for it.
        self.names = {key: self.build.text(name) for key, name in names.items() if key.startswith("customfield_")}
        self.by_key: dict[str, int] = {}

    def read(self, issues: list[dict[str, Any]]) -> FilePlan:
        build = self.build
        parents: list[tuple[int, str]] = []
        for number, issue in enumerate(issues):
            place, key = f"issues[{number}]", build.text(issue.get("key"))
            if key and key in self.by_key:
                build.account("issues", "changed", "the same issue once more", key)
                continue
            task, parent = self._issue(issue, place)
            if key:
                self.by_key[key] = task.uid
            if parent:
                parents.append((task.uid, parent))
        for number, issue in enumerate(issues):
            own = self.by_key.get(build.text(issue.get("key")))
            fields = issue["fields"]
            for each in objects(fields.get("subtasks"), f"issues[{number}].fields.subtasks"):
                below = self.by_key.get(build.text(each.get("key")))
                if own is not None and below is not None and below != own:
                    build.put_below(below, own)
            for each in objects(fields.get("issuelinks"), f"issues[{number}].fields.issuelinks"):
                self._link(own, each)
        for uid, parent in parents:
            if parent in self.by_key:
                build.put_below(uid, self.by_key[parent])
            else:
                build.account("fields/parent", "dropped", "the parent is not in the file", parent)
        return build.finish()

    def _issue(self, issue: dict[str, Any], place: str) -> tuple[MspdiTask, str]:
        """The task, and the key of what it lies below, empty for none."""
        build, fields = self.build, issue["fields"]
        own, parent, start, notes = {}, build.text(inner(fields.get("parent")).get("key")), None, []
        for name, value in fields.items():
            called = self.names.get(name, name).lower()
            if not name.startswith("customfield_"):
                own[name] = value
            elif called == "epic link" and isinstance(value, str):
                parent = parent or build.text(value)
                build.account("fields/Epic Link", "taken")
            elif called in ("start date", "target start") and isinstance(value, str):
                start = build.moment(value, "fields/Start date")
                build.account("fields/Start date", "taken")
            elif value not in (None, "", [], {}):
                shown = _shown(build, value)
                path = f"fields/{self.names.get(name, name)}"
                if shown:
                    build.account(path, "changed", _IN_NOTES)
                    notes.append(f"{self.names.get(name, name)}: {shown}")
                else:
                    build.account(path, "dropped", "a value of several parts")
        build.account_members("fields", own, _FIELDS, _FIELDS_ELSEWHERE)
        labels = fields.get("labels") if isinstance(fields.get("labels"), list) else []
        named = [*(labels or ())]
        for folder in ("components", "fixVersions"):
            named += [each.get("name") for each in objects(fields.get(folder), f"{place}.fields.{folder}")]
        origin = build.origin("issue", issue.get("key") or issue.get("id"), issue.get("self"), named)
        task = build.task(build.text(fields.get("summary"), "fields/summary"), place, None, origin)
        build.schedule(task, start, build.moment(fields.get("duedate"), "fields/duedate", at=EVENING))
        original = build.number(fields.get("timeoriginalestimate"), "fields/timeoriginalestimate")
        left = build.number(fields.get("timeestimate"), "fields/timeestimate")
        spent = build.number(fields.get("timespent"), "fields/timespent")
        status = inner(fields.get("status"))
        category = build.text(inner(status.get("statusCategory")).get("key"))
        finished = build.moment(fields.get("resolutiondate"), "fields/resolutiondate")
        _progress(build, task, category, finished, _Estimate(original, left, spent))
        task.priority = _priority(build, build.text(inner(fields.get("priority")).get("name")), "fields/priority")
        assignee = inner(fields.get("assignee"))
        if assignee:
            key = next(
                (build.text(assignee.get(name)) for name in ("accountId", "key", "name") if assignee.get(name)), ""
            )
            name = build.text(assignee.get("displayName"))
            if key or name:
                build.assign(task, build.person(key or name, name, build.text(assignee.get("emailAddress"))))
        kind = build.text(inner(fields.get("issuetype")).get("name"))
        notes = [*([f"Issue type: {kind}"] if kind else []), *notes]
        said = [
            f"{build.text(inner(each.get('author')).get('displayName'))}: {_plain(build, each.get('body'))}"
            for each in objects(inner(fields.get("comment")).get("comments"), f"{place}.fields.comment")
        ]
        parts = [_plain(build, fields.get("description")), "\n".join(notes), "\n\n".join(said)]
        task.notes = "\n\n".join(part for part in parts if part)
        return task, parent

    def _link(self, own: int | None, link: Mapping[str, Any]) -> None:
        build, kind = self.build, inner(link.get("type"))
        outward, inward = (build.text(inner(link.get(f"{side}Issue")).get("key")) for side in ("outward", "inward"))
        if build.text(kind.get("name")).lower() != _BLOCKS:
            build.account("fields/issuelinks", "dropped", "only what blocks is a dependency", kind.get("name"))
            return
        other = self.by_key.get(outward or inward)
        if own is None or other is None:
            build.account("fields/issuelinks", "dropped", "the other issue is not in the file", outward or inward)
        elif outward:
            build.link(own, other)
        else:
            build.link(other, own)


class _Estimate:
    """Seconds of work: what was estimated first, what is left, what was spent."""

    def __init__(self, original: Decimal | None, left: Decimal | None, spent: Decimal | None) -> None:
        self.spent = spent or Decimal(0)
        whole = self.spent + left if left is not None and self.spent else original or left
        self.whole = whole or Decimal(0)
        self.left = left if left is not None else max(self.whole - self.spent, Decimal(0))


def _progress(
    build: PlanBuilder, task: MspdiTask, category: str, finished: datetime | None, estimate: _Estimate
) -> None:
    """Duration from the estimate, progress from what is left of it, done as the status says."""
    if estimate.whole:
        task.duration, task.estimated = build.ticks(estimate.whole / 60, "fields/timeoriginalestimate"), False
    if category == _DONE:
        build.complete(task, finished)
    elif category == _BEGUN and estimate.whole:
        task.percent_complete = min(int(100 * (1 - estimate.left / estimate.whole)), 99) if estimate.left else 99
        task.percent_complete = max(task.percent_complete, 0)


def _priority(build: PlanBuilder, name: str, path: str) -> int:
    known = _PRIORITIES | _LOWER_PRIORITIES
    if name and name.lower() not in known:
        build.account(path, "changed", "an unknown priority is the middle one", name)
    return known.get(name.lower(), 500)


def _shown(build: PlanBuilder, value: Any) -> str:
    """A custom field's value as a line: a text or number, the name of what was chosen, or several of them."""
    if isinstance(value, dict):
        value = next((value[name] for name in ("value", "displayName", "name") if name in value), None)
    if isinstance(value, list):
        shown = [_shown(build, each) for each in value if not isinstance(each, list)]
        return ", ".join(each for each in shown if each)
    return " ".join(build.text(value).split())


def _plain(build: PlanBuilder, value: Any, depth: int = 0) -> str:
    """A description: text, or a document of Atlassian's format, of which the words are taken."""
    if not isinstance(value, dict) or depth > _DEPTH_OF_TEXT:
        return build.text(value, "fields/description")
    content = value.get("content")
    inside = (
        [_plain(build, each, depth + 1) for each in content if isinstance(each, dict)]
        if isinstance(content, list)
        else []
    )
    kind = value.get("type")
    if kind == "text":
        return build.text(value.get("text"), "fields/description")
    if kind == "hardBreak":
        return "\n"
    if kind in ("doc", "bulletList", "orderedList", "blockquote", "panel"):
        return "\n".join(inside)
    return ("- " if kind == "listItem" else "") + "".join(inside)


# CSV

_MONTHS: Final = dict(
    zip(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), range(1, 13), strict=True)
)
_JIRA_DATE: Final = re.compile(
    r"(\d{1,2})/(\w{3})/(\d{2}|\d{4})(?: (\d{1,2}):(\d{2})(?: (AM|PM))?)?", re.ASCII | re.IGNORECASE
)
_CSV_COLUMNS: Final = {
    *(
        "summary",
        "issue key",
        "issue id",
        "issue type",
        "status",
        "status category",
        "parent",
        "parent id",
        "parent key",
    ),
    *("custom field (epic link)", "priority", "assignee", "assignee id", "labels", "description", "due date"),
    *("custom field (start date)", "resolved", "original estimate", "remaining estimate", "time spent"),
    *("inward issue link (blocks)", "outward issue link (blocks)", "component/s", "components", "fix version/s"),
    *("fix versions", "comment"),
}
_DONE_WORDS: Final = ("done", "closed", "resolved")


def is_jira_csv(header: Sequence[str]) -> bool:
    """Whether these are the columns of Jira's CSV."""
    return {"summary", "issue key"} <= {each.strip().lower() for each in header}


def read_jira_csv(table: Table, reading: Reading) -> FilePlan:
    """A plan from Jira's CSV, in which a column stands once for each value."""
    build = PlanBuilder("jira", "jira", reading)
    columns: dict[str, list[int]] = defaultdict(list)
    for number, name in enumerate(table.header):
        columns[name.strip().lower()].append(number)
    by_key: dict[str, int] = {}
    parents: list[tuple[int, str]] = []
    links: list[tuple[int, str, bool]] = []
    zone_told = False
    for number, row in table.rows:

        def cells(name: str, row: Sequence[str] = row) -> list[str]:
            found = [row[column].strip() for column in columns.get(name, ()) if column < len(row)]
            return [each for each in found if each]

        def cell(name: str, row: Sequence[str] = row) -> str:
            return next(iter(cells(name, row)), "")

        place = f"row {number}"
        if not cell("summary") and not cell("issue key"):
            continue
        notes = []
        for name in columns:
            for value in cells(name):
                if name in _CSV_COLUMNS:
                    build.account(table.header[columns[name][0]], "taken")
                elif name.startswith("custom field ("):
                    build.account(table.header[columns[name][0]], "changed", _IN_NOTES)
                    notes.append(f"{table.header[columns[name][0]][14:-1]}: {build.text(value)}")
                else:
                    build.account(table.header[columns[name][0]], "dropped", "has no counterpart", value)
        labels = [
            each
            for name in ("labels", "component/s", "components", "fix version/s", "fix versions")
            for each in cells(name)
        ]
        key = build.text(cell("issue key"))
        task = build.task(build.text(cell("summary"), "Summary"), place, None, build.origin("issue", key, "", labels))
        for each in (key, cell("issue id")):
            if each:
                by_key.setdefault(each, task.uid)
        parent = next(
            (cell(name) for name in ("parent key", "parent id", "parent", "custom field (epic link)") if cell(name)), ""
        )
        if parent:
            parents.append((task.uid, parent))
        start, due = _jira_moment(build, cell("custom field (start date)")), _jira_moment(build, cell("due date"))
        build.schedule(task, start, due)
        estimates = [
            build.number(cell(name), name) for name in ("original estimate", "remaining estimate", "time spent")
        ]
        category, status = cell("status category").lower(), cell("status").lower()
        finished = _jira_moment(build, cell("resolved"))
        if finished is not None and not zone_told:
            zone_told = True
            build.account("Resolved", "changed", "times are the exporter's, read as those of the project")
        if category == "done" or (not category and (status in _DONE_WORDS or finished is not None)):
            category = _DONE
        elif category == "in progress" or status == "in progress":
            category = _BEGUN
        _progress(build, task, category, finished, _Estimate(*estimates))
        task.priority = _priority(build, cell("priority"), "Priority")
        if cell("assignee"):
            name = build.text(cell("assignee"))
            build.assign(task, build.person(cell("assignee id") or name, name, name if "@" in name else ""))
        kind = cell("issue type")
        lines = [*([f"Issue type: {kind}"] if kind else []), *notes]
        parts = [build.text(cell("description"), "Description"), "\n".join(lines), "\n\n".join(cells("comment"))]
        task.notes = build.text("\n\n".join(part for part in parts if part), "Comment")
        links += [(task.uid, other, True) for other in cells("outward issue link (blocks)")]
        links += [(task.uid, other, False) for other in cells("inward issue link (blocks)")]
    for uid, parent in parents:
        if by_key.get(parent, uid) != uid:
            build.put_below(uid, by_key[parent])
        else:
            build.account("Parent", "dropped", "the parent is not in the file", parent)
    for uid, key, outward in links:
        other = by_key.get(key)
        if other is None:
            build.account("Issue link (Blocks)", "dropped", "the other issue is not in the file", key)
        elif outward:
            build.link(uid, other)
        else:
            build.link(other, uid)
    return build.finish()


def _jira_moment(build: PlanBuilder, text: str) -> datetime | None:
    """`12/Mar/24 9:41 AM`, as Jira's CSV writes it, or ISO 8601."""
    if not text:
        return None
    match = _JIRA_DATE.fullmatch(text) if len(text) <= 40 else None
    if match is None or match[2].lower() not in _MONTHS:
        return build.moment(text, "dates")
    day, year = int(match[1]), int(match[3])
    hour, minute = (int(match[4]), int(match[5])) if match[4] else (EVENING.hour, 0)
    if match[6]:
        hour = hour % 12 + (12 if match[6].upper() == "PM" else 0)
    try:
        found = datetime(year + 2000 if year < 100 else year, _MONTHS[match[2].lower()], day, hour, minute)  # noqa: DTZ001
    except ValueError:
        build.account("dates", "dropped", "not a date", text)
        return None
    return build.within_reach(found, "dates")
