"""What the export of a project would hold that had taken over a file, made without a database."""

import io
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

from services.kernel.ids import new_id
from services.kernel.money import MINOR_UNITS
from services.kernel.working_time import to_local
from services.planning.exports.mspdi_writer import write_mspdi
from services.planning.exports.plan_contents import (
    BaselineRow,
    ExportedAssignment,
    ExportedBaseline,
    ExportedCalendar,
    ExportedProject,
    ExportedResource,
    ExportedTask,
    PlanContents,
)
from services.planning.imports.mspdi import read_mspdi
from services.planning.imports.mspdi_plan import to_plan
from services.planning.imports.taking_over import baselines_of, frame_of, options_of, take_over
from services.planning.schedule.plan_rows import COLUMNS
from services.planning.schedule.working_plan import WorkingPlan


def contents_of(file: bytes) -> PlanContents:
    """The contents of an empty project that takes the file over."""
    mspdi = read_mspdi(io.BytesIO(file))
    source = to_plan(mspdi)
    start = to_local(source.start)
    plan = WorkingPlan(
        project_id=new_id(),
        name="Bridge",
        currency=mspdi.project.currency if mspdi.project.currency in MINOR_UNITS else "NOK",
        time_zone="Europe/Oslo",
        start=start,
        status_date=None,
        minutes_per_day=450,
        critical_float_minutes=0,
        finish_before=None,
        start_before=start,
        calendars={},
        tasks={},
    )
    taken = take_over(plan, source, mspdi)
    frame = frame_of(source, mspdi, taken.project_calendar_id)
    plan.options = options_of(source)
    plan.start, plan.status_date = frame["start"], frame["status_date"]
    plan.minutes_per_day, plan.critical_float_minutes = frame["minutes_per_day"], frame["critical_float_minutes"]
    plan.calendars["project"] = source.calendars[source.calendar]
    plan.reschedule()
    options = plan.options
    baselines = baselines_of(mspdi, plan, taken)
    tasks = [
        ExportedTask(
            **{name: getattr(each, name) for name in COLUMNS},
            **taken.texts[each.id],
            labels=[],
            external_refs=[],
            updated_at=datetime(2026, 3, 2, tzinfo=UTC),
            assignee=None,
        )
        for each in sorted(plan.tasks.values(), key=lambda task: task.position or 0)
    ]
    place = {each: number for number, each in enumerate((*plan.tasks, *(row["id"] for row in taken.resources)))}
    place |= {task.id: number for number, task in enumerate(tasks)}
    assignments = [ExportedAssignment(**row) for row in taken.assignments]
    return PlanContents(
        project=ExportedProject(
            plan.project_id,
            "BRIDGE",
            plan.name,
            "",
            "planning",
            plan.time_zone,
            plan.currency,
            plan.start,
            plan.finish,
            plan.status_date,
            taken.project_calendar_id,
            plan.minutes_per_day,
            frame["minutes_per_week"],
            options.finish_target,
            options.honor_constraints,
            options.split_in_progress,
            options.multiple_critical_paths,
            plan.critical_float_minutes,
        ),
        calendars=[
            ExportedCalendar(row["id"], row["name"], row["base_calendar_id"], orjson.loads(row["document"]))
            for row in sorted(taken.calendars, key=lambda row: str(row["name"]))
        ],
        tasks=tasks,
        links=plan.links,
        resources=[_resource(row) for row in taken.resources],
        assignments=sorted(assignments, key=lambda each: (place[each.task_id], place[each.resource_id])),
        baselines=[
            ExportedBaseline(
                number, f"Baseline {number}", "", datetime(2026, 3, 2, tzinfo=UTC), [BaselineRow(*row) for row in rows]
            )
            for number, rows in sorted(baselines.items())
        ],
        working_times=plan.calendars,
        shows_rates=True,
        shows_costs=True,
    )


def _resource(row: dict[str, Any]) -> ExportedResource:
    return ExportedResource(
        row["id"],
        row["name"],
        row["email"],
        row["resource_type"],
        row["max_units"],
        None,
        None,
        row["unit"],
        orjson.loads(row["availability"]),
        row["standard_rate"],
        row["overtime_rate"],
        row["cost_per_use"],
        row["accrual"],
        orjson.loads(row["rates"]),
        row["currency"],
        row["calendar_id"],
        [],
        None,
    )


def joined(parts: Iterable[bytes]) -> bytes:
    """A file in one piece."""
    return b"".join(parts)


def written(contents: PlanContents) -> bytes:
    """The MSPDI file of the contents."""
    return joined(write_mspdi(contents))


def comparable(contents: PlanContents) -> dict[str, list[Any]]:
    """The contents without ids: what refers to something says which one of its kind it is, by its place in the file."""
    places: dict[Any, Any] = {None: None}
    for kind in ("calendars", "tasks", "resources"):
        places |= {each.id: number for number, each in enumerate(getattr(contents, kind))}

    def plain(value: Any, *without: str) -> dict[str, Any]:
        found = {}
        for name in value.__dataclass_fields__:
            if name in ("id", "version", "driving_dependency_id", *without):
                continue
            held = getattr(value, name)
            if name.endswith("_id"):
                held = places[held]
            found[name] = held.normalize() if isinstance(held, Decimal) else held
        return found

    return {
        "project": [plain(contents.project)],
        "calendars": [plain(each, "document") | {**each.document, "name": each.name} for each in contents.calendars],
        "tasks": [plain(each) for each in contents.tasks],
        "links": sorted(
            (plain(each) for each in contents.links), key=lambda link: (link["predecessor_id"], link["successor_id"])
        ),
        "resources": [plain(each) for each in contents.resources],
        "assignments": sorted(
            (plain(each) for each in contents.assignments), key=lambda part: (part["task_id"], part["resource_id"])
        ),
        "baselines": [
            plain(each, "rows", "name", "reason", "set_at") | {"rows": [plain(row) for row in each.rows]}
            for each in contents.baselines
        ],
    }
