"""The rows of a plan in memory: tasks, links and assignments as they are loaded, changed and stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from services.kernel.working_time import TICKS_PER_MINUTE, to_local
from services.planning.schedule import network, task
from services.planning.schedule.pricing import Accrual, Pricing

# The days from and to which, both included, a resource is away, in order and apart from each other.
Away = tuple[tuple[date, date], ...]
# A task that was never scheduled; the engine replaces it before anything is stored.
_UNPLACED: Final = to_local(0)


@dataclass(slots=True)
class PlanTask:
    """A task as the plan needs it: the columns of its row, in the order in which they are loaded."""

    id: UUID
    version: int
    parent_id: UUID | None
    position: int | None
    outline_level: int
    wbs_code: str
    wbs_custom: str | None
    title: str
    milestone: bool
    summary: bool
    manual: bool
    active: bool
    external: bool
    placeholder: bool
    duration: int
    elapsed: bool
    task_type: str
    constraint_type: str
    constraint_date: datetime | None
    deadline: datetime | None
    calendar_id: UUID | None
    ignore_resource_calendars: bool
    effort_driven: bool
    priority: int
    levelling_delay: int
    splits: dict[str, Any] | None
    percent_complete: int
    actual_start: datetime | None
    actual_finish: datetime | None
    remaining: int | None
    stop: datetime | None
    resume: datetime | None
    manual_start: datetime | None
    manual_finish: datetime | None
    assignee_id: UUID | None
    status: str
    start: datetime
    finish: datetime
    early_start: datetime
    early_finish: datetime
    late_start: datetime
    late_finish: datetime
    total_float_minutes: int
    free_float_minutes: int
    critical: bool
    driver: str
    driving_dependency_id: UUID | None


COLUMNS: Final = tuple(each.name for each in fields(PlanTask))
# What a schedule run, or a change elsewhere in the outline, may alter in a task that nobody edited.
COMPUTED: Final = (
    "position",
    "outline_level",
    "wbs_code",
    "summary",
    "duration",
    "percent_complete",
    "status",
    "start",
    "finish",
    "early_start",
    "early_finish",
    "late_start",
    "late_finish",
    "total_float_minutes",
    "free_float_minutes",
    "critical",
    "driver",
    "driving_dependency_id",
)


def new_task(task_id: UUID, title: str, **values: Any) -> PlanTask:
    """A task that nobody has placed or scheduled yet."""
    defaults: dict[str, Any] = dict.fromkeys(COLUMNS)
    defaults |= {
        "version": 0,
        "outline_level": 0,
        "wbs_code": "",
        "milestone": False,
        "summary": False,
        "manual": False,
        "active": True,
        "external": False,
        "placeholder": False,
        "duration": 0,
        "elapsed": False,
        "task_type": task.TaskType.FIXED_UNITS.value,
        "constraint_type": task.DateConstraint.AS_SOON_AS_POSSIBLE.value,
        "ignore_resource_calendars": False,
        "effort_driven": False,
        "priority": 500,
        "levelling_delay": 0,
        "percent_complete": 0,
        "status": task.TaskStatus.TODO.value,
        "total_float_minutes": 0,
        "free_float_minutes": 0,
        "critical": False,
        "driver": network.Driver.PROJECT_START.value,
    }
    defaults |= dict.fromkeys(
        ("start", "finish", "early_start", "early_finish", "late_start", "late_finish"), _UNPLACED
    )
    return PlanTask(**(defaults | {"id": task_id, "title": title} | values))


@dataclass(slots=True)
class PlanLink:
    """A dependency's row."""

    id: UUID
    predecessor_id: UUID
    successor_id: UUID
    dependency_type: str
    lag: int
    lag_basis: str


@dataclass(slots=True)
class PlanAssignment:
    """A work resource's part in a task, with the calendar that the resource has, what it costs and when it is away.

    Rates in another currency than the project's count as none.
    """

    task_id: UUID
    resource_id: UUID
    calendar_id: UUID | None
    units: Decimal
    work: int
    duration: int | None
    remaining: int | None
    delay: int
    overtime: int
    contour: str
    price: Pricing | None = None
    away: Away = ()


@dataclass(slots=True)
class PlanExpense:
    """Material that a task uses up, or a cost that it brings: so much of what has a price, or an amount."""

    task_id: UUID
    resource_id: UUID
    quantity: Decimal = Decimal(0)
    price: Pricing | None = None
    amount: Decimal = Decimal(0)
    accrual: str = Accrual.PRORATED.value

    @property
    def dated(self) -> bool:
        return self.price is not None and self.price.dated


@dataclass(frozen=True, slots=True)
class Capacity:
    """A work resource: how many units there are of it at a time, in whose calendar, and the days when it is away.

    `max_units` is the most there ever is; `missing` says between which moments (ticks) how many of them are not there.
    """

    id: UUID
    name: str
    max_units: Decimal
    calendar_id: UUID | None
    person_id: UUID | None
    away: Away = ()
    missing: tuple[tuple[int, int, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What a plan comes to: what it costs, what of it remains to be done, and who has too much to do, in minutes."""

    cost: Decimal
    remaining_cost: Decimal
    overallocated: Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class Options:
    """The rules that a plan is scheduled under, see `projects.project.Project`."""

    honor_constraints: bool = True
    split_in_progress: bool = True
    multiple_critical_paths: bool = False
    finish_target: datetime | None = None


@dataclass(slots=True)
class Stored:
    """The rows of tasks, links and assignments as the database gave them, for the journal; `parts_after` where the
    assignments have been changed and read again since."""

    tasks: Sequence[Any] = ()
    links: Sequence[Any] = ()
    parts: Sequence[Any] = ()
    parts_after: Sequence[Any] | None = None


@dataclass(frozen=True, slots=True)
class Before:
    """What a task that changed was before."""

    start: datetime
    finish: datetime
    total_float_minutes: int
    critical: bool


def task_row(each: PlanTask) -> dict[str, Any]:
    """The task as facts and effects show it. Dates stay objects: orjson writes them in ISO 8601 itself, and faster."""
    return {
        "id": str(each.id),
        "parent_id": each.parent_id and str(each.parent_id),
        "wbs_code": each.wbs_code,
        "title": each.title,
        "position": each.position,
        "outline_level": each.outline_level,
        "summary": each.summary,
        "milestone": each.milestone,
        "start": each.start,
        "finish": each.finish,
        "duration_minutes": (each.duration + 5) // TICKS_PER_MINUTE,
        "percent_complete": each.percent_complete,
        "total_float_minutes": each.total_float_minutes,
        "critical": each.critical,
        "assignee_id": each.assignee_id and str(each.assignee_id),
        "deadline": each.deadline,
    }
