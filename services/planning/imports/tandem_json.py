"""Reads a project that Tandem has written as JSON: the plan in the terms of MSPDI, and beside it what those have no words for.

The document names its things by ids that mean nothing outside of it; whoever takes it over gives them new ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, WithJsonSchema

from services.kernel.money import MINOR_UNITS
from services.kernel.working_time import MOST_BASES, TICKS_PER_MINUTE, InvalidCalendar
from services.kernel.working_time import Calendar as WorkingCalendar
from services.planning.absences.absence import AbsenceKind
from services.planning.imports.mspdi import (
    NO_UID,
    Finding,
    MspdiAssignment,
    MspdiAvailability,
    MspdiBaseline,
    MspdiCalendar,
    MspdiLink,
    MspdiPlan,
    MspdiProject,
    MspdiRate,
    MspdiResource,
    MspdiTask,
)
from services.planning.imports.record_stream import UnreadableFile
from services.planning.resources.resource import ResourceType, WorkKind
from services.planning.schedule.calendar import default_calendar, working_calendar
from services.planning.schedule.dependency import DependencyType, LagBasis
from services.planning.schedule.effort import LEAST_UNITS, MAXIMUM_UNITS, WorkContour
from services.planning.schedule.pricing import Accrual, RateTable
from services.planning.schedule.public_holidays import HolidayCountry
from services.planning.schedule.task import DATELESS, DateConstraint, TaskStatus, TaskType

FORMAT: Final = "tandem-json"
VERSION: Final = 1
MOST_ROWS: Final = 100

AMOUNTS: Final = ("standard_rate", "overtime_rate", "cost_per_use")
_CONSTRAINTS: Final = {
    DateConstraint.AS_SOON_AS_POSSIBLE: 0,
    DateConstraint.AS_LATE_AS_POSSIBLE: 1,
    DateConstraint.MUST_START_ON: 2,
    DateConstraint.MUST_FINISH_ON: 3,
    DateConstraint.START_NO_EARLIER_THAN: 4,
    DateConstraint.START_NO_LATER_THAN: 5,
    DateConstraint.FINISH_NO_EARLIER_THAN: 6,
    DateConstraint.FINISH_NO_LATER_THAN: 7,
}
_LINK_TYPES: Final = {
    DependencyType.FINISH_TO_FINISH: 0,
    DependencyType.FINISH_TO_START: 1,
    DependencyType.START_TO_FINISH: 2,
    DependencyType.START_TO_START: 3,
}
_TASK_TYPES: Final = {TaskType.FIXED_UNITS: 0, TaskType.FIXED_DURATION: 1, TaskType.FIXED_WORK: 2}
_RESOURCE_TYPES: Final = {ResourceType.MATERIAL: 0, ResourceType.WORK: 1, ResourceType.COST: 2}
_ACCRUALS: Final = {Accrual.START: 1, Accrual.END: 2, Accrual.PRORATED: 3}
_CONTOURS: Final = {contour: number for number, contour in enumerate(WorkContour)}
_TABLES: Final = {table: number for number, table in enumerate(RateTable)}


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("holds a NUL character")
    return text


def _in_reach(moment: datetime) -> datetime:
    if moment.tzinfo is not None:
        raise ValueError("is local time, without an offset")
    if not 1970 < moment.year < 2200:
        raise ValueError("lies outside the years 1971 to 2199")
    return moment


def _day_in_reach(day: date) -> date:
    if not 1970 < day.year < 2200:
        raise ValueError("lies outside the years 1971 to 2199")
    return day


def _exact(amount: str) -> str:
    if abs(Decimal(amount)) >= 10**15:
        raise ValueError("is more than any project costs")
    return amount


Name = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_storable)]
Title = Annotated[
    str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\r\n]*$"), AfterValidator(_storable)
]
Text = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(_storable)]
Local = Annotated[
    datetime,
    AfterValidator(_in_reach),
    WithJsonSchema({"type": "string", "format": "date-time-local", "maxLength": 32}),
]
Minutes = Annotated[float, Field(ge=0, le=200_000_000, allow_inf_nan=False, description="To a tenth.")]
Lag = Annotated[float, Field(ge=-200_000_000, le=200_000_000, allow_inf_nan=False)]
Amount = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{1,15}(\.[0-9]{1,6})?$", max_length=22), AfterValidator(_exact)
]


class Part(BaseModel):
    """A part of the document. Members that a reader does not know are passed over, so that there may be more of them later."""

    model_config = ConfigDict(extra="ignore")


class ProjectPart(Part):
    """The project's own values; `calendar` names one of the calendars."""

    key: Text = ""
    name: Text = ""
    description: Text = ""
    status: Text = ""
    time_zone: Text = ""
    currency: Text = ""
    start: Local
    finish: Local | None = None
    status_date: Local | None = None
    calendar: Name | None = None
    minutes_per_day: int = Field(480, gt=0, le=1440)
    minutes_per_week: int = Field(2400, gt=0, le=10_080)
    finish_target: Local | None = None
    honor_constraints: bool = True
    split_in_progress: bool = True
    multiple_critical_paths: bool = False
    critical_float_minutes: int = Field(0, ge=0, le=1_000_000)


