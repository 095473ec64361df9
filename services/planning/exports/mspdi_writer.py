"""Writes a plan as Microsoft Project's XML (MSPDI), piece by piece, so that the reader of imports finds the same plan in it.

The format is described in Microsoft's "Project XML Data Interchange Schema Reference". Where the length of an assignment
is not what its work, units and contour make of it, the work is written time-phased, which is how the format tells it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID
from xml.sax.saxutils import escape

from services.kernel.working_time import (
    MOST_BASES,
    SECONDS_PER_TICK,
    TICKS_PER_DAY,
    TICKS_PER_HOUR,
    TICKS_PER_MINUTE,
    Calendar,
    CalendarException,
    Ranges,
    WorkingTime,
    WorkingTimeError,
    to_local,
    to_ticks,
)
from services.planning.exports.loss import Loss, counted, hidden
from services.planning.exports.plan_contents import (
    BaselineRow,
    ExportedAssignment,
    ExportedResource,
    ExportedTask,
    PlanContents,
)
from services.planning.schedule.calendar import default_calendar
from services.planning.schedule.effort import WorkContour, average_of
from services.planning.schedule.network import reach_of, resumes_at
from services.planning.schedule.plan_rows import PlanLink
from services.planning.schedule.pricing import Accrual, RateTable
from services.planning.schedule.public_holidays import HolidayCountry, public_holidays
from services.planning.schedule.task import DateConstraint, TaskType
from services.planning.schedule.working_plan import pieces_of

_NAMESPACE: Final = "http://schemas.microsoft.com/project"
_CHUNK_CHARACTERS: Final = 64 * 1024
_NOBODY: Final = -65535
_NO_CALENDAR: Final = -1
# Microsoft Project keeps eleven baselines.
_BASELINES: Final = range(11)
_LARGEST_UID: Final = 2**31 - 1
# What stands for no bound in a period.
_EARLIEST, _LATEST = "1984-01-01T00:00:00", "2049-12-31T23:59:00"
# How far public holidays are written behind the plan's finish.
_YEARS_OF_HOLIDAYS: Final = 10
_DAYS, _ELAPSED_DAYS, _PERCENT, _ELAPSED_PERCENT, _HOURS, _A_UNIT = 7, 8, 19, 20, 2, 8
_REMAINING, _ACTUAL = 1, 2
_SPREAD_BY_HAND: Final = 8
_LAG_FORMATS: Final = {
    "working": _DAYS,
    "elapsed": _ELAPSED_DAYS,
    "percent": _PERCENT,
    "elapsed_percent": _ELAPSED_PERCENT,
}
_LINK_TYPES: Final = {"finish_to_finish": 0, "finish_to_start": 1, "start_to_finish": 2, "start_to_start": 3}
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
_TASK_TYPES: Final = {TaskType.FIXED_UNITS: 0, TaskType.FIXED_DURATION: 1, TaskType.FIXED_WORK: 2}
_RESOURCE_TYPES: Final = {"material": 0, "work": 1, "cost": 0}
_ACCRUALS: Final = {Accrual.START: 1, Accrual.END: 2, Accrual.PRORATED: 3}
_CONTOURS: Final = {contour: number for number, contour in enumerate(WorkContour)}
_TABLES: Final = {table.value: number for number, table in enumerate(RateTable)}
# What XML 1.0 has no way to say.
_UNSPEAKABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

Value = str | int | bool | datetime | Decimal | None


def write_mspdi(contents: PlanContents) -> Iterator[bytes]:
    """The file in pieces of some 64 kB, in UTF-8."""
    gathered: list[str] = []
    length = 0
    for part in _Writer(contents).document():
        gathered.append(part)
        length += len(part)
        if length >= _CHUNK_CHARACTERS:
            yield "".join(gathered).encode()
            gathered.clear()
            length = 0
    yield "".join(gathered).encode()


def mspdi_losses(contents: PlanContents) -> list[Loss]:
    """What the format has no place for, or holds in another form."""
    found = hidden(contents)
    project, tasks, resources = contents.project, contents.tasks, contents.resources
    nowhere = "the format has no place for it"
    live = {task.id for task in tasks}
    custom = "written as a custom field, which an import leaves out"
    found["task.labels", custom] = sum(bool(task.labels) for task in tasks)
    found["task.assignee_id", custom] = sum(task.assignee_id is not None for task in tasks)
    found["task.external_refs", nowhere] = sum(bool(task.external_refs) for task in tasks)
    found[
        "task.splits", "where not all pause with the task, or its duration is fixed, the format tells the length alone"
    ] = sum(not _tells_gaps(task, contents) for task in tasks if task.splits and "gaps" in task.splits)
    found["resource.external_refs", nowhere] = sum(bool(each.external_refs) for each in resources)
    found["resource.person_id", nowhere] = sum(each.person is not None for each in resources)
    found["resource.team_id", nowhere] = sum(each.team_id is not None for each in resources)
    found["resource.work_kind", nowhere] = sum(each.work_kind is not None for each in resources)
    found["resource.rates", "a file has one currency"] = sum(
        each.currency not in (None, project.currency) for each in resources if contents.shows_rates
    )
    found["resource.overtime_rate", "the format says of none and of 0 the same"] = sum(
        each.overtime_rate == 0 for each in resources
    )
    found["calendar.holidays", "written as days without work, up to ten years behind the plan's finish"] = sum(
        "holidays" in each.document and each.document["holidays"] is not None for each in contents.calendars
    )
    written = _calendars_of_the_absent(contents)
    found["absence", "written as days off of the resource's calendar"] = sum(
        each.resource_id in written for each in contents.absences
    )
    found["absence", "a calendar of the resource would take the task's own away"] = sum(
        each.resource_id not in written for each in contents.absences
    )
    found["baseline", "Microsoft Project keeps the numbers 0 to 10"] = sum(
        each.number not in _BASELINES for each in contents.baselines
    )
    found["baseline.name", nowhere] = sum(each.number in _BASELINES for each in contents.baselines)
    found["baseline_task", "the task is no longer in the plan"] = sum(
        row.task_id not in live for each in contents.baselines for row in each.rows
    )
    found["project.key", nowhere] = 1
    found["project.time_zone", "the format has local time alone"] = 1
    whole_days = project.critical_float_minutes % project.minutes_per_day == 0
    found["project.critical_float_minutes", "the format counts whole days"] = not whole_days
    return counted(found)


def _calendars_of_the_absent(contents: PlanContents) -> dict[UUID, Calendar]:
    """By resource a calendar with the days off, over the one that it works by; of those whose tasks have none of their own."""
    found = {}
    bound = {
        part.resource_id
        for task in contents.tasks
        if task.calendar_id is not None and not task.ignore_resource_calendars
        for part in contents.assignments_by_task.get(task.id, ())
    }
    for resource_id, spans in contents.away.items():
        resource = contents.resources_by_id[resource_id]
        base = contents.working_times.get(resource.calendar_id or "project")
        if resource.calendar_id is None and resource_id in bound:
            continue
        if isinstance(base, Calendar) and base.depth < MOST_BASES:
            exceptions = [CalendarException(first, last) for first, last in spans]
            found[resource_id] = Calendar([None] * 7, exceptions, base=base, name=resource.name)
    return found


def _tells_gaps(task: ExportedTask, contents: PlanContents) -> bool:
    """Whether the reader finds the task's pauses again: where all who work on it pause with it."""
    parts = [each for each in contents.assignments_by_task.get(task.id, ()) if each.work]
    whole = all(each.duration is None and each.remaining in (None, _rest(task)) for each in parts)
    return whole and not (task.elapsed or task.summary or task.task_type == TaskType.FIXED_DURATION)


