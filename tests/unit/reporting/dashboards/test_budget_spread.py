"""Spreading budgets over leaf tasks: nothing is lost or made, whatever the weights."""

from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.reporting.dashboards.budget_spread import leaf_budgets, spread

ORE = Decimal("0.01")
SUMMARY, FIRST, SECOND, OTHER = (UUID(int=number) for number in range(1, 5))
PARENTS = {SUMMARY: None, FIRST: SUMMARY, SECOND: SUMMARY, OTHER: None}


def test_a_share_follows_its_weight() -> None:
    assert spread(Decimal("600.00"), [1, 3], ORE) == [Decimal("150.00"), Decimal("450.00")]


def test_without_any_weight_the_shares_are_equal() -> None:
    assert spread(Decimal("1.00"), [0, 0, 0], ORE) == [Decimal("0.33"), Decimal("0.34"), Decimal("0.33")]


@given(
    st.decimals(min_value=-(10**12), max_value=10**12, places=2),
    st.lists(st.integers(min_value=0, max_value=10**6), min_size=1, max_size=40),
)
def test_the_shares_sum_to_the_amount_and_are_whole_ore(amount: Decimal, weights: list[int]) -> None:
    shares = spread(amount, weights, ORE)
    assert sum(shares) == amount
    assert all(share == share.quantize(ORE) for share in shares)


def test_a_summarys_budget_goes_to_the_leaves_below_it() -> None:
    budgets = leaf_budgets(
        PARENTS, {FIRST: 1, SECOND: 1, OTHER: 8}, [(SUMMARY, Decimal(100)), (FIRST, Decimal(5))], ORE
    )
    assert budgets == {FIRST: Decimal(55), SECOND: Decimal(50)}


def test_a_budget_whose_task_is_gone_belongs_to_the_whole_project() -> None:
    budgets = leaf_budgets(
        PARENTS, {FIRST: 1, SECOND: 1, OTHER: 8}, [(UUID(int=99), Decimal(100)), (None, Decimal(10))], ORE
    )
    assert budgets == {FIRST: Decimal(11), SECOND: Decimal(11), OTHER: Decimal(88)}


def test_without_tasks_there_is_nothing_to_plan_by() -> None:
    assert leaf_budgets({}, {}, [(None, Decimal(100))], ORE) == {}


def test_a_circle_of_parents_ends_the_walk() -> None:
    circle = {FIRST: SECOND, SECOND: FIRST, OTHER: FIRST}
    assert leaf_budgets(circle, {OTHER: 1}, [(SECOND, Decimal(100))], ORE) == {OTHER: Decimal(100)}
