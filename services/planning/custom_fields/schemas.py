"""Request and response shapes of custom fields and their values."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from services.kernel.schemas import Body, Effects, Line, ObjectShape, Prose, Shape
from services.planning.custom_fields.custom_field import MAXIMUM_FIELDS, FieldType
from services.planning.custom_fields.formula import MAXIMUM_LENGTH, MAXIMUM_TEXT, ValueType

_ID = "0197d1c0-0000-7000-8000-000000000001"
_KEY: Final = r"^[a-z][a-z0-9_]{0,59}$"
Key = Annotated[str, StringConstraints(pattern=_KEY, max_length=60)]
Option = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\r\n,]*$")]
Options = Annotated[list[Option], Field(max_length=100, description="Of a choice, in their order.")]
Formula = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAXIMUM_LENGTH),
    Field(
        description='Of a formula: other fields by their keys, members of the task, numbers, "texts", true, false,'
        " + - * / &, = <> < <= > >=, and or not, if min max abs round date coalesce blank."
    ),
]
_CHOICE: Any = {"key": "risk_class", "name": "Risk class", "field_type": "choice", "options": ["low", "high"]}


class NewCustomField(Body):
    """`key` and `field_type` stay as they are. A choice has options, a formula its formula."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": _CHOICE}}

    key: Key
    name: Line
    description: Prose = ""
    field_type: FieldType
    options: Options = Field(default_factory=list)
    formula: Formula | None = None


class CustomFieldPatch(Body):
    """Another formula is computed for all tasks at once."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"options": ["low", "high", "extreme"]}}}

    name: Line = ""
    description: Prose = ""
    options: Options = Field(default_factory=list)
    formula: Formula = ""


class CustomFieldShape(ObjectShape):
    """`result_type` is what a formula yields, null for fields that people fill in."""

    project_id: UUID
    key: str
    name: str
    description: str
    field_type: FieldType
    options: list[str]
    formula: str | None
    result_type: ValueType | None
    effects: Effects | None = None


_TENANT: Any = {"key": "cost_centre", "name": "Cost centre", "field_type": "text"}


class NewTenantField(Body):
    """A field that the tasks of all projects have. People fill it in; formulas are a project's, and may use it."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": _TENANT}}

    key: Key
    name: Line
    description: Prose = ""
    field_type: Literal["text", "number", "day", "flag", "choice", "person"]
    options: Options = Field(default_factory=list)


class TenantFieldPatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"description": "As accounting has it."}}}

    name: Line = ""
    description: Prose = ""
    options: Options = Field(default_factory=list)


class TenantFieldShape(ObjectShape):
    key: str
    name: str
    description: str
    field_type: FieldType
    options: list[str]


Given = (
    Annotated[bool, Field(strict=True)]
    | Annotated[int, Field(strict=True, ge=-(10**18) + 1, le=10**18 - 1)]
    | Annotated[str, StringConstraints(max_length=MAXIMUM_TEXT)]
    | None
)


class CustomValuesPatch(Body):
    """The values of the fields that are named, null to take one away; the others stay.

    A number is a whole number or a decimal string, a day `2026-03-31`, a person an id, a choice one of the options.
    """

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"values": {}}}}

    values: Annotated[dict[Key, Given], Field(max_length=MAXIMUM_FIELDS)]


class ValuesOfTask(Body):
    task_id: UUID
    values: Annotated[dict[Key, Given], Field(max_length=MAXIMUM_FIELDS)]


class CustomValuesBatch(Body):
    """The values of up to a thousand tasks, all or none."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"tasks": [{"task_id": _ID, "values": {}}]}},
    }

    tasks: Annotated[list[ValuesOfTask], Field(min_length=1, max_length=1_000)]


class CustomValuesBatchShape(Shape):
    """How many tasks were filled in."""

    type: str
    project_id: UUID
    tasks: int
    effects: Effects | None = None


class CustomValuesShape(Shape):
    """Every field of the project by its key: text, flag, day, id, a number as a decimal string, null, or why a formula has
    no value as `{"error": "division_by_zero"}`."""

    type: str
    task_id: UUID
    project_id: UUID
    values: dict[str, Any]
    effects: Effects | None = None
