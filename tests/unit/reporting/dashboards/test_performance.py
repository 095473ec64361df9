"""A project measured at a status date: what counts when, and that awkward plans cost neither a failure nor time."""

import time
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from services.reporting.dashboards.performance import (
    BaselineState,
    Posting,
    ProgressEntry,
    ProjectState,
    TaskState,
    last_day,
)

local = datetime.fromisoformat


def make_task(number: int = 1, **members: object) -> TaskState:
    values: dict[str, object] = {
        "id": UUID(int=number), "parent_id": None, "wbs_code": str(number), "title": "Work", "outline_level": 1,
        "summary": False, "milestone": False, "start": local("2026-03-02T08:00"), "finish": local("2026-03-15T16:00"),
        "duration_minutes": 4500, "percent_complete": Decimal(0), "critical": False, "number": number,
    }  # fmt: skip
    return TaskState(**values | members)  # type: ignore[arg-type]  # a factory: members are what a test says


def make_state(*tasks: TaskState, **members: object) -> ProjectState:
    values: dict[str, object] = {
        "currency": "NOK", "zone": ZoneInfo("Europe/Oslo"), "number": 1, "own_status_date": date(2026, 3, 15),
        "plan_finish": None, "plan_number": 5, "tasks": tasks,
        "baseline": {task.id: BaselineState(task.start, task.finish, task.duration_minutes, 2) for task in tasks},
        "baseline_finish": None, "baseline_number": 2, "progress": [], "actuals": [],
        "budget": [Posting(task.id, Decimal("100.00"), 3) for task in tasks],
    }  # fmt: skip
    return ProjectState(**values | members)  # type: ignore[arg-type]  # as above


def test_work_that_ends_at_midnight_ended_the_day_before() -> None:
    assert last_day(local("2026-03-07T00:00")) == date(2026, 3, 6)
    assert last_day(local("2026-03-07T00:01")) == date(2026, 3, 7)


def test_progress_counts_as_it_stands_from_the_projects_own_status_date_on() -> None:
    entries = [
        ProgressEntry(UUID(int=1), Decimal(20), date(2026, 3, 5), 6),
        ProgressEntry(UUID(int=1), Decimal(50), date(2026, 3, 17), 7),
    ]
    state = make_state(make_task(percent_complete=Decimal(50)), progress=entries)
    assert state.measure(date(2026, 3, 15)).value.earned == 50
    assert state.measure(date(2026, 3, 14)).value.earned == 20
    assert state.measure(date(2026, 3, 4)).value.earned == 0


def test_cost_counts_from_the_day_it_was_posted_on() -> None:
    posted = [Posting(None, Decimal(7), 9, date(2026, 3, 10)), Posting(None, Decimal(-2), 8, date(2026, 3, 4))]
    state = make_state(make_task(), actuals=posted)
    assert [state.measure(date(2026, 3, day)).value.actual for day in (3, 4, 9, 10)] == [0, -2, -2, 5]
    assert state.measure(date(2026, 3, 9)).actual_number == 8


def test_a_task_added_after_the_baseline_is_planned_on_its_own_dates() -> None:
    added = make_task(2, start=local("2026-03-16T08:00"), finish=local("2026-03-17T16:00"))
    state = make_state(make_task(), added)
    state = replace(
        state, baseline={UUID(int=1): BaselineState(local("2026-03-02T08:00"), local("2026-03-15T16:00"), 4500, 2)}
    )
    assert state.planned([date(2026, 3, 15), date(2026, 3, 16)]) == [100, 150]


def test_a_task_without_dates_is_in_the_budget_and_not_in_the_plan() -> None:
    state = make_state(make_task(), make_task(2, start=None, finish=None))
    value = state.measure(date(2027, 1, 1)).value
    assert [value.budget, value.planned] == [200, 100]


def test_a_baseline_of_two_centuries_is_measured_in_a_moment() -> None:
    tasks = [make_task(n, start=local("1990-01-01T08:00"), finish=local("2199-12-31T16:00")) for n in range(1, 301)]
    state = make_state(*tasks, own_status_date=date(2095, 1, 1))
    state = replace(state, tasks=[replace(task, percent_complete=Decimal(50)) for task in tasks])
    started = time.perf_counter()
    schedule = state.measure(date(2095, 1, 1)).schedule
    assert len(state.curve(date(2095, 1, 1))) <= 522
    assert time.perf_counter() - started < 5
    assert schedule is not None
    assert schedule.schedule_performance_index is not None
    assert abs(schedule.schedule_performance_index - 1) < Decimal("0.001")
