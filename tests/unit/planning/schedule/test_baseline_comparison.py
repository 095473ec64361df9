"""Two pictures of a plan beside each other."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.kernel.working_time import Calendar
from services.planning.schedule.baseline_comparison import (
    Change,
    Pair,
    PartPicture,
    PlanPicture,
    TaskPicture,
    compare,
)

A, B, C, R = (UUID(int=number) for number in range(1, 5))
CALENDAR = Calendar.standard()
at = datetime.fromisoformat
DIG = TaskPicture("1", "Dig", False, at("2026-03-02T08:00"), at("2026-03-03T17:00"), 960, 960, Decimal("1600.00"))


def test_equal_pictures_have_no_differences() -> None:
    picture = PlanPicture({A: DIG}, {(A, R): PartPicture("Kari", Decimal(1), 960)})
    found = compare(picture, picture, CALENDAR)
    assert (found.tasks, found.parts, found.unchanged, found.moved) == ([], [], 1, 0)
    assert found.finish_moved_minutes == 0
    assert found.cost == Pair(Decimal("1600.00"), Decimal("1600.00"))


def test_what_came_what_went_and_what_moved_over_a_weekend() -> None:
    before = PlanPicture({A: DIG, B: replace(DIG, wbs_code="2", title="Pour")})
    later = replace(DIG, finish=at("2026-03-09T17:00"), cost=Decimal(0), duration_minutes=2880)
    after = PlanPicture({A: later, C: replace(DIG, wbs_code="2", title="Cure", work_minutes=0)})
    found = compare(before, after, CALENDAR)
    changes = {each.task_id: each for each in found.tasks}
    assert {task_id: each.change for task_id, each in changes.items()} == {
        A: Change.CHANGED,
        B: Change.REMOVED,
        C: Change.ADDED,
    }
    # Tuesday 17:00 to Monday 17:00 is four working days of eight hours.
    assert (changes[A].finish_moved_minutes, changes[A].moved, found.moved) == (4 * 480, True, 1)
    assert changes[B].finish == Pair(at("2026-03-03T17:00"), None)
    assert changes[B].finish_moved_minutes is None
    assert (found.work_minutes, found.cost) == (Pair(1920, 960), Pair(Decimal("3200.00"), Decimal("1600.00")))
    assert [found.count(each) for each in Change] == [1, 1, 1]


def test_a_summary_that_moves_is_no_work_that_moves() -> None:
    summary = replace(DIG, summary=True)
    found = compare(
        PlanPicture({A: summary}), PlanPicture({A: replace(summary, start=at("2026-03-03T08:00"))}), CALENDAR
    )
    assert (found.count(Change.CHANGED), found.moved) == (1, 0)


def test_work_and_cost_are_compared_only_where_both_have_kept_them() -> None:
    imported = PlanPicture({A: replace(DIG, work_minutes=None, cost=None)}, complete=False)
    found = compare(imported, PlanPicture({A: DIG}, {(A, R): PartPicture("Kari", Decimal(1), 960)}), CALENDAR)
    assert (found.tasks, found.parts, found.unchanged) == ([], [], 1)
    assert (found.work_minutes, found.cost) == (Pair(None, None), Pair(None, None))


def test_parts_that_came_went_and_changed() -> None:
    kari = PartPicture("Kari", Decimal(1), 960)
    before = PlanPicture({A: DIG}, {(A, R): kari, (A, B): kari})
    after = PlanPicture({A: DIG}, {(A, R): replace(kari, units=Decimal("0.5")), (A, C): kari})
    found = compare(before, after, CALENDAR)
    assert [(each.resource_id, each.change) for each in found.parts] == [
        (B, Change.REMOVED),
        (C, Change.ADDED),
        (R, Change.CHANGED),
    ]
    assert found.parts[2].units == Pair(Decimal(1), Decimal("0.5"))


def test_empty_plans_have_no_dates() -> None:
    found = compare(PlanPicture(), PlanPicture({A: DIG}), CALENDAR)
    assert (found.start.before, found.finish.before, found.finish_moved_minutes) == (None, None, None)
