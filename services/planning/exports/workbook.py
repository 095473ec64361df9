"""Writes the tables of a plan, and its Gantt chart in coloured cells, as a workbook (ECMA-376, SpreadsheetML), as a stream.

Texts are typed as texts, so none is ever a formula, and marked to stay so when somebody edits them.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal
from xml.sax.saxutils import escape, quoteattr

from services.kernel.language import Language, month_name
from services.kernel.working_time import NoWorkingTime, WorkingTime, day_number
from services.planning.exports.labels import LABELS
from services.planning.exports.plan_contents import ExportedTask, PlanContents
from services.planning.exports.sheets import Cell, Sheet, sheets_of

_CHUNK_BYTES: Final = 64 * 1024
_ROWS_AT_ONCE: Final = 200
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPES: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# Day 0 of serial dates, in the count that has a 29 February 1900.
_DAY_ZERO: Final = datetime.fromisoformat("1899-12-30T00:00")
_MOST_LEVELS: Final = 15
# How many days, or weeks, a chart has before it counts the next longer unit.
_MOST_DAYS, _MOST_WEEKS, _MOST_MONTHS = 200, 320, 1200
# What XML 1.0 has no way to say, and what this format reads as such a character.
_UNSPEAKABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LOOKS_ESCAPED: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_LONGEST_CELL: Final = 32_767
_WIDTHS: Final = {"title": 48, "notes": 40, "resources": 28, "predecessors": 16, "predecessor": 40, "successor": 40}

Scale = Literal["day", "week", "month"]


@dataclass(frozen=True, slots=True)
class Style:
    """How a cell looks: its number format, its fill (a colour in hexadecimal), weight, indent and alignment."""

    number_format: int = 0
    fill: str = ""
    bold: bool = False
    indent: int = 0
    text: bool = False
    centred: bool = False
    white: bool = False


_MOMENT, _DECIMALS = 164, 165
_PLAIN: Final = Style()
_TEXT: Final = Style(text=True)
_HEAD: Final = Style(bold=True, fill="E3E7EC", text=True)
_HEAD_CENTRED: Final = Style(bold=True, fill="E3E7EC", text=True, centred=True)
_FREE: Final = Style(fill="F1F3F5")
_TASK, _DONE, _CRITICAL, _CRITICAL_DONE, _SUMMARY = "7EA6CC", "1F4E79", "DD9C8B", "B0412A", "1C2430"


class _Styles:
    """The looks that a workbook uses, each by the number that it is given when it is first met."""

    def __init__(self) -> None:
        self.numbers: dict[Style, int] = {_PLAIN: 0}

    def of(self, style: Style) -> int:
        return self.numbers.setdefault(style, len(self.numbers))

    def document(self) -> str:
        fills = list(dict.fromkeys(style.fill for style in self.numbers if style.fill))
        fonts = list(dict.fromkeys((style.bold, style.white) for style in self.numbers))
        written = "".join(
            f'<font>{"<b/>" if bold else ""}<sz val="10"/>'
            f'<color rgb="{"FFFFFFFF" if white else "FF1C2430"}"/><name val="Calibri"/></font>'
            for bold, white in fonts
        )
        patterns = "".join(
            f'<fill><patternFill patternType="solid"><fgColor rgb="FF{fill}"/><bgColor indexed="64"/></patternFill></fill>'
            for fill in fills
        )
        looks = []
        for style in self.numbers:
            fill = fills.index(style.fill) + 2 if style.fill else 0
            font = fonts.index((style.bold, style.white))
            aligned = ""
            if style.indent:
                aligned = f'<alignment indent="{style.indent}" horizontal="left"/>'
            elif style.centred:
                aligned = '<alignment horizontal="center"/>'
            quoted = ' quotePrefix="1"' if style.text else ""
            looks.append(
                f'<xf numFmtId="{style.number_format}" fontId="{font}" fillId="{fill}" borderId="0" xfId="0"{quoted}'
                f' applyNumberFormat="1" applyFont="1" applyFill="1" applyAlignment="1">{aligned}</xf>'
            )
        return (
            f'<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="{_MOMENT}" formatCode="yyyy\\-mm\\-dd hh:mm"/>'
            f'<numFmt numFmtId="{_DECIMALS}" formatCode="0.####"/></numFmts>'
            f'<fonts count="{len(fonts)}">{written}</fonts><fills count="{len(fills) + 2}"><fill><patternFill patternType="none"/></fill>'
            f'<fill><patternFill patternType="gray125"/></fill>{patterns}</fills>'
            '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
            '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
            f'<cellXfs count="{len(looks)}">{"".join(looks)}</cellXfs>'
            '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
        )


class _Pieces:
    """What the archive has written and nobody has fetched yet."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._length = 0

    def write(self, data: bytes) -> int:
        self._held.append(bytes(data))
        self._length += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def take(self, least: int = 0) -> bytes:
        """All of it, once there is as much as that."""
        if self._length <= least:
            return b""
        taken = b"".join(self._held)
        self._held.clear()
        self._length = 0
        return taken


