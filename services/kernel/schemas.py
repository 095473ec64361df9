"""Shapes that every area shares: the strict base of request bodies, the members of every object, the list envelope."""

import re
import unicodedata
from datetime import date, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

T = TypeVar("T")
D = TypeVar("D", bound=date)


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}$")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]")


def _as_written(pattern: re.Pattern[str], example: str) -> BeforeValidator:
    """Days and moments are read from text as ISO 8601 writes them; pydantic would take numbers for seconds since 1970."""

    def read(value: object) -> object:
        if isinstance(value, date) or (isinstance(value, str) and pattern.match(value)):
            return value
        raise ValueError(f"is not written as {example}")

    return BeforeValidator(read)


def _in_reach(day: D) -> D:
    if not 1970 < day.year < 2200:
        raise ValueError("lies outside the years 1971 to 2199")
    return day


# One line of words (titles, names), and several (notes, reasons). NUL and lone surrogates are refused with the JSON.
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=r"^[^\r\n]*$")]
Prose = Annotated[str, StringConstraints(max_length=20_000)]
# Wall-clock time in the project's zone. It has no offset, so the `date-time` of RFC 3339 would promise too much.
LocalTime = Annotated[
    datetime,
    _as_written(_MOMENT, "2026-03-31T08:00:00"),
    WithJsonSchema({"type": "string", "format": "date-time-local", "maxLength": 32}),
]
# Instants and days that calendars, mail and the database can all reckon with, whatever the offset.
Instant = Annotated[
    AwareDatetime,
    _as_written(_MOMENT, "2026-03-31T08:00:00Z"),
    AfterValidator(_in_reach),
]
Date = Annotated[date, _as_written(_DAY, "2026-03-31")]
Day = Annotated[Date, AfterValidator(_in_reach)]
# Working minutes up to a thousand years of eight-hour days; far below what a column holds.
Minutes = Annotated[int, Field(ge=0, le=200_000_000, strict=True)]
SignedMinutes = Annotated[int, Field(ge=-200_000_000, le=200_000_000, strict=True)]
Percent = Annotated[int, Field(ge=0, le=100, strict=True)]
# A yes or no in a body: 0 and "true" are neither.
Flag = Annotated[bool, Field(strict=True)]


class Body(BaseModel):
    """A request body: unknown members are refused, strings stay what they are."""

    model_config = ConfigDict(extra="forbid")


class Step(Body):
    """One write request as a part of several: `$1`, `$2`, … in `path` and `body` are the ids of what earlier steps made."""

    method: Literal["POST", "PUT", "PATCH", "DELETE"]
    path: Annotated[str, StringConstraints(pattern=r"^/v1/[^?#\x00-\x20]+$", max_length=2000)]
    query: Annotated[str, StringConstraints(max_length=2000, pattern=r"^[\x21-\x7e]*$")] = ""
    content_type: Annotated[str, StringConstraints(max_length=200, pattern=r"^[\x20-\x7e]+$")] | None = None
    body: Any = None
    if_match: Annotated[str, StringConstraints(max_length=100, pattern=r"^[\x21-\x7e]+$")] | None = None


class Shape(BaseModel):
    """A response shape. It describes what the SQL writes; responses are not built from it (see Collection)."""

    model_config = ConfigDict(extra="forbid")


class ObjectShape(Shape):
    """The members that every object has (C3)."""

    id: UUID
    type: str
    version: int
    created_at: datetime
    updated_at: datetime
    created_by_id: UUID
    updated_by_id: UUID


class Page(Shape):
    next_cursor: str | None
    limit: int
    total: Annotated[int | None, Field(description="only with include_total=true")] = None


class Listing(Shape, Generic[T]):
    data: list[T]
    page: Page


SystemName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.-]{1,60}$")]
# Composed (NFC): the same letters in two encodings are one voucher.
ExternalId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$"),
    AfterValidator(lambda text: unicodedata.normalize("NFC", text)),
]
Url = Annotated[str, StringConstraints(max_length=2000, pattern=r"^https?://[^\s]+$")]


class ExternalRef(Body):
    """Where a thing lives in another system; unique per tenant, system and type."""

    system: SystemName
    type: SystemName
    id: ExternalId
    url: Url | None = None


ExternalRefs = Annotated[list[ExternalRef], Field(max_length=10)]


class Effects(Shape):
    """What a write did besides changing its object."""

    model_config = ConfigDict(extra="allow")

    impact: dict[str, Any]


def named(body: BaseModel) -> dict[str, Any]:
    """The members that a body names, its references to other systems as plain JSON."""
    changes = merged(body)
    if "external_refs" in changes:
        changes["external_refs"] = [ref.model_dump(mode="json") for ref in changes["external_refs"]]
    return changes


def merged(patch: BaseModel) -> dict[str, Any]:
    """The members that a merge patch (RFC 7396) really names, `null` included."""
    return {name: getattr(patch, name) for name in patch.model_fields_set}
