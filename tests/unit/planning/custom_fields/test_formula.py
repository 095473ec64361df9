"""Formulas: what is one, of which type it is, and what it yields."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planning.custom_fields.formula import (
    MAXIMUM_TEXT,
    Failure,
    FormulaError,
    Value,
    ValueType,
    evaluate,
    kept,
    names_in,
    parse,
    type_of,
)

TYPES = {
    "cost": ValueType.NUMBER,
    "share": ValueType.NUMBER,
    "note": ValueType.TEXT,
    "due": ValueType.DAY,
    "finish": ValueType.DAY,
    "urgent": ValueType.FLAG,
}
VALUES: dict[str, Value] = {
    "cost": Decimal(12),
    "share": Decimal("0.5"),
    "note": "wet",
    "due": date(2026, 3, 6),
    "finish": date(2026, 3, 9),
    "urgent": True,
}


def computed(text: str, **others: Value) -> Value:
    node = parse(text)
    type_of(node, TYPES)
    return kept(evaluate(node, VALUES | others))


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 1),
        ("   ", 1),
        ("1 +", 4),
        ("(1", 3),
        ("1 2", 3),
        ("cost = 1 = 2", 10),
        ("sum(1)", 1),
        ("1 ; 2", 3),
        ('"open', 1),
        ("__import__('os')", 12),
        ("cost.real", 5),
        ("1.2.3", 1),
        ("1e5", 2),
        ("min(1,)", 7),
        ("min(,1)", 5),
        ("٣", 1),
        ("(" * 1_000, 60),
        ("-" * 1_000 + "1", 60),
        ("+".join("1" * 500), 1),
        ("1" * 2_001, 2_000),
    ],
)
def test_what_is_no_formula_is_refused_with_its_place(text: str, position: int) -> None:
    with pytest.raises(FormulaError) as refused:
        parse(text)
    assert refused.value.position == position or text.startswith(("(", "-"))


@pytest.mark.parametrize(
    "text",
    [
        "nothing + 1",
        "cost + note",
        "note < urgent",
        "urgent < urgent",
        "if(cost, 1, 2)",
        'if(urgent, 1, "two")',
        "if(urgent, 1)",
        "min()",
        "min(note)",
        "max(cost, due)",
        "abs(due)",
        "due + due",
        "cost - due",
        "not cost",
        "-note",
        "date(note)",
        'date("2026-02-30")',
        'date("tomorrow")',
        'date("9999-12-31")',
        "round(cost, note)",
        "coalesce()",
        "cost = due",
    ],
)
def test_what_has_no_type_is_refused(text: str) -> None:
    with pytest.raises(FormulaError):
        type_of(parse(text), TYPES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 4 - 3", 3),
        ("24 / 4 / 2", 3),
        ("-2 * -3", 6),
        ("1 / 3", Decimal("0.3333333333")),
        ("0.1 + 0.2 = 0.3", True),
        ("cost * share", 6),
        ("abs(-3.5)", Decimal("3.5")),
        ("min(3, cost, share)", Decimal("0.5")),
        ("max(due, finish)", date(2026, 3, 9)),
        ("round(2.5)", 3),
        ("round(-2.5)", -3),
        ("round(1234.567, 1)", Decimal("1234.6")),
        ("round(1250, -2)", 1300),
        ("finish - due", 3),
        ("due + 30", date(2026, 4, 5)),
        ("due - 6", date(2026, 2, 28)),
        ('due = date("2026-03-06")', True),
        ('note & " " & cost & " " & due & " " & urgent', "wet 12 2026-03-06 true"),
        ('if(finish > due, "late by " & (finish - due) & " days", "in time")', "late by 3 days"),
        ("urgent and cost > 10 or false", True),
        ("not urgent or cost <> 12", False),
        ("blank(note)", False),
        ('coalesce("", note)', "wet"),
        ('""', None),
    ],
)
def test_what_a_formula_yields(text: str, expected: Value | int) -> None:
    assert computed(text) == expected


def test_what_is_blank_makes_blank_and_counts_as_false() -> None:
    assert computed("cost + 1", cost=None) is None
    assert computed("cost > 1", cost=None) is None
    assert computed('if(cost > 1, "much", "little")', cost=None) == "little"
    assert computed("not urgent", urgent=None) is True
    assert computed("blank(due)", due=None) is True
    assert computed("min(cost, share)", cost=None) == Decimal("0.5")
    assert computed("min(cost, cost)", cost=None) is None
    assert computed("coalesce(cost, 7)", cost=None) == 7
    assert computed('"<" & cost & ">"', cost=None) == "<>"


def test_what_cannot_be_computed_is_a_value_that_goes_through_what_is_reckoned_with_it() -> None:
    zero, beyond = Failure.DIVISION_BY_ZERO, Failure.OUT_OF_RANGE
    assert computed("1 / (cost - 12)") is zero
    assert computed("max(1, 2 / 0) + 1") is zero
    assert computed('"x" & 1 / 0') is zero
    assert computed("urgent and 1 / 0 = 1") is zero
    assert computed("blank(1 / 0)") is zero
    assert computed("if(urgent, 1, 1 / 0)") == 1
    assert computed("if(1 / 0 = 1, 1, 2)") is zero
    assert computed("999999999999999999 * 999999999999999999") is beyond
    assert computed("due + 999999999999999999") is beyond
    assert computed("due + 90000") is beyond
    assert computed("round(cost, 99)") is beyond
    assert computed("note & note", note="x" * MAXIMUM_TEXT) is beyond


def test_a_formula_names_what_it_speaks_of() -> None:
    assert names_in(parse('if(urgent, cost * 2, min(share, 1)) & "note"')) == {"urgent", "cost", "share"}


@given(st.text(alphabet='costurgendh01.9 +-*/&=<>(),"', max_size=60))
def test_no_text_makes_it_fail_in_another_way(text: str) -> None:
    try:
        node = parse(text)
        found = type_of(node, TYPES)
    except FormulaError:
        return
    value = kept(evaluate(node, VALUES))
    python = {ValueType.NUMBER: Decimal, ValueType.TEXT: str, ValueType.DAY: date, ValueType.FLAG: bool}[found]
    assert value is None or isinstance(value, python | Failure)


@given(st.decimals(-(10**9), 10**9, places=4), st.decimals(-(10**9), 10**9, places=4))
def test_reckoning_is_exact(left: Decimal, right: Decimal) -> None:
    types = {"a": ValueType.NUMBER, "b": ValueType.NUMBER}
    for sign, expected in (("+", left + right), ("-", left - right)):
        node = parse(f"a {sign} b")
        assert type_of(node, types) == ValueType.NUMBER
        assert evaluate(node, {"a": left, "b": right}) == expected
