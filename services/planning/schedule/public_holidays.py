"""Public holidays, the movable ones too, as exceptions of a working calendar."""

from enum import StrEnum
from functools import lru_cache

from services.kernel.working_time import CalendarException

# From the first year that a plan may reach to the last that the rules are known for.
FIRST_YEAR, LAST_YEAR = 1971, 2100


class HolidayCountry(StrEnum):
    """The country whose public holidays a calendar keeps, by ISO 3166-1."""

    NORWAY = "NO"


@lru_cache
def public_holidays(country: HolidayCountry) -> tuple[CalendarException, ...]:
    """A day without work for each public holiday, in order, by its English name."""
    # Its tables take 0.4 s to import, which only plans that keep holidays should wait for.
    from holidays import country_holidays  # noqa: PLC0415

    days = country_holidays(country.value, years=range(FIRST_YEAR, LAST_YEAR + 1), language="en_US")
    return tuple(CalendarException(day, day, (), name) for day, name in sorted(days.items()))
