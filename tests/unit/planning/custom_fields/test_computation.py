"""Fields that depend on each other: their order, their types, their circles, and what they come to."""

from decimal import Decimal

import pytest

from services.kernel.ids import new_id
from services.planning.custom_fields.computation import Field, compute, in_order, types_of, users_of
from services.planning.custom_fields.custom_field import FieldType, FormulaCycle, FormulaRefused
from services.planning.custom_fields.formula import Failure, ValueType


def field(key: str, formula: str | None = None, field_type: FieldType = FieldType.NUMBER) -> Field:
    return Field(new_id(), key, FieldType.FORMULA if formula is not None else field_type, formula)


def test_a_circle_is_refused_with_those_that_stand_in_it() -> None:
    fields = [field("a", "b"), field("b", "c + 1"), field("c", "d"), field("d", "b"), field("e", "a")]
    with pytest.raises(FormulaCycle) as refused:
        in_order(fields)
    assert refused.value.values["keys"] == ["b", "c", "d", "b"]
    with pytest.raises(FormulaCycle):
        in_order([field("a", "a")])


def test_whose_formula_is_wrong_is_told() -> None:
    with pytest.raises(FormulaRefused) as refused:
        types_of([field("a", "1 +")])
    assert (refused.value.values["field"], refused.value.values["position"]) == ("a", 4)
    with pytest.raises(FormulaRefused):
        types_of([field("who", field_type=FieldType.PERSON), field("a", 'who & "!"')])


def test_a_chain_is_computed_from_its_beginning_however_it_is_listed() -> None:
    count = 100
    fields = [field(f"f{number}", f"f{number - 1} + 1") for number in range(count, 0, -1)] + [field("f0")]
    assert set(types_of(fields).values()) == {ValueType.NUMBER}
    ordered = in_order(fields)
    assert [each.key for each in ordered] == [f"f{number}" for number in range(1, count + 1)]
    assert compute(ordered, {"f0": Decimal(7)})[f"f{count}"] == 107
    assert compute(ordered, {})[f"f{count}"] is None


def test_a_failure_goes_through_what_depends_on_it_and_stops_where_it_is_not_looked_at() -> None:
    ordered = in_order([field("a", "1 / x"), field("b", "a + 1"), field("c", "if(x = 0, 0, a)"), field("x")])
    assert compute(ordered, {"x": Decimal(0)}) == {
        "a": Failure.DIVISION_BY_ZERO,
        "b": Failure.DIVISION_BY_ZERO,
        "c": 0,
    }


def test_who_uses_a_field_is_known() -> None:
    fields = [field("x"), field("a", "x"), field("b", "a + x"), field("c", "b")]
    assert users_of("x", fields) == ["a", "b"]
    assert users_of("c", fields) == []
