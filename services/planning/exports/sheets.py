"""A plan as tables: which columns there are and what stands in each row. How a table is written is for its writers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from services.kernel.working_time import TICKS_PER_HOUR, TICKS_PER_MINUTE
from services.planning.exports.plan_contents import BaselineRow, ExportedTask, PlanContents
from services.planning.schedule.plan_rows import PlanLink

# A text, a number, a moment of local time, yes or no, or nothing.
Cell = str | int | Decimal | datetime | bool | None
Row = tuple[Cell, ...]


class SheetName(StrEnum):
    """The tables that a plan makes."""

    TASKS = "tasks"
    LINKS = "links"
    RESOURCES = "resources"
    ASSIGNMENTS = "assignments"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its columns by their codes, and its rows, which are made as they are asked for."""

    name: SheetName
    columns: tuple[str, ...]
    rows: Callable[[], Iterator[Row]]


_LINK_CODES: Final = {
    "finish_to_start": "FS",
    "start_to_start": "SS",
    "finish_to_finish": "FF",
    "start_to_finish": "SF",
}
_LAG_UNITS: Final = {
    "working": "minutes",
    "elapsed": "elapsed_minutes",
    "percent": "percent",
    "elapsed_percent": "elapsed_percent",
}
_TASKS: Final = (
    *("id", "wbs_code", "title", "outline_level", "status", "percent_complete", "start", "finish", "duration_days"),
    *("milestone", "summary", "critical", "total_float_days", "predecessors", "resources", "assignee", "deadline"),
    *("constraint_type", "constraint_date", "actual_start", "actual_finish", "baseline_start", "baseline_finish"),
    *("priority", "labels", "notes"),
)
_LINKS: Final = (*("predecessor_id", "predecessor", "successor_id", "successor", "dependency_type", "lag", "lag_unit"),)
_RESOURCES: Final = (
    *("name", "email", "resource_type", "work_kind", "team", "max_units_percent", "unit"),
    *("standard_rate", "overtime_rate", "cost_per_use", "currency"),
)
_ASSIGNMENTS: Final = (
    *("task_id", "task", "resource", "units_percent", "quantity", "work_hours", "overtime_hours", "contour"),
    *("rate_table", "cost", "currency"),
)


def sheets_of(contents: PlanContents) -> dict[SheetName, Sheet]:
    """Every table of the plan. Tasks are numbered in the order of the plan, and links speak of these numbers."""
    numbers = {task.id: number for number, task in enumerate(contents.tasks, 1)}
    return {
        SheetName.TASKS: Sheet(SheetName.TASKS, _TASKS, lambda: _tasks(contents, numbers)),
        SheetName.LINKS: Sheet(SheetName.LINKS, _LINKS, lambda: _links(contents, numbers)),
        SheetName.RESOURCES: Sheet(SheetName.RESOURCES, _RESOURCES, lambda: _resources(contents)),
        SheetName.ASSIGNMENTS: Sheet(SheetName.ASSIGNMENTS, _ASSIGNMENTS, lambda: _assignments(contents, numbers)),
    }


def _tasks(contents: PlanContents, numbers: Mapping[UUID, int]) -> Iterator[Row]:
    day = contents.project.minutes_per_day * TICKS_PER_MINUTE
    names = {each.id: each.name for each in contents.resources}
    last = contents.baselines[-1].rows if contents.baselines else ()
    agreed: dict[UUID, BaselineRow] = {row.task_id: row for row in last}
    for task in contents.tasks:
        # Elapsed time is counted around the clock.
        length = Decimal(task.duration) / (24 * TICKS_PER_HOUR if task.elapsed else day)
        baseline = agreed.get(task.id)
        parts = contents.assignments_by_task.get(task.id, ())
        yield (
            numbers[task.id],
            task.wbs_code,
            task.title,
            task.outline_level,
            task.status,
            task.percent_complete,
            task.start,
            task.finish,
            round(length, 4),
            task.milestone,
            task.summary,
            task.critical,
            round(Decimal(task.total_float_minutes * TICKS_PER_MINUTE) / day, 4),
            ";".join(_predecessor(link, numbers) for link in contents.links_by_successor.get(task.id, ())),
            "; ".join(names[each.resource_id] for each in parts),
            task.assignee,
            task.deadline,
            None if task.constraint_type == "as_soon_as_possible" else task.constraint_type,
            task.constraint_date,
            task.actual_start,
            task.actual_finish,
            baseline.start if baseline is not None else None,
            baseline.finish if baseline is not None else None,
            task.priority,
            ", ".join(task.labels),
            task.notes,
        )


def _predecessor(link: PlanLink, numbers: Mapping[UUID, int]) -> str:
    """As Microsoft Project writes it: 3, 4SS, 5FF+2h, 6FS-50%. Lags are in hours or minutes, which no calendar changes."""
    number, code = numbers[link.predecessor_id], _LINK_CODES[link.dependency_type]
    if not link.lag:
        return str(number) if code == "FS" else f"{number}{code}"
    sign = "+" if link.lag > 0 else "-"
    elapsed = "e" if link.lag_basis.startswith("elapsed") else ""
    if link.lag_basis.endswith("percent"):
        return f"{number}{code}{sign}{abs(link.lag)}{elapsed}%"
    per, unit = (TICKS_PER_HOUR, "h") if link.lag % TICKS_PER_HOUR == 0 else (TICKS_PER_MINUTE, "m")
    return f"{number}{code}{sign}{Decimal(abs(link.lag)) / per:f}{elapsed}{unit}"


def _links(contents: PlanContents, numbers: Mapping[UUID, int]) -> Iterator[Row]:
    titles = {task.id: task.title for task in contents.tasks}
    for task in contents.tasks:
        for link in contents.links_by_successor.get(task.id, ()):
            in_per_cent = link.lag_basis.endswith("percent")
            yield (
                numbers[link.predecessor_id],
                titles[link.predecessor_id],
                numbers[link.successor_id],
                titles[link.successor_id],
                _LINK_CODES[link.dependency_type],
                link.lag if in_per_cent else Decimal(link.lag) / TICKS_PER_MINUTE,
                _LAG_UNITS[link.lag_basis],
            )


def _resources(contents: PlanContents) -> Iterator[Row]:
    names = {each.id: each.name for each in contents.resources}
    for each in contents.resources:
        priced = each.rates is not None and each.resource_type != "cost"
        yield (
            each.name,
            each.email,
            each.resource_type,
            each.work_kind,
            names.get(each.team_id) if each.team_id is not None else None,
            each.max_units * 100 if each.resource_type == "work" else None,
            each.unit,
            each.standard_rate if priced else None,
            each.overtime_rate if priced else None,
            each.cost_per_use if priced and each.cost_per_use else None,
            each.currency if priced else None,
        )


def _assignments(contents: PlanContents, numbers: Mapping[UUID, int]) -> Iterator[Row]:
    tasks: dict[UUID, ExportedTask] = {task.id: task for task in contents.tasks}
    for each in contents.assignments:
        resource = contents.resources_by_id[each.resource_id]
        kind: Any = resource.resource_type
        yield (
            numbers[each.task_id],
            tasks[each.task_id].title,
            resource.name,
            each.units * 100 if kind == "work" else None,
            each.units if kind == "material" else None,
            Decimal(each.work) / TICKS_PER_HOUR if kind == "work" else None,
            Decimal(each.overtime) / TICKS_PER_HOUR if each.overtime else None,
            each.contour if kind == "work" else None,
            each.rate_table if kind != "cost" else None,
            each.cost,
            contents.project.currency if each.cost is not None else None,
        )
