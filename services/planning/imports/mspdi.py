"""Reads Microsoft Project's XML (MSPDI) into plain values, with a report of what was taken, changed and dropped.

The format is described in Microsoft's "Project XML Data Interchange Schema Reference"; durations become ticks of a tenth of
a minute, which is the format's own unit for lag and slack, and dates stay local without a zone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from itertools import islice, pairwise
from typing import BinaryIO, Final

from services.kernel.working_time import (
    TICKS_PER_DAY,
    CalendarException,
    InvalidCalendar,
    Range,
    Ranges,
    WorkWeek,
    parse_range,
)
from services.planning.imports.record_stream import Limits, Record, RecordStream, UnreadableFile
from services.planning.schedule.recurrence import EVERY_DAY, LAST, SUNDAY, Frequency, Pattern

__all__ = [
    "Finding",
    "Limits",
    "MspdiAssignment",
    "MspdiBaseline",
    "MspdiCalendar",
    "MspdiLink",
    "MspdiPlan",
    "MspdiProject",
    "MspdiResource",
    "MspdiTask",
    "MspdiWorkPiece",
    "UnreadableFile",
    "read_mspdi",
]

_RECORDS: Final = (
    "Project/Calendars/Calendar",
    "Project/Tasks/Task",
    "Project/Resources/Resource",
    "Project/Assignments/Assignment",
)
_ELAPSED_FORMATS: Final = frozenset({4, 6, 8, 10, 12, 20, 36, 38, 40, 42, 44, 52})
_PERCENT_FORMATS: Final = frozenset({19, 20, 51, 52})
# A recurrence without a sensible end would fill memory; ten thousand days are 27 years of daily exceptions.
_MOST_OCCURRENCES: Final = 10_000
_MOST_OCCURRENCES_IN_A_FILE: Final = 100_000
# No number of a plan is longer; arithmetic on numbers of a million digits would stop the process.
_LONGEST_NUMBER: Final = 40
_MOST_DIGITS: Final = 15
_MOST_EXAMPLES: Final = 3
_LONGEST_SPAN: Final = 10**9  # ticks: 190 years around the clock
NO_UID: Final = -1
UNASSIGNED: Final = -65535
# A manual task may hold words instead of dates ("some time in May"); the element's presence says so, even empty.
_FREE_TEXTS: Final = ("StartText", "FinishText", "DurationText")

_DURATION: Final = re.compile(
    r"(-)?P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of an element: `disposition` is taken, changed or dropped, `count` how often it carried a value."""

    path: str
    count: int
    disposition: str
    reason: str
    examples: tuple[str, ...] = ()


@dataclass(slots=True)
class MspdiProject:
    """The file's project properties; slack limit in days, minutes and days as the file's unit conversions."""

    name: str = ""
    title: str = ""
    guid: str = ""
    start: datetime | None = None
    finish: datetime | None = None
    schedule_from_start: bool = True
    status_date: datetime | None = None
    calendar_uid: int = NO_UID
    minutes_per_day: int = 480
    minutes_per_week: int = 2400
    days_per_month: int = 20
    critical_slack_limit: int = 0
    honor_constraints: bool = True
    multiple_critical_paths: bool = False
    split_in_progress: bool = True
    currency: str = ""
    default_start: str = "08:00:00"
    default_finish: str = "17:00:00"


@dataclass(slots=True)
class MspdiCalendar:
    """A calendar; `days` from Monday, None inherits from `base_uid`."""

    uid: int
    name: str = ""
    is_base: bool = True
    base_uid: int = NO_UID
    days: tuple[Ranges | None, ...] = (None,) * 7
    exceptions: tuple[CalendarException, ...] = ()
    work_weeks: tuple[WorkWeek, ...] = ()


@dataclass(slots=True)
class MspdiLink:
    """A predecessor: `type` 0 FF, 1 FS, 2 SF, 3 SS; `lag` in ticks, or in percent when `percent`."""

    predecessor_uid: int
    type: int = 1
    lag: int = 0
    elapsed: bool = False
    percent: bool = False
    cross_project: str = ""


