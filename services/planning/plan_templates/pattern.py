"""A plan as a pattern: from the rows of one project into a document of numbers and texts, and from that into those of another.

In the document a thing is called by its place in its list. Durations are ticks of a tenth of a minute, dates are working days
and minutes from the start. People are left out, and so are rates and the dated exceptions of calendars; risks and budget lines
are taken along where somebody wants that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson

from services.kernel.ids import new_id
from services.planning.plan_templates.relative_dates import WorkingDays
from services.planning.schedule.availability import Availability, Staff, capacities_of
from services.planning.schedule.plan_rows import PlanAssignment, PlanLink, PlanTask, new_task
from services.planning.schedule.working_plan import WorkingPlan

_AS_IT_IS: Final = (
    *("title", "wbs_custom", "milestone", "manual", "active", "placeholder", "duration", "elapsed", "task_type"),
    *("constraint_type", "ignore_resource_calendars", "effort_driven", "priority", "levelling_delay"),
)
_DATES: Final = ("constraint_date", "deadline", "manual_start", "manual_finish")
_OF_ASSIGNMENTS: Final = ("work", "duration", "delay", "overtime", "contour", "rate_table")


@dataclass(frozen=True, slots=True)
class Source:
    """What of a project is not in its loaded plan: rows by the names of their columns."""

    minutes_per_week: int
    calendar_id: UUID | None
    calendars: Sequence[Mapping[str, Any]]
    resources: Sequence[Mapping[str, Any]]
    assignments: Sequence[Mapping[str, Any]]
    texts: Mapping[UUID, Mapping[str, Any]]
    briefs: Sequence[Mapping[str, Any]]
    risks: Sequence[Mapping[str, Any]] = ()
    budget_lines: Sequence[Mapping[str, Any]] = ()


@dataclass(slots=True)
class Rows:
    """New rows for an empty project, the tasks as a plan has them and their texts beside."""

    frame: dict[str, Any] = field(default_factory=dict)
    calendars: list[dict[str, Any]] = field(default_factory=list)
    resources: list[dict[str, Any]] = field(default_factory=list)
    dependencies: list[dict[str, Any]] = field(default_factory=list)
    assignments: list[dict[str, Any]] = field(default_factory=list)
    briefs: list[dict[str, Any]] = field(default_factory=list)
    texts: dict[UUID, dict[str, Any]] = field(default_factory=dict)


def pattern_of(plan: WorkingPlan, source: Source, roles: Mapping[UUID, str], role_word: str) -> dict[str, Any]:
    """The plan's pattern. Whoever is a person is called by the role that `roles` gives them, else by a numbered one."""
    days = WorkingDays(plan.calendars["project"], plan.start.date())
    calendars = _bases_first(source.calendars)
    calendar_keys = {row["id"]: key for key, row in enumerate(calendars)}
    teams_first = sorted(source.resources, key=lambda row: row["team_id"] is not None)
    resource_keys = {row["id"]: key for key, row in enumerate(teams_first)}
    # What stands for a task of another project is nothing of this one.
    tasks = [task for task in plan.tasks.values() if not task.external]
    task_keys = {task.id: key for key, task in enumerate(tasks)}
    return {
        "minutes_per_day": plan.minutes_per_day,
        "minutes_per_week": source.minutes_per_week,
        "critical_float_minutes": plan.critical_float_minutes,
        "honor_constraints": plan.options.honor_constraints,
        "split_in_progress": plan.options.split_in_progress,
        "multiple_critical_paths": plan.options.multiple_critical_paths,
        "starts_at": plan.start.hour * 60 + plan.start.minute,
        "calendar": calendar_keys.get(source.calendar_id) if source.calendar_id is not None else None,
        "calendars": [_calendar(row, calendar_keys) for row in calendars],
        "resources": _resources(teams_first, resource_keys, calendar_keys, roles, role_word),
        "tasks": [_task(task, task_keys, calendar_keys, source.texts, days) for task in tasks],
        "links": [
            [
                task_keys[each.predecessor_id],
                task_keys[each.successor_id],
                each.dependency_type,
                each.lag,
                each.lag_basis,
            ]
            for each in plan.links
            if each.predecessor_id in task_keys and each.successor_id in task_keys
        ],
        "assignments": [
            {
                "task": task_keys[row["task_id"]],
                "resource": resource_keys[row["resource_id"]],
                "units": str(row["units"]),
                **{name: row[name] for name in _OF_ASSIGNMENTS},
            }
            for row in source.assignments
            if row["task_id"] in task_keys
        ],
        "briefs": [
            {"task": task_keys[row["task_id"]], **{name: row[name] for name in ("why", "done_when", "inputs")}}
            for row in source.briefs
            if row["task_id"] in task_keys
        ],
        "currency": plan.currency,
        "risks": [
            {name: row[name] for name in ("title", "cause", "event", "effect", "probability", "minutes", "costs")}
            for row in source.risks
        ],
        "budget_lines": [
            {
                "task": task_keys.get(row["task_id"]),
                **{name: row[name] for name in ("code", "name", "description", "amount")},
            }
            for row in source.budget_lines
        ],
    }


