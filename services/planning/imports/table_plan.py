"""From a table's rows to a plan, by a mapping that says which column holds what, or by the columns' names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from services.kernel.working_time import TICKS_PER_MINUTE
from services.planning.imports.file_plan import FilePlan, Origin, Reading
from services.planning.imports.mspdi import MspdiTask
from services.planning.imports.plan_builder import (
    EVENING,
    FINISH_FINISH,
    FINISH_START,
    MOST_LEVELS,
    START_FINISH,
    START_START,
    PlanBuilder,
    as_number,
    shortened,
)
from services.planning.imports.record_stream import UnreadableFile
from services.planning.imports.table import Table, TableFormat

MORNING: Final = time(8)


class ColumnMember(StrEnum):
    """What a column can hold."""

    EXTERNAL_ID = "external_id"
    TITLE = "title"
    NOTES = "notes"
    WBS_CODE = "wbs_code"
    OUTLINE_LEVEL = "outline_level"
    PARENT = "parent"
    SECTION = "section"
    START = "start"
    FINISH = "finish"
    DEADLINE = "deadline"
    DURATION = "duration"
    WORK = "work"
    PERCENT_COMPLETE = "percent_complete"
    PREDECESSORS = "predecessors"
    LABELS = "labels"
    ASSIGNEE = "assignee"
    ASSIGNEE_EMAIL = "assignee_email"
    PRIORITY = "priority"
    MILESTONE = "milestone"


# The members with the names by which it is known without a mapping, in English and Norwegian.
MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "external_id": ("id", "unique id", "unik id", "uid", "task id", "key", "card id", "nr", "no", "no."),
    "title": (
        "title",
        "task name",
        "name",
        "task",
        "summary",
        "activity",
        "card name",
        "oppgavenavn",
        "navn",
        "oppgave",
        "tittel",
        "aktivitet",
    ),
    "notes": ("notes", "description", "card description", "merknader", "beskrivelse", "notater"),
    "wbs_code": ("wbs", "wbs code", "outline number", "wbs-kode", "disposisjonsnummer"),
    "outline_level": ("outline level", "level", "disposisjonsnivå", "nivå"),
    "parent": ("parent", "parent id", "parent task", "overordnet"),
    "section": ("section", "stage", "list name", "list", "group", "phase", "section/column", "fase", "gruppe"),
    "start": ("start", "start date", "startdato"),
    "finish": ("finish", "finish date", "end", "end date", "slutt", "sluttdato"),
    "deadline": ("deadline", "due date", "due", "tidsfrist", "frist"),
    "duration": ("duration", "varighet"),
    "work": ("work", "effort", "arbeid"),
    "percent_complete": ("% complete", "percent complete", "progress", "% fullført", "fremdrift"),
    "predecessors": ("predecessors", "foregående oppgaver", "foregående"),
    "labels": ("labels", "tags", "etiketter"),
    "assignee": ("owner", "assignee", "resource names", "members", "ressursnavn", "ansvarlig"),
    "assignee_email": ("assignee email", "email", "e-mail", "e-post"),
    "priority": ("priority", "prioritet"),
    "milestone": ("milestone", "milepæl"),
}
DATE_FORMATS: Final = {
    "yyyy-mm-dd": ("y", "m", "d"),
    "dd.mm.yyyy": ("d", "m", "y"),
    "dd/mm/yyyy": ("d", "m", "y"),
    "mm/dd/yyyy": ("m", "d", "y"),
    "yyyy/mm/dd": ("y", "m", "d"),
}
ROWS_SHOWN: Final = 10
# What a row is shown by as it was understood, and not as it was written.
_UNDERSTOOD: Final = ("title", "start", "finish", "deadline", "duration", "work", "percent_complete", "milestone")
_NUMBERS_IN_DATE: Final = re.compile(
    r"(?:[A-Za-zæøåÆØÅ]{2,3}\.? )?(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})(?:[ T](\d{1,2}):(\d{2})(?::\d{2})?)?", re.ASCII
)
_SPAN: Final = re.compile(r"([+-]?[\d.,]{1,20})\s*(%?)\s*(e?)([A-Za-zæøå]{0,10})\??")
_UNITS: Final = {
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes", "minutt", "minutter"), "minute"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "t", "time", "timer"), "hour"),
    **dict.fromkeys(("", "d", "dy", "day", "days", "dag", "dager"), "day"),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks", "u", "uke", "uker"), "week"),
    **dict.fromkeys(("mo", "mon", "mons", "month", "months", "mnd", "måned", "måneder"), "month"),
}
_ELAPSED_MINUTES: Final = {"minute": 1, "hour": 60, "day": 1440, "week": 10_080, "month": 43_200}
# Microsoft Project's text for links: `3FS+2d;4SS`.
_LINK: Final = re.compile(
    r"([^\s+]{1,60}?)\s*(FS|SS|FF|SF)?\s*([+-]\s*[\d.,]{1,20}\s*%?\s*e?[A-Za-zæøå]{0,10})?", re.IGNORECASE
)
_LINK_TYPES: Final = {"FS": FINISH_START, "SS": START_START, "FF": FINISH_FINISH, "SF": START_FINISH}
_TRUE: Final = ("yes", "true", "1", "x", "ja", "y", "j")


@dataclass(frozen=True, slots=True)
class TableMapping:
    """Which column (by its name in the header) holds which of MEMBERS, and how dates, numbers and the outline are written.

    `outline` is `level`, `parent`, `wbs_code`, `section` or `none`, None for the first whose column is there.
    `key` tells whose ids the rows have: under one mapping an id is one thing, and without a mapping it is nobody's name.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    date_format: str | None = None
    decimal_sign: str = "."
    outline: str | None = None
    key: str = ""
    table: TableFormat = field(default_factory=TableFormat)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> TableMapping:
        """From the stored form."""
        table = TableFormat(
            document.get("encoding"), document.get("delimiter"), document.get("header_row"), document.get("sheet")
        )
        columns = {each["member"]: each["column"] for each in document["columns"]}
        return cls(
            columns=columns,
            date_format=document.get("date_format"),
            decimal_sign=document.get("decimal_sign") or ".",
            outline=document.get("outline"),
            key=document.get("id") or "",
            table=table,
        )


