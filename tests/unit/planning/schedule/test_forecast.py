"""The forecast: what will have been spent, and what the budget then holds against the risks."""

from dataclasses import replace
from decimal import Decimal

from services.planning.schedule.forecast import Forecast, Ledger, forecast_impact

FORECAST = Forecast("NOK", Decimal(900), Decimal(600), Ledger(Decimal(1500), Decimal(350), Decimal(200)))


def test_the_estimate_is_what_was_spent_and_what_remains_to_be_done() -> None:
    assert FORECAST.estimate_at_completion == Decimal(950)


def test_the_reserve_is_what_the_budget_holds_beyond_estimate_and_expected_risks() -> None:
    assert FORECAST.reserve == Decimal(350)
    assert replace(FORECAST, remaining=Decimal(1600)).reserve == Decimal(-650)


def test_only_what_differs_is_an_impact() -> None:
    assert forecast_impact(FORECAST, FORECAST) == {}
    more = replace(FORECAST, ledger=replace(FORECAST.ledger, budget=Decimal("1500.50")))
    amounts = {"before": "350.00", "after": "350.50", "change": "0.50"}
    assert forecast_impact(FORECAST, more) == {
        "reserve": {name: {"amount": amount, "currency": "NOK"} for name, amount in amounts.items()}
    }
