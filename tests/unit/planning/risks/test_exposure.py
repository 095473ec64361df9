"""Exposure: three points, a probability, and what they cost on average."""

from decimal import Decimal

import pytest

from services.kernel.money import Money
from services.planning.risks.exposure import ThreePoints, expected_cost, expected_minutes, pert_mean


def points(low: str, likely: str, high: str) -> ThreePoints:
    return ThreePoints(Decimal(low), Decimal(likely), Decimal(high))


def test_the_likely_case_weighs_four_times() -> None:
    assert pert_mean(points("2", "5", "14")) == Decimal(6)


def test_three_equal_points_are_their_own_mean() -> None:
    assert pert_mean(points("0.1", "0.1", "0.1")) == Decimal("0.1")


def test_the_expected_delay_is_the_mean_times_the_probability_in_whole_minutes() -> None:
    assert expected_minutes(Decimal("0.30"), points("2250", "4500", "11250")) == 1575


@pytest.mark.parametrize(("likely", "expected"), [("1", 0), ("3", 2), ("5", 2)])
def test_half_a_minute_is_rounded_to_the_even_one(likely: str, expected: int) -> None:
    assert expected_minutes(Decimal("0.5"), points(likely, likely, likely)) == expected


def test_the_expected_cost_comes_out_to_the_minor_unit_of_its_currency() -> None:
    third = points("0", "0", "2")
    assert expected_cost(Decimal(1), third, "NOK") == Money.of("0.33", "NOK")
    assert expected_cost(Decimal(1), third, "KWD") == Money.of("0.333", "KWD")
    assert expected_cost(Decimal(1), third, "JPY") == Money.of("0", "JPY")


def test_an_impossible_risk_costs_nothing_and_a_certain_one_its_mean() -> None:
    impact = points("400000", "900000", "2000000")
    assert not expected_cost(Decimal(0), impact, "NOK")
    assert expected_cost(Decimal(1), impact, "NOK") == Money.of("1000000", "NOK")


def test_an_opportunity_has_an_expected_value_below_zero() -> None:
    assert expected_minutes(Decimal("0.5"), points("-900", "-600", "-300")) == -300


def test_large_amounts_lose_no_cent() -> None:
    amount = "999999999999999.99"
    assert expected_cost(Decimal(1), points(amount, amount, amount), "NOK") == Money.of(amount, "NOK")


def test_points_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="order"):
        points("3", "2", "1")
