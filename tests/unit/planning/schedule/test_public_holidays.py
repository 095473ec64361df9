"""Norway's public holidays against the almanac."""

from datetime import date

from services.planning.schedule.public_holidays import FIRST_YEAR, LAST_YEAR, HolidayCountry, public_holidays

# Easter Sunday by the almanac of the University of Oslo; the other movable days stand at fixed distances from it.
EASTER = {2024: date(2024, 3, 31), 2025: date(2025, 4, 20), 2026: date(2026, 4, 5), 2038: date(2038, 4, 25)}
FIXED = ((1, 1), (5, 1), (5, 17), (12, 25), (12, 26))
MOVABLE = (-3, -2, 0, 1, 39, 49, 50)


def test_the_twelve_days_of_a_year_are_kept() -> None:
    kept = {each.first for each in public_holidays(HolidayCountry.NORWAY)}
    for year, easter in EASTER.items():
        expected = {date(year, *day) for day in FIXED}
        expected |= {date.fromordinal(easter.toordinal() + days) for days in MOVABLE}
        assert {day for day in kept if day.year == year} == expected


def test_they_reach_over_all_years_of_plans_and_are_days_without_work() -> None:
    holidays = public_holidays(HolidayCountry.NORWAY)
    assert (holidays[0].first, holidays[-1].last) == (date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 26))
    assert all(each.first == each.last and each.ranges == () and each.name for each in holidays)
