"""Earned value and earned schedule against worked examples that textbooks print."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.dashboards.earned_value import (
    EarnedSchedule,
    EarnedValue,
    WeightedMilestone,
    earned_apportioned,
    earned_fifty_fifty,
    earned_level_of_effort,
    earned_percent_complete,
    earned_schedule,
    earned_weighted_milestones,
    earned_zero_hundred,
)


def value(budget: str, planned: str, earned: str, actual: str) -> EarnedValue:
    return EarnedValue(Decimal(budget), Decimal(planned), Decimal(earned), Decimal(actual))


def printed(figure: Decimal | None, decimals: int) -> str:
    assert figure is not None
    return f"{figure:.{decimals}f}"


def series(*values: int) -> list[Decimal]:
    return [Decimal(one) for one in values]


GRAY_LARSON_PV = series(4, 8, 38, 73, 108, 158)
GRAY_LARSON_EV = series(4, 8, 28, 38, 90, 148)
GRAY_LARSON_AC = series(4, 10, 37, 55, 124, 210)


def test_gray_and_larson_indices_at_every_second_period() -> None:
    rows = [EarnedValue(Decimal(248), *row) for row in zip(GRAY_LARSON_PV, GRAY_LARSON_EV, GRAY_LARSON_AC, strict=True)]
    assert [printed(row.schedule_performance_index, 2) for row in rows] == [
        "1.00", "1.00", "0.74", "0.52", "0.83", "0.94",
    ]  # fmt: skip
    assert [printed(row.cost_performance_index, 2) for row in rows] == ["1.00", "0.80", "0.76", "0.69", "0.73", "0.70"]
    assert [printed(row.percent_complete, 1) for row in rows] == ["1.6", "3.2", "11.3", "15.3", "36.3", "59.7"]


def test_gray_and_larson_at_period_12() -> None:
    status = value("248", "158", "148", "210")
    assert (status.cost_variance, status.schedule_variance) == (-62, -10)
    assert printed(status.cost_performance_index, 4) == "0.7048"
    assert printed(status.estimate_at_completion, 2) == "351.89"
    assert printed(status.variance_at_completion, 0) == "-104"
    assert status.estimate_bottom_up(Decimal(90) + Decimal(10)) == 310
    assert printed(status.to_complete_performance_index, 4) == "2.6316"


def test_gray_and_larson_tasks_add_up_to_period_12() -> None:
    tasks = [(8, 10, 8), (40, 50, 40), (30, 40, 30), (20, 40, 20), (20, 30, 20), (30, 40, 40)]
    assert [sum(column) for column in zip(*tasks, strict=True)] == [148, 210, 158]


def test_gray_and_larson_earned_schedule() -> None:
    results = [
        earned_schedule(GRAY_LARSON_PV, earned, Decimal(time), Decimal(2))
        for earned, time in zip(GRAY_LARSON_EV, (2, 4, 6, 8, 10, 12), strict=True)
    ]
    assert [printed(result.earned, 4) for result in results] == [
        "2.0000", "4.0000", "5.3333", "6.0000", "8.9714", "11.6000",
    ]  # fmt: skip
    assert [printed(result.schedule_performance_index, 4) for result in results] == [
        "1.0000", "1.0000", "0.8889", "0.7500", "0.8971", "0.9667",
    ]  # fmt: skip


def test_gray_and_larsons_second_project() -> None:
    status = value("118", "85", "85", "63")
    assert (status.cost_variance, status.schedule_variance) == (22, 0)
    assert printed(status.cost_performance_index, 2) == "1.35"
    assert status.schedule_performance_index == 1
    assert printed(status.estimate_at_completion, 2) == "87.46"
    assert printed(status.variance_at_completion, 0) == "31"
    assert printed(status.percent_complete, 0) == "72"


def test_the_example_of_schwalbe_comes_out() -> None:
    status = value("200000", "120000", "100000", "90000")
    assert (status.cost_variance, status.schedule_variance) == (10_000, -20_000)
    assert printed(status.cost_performance_index, 4) == "1.1111"
    assert printed(status.schedule_performance_index, 4) == "0.8333"
    assert printed(status.estimate_at_completion, 2) == "180000.00"
    assert printed(status.duration_at_schedule_rate(Decimal(6)), 1) == "7.2"


def test_the_example_of_pinto_comes_out() -> None:
    first = value("100", "65", "58", "1")
    assert printed(first.schedule_performance_index, 4) == "0.8923"
    assert printed(first.duration_at_schedule_rate(Decimal(12)), 2) == "13.45"
    second = value("75000", "45000", "38500", "37000")
    assert printed(second.schedule_performance_index, 4) == "0.8556"
    assert printed(second.cost_performance_index, 4) == "1.0405"
    assert printed(second.estimate_at_completion, 0) == "72078"
    assert printed(second.duration_at_schedule_rate(Decimal(4)), 3) == "4.675"


def test_lipkes_course_example() -> None:
    status = value("100000", "55000", "50000", "45000")
    assert printed(status.schedule_performance_index, 4) == "0.9091"
    assert printed(status.cost_performance_index, 4) == "1.1111"
    assert (status.schedule_variance, status.cost_variance) == (-5_000, 5_000)
    assert printed(status.estimate_at_completion, 2) == "90000.00"


def test_the_cran_package_pra() -> None:
    status = value("100000", "40000", "35000", "36000")
    assert (status.schedule_variance, status.cost_variance) == (-5_000, -1_000)
    assert printed(status.schedule_performance_index, 3) == "0.875"
    assert printed(status.cost_performance_index, 4) == "0.9722"
    assert printed(status.estimate_at_completion, 2) == "102857.14"
    assert status.estimate_at_planned_rate == 101_000
    assert printed(status.estimate_at_cost_and_schedule_rate, 2) == "112408.16"
    assert printed(status.to_complete_performance_index, 6) == "1.015625"
    time = earned_schedule(series(10_000, 20_000, 40_000, 70_000, 100_000), Decimal(35_000), Decimal(3))
    assert time.earned == Decimal("2.75")
    assert printed(time.schedule_performance_index, 4) == "0.9167"
    assert printed(time.estimate_at_completion, 4) == "5.4545"
    assert printed(time.to_complete_schedule_performance_index, 3) == "1.125"
    assert time.estimate_at_factor(Decimal(1)) == Decimal("5.25")


def test_the_simplilearn_exercise() -> None:
    status = value("26", "15", "13", "12")
    assert (status.cost_variance, status.schedule_variance) == (1, -2)
    assert printed(status.cost_performance_index, 2) == "1.08"
    assert printed(status.schedule_performance_index, 4) == "0.8667"
    assert printed(status.estimate_at_completion, 2) == "24.00"
    assert printed(status.estimate_to_complete, 2) == "12.00"
    assert printed(status.to_complete_performance_index, 4) == "0.9286"


def test_at_completion_spi_forgets_the_delay_and_the_earned_schedule_does_not() -> None:
    status = value("100", "100", "100", "130")
    assert status.schedule_performance_index == 1
    time = earned_schedule(series(20, 60, 100), Decimal(100), Decimal(4))
    assert time.earned == time.planned_duration == 3
    assert time.schedule_performance_index == Decimal("0.75")
    assert printed(time.estimate_at_completion, 10) == "4.0000000000"
    assert time.to_complete_schedule_performance_index is None


def test_a_planned_pause_is_no_head_start() -> None:
    paused = series(10, 20, 20, 20, 30)
    assert earned_schedule(paused, Decimal(20), Decimal(4)).earned == 2
    assert earned_schedule(paused, Decimal(25), Decimal(4)).earned == Decimal("4.5")
    assert earned_schedule(series(10, 30, 30, 30), Decimal(30), Decimal(4)).planned_duration == 2


def test_nothing_earned_is_at_the_start_and_more_than_planned_at_the_end() -> None:
    plan = series(0, 0, 10, 20)
    assert earned_schedule(plan, Decimal(0), Decimal(3)).earned == 0
    assert earned_schedule(plan, Decimal(5), Decimal(3)).earned == Decimal("2.5")
    assert earned_schedule(plan, Decimal(99), Decimal(3)).earned == 4


def test_a_cumulative_series_that_falls_is_refused() -> None:
    with pytest.raises(ValueError):
        earned_schedule(series(10, 5), Decimal(1), Decimal(1))


def test_what_cannot_be_divided_is_undefined() -> None:
    nothing = value("0", "0", "0", "0")
    assert nothing.cost_performance_index is None
    assert nothing.schedule_performance_index is None
    assert nothing.percent_complete is None
    assert nothing.estimate_at_completion is None
    assert nothing.estimate_at_cost_and_schedule_rate is None
    assert nothing.estimate_to_complete is None
    assert nothing.variance_at_completion is None
    assert nothing.to_complete_performance_index is None
    assert value("100", "50", "0", "20").estimate_at_completion is None
    assert value("100", "50", "40", "100").to_complete_performance_index is None
    empty = earned_schedule([], Decimal(0), Decimal(0))
    assert empty.schedule_performance_index is None
    assert empty.estimate_at_completion is None
    assert EarnedSchedule(Decimal(1), Decimal(5), Decimal(4)).to_complete_schedule_performance_index is None


amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=2)


@given(amounts, amounts, amounts, amounts)
def test_no_project_is_awkward_enough_to_raise(
    budget: Decimal, planned: Decimal, earned: Decimal, actual: Decimal
) -> None:
    status = EarnedValue(budget, planned, earned, actual)
    for name in dir(EarnedValue):
        if isinstance(getattr(EarnedValue, name), property):
            figure = getattr(status, name)
            assert figure is None or figure.is_finite()


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=30), st.integers(0, 20_000))
def test_earned_schedule_reads_the_plan_backwards(increments: list[int], earned: int) -> None:
    plan = [Decimal(sum(increments[: n + 1])) for n in range(len(increments))]
    result = earned_schedule(plan, Decimal(earned), Decimal(1)).earned
    whole = int(result)
    points = [Decimal(0), *plan, plan[-1]]
    read_back = points[whole] + (points[whole + 1] - points[whole]) * (result - whole)
    assert abs(read_back - min(Decimal(earned), plan[-1])) < Decimal("1e-9")


def test_the_earning_rules() -> None:
    budget = Decimal(1000)
    assert earned_zero_hundred(budget, finished=False) == 0
    assert earned_zero_hundred(budget, finished=True) == 1000
    assert earned_fifty_fifty(budget, started=False, finished=False) == 0
    assert earned_fifty_fifty(budget, started=True, finished=False) == 500
    assert earned_fifty_fifty(budget, started=True, finished=True) == 1000
    assert earned_percent_complete(budget, Decimal("37.5")) == 375
    assert earned_percent_complete(budget, Decimal(140)) == 1000
    assert earned_percent_complete(budget, Decimal(-1)) == 0
    assert earned_apportioned(budget, Decimal(50), Decimal(200)) == 250
    assert earned_apportioned(budget, Decimal(50), Decimal(0)) is None
    assert earned_level_of_effort(Decimal(70)) == 70


def test_weighted_milestones_earn_by_weight_and_never_without_any() -> None:
    steps = [
        WeightedMilestone(Decimal(1), True),
        WeightedMilestone(Decimal(2), False),
        WeightedMilestone(Decimal(1), True),
    ]
    assert earned_weighted_milestones(Decimal(1000), steps) == 500
    assert earned_weighted_milestones(Decimal(1000), []) is None
