"""The frozen figures of a status report: everything a page shows, as plain data with the place each came from.

The document is what a manager signs. A figure carries the service and the position in the event log at which it was
computed, so anybody can recompute it later; rendering adds nothing and looks nothing up.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter

# Unknown members are refused: a report must not be signed over something that no reader will ever see.
_STRICT: Final = ConfigDict(extra="forbid")

_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,12})?", re.ASCII)

DATE, WORKING_DAYS, DAYS, WEEKS, PERCENT, RATIO, COUNT = (
    "date", "working_days", "days", "weeks", "percent", "ratio", "count",
)  # fmt: skip
"""Units with a meaning of their own. An ISO 4217 code makes money; any other unit is written after the number."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its unit and its source: `source` names a service, `position` a place in its event log.

    `value` is a decimal string, for the unit `date` an ISO 8601 day, and None where the figure is undefined.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    value: str | None
    unit: str
    source: str
    position: Annotated[int, Field(ge=0)]

    def __post_init__(self) -> None:
        """Raise ValueError for a value that its unit cannot have."""
        if self.value is None:
            return
        if self.unit == DATE:
            date.fromisoformat(self.value)
        elif _DECIMAL.fullmatch(self.value) is None:
            raise ValueError("a figure's value is a plain decimal string")

    @property
    def number(self) -> Decimal | None:
        """The value as a decimal; None for dates and undefined figures."""
        return None if self.value is None or self.unit == DATE else Decimal(self.value)

    @property
    def day(self) -> date | None:
        """The value as a day; None for everything but dates."""
        return date.fromisoformat(self.value) if self.value is not None and self.unit == DATE else None


@dataclass(frozen=True, slots=True)
class Citation:
    """Where something that is no single figure was read: a table's row, a chart."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    source: str
    position: Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class Project:
    """The project reported on."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    name: str
    key: str
    manager: str


@dataclass(frozen=True, slots=True)
class Period:
    """First and last day of the reporting period."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    start_date: date
    finish_date: date


@dataclass(frozen=True, slots=True)
class Summary:
    """What people wrote, as plain text; a line break starts a new paragraph."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    progress: str
    challenges: str
    decisions_needed: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """The state of the schedule; a positive variance is a later finish, in working days."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    baseline_finish: Figure
    forecast_finish: Figure
    finish_variance: Figure
    percent_complete: Figure
    critical_tasks: Figure


@dataclass(frozen=True, slots=True)
class Wording:
    """What something is called in each language of a report."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    en: str
    nb: str


@dataclass(frozen=True, slots=True)
class NextGate:
    """The gate that is to be passed next; the days are counted from the status date."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    code: str
    title: Wording
    planned: Figure
    days_until: Figure


@dataclass(frozen=True, slots=True)
class Phase:
    """Where the project stands between its gates; `current` is None before the first one."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    current: Wording | None
    next_gate: NextGate | None
    stopped: bool
    gates_passed: Figure
    gates: Figure


@dataclass(frozen=True, slots=True)
class Cost:
    """Earned value at the status date; the names are those of the dashboards' earned value engine."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    budget_at_completion: Figure
    planned_value: Figure
    earned_value: Figure
    actual_cost: Figure
    cost_performance_index: Figure
    schedule_performance_index: Figure
    estimate_at_completion: Figure
    variance_at_completion: Figure
    earned_schedule: Figure
    schedule_performance_index_time: Figure


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Cumulative amounts at the end of a day; None where a line does not run."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    day: date
    planned: Decimal | None = None
    earned: Decimal | None = None
    actual: Decimal | None = None
    forecast: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """The S-curve: points in ascending order of days, all in `unit` (an ISO 4217 code, or hours)."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    points: tuple[CurvePoint, ...]
    unit: str
    cited: Citation


@dataclass(frozen=True, slots=True)
class GanttRow:
    """A task, summary or milestone of the plan; the outline level counts from 1, dates include their last day."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    wbs: str
    name: str
    level: Annotated[int, Field(ge=1)]
    start: date
    finish: date
    baseline_start: date | None = None
    baseline_finish: date | None = None
    percent: Annotated[Decimal, Field(ge=0, le=100)] = Decimal(0)
    milestone: bool = False
    summary: bool = False
    critical: bool = False


@dataclass(frozen=True, slots=True)
class Gantt:
    """The plan's rows in outline order."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    rows: tuple[GanttRow, ...]
    cited: Citation


@dataclass(frozen=True, slots=True)
class Milestone:
    """A milestone: the day agreed, the day expected, and the difference in working days."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    name: str
    baseline: Figure
    forecast: Figure
    variance: Figure


@dataclass(frozen=True, slots=True)
class Risk:
    """One of the top risks; exposure is probability times impact."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    title: str
    probability: Figure
    impact: Figure
    exposure: Figure
    response: str
    owner: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change somebody proposed and nobody has decided; `decidable_by` names the role or person who may."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    title: str
    proposer: str
    age: Figure
    impact: str
    decidable_by: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision taken since the last report."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    question: str
    chosen: str
    decided_by: str
    decided_date: date
    impact: str
    cited: Citation


@dataclass(frozen=True, slots=True)
class OverdueAction:
    """An action past its due date."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    title: str
    owner: str
    due_date: date
    days_late: Figure


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal of the project: what was promised and where it stands."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    name: str
    target: Figure
    current: Figure


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed the figures, when, and the hash of what was signed."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    signed_by: str
    signed_at: AwareDatetime
    content_hash: str


@dataclass(frozen=True, slots=True)
class StatusReportFigures:
    """One status report. A part that is None does not belong to this audience; an empty one says that there is none."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    project: Project
    period: Period
    status_date: date
    summary: Summary
    schedule: Schedule
    phase: Phase | None = None
    cost: Cost | None = None
    curve: Curve | None = None
    gantt: Gantt | None = None
    milestones: tuple[Milestone, ...] | None = None
    risks: tuple[Risk, ...] | None = None
    proposals: tuple[Proposal, ...] | None = None
    decisions: tuple[Decision, ...] | None = None
    overdue_actions: tuple[OverdueAction, ...] | None = None
    goals: tuple[Goal, ...] | None = None
    stale_share: Figure | None = None
    signature: Signature | None = None

    @classmethod
    def from_json(cls, document: object) -> Self:
        """Read a parsed JSON document; raises pydantic's `ValidationError`, a ValueError, for any other shape."""
        return TypeAdapter(cls).validate_python(document)

    def to_json(self) -> dict[str, Any]:
        """Return the document as plain JSON values: days and instants ISO 8601, decimals as strings."""
        document: dict[str, Any] = TypeAdapter(type(self)).dump_python(self, mode="json")
        return document
