"""Reads projects from Asana: the JSON of its API or export, and its CSV. Sections become summaries, subtasks lie below their task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from services.planning.imports.file_plan import FilePlan, Reading
from services.planning.imports.json_document import MOST_DEPTH, inner, objects
from services.planning.imports.mspdi import MspdiTask
from services.planning.imports.plan_builder import EVENING, PlanBuilder
from services.planning.imports.record_stream import UnreadableFile
from services.planning.imports.table import Table

_TASK: Final = (
    *("gid", "name", "notes", "completed", "completed_at", "start_on", "start_at", "due_on", "due_at", "assignee"),
    *("memberships", "parent", "dependencies", "dependents", "subtasks", "tags", "permalink_url", "resource_type"),
    "resource_subtype",
)
_IN_NOTES: Final = "written into the notes"
_TASK_ELSEWHERE: Final = {
    "custom_fields": _IN_NOTES,
    "html_notes": "as the plain notes",
    "projects": "as the memberships tell of them",
    "num_subtasks": "counted anew",
}
_COLUMNS: Final = {
    *("task id", "name", "section/column", "assignee", "assignee email", "start date", "due date", "tags", "notes"),
    *("completed at", "parent task", "blocked by (dependencies)", "blocking (dependencies)"),
}
_COLUMNS_DROPPED: Final = {
    "created at": "has no counterpart",
    "last modified": "has no counterpart",
    "projects": "the tasks come into this project",
}


def is_asana_json(document: Any) -> bool:
    """Whether it looks like an answer of Asana."""
    return isinstance(document, dict) and isinstance(document.get("data"), list)


def read_asana_json(document: Any, reading: Reading) -> FilePlan:
    """A plan from `{"data": [task, …]}`. Raises UnreadableFile with a code and the place in the document."""
    if not is_asana_json(document):
        raise UnreadableFile("not_this_format", "tasks of Asana stand in a list called data", 1)
    return _Project(reading).read(objects(document["data"], "data"))


class _Project:
    def __init__(self, reading: Reading) -> None:
        self.build = PlanBuilder("asana", "asana", reading)
        self.sections: dict[str, int] = {}
        self.tasks: dict[str, int] = {}

    def read(self, data: list[dict[str, Any]]) -> FilePlan:
        build = self.build
        found = list(self._flat(data))
        for task, place, _ in found:
            if task.get("resource_type") not in (None, "task"):
                raise UnreadableFile("not_this_format", "this is no task", 1, place=place)
        waiting: list[tuple[int, str]] = []
        for task, place, above in found:
            gid = build.text(task.get("gid"))
            if gid and gid in self.tasks:
                build.account("tasks", "changed", "the same task once more", task.get("name"))
                continue
            own = self._task(task, place, above)
            if gid:
                self.tasks[gid] = own.uid
            parent = build.text(inner(task.get("parent")).get("gid"))
            if parent and above is None:
                waiting.append((own.uid, parent))
            elif above is not None and above in self.tasks:
                build.put_below(own.uid, self.tasks[above])
        for uid, parent in waiting:
            if parent in self.tasks:
                build.put_below(uid, self.tasks[parent])
            else:
                build.account("tasks/parent", "dropped", "the parent is not in the file", parent)
        for task, place, _ in found:
            self._links(task, place)
        return build.finish()

    def _flat(self, data: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str, str | None]]:
        """Every task with its place and the gid of the one that it is nested in, in the file's order."""
        pending: list[tuple[dict[str, Any], str, str | None, int]] = [
            (task, f"data[{number}]", None, 0) for number, task in reversed(list(enumerate(data)))
        ]
        while pending:
            task, place, above, depth = pending.pop()
            yield task, place, above
            gid = self.build.text(task.get("gid")) or None
            if depth < MOST_DEPTH:
                nested = objects(task.get("subtasks"), f"{place}.subtasks")
                pending += [
                    (each, f"{place}.subtasks[{number}]", gid, depth + 1)
                    for number, each in reversed(list(enumerate(nested)))
                ]

    def _task(self, task: dict[str, Any], place: str, above: str | None) -> MspdiTask:
        build = self.build
        build.account_members("tasks", task, _TASK, _TASK_ELSEWHERE)
        labels = [each.get("name") for each in objects(task.get("tags"), f"{place}.tags")]
        origin = build.origin("task", task.get("gid"), task.get("permalink_url"), labels)
        # Where both are there, the instant says more than the day.
        start_path, start = _first(task, "start_at", "start_on")
        due_path, due = _first(task, "due_at", "due_on")
        own = build.task(build.text(task.get("name"), "tasks/name"), place, None, origin)
        section = self._section(task, place) if above is None else None
        if section is not None:
            build.put_below(own.uid, section)
        build.schedule(
            own, build.moment(start, f"tasks/{start_path}"), build.moment(due, f"tasks/{due_path}", at=EVENING)
        )
        if task.get("resource_subtype") == "milestone":
            own.milestone, own.duration = True, 0
        if task.get("completed") is True:
            build.complete(own, build.moment(task.get("completed_at"), "tasks/completed_at"))
        assignee = inner(task.get("assignee"))
        if assignee:
            key, name = build.text(assignee.get("gid")), build.text(assignee.get("name"))
            if key or name:
                build.assign(own, build.person(key or name, name, build.text(assignee.get("email"))))
        fields = []
        for each in objects(task.get("custom_fields"), f"{place}.custom_fields"):
            value = build.text(each.get("display_value"))
            if value:
                fields.append(f"{build.text(each.get('name')) or '?'}: {value}")
        own.notes = "\n\n".join(
            part for part in (build.text(task.get("notes"), "tasks/notes"), "\n".join(fields)) if part
        )
        return own

    def _section(self, task: dict[str, Any], place: str) -> int | None:
        """The summary of the task's first section; further memberships are told of and not taken."""
        build = self.build
        memberships = objects(task.get("memberships"), f"{place}.memberships")
        for each in memberships[1:]:
            build.account(
                "tasks/memberships", "dropped", "a task stands in one place", inner(each.get("project")).get("name")
            )
        for each in memberships[:1]:
            section = inner(each.get("section"))
            gid, name = build.text(section.get("gid")), build.text(section.get("name"), "sections/name")
            if not (gid or name):
                return None
            key = gid or name
            if key not in self.sections:
                self.sections[key] = build.task(name, place, None, build.origin("section", gid)).uid
            return self.sections[key]
        return None

    def _links(self, task: dict[str, Any], place: str) -> None:
        own = self.tasks.get(self.build.text(task.get("gid")))
        for name in ("dependencies", "dependents"):
            for each in objects(task.get(name), f"{place}.{name}"):
                other = self.tasks.get(self.build.text(each.get("gid")))
                if own is None or other is None:
                    self.build.account(f"tasks/{name}", "dropped", "the other task is not in the file", each.get("gid"))
                elif name == "dependencies":
                    self.build.link(other, own)
                else:
                    self.build.link(own, other)