class CalendarPart(Part):
    """A calendar as the API shows it: `days` from Monday, null inherits from `base`."""

    id: Name
    name: Title
    base: Name | None = None
    days: list[list[list[str]] | None] = Field(min_length=7, max_length=7)
    exceptions: list[dict[str, Any]] = Field(default_factory=list, max_length=10_000)
    work_weeks: list[dict[str, Any]] = Field(default_factory=list, max_length=1_000)
    holidays: HolidayCountry | None = None


class GapPart(Part):
    """A pause: behind how much of the duration, and how long."""

    after_minutes: Minutes
    gap_minutes: Minutes


class SplitsPart(Part):
    """Where work pauses; or, where that is not known, how long it takes with its pauses and how much of that remains."""

    gaps: list[GapPart] | None = Field(None, max_length=1_000)
    length_minutes: Minutes | None = None
    remaining_minutes: Minutes | None = None


class TaskPart(Part):
    """A task. `parent` stands before it; `start` to `critical` are what the schedule made of it, for whoever only reads."""

    id: Name
    parent: Name | None = None
    wbs_code: Text = ""
    wbs_custom: Annotated[str, StringConstraints(max_length=60), AfterValidator(_storable)] | None = None
    title: Title
    notes: Text = ""
    labels: list[Annotated[str, StringConstraints(max_length=60), AfterValidator(_storable)]] = Field(
        default_factory=list, max_length=50
    )
    status: TaskStatus = TaskStatus.TODO
    assignee: Text | None = None
    milestone: bool = False
    recurring: bool = False
    manual: bool = False
    active: bool = True
    external: bool = False
    placeholder: bool = False
    duration_minutes: Minutes = 0
    elapsed: bool = False
    task_type: TaskType = TaskType.FIXED_UNITS
    effort_driven: bool = False
    constraint_type: DateConstraint = DateConstraint.AS_SOON_AS_POSSIBLE
    constraint_date: Local | None = None
    deadline: Local | None = None
    calendar: Name | None = None
    ignore_resource_calendars: bool = False
    priority: int = Field(500, ge=0, le=1000)
    levelling_delay_minutes: Lag = 0
    splits: SplitsPart | None = None
    percent_complete: int = Field(0, ge=0, le=100)
    actual_start: Local | None = None
    actual_finish: Local | None = None
    remaining_minutes: Minutes | None = None
    stop: Local | None = None
    resume: Local | None = None
    manual_start: Local | None = None
    manual_finish: Local | None = None
    external_refs: list[dict[str, Any]] = Field(default_factory=list, max_length=100)
    start: Local | None = None
    finish: Local | None = None
    total_float_minutes: int | None = None
    critical: bool = False


class DependencyPart(Part):
    """A dependency; `lag` is in minutes, or in per cent where the basis says so."""

    predecessor: Name
    successor: Name
    dependency_type: DependencyType = DependencyType.FINISH_TO_START
    lag: Lag = 0
    lag_basis: LagBasis = LagBasis.WORKING


