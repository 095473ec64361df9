"""What of contracts is due, and what will be late by the plan."""

from datetime import date, timedelta
from uuid import UUID

from services.planning.contracts.alerts import AlertCode, Deadline, alerts

TODAY = date(2026, 6, 1)


def deadline(code: AlertCode, days: int, forecast: int | None = None) -> Deadline:
    due_on = TODAY + timedelta(days=days)
    planned = None if forecast is None else TODAY + timedelta(days=forecast)
    return Deadline(code, UUID(int=1), "contract", UUID(int=2), "Foundation", due_on, planned)


def test_what_is_due_soon_or_overdue_is_told_the_first_first() -> None:
    given = [deadline(AlertCode.OPTION_DUE, days) for days in (31, 30, -4)]
    assert [each.days_left for each in alerts(given, TODAY, 30)] == [-4, 30]


def test_a_milestone_that_the_plan_has_late_is_told_however_far_off_it_is() -> None:
    (found,) = alerts([deadline(AlertCode.MILESTONE_DUE, 200, forecast=205)], TODAY, 30)
    assert (found.code, found.days_left, found.days_late) == (AlertCode.MILESTONE_LATE, 200, 5)


def test_a_milestone_that_the_plan_has_in_time_is_told_when_it_is_due() -> None:
    assert not alerts([deadline(AlertCode.MILESTONE_DUE, 200, forecast=200)], TODAY, 30)
    (found,) = alerts([deadline(AlertCode.MILESTONE_DUE, 20, forecast=10)], TODAY, 30)
    assert (found.code, found.days_late) == (AlertCode.MILESTONE_DUE, None)


def test_what_waits_for_somebody_is_told_at_once() -> None:
    given = [deadline(code, 300) for code in (AlertCode.CHANGE_ORDER_OPEN, AlertCode.MILESTONE_UNPAID)]
    assert len(alerts(given, TODAY, 0)) == 2
