"""Filters and orders of RFC 7644 section 3.4.2 as SQL. Pure: a parsed expression in, a condition and arguments out.

The library parses an expression and binds it to the schema; PostgreSQL evaluates it over the JSON of the resources, as
the library would in memory. Strings are compared in NFC and, unless their attribute is case-exact, in small letters;
they are ordered by code point.
"""

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from inspect import isclass
from typing import Any, Final

from pydantic import ValidationError
from scim2_models import BaseModel, Context, Extension, Resource, SCIMException, ScimFilter, SearchRequest
from scim2_models.path import (
    AttributeBinding,
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
    coerce_value,
)

from gateway.scim.binding import bound
from gateway.scim.library_refusal import refusal_of
from gateway.scim.refusal import refused

LONGEST_FILTER: Final = 4000
MOST_CONDITIONS: Final = 50
LARGEST_PAGE: Final = 200
DEFAULT_PAGE: Final = 100
_FARTHEST: Final = 1_000_000_000
PARAMETERS: Final = (
    "filter",
    "sortBy",
    "sortOrder",
    "startIndex",
    "count",
    "attributes",
    "excludedAttributes",
)  # fmt: skip

# SQL that gives the JSON of a resource's attribute, by its name; of an extension, by its schema.
Attribute = Callable[[str], str]


@dataclass
class Arguments:
    """The values of a statement; `start` have been named before."""

    start: int
    values: list[Any] = field(default_factory=list)

    def name(self, value: Any, sql_type: str) -> str:
        """The parameter that stands for a value. Raises ScimRefused for text that no database can hold."""
        if isinstance(value, str) and not storable(value):
            raise refused("invalidFilter", "a NUL character or half a surrogate pair stands in a value")
        self.values.append(value)
        return f"${self.start + len(self.values)}::{sql_type}"


@dataclass(frozen=True, slots=True)
class Query:
    """A list query that has been checked. `offset` and `limit` are rows; `start_index` is what the answer repeats."""

    request: SearchRequest[Any]
    start_index: int
    limit: int

    @property
    def offset(self) -> int:
        return self.start_index - 1


def storable(value: str) -> bool:
    return "\x00" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


def read_query(model: type[Resource[Any]], given: Mapping[str, Any]) -> Query:
    """The list parameters, from a query string or a `.search` body. Raises ScimRefused."""
    asked = {name: value for name, value in given.items() if name in PARAMETERS}
    if len(str(asked.get("filter", ""))) > LONGEST_FILTER:
        raise refused("tooMany", f"a filter has at most {LONGEST_FILTER} characters")
    try:
        request = bound(SearchRequest, model).model_validate(asked, scim_ctx=Context.SEARCH_REQUEST)
    except ValidationError as error:
        raise refusal_of(error) from error
    start_index = min(request.start_index or 1, _FARTHEST)
    limit = min(DEFAULT_PAGE if request.count is None else request.count, LARGEST_PAGE)
    return Query(request, start_index, limit)


def condition(scim_filter: ScimFilter[Any], attribute: Attribute, arguments: Arguments) -> str:
    """The filter as an SQL condition that is never null. Raises ScimRefused for comparisons that mean nothing."""
    if sum(1 for _ in _conditions(scim_filter.ast)) > MOST_CONDITIONS:
        raise refused("tooMany", f"a filter has at most {MOST_CONDITIONS} conditions")
    try:
        return _Translation(scim_filter, attribute, arguments).visit(scim_filter.ast)
    except SCIMException as error:
        raise refusal_of(error) from error


def order(query: Query, model: type[Resource[Any]], attribute: Attribute) -> str | None:
    """What the rows are ordered by, None without `sortBy`. Rows without a value come last, descending first."""
    binding = query.request.sort_binding(model)
    if binding is None:
        return None
    json = _json(binding, attribute)
    if binding.is_multivalued:
        value = _member("e.v", _names(binding)[1:])
        json = (
            f"(select {value} from {_elements(json)} with ordinality as e (v, nth)"
            " order by (e.v ->> 'primary') is not distinct from 'true' desc, e.nth limit 1)"
        )
    descending = query.request.sort_order == SearchRequest.SortOrder.descending
    return f"{_ordered(binding, json)} {'desc nulls first' if descending else 'asc nulls last'}"