@dataclass(slots=True)
class MspdiBaseline:
    """A baseline by its number, 0 to 10."""

    number: int
    start: datetime | None = None
    finish: datetime | None = None
    duration: int | None = None
    work: int | None = None
    cost: Decimal | None = None


@dataclass(slots=True)
class MspdiTask:
    """A task; durations and work in ticks, costs in the currency's unit, `constraint_type` as in the schema (0 to 7)."""

    uid: int
    id: int = 0
    guid: str = ""
    name: str = ""
    notes: str = ""
    wbs: str = ""
    outline_number: str = ""
    outline_level: int = 0
    parent_uid: int | None = None
    is_null: bool = False
    active: bool = True
    manual: bool = False
    summary: bool = False
    milestone: bool = False
    recurring: bool = False
    placeholder: bool = False
    external: bool = False
    type: int = 0
    effort_driven: bool = False
    priority: int = 500
    duration: int | None = None
    elapsed: bool = False
    estimated: bool = False
    work: int = 0
    start: datetime | None = None
    finish: datetime | None = None
    constraint_type: int = 0
    constraint_date: datetime | None = None
    deadline: datetime | None = None
    calendar_uid: int = NO_UID
    ignore_resource_calendar: bool = False
    levelling_delay: int = 0
    levelling_delay_elapsed: bool = True
    percent_complete: int = 0
    physical_percent_complete: int = 0
    actual_start: datetime | None = None
    actual_finish: datetime | None = None
    actual_duration: int | None = None
    remaining_duration: int | None = None
    actual_work: int = 0
    stop: datetime | None = None
    resume: datetime | None = None
    fixed_cost: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    actual_cost: Decimal = Decimal(0)
    links: list[MspdiLink] = field(default_factory=list)
    baselines: list[MspdiBaseline] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MspdiRate:
    """What a resource costs by a table (0 to 4 are A to E) from a moment on; None from the beginning."""

    table: int
    start: datetime | None
    standard_rate: Decimal
    overtime_rate: Decimal
    cost_per_use: Decimal


@dataclass(frozen=True, slots=True)
class MspdiAvailability:
    """How many units there are of a resource between two moments; None is without a bound."""

    start: datetime | None
    finish: datetime | None
    units: Decimal


@dataclass(slots=True)
class MspdiResource:
    """A resource: `type` 0 material, 1 work, 2 cost (told by IsCostResource); `max_units` 1 is one full person.

    `accrue_at` is 1 at the start, 2 at the end, 3 prorated.
    """

    uid: int
    id: int = 0
    name: str = ""
    initials: str = ""
    email: str = ""
    group: str = ""
    notes: str = ""
    type: int = 1
    max_units: Decimal = Decimal(1)
    standard_rate: Decimal = Decimal(0)
    standard_rate_format: int = 2
    overtime_rate: Decimal = Decimal(0)
    cost_per_use: Decimal = Decimal(0)
    accrue_at: int = 3
    rates: list[MspdiRate] = field(default_factory=list)
    availability: list[MspdiAvailability] = field(default_factory=list)
    material_label: str = ""
    calendar_uid: int = NO_UID
    is_null: bool = False
    generic: bool = False


@dataclass(slots=True)
class MspdiWorkPiece:
    """A stretch of time-phased work: `type` 1 remaining, 2 actual, 3 actual overtime."""

    type: int
    start: datetime
    finish: datetime
    work: int


@dataclass(slots=True)
class MspdiAssignment:
    """A resource's part in a task; `contour` 0 flat to 7 turtle, 8 as the pieces say. Work and delays in ticks."""

    uid: int
    task_uid: int
    resource_uid: int
    units: Decimal = Decimal(1)
    work: int = 0
    regular_work: int | None = None
    overtime_work: int = 0
    actual_work: int = 0
    remaining_work: int | None = None
    remaining_overtime_work: int = 0
    delay: int = 0
    levelling_delay: int = 0
    contour: int = 0
    rate_table: int = 0
    start: datetime | None = None
    finish: datetime | None = None
    actual_start: datetime | None = None
    actual_finish: datetime | None = None
    stop: datetime | None = None
    resume: datetime | None = None
    cost: Decimal = Decimal(0)
    actual_cost: Decimal = Decimal(0)
    pieces: list[MspdiWorkPiece] = field(default_factory=list)