def _element(tag: str, value: Value) -> str:
    """One element; nothing where there is no value. Line ends inside of a text are kept as they are."""
    match value:
        case None:
            return ""
        case bool():
            text = "1" if value else "0"
        case datetime():
            text = value.isoformat(timespec="seconds")
        case Decimal():
            text = f"{value.normalize():f}"
        case str():
            text = escape(_UNSPEAKABLE.sub("", value), {"\r": "&#13;"})
        case _:
            text = str(value)
    return f"<{tag}>{text}</{tag}>"


def _elements(values: Mapping[str, Value]) -> str:
    return "".join(_element(tag, value) for tag, value in values.items())


def _duration(ticks: int | None) -> str | None:
    """Ticks as the format's duration, to the tick: PT8H0M6S."""
    if ticks is None:
        return None
    hours, rest = divmod(abs(ticks), TICKS_PER_HOUR)
    minutes, rest = divmod(rest, TICKS_PER_MINUTE)
    return f"{'-' if ticks < 0 else ''}PT{hours}H{minutes}M{rest * SECONDS_PER_TICK}S"


def _clock(ticks: int) -> str:
    minutes, rest = divmod(ticks % TICKS_PER_DAY, TICKS_PER_MINUTE)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest * SECONDS_PER_TICK:02}"


