"""How the fields of a project depend on each other, of which types their formulas are, and what they come to for a task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.planning.custom_fields.custom_field import FieldType, FormulaCycle, FormulaRefused
from services.planning.custom_fields.formula import (
    FormulaError,
    Value,
    ValueType,
    evaluate,
    kept,
    names_in,
    parse,
    type_of,
)

# What formulas may ask of the task itself. Of moments they see the day.
MEMBERS: Final[Mapping[str, ValueType]] = {
    **dict.fromkeys(("title", "wbs_code", "status"), ValueType.TEXT),
    **dict.fromkeys(
        (
            "duration_minutes",
            "percent_complete",
            "total_float_minutes",
            "free_float_minutes",
            "priority",
            "outline_level",
        ),
        ValueType.NUMBER,
    ),
    **dict.fromkeys(("milestone", "summary", "critical", "active"), ValueType.FLAG),
    **dict.fromkeys(
        (
            "start",
            "finish",
            "deadline",
            "constraint_date",
            "actual_start",
            "actual_finish",
            "early_start",
            "early_finish",
            "late_start",
            "late_finish",
        ),
        ValueType.DAY,
    ),
}
_OF_TYPE: Final = {
    FieldType.TEXT: ValueType.TEXT,
    FieldType.CHOICE: ValueType.TEXT,
    FieldType.NUMBER: ValueType.NUMBER,
    FieldType.DAY: ValueType.DAY,
    FieldType.FLAG: ValueType.FLAG,
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field as far as computing is concerned with it."""

    id: UUID
    key: str
    field_type: FieldType
    formula: str | None = None


def in_order(fields: Sequence[Field]) -> list[Field]:
    """The fields with a formula, each behind those that it needs. Raises FormulaCycle and FormulaRefused."""
    formulas = {field.key: field for field in fields if field.formula is not None}
    needs = {key: sorted(_names_of(field) & formulas.keys()) for key, field in formulas.items()}
    ordered: dict[str, Field] = {}
    for key in formulas:
        # Depth first without recursion: a hundred fields may stand in one chain.
        path, pending = [key], [iter(needs[key])]
        if key in ordered:
            continue
        while path:
            following = next((each for each in pending[-1] if each not in ordered), None)
            if following is None:
                ordered[path[-1]] = formulas[path[-1]]
                path.pop()
                pending.pop()
            elif following in path:
                raise FormulaCycle([*path[path.index(following) :], following])
            else:
                path.append(following)
                pending.append(iter(needs[following]))
    return list(ordered.values())


def _names_of(field: Field) -> set[str]:
    try:
        return names_in(parse(field.formula or ""))
    except FormulaError as error:
        raise FormulaRefused(field.key, error.reason, error.position) from error


def types_of(fields: Sequence[Field]) -> dict[str, ValueType]:
    """What every formula yields. Raises FormulaCycle, and FormulaRefused where one is no formula or has no type."""
    types = dict(MEMBERS)
    types |= {field.key: _OF_TYPE[field.field_type] for field in fields if field.field_type in _OF_TYPE}
    results: dict[str, ValueType] = {}
    for field in in_order(fields):
        try:
            types[field.key] = results[field.key] = type_of(parse(field.formula or ""), types)
        except FormulaError as error:
            raise FormulaRefused(field.key, error.reason, error.position) from error
    return results


def users_of(key: str, fields: Sequence[Field]) -> list[str]:
    """The keys of the fields whose formulas speak of a field."""
    return sorted(field.key for field in fields if field.formula is not None and key in _names_of(field))


def compute(ordered: Sequence[Field], values: Mapping[str, Value]) -> dict[str, Value]:
    """What the formulas come to, from the values of the other fields and the members of a task by name."""
    known = dict(values)
    for field in ordered:
        known[field.key] = kept(evaluate(parse(field.formula or ""), known))
    return {field.key: known[field.key] for field in ordered}