def write_workbook(contents: PlanContents, language: Language) -> Iterator[bytes]:
    """The file in pieces: a sheet for each table, and the chart."""
    pieces, styles = _Pieces(), _Styles()
    tables = list(sheets_of(contents).values())
    names = [LABELS.text(f"sheet.{sheet.name}", language) for sheet in tables]
    chart = LABELS.text("sheet.gantt", language)
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:  # type: ignore[call-overload]
        for name, text in _frame([*names, chart]):
            archive.writestr(_part(name), text)
        sheets = [_table(sheet, styles, language) for sheet in tables]
        for number, written in enumerate([*sheets, _gantt(contents, styles, language)], 1):
            with archive.open(_part(f"xl/worksheets/sheet{number}.xml"), "w") as file:
                for text in written:
                    file.write(text.encode())
                    if piece := pieces.take(_CHUNK_BYTES):
                        yield piece
        archive.writestr(_part("xl/styles.xml"), _DECLARATION + styles.document())
    yield pieces.take()


def _part(name: str) -> zipfile.ZipInfo:
    """A member without the time at which it was written: the same plan is the same file."""
    part = zipfile.ZipInfo(name)
    part.compress_type = zipfile.ZIP_DEFLATED
    return part


_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def _frame(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The parts that say what the others are."""
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_TYPES}.worksheet+xml"/>'
        for number in range(1, len(names) + 1)
    )
    yield (
        "[Content_Types].xml",
        (
            f'{_DECLARATION}<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>{overrides}</Types>'
        ),
    )
    yield (
        "_rels/.rels",
        (
            f'{_DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
            f' Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
    )
    sheets = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>' for number, name in enumerate(names, 1)
    )
    yield (
        "xl/workbook.xml",
        f'{_DECLARATION}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{sheets}</sheets></workbook>',
    )
    related = "".join(
        f'<Relationship Id="rId{number}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in range(1, len(names) + 1)
    )
    yield (
        "xl/_rels/workbook.xml.rels",
        (
            f'{_DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships">{related}<Relationship Id="rId{len(names) + 1}"'
            f' Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>'
        ),
    )


def column_name(number: int) -> str:
    """The letters of a column, 0 is A and 26 is AA."""
    name = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def _text(words: str) -> str:
    """Escaped as the format wants it; a text that looks like one of its own escapes is kept from being read as one."""
    kept = _LOOKS_ESCAPED.sub("_x005F_", words.replace("\r\n", "\n").replace("\r", "\n")[:_LONGEST_CELL])
    return escape(_UNSPEAKABLE.sub("", kept))


def _cell(
    place: str, value: Cell, styles: _Styles, style: Style | None = None, language: Language | None = None
) -> str:
    match value:
        case None | "" | False:
            return f'<c r="{place}" s="{styles.of(style)}"/>' if style is not None else ""
        case True:
            value = LABELS.text("yes", language or Language.ENGLISH)
        case datetime():
            look = styles.of(style or Style(_MOMENT))
            serial = Decimal((value - _DAY_ZERO) // timedelta(seconds=1)) / 86_400
            return f'<c r="{place}" s="{look}"><v>{round(serial, 8).normalize():f}</v></c>'
        case int():
            return f'<c r="{place}" s="{styles.of(style or _PLAIN)}"><v>{value}</v></c>'
        case Decimal():
            return f'<c r="{place}" s="{styles.of(style or Style(_DECIMALS))}"><v>{value.normalize():f}</v></c>'
        case _:
            pass
    look = styles.of(style or _TEXT)
    return f'<c r="{place}" s="{look}" t="inlineStr"><is><t xml:space="preserve">{_text(str(value))}</t></is></c>'


def _opened(widths: Sequence[float], frozen_columns: int, frozen_rows: int) -> str:
    columns = "".join(
        f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>'
        for number, width in enumerate(widths, 1)
    )
    corner = f"{column_name(frozen_columns)}{frozen_rows + 1}"
    split = f'xSplit="{frozen_columns}" ' if frozen_columns else ""
    pane = "bottomRight" if frozen_columns else "bottomLeft"
    return (
        f'{_DECLARATION}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane {split}'
        f'ySplit="{frozen_rows}" topLeftCell="{corner}" activePane="{pane}" state="frozen"/></sheetView></sheetViews>'
        f"<cols>{columns}</cols><sheetData>"
    )


def _table(sheet: Sheet, styles: _Styles, language: Language) -> Iterator[str]:
    letters = [column_name(number) for number in range(len(sheet.columns))]
    widths = [
        _WIDTHS.get(code, 17 if code.endswith(("start", "finish", "date", "line")) else 14) for code in sheet.columns
    ]
    if sheet.columns[0].endswith("id"):
        widths[0] = 7
    yield _opened(widths, 0, 1)
    heads = [LABELS.text(f"column.{code}", language) for code in sheet.columns]
    yield (
        '<row r="1">'
        + "".join(_cell(f"{letter}1", head, styles, _HEAD) for letter, head in zip(letters, heads, strict=True))
        + "</row>"
    )
    level = sheet.columns.index("outline_level") if "outline_level" in sheet.columns else None
    title = sheet.columns.index("title") if level is not None else None
    summary = sheet.columns.index("summary") if level is not None else None
    gathered: list[str] = []
    rows = 1
    for rows, row in enumerate(sheet.rows(), 2):
        written = []
        for column, (letter, value) in enumerate(zip(letters, row, strict=True)):
            style = None
            if column == title and level is not None and summary is not None:
                style = _of_title(row[level], bool(row[summary]))
            written.append(_cell(f"{letter}{rows}", value, styles, style, language))
        gathered.append(f'<row r="{rows}">{"".join(written)}</row>')
        if len(gathered) == _ROWS_AT_ONCE:
            yield "".join(gathered)
            gathered.clear()
    yield "".join(gathered)
    yield f'</sheetData><autoFilter ref="A1:{letters[-1]}{rows}"/></worksheet>'


def _of_title(level: Cell, summary: bool) -> Style:
    indent = min(int(level) - 1, _MOST_LEVELS) if isinstance(level, int) else 0
    return Style(text=True, bold=summary, indent=max(indent, 0))


# The chart


@dataclass(frozen=True, slots=True)
class _Axis:
    """The columns of the chart: on which day each begins, and the first behind the last."""

    scale: Scale
    days: list[date]
    end: date

    def column(self, day: date) -> int:
        """The column that a day lies in, the first or the last for a day outside."""
        if self.scale == "month":
            number = (day.year - self.days[0].year) * 12 + day.month - self.days[0].month
        else:
            number = (day - self.days[0]).days // (7 if self.scale == "week" else 1)
        return min(max(number, 0), len(self.days) - 1)


def _axis_of(tasks: Sequence[ExportedTask]) -> _Axis:
    first = min(task.start for task in tasks).date()
    last = max(max(task.finish, task.start) for task in tasks).date()
    length = (last - first).days + 1
    if length <= _MOST_DAYS:
        return _Axis("day", [first + timedelta(number) for number in range(length)], last + timedelta(1))
    if length <= _MOST_WEEKS * 7:
        monday = first - timedelta(first.weekday())
        weeks = ((last - monday).days // 7) + 1
        return _Axis("week", [monday + timedelta(7 * number) for number in range(weeks)], monday + timedelta(7 * weeks))
    months = min((last.year - first.year) * 12 + last.month - first.month + 1, _MOST_MONTHS)
    days = [
        date(first.year + (first.month - 1 + number) // 12, (first.month - 1 + number) % 12 + 1, 1)
        for number in range(months + 1)
    ]
    return _Axis("month", days[:-1], days[-1])


_BEFORE: Final = ("wbs_code", "title", "start", "finish")


def _gantt(contents: PlanContents, styles: _Styles, language: Language) -> Iterator[str]:
    tasks = contents.tasks
    if not tasks:
        yield _opened([40], 0, 1)
        yield (
            '<row r="1">' + _cell("A1", LABELS.text("gantt.empty", language), styles) + "</row></sheetData></worksheet>"
        )
        return
    axis = _axis_of(tasks)
    before = len(_BEFORE)
    letters = [column_name(number) for number in range(before + len(axis.days))]
    yield _opened([10, 48, 17, 17, *([3.2 if axis.scale == "day" else 4.5] * len(axis.days))], 2, 2)
    upper, merged = _upper(axis, before, language)
    yield '<row r="1">' + "".join(_cell(f"{letters[at]}1", text, styles, _HEAD) for at, text in upper) + "</row>"
    heads = [
        _cell(f"{letters[at]}2", LABELS.text(f"column.{code}", language), styles, _HEAD)
        for at, code in enumerate(_BEFORE)
    ]
    heads += [
        _cell(f"{letters[before + at]}2", _lower(axis.scale, day, language), styles, _HEAD_CENTRED)
        for at, day in enumerate(axis.days)
    ]
    yield f'<row r="2">{"".join(heads)}</row>'
    free = _free_columns(axis, contents.working_times.get("project"))
    gathered: list[str] = []
    for number, task in enumerate(tasks, 3):
        cells = [
            _cell(f"A{number}", task.wbs_code, styles),
            _cell(f"B{number}", task.title, styles, _of_title(task.outline_level, task.summary)),
            _cell(f"C{number}", task.start, styles),
            _cell(f"D{number}", task.finish, styles),
        ]
        bar = _bar(task, axis)
        cells += [
            _cell(f"{letters[before + at]}{number}", mark, styles, style)
            for at, (style, mark) in sorted((dict.fromkeys(free, (_FREE, None)) | bar).items())
        ]
        gathered.append(f'<row r="{number}">{"".join(cells)}</row>')
        if len(gathered) == _ROWS_AT_ONCE:
            yield "".join(gathered)
            gathered.clear()
    yield "".join(gathered)
    joined = "".join(f'<mergeCell ref="{letters[first]}1:{letters[last]}1"/>' for first, last in merged)
    counted = f'<mergeCells count="{len(merged)}">{joined}</mergeCells>' if merged else ""
    yield f"</sheetData>{counted}</worksheet>"


def _upper(axis: _Axis, before: int, language: Language) -> tuple[list[tuple[int, str]], list[tuple[int, int]]]:
    """The coarser row of the head: where each text stands, and over which columns it reaches."""
    heads: list[tuple[int, str]] = []
    for at, day in enumerate(axis.days):
        text = str(day.year) if axis.scale == "month" else f"{month_name(day.month, language)} {day.year}"
        if not heads or heads[-1][1] != text:
            heads.append((before + at, text))
    ends = [at - 1 for at, _ in heads[1:]] + [before + len(axis.days) - 1]
    return heads, [(at, end) for (at, _), end in zip(heads, ends, strict=True) if end > at]


def _lower(scale: Scale, day: date, language: Language) -> str:
    if scale == "day":
        return str(day.day)
    return str(day.isocalendar().week) if scale == "week" else month_name(day.month, language)


def _free_columns(axis: _Axis, time: WorkingTime | None) -> list[int]:
    """The days on which the project does not work."""
    if axis.scale != "day" or time is None:
        return []
    found = []
    for at, day in enumerate(axis.days):
        number = day_number(day)
        try:
            if not time.periods(number, number + 1):
                found.append(at)
        except NoWorkingTime:
            return []
    return found


def _bar(task: ExportedTask, axis: _Axis) -> dict[int, tuple[Style, str | None]]:
    """The columns of a task: how each is filled, with a mark at a milestone."""
    first, last = axis.column(task.start.date()), axis.column(task.finish.date())
    if task.milestone:
        return {last: (Style(bold=True, centred=True, text=True), "\N{BLACK DIAMOND}")}
    if last < first:
        return {}
    if task.summary:
        return dict.fromkeys(range(first, last + 1), (Style(fill=_SUMMARY, white=True), None))
    done = round((last - first + 1) * task.percent_complete / 100)
    light, full = (_CRITICAL, _CRITICAL_DONE) if task.critical else (_TASK, _DONE)
    return {column: (Style(fill=full if column < first + done else light), None) for column in range(first, last + 1)}
