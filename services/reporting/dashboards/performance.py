"""A project's plan, money and progress as reporting knows them, measured at a status date. Pure: values in, values out."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

from services.kernel.money import MINOR_UNITS
from services.reporting.dashboards.budget_spread import leaf_budgets
from services.reporting.dashboards.earned_value import (
    EarnedSchedule,
    EarnedValue,
    earned_percent_complete,
    earned_schedule,
)
from services.reporting.dashboards.planned_value import BaselineTask, planned_value_series, weekly_points

_ZERO = Decimal(0)
_DAYS_OF_A_WEEK = Decimal(7)
# Ten years by the week; a longer baseline is read in steps of several weeks, which costs precision and no time.
MOST_POINTS = 520


@dataclass(frozen=True, slots=True)
class TaskState:
    """A task as it stands; times are local wall-clock times of the project."""

    id: UUID
    parent_id: UUID | None
    wbs_code: str
    title: str
    outline_level: int
    summary: bool
    milestone: bool
    start: datetime | None
    finish: datetime | None
    duration_minutes: int
    percent_complete: Decimal
    critical: bool
    number: int


@dataclass(frozen=True, slots=True)
class BaselineState:
    """A task as the baseline has it."""

    start: datetime | None
    finish: datetime | None
    duration_minutes: int
    number: int


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount in the project's currency: of a budget (without a day), or of a cost on the day it was posted."""

    task_id: UUID | None
    amount: Decimal
    number: int
    day: date = date.min


