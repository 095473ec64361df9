"""The time axis of a chart: where a moment lies, and which divisions a span of that length deserves."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from services.kernel.language import Language, month_name
from services.planning.exports.labels import LABELS

Step = Literal["day", "week", "month", "quarter", "year", "decade"]
# Up to how many days which step is the finer row of an axis; decades beyond.
_LIMITS: Final[tuple[tuple[int, Step], ...]] = (
    (45, "day"),
    (200, "week"),
    (920, "month"),
    (3_600, "quarter"),
    (18_000, "year"),
)
_COARSER: Final[dict[Step, Step | None]] = {
    "day": "month",
    "week": "month",
    "month": "year",
    "quarter": "year",
    "year": None,
    "decade": None,
}


@dataclass(frozen=True, slots=True)
class Tick:
    """A division of the axis from `x` to `end`, with its label."""

    x: float
    end: float
    label: str


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """The days from `first` to `last`, both included, over `width` units from `left`."""

    first: date
    last: date
    left: float
    width: float

    @property
    def days(self) -> int:
        """How many days there are."""
        return (self.last - self.first).days + 1

    def x(self, moment: datetime) -> float:
        """Where a moment lies; one outside lies on the nearer edge."""
        origin = datetime.combine(self.first, datetime.min.time())
        share = (moment - origin) / timedelta(days=self.days)
        return self.left + self.width * min(max(share, 0.0), 1.0)

    def of_day(self, day: date) -> float:
        """Where a day begins."""
        return self.x(datetime.combine(day, datetime.min.time()))

    @property
    def step(self) -> Step:
        """The finer row's division."""
        return next((step for limit, step in _LIMITS if self.days <= limit), "decade")

    def finer(self, language: Language) -> list[Tick]:
        """The finer row: days, weeks, months, quarters, years or decades."""
        return self._ticks(self.step, language)

    def coarser(self, language: Language) -> list[Tick]:
        """The row above: months with their year over days and weeks, years over months and quarters."""
        step = _COARSER[self.step]
        return [] if step is None else self._ticks(step, language)

    def _ticks(self, step: Step, language: Language) -> list[Tick]:
        return [
            Tick(self.of_day(day), self.of_day(after), self._label(step, day, language))
            for day, after in self._divisions(step)
        ]

    def _label(self, step: Step, day: date, language: Language) -> str:
        match step:
            case "day":
                return str(day.day)
            case "week":
                return LABELS.text("axis.week", language, week=day.isocalendar().week)
            case "month" if self.step == "month":
                return month_name(day.month, language)
            case "month":
                return f"{month_name(day.month, language)} {day.year}"
            case "quarter":
                return LABELS.text("axis.quarter", language, quarter=(day.month + 2) // 3)
            case _:
                return str(day.year)

    def _divisions(self, step: Step) -> Iterator[tuple[date, date]]:
        """The first day of each division that touches the span, with the first day of the next."""
        day = _beginning(self.first, step)
        while day <= self.last:
            after = _following(day, step)
            yield day, after
            day = after


def _beginning(day: date, step: Step) -> date:
    match step:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
        case "year":
            return date(day.year, 1, 1)
    return date(day.year // 10 * 10, 1, 1)


def _following(day: date, step: Step) -> date:
    match step:
        case "day":
            return day + timedelta(days=1)
        case "week":
            return day + timedelta(days=7)
        case "month":
            return date(day.year + day.month // 12, day.month % 12 + 1, 1)
        case "quarter":
            return date(day.year + (day.month + 2) // 12, (day.month + 2) % 12 + 1, 1)
        case "year":
            return date(day.year + 1, 1, 1)
    return date(day.year + 10, 1, 1)
