"""Writes a project as JSON that Tandem reads again: one line for each thing, in an order that stays, with sorted members.

The shapes are those of the reader (`services.planning.imports.tandem_json`), so there is one description of the document.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson

from services.kernel.working_time import TICKS_PER_MINUTE
from services.planning.exports.loss import Loss, counted, hidden
from services.planning.exports.plan_contents import (
    ExportedAbsence,
    ExportedAssignment,
    ExportedBaseline,
    ExportedCalendar,
    ExportedResource,
    ExportedTask,
    PlanContents,
)
from services.planning.imports.tandem_json import FORMAT, VERSION
from services.planning.schedule.plan_rows import PlanLink

_LINES_AT_ONCE: Final = 500


def write_project_json(contents: PlanContents) -> Iterator[bytes]:
    """The document in pieces, in UTF-8."""
    yield b'{"format":%s,"version":%d,\n"project":' % (orjson.dumps(FORMAT), VERSION)
    yield _line(_project(contents))
    folders: Sequence[tuple[str, Iterable[Mapping[str, Any]]]] = (
        ("calendars", map(_calendar, contents.calendars)),
        ("tasks", map(_task, contents.tasks)),
        ("dependencies", map(_dependency, _in_order(contents))),
        ("resources", map(_resource, contents.resources)),
        ("absences", map(_absence, contents.absences)),
        ("assignments", map(_assignment, contents.assignments)),
        ("baselines", map(_baseline, contents.baselines)),
    )
    for name, things in folders:
        yield b',\n"%s":[' % name.encode()
        yield from _lines(things)
        yield b"]"
    yield b"}\n"


def project_json_losses(contents: PlanContents) -> list[Loss]:
    """What the document does not hold, or an import of it does not take over."""
    found: Counter[tuple[str, str]] = hidden(contents)
    live = {task.id for task in contents.tasks}
    anew = "an import leaves to whoever imports who it is"
    found["task.assignee_id", anew] = sum(task.assignee_id is not None for task in contents.tasks)
    found["resource.person_id", anew] = sum(each.person is not None for each in contents.resources)
    once = "an import leaves it out, since a name of another system is one thing's"
    found["task.external_refs", once] = sum(bool(task.external_refs) for task in contents.tasks)
    found["resource.external_refs", once] = sum(bool(each.external_refs) for each in contents.resources)
    found["baseline_task", "an import leaves out a task that is no longer in the plan"] = sum(
        row.task_id not in live for each in contents.baselines for row in each.rows
    )
    return counted(found)


def _line(thing: Mapping[str, Any]) -> bytes:
    return orjson.dumps(thing, default=str, option=orjson.OPT_SORT_KEYS)


def _lines(things: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    gathered: list[bytes] = []
    before = b"\n"
    for thing in things:
        gathered.append(_line(thing))
        if len(gathered) == _LINES_AT_ONCE:
            yield before + b",\n".join(gathered)
            before = b",\n"
            gathered.clear()
    if gathered:
        yield before + b",\n".join(gathered)


def _in_order(contents: PlanContents) -> Iterator[PlanLink]:
    for task in contents.tasks:
        yield from contents.links_by_successor.get(task.id, ())


def _minutes(ticks: int | None) -> float | int | None:
    """Ticks as minutes to a tenth, which as a binary float comes back as the same ticks."""
    if ticks is None:
        return None
    return ticks / TICKS_PER_MINUTE if ticks % TICKS_PER_MINUTE else ticks // TICKS_PER_MINUTE


def _name(object_id: UUID | None) -> str | None:
    return None if object_id is None else str(object_id)


def _decimal(number: Decimal | None) -> str | None:
    return None if number is None else f"{number.normalize():f}"


def _project(contents: PlanContents) -> dict[str, Any]:
    project = contents.project
    names = (
        *("key", "name", "description", "status", "time_zone", "currency", "start", "finish", "status_date"),
        *("minutes_per_day", "minutes_per_week", "finish_target", "honor_constraints", "split_in_progress"),
        *("multiple_critical_paths", "critical_float_minutes"),
    )
    return {name: getattr(project, name) for name in names} | {"calendar": _name(project.calendar_id)}


def _calendar(calendar: ExportedCalendar) -> dict[str, Any]:
    document = {name: calendar.document.get(name, []) for name in ("days", "exceptions", "work_weeks")}
    return document | {
        "id": _name(calendar.id),
        "name": calendar.name,
        "base": _name(calendar.base_id),
        "holidays": calendar.document.get("holidays"),
    }


def _splits(splits: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if splits is None:
        return None
    if "gaps" in splits:
        gaps = [{"after_minutes": _minutes(after), "gap_minutes": _minutes(gap)} for after, gap in splits["gaps"]]
        return {"gaps": gaps}
    return {"length_minutes": _minutes(splits["length"]), "remaining_minutes": _minutes(splits["remaining"])}


_OF_A_TASK: Final = (
    *(
        "wbs_code",
        "wbs_custom",
        "title",
        "notes",
        "labels",
        "status",
        "assignee",
        "milestone",
        "recurring",
        "manual",
        "active",
    ),
    *("external", "placeholder", "elapsed", "task_type", "effort_driven", "constraint_type", "constraint_date"),
    *("deadline", "ignore_resource_calendars", "priority", "percent_complete", "actual_start", "actual_finish"),
    *("stop", "resume", "manual_start", "manual_finish", "external_refs", "start", "finish", "total_float_minutes"),
    "critical",
)


def _task(task: ExportedTask) -> dict[str, Any]:
    return {name: getattr(task, name) for name in _OF_A_TASK} | {
        "id": _name(task.id),
        "parent": _name(task.parent_id),
        "calendar": _name(task.calendar_id),
        "duration_minutes": _minutes(task.duration),
        "remaining_minutes": _minutes(task.remaining),
        "levelling_delay_minutes": _minutes(task.levelling_delay),
        "splits": _splits(task.splits),
    }


def _dependency(link: PlanLink) -> dict[str, Any]:
    in_per_cent = link.lag_basis in ("percent", "elapsed_percent")
    return {
        "predecessor": _name(link.predecessor_id),
        "successor": _name(link.successor_id),
        "dependency_type": link.dependency_type,
        "lag": link.lag if in_per_cent else _minutes(link.lag),
        "lag_basis": link.lag_basis,
    }


def _resource(resource: ExportedResource) -> dict[str, Any]:
    names = (
        "name",
        "email",
        "resource_type",
        "work_kind",
        "unit",
        "availability",
        "accrual",
        "person",
        "external_refs",
    )
    return {name: getattr(resource, name) for name in names} | {
        "id": _name(resource.id),
        "team": _name(resource.team_id),
        "calendar": _name(resource.calendar_id),
        "max_units": _decimal(resource.max_units),
        "standard_rate": _decimal(resource.standard_rate),
        "overtime_rate": _decimal(resource.overtime_rate),
        "cost_per_use": _decimal(resource.cost_per_use),
        "rates": resource.rates,
        "currency": resource.currency if resource.rates is not None else None,
    }


def _absence(absence: ExportedAbsence) -> dict[str, Any]:
    names = ("starts_on", "ends_on", "kind", "note", "confidential")
    return {name: getattr(absence, name) for name in names} | {"resource": _name(absence.resource_id)}


def _assignment(part: ExportedAssignment) -> dict[str, Any]:
    return {
        "task": _name(part.task_id),
        "resource": _name(part.resource_id),
        "units": _decimal(part.units),
        "work_minutes": _minutes(part.work),
        "length_minutes": _minutes(part.duration),
        "remaining_minutes": _minutes(part.remaining),
        "delay_minutes": _minutes(part.delay),
        "overtime_minutes": _minutes(part.overtime),
        "contour": part.contour,
        "rate_table": part.rate_table,
        "cost": _decimal(part.cost),
    }


def _baseline(baseline: ExportedBaseline) -> dict[str, Any]:
    set_at: datetime = baseline.set_at
    return {
        "number": baseline.number,
        "name": baseline.name,
        "reason": baseline.reason,
        "set_at": set_at,
        "tasks": [
            {
                "task": _name(row.task_id),
                "wbs_code": row.wbs_code,
                "title": row.title,
                "start": row.start,
                "finish": row.finish,
                "duration_minutes": row.duration_minutes,
            }
            for row in baseline.rows
        ],
    }
