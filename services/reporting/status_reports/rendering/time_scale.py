"""A chart's time axis: where a day lies, and which ticks a span of that length deserves."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from services.kernel.language import Language, month_name
from services.reporting.status_reports.rendering.labels import LABELS

Step = Literal["week", "month", "quarter", "year"]


@dataclass(frozen=True, slots=True)
class Tick:
    """A division of the axis from `x` to `end`, with its label."""

    x: float
    end: float
    label: str


@dataclass(frozen=True, slots=True)
class TimeScale:
    """The days from `first` to `last`, both included, spread over `width` units from `left`."""

    first: date
    last: date
    left: float
    width: float

    def x(self, day: date) -> float:
        """Return where the day begins; days outside lie on the nearer edge."""
        inside = min(max(day.toordinal(), self.first.toordinal()), self.last.toordinal() + 1)
        return self.left + self.width * (inside - self.first.toordinal()) / self._days

    def end(self, day: date) -> float:
        """Return where the day ends."""
        inside = min(max(day.toordinal(), self.first.toordinal() - 1), self.last.toordinal())
        return self.left + self.width * (inside + 1 - self.first.toordinal()) / self._days

    @property
    def _days(self) -> int:
        return self.last.toordinal() - self.first.toordinal() + 1

    @property
    def step(self) -> Step:
        """Weeks up to four months, months up to two years and a half, quarters up to eight years, then years."""
        limits: tuple[tuple[int, Step], ...] = ((125, "week"), (920, "month"), (2950, "quarter"))
        return next((step for limit, step in limits if self._days <= limit), "year")

    def minor(self, language: Language) -> list[Tick]:
        """Return the finer row of ticks: ISO week numbers, months, quarters or years."""
        return [self._tick(day, self._minor_label(day, language), after) for day, after in self._divisions(self.step)]

    def major(self, language: Language) -> list[Tick]:
        """Return the coarser row: months with their year above weeks, years above months and quarters."""
        if self.step == "week":
            return [
                self._tick(day, f"{month_name(day.month, language)} {day.year}", after)
                for day, after in self._divisions("month")
            ]
        return (
            [] if self.step == "year" else [self._tick(day, str(day.year), to) for day, to in self._divisions("year")]
        )

    def _tick(self, day: date, label: str, after: date) -> Tick:
        return Tick(self.x(day), self.x(after), label)

    def _minor_label(self, day: date, language: Language) -> str:
        match self.step:
            case "week":
                return LABELS.text("axis.week", language, week=day.isocalendar().week)
            case "month":
                return month_name(day.month, language)
            case "quarter":
                return LABELS.text("axis.quarter", language, quarter=(day.month + 2) // 3)
            case _:
                return str(day.year)

    def _divisions(self, step: Step) -> Iterator[tuple[date, date]]:
        """Yield the first day of each division that touches the span, with the first day of the next."""
        stride = 1 + self._days // (366 * 16) if step == "year" else 1
        day = _beginning(self.first, step)
        while day <= self.last:
            following = _following(day, step, stride)
            yield day, following
            if following <= day:
                return
            day = following


def _beginning(day: date, step: Step) -> date:
    match step:
        case "week":
            return day - timedelta(days=min(day.weekday(), day.toordinal() - 1))
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case _:
            return day.replace(month=1, day=1)


def _following(day: date, step: Step, stride: int) -> date:
    """Return the first day of the next division, `date.max` at the end of the calendar."""
    if step == "week":
        return date.max if day.toordinal() + 7 > date.max.toordinal() else day + timedelta(days=7)
    months = {"month": 1, "quarter": 3}.get(step, 12 * stride)
    total = day.year * 12 + day.month - 1 + months
    return date.max if total >= 10_000 * 12 else date(total // 12, total % 12 + 1, 1)
