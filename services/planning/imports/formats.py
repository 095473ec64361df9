"""Which format a file has, by its first bytes and only then by its name, and the reader of each."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, Final

import orjson

from services.planning.imports.asana import is_asana_csv, is_asana_json, read_asana_csv, read_asana_json
from services.planning.imports.file_plan import FilePlan, Reading
from services.planning.imports.jira import is_jira_csv, is_jira_json, read_jira_csv, read_jira_json
from services.planning.imports.json_document import read_json
from services.planning.imports.mspdi import Limits, read_mspdi
from services.planning.imports.record_stream import UnreadableFile
from services.planning.imports.table import Table, read_csv, read_xlsx
from services.planning.imports.table_plan import TableMapping, read_table
from services.planning.imports.tandem_json import FORMAT, is_tandem_json, plan_of
from services.planning.imports.trello import is_trello, read_trello

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FOREIGN: Final = ((_OLE, "mpp"), (b"ERMHDR", "xer"), (b"MPX,", "mpx"), (b"MPX;", "mpx"))
_PRIMAVERA_XML: Final = b"<APIBusinessObjects"
_TEXT_NAMES: Final = (".csv", ".tsv", ".txt")


# By what a document holds, which reader takes it.
def _read_tandem(document: Any, _: Reading) -> FilePlan:
    plan, beside = plan_of(document)
    return FilePlan(FORMAT, plan, "tandem", frame=True, beside=beside)


_JSON: Final[tuple[tuple[Callable[[Any], bool], Callable[[Any, Reading], FilePlan]], ...]] = (
    (is_tandem_json, _read_tandem),
    (is_trello, read_trello),
    (is_jira_json, read_jira_json),
    (is_asana_json, read_asana_json),
)
_HEADERS: Final = (("Task ID", "Name", "Section/Column"), ("Summary", "Issue key"))


def foreign_format(content: bytes) -> str | None:
    """`mpp`, `xer`, `mpx` or `pmxml` for what only MPXJ reads, None for everything else."""
    known = next((kind for mark, kind in _FOREIGN if content.startswith(mark)), None)
    return "pmxml" if known is None and _PRIMAVERA_XML in content[:2_000] else known


def read_plan(content: bytes, filename: str, reading: Reading) -> FilePlan:
    """The plan in a file of any format. Raises UnreadableFile with a code and the place.

    A mapping makes a table of a file whose columns would be known without one, too.
    """
    head = content[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()
    name = filename.lower()
    if content.startswith(_ZIP):
        return _from_table(content, reading, workbook=True)
    if foreign_format(content) is not None:
        raise UnreadableFile("format_not_read", "this format needs a converter: save the plan as XML (MSPDI)", 1)
    if reading.mapping is not None or (name.endswith(_TEXT_NAMES) and not head.startswith((b"<", b"{"))):
        return _from_table(content, reading, workbook=False)
    if head.startswith((b"{", b"[")) or name.endswith(".json"):
        return _from_json(content, reading)
    limits = Limits(max_bytes=reading.max_bytes, max_records=reading.max_tasks)
    mspdi = read_mspdi(io.BytesIO(content), limits)
    return FilePlan("mspdi", mspdi, "ms-project", frame=True)


def _from_json(content: bytes, reading: Reading) -> FilePlan:
    document = read_json(io.BytesIO(content), reading.max_bytes)
    for fits, read in _JSON:
        if fits(document):
            return read(document, reading)
    raise UnreadableFile(
        "not_this_format", "neither a project of ours nor a board of Trello nor tasks of Asana nor issues of Jira", 1
    )


def _from_table(content: bytes, reading: Reading, *, workbook: bool) -> FilePlan:
    mapping = TableMapping() if reading.mapping is None else TableMapping.read(orjson.loads(reading.mapping))
    table: Table
    if workbook:
        table = read_xlsx(io.BytesIO(content), mapping.table, _HEADERS, reading.max_tasks)
    else:
        table = read_csv(content, mapping.table, _HEADERS, reading.max_tasks)
    if reading.mapping is None:
        if is_asana_csv(table.header):
            return read_asana_csv(table, reading)
        if is_jira_csv(table.header):
            return read_jira_csv(table, reading)
    return read_table(table, reading, mapping, "xlsx" if workbook else "csv", "table")
