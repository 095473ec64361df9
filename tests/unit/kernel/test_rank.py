"""Ranks: there is always one between two others, and they stay short."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.rank import MAXIMUM_LENGTH, between, spread


def test_nothing_stands_between_what_is_not_in_order() -> None:
    first = between(None, None)
    for lower, upper in ((first, first), (between(first, None), first)):
        with pytest.raises(ValueError, match="nothing stands between"):
            between(lower, upper)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=120))
def test_whatever_is_put_in_anywhere_stands_where_it_was_put(places: list[int]) -> None:
    ranks: list[str] = []
    for place in places:
        at = place % (len(ranks) + 1)
        lower, upper = ranks[at - 1] if at else None, ranks[at] if at < len(ranks) else None
        ranks.insert(at, between(lower, upper))
        assert not ranks[at].endswith("0")
    assert ranks == sorted(set(ranks))


@pytest.mark.parametrize("at_the_end", [True, False])
def test_ten_thousand_at_one_end_need_no_longer_ranks(at_the_end: bool) -> None:
    ranks = [between(None, None)]
    for _ in range(10_000):
        if at_the_end:
            ranks.append(between(ranks[-1], None))
        else:
            ranks.append(between(None, ranks[-1]))
    assert sorted(ranks, reverse=not at_the_end) == ranks
    assert max(map(len, ranks)) == 6


def test_a_list_that_is_ranked_anew_is_in_order_and_has_room() -> None:
    ranks = spread(5_000)
    assert ranks == sorted(set(ranks))
    draw = random.Random(7)
    lower, upper = ranks[10], ranks[11]
    for _ in range(100):
        middle = between(lower, upper)
        assert lower < middle < upper
        lower, upper = (middle, upper) if draw.random() < 0.5 else (lower, middle)
    assert len(spread(1)[0]) < MAXIMUM_LENGTH


def test_places_run_out_at_neither_end() -> None:
    first, last = "000001", "zzzzzz"
    for _ in range(50):
        first, last = between(None, first), between(last, None)
    assert first < "000001"
    assert last > "zzzzzz"