@dataclass(slots=True)
class MspdiPlan:
    """A whole file, and by path what became of its elements."""

    project: MspdiProject = field(default_factory=MspdiProject)
    calendars: list[MspdiCalendar] = field(default_factory=list)
    tasks: list[MspdiTask] = field(default_factory=list)
    resources: list[MspdiResource] = field(default_factory=list)
    assignments: list[MspdiAssignment] = field(default_factory=list)
    report: list[Finding] = field(default_factory=list)


def read_mspdi(stream: BinaryIO, limits: Limits | None = None) -> MspdiPlan:
    """A plan from an MSPDI file. Raises UnreadableFile with a code and a line; a single odd value only makes a finding."""
    return _Reader().read(stream, limits or Limits())


class _Reader:
    def __init__(self) -> None:
        self.plan = MspdiPlan()
        self.oddities: Counter[tuple[str, str, str]] = Counter()
        self.examples: dict[tuple[str, str, str], list[str]] = {}
        self.properties: dict[str, str] = {}
        self.occurrences_left = _MOST_OCCURRENCES_IN_A_FILE

    def read(self, stream: BinaryIO, limits: Limits) -> MspdiPlan:
        plan = self.plan
        source = RecordStream(stream, "Project", _RECORDS, limits)
        takers: dict[str, Callable[[Record], None]] = dict(
            zip(_RECORDS, (self._calendar, self._task, self._resource, self._assignment), strict=True)
        )
        for path, record in source:
            taker = takers.get(path)
            if taker is not None:
                taker(record)
            elif path.count("/") == 1:
                self.properties[record.tag] = record.text
        if not self.properties and not plan.tasks:
            raise UnreadableFile("not_this_format", "the file holds neither project properties nor tasks", 1)
        self._project()
        self._outline()
        plan.report = self._report(source.counts)
        return plan

    # Values; one that cannot be read is left out and reported, since one bad cell must not cost a whole plan.

    def _odd(self, record: Record, tag: str, reason: str, disposition: str = "dropped") -> None:
        key = f"{record.tag}/{tag}", disposition, reason
        self.oddities[key] += 1
        text, examples = record.get(tag), self.examples.setdefault(key, [])
        # What somebody costs is not for everybody who reads a report.
        if text and len(examples) < _MOST_EXAMPLES and "Rate" not in tag and "Cost" not in tag:
            examples.append(f"line {record.line}: {text[:_LONGEST_NUMBER]}")

    def _integer(self, record: Record, tag: str, default: int = 0) -> int:
        return int(self._decimal(record, tag, Decimal(default)))

    def _decimal(self, record: Record, tag: str, default: Decimal = Decimal(0)) -> Decimal:
        text = record.get(tag)
        if text is None:
            return default
        try:
            value = Decimal(text) if len(text) <= _LONGEST_NUMBER else Decimal("nan")
        except InvalidOperation:
            value = Decimal("nan")
        if not value.is_finite() or value.adjusted() > _MOST_DIGITS:
            self._odd(record, tag, "not a number")
            return default
        return value

    def _money(self, record: Record, tag: str) -> Decimal:
        """Costs are written in hundredths of the currency's unit."""
        return self._decimal(record, tag) / 100

    def _truth(self, record: Record, tag: str, default: bool = False) -> bool:
        text = record.get(tag)
        return default if text is None else text in ("1", "true")

    def _moment(self, record: Record, tag: str) -> datetime | None:
        text = record.get(tag)
        if text is None or text == "NA":
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            self._odd(record, tag, "not a date")
            return None
        if moment.tzinfo is not None:
            self._odd(record, tag, "the zone was left out: plans run on local time", "changed")
            moment = moment.replace(tzinfo=None)
        if not 1900 < moment.year < 2200:
            self._odd(record, tag, "outside the years 1901 to 2199")
            return None
        return moment

    def _duration(self, record: Record, tag: str) -> int | None:
        text = record.get(tag)
        if text is None:
            return None
        match = _DURATION.fullmatch(text) if len(text) <= 2 * _LONGEST_NUMBER else None
        if match is None:
            self._odd(record, tag, "not a duration")
            return None
        sign, years, months, days, hours, minutes, seconds = match.groups()
        if years or months:
            self._odd(record, tag, "years and months have no fixed length here")
            return None
        total = sum(
            (Decimal(value) * scale for value, scale in ((days, 14400), (hours, 600), (minutes, 10)) if value),
            Decimal(seconds or 0) / 6,
        )
        if total > _LONGEST_SPAN:
            self._odd(record, tag, "longer than any plan")
            return None
        ticks = int(total + Decimal("0.5"))
        return -ticks if sign else ticks

    def _tenths(self, record: Record, tag: str) -> int:
        """A lag or delay, which the format writes in tenths of a minute: ticks as they stand."""
        ticks = self._integer(record, tag)
        if abs(ticks) > _LONGEST_SPAN:
            self._odd(record, tag, "longer than any plan")
            return 0
        return ticks

    # Project

    def _project(self) -> None:
        source = Record("Project", 1, children=[Record(tag, 1, text) for tag, text in self.properties.items()])
        project = self.plan.project
        project.name = source.get("Name") or ""
        project.title = source.get("Title") or ""
        project.guid = source.get("GUID") or ""
        project.start = self._moment(source, "StartDate")
        project.finish = self._moment(source, "FinishDate")
        project.schedule_from_start = self._truth(source, "ScheduleFromStart", True)
        project.status_date = self._moment(source, "StatusDate")
        project.calendar_uid = self._integer(source, "CalendarUID", NO_UID)
        project.minutes_per_day = self._positive(source, "MinutesPerDay", 480)
        project.minutes_per_week = self._positive(source, "MinutesPerWeek", 2400)
        project.days_per_month = self._positive(source, "DaysPerMonth", 20)
        project.critical_slack_limit = self._integer(source, "CriticalSlackLimit")
        project.honor_constraints = self._truth(source, "HonorConstraints", True)
        project.multiple_critical_paths = self._truth(source, "MultipleCriticalPaths")
        project.split_in_progress = self._truth(source, "SplitsInProgressTasks", True)
        project.currency = source.get("CurrencyCode") or ""
        project.default_start = source.get("DefaultStartTime") or project.default_start
        project.default_finish = source.get("DefaultFinishTime") or project.default_finish

    def _positive(self, record: Record, tag: str, default: int) -> int:
        value = self._integer(record, tag, default)
        if value <= 0:
            self._odd(record, tag, f"not positive: {default} used instead", "changed")
            return default
        return value

    # Calendars

    def _calendar(self, record: Record) -> None:
        days: list[Ranges | None] = [None] * 7
        legacy: list[CalendarException] = []
        week = record.first("WeekDays")
        for day in week.all("WeekDay") if week is not None else []:
            number = self._integer(day, "DayType")
            if number == 0:
                legacy.extend(self._exception(day))
            elif 1 <= number <= 7:
                days[(number + 5) % 7] = self._ranges(day)
            else:
                self._odd(day, "DayType", "no such day")
        exceptions = record.first("Exceptions")
        found = [self._exception(item) for item in exceptions.all("Exception")] if exceptions is not None else []
        # A single date beats a recurrence that falls on it, so those that cover the fewest days come first.
        found.sort(key=lambda item: (len(item) > 1, 0))
        work_weeks = record.first("WorkWeeks")
        self.plan.calendars.append(
            MspdiCalendar(
                uid=self._integer(record, "UID", NO_UID),
                name=record.get("Name") or "",
                is_base=self._truth(record, "IsBaseCalendar", True),
                base_uid=self._integer(record, "BaseCalendarUID", NO_UID),
                days=tuple(days),
                exceptions=tuple(item for group in found for item in group)
                if exceptions is not None
                else tuple(legacy),
                work_weeks=tuple(
                    week
                    for item in (work_weeks.all("WorkWeek") if work_weeks is not None else [])
                    for week in self._work_week(item)
                ),
            )
        )

    def _ranges(self, record: Record) -> Ranges:
        if not self._truth(record, "DayWorking"):
            return ()
        times = record.first("WorkingTimes")
        found: list[Range] = []
        for item in times.all("WorkingTime") if times is not None else []:
            start, finish = item.get("FromTime"), item.get("ToTime")
            if start is None or finish is None:
                continue
            try:
                found.append(parse_range(start, finish))
            except (InvalidCalendar, ValueError):
                self._odd(item, "FromTime", "not a time of day")
        found.sort()
        if len(found) > 5 or any(first[1] > second[0] for first, second in pairwise(found)):
            self._odd(record, "WorkingTimes", "overlapping or more than five ranges were joined", "changed")
            joined: list[tuple[int, int]] = []
            for first, last in found:
                if joined and first <= joined[-1][1]:
                    joined[-1] = (joined[-1][0], max(joined[-1][1], last))
                else:
                    joined.append((first, last))
            found = joined[:5]
        return tuple((first, min(last, first + TICKS_PER_DAY)) for first, last in found)

    def _period(self, record: Record) -> tuple[date, date] | None:
        period = record.first("TimePeriod")
        first = self._moment(period, "FromDate") if period is not None else None
        last = self._moment(period, "ToDate") if period is not None else None
        if first is None or last is None or last < first:
            self._odd(record, "TimePeriod", "no such period")
            return None
        return first.date(), last.date()

    def _work_week(self, record: Record) -> Iterator[WorkWeek]:
        period = self._period(record)
        if period is None:
            return
        days: list[Ranges | None] = [None] * 7
        week = record.first("WeekDays")
        for day in week.all("WeekDay") if week is not None else []:
            number = self._integer(day, "DayType")
            if 1 <= number <= 7:
                days[(number + 5) % 7] = self._ranges(day)
        yield WorkWeek(period[0], period[1], tuple(days), record.get("Name") or "")

    def _exception(self, record: Record) -> list[CalendarException]:
        """An exception as one stretch of days, or a recurring one as the days it falls on."""
        period = self._period(record)
        if period is None:
            return []
        ranges, name = self._ranges(record), record.get("Name") or ""
        kind = self._integer(record, "Type", 1)
        interval = max(1, self._integer(record, "Period", 1))
        if kind in (1, 9) and interval == 1:
            return [CalendarException(period[0], period[1], ranges, name)]
        most = _MOST_OCCURRENCES
        if self._truth(record, "EnteredByOccurrences"):
            most = min(most, max(1, self._integer(record, "Occurrences", 1)))
        most = min(most, self.occurrences_left)
        days = list(islice(self._pattern(record, kind, interval).days(*period), most))
        self.occurrences_left -= len(days)
        if not self.occurrences_left:
            self._odd(record, "Type", "the file's recurring exceptions fall on too many days")
        return [CalendarException(day, day, ranges, name) for day in days]

    def _pattern(self, record: Record, kind: int, interval: int) -> Pattern:
        if kind in (1, 7, 8, 9):
            return Pattern(Frequency.DAILY, interval)
        if kind == 6:
            # Bits from Sunday, with which the format's weeks begin.
            mask = self._integer(record, "DaysOfWeek")
            weekdays = frozenset((bit + 6) % 7 for bit in range(7) if mask >> bit & 1)
            return Pattern(Frequency.WEEKLY, interval, weekdays, week_start=SUNDAY)
        frequency = Frequency.YEARLY if kind in (2, 3) else Frequency.MONTHLY
        month = min(max(self._integer(record, "Month"), 0), 11) + 1 if kind in (2, 3) else 1
        if kind in (2, 4):
            return Pattern(frequency, interval, month=month, day=self._integer(record, "MonthDay", 1))
        item, position = self._integer(record, "MonthItem"), self._integer(record, "MonthPosition")
        groups = {0: EVERY_DAY, 1: frozenset(range(5)), 2: frozenset({5, 6})}
        weekdays = groups.get(item, frozenset({(item + 3) % 7}))
        return Pattern(frequency, interval, weekdays, month=month, position=LAST if position == 4 else position + 1)

    # Tasks

    def _task(self, record: Record) -> None:
        whole, moment, span = self._integer, self._moment, self._duration
        duration_format = whole(record, "DurationFormat", 7)
        manual = self._truth(record, "Manual")
        duration = span(record, "Duration")
        if duration is None and manual:
            duration = span(record, "ManualDuration")
        task = MspdiTask(
            uid=whole(record, "UID", NO_UID),
            id=whole(record, "ID"),
            guid=record.get("GUID") or "",
            name=record.get("Name") or "",
            notes=record.get("Notes") or "",
            wbs=record.get("WBS") or "",
            outline_number=record.get("OutlineNumber") or "",
            outline_level=whole(record, "OutlineLevel"),
            is_null=self._truth(record, "IsNull"),
            active=self._truth(record, "Active", True),
            manual=manual,
            summary=self._truth(record, "Summary"),
            milestone=self._truth(record, "Milestone"),
            recurring=self._truth(record, "Recurring"),
            external=self._truth(record, "ExternalTask"),
            placeholder=manual and any(record.first(tag) is not None for tag in _FREE_TEXTS),
            type=whole(record, "Type"),
            effort_driven=self._truth(record, "EffortDriven"),
            priority=whole(record, "Priority", 500),
            duration=duration,
            elapsed=duration_format in _ELAPSED_FORMATS,
            estimated=self._truth(record, "Estimated"),
            work=span(record, "Work") or 0,
            start=(moment(record, "ManualStart") if manual else None) or moment(record, "Start"),
            finish=(moment(record, "ManualFinish") if manual else None) or moment(record, "Finish"),
            constraint_type=whole(record, "ConstraintType"),
            constraint_date=moment(record, "ConstraintDate"),
            deadline=moment(record, "Deadline"),
            calendar_uid=whole(record, "CalendarUID", NO_UID),
            ignore_resource_calendar=self._truth(record, "IgnoreResourceCalendar"),
            levelling_delay=self._tenths(record, "LevelingDelay"),
            levelling_delay_elapsed=whole(record, "LevelingDelayFormat", 8) in _ELAPSED_FORMATS,
            percent_complete=whole(record, "PercentComplete"),
            physical_percent_complete=whole(record, "PhysicalPercentComplete"),
            actual_start=moment(record, "ActualStart"),
            actual_finish=moment(record, "ActualFinish"),
            actual_duration=span(record, "ActualDuration"),
            remaining_duration=span(record, "RemainingDuration"),
            actual_work=span(record, "ActualWork") or 0,
            stop=moment(record, "Stop"),
            resume=moment(record, "Resume"),
            fixed_cost=self._money(record, "FixedCost"),
            cost=self._money(record, "Cost"),
            actual_cost=self._money(record, "ActualCost"),
            links=[self._link(link) for link in record.all("PredecessorLink")],
            baselines=[self._baseline(baseline) for baseline in record.all("Baseline")],
        )
        self.plan.tasks.append(task)

    def _link(self, record: Record) -> MspdiLink:
        lag_format = self._integer(record, "LagFormat", 7)
        crosses = self._truth(record, "CrossProject")
        return MspdiLink(
            predecessor_uid=self._integer(record, "PredecessorUID", NO_UID),
            type=self._integer(record, "Type", 1),
            lag=self._tenths(record, "LinkLag"),
            elapsed=lag_format in _ELAPSED_FORMATS,
            percent=lag_format in _PERCENT_FORMATS,
            cross_project=(record.get("CrossProjectName") or "?") if crosses else "",
        )

    def _baseline(self, record: Record) -> MspdiBaseline:
        return MspdiBaseline(
            number=self._integer(record, "Number"),
            start=self._moment(record, "Start"),
            finish=self._moment(record, "Finish"),
            duration=self._duration(record, "Duration"),
            work=self._duration(record, "Work"),
            cost=self._money(record, "Cost") if record.get("Cost") is not None else None,
        )

    def _outline(self) -> None:
        """Parents from the order and outline levels, which is how the format tells the tree."""
        stack: list[MspdiTask] = []
        for task in self.plan.tasks:
            if task.is_null:
                continue
            while stack and stack[-1].outline_level >= task.outline_level:
                stack.pop()
            task.parent_uid = stack[-1].uid if stack else None
            stack.append(task)

    # Resources and assignments

    def _resource(self, record: Record) -> None:
        self.plan.resources.append(
            MspdiResource(
                uid=self._integer(record, "UID", NO_UID),
                id=self._integer(record, "ID"),
                name=record.get("Name") or "",
                initials=record.get("Initials") or "",
                email=record.get("EmailAddress") or "",
                group=record.get("Group") or "",
                notes=record.get("Notes") or "",
                type=2 if self._truth(record, "IsCostResource") else self._integer(record, "Type", 1),
                max_units=self._decimal(record, "MaxUnits", Decimal(1)),
                standard_rate=self._decimal(record, "StandardRate"),
                standard_rate_format=self._integer(record, "StandardRateFormat", 2),
                overtime_rate=self._decimal(record, "OvertimeRate"),
                cost_per_use=self._money(record, "CostPerUse"),
                accrue_at=self._integer(record, "AccrueAt", 3),
                rates=[self._rate(item) for item in self._inside(record, "Rates", "Rate")],
                availability=[
                    self._availability(item)
                    for item in self._inside(record, "AvailabilityPeriods", "AvailabilityPeriod")
                ],
                material_label=record.get("MaterialLabel") or "",
                calendar_uid=self._integer(record, "CalendarUID", NO_UID),
                is_null=self._truth(record, "IsNull"),
                generic=self._truth(record, "IsGeneric"),
            )
        )

    @staticmethod
    def _inside(record: Record, folder: str, tag: str) -> Iterator[Record]:
        within = record.first(folder)
        return iter(within.all(tag) if within is not None else ())

    def _rate(self, record: Record) -> MspdiRate:
        return MspdiRate(
            table=self._integer(record, "RateTable"),
            start=self._bounded(record, "RatesFrom"),
            standard_rate=self._decimal(record, "StandardRate"),
            overtime_rate=self._decimal(record, "OvertimeRate"),
            cost_per_use=self._money(record, "CostPerUse"),
        )

    def _availability(self, record: Record) -> MspdiAvailability:
        return MspdiAvailability(
            start=self._bounded(record, "AvailableFrom"),
            finish=self._bounded(record, "AvailableTo"),
            units=self._decimal(record, "AvailableUnits", Decimal(1)),
        )

    def _bounded(self, record: Record, name: str) -> datetime | None:
        """A moment, None for the first and the last that the format knows, which stand for no bound."""
        moment = self._moment(record, name)
        return None if moment is None or not _FIRST_YEAR < moment.year < _LAST_YEAR else moment

    def _assignment(self, record: Record) -> None:
        pieces = []
        for item in record.all("TimephasedData"):
            start, finish = self._moment(item, "Start"), self._moment(item, "Finish")
            if start is not None and finish is not None:
                work = self._duration(item, "Value") or 0
                pieces.append(MspdiWorkPiece(self._integer(item, "Type"), start, finish, work))
        span = self._duration
        self.plan.assignments.append(
            MspdiAssignment(
                uid=self._integer(record, "UID", NO_UID),
                task_uid=self._integer(record, "TaskUID", NO_UID),
                resource_uid=self._integer(record, "ResourceUID", UNASSIGNED),
                units=self._decimal(record, "Units", Decimal(1)),
                work=span(record, "Work") or 0,
                regular_work=span(record, "RegularWork"),
                overtime_work=span(record, "OvertimeWork") or 0,
                actual_work=span(record, "ActualWork") or 0,
                remaining_work=span(record, "RemainingWork"),
                remaining_overtime_work=span(record, "RemainingOvertimeWork") or 0,
                delay=self._tenths(record, "Delay"),
                levelling_delay=self._tenths(record, "LevelingDelay"),
                contour=self._integer(record, "WorkContour"),
                rate_table=self._integer(record, "CostRateTable"),
                start=self._moment(record, "Start"),
                finish=self._moment(record, "Finish"),
                actual_start=self._moment(record, "ActualStart"),
                actual_finish=self._moment(record, "ActualFinish"),
                stop=self._moment(record, "Stop"),
                resume=self._moment(record, "Resume"),
                cost=self._money(record, "Cost"),
                actual_cost=self._money(record, "ActualCost"),
                pieces=pieces,
            )
        )

    # Report

    def _report(self, counts: Counter[str]) -> list[Finding]:
        findings = [
            Finding(path, count, *_disposition(path)) for path, count in sorted(counts.items()) if path.count("/") > 0
        ]
        findings += [
            Finding(*key[:1], count, *key[1:], tuple(self.examples.get(key, ())))
            for key, count in sorted(self.oddities.items())
        ]
        return findings