def _hundredths(amount: Decimal | None) -> Decimal | None:
    """Costs, but not rates, are written in hundredths of the currency's unit."""
    return None if amount is None else amount * 100


# Where the format has a place for what we know and it does not: text fields of tasks, by number, name and caption.
_LABELS: Final = 188743731, "Text1", "Labels"
_ASSIGNEE: Final = 188743734, "Text2", "Assignee"
_CUSTOM_FIELDS: Final = (
    "<ExtendedAttributes>"
    + "".join(
        f"<ExtendedAttribute>{_elements({'FieldID': number, 'FieldName': name, 'Alias': alias})}</ExtendedAttribute>"
        for number, name, alias in (_LABELS, _ASSIGNEE)
    )
    + "</ExtendedAttributes>"
)
_LONGEST_FIELD: Final = 255


def _custom_values(task: ExportedTask) -> Iterator[str]:
    for (number, _, _), text in ((_LABELS, ", ".join(task.labels)), (_ASSIGNEE, task.assignee or "")):
        if text:
            values: dict[str, Value] = {"FieldID": number, "Value": text[:_LONGEST_FIELD]}
            yield f"<ExtendedAttribute>{_elements(values)}</ExtendedAttribute>"


def _uids(tasks: Iterable[ExportedTask]) -> dict[UUID, int]:
    """The number that each task has in the file: the one it came with, as far as it is still the only one of it."""
    found: dict[UUID, int] = {}
    taken: set[int] = set()
    others = []
    for task in tasks:
        uid = task.import_uid
        if uid is not None and 0 < uid <= _LARGEST_UID and uid not in taken:
            found[task.id] = uid
            taken.add(uid)
        else:
            others.append(task.id)
    number = 0
    for task_id in others:
        number += 1
        while number in taken:
            number += 1
        found[task_id] = number
    return found


@dataclass(frozen=True, slots=True)
class _Calendar:
    """A calendar as it is written: the key of what it inherits from, and its exceptions with the public holidays."""

    name: str
    base: Any
    calendar: Calendar
    exceptions: tuple[CalendarException, ...]


@dataclass(slots=True)
class _Stretch:
    """Time-phased work: from when to when, how much, and whether it is done."""

    start: int
    finish: int
    work: int
    done: bool


@dataclass(slots=True)
class _Phased:
    """How an assignment is written whose length does not follow from its work."""

    stretches: list[_Stretch] = field(default_factory=list)
    resume: int | None = None