def _bases_first(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    by_id = {row["id"]: row for row in rows}

    def depth(row: Mapping[str, Any]) -> int:
        count, follow = 0, row["base_calendar_id"]
        while follow in by_id and count <= len(rows):
            count, follow = count + 1, by_id[follow]["base_calendar_id"]
        return count

    return sorted(rows, key=depth)


def _calendar(row: Mapping[str, Any], keys: Mapping[UUID, int]) -> dict[str, Any]:
    document = orjson.loads(row["document"])
    undated = document | {"exceptions": [], "work_weeks": []}
    return {"name": row["name"], "base": keys.get(row["base_calendar_id"]), "document": undated}


def _resources(
    rows: Sequence[Mapping[str, Any]],
    keys: Mapping[UUID, int],
    calendar_keys: Mapping[UUID, int],
    roles: Mapping[UUID, str],
    role_word: str,
) -> list[dict[str, Any]]:
    found, unnamed = [], 0
    for row in rows:
        role = roles.get(row["id"])
        if role is None and (row["person_id"] is not None or row["email"] is not None):
            unnamed += 1
            role = f"{role_word} {unnamed}"
        found.append(
            {
                "role": role or row["name"],
                "resource_type": row["resource_type"],
                "work_kind": row["work_kind"],
                "unit": row["unit"],
                "max_units": str(row["max_units"]),
                "accrual": row["accrual"],
                "team": keys.get(row["team_id"]),
                "calendar": calendar_keys.get(row["calendar_id"]),
            }
        )
    return found


def _task(
    task: PlanTask,
    keys: Mapping[UUID, int],
    calendar_keys: Mapping[UUID, int],
    texts: Mapping[UUID, Mapping[str, Any]],
    days: WorkingDays,
) -> dict[str, Any]:
    own = texts.get(task.id, {})
    gaps = (task.splits or {}).get("gaps")
    dates = {name: getattr(task, name) for name in _DATES}
    return {
        **{name: getattr(task, name) for name in _AS_IT_IS},
        **{name: None if moment is None else days.offset(moment) for name, moment in dates.items()},
        "parent": keys.get(task.parent_id) if task.parent_id is not None else None,
        "calendar": calendar_keys.get(task.calendar_id) if task.calendar_id is not None else None,
        "splits": {"gaps": gaps} if gaps else None,
        "notes": own.get("notes", ""),
        "labels": own.get("labels", []),
    }


def span_of(plan: WorkingPlan) -> int:
    """How many working days the plan takes, its first and last included."""
    if plan.finish_before is None:
        return 0
    return WorkingDays(plan.calendars["project"], plan.start.date()).offset(plan.finish_before)[0] + 1


_COUNTED: Final = ("calendars", "resources", "tasks", "assignments", "briefs", "risks", "budget_lines")


def counts_of(document: Mapping[str, Any]) -> dict[str, int]:
    """What is in a pattern."""
    counted = {name: len(document[name]) for name in _COUNTED}
    milestones = sum(bool(task["milestone"]) for task in document["tasks"])
    return counted | {"dependencies": len(document["links"]), "milestones": milestones}


# Into another project


def calendar_rows(document: Mapping[str, Any], rows: Rows) -> dict[int, UUID]:
    """Rows of the calendars and the project's frame. Returns the calendars' ids by their keys."""
    ids = {key: new_id() for key, _ in enumerate(document["calendars"])}
    for key, each in enumerate(document["calendars"]):
        rows.calendars.append(
            {
                "id": ids[key],
                "name": each["name"],
                "base_calendar_id": None if each["base"] is None else ids[each["base"]],
                "document": orjson.dumps(each["document"]).decode(),
            }
        )
    kept = ("minutes_per_day", "minutes_per_week", "critical_float_minutes", "honor_constraints", "split_in_progress")
    rows.frame = {name: document[name] for name in (*kept, "multiple_critical_paths")}
    if document["calendar"] is not None:
        # Else the project keeps the one that it has.
        rows.frame["calendar_id"] = ids[document["calendar"]]
    return ids


def lay_out(
    plan: WorkingPlan, document: Mapping[str, Any], calendar_ids: Mapping[int, UUID], rows: Rows
) -> list[PlanTask]:
    """Put the pattern into an empty plan whose calendars and start are known, and collect the rows of everything else.

    Returns the tasks by their places. Raises BeyondTheCalendar.
    """
    days = WorkingDays(plan.calendars["project"], plan.start.date())
    resource_ids = _resource_rows(plan, document, calendar_ids, rows)
    tasks: list[PlanTask] = []
    for each in document["tasks"]:
        task = _new_task(each, calendar_ids, days)
        tasks.append(task)
        plan.add(task, None if each["parent"] is None else tasks[each["parent"]].id)
        rows.texts[task.id] = {"notes": each["notes"], "labels": each["labels"]}
    for predecessor, successor, dependency_type, lag, basis in document["links"]:
        link = PlanLink(new_id(), tasks[predecessor].id, tasks[successor].id, dependency_type, lag, basis)
        plan.links.append(link)
        rows.dependencies.append({name: getattr(link, name) for name in _OF_LINKS})
    for each in document["assignments"]:
        _assign(plan, tasks[each["task"]], resource_ids[each["resource"]], each, rows)
    for each in document["briefs"]:
        rows.briefs.append(
            {
                "id": new_id(),
                "task_id": tasks[each["task"]].id,
                "why": each["why"],
                "done_when": orjson.dumps(each["done_when"]).decode(),
                "inputs": orjson.dumps(each["inputs"]).decode(),
                "revision": 1,
                "acknowledgements": "[]",
            }
        )
    return tasks


_OF_LINKS: Final = ("id", "predecessor_id", "successor_id", "dependency_type", "lag", "lag_basis")


def _resource_rows(
    plan: WorkingPlan, document: Mapping[str, Any], calendar_ids: Mapping[int, UUID], rows: Rows
) -> list[UUID]:
    ids = [new_id() for _ in document["resources"]]
    staff = []
    for own_id, each in zip(ids, document["resources"], strict=True):
        row = {
            "id": own_id,
            "name": each["role"],
            "resource_type": each["resource_type"],
            "work_kind": each["work_kind"],
            "unit": each["unit"],
            "max_units": Decimal(each["max_units"]),
            "accrual": each["accrual"],
            "team_id": None if each["team"] is None else ids[each["team"]],
            "calendar_id": None if each["calendar"] is None else calendar_ids[each["calendar"]],
            "external_refs": "[]",
        }
        rows.resources.append(row)
        if row["resource_type"] == "work":
            available = Availability.read(row["max_units"], "[]")
            named = row["name"], row["max_units"], row["calendar_id"], None, row["team_id"]
            staff.append(Staff(own_id, *named, available))
    plan.capacities |= capacities_of(staff)
    return ids


def _new_task(each: Mapping[str, Any], calendar_ids: Mapping[int, UUID], days: WorkingDays) -> PlanTask:
    dates: dict[str, datetime | None] = {
        name: None if each[name] is None else days.moment((each[name][0], each[name][1])) for name in _DATES
    }
    values = {name: each[name] for name in _AS_IT_IS if name != "title"}
    calendar_id = None if each["calendar"] is None else calendar_ids[each["calendar"]]
    return new_task(new_id(), each["title"], **values, **dates, calendar_id=calendar_id, splits=each["splits"])


def _assign(plan: WorkingPlan, task: PlanTask, resource_id: UUID, each: Mapping[str, Any], rows: Rows) -> None:
    own = {name: each[name] for name in _OF_ASSIGNMENTS}
    row = {"id": new_id(), "task_id": task.id, "resource_id": resource_id, "units": Decimal(each["units"]), **own}
    rows.assignments.append(row)
    capacity = plan.capacities.get(resource_id)
    if capacity is not None:
        plan.assignments.setdefault(task.id, []).append(
            PlanAssignment(
                task.id,
                resource_id,
                capacity.calendar_id,
                row["units"],
                own["work"],
                own["duration"],
                None,
                own["delay"],
                own["overtime"],
                own["contour"],
            )
        )
