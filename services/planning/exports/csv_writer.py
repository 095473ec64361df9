"""Writes one table of a plan as CSV (RFC 4180, UTF-8 with a mark, since spreadsheets guess otherwise).

A text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, CSV injection); numbers stay numbers.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Final

from services.planning.exports.loss import Loss, counted, hidden
from services.planning.exports.plan_contents import PlanContents
from services.planning.exports.sheets import Cell, Sheet

_ROWS_AT_ONCE: Final = 500
# What begins a formula, a command or another cell for some spreadsheet, wide spellings included.
_LEADING: Final = frozenset("=+-@|%\t\r\n\uff1d\uff0b\uff0d\uff20\uff5c")
# What spreadsheets pass over at the beginning of a text.
_PASSED_OVER: Final = " \u00a0\u200b\u200c\u200d\u2060\ufeff\u3000'\""


def neutral(text: str) -> str:
    """The text as no spreadsheet takes it for a formula."""
    stripped = text.lstrip(_PASSED_OVER)
    return f"'{text}" if text[:1] in _LEADING or stripped[:1] in _LEADING else text


def write_csv(sheet: Sheet) -> Iterator[bytes]:
    """The table in pieces; its head names the columns by their codes, which are the same in every language."""
    yield b"\xef\xbb\xbf"
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(sheet.columns)
    for number, row in enumerate(sheet.rows(), 1):
        writer.writerow([_written(cell) for cell in row])
        if number % _ROWS_AT_ONCE == 0:
            yield buffer.getvalue().encode(errors="replace")
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode(errors="replace")


def table_losses(contents: PlanContents) -> list[Loss]:
    """What tables are not meant to tell."""
    found: Counter[tuple[str, str]] = hidden(contents)
    found["calendar", "tables hold tasks, dependencies, resources and assignments"] = len(contents.calendars)
    found["baseline", "the last one alone, and its dates alone"] = len(contents.baselines)
    found["task.splits", "a table tells start and finish"] = sum(task.splits is not None for task in contents.tasks)
    found["resource.rates", "table A from the beginning alone"] = sum(bool(each.rates) for each in contents.resources)
    found["resource.availability", "the usual units alone"] = sum(
        bool(each.availability) for each in contents.resources
    )
    found["absence", "tables hold tasks, dependencies, resources and assignments"] = len(contents.absences)
    return counted(found)


def _written(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case datetime():
            return cell.isoformat(timespec="minutes")
        case Decimal():
            return f"{cell.normalize():f}"
        case int():
            return str(cell)
    return neutral(cell)