@dataclass(frozen=True, slots=True)
class ProgressEntry:
    """The percent complete that a task had from a local day on."""

    task_id: UUID
    percent_complete: Decimal
    day: date
    number: int


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Cumulative values at the end of a day; None where the line does not run."""

    day: date
    planned: Decimal | None
    earned: Decimal | None
    actual: Decimal | None


@dataclass(frozen=True)
class ProjectState:
    """Everything that enters a measurement. `tasks` are in outline order, `progress` in the order of its days.

    `plan_number` is the number of the last fact about tasks, `number` that of the last about the project itself;
    `own_status_date` is the day up to which the project's people say that progress has been recorded.
    """

    currency: str
    zone: ZoneInfo
    number: int
    own_status_date: date
    plan_finish: datetime | None
    plan_number: int
    tasks: Sequence[TaskState]
    baseline: "dict[UUID, BaselineState] | None"
    baseline_finish: datetime | None
    baseline_number: int
    budget: Sequence[Posting]
    actuals: Sequence[Posting]
    progress: Sequence[ProgressEntry]

    # -- structure ----------------------------------------------------------------------------------------------------

    @cached_property
    def leaves(self) -> list[TaskState]:
        """The tasks that work is done in."""
        summaries = {task.parent_id for task in self.tasks}
        return [task for task in self.tasks if task.id not in summaries]

    @cached_property
    def leaf_budgets(self) -> dict[UUID, Decimal]:
        baseline = self.baseline or {}
        weights = {
            task.id: baseline[task.id].duration_minutes if task.id in baseline else task.duration_minutes
            for task in self.leaves
        }
        budgets = [(line.task_id, line.amount) for line in self.budget]
        quantum = Decimal(1).scaleb(-MINOR_UNITS.get(self.currency, 2))
        return leaf_budgets({task.id: task.parent_id for task in self.tasks}, weights, budgets, quantum)

    @cached_property
    def budget_number(self) -> int:
        return max((line.number for line in self.budget), default=self.number)

    # -- dates --------------------------------------------------------------------------------------------------------

    @property
    def forecast_finish(self) -> date | None:
        """The day on which the plan, as it stands, is finished."""
        finishes = [task.finish for task in self.tasks if task.finish is not None]
        finish = self.plan_finish or max(finishes, default=None)
        return None if finish is None else last_day(finish)

    @property
    def agreed_finish(self) -> date | None:
        """The day on which the baseline is finished."""
        if self.baseline is None:
            return None
        finishes = [task.finish for task in self.baseline.values() if task.finish is not None]
        finish = self.baseline_finish or max(finishes, default=None)
        return None if finish is None else last_day(finish)

    @cached_property
    def percent_by_duration(self) -> Decimal | None:
        """Percent complete weighted by duration, as MS Project rolls it up; None without any duration."""
        total = sum(task.duration_minutes for task in self.leaves)
        done = sum((task.duration_minutes * task.percent_complete for task in self.leaves), _ZERO)
        return done / total if total else None

    # -- planned, earned, actual --------------------------------------------------------------------------------------

    @cached_property
    def _planned_tasks(self) -> list[BaselineTask]:
        """The budgeted leaves on the baseline's dates; a task added since then stands on its own dates."""
        planned = []
        for task in self.leaves:
            dates: TaskState | BaselineState = (self.baseline or {}).get(task.id, task)
            budget = self.leaf_budgets.get(task.id)
            if budget is None:
                continue
            finish = dates.finish or dates.start
            if finish is None:
                continue
            last = last_day(finish)
            planned.append(BaselineTask(min((dates.start or finish).date(), last), last, budget))
        return planned

    @cached_property
    def _periods(self) -> tuple[date, list[date], Decimal] | None:
        """The baseline's first day, the ends of its periods, and a period's length in weeks; None without a baseline."""
        if self.baseline is None or not self._planned_tasks:
            return None
        start = min(task.start for task in self._planned_tasks)
        points = weekly_points(start, max(task.finish for task in self._planned_tasks))
        step = -(-len(points) // MOST_POINTS)
        stepped = points[step - 1 :: step]
        if stepped[-1] != points[-1]:
            stepped.append(stepped[-1] + timedelta(weeks=step))
        return start, stepped, Decimal(step)

    def planned(self, days: Sequence[date]) -> list[Decimal | None]:
        """PV at the end of each day (ascending); None everywhere without a baseline, against which it is planned."""
        if self.baseline is None:
            return [None] * len(days)
        return [point.value for point in planned_value_series(self._planned_tasks, days)]

    def earned(self, days: Sequence[date]) -> list[Decimal]:
        """EV at the end of each day (ascending), by percent complete.

        From the project's own status date on, progress counts as it stands; before it, as it had been recorded then.
        """
        percents: dict[UUID, Decimal] = {}
        values: list[Decimal] = []
        earned, position = _ZERO, 0
        for day in days:
            if day >= self.own_status_date:
                values.append(self._earned_now)
                continue
            while position < len(self.progress) and self.progress[position].day <= day:
                entry = self.progress[position]
                budget = self.leaf_budgets.get(entry.task_id, _ZERO)
                before = percents.get(entry.task_id, _ZERO)
                earned += earned_percent_complete(budget, entry.percent_complete) - earned_percent_complete(
                    budget, before
                )
                percents[entry.task_id] = entry.percent_complete
                position += 1
            values.append(earned)
        return values

    @cached_property
    def _earned_now(self) -> Decimal:
        return sum(
            (
                earned_percent_complete(self.leaf_budgets.get(task.id, _ZERO), task.percent_complete)
                for task in self.leaves
            ),
            _ZERO,
        )

    def actual(self, days: Sequence[date]) -> list[Decimal]:
        """AC at the end of each day: what was posted up to it."""
        postings = sorted(self.actuals, key=lambda posting: posting.day)
        sums = [_ZERO]
        for posting in postings:
            sums.append(sums[-1] + posting.amount)
        posted_on = [posting.day for posting in postings]
        return [sums[bisect_right(posted_on, day)] for day in days]

    def measure(self, status_date: date) -> "Performance":
        """Where the project stands at the end of a day."""
        [planned], [earned], [actual] = (
            self.planned([status_date]), self.earned([status_date]), self.actual([status_date])
        )  # fmt: skip
        budget = sum((line.amount for line in self.budget), _ZERO)
        value = EarnedValue(budget, planned if planned is not None else _ZERO, earned, actual)
        return Performance(
            status_date=status_date,
            value=value,
            has_baseline=planned is not None,
            schedule=self._earned_schedule(status_date, earned),
            planned_number=max(self.budget_number, self.baseline_number, self.plan_number),
            earned_number=max(self.budget_number, self.baseline_number, self.plan_number),
            actual_number=max((each.number for each in self.actuals if each.day <= status_date), default=self.number),
        )

    def _earned_schedule(self, status_date: date, earned: Decimal) -> EarnedSchedule | None:
        """ES in weeks; the time passed counts from the baseline's first day, that day included."""
        if self._periods is None:
            return None
        start, points, length = self._periods
        passed = max((status_date - start).days + 1, 0) / _DAYS_OF_A_WEEK
        series = [each for each in self.planned(points) if each is not None]
        return earned_schedule(series, earned, passed, length)

    def curve(self, status_date: date) -> list[CurvePoint]:
        """The S-curve by the week, with the status date as a point of its own; PV runs to the end, EV and AC to today."""
        if self._periods is not None:
            days = {*self._periods[1], status_date}
        else:
            known = [posting.day for posting in self.actuals] + [entry.day for entry in self.progress]
            first = min((each for each in known if each <= status_date), default=status_date)
            weeks = weekly_points(first, status_date)
            days = {each for each in weeks[:: -(-len(weeks) // MOST_POINTS)] if each < status_date} | {status_date}
        ordered = sorted(days)
        past = [each for each in ordered if each <= status_date]
        earned, actual = self.earned(past), self.actual(past)
        return [
            CurvePoint(
                each,
                planned,
                earned[position] if position < len(past) else None,
                actual[position] if position < len(past) else None,
            )
            for position, (each, planned) in enumerate(zip(ordered, self.planned(ordered), strict=True))
        ]


@dataclass(frozen=True, slots=True)
class Performance:
    """A measurement, with the highest number among the facts that each of its inputs was read from.

    Without a baseline nothing was planned that progress could be held against: PV and what follows from it is None.
    """

    status_date: date
    value: EarnedValue
    has_baseline: bool
    schedule: EarnedSchedule | None
    planned_number: int
    earned_number: int
    actual_number: int

    def if_planned(self, value: Decimal | None) -> Decimal | None:
        return value if self.has_baseline else None


def last_day(finish: datetime) -> date:
    """The last day worked on: work that ends at midnight ended the day before."""
    return (finish - timedelta(minutes=1)).date() if finish.time() == datetime.min.time() else finish.date()
