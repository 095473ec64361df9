"""Response shapes of imports, and the description of the upload."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from services.kernel.schemas import Body, Effects, ObjectShape, Shape
from services.planning.imports.table_plan import MEMBERS, ColumnMember

PLAN_UPLOAD: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {
                        "type": "string",
                        "format": "binary",
                        "description": "Microsoft Project XML (MSPDI); JSON of Tandem, of a Trello board, of Asana or of Jira; CSV of Asana"
                        " or Jira; any CSV or XLSX",
                    }
                },
                "additionalProperties": False,
            }
        }
    },
}


class FindingShape(Shape):
    """What became of one kind of element: `count` is how often it carried a value, `examples` are a few of the values."""

    path: str
    count: int
    disposition: Literal["taken", "changed", "dropped"]
    reason: str
    examples: list[str]


class ImportShape(ObjectShape):
    project_id: UUID
    job_id: UUID
    filename: str
    format: str
    size: int
    sha256: str
    counts: dict[str, int]
    report: list[FindingShape]
    reversed_at: datetime | None
    effects: Effects | None = None


class ProposedPerson(Shape):
    """Who of the tenant has the same address; only somebody on the project can be given tasks."""

    person_id: UUID
    name: str
    on_project: bool


class ImportedPerson(Shape):
    """A person of the file, who is a resource of the project, and whom of the tenant's people that seems to be."""

    resource_id: UUID
    name: str
    email: str | None
    tasks: int
    person_id: UUID | None
    proposal: ProposedPerson | None


class ImportPeopleShape(Shape):
    type: Literal["import_people"]
    import_id: UUID
    people: list[ImportedPerson]
    effects: Effects | None = None


class PersonMatch(Body):
    """A person of the file, and who of the project that is; null for nobody."""

    resource_id: UUID
    person_id: UUID | None


class PeopleMatches(Body):
    """Who the persons of the file are. Whoever is not named stays as they are."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"people": []}}}

    people: Annotated[list[PersonMatch], Field(max_length=1_000)]


DateFormat = Literal["yyyy-mm-dd", "dd.mm.yyyy", "dd/mm/yyyy", "mm/dd/yyyy", "yyyy/mm/dd"]
OutlineBy = Literal["level", "parent", "wbs_code", "section", "none"]
ColumnName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")
]
MappingName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\r\n]*$")
]
_COLUMNS: Any = [
    {"column": "Nr", "member": "external_id"},
    {"column": "Aktivitet", "member": "title"},
    {"column": "Varighet", "member": "duration"},
    {"column": "Foregående", "member": "predecessors"},
]


class MappedColumn(Body):
    """A column by its name in the header, and what it holds."""

    column: ColumnName
    member: ColumnMember


def _each_once(columns: list[MappedColumn]) -> list[MappedColumn]:
    members = [each.member for each in columns]
    if len(set(members)) != len(members):
        raise ValueError("each member is held by one column")
    if "title" not in members:
        raise ValueError("one column holds the title")
    return columns


MappedColumns = Annotated[list[MappedColumn], Field(min_length=1, max_length=len(MEMBERS)), AfterValidator(_each_once)]
Encoding = Literal["utf-8", "utf-16", "windows-1252", "iso-8859-1", "iso-8859-15"]
Delimiter = Literal[",", ";", "\t", "|"]


class NewImportMapping(Body):
    """What the columns of a table mean. What is null is guessed from the file.

    Links are read as Microsoft Project writes them: `3FS+2d;4SS`, by `external_id` or else by the number of the row.
    The outline comes from levels, from the parent's id or title, from WBS codes, or from a column of sections.
    """

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "name": "The contractor's list",
                "columns": _COLUMNS,
                "date_format": "dd.mm.yyyy",
                "decimal_sign": ",",
                "delimiter": ";",
            }
        },
    }

    name: MappingName
    columns: MappedColumns
    date_format: DateFormat | None = None
    decimal_sign: Literal[".", ","] = "."
    delimiter: Delimiter | None = None
    encoding: Encoding | None = None
    outline: OutlineBy | None = None
    header_row: Annotated[int, Field(ge=1, le=1_000, strict=True)] | None = None
    sheet: ColumnName | None = None


_UNNAMED: Any = None


class ImportMappingPatch(Body):
    """Another meaning; what is not named stays."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"decimal_sign": ","}}}

    name: MappingName = _UNNAMED
    columns: MappedColumns = _UNNAMED
    date_format: DateFormat | None = None
    decimal_sign: Literal[".", ","] = "."
    delimiter: Delimiter | None = None
    encoding: Encoding | None = None
    outline: OutlineBy | None = None
    header_row: Annotated[int, Field(ge=1, le=1_000, strict=True)] | None = None
    sheet: ColumnName | None = None


class MappedColumnShape(Shape):
    column: str
    member: str


class ImportMappingShape(ObjectShape):
    project_id: UUID
    name: str
    columns: list[MappedColumnShape]
    date_format: str | None
    decimal_sign: str
    delimiter: str | None
    encoding: str | None
    outline: str | None
    header_row: int | None
    sheet: str | None
    effects: Effects | None = None


class AcceptedImport(Shape):
    """The job that reads the file; its `result_url` is the import once it has succeeded."""

    type: Literal["job"]
    id: UUID
    state: str