def read_table(table: Table, reading: Reading, mapping: TableMapping, file_format: str, system: str) -> FilePlan:
    """A plan from a table. Raises UnreadableFile `no_title` where no column holds titles, or names the missing column."""
    return _Rows(table, reading, mapping, file_format, system).read()


class _Rows:
    def __init__(self, table: Table, reading: Reading, mapping: TableMapping, file_format: str, system: str) -> None:
        self.table, self.mapping = table, mapping
        self.build = PlanBuilder(file_format, system, reading)
        self.at = self._columns()
        self.date_order = (
            DATE_FORMATS[mapping.date_format] if mapping.date_format in DATE_FORMATS else self._guessed_dates()
        )

    def _columns(self) -> dict[str, int]:
        header = [name.strip().lower() for name in self.table.header]
        spaced = [name.replace("_", " ") for name in header]
        found: dict[str, int] = {}
        for member, column in self.mapping.columns.items():
            name = " ".join(column.split()).lower()
            if name not in header:
                raise UnreadableFile("no_such_column", f"there is no column {column[:60]!r}", 1, place="the header")
            found[member] = header.index(name)
        if not self.mapping.columns:
            for member, names in MEMBERS.items():
                known = next(
                    (name for name in names if name in spaced and spaced.index(name) not in found.values()), None
                )
                if known is not None:
                    found[member] = spaced.index(known)
        if "title" not in found:
            raise UnreadableFile("no_title", "no column is known to hold the titles of tasks", 1, place="the header")
        return found

    def _guessed_dates(self) -> tuple[str, ...]:
        """Which of day and month comes first, where the mapping does not say: what fits every date, the day in doubt."""
        columns = [self.at[name] for name in ("start", "finish", "deadline") if name in self.at]
        most = [0, 0]
        sign = ""
        for _, row in self.table.rows:
            for column in columns:
                match = _NUMBERS_IN_DATE.fullmatch(row[column].strip()[:40]) if column < len(row) else None
                if match is not None and len(match[1]) <= 2:
                    most = [max(most[0], int(match[1])), max(most[1], int(match[2]))]
                    sign = row[column]
        return ("m", "d", "y") if most[1] > 12 >= most[0] and "." not in sign else ("d", "m", "y")

    # Rows

    def read(self) -> FilePlan:
        build, at = self.build, self.at
        outline = self.mapping.outline or next(
            (
                name
                for member, name in (
                    ("outline_level", "level"),
                    ("parent", "parent"),
                    ("wbs_code", "wbs_code"),
                    ("section", "section"),
                )
                if member in at
            ),
            "none",
        )
        by_id: dict[str, int] = {}
        by_title: dict[str, list[int]] = {}
        sections: dict[str, int] = {}
        codes: dict[str, int] = {}
        levels: list[int] = []
        waiting: list[tuple[MspdiTask, str, str, int]] = []
        for ordinal, (number, row) in enumerate(self.table.rows, 1):
            place = f"row {number}"
            cells = self._cells(row)
            if not cells.get("title"):
                build.account(self._name("title"), "dropped", "a row without a title", place)
                continue
            labels = re.split("[,;]", cells.get("labels", ""))
            external_id = cells.get("external_id", "")
            task = build.task(build.text(cells["title"], "title"), place, None, self._origin(external_id, labels))
            task.id = ordinal
            self._fill(task, cells, place)
            by_id.setdefault(external_id or (str(ordinal) if "external_id" not in at else ""), task.uid)
            by_title.setdefault(task.name.strip(), []).append(task.uid)
            self._show(task, cells, number)
            waiting.append((task, cells.get("parent", ""), cells.get("predecessors", ""), number))
            if outline == "level":
                self._level(task, cells.get("outline_level", ""), levels)
            elif outline == "wbs_code":
                code = cells.get("wbs_code", "")
                above = _above(code, codes)
                if above is not None:
                    build.put_below(task.uid, above)
                if code:
                    codes.setdefault(_code(code), task.uid)
            elif outline == "section" and cells.get("section"):
                name = cells["section"]
                if name not in sections:
                    sections[name] = build.task(build.text(name, "section"), place).uid
                build.put_below(task.uid, sections[name])
        for task, parent, links, number in waiting:
            if parent and outline == "parent":
                found = by_id.get(parent) or next(iter(by_title.get(parent, ())), None)
                if found is None:
                    build.account(self._name("parent"), "dropped", "there is no such row", f"row {number}: {parent}")
                else:
                    build.put_below(task.uid, found)
            for text in self._several(links):
                self._link(task, text, by_id, number)
        return build.finish()

    def _origin(self, external_id: str, labels: Sequence[str]) -> Origin:
        key = self.mapping.key
        return self.build.origin(key or "task", external_id if key else "", "", labels)

    def _cells(self, row: Sequence[str]) -> dict[str, str]:
        build, members = self.build, {column: member for member, column in self.at.items()}
        found = {}
        for column, cell in enumerate(row):
            value = build.text(cell, "cells").strip()
            if not value:
                continue
            member = members.get(column)
            if member is None:
                build.account(
                    self.table.header[column] or f"column {column + 1}", "dropped", "no member is mapped to it", value
                )
            else:
                found[member] = value
                build.account(self.table.header[column], "taken")
        return found

    def _show(self, task: MspdiTask, cells: Mapping[str, str], number: int) -> None:
        """The row as it was understood, for whoever tries a mapping; texts as they stand."""
        if len(self.build.file.rows) >= ROWS_SHOWN:
            return
        understood: dict[str, Any] = {
            "title": task.name,
            "start": task.start and task.start.isoformat(),
            "deadline": task.deadline and task.deadline.isoformat(),
            "duration_minutes": (task.duration or 0) // TICKS_PER_MINUTE,
            "elapsed": "yes" if task.elapsed else None,
            "percent_complete": task.percent_complete or None,
            "milestone": "yes" if task.milestone else None,
        }
        plain = {name: value for name, value in cells.items() if name not in _UNDERSTOOD}
        shown = {"row": number} | understood | plain
        self.build.file.rows.append(
            {name: shortened(value) for name, value in shown.items() if value not in (None, "")}
        )

    def _name(self, member: str) -> str:
        return self.table.header[self.at[member]] if member in self.at else member

    def _fill(self, task: MspdiTask, cells: Mapping[str, str], place: str) -> None:
        build = self.build
        task.notes = cells.get("notes", "")
        task.wbs = cells.get("wbs_code", "")[:60]
        start = self._moment(cells, "start", MORNING, place)
        finish = self._moment(cells, "finish", EVENING, place)
        deadline = self._moment(cells, "deadline", EVENING, place)
        if finish is not None and start is None:
            build.account(self._name("finish"), "changed", "a finish without a start is a deadline", place)
            deadline = deadline or finish
        linked = bool(cells.get("predecessors"))
        if linked and start is not None:
            build.account(self._name("start"), "changed", "what has predecessors begins when they let it", place)
        build.schedule(task, None if linked else start, deadline)
        task.start = start
        if start is not None and finish is not None and finish >= start:
            task.duration = build.ticks(build.minutes_between(start, finish), place)
        for member in ("duration", "work"):
            span = self._span(cells, member, place)
            if span is None:
                continue
            minutes, elapsed = span
            if member == "duration" or "duration" not in cells:
                task.duration, task.elapsed, task.estimated = build.ticks(minutes, place), elapsed, False
        if cells.get("milestone", "").lower() in _TRUE or ("duration" in cells and task.duration == 0):
            task.milestone, task.duration = True, 0
        percent = self._number(cells, "percent_complete", place)
        if percent is not None and percent >= 100:
            build.complete(task, finish if start is not None else None)
        elif percent is not None and percent > 0:
            task.percent_complete = int(percent)
        priority = self._number(cells, "priority", place)
        if priority is not None:
            task.priority = min(int(priority), 1000)
        email, names = cells.get("assignee_email", ""), cells.get("assignee", "")
        if email:
            build.assign(task, build.person(email.lower(), names, email))
        else:
            for name in re.split("[,;]", names):
                # `Kari[50%]`, as Microsoft Project names a resource with its units.
                plain = name.split("[")[0].strip()
                if plain:
                    build.assign(task, build.person(plain, plain))

    def _level(self, task: MspdiTask, text: str, levels: list[int]) -> None:
        told = as_number(text)
        level = int(told) if told is not None and 1 <= told <= MOST_LEVELS else 1
        if level > len(levels) + 1:
            self.build.account(
                self._name("outline_level"), "changed", "one level below the row before it at most", text
            )
            level = len(levels) + 1
        del levels[level - 1 :]
        if levels:
            self.build.put_below(task.uid, levels[-1])
        levels.append(task.uid)

    # Values

    def _moment(self, cells: Mapping[str, str], member: str, at: time, place: str) -> datetime | None:
        text = cells.get(member)
        if text is None or text.lower() in ("na", "i/t", "-"):
            return None
        match = _NUMBERS_IN_DATE.fullmatch(text) if len(text) <= 40 else None
        if match is None or len(match[1]) == 4:
            # ISO 8601, which also is how the days of a workbook come.
            if match is not None:
                text = f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}" + (
                    f"T{int(match[4]):02}:{match[5]}" if match[4] else ""
                )
            return self.build.moment(text, self._name(member), at)
        parts = dict(zip(self.date_order, (int(match[1]), int(match[2]), int(match[3])), strict=True))
        year = parts["y"] + 2000 if parts["y"] < 100 else parts["y"]
        hour, minute = (int(match[4]), int(match[5])) if match[4] else (at.hour, at.minute)
        try:
            found = datetime(year, parts["m"], parts["d"], hour, minute)  # noqa: DTZ001 -- a plan's own local time
        except ValueError:
            self.build.account(self._name(member), "dropped", "not a date", f"{place}: {text}")
            return None
        return self.build.within_reach(found, self._name(member))

    def _decimal(self, text: str) -> Decimal | None:
        """A number with the mapping's decimal sign, and its counterpart between thousands."""
        text = text.replace("\u00a0", "").replace(" ", "").removesuffix("%")
        if self.mapping.decimal_sign == ",":
            thousands = re.fullmatch(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?", text)
            text = (text.replace(".", "") if thousands else text).replace(",", ".")
        else:
            text = text.replace(",", "") if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", text) else text
        return as_number(text)

    def _number(self, cells: Mapping[str, str], member: str, place: str) -> Decimal | None:
        text = cells.get(member)
        if text is None:
            return None
        found = self._decimal(text)
        if found is None or found < 0:
            self.build.account(self._name(member), "dropped", "not a number in bounds", f"{place}: {text}")
            return None
        return found

    def _span(self, cells: Mapping[str, str], member: str, place: str) -> tuple[Decimal, bool] | None:
        text = cells.get(member)
        if text is None:
            return None
        found = self._minutes(text)
        if found is None or found[0] < 0 or found[2]:
            self.build.account(self._name(member), "dropped", "not a duration", f"{place}: {text}")
            return None
        return found[0], found[1]

    def _minutes(self, text: str) -> tuple[Decimal, bool, bool] | None:
        """Minutes of `2d`, `1.5 weeks`, `3ed`; whether they are elapsed; and whether it is a percentage instead."""
        match = _SPAN.fullmatch(text.strip().replace("+ ", "+").replace("- ", "-")) if len(text) <= 60 else None
        if match is None:
            return None
        number, unit = self._decimal(match[1]), match[4].lower()
        if number is None:
            return None
        if match[2]:
            return number, bool(match[3]), True
        elapsed, kind = bool(match[3]), _UNITS.get(unit)
        if kind is None:
            return None
        if elapsed:
            return number * _ELAPSED_MINUTES[kind], True, False
        day = self.build.reading.minutes_per_day
        return number * {"minute": 1, "hour": 60, "day": day, "week": 5 * day, "month": 20 * day}[kind], False, False

    def _several(self, text: str) -> list[str]:
        if ";" not in text and self.mapping.decimal_sign != ",":
            text = text.replace(",", ";")
        return [each.strip() for each in text.split(";") if each.strip()]

    def _link(self, task: MspdiTask, text: str, by_id: Mapping[str, int], number: int) -> None:
        match = _LINK.fullmatch(text) if len(text) <= 150 else None
        lag = self._minutes(match[3].replace(" ", "")) if match is not None and match[3] else (Decimal(0), False, False)
        # An id may itself end like a link's type.
        other = by_id.get(text) or (by_id.get(match[1]) if match is not None else None)
        if match is None or lag is None or other is None:
            reason = "there is no such row" if match is not None and lag is not None else "not a link such as 3FS+2d"
            self.build.account(self._name("predecessors"), "dropped", reason, f"row {number}: {text}")
            return
        minutes, elapsed, percent = lag
        kind = _LINK_TYPES[(match[2] or "FS").upper()]
        if percent:
            self.build.link(other, task.uid, kind, int(minutes), elapsed, percent=True)
        else:
            sign = -1 if minutes < 0 else 1
            self.build.link(other, task.uid, kind, sign * self.build.ticks(abs(minutes), "links"), elapsed)


def _code(code: str) -> str:
    return code.strip().rstrip(".")


def _above(code: str, codes: Mapping[str, int]) -> int | None:
    """The nearest row whose code is the beginning of this one: `1.2` of `1.2.3`, `1` where there is no `1.2`."""
    text = _code(code)
    while "." in text:
        text = text.rpartition(".")[0]
        if text in codes:
            return codes[text]
    return None