def _conditions(node: FilterNode) -> Iterable[FilterNode]:
    if isinstance(node, LogicalExpr):
        for term in node.terms:
            yield from _conditions(term)
    elif isinstance(node, Not):
        yield from _conditions(node.expr)
    elif isinstance(node, ValuePath):
        yield from _conditions(node.val_filter)
    else:
        yield node


class _Translation(FilterVisitor[str]):
    """Writes one filter, whose attributes are found by `attribute`."""

    def __init__(
        self, scim_filter: ScimFilter[Any], attribute: Attribute, arguments: Arguments, depth: int = 0
    ) -> None:
        self._filter = scim_filter
        self._attribute = attribute
        self._arguments = arguments
        self._depth = depth

    def visit_logical_expr(self, node: LogicalExpr) -> str:
        joined = " and " if node.op is LogicalOperator.and_ else " or "
        return "(" + joined.join(self.visit(term) for term in node.terms) + ")"

    def visit_not(self, node: Not) -> str:
        return f"not {self.visit(node.expr)}"

    def visit_present(self, node: Present) -> str:
        binding = self._bound(self._filter.resolve(node.attr_path), node.attr_path)
        json = _json(binding, self._attribute)
        if not binding.is_multivalued:
            return _is_present(json)
        value = _member("e.v", _names(binding)[1:])
        return f"exists (select from {_elements(json)} as e (v) where {_is_present(value)})"

    def visit_comparison(self, node: Comparison) -> str:
        binding = self._bound(self._filter.resolve_comparison(node.attr_path), node.attr_path)
        target = binding.target_type
        if isclass(target) and issubclass(target, BaseModel):
            raise refused("invalidFilter", f"{node.attr_path} has parts; compare one of them")
        json = _json(binding, self._attribute)
        if not binding.is_multivalued:
            return self._compare(binding, json, node)
        value = _member("e.v", _names(binding)[1:])
        # No value of several equals what they are compared with: the reading of `ne` that the library has as well.
        equal = Comparison(node.attr_path, CompareOperator.eq, node.value) if node.op is CompareOperator.ne else node
        found = f"exists (select from {_elements(json)} as e (v) where {self._compare(binding, value, equal)})"
        if node.value is None and equal.op is CompareOperator.eq:
            found = f"({found} or {_elements(json, count=True)} = 0)"
        return f"not {found}" if equal is not node else found

    def visit_value_path(self, node: ValuePath) -> str:
        binding = self._bound(self._filter.resolve(node.attr_path), node.attr_path)
        item = binding.target_type
        if not binding.is_multivalued or not isclass(item) or not issubclass(item, BaseModel):
            raise refused("invalidFilter", f"{node.attr_path} has no values to choose from")
        inner = bound(ScimFilter, item)(node.val_filter)
        alias = f"e{self._depth + 1}"
        translation = _Translation(inner, lambda name: _member(f"{alias}.v", [name]), self._arguments, self._depth + 1)
        values = _elements(_json(binding, self._attribute))
        return f"exists (select from {values} as {alias} (v) where {translation.visit(node.val_filter)})"

    def _bound(self, binding: AttributeBinding | None, path: AttrPath) -> AttributeBinding:
        if binding is None:
            raise refused("invalidFilter", f"there is no attribute {path}")
        return binding

    def _compare(self, binding: AttributeBinding, json: str, node: Comparison) -> str:
        op = node.op
        if node.value is None:
            text = f"({json} #>> '{{}}')"
            known = {CompareOperator.eq: f"{text} is null", CompareOperator.ne: f"{text} is not null"}
            return known.get(op, "false")
        value = coerced(binding, node)
        left = _comparable(binding, json)
        if isinstance(value, bool):
            right = self._arguments.name(value, "boolean")
        elif isinstance(value, datetime):
            right = self._arguments.name(value, "timestamptz")
        else:
            right = self._arguments.name(binding.comparable(value), "text")
        match op:
            case CompareOperator.eq:
                return f"coalesce({left} = {right}, false)"
            case CompareOperator.ne:
                return f"{left} is distinct from {right}"
            case CompareOperator.co:
                return f"coalesce(position({right} in {left}) > 0, false)"
            case CompareOperator.sw:
                return f"coalesce(starts_with({left}, {right}), false)"
            case CompareOperator.ew:
                return f"coalesce(right({left}, length({right})) = {right}, false)"
        sign = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}[op.value]
        collation = "" if isinstance(value, datetime) else ' collate "C"'
        return f"coalesce({left}{collation} {sign} {right}{collation}, false)"


