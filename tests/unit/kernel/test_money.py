"""Money: exact, one currency at a time, and never a float."""

from decimal import Context, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from services.kernel.money import MINOR_UNITS, CurrencyMismatch, Money


class Invoice(BaseModel):
    total: Money


def test_the_json_form_goes_in_and_out_unchanged() -> None:
    document = {"total": {"amount": "1250000.00", "currency": "NOK"}}
    invoice = Invoice.model_validate(document)
    assert invoice.total == Money.of("1250000.00", "NOK")
    assert invoice.model_dump(mode="json") == document
    assert invoice.total.to_json() == document["total"]


def test_a_missing_fraction_is_written_out() -> None:
    assert Money.of("5", "NOK").to_json() == {"amount": "5.00", "currency": "NOK"}
    assert Money.of("5", "JPY").to_json() == {"amount": "5", "currency": "JPY"}
    assert Money.of("5.1", "KWD").to_json() == {"amount": "5.100", "currency": "KWD"}


def test_minus_zero_is_zero() -> None:
    assert Money.of("-0.00", "NOK").to_json()["amount"] == "0.00"


@pytest.mark.parametrize("amount", [1.5, 1, True, None, float("nan"), [], {}])
def test_a_number_is_refused_as_an_amount(amount: object) -> None:
    with pytest.raises(ValidationError):
        Money.model_validate({"amount": amount, "currency": "NOK"})


@pytest.mark.parametrize(
    "amount",
    [
        "",
        " 1",
        "1 ",
        "1e5",
        "1_000",
        "+1",
        ".5",
        "5.",
        "0x10",
        "NaN",
        "Infinity",
        "1,5",
        "\u0661",
        "1\n",
        "--1",
        "1.005",
    ],
)
def test_a_string_that_is_no_plain_decimal_of_the_currency_is_refused(amount: str) -> None:
    with pytest.raises(ValidationError):
        Money.of(amount, "NOK")


@pytest.mark.parametrize("amount", [Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity"), Decimal("1E+999999")])
def test_an_amount_that_is_no_finite_number_of_18_digits_is_refused(amount: Decimal) -> None:
    with pytest.raises(ValidationError):
        Money.of(amount, "NOK")
    with pytest.raises(ValueError):
        Money.rounded(amount, "NOK")


def test_eighteen_digits_are_held_and_nineteen_refused() -> None:
    assert Money.of("9999999999999999.99", "NOK").amount == Decimal("9999999999999999.99")
    with pytest.raises(ValidationError):
        Money.of("10000000000000000.00", "NOK")
    with pytest.raises(ValidationError):
        Money.of("10000000000000000", "NOK")


def test_a_sum_past_18_digits_is_refused_rather_than_rounded() -> None:
    with pytest.raises(ValidationError):
        Money.of("9999999999999999.99", "NOK") + Money.of("0.01", "NOK")


@pytest.mark.parametrize("currency", ["nok", "NO", "XXX", "XAU", "", "NOKK", "КК1"])
def test_a_currency_outside_iso_4217_is_refused(currency: str) -> None:
    with pytest.raises(ValidationError):
        Money.of("1", currency)


def test_currencies_do_not_mix() -> None:
    crowns, euros = Money.of("1", "NOK"), Money.of("1", "EUR")
    for combine in (crowns.__add__, crowns.__sub__, crowns.__lt__, crowns.__ge__):
        with pytest.raises(CurrencyMismatch):
            combine(euros)
    assert crowns != euros


def test_rounding_is_half_even_to_the_minor_unit() -> None:
    assert str(Money.rounded(Decimal("0.125"), "NOK")) == "0.12 NOK"
    assert str(Money.rounded(Decimal("0.135"), "NOK")) == "0.14 NOK"
    assert str(Money.rounded(Decimal("2.5"), "JPY")) == "2 JPY"
    assert str(Money.rounded(Decimal("-0.001"), "NOK")) == "0.00 NOK"
    assert str(Money.of("10.01", "NOK").times(Decimal("0.5"))) == "5.00 NOK"
    assert str(Money.of("100.00", "EUR").converted(Decimal("11.7235"), "NOK")) == "1172.35 NOK"


def test_a_sum_does_not_depend_on_the_threads_decimal_context() -> None:
    with localcontext(Context(prec=3)):
        assert str(Money.of("1234567.89", "NOK") + Money.of("0.01", "NOK")) == "1234567.90 NOK"
        assert str(-Money.of("1234567.89", "NOK")) == "-1234567.89 NOK"


def test_money_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Money.of("1", "NOK").amount = Decimal(2)  # type: ignore[misc]


@given(st.integers(-(10**17), 10**17), st.integers(-(10**17), 10**17), st.sampled_from(sorted(MINOR_UNITS)))
def test_what_is_added_can_be_taken_away_again(first: int, second: int, currency: str) -> None:
    left = Money.of(Decimal(first).scaleb(-MINOR_UNITS[currency]), currency)
    right = Money.of(Decimal(second).scaleb(-MINOR_UNITS[currency]), currency)
    assert left + right - right == left
    assert Money.model_validate_json(left.model_dump_json()) == left
    assert (left < right) == (first < second)