class _Writer:
    def __init__(self, contents: PlanContents) -> None:
        self.contents = contents
        self.project = contents.project
        self.task_uids = _uids(contents.tasks)
        self.resource_uids = {each.id: number for number, each in enumerate(contents.resources, 1)}
        self.absent = _calendars_of_the_absent(contents)
        self.calendars = self._bases_first()
        self.calendar_uids = {each: number for number, each in enumerate(self.calendars, 1)}
        self.live_baselines: dict[UUID, list[tuple[int, BaselineRow]]] = {}
        for baseline in contents.baselines:
            if baseline.number in _BASELINES:
                for row in baseline.rows:
                    self.live_baselines.setdefault(row.task_id, []).append((baseline.number, row))

    def document(self) -> Iterator[str]:
        contents = self.contents
        yield f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Project xmlns="{_NAMESPACE}">'
        yield self._properties()
        yield _CUSTOM_FIELDS
        yield "<Calendars>"
        yield from self._calendars()
        yield "</Calendars><Tasks>"
        for number, task in enumerate(contents.tasks, 1):
            yield self._task(number, task)
        yield "</Tasks><Resources>"
        for number, resource in enumerate(contents.resources, 1):
            yield self._resource(number, resource)
        yield "</Resources><Assignments>"
        yield from self._assignments()
        yield "</Assignments></Project>\n"

    # Project

    def _properties(self) -> str:
        project = self.project
        backwards = project.finish_target is not None
        return _elements(
            {
                "SaveVersion": 14,
                "Name": project.name,
                "GUID": str(project.id).upper(),
                "Title": project.name,
                "Subject": project.key,
                "ScheduleFromStart": not backwards,
                "StartDate": project.start,
                "FinishDate": project.finish_target if backwards else project.finish,
                "CriticalSlackLimit": project.critical_float_minutes // project.minutes_per_day,
                "CurrencyCode": project.currency,
                "CalendarUID": self.calendar_uids[self.project_calendar],
                "DefaultStartTime": "08:00:00",
                "DefaultFinishTime": "17:00:00",
                "MinutesPerDay": project.minutes_per_day,
                "MinutesPerWeek": project.minutes_per_week,
                "DaysPerMonth": 20,
                "DurationFormat": _DAYS,
                "WorkFormat": _HOURS,
                "HonorConstraints": project.honor_constraints,
                "MultipleCriticalPaths": project.multiple_critical_paths,
                "SplitsInProgressTasks": project.split_in_progress,
                "StatusDate": project.status_date,
            }
        )

    # Calendars

    def _bases_first(self) -> dict[Any, _Calendar]:
        """Every calendar by its key, in the order of their names but none before what it inherits from.

        The keys are the ids of calendars, those of resources for what those who are away have, and "project" for the usual
        week of a project without a calendar of its own.
        """
        own: dict[Any, _Calendar] = {}
        for each in self.contents.calendars:
            calendar = Calendar.from_json(each.document)
            exceptions = calendar.exceptions
            country = each.document.get("holidays")
            if country is not None:
                exceptions += self._holidays(HolidayCountry(country))
            own[each.id] = _Calendar(each.name, each.base_id, calendar, exceptions)
        self.project_calendar: Any = self.project.calendar_id
        if self.project_calendar not in own:
            usual = default_calendar(self.project.minutes_per_day)
            self.project_calendar = "project"
            own["project"] = _Calendar("Standard", None, usual, ())
        for resource_id, calendar in self.absent.items():
            base = self.contents.resources_by_id[resource_id].calendar_id or self.project_calendar
            own[resource_id] = _Calendar(calendar.name, base, calendar, calendar.exceptions)
        found: dict[Any, _Calendar] = {}
        for key in sorted(own, key=lambda each: own[each].name):
            chain: list[Any] = []
            follow = key
            while follow in own and follow not in found and follow not in chain:
                chain.append(follow)
                follow = own[follow].base
            found.update({each: own[each] for each in reversed(chain)})
        return found

    def _calendars(self) -> Iterator[str]:
        for key, each in self.calendars.items():
            base = self.calendar_uids.get(each.base, _NO_CALENDAR)
            yield self._calendar(self.calendar_uids[key], each.name, base, each.calendar, each.exceptions)

    def _holidays(self, country: HolidayCountry) -> tuple[CalendarException, ...]:
        first = self.project.start.year - 1
        last = (self.project.finish or self.project.start).year + _YEARS_OF_HOLIDAYS
        return tuple(each for each in public_holidays(country) if first <= each.first.year <= last)

    def _calendar(
        self, uid: int, name: str, base: int, calendar: Calendar, exceptions: Iterable[CalendarException]
    ) -> str:
        parts = [
            "<Calendar>",
            _elements({"UID": uid, "Name": name, "IsBaseCalendar": base == _NO_CALENDAR, "BaseCalendarUID": base}),
            _week(calendar.days),
        ]
        written = [
            "<Exception>"
            + _element("EnteredByOccurrences", value=False)
            + _period(each.first, each.last)
            + _elements({"Occurrences": (each.last - each.first).days + 1, "Name": each.name, "Type": 1})
            + _ranges(each.ranges)
            + "</Exception>"
            for each in exceptions
        ]
        if written:
            parts += ["<Exceptions>", *written, "</Exceptions>"]
        if calendar.work_weeks:
            parts.append("<WorkWeeks>")
            parts += [
                f"<WorkWeek>{_period(each.first, each.last)}{_element('Name', each.name)}{_week(each.days)}</WorkWeek>"
                for each in calendar.work_weeks
            ]
            parts.append("</WorkWeeks>")
        return "".join((*parts, "</Calendar>"))

    def _calendar_uid(self, calendar_id: UUID | None) -> int:
        return _NO_CALENDAR if calendar_id is None else self.calendar_uids.get(calendar_id, _NO_CALENDAR)

    # Tasks

    def _task(self, number: int, task: ExportedTask) -> str:
        outline = self.contents.outline_numbers[task.id]
        given = task.manual or task.external
        start, finish = (task.manual_start, task.manual_finish) if given else (task.start, task.finish)
        begun = task.actual_start is not None or task.percent_complete > 0
        left = task.remaining
        if left is None and begun:
            left = task.duration - task.duration * task.percent_complete // 100
        values: dict[str, Value] = {
            "UID": self.task_uids[task.id],
            "GUID": str(task.id).upper(),
            "ID": number,
            "Name": task.title,
            "Active": task.active,
            "Manual": task.manual,
            "Type": _TASK_TYPES[TaskType(task.task_type)],
            "IsNull": False,
            "WBS": task.wbs_custom or outline,
            "OutlineNumber": outline,
            "OutlineLevel": task.outline_level,
            "Priority": task.priority,
            "Start": start,
            "Finish": finish,
            "Duration": _duration(task.duration),
            "DurationFormat": _ELAPSED_DAYS if task.elapsed else _DAYS,
            "Stop": task.stop,
            "Resume": task.resume,
            "EffortDriven": task.effort_driven,
            "Recurring": task.recurring,
            "Estimated": False,
            "Milestone": task.milestone,
            "Summary": task.summary,
            "Critical": task.critical,
            "ExternalTask": task.external,
            "EarlyStart": task.early_start,
            "EarlyFinish": task.early_finish,
            "LateStart": task.late_start,
            "LateFinish": task.late_finish,
            "FreeSlack": task.free_float_minutes * TICKS_PER_MINUTE,
            "TotalSlack": task.total_float_minutes * TICKS_PER_MINUTE,
            "PercentComplete": task.percent_complete,
            "ActualStart": task.actual_start,
            "ActualFinish": task.actual_finish,
            "ActualDuration": _duration(max(task.duration - left, 0)) if begun and left is not None else None,
            "RemainingDuration": _duration(task.remaining),
            "ConstraintType": _CONSTRAINTS[DateConstraint(task.constraint_type)],
            "CalendarUID": self._calendar_uid(task.calendar_id),
            "ConstraintDate": task.constraint_date,
            "Deadline": task.deadline,
            "LevelingDelay": task.levelling_delay,
            "LevelingDelayFormat": _ELAPSED_DAYS,
            "IgnoreResourceCalendar": task.ignore_resource_calendars,
            "Notes": task.notes or None,
        }
        parts = ["<Task>", _elements(values)]
        parts += [self._link(link) for link in self.contents.links_by_successor.get(task.id, ())]
        parts += _custom_values(task)
        for held, row in self.live_baselines.get(task.id, ()):
            kept: dict[str, Value] = {
                "Number": held,
                "Start": row.start,
                "Finish": row.finish,
                "Duration": _duration(row.duration_minutes * TICKS_PER_MINUTE),
                "DurationFormat": _DAYS,
            }
            parts.append(f"<Baseline>{_elements(kept)}</Baseline>")
        if task.placeholder:
            # A manual task of which somebody has said in words, or not at all, when it is.
            parts.append("<StartText/><FinishText/><DurationText/>")
        if task.manual:
            parts.append(
                _elements(
                    {
                        "ManualStart": task.manual_start,
                        "ManualFinish": task.manual_finish,
                        "ManualDuration": _duration(task.duration),
                    }
                )
            )
        return "".join((*parts, "</Task>"))

    def _link(self, link: PlanLink) -> str:
        values: dict[str, Value] = {
            "PredecessorUID": self.task_uids[link.predecessor_id],
            "Type": _LINK_TYPES[link.dependency_type],
            "CrossProject": False,
            "LinkLag": link.lag,
            "LagFormat": _LAG_FORMATS[link.lag_basis],
        }
        return f"<PredecessorLink>{_elements(values)}</PredecessorLink>"

    # Resources

    def _resource(self, number: int, resource: ExportedResource) -> str:
        kind = resource.resource_type
        priced = resource.rates is not None and resource.currency == self.project.currency and kind != "cost"
        per = _HOURS if kind == "work" else _A_UNIT
        values: dict[str, Value] = {
            "UID": number,
            "ID": number,
            "Name": resource.name,
            "Type": _RESOURCE_TYPES[kind],
            "IsNull": False,
            "MaterialLabel": resource.unit,
            "EmailAddress": resource.email,
            "MaxUnits": resource.max_units,
            "AccrueAt": _ACCRUALS[Accrual(resource.accrual)],
            "StandardRate": (resource.standard_rate or Decimal(0)) if priced else None,
            "StandardRateFormat": per if priced else None,
            "OvertimeRate": (resource.overtime_rate or Decimal(0)) if priced else None,
            "OvertimeRateFormat": per if priced else None,
            "CostPerUse": _hundredths(resource.cost_per_use or Decimal(0)) if priced else None,
            "CalendarUID": self._calendar_uid(resource.id if resource.id in self.absent else resource.calendar_id),
            "IsCostResource": kind == "cost",
        }
        parts = ["<Resource>", _elements(values)]
        if kind == "work":
            parts.append(_availability(resource))
        if priced:
            parts.append(_rates(resource, per))
        return "".join((*parts, "</Resource>"))

    # Assignments

    def _assignments(self) -> Iterator[str]:
        uid = 0
        for task in self.contents.tasks:
            parts = self.contents.assignments_by_task.get(task.id, ())
            for each in parts:
                uid += 1
                yield self._assignment(uid, task, each)
            if task.splits is not None and not task.summary and not any(each.work for each in parts):
                written = self._of_nobody(uid + 1, task)
                if written:
                    uid += 1
                    yield written

    def _assignment(self, uid: int, task: ExportedTask, part: ExportedAssignment) -> str:
        resource = self.contents.resources_by_id[part.resource_id]
        works = resource.resource_type == "work" and part.work > 0
        remaining, phased = self._shape(task, part, resource) if works and not task.summary else (None, _Phased())
        contour = _CONTOURS[WorkContour(part.contour)]
        if phased.stretches and not contour:
            contour = _SPREAD_BY_HAND
        # What remains of overtime goes with what remains of the rest of the work.
        regular = part.work - part.overtime
        overtime = part.overtime * remaining // regular if remaining is not None and regular else 0
        values: dict[str, Value] = {
            "UID": uid,
            "TaskUID": self.task_uids[task.id],
            "ResourceUID": self.resource_uids[part.resource_id],
            "ActualWork": _duration(part.work - remaining - overtime) if remaining is not None else None,
            "Cost": _hundredths(part.cost),
            "CostRateTable": _TABLES[part.rate_table],
            "Delay": part.delay,
            "LevelingDelay": 0,
            "OvertimeWork": _duration(part.overtime),
            "RegularWork": _duration(regular),
            "RemainingOvertimeWork": _duration(overtime) if remaining is not None and overtime else None,
            "RemainingWork": _duration(remaining + overtime) if remaining is not None else None,
            "Resume": to_local(phased.resume) if phased.resume is not None else None,
            "Units": part.units,
            "Work": _duration(part.work),
            "WorkContour": contour,
        }
        return f"<Assignment>{_elements(values)}{self._phased(uid, phased)}</Assignment>"

    def _shape(
        self, task: ExportedTask, part: ExportedAssignment, resource: ExportedResource
    ) -> tuple[int | None, _Phased]:
        """What remains of the work without overtime, and the time-phased work where that does not make length and rest."""
        length = _reach(task) if part.duration is None else part.duration
        usual_rest = 0 if task.remaining is None else task.remaining
        rest = part.remaining
        if rest is None:
            # As the engine takes it: what the task's own rest leaves of the length.
            left = task.duration - task.duration * task.percent_complete // 100
            left = left if task.remaining is None else task.remaining
            rest = length if not task.duration else length * min(left, task.duration) // task.duration
        work = self._work_of_rest(part, rest, length, usual_rest)
        told = _natural(part, work, usual_rest) == rest
        if told and _natural(part, part.work - part.overtime, task.duration) == length:
            return work, _Phased()
        time = self.absent.get(resource.id) or self._time(resource.calendar_id or task.calendar_id)
        if part.duration is None and task.splits is not None and "gaps" in task.splits:
            phased = self._phase_gaps(task, part.delay, time, part.work - part.overtime)
            if not _done(task) and told and rest != length and task.stop is None and task.resume is None:
                phased.resume = None
                return work, phased
            if phased.stretches and rest == _rest(task):
                return work, phased
        phased = self._phase(task, part.delay, time, length, rest, part.work - part.overtime)
        if told and task.stop is None and task.resume is None and rest == length:
            phased.resume = None
        return work, phased

    def _work_of_rest(self, part: ExportedAssignment, rest: int, length: int, usual_rest: int) -> int:
        """Remaining work of which the reader makes that rest, if there is any; else the share of it."""
        whole = part.work - part.overtime
        if rest == length:
            return whole
        average = part.units * average_of(part.contour)
        near = int(rest * average + Decimal("0.5"))
        for guess in (near, near - 1, near + 1):
            if 0 <= guess <= whole and _natural(part, guess, usual_rest) == rest:
                return guess
        return max(0, min(whole, whole * rest // length if length else 0))

    def _of_nobody(self, uid: int, task: ExportedTask) -> str:
        """The part that carries the pauses of a task without a resource."""
        assert task.splits is not None
        length = _reach(task)
        if "length" in task.splits:
            rest = task.splits["remaining"]
            phased = self._phase(task, 0, self._time(task.calendar_id), length, rest, task.duration)
            done = max(0, task.duration - rest)
        else:
            done = _done(task)
            phased = self._phase_gaps(task, 0, self._time(task.calendar_id), task.duration)
        if not phased.stretches:
            return ""
        values: dict[str, Value] = {
            "UID": uid,
            "TaskUID": self.task_uids[task.id],
            "ResourceUID": _NOBODY,
            "RegularWork": _duration(task.duration),
            "RemainingWork": _duration(task.duration - done),
            "Resume": to_local(phased.resume) if phased.resume is not None else None,
            "Units": 1,
            "Work": _duration(max(task.duration, 1)),
            "WorkContour": _SPREAD_BY_HAND,
        }
        return f"<Assignment>{_elements(values)}{self._phased(uid, phased)}</Assignment>"

    def _time(self, calendar_id: UUID | None) -> WorkingTime:
        """How a calendar is reckoned with, the project's where there is none."""
        return self.contents.working_times.get(calendar_id) or self.contents.working_times["project"]

    def _phase(self, task: ExportedTask, delay: int, time: WorkingTime, length: int, rest: int, work: int) -> _Phased:
        """Work that takes `length`, of which the last `rest` is to be done: two stretches, with or without a pause."""
        try:
            start = time.next_start(time.add_work(time.next_start(to_ticks(task.start)), delay))
            finish = time.add_work(start, length)
            resume = time.next_start(time.subtract_work(finish, rest)) if rest else finish
        except WorkingTimeError:
            return _Phased()
        phased = _Phased(resume=resume)
        done = work * (length - rest) // length if length else 0
        if rest < length and task.actual_start is not None and done:
            stop = time.add_work(start, length - rest)
            phased.stretches.append(_Stretch(start, stop, done, done=True))
            phased.stretches.append(_Stretch(resume, finish, work - done, done=False))
        else:
            phased.stretches.append(_Stretch(start, finish, work, done=False))
        return phased

    def _phase_gaps(self, task: ExportedTask, delay: int, time: WorkingTime, work: int) -> _Phased:
        """The stretches of work between the pauses of a task, those that are done apart from those to come."""
        assert task.splits is not None
        done, phased = _done(task), _Phased()
        try:
            start = time.next_start(time.add_work(time.next_start(to_ticks(task.start)), delay))
            for piece in pieces_of(task.splits["gaps"], task.duration):
                worked = min(piece.work, max(0, done))
                done -= piece.work
                for offset, length, is_done in ((0, worked, True), (worked, piece.work - worked, False)):
                    if length:
                        finish = time.add_work(start, piece.offset + offset + length)
                        begin = time.next_start(time.add_work(start, piece.offset + offset))
                        share = max(work * length // task.duration, 1)
                        phased.stretches.append(_Stretch(begin, finish, share, is_done))
        except WorkingTimeError:
            return _Phased()
        coming = [each for each in phased.stretches if not each.done]
        phased.resume = coming[0].start if coming else None
        return phased

    def _phased(self, uid: int, phased: _Phased) -> str:
        return "".join(
            "<TimephasedData>"
            + _elements(
                {
                    "Type": _ACTUAL if each.done else _REMAINING,
                    "UID": uid,
                    "Start": to_local(each.start),
                    "Finish": to_local(each.finish),
                    "Unit": _HOURS,
                    "Value": _duration(each.work),
                }
            )
            + "</TimephasedData>"
            for each in phased.stretches
        )


def _reach(task: ExportedTask) -> int:
    """The working time from a task's beginning to its end, pauses included."""
    if task.splits is None or task.summary:
        return task.duration
    if "length" in task.splits:
        return int(task.splits["length"])
    return task.duration + sum(int(gap) for _, gap in task.splits["gaps"])


def _done(task: ExportedTask) -> int:
    """How much of a task's duration is behind it."""
    if task.actual_start is None:
        return 0
    left = task.remaining
    if left is None:
        left = task.duration - task.duration * task.percent_complete // 100
    return max(0, task.duration - left)


def _rest(task: ExportedTask) -> int:
    """What a part that pauses with its task has still to come, pauses included."""
    done = _done(task)
    if not done or task.splits is None:
        return _reach(task)
    pieces = pieces_of(task.splits["gaps"], task.duration)
    return reach_of(task.duration, pieces) - resumes_at(done, pieces)


def _natural(part: ExportedAssignment, work: int, usual: int) -> int:
    """The length that a reader makes of work: by units and contour, and the usual one where rounding keeps them apart."""
    length = int(Decimal(work) / (part.units * average_of(part.contour)) + Decimal("0.5"))
    return usual if abs(length - usual) * 100 <= usual else length


def _week(days: Iterable[Ranges | None]) -> str:
    """The days that are said, from Sunday as the format counts."""
    said = [(weekday, ranges) for weekday, ranges in enumerate(days) if ranges is not None]
    if not said:
        return ""
    said.sort(key=lambda each: (each[0] + 1) % 7)
    written = [
        f"<WeekDay>{_element('DayType', (weekday + 1) % 7 + 1)}{_ranges(ranges)}</WeekDay>" for weekday, ranges in said
    ]
    return "".join(("<WeekDays>", *written, "</WeekDays>"))


def _ranges(ranges: Ranges) -> str:
    times = "".join(
        f"<WorkingTime>{_elements({'FromTime': _clock(start), 'ToTime': _clock(finish)})}</WorkingTime>"
        for start, finish in ranges
    )
    working = _element("DayWorking", bool(ranges))
    return f"{working}<WorkingTimes>{times}</WorkingTimes>" if ranges else working


def _period(first: date, last: date) -> str:
    return f"<TimePeriod><FromDate>{first}T00:00:00</FromDate><ToDate>{last}T23:59:00</ToDate></TimePeriod>"


def _availability(resource: ExportedResource) -> str:
    """All of time: outside of its periods a resource of ours has its usual units, and one of the format none."""
    if not resource.availability:
        return ""
    whole: list[tuple[date | None, date | None, Decimal]] = []
    reached: date | None = None
    periods = sorted(resource.availability, key=lambda each: each["from_date"] or "")
    for number, each in enumerate(periods):
        first = None if each["from_date"] is None else date.fromisoformat(each["from_date"])
        last = None if each["to_date"] is None else date.fromisoformat(each["to_date"])
        free_from = None if reached is None else reached + timedelta(days=1)
        if first is not None and (not number or free_from is None or free_from < first):
            whole.append((free_from, first - timedelta(days=1), resource.max_units))
        whole.append((first, last, Decimal(each["units"])))
        reached = last
    if reached is not None:
        whole.append((reached + timedelta(days=1), None, resource.max_units))
    written = [
        "<AvailabilityPeriod>"
        + _elements(
            {
                "AvailableFrom": _EARLIEST if first is None else f"{first}T00:00:00",
                "AvailableTo": _LATEST if last is None else f"{last}T23:59:00",
                "AvailableUnits": units,
            }
        )
        + "</AvailabilityPeriod>"
        for first, last, units in whole
    ]
    return "".join(("<AvailabilityPeriods>", *written, "</AvailabilityPeriods>"))


def _rates(resource: ExportedResource, per: int) -> str:
    """The tables: what each begins with, and what holds from a day on."""
    beginning = {
        "table": "A",
        "from_date": None,
        "standard_rate": resource.standard_rate or 0,
        "overtime_rate": resource.overtime_rate,
        "cost_per_use": resource.cost_per_use or 0,
    }
    rows = sorted([beginning, *(resource.rates or ())], key=lambda row: (row["table"], row["from_date"] or ""))
    written = []
    for number, row in enumerate(rows):
        following = rows[number + 1] if number + 1 < len(rows) and rows[number + 1]["table"] == row["table"] else None
        until = _LATEST
        if following is not None and following["from_date"] is not None:
            until = f"{date.fromisoformat(following['from_date']) - timedelta(days=1)}T23:59:00"
        values: dict[str, Value] = {
            "RatesFrom": _EARLIEST if row["from_date"] is None else f"{row['from_date']}T00:00:00",
            "RatesTo": until,
            "RateTable": _TABLES[row["table"]],
            "StandardRate": Decimal(row["standard_rate"] or 0),
            "StandardRateFormat": per,
            "OvertimeRate": Decimal(row["overtime_rate"] or 0),
            "OvertimeRateFormat": per,
            "CostPerUse": _hundredths(Decimal(row["cost_per_use"] or 0)),
        }
        written.append(f"<Rate>{_elements(values)}</Rate>")
    return "".join(("<Rates>", *written, "</Rates>"))