class PeriodPart(Part):
    """Days with other units than the usual ones; null is without a bound."""

    from_date: date | None = None
    to_date: date | None = None
    units: Annotated[Decimal, Field(ge=0, le=10_000, allow_inf_nan=False)]


class RatePart(Part):
    """What is dearer from a day on, or costs by another table."""

    table: RateTable
    from_date: date | None = None
    standard_rate: Amount | None = None
    overtime_rate: Amount | None = None
    cost_per_use: Amount | None = None


class ResourcePart(Part):
    """A resource; `team` names another one. Rates are null where they were not for whoever wrote the document."""

    id: Name
    name: Title
    email: Annotated[str, StringConstraints(max_length=254), AfterValidator(_storable)] | None = None
    resource_type: ResourceType
    work_kind: WorkKind | None = None
    team: Name | None = None
    unit: Annotated[str, StringConstraints(max_length=30), AfterValidator(_storable)] | None = None
    max_units: Annotated[Decimal, Field(ge=0, le=10_000, allow_inf_nan=False)] = Decimal(1)
    availability: list[PeriodPart] = Field(default_factory=list, max_length=MOST_ROWS)
    standard_rate: Amount | None = None
    overtime_rate: Amount | None = None
    cost_per_use: Amount | None = None
    accrual: Accrual = Accrual.PRORATED
    rates: list[RatePart] | None = Field(None, max_length=MOST_ROWS)
    currency: Text | None = None
    calendar: Name | None = None
    person: Text | None = None
    external_refs: list[dict[str, Any]] = Field(default_factory=list, max_length=100)


class AbsencePart(Part):
    """Whole days on which a resource is away, both included."""

    resource: Name
    starts_on: Annotated[date, AfterValidator(_day_in_reach)]
    ends_on: Annotated[date, AfterValidator(_day_in_reach)]
    kind: AbsenceKind = AbsenceKind.OTHER
    note: Text = ""
    confidential: bool = False


class AssignmentPart(Part):
    """A resource's part in a task; lengths are null where they are the task's."""

    task: Name
    resource: Name
    units: Annotated[Decimal, Field(ge=LEAST_UNITS, le=MAXIMUM_UNITS, allow_inf_nan=False)] = Decimal(1)
    work_minutes: Minutes = 0
    length_minutes: Minutes | None = None
    remaining_minutes: Minutes | None = None
    delay_minutes: Minutes = 0
    overtime_minutes: Minutes = 0
    contour: WorkContour = WorkContour.FLAT
    rate_table: RateTable = RateTable.A
    cost: Amount | None = None


class BaselineTaskPart(Part):
    """A task as a baseline keeps it."""

    task: Name
    wbs_code: Text = ""
    title: Title
    start: Local
    finish: Local
    duration_minutes: Minutes = 0


class BaselinePart(Part):
    """A baseline by its number."""

    number: int = Field(ge=0, le=1_000_000)
    name: Title
    reason: Text = ""
    set_at: datetime | None = None
    tasks: list[BaselineTaskPart] = Field(max_length=100_000)


class TandemDocument(Part):
    """A whole project. `version` changes when a reader of the one before would misunderstand it."""

    format: Literal["tandem-json"]
    version: Literal[1]
    project: ProjectPart
    calendars: list[CalendarPart] = Field(default_factory=list, max_length=10_000)
    tasks: list[TaskPart] = Field(default_factory=list, max_length=100_000)
    dependencies: list[DependencyPart] = Field(default_factory=list, max_length=1_000_000)
    resources: list[ResourcePart] = Field(default_factory=list, max_length=100_000)
    absences: list[AbsencePart] = Field(default_factory=list, max_length=100_000)
    assignments: list[AssignmentPart] = Field(default_factory=list, max_length=1_000_000)
    baselines: list[BaselinePart] = Field(default_factory=list, max_length=1_000)


