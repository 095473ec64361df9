"""Declared filters and sort keys: what a collection may be asked, and the SQL that each becomes.

Nothing from a request reaches a statement but as a bound parameter; names are looked up in the declaration.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from uuid import UUID

from services.kernel.problems import InvalidFilterValue, UnknownFilter, UnknownSort

Kind = Literal["uuid", "text", "integer", "decimal", "boolean", "date", "local", "instant"]
_SQL_TYPES: Mapping[Kind, str] = {
    "uuid": "uuid",
    "text": "text",
    "integer": "bigint",
    "decimal": "numeric",
    "boolean": "boolean",
    "date": "date",
    "local": "timestamp",
    "instant": "timestamptz",
}
OPERATORS: Mapping[Kind, tuple[str, ...]] = {
    "uuid": ("eq", "in", "nin", "null"),
    "text": ("eq", "in", "nin", "contains", "prefix", "null"),
    "integer": ("eq", "in", "nin", "lt", "lte", "gt", "gte", "null"),
    "decimal": ("eq", "lt", "lte", "gt", "gte", "null"),
    "boolean": ("eq", "null"),
    "date": ("eq", "lt", "lte", "gt", "gte", "null"),
    "local": ("eq", "lt", "lte", "gt", "gte", "null"),
    "instant": ("lt", "lte", "gt", "gte", "null"),
}
_COMPARISONS = {"eq": "=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
MAXIMUM_LIST = 100
MAXIMUM_TEXT = 500


@dataclass(frozen=True, slots=True)
class Filter:
    """One filterable value: its SQL expression, its kind, and for text the values that are allowed, if closed.

    Where an object has several of it, `among` is the SQL of whether there is one that meets the condition `{}`;
    in it `$1` is the tenant and `$3` the list's container.
    """

    sql: str
    kind: Kind
    values: tuple[str, ...] = ()
    among: str | None = None


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort key. `nullable` keys sort nulls last; text is compared in Norwegian order, which English text shares."""

    sql: str
    kind: Kind
    nullable: bool = True
    by_language: bool = False

    @property
    def expression(self) -> str:
        # C.UTF-8 puts å before æ and ø; translating the three to what follows z in ASCII gives the alphabet's order.
        return f"translate(lower({self.sql}), 'æøåäö', '{{|}}{{|')" if self.by_language else self.sql

    @property
    def sql_type(self) -> str:
        return _SQL_TYPES[self.kind]


@dataclass(slots=True)
class Arguments:
    """The bound parameters of a statement under construction."""

    values: list[Any] = field(default_factory=list)

    def add(self, value: Any) -> str:
        self.values.append(value)
        return f"${len(self.values)}"


def parse_value(name: str, kind: Kind, text: Any) -> Any:
    """A filter's text as the Python value that asyncpg wants for the kind. Raises InvalidFilterValue."""
    try:
        if isinstance(text, bool) or not isinstance(text, str | int | float):
            if kind == "boolean" and isinstance(text, bool):
                return text
            raise ValueError
        text = str(text)
        if len(text) > MAXIMUM_TEXT or "\x00" in text:
            raise ValueError
        match kind:
            case "uuid":
                return UUID(text)
            case "integer":
                number = int(text)
                if not -(2**63) <= number < 2**63 or len(text) > 20:
                    raise ValueError
                return number
            case "decimal":
                value = Decimal(text)
                if not value.is_finite() or abs(value.adjusted()) > 30:
                    raise ValueError
                return value
            case "boolean":
                return {"true": True, "false": False}[text]
            case "date":
                return date.fromisoformat(text)
            case "local":
                return datetime.fromisoformat(text).replace(tzinfo=None)
            case "instant":
                instant = datetime.fromisoformat(text)
                if instant.tzinfo is None:
                    raise ValueError
                return instant.astimezone(UTC)
            case "text":
                return text
    except (ValueError, KeyError, InvalidOperation, OverflowError) as error:
        raise InvalidFilterValue(name=name) from error


