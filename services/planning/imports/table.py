"""CSV and XLSX as a table of texts: encodings and delimiters guessed, sizes bounded, nothing expanded or calculated."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO, Final

from services.planning.imports.record_stream import UnreadableFile

MOST_COLUMNS: Final = 300
LONGEST_CELL: Final = 100_000
# A workbook of a hundred thousand rows unpacks to some fifty megabytes.
_MOST_UNPACKED: Final = 200_000_000
# A sheet of nothing but the same row is packed to a hundredth; bombs to a thousandth.
_MOST_RATIO: Final = 300
_LITTLE: Final = 10_000_000
_MOST_PARTS: Final = 2_000
_EXCELS_LAST_ROW: Final = 1_048_576
_MOST_CELLS: Final = 5_000_000
_DELIMITERS: Final = (";", ",", "\t", "|")
_LINES_TO_GUESS: Final = 10
_DOCUMENT_TYPES: Final = tuple(
    mark.encode(encoding) for mark in ("<!DOCTYPE", "<!ENTITY") for encoding in ("utf-8", "utf-16-le", "utf-16-be")
)
_SEPARATOR_HINT: Final = re.compile(r"sep=([;,\t|])\r?\n", re.IGNORECASE)
_CHUNK: Final = 1 << 20


@dataclass(slots=True)
class Table:
    """The header and the rows below it, each with its number in the file (1 is the first). Cells are texts; days and
    moments of a workbook are ISO 8601, its numbers have a decimal point."""

    header: list[str]
    rows: list[tuple[int, list[str]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TableFormat:
    """How a file is to be read; None is guessed. `header_row` counts from 1, `sheet` is the name of one."""

    encoding: str | None = None
    delimiter: str | None = None
    header_row: int | None = None
    sheet: str | None = None


def read_csv(content: bytes, told: TableFormat, known_headers: Iterable[Sequence[str]], max_rows: int) -> Table:
    """A CSV file. The header is the told row, or among the first ten the one that holds one of the known headers, or the
    first. Raises UnreadableFile `not_text`, `not_csv` with the line, `too_many_records`, `too_many_columns`."""
    text = _decoded(content, told.encoding)
    # A spreadsheet's own hint to its next reader, which is no row.
    hint = _SEPARATOR_HINT.match(text)
    delimiter = told.delimiter or (hint[1] if hint is not None else _guessed_delimiter(text))
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)

    def rows() -> Iterator[tuple[int, list[str]]]:
        try:
            for number, row in enumerate(reader, 1):
                if number > 1 or hint is None:
                    yield number, row
        except csv.Error as error:
            raise UnreadableFile("not_csv", str(error), reader.line_num) from error

    return _table(rows(), told.header_row, known_headers, max_rows)


def _decoded(content: bytes, encoding: str | None) -> str:
    """As told, or by the byte-order mark, or UTF-8, or else Windows' Western European."""
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    marked = next((name for mark, name in marks.items() if content.startswith(mark)), None)
    tried = [marked] if marked else [encoding] if encoding else ["utf-8", "cp1252"]
    failure: UnicodeDecodeError | None = None
    for each in tried:
        try:
            text = content.decode(each)
        except UnicodeDecodeError as error:
            failure = failure or error
            continue
        if "\x00" in text:
            raise UnreadableFile(
                "not_text", "the file holds NUL characters", text[: text.index("\x00")].count("\n") + 1
            )
        return text
    assert failure is not None, "an encoding was tried"
    line = content[: failure.start].count(b"\n") + 1
    raise UnreadableFile("not_text", f"the text is not {encoding or marked or 'UTF-8 nor Windows-1252'}", line)


def _guessed_delimiter(text: str) -> str:
    """The one that stands most often in the first lines outside of quotes."""
    lines = text[:100_000].splitlines()[:_LINES_TO_GUESS]
    counts = dict.fromkeys(_DELIMITERS, 0)
    for line in lines:
        for number, part in enumerate(line.split('"')):
            if number % 2 == 0:
                for each in _DELIMITERS:
                    counts[each] += part.count(each)
    return max(_DELIMITERS, key=lambda each: counts[each])