@dataclass(slots=True)
class Beside:
    """What the plan in the terms of MSPDI leaves out, in the form in which it is stored, by the UIDs of that plan.

    It can be written as JSON and read again: amounts are texts in it. `frame` are values of the project; `usual_calendar` is
    the UID of the one that stands in where the project has none; `tasks` columns by task, `texts` what is kept beside a plan;
    `assignments` lengths by task and resource; `baselines` name and reason by number, `baseline_tasks` the WBS code and the
    title that a task had in one.
    """

    frame: dict[str, Any] = field(default_factory=dict)
    calendars: dict[int, dict[str, Any]] = field(default_factory=dict)
    usual_calendar: int | None = None
    tasks: dict[int, dict[str, Any]] = field(default_factory=dict)
    texts: dict[int, dict[str, Any]] = field(default_factory=dict)
    resources: dict[int, dict[str, Any]] = field(default_factory=dict)
    teams: dict[int, int] = field(default_factory=dict)
    absences: dict[int, list[AbsencePart]] = field(default_factory=dict)
    assignments: dict[int, dict[int, dict[str, int | None]]] = field(default_factory=dict)
    baselines: dict[int, tuple[str, str]] = field(default_factory=dict)
    baseline_tasks: dict[int, dict[int, tuple[str, str]]] = field(default_factory=dict)


def is_tandem_json(document: Any) -> bool:
    """Whether a JSON document says that it is one of ours."""
    return isinstance(document, Mapping) and document.get("format") == FORMAT


def plan_of(document: Any) -> tuple[MspdiPlan, Beside]:
    """The plan in a document that was parsed already. Raises UnreadableFile."""
    if not is_tandem_json(document):
        raise UnreadableFile("not_this_format", 'the document does not say "format": "tandem-json"', 1)
    if document.get("version") != VERSION:
        raise UnreadableFile("unknown_version", f"documents of version {VERSION} are read", 1)
    try:
        parsed = TandemDocument.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = "/".join(str(step) for step in first["loc"])
        raise UnreadableFile("not_this_format", first["msg"], 1, place=f"/{place}") from error
    return _Reader(parsed).read()


def _ticks(minutes: float) -> int:
    return round(minutes * TICKS_PER_MINUTE)


def _or_none(minutes: float | None) -> int | None:
    return None if minutes is None else _ticks(minutes)