# Microsoft Project writes 1984 and 2049 where a period has no beginning or end.
_FIRST_YEAR, _LAST_YEAR = 1984, 2049


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TAKEN: Final = {
    "Project": _names(
        "Name Title GUID StartDate FinishDate ScheduleFromStart StatusDate CalendarUID MinutesPerDay MinutesPerWeek "
        "DaysPerMonth CriticalSlackLimit HonorConstraints MultipleCriticalPaths SplitsInProgressTasks CurrencyCode "
        "DefaultStartTime DefaultFinishTime"
    ),
    "Project/Calendars/Calendar": _names("UID Name IsBaseCalendar BaseCalendarUID"),
    "Project/Tasks/Task": _names(
        "UID ID GUID Name Notes WBS OutlineNumber OutlineLevel IsNull Active Manual Summary Milestone Recurring ExternalTask "
        "Type EffortDriven Priority Duration DurationFormat Estimated Work ManualStart ManualFinish ManualDuration StartText FinishText DurationText "
        "ConstraintType ConstraintDate Deadline CalendarUID IgnoreResourceCalendar LevelingDelay LevelingDelayFormat "
        "PercentComplete PhysicalPercentComplete ActualStart ActualFinish ActualDuration RemainingDuration ActualWork Stop "
        "Resume FixedCost Cost ActualCost"
    ),
    "Project/Tasks/Task/PredecessorLink": _names("PredecessorUID Type LinkLag LagFormat CrossProject CrossProjectName"),
    "Project/Tasks/Task/Baseline": _names("Number Start Finish Duration DurationFormat Work Cost"),
    "Project/Resources/Resource": _names(
        "UID ID Name Initials EmailAddress Group Notes Type IsCostResource MaxUnits StandardRate StandardRateFormat OvertimeRate "
        "CostPerUse AccrueAt MaterialLabel CalendarUID IsNull IsGeneric Rates AvailabilityPeriods"
    ),
    "Project/Resources/Resource/Rates": _names("Rate"),
    "Project/Resources/Resource/Rates/Rate": _names(
        "RatesFrom RatesTo RateTable StandardRate StandardRateFormat OvertimeRate OvertimeRateFormat CostPerUse"
    ),
    "Project/Resources/Resource/AvailabilityPeriods": _names("AvailabilityPeriod"),
    "Project/Resources/Resource/AvailabilityPeriods/AvailabilityPeriod": _names(
        "AvailableFrom AvailableTo AvailableUnits"
    ),
    "Project/Assignments/Assignment": _names(
        "UID TaskUID ResourceUID Units Work RegularWork OvertimeWork ActualWork RemainingWork RemainingOvertimeWork Delay "
        "LevelingDelay WorkContour CostRateTable Start Finish ActualStart ActualFinish Stop Resume Cost ActualCost"
    ),
    "Project/Assignments/Assignment/TimephasedData": _names("Type Start Finish Value Unit"),
}
_COMPUTED: Final = _names(
    "Start Finish EarlyStart EarlyFinish LateStart LateFinish StartVariance FinishVariance StartSlack FinishSlack FreeSlack "
    "TotalSlack Critical RemainingWork RemainingCost WorkVariance CostVariance DurationVariance BCWS BCWP ACWP CV "
    "PercentWorkComplete OverAllocated PeakUnits RegularWork OvertimeWork OvertimeCost ActualOvertimeWork "
    "ActualOvertimeCost RemainingOvertimeWork RemainingOvertimeCost"
)


def _disposition(path: str) -> tuple[str, str]:
    folder, _, name = path.rpartition("/")
    if name in _TAKEN.get(folder, ()):
        return "taken", ""
    if folder.startswith("Project/Calendars/Calendar/"):
        return "taken", ""
    if (
        folder in ("Project/Tasks/Task", "Project/Resources/Resource", "Project/Assignments/Assignment")
        and name in _COMPUTED
    ):
        return "changed", "computed anew from the plan"
    if "ExtendedAttribute" in path or "OutlineCode" in path:
        return "dropped", "custom fields are not taken"
    return "dropped", "has no counterpart"
