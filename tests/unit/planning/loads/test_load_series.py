"""A load by days, weeks and months, and where it is too much."""

from datetime import date
from decimal import Decimal

import pytest

from services.planning.loads.buckets import BucketSize, TooManyBuckets, buckets_of, cuts_of
from services.planning.loads.load_series import Stretch, overloads, stretches
from services.planning.schedule.resource_load import Booking, excess

DAY = 4_800


def booking(start: float, finish: float, units: str = "1") -> Booking:
    return Booking(int(start * DAY), int(finish * DAY), Decimal(units))


def test_each_day_tells_its_own_load_and_what_is_left_of_it() -> None:
    days = stretches([booking(0, 1.5), booking(1, 2, "0.75")], Decimal(1), (), [0, DAY, 2 * DAY, 3 * DAY])
    assert days == [Stretch(480, 480, 0, 0), Stretch(480, 600, 180, 60), Stretch(480, 0, 0, 480)]


def test_days_without_working_time_have_nothing() -> None:
    days = stretches([booking(0, 2)], Decimal(1), (), [0, DAY, DAY, DAY, 2 * DAY])
    assert [day.load for day in days] == [480, 0, 0, 480]
    assert [day.capacity for day in days] == [480, 0, 0, 480]


def test_what_lies_outside_of_the_days_is_not_told() -> None:
    assert stretches([booking(0, 5)], Decimal(1), (), [DAY, 2 * DAY]) == [Stretch(480, 480, 0, 0)]


def test_units_that_are_missing_are_no_capacity() -> None:
    (day,) = stretches([booking(0, 1)], Decimal(1), [booking(0.5, 9, "0.5")], [0, DAY])
    assert day == Stretch(360, 480, 120, 0)


def test_an_overload_names_its_time_its_peak_and_its_tasks() -> None:
    booked = [("dig", booking(0, 3)), ("pour", booking(1, 2)), ("rest", booking(2, 4, "0.5")), ("later", booking(5, 6))]
    (found,) = overloads(booked, Decimal(1), ())
    assert (found.start, found.finish, found.excess, found.peak) == (DAY, 3 * DAY, 480 + 240, 2)
    assert found.owners == {"dig", "pour", "rest"}


def test_two_overloads_with_a_break_are_two() -> None:
    booked = [("a", booking(0, 4)), ("b", booking(0, 1)), ("c", booking(2, 3))]
    assert [(each.start, each.finish) for each in overloads(booked, Decimal(1), ())] == [(0, DAY), (2 * DAY, 3 * DAY)]


def test_overloads_add_up_to_what_is_too_much() -> None:
    booked = [(number, booking(number % 5, number % 5 + 1.25, f"0.{number + 3}")) for number in range(7)]
    total = sum(each.excess for each in overloads(booked, Decimal(1), ()))
    assert total == excess((each for _, each in booked), Decimal(1)) > 0


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (BucketSize.DAY, [("2026-03-04", "2026-03-04"), ("2026-03-05", "2026-03-05")]),
        (BucketSize.WEEK, [("2026-03-02", "2026-03-08")]),
        (BucketSize.MONTH, [("2026-03-01", "2026-03-31")]),
    ],
)
def test_buckets_are_whole(size: BucketSize, expected: list[tuple[str, str]]) -> None:
    found = buckets_of(size, date(2026, 3, 4), date(2026, 3, 5))
    assert [(each.first.isoformat(), each.last.isoformat()) for each in found] == expected
    assert len(cuts_of(found)) == len(found) + 1


def test_there_is_an_end_to_buckets() -> None:
    with pytest.raises(TooManyBuckets):
        buckets_of(BucketSize.DAY, date(2026, 1, 1), date(2028, 1, 1))
