"""How many units there are of a resource when, of teams with members, and the working time of who is away."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import orjson
import pytest

from services.kernel.ids import new_id
from services.kernel.working_time import TICKS_PER_DAY, NoWorkingTime, day_number, to_local, to_ticks
from services.planning.schedule.absent_time import joined, without
from services.planning.schedule.availability import Availability, Staff, capacities_of
from services.planning.schedule.calendar import default_calendar
from services.planning.schedule.plan_rows import Away
from services.planning.schedule.pricing import FOR_GOOD
from services.planning.schedule.resource_load import Booking, excess

APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)


def tick(day: date) -> int:
    return day_number(day) * TICKS_PER_DAY


def period(first: str | None, last: str | None, units: str) -> dict[str, str | None]:
    return {"from_date": first, "to_date": last, "units": units}


def staff(units: str = "1", *periods: dict[str, str | None], team_id: UUID | None = None, away: Away = ()) -> Staff:
    usual = Decimal(units)
    availability = Availability.read(usual, orjson.dumps(list(periods)).decode())
    return Staff(new_id(), "Kari", usual, None, None, team_id, availability, away)


def test_who_is_always_there_lacks_nothing() -> None:
    kari = staff()
    capacity = capacities_of([kari])[kari.id]
    assert (capacity.max_units, capacity.missing) == (1, ())


def test_a_period_with_fewer_units_lacks_the_rest_of_them() -> None:
    kari = staff("1", period("2026-04-01", "2026-04-30", "0.4"))
    capacity = capacities_of([kari])[kari.id]
    assert capacity.missing == ((tick(APRIL), tick(MAY), Decimal("0.6")),)


def test_a_period_with_more_units_is_the_capacity_and_they_lack_at_all_other_times() -> None:
    crew = staff("2", period("2026-04-01", "2026-04-30", "5"))
    capacity = capacities_of([crew])[crew.id]
    assert capacity.max_units == 5
    assert capacity.missing == ((-FOR_GOOD, tick(APRIL), Decimal(3)), (tick(MAY), FOR_GOOD, Decimal(3)))


def test_periods_that_follow_each_other_leave_no_gap() -> None:
    kari = staff("1", period(None, "2026-03-31", "0.5"), period("2026-04-01", None, "0.5"))
    capacity = capacities_of([kari])[kari.id]
    assert (capacity.max_units, capacity.missing) == (Decimal("0.5"), ())


def test_a_team_has_what_its_members_have_less_who_is_away() -> None:
    team = staff("1")
    kari = staff("1", team_id=team.id, away=((APRIL, date(2026, 4, 30)),))
    ola = staff("0.5", team_id=team.id)
    capacity = capacities_of([team, kari, ola])[team.id]
    assert capacity.max_units == Decimal("1.5")
    assert capacity.missing == ((tick(APRIL), tick(MAY), Decimal(1)),)


def test_a_team_without_members_has_the_number_that_was_given() -> None:
    team = staff("4")
    assert capacities_of([team])[team.id].max_units == 4


@pytest.mark.parametrize(("units", "minutes"), [("1", 0), ("0.5", 240), ("0", 480)])
def test_what_is_missing_counts_like_work_that_is_nobodys(units: str, minutes: int) -> None:
    blocked = Booking(0, 4_800, 1 - Decimal(units))
    assert excess([Booking(0, 4_800, Decimal(1)), blocked], Decimal(1)) == minutes
    assert excess([blocked], Decimal(1)) == 0


def test_days_away_that_touch_are_one_absence() -> None:
    spans = [(date(2026, 4, 6), date(2026, 4, 7)), (APRIL, date(2026, 4, 5)), (MAY, MAY)]
    assert joined(spans) == ((APRIL, date(2026, 4, 7)), (MAY, MAY))


def test_who_is_away_works_on_afterwards() -> None:
    calendar = default_calendar(480)
    monday = to_ticks(to_local(tick(date(2026, 4, 6)) + 8 * 600))
    present = without(calendar, ((date(2026, 4, 7), date(2026, 4, 8)),))
    assert to_local(present.add_work(monday, 2 * 4_800)).isoformat() == "2026-04-09T17:00:00"
    assert without(calendar, ()) is calendar


def test_who_is_away_for_good_finds_no_time() -> None:
    present = without(default_calendar(480), ((date(2026, 1, 1), date(2299, 12, 31)),))
    with pytest.raises(NoWorkingTime):
        present.add_work(tick(APRIL), 4_800)
