"""Planned value: budgets spread over days, cumulated at weekly points."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.dashboards.planned_value import BaselineTask, planned_value_series, weekly_points

MONDAY = date(2026, 3, 2)


def weekdays(first: date, weeks: int) -> list[date]:
    days = (first + timedelta(days=n) for n in range(7 * weeks))
    return [day for day in days if day.weekday() < 5]


def values(tasks: list[BaselineTask], points: list[date], working: list[date] | None = None) -> list[Decimal]:
    return [point.value for point in planned_value_series(tasks, points, working)]


def test_weekly_points_are_equal_periods_from_the_start_that_reach_the_finish() -> None:
    assert weekly_points(MONDAY, date(2026, 3, 16)) == [date(2026, 3, 8), date(2026, 3, 15), date(2026, 3, 22)]
    assert weekly_points(MONDAY, MONDAY) == [date(2026, 3, 8)]


def test_a_budget_is_spread_over_calendar_days() -> None:
    task = BaselineTask(MONDAY, date(2026, 3, 15), Decimal(1400))
    assert values([task], weekly_points(MONDAY, task.finish)) == [700, 1400]


def test_a_budget_is_spread_over_working_days_only() -> None:
    task = BaselineTask(date(2026, 3, 5), date(2026, 3, 10), Decimal(400))
    working = weekdays(MONDAY, 2)
    assert values([task], [date(2026, 3, 4), date(2026, 3, 5), date(2026, 3, 8), date(2026, 3, 9)], working) == [
        0, 100, 200, 300,
    ]  # fmt: skip


def test_a_holiday_moves_the_money_to_the_days_that_are_worked() -> None:
    task = BaselineTask(MONDAY, date(2026, 3, 6), Decimal(400))
    working = [day for day in weekdays(MONDAY, 1) if day != date(2026, 3, 4)]
    assert values([task], [date(2026, 3, 3), date(2026, 3, 4), date(2026, 3, 6)], working) == [200, 200, 400]


def test_the_last_value_is_exactly_the_budget_at_completion() -> None:
    tasks = [BaselineTask(MONDAY, MONDAY + timedelta(days=n), Decimal("0.01")) for n in range(50)]
    assert values(tasks, weekly_points(MONDAY, MONDAY + timedelta(days=49)))[-1] == Decimal("0.50")


def test_a_milestone_on_a_free_day_has_its_budget_that_day() -> None:
    sunday = date(2026, 3, 8)
    task = BaselineTask(sunday, sunday, Decimal(100))
    assert values([task], [date(2026, 3, 7), sunday], weekdays(MONDAY, 2)) == [0, 100]


def test_a_task_cannot_finish_before_it_starts() -> None:
    with pytest.raises(ValueError):
        planned_value_series([BaselineTask(MONDAY, MONDAY - timedelta(days=1), Decimal(1))], [MONDAY])


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 60), st.decimals(min_value=0, max_value=10**6, places=2)),
        max_size=8,
    )
)
def test_the_series_never_falls_and_ends_at_the_whole_budget(drawn: list[tuple[int, int, Decimal]]) -> None:
    tasks = [
        BaselineTask(MONDAY + timedelta(days=start), MONDAY + timedelta(days=start + length), budget)
        for start, length, budget in drawn
    ]
    cumulated = values(tasks, weekly_points(MONDAY, MONDAY + timedelta(days=130)), weekdays(MONDAY, 20))
    assert cumulated == sorted(cumulated)
    assert cumulated[-1] == sum(budget for _, _, budget in drawn)
