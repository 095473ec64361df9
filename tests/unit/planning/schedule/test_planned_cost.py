"""The cost of a plan: exact until the one rounding at its end."""

from decimal import Decimal

from services.kernel.ids import new_id
from services.kernel.working_time import TICKS_PER_MINUTE
from services.planning.schedule.plan_rows import PlanAssignment, PlanExpense
from services.planning.schedule.planned_cost import cost_impact, planned_cost
from services.planning.schedule.pricing import flat


def part(minutes: int, rate: str | None) -> PlanAssignment:
    return PlanAssignment(
        task_id=new_id(),
        resource_id=new_id(),
        calendar_id=None,
        units=Decimal(1),
        work=minutes * TICKS_PER_MINUTE,
        duration=None,
        remaining=None,
        delay=0,
        overtime=0,
        contour="flat",
        price=None if rate is None else flat(Decimal(rate)),
    )


def expense(price: str) -> PlanExpense:
    return PlanExpense(new_id(), new_id(), Decimal(1), flat(Decimal(price)))


def test_thirds_of_an_hour_add_up_to_the_whole() -> None:
    assert planned_cost([part(20, "100.00")] * 3, [], "NOK") == Decimal("100.00")


def test_the_sum_is_rounded_half_even_once() -> None:
    assert planned_cost([part(1, "0.30")], [], "NOK") == Decimal("0.00")
    assert planned_cost([part(1, "0.90")], [], "NOK") == Decimal("0.02")
    assert planned_cost([part(1, "0.30"), part(1, "0.90")], [], "NOK") == Decimal("0.02")


def test_each_currency_has_its_own_decimals() -> None:
    assert str(planned_cost([part(90, "1000")], [expense("10.5")], "JPY")) == "1510"
    assert str(planned_cost([part(90, "1000")], [expense("10.5")], "KWD")) == "1510.500"


def test_no_digit_is_lost_in_a_very_large_sum() -> None:
    rate = "999999999999999999"
    cost = planned_cost([part(60 * 10**9, rate), part(1, "0.60")], [], "NOK")
    assert str(cost) == f"{int(rate) * 10**9}.01"


def test_nobody_with_a_rate_costs_nothing() -> None:
    assert planned_cost([part(60, None)], [], "NOK") == 0
    assert cost_impact(Decimal(0), Decimal(0), "NOK") == {}