def condition(filters: Mapping[str, Filter], name: str, operator: str, value: Any, arguments: Arguments) -> str:
    """The SQL condition of `name[operator]=value`. Raises UnknownFilter or InvalidFilterValue."""
    declared = filters.get(name)
    if declared is None or operator not in OPERATORS[declared.kind]:
        raise UnknownFilter(name=name if declared is None else f"{name}[{operator}]")
    if declared.among is not None:
        return _among(declared, declared.among, name, operator, value, arguments)
    sql_type = _SQL_TYPES[declared.kind]
    if operator == "null":
        wanted = parse_value(name, "boolean", value)
        return f"{declared.sql} is {'' if wanted else 'not '}null"
    if operator in ("in", "nin"):
        parts = value if isinstance(value, list) else str(value).split(",")
        if not 1 <= len(parts) <= MAXIMUM_LIST:
            raise InvalidFilterValue(name=name)
        parsed = [_allowed(name, declared, parse_value(name, declared.kind, part)) for part in parts]
        parameter = arguments.add(parsed)
        if operator == "in":
            return f"{declared.sql} = any({parameter}::{sql_type}[])"
        return f"({declared.sql} is null or {declared.sql} <> all({parameter}::{sql_type}[]))"
    parsed_value = parse_value(name, declared.kind, value)
    if operator == "contains":
        return f"position(lower({arguments.add(parsed_value)}::text) in lower({declared.sql})) > 0"
    if operator == "prefix":
        return f"starts_with(lower({declared.sql}), lower({arguments.add(parsed_value)}::text))"
    if operator == "eq":
        _allowed(name, declared, parsed_value)
    return f"{declared.sql} {_COMPARISONS[operator]} {arguments.add(parsed_value)}::{sql_type}"


def _among(declared: Filter, among: str, name: str, operator: str, value: Any, arguments: Arguments) -> str:
    """The same of a value of which an object has several: one of them is so; with `nin` and `null`, none is."""
    one = {name: replace(declared, among=None)}
    if operator == "null":
        some = among.format("true")
        return f"not ({some})" if parse_value(name, "boolean", value) else some
    if operator == "nin":
        return f"not ({among.format(condition(one, name, 'in', value, arguments))})"
    return among.format(condition(one, name, operator, value, arguments))


def _allowed(name: str, declared: Filter, value: Any) -> Any:
    if declared.values and value not in declared.values:
        raise InvalidFilterValue(name=name)
    return value


def parse_sort(sorts: Mapping[str, Sort], text: str) -> list[tuple[str, Sort, bool]]:
    """`-due_date,priority` as (name, key, descending). Raises UnknownSort."""
    keys: list[tuple[str, Sort, bool]] = []
    for part in text.split(","):
        name = part.removeprefix("-")
        if name not in sorts or len(keys) >= 4 or name in (known for known, _, _ in keys):
            raise UnknownSort(name=name[:50])
        keys.append((name, sorts[name], part.startswith("-")))
    return keys


def order_by(keys: list[tuple[str, Sort, bool]], tie_breaker: str) -> str:
    parts = [f"{key.expression} {'desc' if descending else 'asc'} nulls last" for _, key, descending in keys]
    return ", ".join((*parts, f"{tie_breaker} asc"))


def after(keys: list[tuple[str, Sort, bool]], tie_breaker: str, values: list[str | None], arguments: Arguments) -> str:
    """SQL: strictly behind the row that the page before ended with, in the order of `order_by`."""
    alternatives: list[str] = []
    equal: list[str] = []
    bound = ""
    for position, ((_, key, descending), value) in enumerate(zip(keys, values, strict=False)):
        expression = key.expression
        if value is None:
            equal.append(f"{expression} is null")
            continue
        parameter = f"({arguments.add(value)}::text)::{key.sql_type}"
        beyond = f"{expression} {'<' if descending else '>'} {parameter}"
        if key.nullable:
            beyond = f"({beyond} or {expression} is null)"
        elif position == 0:
            # Redundant for the answer, but it lets an index begin where the last page ended.
            bound = f"{expression} {'<=' if descending else '>='} {parameter} and "
        alternatives.append(" and ".join((*equal, beyond)))
        equal.append(f"{expression} = {parameter}")
    last = f"({arguments.add(values[-1])}::text)::uuid"
    alternatives.append(" and ".join((*equal, f"{tie_breaker} > {last}")))
    return bound + "(" + " or ".join(f"({alternative})" for alternative in alternatives) + ")"
