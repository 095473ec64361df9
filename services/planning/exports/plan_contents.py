"""A whole project as it leaves: its plan with all that belongs to it, as far as whoever asks may see it.

Durations and lags are ticks of a tenth of a minute, dates local wall-clock time, money in the unit of its currency.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from services.kernel.working_time import WorkingTime
from services.planning.schedule.absent_time import joined
from services.planning.schedule.plan_rows import Away, PlanLink, PlanTask


@dataclass(frozen=True, slots=True)
class ExportedProject:
    """The project's own row, in the order in which it is loaded."""

    id: UUID
    key: str
    name: str
    description: str
    status: str
    time_zone: str
    currency: str
    start: datetime
    finish: datetime | None
    status_date: datetime | None
    calendar_id: UUID | None
    minutes_per_day: int
    minutes_per_week: int
    finish_target: datetime | None
    honor_constraints: bool
    split_in_progress: bool
    multiple_critical_paths: bool
    critical_float_minutes: int


@dataclass(frozen=True, slots=True)
class ExportedCalendar:
    """A calendar; `document` is its stored form, see `services.planning.schedule.calendar`."""

    id: UUID
    name: str
    base_id: UUID | None
    document: Mapping[str, Any]


@dataclass(slots=True)
class ExportedTask(PlanTask):
    """A task with its texts, the number that it had in an imported file, and the name of whose it is."""

    notes: str
    labels: list[str]
    external_refs: list[dict[str, Any]]
    import_uid: int | None
    recurring: bool
    updated_at: datetime
    assignee: str | None


@dataclass(frozen=True, slots=True)
class ExportedResource:
    """A resource. Where rates are not for whoever asks they are None, `cost_per_use` and `rates` too."""

    id: UUID
    name: str
    email: str | None
    resource_type: str
    max_units: Decimal
    work_kind: str | None
    team_id: UUID | None
    unit: str | None
    availability: list[dict[str, Any]]
    standard_rate: Decimal | None
    overtime_rate: Decimal | None
    cost_per_use: Decimal | None
    accrual: str
    rates: list[dict[str, Any]] | None
    currency: str | None
    calendar_id: UUID | None
    external_refs: list[dict[str, Any]]
    person: str | None


@dataclass(frozen=True, slots=True)
class ExportedAssignment:
    """A resource's part in a task; `cost` is None where it is not for whoever asks."""

    id: UUID
    task_id: UUID
    resource_id: UUID
    units: Decimal
    work: int
    duration: int | None
    remaining: int | None
    delay: int
    overtime: int
    contour: str
    rate_table: str
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class ExportedAbsence:
    """Whole days on which a resource is away, both included; why may be kept from whoever asks."""

    resource_id: UUID
    starts_on: date
    ends_on: date
    kind: str
    note: str
    confidential: bool


@dataclass(frozen=True, slots=True)
class BaselineRow:
    """A task as a baseline keeps it."""

    task_id: UUID
    wbs_code: str
    title: str
    start: datetime
    finish: datetime
    duration_minutes: int


@dataclass(frozen=True, slots=True)
class ExportedBaseline:
    """A baseline with the tasks that it holds, deleted ones too."""

    number: int
    name: str
    reason: str
    set_at: datetime
    rows: list[BaselineRow]


@dataclass
class PlanContents:
    """Everything, each in the order in which it is written: tasks as the outline, resources and calendars as they came.

    `working_times` holds the calendars as they are reckoned with by id, and under "project" the one the project runs on.
    """

    project: ExportedProject
    calendars: list[ExportedCalendar]
    tasks: list[ExportedTask]
    links: list[PlanLink]
    resources: list[ExportedResource]
    assignments: list[ExportedAssignment]
    baselines: list[ExportedBaseline]
    working_times: dict[Any, WorkingTime] = field(default_factory=dict)
    absences: list[ExportedAbsence] = field(default_factory=list)
    shows_rates: bool = False
    shows_costs: bool = False

    @cached_property
    def assignments_by_task(self) -> dict[UUID, list[ExportedAssignment]]:
        """The assignments of each task that has any."""
        found: dict[UUID, list[ExportedAssignment]] = {}
        for each in self.assignments:
            found.setdefault(each.task_id, []).append(each)
        return found

    @cached_property
    def links_by_successor(self) -> dict[UUID, list[PlanLink]]:
        """The links into each task that has any, in the order of what they come from."""
        position = {task.id: number for number, task in enumerate(self.tasks)}
        found: dict[UUID, list[PlanLink]] = {}
        for each in sorted(self.links, key=lambda link: position[link.predecessor_id]):
            found.setdefault(each.successor_id, []).append(each)
        return found

    @cached_property
    def resources_by_id(self) -> dict[UUID, ExportedResource]:
        """The resources by id."""
        return {each.id: each for each in self.resources}

    @cached_property
    def away(self) -> dict[UUID, Away]:
        """The days on which each resource that is ever away is so."""
        found: dict[UUID, list[tuple[date, date]]] = {}
        for each in self.absences:
            found.setdefault(each.resource_id, []).append((each.starts_on, each.ends_on))
        return {resource_id: joined(spans) for resource_id, spans in found.items()}

    @cached_property
    def outline_numbers(self) -> dict[UUID, str]:
        """The place of each task in the outline, as 1.2.3, whatever its WBS code says."""
        found: dict[UUID, str] = {}
        counted: dict[UUID | None, int] = {}
        for task in self.tasks:
            number = counted[task.parent_id] = counted.get(task.parent_id, 0) + 1
            above = found.get(task.parent_id) if task.parent_id is not None else None
            found[task.id] = f"{above}.{number}" if above is not None else str(number)
        return found