def _first(task: Mapping[str, Any], *names: str) -> tuple[str, Any]:
    return next(((name, task[name]) for name in names if task.get(name)), (names[-1], None))


def is_asana_csv(header: Sequence[str]) -> bool:
    """Whether these are the columns of Asana's CSV."""
    return {"task id", "name", "section/column"} <= {each.strip().lower() for each in header}


def read_asana_csv(table: Table, reading: Reading) -> FilePlan:
    """A plan from Asana's CSV, in which parents and dependencies are named by the names of tasks."""
    build = PlanBuilder("asana", "asana", reading)
    header = [each.strip().lower() for each in table.header]
    place_of = {name: number for number, name in reversed(list(enumerate(header)))}
    own_fields = [
        number for number, name in enumerate(header) if name and name not in _COLUMNS | _COLUMNS_DROPPED.keys()
    ]
    sections: dict[str, int] = {}
    by_name: dict[str, list[int]] = defaultdict(list)
    parents: list[tuple[int, str]] = []
    blocked: list[tuple[int, str, bool]] = []
    for number, row in table.rows:

        def cell(name: str, row: Sequence[str] = row) -> str:
            column = place_of.get(name)
            return row[column].strip() if column is not None and column < len(row) else ""

        place = f"row {number}"
        if not cell("name") and not cell("task id"):
            continue
        for name in place_of:
            if cell(name) and name in _COLUMNS:
                build.account(table.header[place_of[name]], "taken")
            elif cell(name) and name in _COLUMNS_DROPPED:
                build.account(table.header[place_of[name]], "dropped", _COLUMNS_DROPPED[name], cell(name))
        external_id = cell("task id")
        if external_id and not external_id.isdigit():
            build.account("Task ID", "dropped", "not an id: a spreadsheet has rounded it", external_id)
            external_id = ""
        labels = [each.strip() for each in cell("tags").split(",")]
        task = build.task(build.text(cell("name"), "Name"), place, None, build.origin("task", external_id, "", labels))
        by_name[task.name].append(task.uid)
        section = cell("section/column")
        if cell("parent task"):
            parents.append((task.uid, build.text(cell("parent task"))))
        elif section:
            if section not in sections:
                sections[section] = build.task(build.text(section, "Section/Column"), place).uid
            build.put_below(task.uid, sections[section])
        build.schedule(
            task, build.moment(cell("start date"), "Start Date"), build.moment(cell("due date"), "Due Date", at=EVENING)
        )
        if cell("completed at"):
            build.complete(task, build.moment(cell("completed at"), "Completed At", at=EVENING))
        if cell("assignee") or cell("assignee email"):
            key = cell("assignee email").lower() or cell("assignee")
            build.assign(task, build.person(key, build.text(cell("assignee")), build.text(cell("assignee email"))))
        fields = []
        for column in own_fields:
            value = row[column].strip() if column < len(row) else ""
            if value:
                build.account(table.header[column], "changed", _IN_NOTES)
                fields.append(f"{table.header[column].strip()}: {build.text(value)}")
        task.notes = "\n\n".join(part for part in (build.text(cell("notes"), "Notes"), "\n".join(fields)) if part)
        blocked += [(task.uid, cell(name), after) for name, after in _LINK_COLUMNS if cell(name)]
    for uid, name in parents:
        above = [each for each in by_name.get(name, ()) if each != uid]
        if not above:
            build.account("Parent task", "dropped", "no task has this name", name)
            continue
        if len(above) > 1:
            build.account(
                "Parent task", "changed", "several tasks have this name: the last one before it was taken", name
            )
        build.put_below(uid, max((each for each in above if each < uid), default=above[0]))
    for uid, names, after in blocked:
        for name in _names(names, by_name):
            others = by_name.get(name, [])
            if len(others) != 1:
                reason = "several tasks have this name" if others else "no task has this name"
                build.account("Dependencies", "dropped", reason, name)
            elif after:
                build.link(others[0], uid)
            else:
                build.link(uid, others[0])
    return build.finish()


_LINK_COLUMNS: Final = (("blocked by (dependencies)", True), ("blocking (dependencies)", False))


def _names(text: str, known: Mapping[str, Any]) -> Iterator[str]:
    """The names in a list with commas, of which a name may hold some itself: the longest that is known counts."""
    parts = text.split(",")
    first = 0
    while first < len(parts):
        most = min(len(parts), first + 10)
        last = next((end for end in range(most, first, -1) if ",".join(parts[first:end]).strip() in known), first + 1)
        yield ",".join(parts[first:last]).strip()
        first = last
