"""What resources cost: rates from a day on, tables, uses, overtime, and when a cost accrues."""

from decimal import Decimal
from fractions import Fraction

import pytest

from services.kernel.ids import new_id
from services.kernel.working_time import TICKS_PER_DAY, TICKS_PER_HOUR, to_local
from services.planning.schedule.calendar import default_calendar
from services.planning.schedule.plan_rows import PlanAssignment, PlanExpense, PlanTask, new_task
from services.planning.schedule.planned_cost import phased, plan_costs, stint_of_expense, stint_of_part
from services.planning.schedule.pricing import Accrual, Pricing, Rate, RateTable, flat, pricing_of

# 1970-01-05 was a Monday, and days have eight hours.
MONDAY = 4 * TICKS_PER_DAY
CALENDAR = default_calendar(480)
DAY = 8 * TICKS_PER_HOUR
DEARER = {
    "table": "A",
    "from_date": "1970-01-07",
    "standard_rate": "200",
    "overtime_rate": None,
    "cost_per_use": "0",
}


def task(days: int, done: int = 0) -> PlanTask:
    start = MONDAY + 8 * TICKS_PER_HOUR
    finish = CALENDAR.add_work(start, days * DAY)
    return new_task(
        new_id(), "Dig", duration=days * DAY, start=to_local(start), finish=to_local(finish), percent_complete=done
    )


def part(
    of: PlanTask, price: Pricing | None, units: str = "1", overtime: int = 0, contour: str = "flat"
) -> PlanAssignment:
    work = int(of.duration * Decimal(units))
    return PlanAssignment(
        of.id, new_id(), None, Decimal(units), work, None, None, 0, overtime * TICKS_PER_HOUR, contour, price
    )


def costs(of: PlanTask, one: PlanAssignment) -> tuple[Decimal, Decimal]:
    return plan_costs([(one, of.percent_complete)], [], "NOK", lambda _: stint_of_part(of, one, CALENDAR))


def test_work_costs_what_it_does_on_its_days() -> None:
    price = pricing_of(Rate(Decimal(100)), [DEARER], "A")
    digging = task(4)
    # Monday and Tuesday at 100 an hour, Wednesday and Thursday at 200.
    assert costs(digging, part(digging, price)) == (Decimal(16 * 100 + 16 * 200), Decimal(16 * 100 + 16 * 200))


def test_what_is_left_of_the_work_is_its_end_and_costs_what_the_end_does() -> None:
    price = pricing_of(Rate(Decimal(100)), [DEARER], "A")
    digging = task(4, done=25)
    assert costs(digging, part(digging, price))[1] == Decimal(8 * 100 + 16 * 200)


def test_a_contour_puts_more_of_the_work_where_it_is_dearer() -> None:
    price = pricing_of(Rate(Decimal(100)), [DEARER], "A")
    digging = task(4)
    back, front = part(digging, price, contour="back_loaded"), part(digging, price, contour="front_loaded")
    assert costs(digging, back)[0] > costs(digging, front)[0]


def test_each_table_has_rates_of_its_own_and_one_without_rows_is_table_a() -> None:
    rows = [DEARER, DEARER | {"table": "B", "from_date": None, "standard_rate": "300"}]
    first = Rate(Decimal(100))
    of_b, of_c = pricing_of(first, rows, "B"), pricing_of(first, rows, "C")
    assert of_b is not None
    assert of_b.rates == (Rate(Decimal(300)),)
    assert of_c == pricing_of(first, rows, RateTable.A.value)


def test_who_has_no_rate_has_no_price() -> None:
    assert pricing_of(Rate(Decimal(0)), [], "A") is None


def test_overtime_has_a_rate_of_its_own_and_without_one_costs_the_same() -> None:
    digging = task(1)
    dear = Pricing((Rate(Decimal(100), overtime=Decimal(150)),))
    assert costs(digging, part(digging, dear, overtime=2))[0] == 6 * 100 + 2 * 150
    assert costs(digging, part(digging, flat(Decimal(100)), overtime=2))[0] == 800


def test_a_use_costs_by_unit_at_work_and_once_for_material() -> None:
    digging = task(1)
    price = Pricing((Rate(Decimal(0), per_use=Decimal(50)),))
    assert costs(digging, part(digging, price, units="2"))[0] == 100
    gravel = PlanExpense(digging.id, new_id(), Decimal(40), Pricing((Rate(Decimal(10), per_use=Decimal(50)),)))
    assert plan_costs([], [(gravel, 0)], "NOK")[0] == 450


@pytest.mark.parametrize(
    ("accrual", "done", "left"),
    [
        (Accrual.START, 0, 800),
        (Accrual.START, 1, 0),
        (Accrual.PRORATED, 50, 400),
        (Accrual.END, 99, 800),
        (Accrual.END, 100, 0),
    ],
)
def test_what_is_left_to_pay_follows_the_accrual(accrual: Accrual, done: int, left: int) -> None:
    digging = task(1, done)
    price = Pricing((Rate(Decimal(100)),), accrual=accrual.value)
    assert costs(digging, part(digging, price)) == (Decimal(800), Decimal(left))


def test_a_cost_resource_comes_to_its_amount() -> None:
    travel = PlanExpense(new_id(), new_id(), amount=Decimal("1250.50"))
    assert plan_costs([], [(travel, 40)], "NOK") == (Decimal("1250.50"), Decimal("750.30"))


def test_the_cost_of_each_day_adds_up_to_the_whole() -> None:
    price = pricing_of(Rate(Decimal(100), per_use=Decimal(70)), [DEARER], "A")
    digging = task(4)
    one = part(digging, price)
    cuts = [MONDAY + day * TICKS_PER_DAY for day in range(1, 4)]
    days = phased(one, stint_of_part(digging, one, CALENDAR), cuts)
    assert days == [Fraction(870), Fraction(800), Fraction(1600), Fraction(1600)]
    assert sum(days) == costs(digging, one)[0]


@pytest.mark.parametrize(("accrual", "days"), [("start", [300, 0, 0]), ("end", [0, 0, 300]), ("prorated", [100] * 3)])
def test_an_amount_falls_on_the_days_of_its_accrual(accrual: str, days: list[int]) -> None:
    digging = task(3)
    travel = PlanExpense(digging.id, new_id(), amount=Decimal(300), accrual=accrual)
    cuts = [MONDAY + day * TICKS_PER_DAY for day in (1, 2)]
    assert phased(travel, stint_of_expense(digging, CALENDAR), cuts) == days


def test_what_takes_no_time_costs_what_it_does_at_its_moment() -> None:
    delivery = task(0)
    price = pricing_of(Rate(Decimal(10)), [DEARER | {"from_date": "1970-01-02"}], "A")
    gravel = PlanExpense(delivery.id, new_id(), Decimal(3), price)
    found = plan_costs([], [(gravel, 0)], "NOK", lambda _: stint_of_expense(delivery, CALENDAR))
    assert found[0] == 600