def _table(
    rows: Iterable[tuple[int, list[str]]], header_row: int | None, known: Iterable[Sequence[str]], max_rows: int
) -> Table:
    first: list[tuple[int, list[str]]] = []
    rest = iter(rows)
    for number, row in rest:
        first.append((number, row))
        if len(first) >= max(_LINES_TO_GUESS, header_row or 0):
            break
    if header_row is not None:
        at = next((place for place, (number, _) in enumerate(first) if number == header_row), None)
        if at is None:
            raise UnreadableFile("no_header", f"there is no row {header_row}", header_row)
    else:
        wanted = [{name.lower() for name in header} for header in known]
        at = next(
            (
                place
                for place, (_, row) in enumerate(first)
                if any(names <= {cell.strip().lower() for cell in row} for names in wanted)
            ),
            None,
        )
        if at is None:
            at = next((place for place, (_, row) in enumerate(first) if any(cell.strip() for cell in row)), None)
        if at is None:
            raise UnreadableFile("no_header", "the file holds no row", 1)
    number, header = first[at]
    if len(header) > MOST_COLUMNS:
        raise UnreadableFile("too_many_columns", f"more than {MOST_COLUMNS} columns", number)
    table = Table([" ".join(cell.split())[:200] for cell in header])
    cells = 0

    def keep(number: int, row: list[str]) -> None:
        nonlocal cells
        if not any(cell and not cell.isspace() for cell in row):
            return
        cells += len(row)
        if len(table.rows) >= max_rows:
            raise UnreadableFile("too_many_records", f"more than {max_rows} rows", number, place=f"row {number}")
        if cells > _MOST_CELLS:
            raise UnreadableFile("too_many_records", f"more than {_MOST_CELLS} cells", number, place=f"row {number}")
        table.rows.append((number, row[: len(header)]))

    for each in first[at + 1 :]:
        keep(*each)
    for each in rest:
        keep(*each)
    return table


def read_xlsx(stream: BinaryIO, told: TableFormat, known_headers: Iterable[Sequence[str]], max_rows: int) -> Table:
    """One sheet of a workbook, the first unless another is told; of formulas the values that the file keeps.

    Raises UnreadableFile `not_xlsx`, `zip_bomb`, `forbidden_dtd`, `no_sheet`, or those of a table.
    """
    _refuse_bombs(stream)
    stream.seek(0)
    try:
        # It takes a third of a second to load, for which other files need not wait.
        from openpyxl import load_workbook  # type: ignore[import-untyped]  # noqa: PLC0415

        book = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        names = book.sheetnames
        if told.sheet is not None and told.sheet not in names:
            raise UnreadableFile("no_sheet", f"there is no sheet {told.sheet[:60]!r}", 1, place="the workbook")
        sheet = book[told.sheet] if told.sheet is not None else book.worksheets[0]
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_row=_EXCELS_LAST_ROW, max_col=MOST_COLUMNS)
        texts = ((number, _trimmed([_cell_text(cell) for cell in row])) for number, row in enumerate(rows, 1))
        return _table(texts, told.header_row, known_headers, max_rows)
    except (UnreadableFile, MemoryError):
        raise
    except Exception as error:
        # A broken workbook raises whatever its parts meet.
        raise UnreadableFile("not_xlsx", f"the workbook cannot be read ({type(error).__name__})", 1) from error


def _trimmed(row: list[str]) -> list[str]:
    while row and not row[-1]:
        row.pop()
    return row


def _cell_text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        midnight = value.time() == time(0)
        return value.date().isoformat() if midnight else value.replace(microsecond=0).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value.total_seconds() / 3600:g} h"
    if isinstance(value, int | float) and "%" in cell.number_format:
        # Half is shown as 50 %, and that is what is meant.
        return f"{value * 100:.12g}%"
    if isinstance(value, float):
        return f"{value:.12g}"
    return str(value)[:LONGEST_CELL]


def _refuse_bombs(stream: BinaryIO) -> None:
    """Count what the parts unpack to, really and not as they say, and look for document types in them."""
    try:
        with zipfile.ZipFile(stream) as archive:
            parts = archive.infolist()
            if len(parts) > _MOST_PARTS:
                raise UnreadableFile(
                    "zip_bomb", f"the workbook has more than {_MOST_PARTS} parts", 1, place="the workbook"
                )
            if sum(part.file_size for part in parts) > _MOST_UNPACKED:
                raise UnreadableFile("zip_bomb", "the workbook unpacks to too much", 1, place="the workbook")
            unpacked = 0
            for part in parts:
                if part.file_size > max(part.compress_size, 1) * _MOST_RATIO and part.file_size > _LITTLE:
                    raise UnreadableFile("zip_bomb", "a part unpacks to too much", 1, place=part.filename[:100])
                if part.flag_bits & 1:
                    raise UnreadableFile("not_xlsx", "the workbook is encrypted", 1, place=part.filename[:100])
                if not part.filename.endswith((".xml", ".rels")):
                    continue
                with archive.open(part) as opened:
                    behind = b""
                    while chunk := opened.read(_CHUNK):
                        unpacked += len(chunk)
                        if unpacked > _MOST_UNPACKED:
                            raise UnreadableFile(
                                "zip_bomb", "the workbook unpacks to too much", 1, place="the workbook"
                            )
                        seen = behind + chunk
                        if any(mark in seen for mark in _DOCUMENT_TYPES):
                            raise UnreadableFile(
                                "forbidden_dtd", "a document type is not accepted", 1, place=part.filename[:100]
                            )
                        behind = chunk[-40:]
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        NotImplementedError,
        OSError,
        EOFError,
        ValueError,
        zlib.error,
    ) as error:
        raise UnreadableFile("not_xlsx", f"the workbook cannot be unpacked: {error}"[:200], 1) from error
