"""The load of a resource: work beyond its capacity, at the moment when it is planned."""

from decimal import Decimal

import pytest

from services.planning.schedule.resource_load import Booking, excess

HOUR = 600


def booking(start: int, finish: int, units: str = "1") -> Booking:
    return Booking(start * HOUR, finish * HOUR, Decimal(units))


@pytest.mark.parametrize(
    ("bookings", "capacity", "minutes"),
    [
        ([], "1", 0),
        ([booking(0, 8)], "1", 0),
        ([booking(0, 8), booking(8, 16)], "1", 0),
        ([booking(0, 8), booking(6, 16)], "1", 120),
        ([booking(0, 8), booking(0, 8)], "2", 0),
        ([booking(0, 8, "0.5"), booking(0, 8, "0.75")], "1", 120),
        ([booking(0, 8), booking(2, 4), booking(3, 5)], "1", 240),
        ([booking(0, 1)], "0", 60),
        ([booking(4, 4), booking(4, 4)], "0", 0),
    ],
)
def test_what_lies_above_the_capacity_counts_for_as_long_as_it_does(
    bookings: list[Booking], capacity: str, minutes: int
) -> None:
    assert excess(bookings, Decimal(capacity)) == minutes


def test_the_order_of_the_bookings_does_not_matter() -> None:
    bookings = [booking(0, 8), booking(2, 4), booking(3, 5), booking(7, 12, "1.5")]
    assert excess(bookings, Decimal(1)) == excess(reversed(bookings), Decimal(1)) == 240 + 90 + 120