def coerced(binding: AttributeBinding, node: Comparison) -> bool | datetime | str:
    """The value that an attribute is compared with, in its own type. Raises ScimRefused for another kind of value."""
    target = binding.target_type
    if node.op in (CompareOperator.co, CompareOperator.sw, CompareOperator.ew):
        if not isinstance(node.value, str) or (isclass(target) and issubclass(target, datetime)):
            raise refused("invalidFilter", f"{node.op.value} compares text with text")
        return node.value
    value = coerce_value(binding, node.value, node.op)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise refused("invalidFilter", "an instant has an offset, as in 2026-03-02T08:00:00Z")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value if isinstance(value, bool | datetime) else str(value)


def _names(binding: AttributeBinding) -> list[str]:
    """The attribute and its part, as the schema spells them."""
    return binding.urn.rpartition(":")[2].split(".")


def _json(binding: AttributeBinding, attribute: Attribute) -> str:
    """SQL: the JSON of the attribute; of its part, where it has one and only one value."""
    names = _names(binding)
    if issubclass(binding.model, Extension):
        base = _member(attribute(str(binding.model.__schema__)), names[:1])
    else:
        base = attribute(names[0])
    return base if binding.is_multivalued else _member(base, names[1:])


def _member(json: str, names: Iterable[str]) -> str:
    for name in names:
        if not name.removeprefix("$").isalnum():
            raise refused("invalidFilter", f"there is no attribute {name}")
        json = f"({json} -> '{name}')"
    return json


def _elements(json: str, *, count: bool = False) -> str:
    array = f"case jsonb_typeof({json}) when 'array' then {json} else '[]'::jsonb end"
    return f"jsonb_array_length({array})" if count else f"jsonb_array_elements({array})"


def _is_present(json: str) -> str:
    """SQL: there is a value, and it is not empty."""
    return (
        f"coalesce(case jsonb_typeof({json}) when 'object' then exists (select from jsonb_each_text({json}) as part"
        f" where part.value <> '') when 'array' then jsonb_array_length({json}) > 0"
        f" else ({json} #>> '{{}}') <> '' end, false)"
    )


def _comparable(binding: AttributeBinding, json: str) -> str:
    """SQL: the value as it is compared."""
    text = f"({json} #>> '{{}}')"
    target = binding.target_type
    if isclass(target) and issubclass(target, bool):
        return f"{text}::boolean"
    if isclass(target) and issubclass(target, datetime):
        return f"{text}::timestamptz"
    if binding.case_exact or (isclass(target) and issubclass(target, bytes)):
        return f"normalize({text}, NFC)"
    return f"normalize(lower(normalize({text}, NFC)), NFC)"


def _ordered(binding: AttributeBinding, json: str) -> str:
    target = binding.target_type
    collation = "" if isclass(target) and issubclass(target, bool | datetime) else ' collate "C"'
    return f"{_comparable(binding, json)}{collation}"