class _Reader:
    def __init__(self, document: TandemDocument) -> None:
        self.document = document
        self.plan = MspdiPlan()
        self.beside = Beside()
        self.calendars = self._numbers("calendars", document.calendars)
        self.tasks = self._numbers("tasks", document.tasks)
        self.resources = self._numbers("resources", document.resources)

    def read(self) -> tuple[MspdiPlan, Beside]:
        self._project()
        self._calendars()
        self._tasks()
        self._links()
        self._resources()
        self._absences()
        self._assignments()
        self._baselines()
        self._report()
        return self.plan, self.beside

    # References

    @staticmethod
    def _numbers(folder: str, parts: Sequence[CalendarPart | TaskPart | ResourcePart]) -> dict[str, int]:
        found: dict[str, int] = {}
        for number, part in enumerate(parts, 1):
            if part.id in found:
                raise UnreadableFile("not_this_format", "stands there twice", 1, place=f"/{folder}/{number - 1}/id")
            found[part.id] = number
        return found

    @staticmethod
    def _known(among: Mapping[str, int], name: str, place: str) -> int:
        uid = among.get(name)
        if uid is None:
            raise UnreadableFile("not_this_format", "names nothing in this document", 1, place=f"/{place}")
        return uid

    def _calendar_uid(self, name: str | None, place: str) -> int:
        return NO_UID if name is None else self._known(self.calendars, name, place)

    # Parts

    def _project(self) -> None:
        project = self.document.project
        self.plan.project = MspdiProject(
            name=project.name,
            title=project.name,
            start=project.start,
            finish=project.finish_target or project.finish,
            schedule_from_start=project.finish_target is None,
            status_date=project.status_date,
            calendar_uid=self._calendar_uid(project.calendar, "project/calendar"),
            minutes_per_day=project.minutes_per_day,
            minutes_per_week=project.minutes_per_week,
            critical_slack_limit=project.critical_float_minutes // project.minutes_per_day,
            honor_constraints=project.honor_constraints,
            multiple_critical_paths=project.multiple_critical_paths,
            split_in_progress=project.split_in_progress,
            currency=project.currency,
        )
        self.beside.frame["critical_float_minutes"] = project.critical_float_minutes

    def _calendars(self) -> None:
        stored: dict[int, dict[str, Any]] = {}
        for number, part in enumerate(self.document.calendars, 1):
            place = f"calendars/{number - 1}"
            document: dict[str, Any] = part.model_dump(include={"days", "exceptions", "work_weeks"}) | {
                "name": part.name
            }
            if part.holidays is not None:
                document["holidays"] = part.holidays.value
            try:
                own = WorkingCalendar.from_json(document)
                known = working_calendar(orjson.dumps(document).decode())
            except (InvalidCalendar, TypeError, ValueError) as error:
                raise UnreadableFile("not_this_format", str(error)[:300], 1, place=f"/{place}") from error
            stored[number] = own.to_json() | ({} if part.holidays is None else {"holidays": part.holidays.value})
            self.plan.calendars.append(
                MspdiCalendar(
                    number,
                    part.name,
                    part.base is None,
                    self._calendar_uid(part.base, f"{place}/base"),
                    own.days,
                    known.exceptions,
                    own.work_weeks,
                )
            )
        bases = {calendar.uid: calendar.base_uid for calendar in self.plan.calendars}
        for uid in bases:
            above, steps = uid, 0
            while (above := bases.get(above, NO_UID)) != NO_UID:
                steps += 1
                if steps > MOST_BASES:
                    place = f"calendars/{uid - 1}/base"
                    raise UnreadableFile(
                        "not_this_format", "inherits from itself, or from too many", 1, place=f"/{place}"
                    )
        self.beside.calendars = stored
        project = self.plan.project
        if project.calendar_uid == NO_UID:
            usual = default_calendar(project.minutes_per_day)
            project.calendar_uid = self.beside.usual_calendar = len(self.plan.calendars) + 1
            self.plan.calendars.append(MspdiCalendar(project.calendar_uid, "Standard", days=usual.days))

    def _tasks(self) -> None:
        levels: dict[int, int] = {}
        for number, part in enumerate(self.document.tasks, 1):
            place = f"tasks/{number - 1}"
            parent = None if part.parent is None else self._known(self.tasks, part.parent, f"{place}/parent")
            if parent is not None and parent >= number:
                raise UnreadableFile("not_this_format", "stands behind what lies below it", 1, place=f"/{place}/parent")
            if part.constraint_type not in DATELESS and part.constraint_date is None:
                raise UnreadableFile(
                    "not_this_format", "the constraint needs one", 1, place=f"/{place}/constraint_date"
                )
            levels[number] = levels.get(parent or 0, 0) + 1
            self.plan.tasks.append(self._task(number, part, parent, levels[number], place))
            self.beside.texts[number] = {"labels": part.labels}
            self.beside.tasks[number] = {"splits": self._splits(part, place), "wbs_custom": part.wbs_custom or None}

    def _task(self, uid: int, part: TaskPart, parent: int | None, level: int, place: str) -> MspdiTask:
        given = part.manual or part.external
        return MspdiTask(
            uid,
            id=uid,
            name=part.title,
            notes=part.notes,
            outline_level=level,
            parent_uid=parent,
            active=part.active,
            manual=part.manual,
            milestone=part.milestone,
            recurring=part.recurring,
            placeholder=part.placeholder,
            external=part.external,
            type=_TASK_TYPES[part.task_type],
            effort_driven=part.effort_driven,
            priority=part.priority,
            duration=_ticks(part.duration_minutes),
            elapsed=part.elapsed,
            start=part.manual_start if given else part.start,
            finish=part.manual_finish if given else part.finish,
            constraint_type=_CONSTRAINTS[part.constraint_type],
            constraint_date=part.constraint_date,
            deadline=part.deadline,
            calendar_uid=self._calendar_uid(part.calendar, f"{place}/calendar"),
            ignore_resource_calendar=part.ignore_resource_calendars,
            levelling_delay=_ticks(part.levelling_delay_minutes),
            percent_complete=part.percent_complete,
            actual_start=part.actual_start,
            actual_finish=part.actual_finish,
            remaining_duration=_or_none(part.remaining_minutes),
            stop=part.stop,
            resume=part.resume,
        )

    @staticmethod
    def _splits(part: TaskPart, place: str) -> dict[str, Any] | None:
        splits = part.splits
        if splits is None:
            return None
        if splits.gaps:
            gaps = [[_ticks(gap.after_minutes), _ticks(gap.gap_minutes)] for gap in splits.gaps]
            before = 0
            for after, _ in gaps:
                if not before < after < _ticks(part.duration_minutes):
                    raise UnreadableFile(
                        "not_this_format", "not within the work, in order", 1, place=f"/{place}/splits/gaps"
                    )
                before = after
            return {"gaps": gaps}
        if splits.length_minutes is None:
            return None
        return {"length": _ticks(splits.length_minutes), "remaining": _ticks(splits.remaining_minutes or 0)}

    def _links(self) -> None:
        for number, part in enumerate(self.document.dependencies):
            place = f"dependencies/{number}"
            predecessor = self._known(self.tasks, part.predecessor, f"{place}/predecessor")
            successor = self._known(self.tasks, part.successor, f"{place}/successor")
            percent = part.lag_basis in (LagBasis.PERCENT, LagBasis.ELAPSED_PERCENT)
            link = MspdiLink(
                predecessor,
                _LINK_TYPES[part.dependency_type],
                round(part.lag) if percent else _ticks(part.lag),
                elapsed=part.lag_basis in (LagBasis.ELAPSED, LagBasis.ELAPSED_PERCENT),
                percent=percent,
            )
            self.plan.tasks[successor - 1].links.append(link)

    def _resources(self) -> None:
        for number, part in enumerate(self.document.resources, 1):
            place = f"resources/{number - 1}"
            if part.currency is not None and part.currency not in MINOR_UNITS:
                raise UnreadableFile("not_this_format", "no currency of ISO 4217", 1, place=f"/{place}/currency")
            if part.team is not None:
                self.beside.teams[number] = team = self._known(self.resources, part.team, f"{place}/team")
                if self.document.resources[team - 1].work_kind != WorkKind.TEAM or team in self.beside.teams:
                    raise UnreadableFile("not_this_format", "is no team", 1, place=f"/{place}/team")
            works = part.resource_type == ResourceType.WORK
            self.plan.resources.append(
                MspdiResource(
                    number,
                    id=number,
                    name=part.name,
                    email=part.email or "",
                    type=_RESOURCE_TYPES[part.resource_type],
                    max_units=part.max_units,
                    standard_rate=Decimal(part.standard_rate or 0),
                    overtime_rate=Decimal(part.overtime_rate or 0),
                    cost_per_use=Decimal(part.cost_per_use or 0),
                    accrue_at=_ACCRUALS[part.accrual],
                    rates=[
                        MspdiRate(
                            _TABLES[row.table],
                            None if row.from_date is None else datetime.combine(row.from_date, datetime.min.time()),
                            Decimal(row.standard_rate or 0),
                            Decimal(row.overtime_rate or 0),
                            Decimal(row.cost_per_use or 0),
                        )
                        for row in part.rates or ()
                    ],
                    availability=[
                        MspdiAvailability(
                            None if row.from_date is None else datetime.combine(row.from_date, datetime.min.time()),
                            None if row.to_date is None else datetime.combine(row.to_date, datetime.min.time()),
                            row.units,
                        )
                        for row in part.availability
                    ],
                    material_label=part.unit or "",
                    calendar_uid=self._calendar_uid(part.calendar, f"{place}/calendar"),
                )
            )
            priced = part.resource_type != ResourceType.COST and part.rates is not None
            self.beside.resources[number] = {
                "work_kind": part.work_kind.value if part.work_kind is not None and works else None,
                "unit": part.unit,
                "email": part.email,
                "availability": orjson.dumps(
                    [
                        {
                            "from_date": row.from_date and row.from_date.isoformat(),
                            "to_date": row.to_date and row.to_date.isoformat(),
                            "units": str(row.units),
                        }
                        for row in (part.availability if works else ())
                    ]
                ).decode(),
                "standard_rate": part.standard_rate if priced else None,
                "overtime_rate": part.overtime_rate if priced else None,
                "cost_per_use": (part.cost_per_use if priced else None) or "0",
                "rates": orjson.dumps(
                    [
                        {
                            "table": row.table.value,
                            "from_date": row.from_date and row.from_date.isoformat(),
                            "standard_rate": row.standard_rate,
                            "overtime_rate": row.overtime_rate,
                            "cost_per_use": row.cost_per_use,
                        }
                        for row in (part.rates or () if priced else ())
                    ]
                ).decode(),
                "currency": part.currency if priced else None,
            }

    def _absences(self) -> None:
        for number, part in enumerate(self.document.absences):
            place = f"absences/{number}"
            resource = self._known(self.resources, part.resource, f"{place}/resource")
            if self.document.resources[resource - 1].resource_type != ResourceType.WORK:
                raise UnreadableFile("not_this_format", "does not work", 1, place=f"/{place}/resource")
            if part.ends_on < part.starts_on:
                raise UnreadableFile("not_this_format", "before it begins", 1, place=f"/{place}/ends_on")
            self.beside.absences.setdefault(resource, []).append(part)

    def _assignments(self) -> None:
        for number, part in enumerate(self.document.assignments, 1):
            place = f"assignments/{number - 1}"
            task = self._known(self.tasks, part.task, f"{place}/task")
            resource = self._known(self.resources, part.resource, f"{place}/resource")
            if resource in self.beside.assignments.setdefault(task, {}):
                raise UnreadableFile(
                    "not_this_format", "the resource has a part in the task already", 1, place=f"/{place}"
                )
            work, overtime = _ticks(part.work_minutes), _ticks(part.overtime_minutes)
            if overtime > work:
                raise UnreadableFile("not_this_format", "more than the work", 1, place=f"/{place}/overtime_minutes")
            self.plan.assignments.append(
                MspdiAssignment(
                    number,
                    task,
                    resource,
                    part.units,
                    work,
                    overtime_work=overtime,
                    delay=_ticks(part.delay_minutes),
                    contour=_CONTOURS[part.contour],
                    rate_table=_TABLES[part.rate_table],
                    cost=Decimal(part.cost or 0),
                )
            )
            self.beside.assignments[task][resource] = {
                "duration": _or_none(part.length_minutes),
                "remaining": _or_none(part.remaining_minutes),
                "delay": _ticks(part.delay_minutes),
            }

    def _baselines(self) -> None:
        for number, part in enumerate(self.document.baselines):
            if part.number in self.beside.baselines:
                raise UnreadableFile("not_this_format", "stands there twice", 1, place=f"/baselines/{number}/number")
            self.beside.baselines[part.number] = part.name, part.reason
            for row in part.tasks:
                uid = self.tasks.get(row.task)
                if uid is None:
                    continue
                kept = MspdiBaseline(part.number, row.start, row.finish, _ticks(row.duration_minutes))
                self.plan.tasks[uid - 1].baselines.append(kept)
                self.beside.baseline_tasks.setdefault(part.number, {})[uid] = row.wbs_code, row.title

    # Report

    def _report(self) -> None:
        document = self.document
        counts = {
            "calendars": len(document.calendars),
            "tasks": len(document.tasks),
            "dependencies": len(document.dependencies),
            "resources": len(document.resources),
            "absences": len(document.absences),
            "assignments": len(document.assignments),
            "baselines": len(document.baselines),
        }
        report = [Finding(folder, count, "taken", "") for folder, count in counts.items() if count]
        lost = {
            ("tasks/assignee", "people are matched by whoever imports"): sum(
                each.assignee is not None for each in document.tasks
            ),
            ("resources/person", "people are matched by whoever imports"): sum(
                each.person is not None for each in document.resources
            ),
            ("tasks/external_refs", "a name of another system is one thing's"): sum(
                bool(each.external_refs) for each in document.tasks
            ),
            ("resources/external_refs", "a name of another system is one thing's"): sum(
                bool(each.external_refs) for each in document.resources
            ),
            ("baselines/tasks", "the task is not in the document"): sum(
                row.task not in self.tasks for each in document.baselines for row in each.tasks
            ),
        }
        report += [Finding(path, count, "dropped", why) for (path, why), count in lost.items() if count]
        self.plan.report = report
