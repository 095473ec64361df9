"""From a file's plan to the rows of a project: ids given, values brought into our bounds, each alteration counted."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

import orjson

from services.kernel.ids import new_id
from services.kernel.money import MINOR_UNITS, Money
from services.kernel.working_time import TICKS_PER_MINUTE, WorkingTime, to_local
from services.kernel.working_time import Calendar as WorkingCalendar
from services.planning.imports.mspdi import MspdiPlan, MspdiTask
from services.planning.schedule.effort import LEAST_UNITS, MAXIMUM_UNITS, WorkContour
from services.planning.schedule.network import Assignment, Link, LinkType, Plan, Task
from services.planning.schedule.plan_rows import Capacity, Options, PlanAssignment, PlanLink, PlanTask, new_task
from services.planning.schedule.task import TaskStatus, TaskType
from services.planning.schedule.working_plan import WorkingPlan

_RESOURCE_TYPES: Final = {0: "material", 1: "work", 2: "cost"}
_TASK_TYPES: Final = {0: TaskType.FIXED_UNITS, 1: TaskType.FIXED_DURATION, 2: TaskType.FIXED_WORK}
_LINK_TYPES: Final = {
    LinkType.FINISH_START: "finish_to_start",
    LinkType.START_START: "start_to_start",
    LinkType.FINISH_FINISH: "finish_to_finish",
    LinkType.START_FINISH: "start_to_finish",
}
# As the format numbers them; the eighth, spread by hand, is a flat one with a length of its own.
_CONTOURS: Final = tuple(WorkContour)
_LONGEST_TITLE: Final = 300
_LONGEST_NOTES: Final = 20_000
_PROJECT: Final = "project"


@dataclass(slots=True)
class TakenOver:
    """Rows by table, what the reader should know of, and the ids that were given to the file's own."""

    calendars: list[dict[str, Any]] = field(default_factory=list)
    resources: list[dict[str, Any]] = field(default_factory=list)
    assignments: list[dict[str, Any]] = field(default_factory=list)
    dependencies: list[dict[str, Any]] = field(default_factory=list)
    texts: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    task_ids: dict[int, UUID] = field(default_factory=dict)
    alterations: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    project_calendar_id: UUID | None = None

    def altered(self, path: str, disposition: str, reason: str) -> None:
        """Count an alteration for the report."""
        self.alterations[path, disposition, reason] += 1


def frame_of(source: Plan, mspdi: MspdiPlan, calendar_id: UUID | None) -> dict[str, Any]:
    """The project's own values as the file has them."""
    return {
        "start": to_local(source.start),
        "status_date": mspdi.project.status_date,
        "calendar_id": calendar_id,
        "minutes_per_day": min(source.minutes_per_day, 1440),
        "minutes_per_week": min(mspdi.project.minutes_per_week, 10_080),
        "critical_float_minutes": source.critical_slack_limit // TICKS_PER_MINUTE,
    }


def options_of(source: Plan) -> Options:
    """The rules that the file's plan runs under."""
    finish = None if source.finish is None else to_local(source.finish)
    return Options(source.honor_constraints, source.split_in_progress, source.multiple_critical_paths, finish)


def take_over(plan: WorkingPlan, source: Plan, mspdi: MspdiPlan) -> TakenOver:
    """Put the file's tasks behind those of the plan, and collect the rows of everything else."""
    taken = TakenOver()
    calendar_ids = _calendars(plan, source, taken)
    taken.project_calendar_id = calendar_ids[source.calendar]
    resource_ids = _resources(mspdi, calendar_ids, plan.currency, taken)
    described = {task.uid: task for task in mspdi.tasks}
    for task in source.tasks:
        uid: int = task.id  # type: ignore[assignment]  # the ids of an MSPDI plan are its UIDs
        own = _task(task, described[uid], calendar_ids, taken)
        taken.task_ids[uid] = own.id
        parent_id = taken.task_ids[task.parent] if task.parent is not None else None  # type: ignore[index]
        plan.add(own, parent_id)
    _links(plan, source, mspdi, taken)
    _assignments(plan, source, mspdi, resource_ids, taken)
    return taken


def _calendars(plan: WorkingPlan, source: Plan, taken: TakenOver) -> dict[Any, UUID]:
    """Rows of the file's calendars, bases before what inherits from them."""
    ids: dict[Any, UUID] = {}
    by_object: dict[int, UUID] = {}

    def keep(key: object, calendar: WorkingTime) -> UUID:
        known = by_object.get(id(calendar))
        if known is not None:
            return known
        assert isinstance(calendar, WorkingCalendar)
        base_id = keep(None, calendar.base) if calendar.base is not None else None
        calendar_id = by_object[id(calendar)] = new_id()
        document = calendar.to_json()
        name = document["name"][:_LONGEST_TITLE] or f"Calendar {key}"
        row = {
            "id": calendar_id,
            "name": name,
            "base_calendar_id": base_id,
            "document": orjson.dumps(document).decode(),
        }
        taken.calendars.append(row)
        plan.calendars[calendar_id] = calendar
        return calendar_id

    for key, calendar in source.calendars.items():
        # The plan's fallback calendar is kept only where the file names none for the project.
        if key != _PROJECT or source.calendar == _PROJECT:
            ids[key] = keep(key, calendar)
    return ids


def _resources(mspdi: MspdiPlan, calendar_ids: dict[Any, UUID], currency: str, taken: TakenOver) -> dict[int, UUID]:
    ids: dict[int, UUID] = {}
    money = mspdi.project.currency if mspdi.project.currency in MINOR_UNITS else currency
    for resource in mspdi.resources:
        if resource.is_null or not (resource.name or resource.uid > 0):
            continue
        ids[resource.uid] = new_id()
        rate: Decimal | None = None
        if resource.standard_rate > 0:
            rate = Money.rounded(resource.standard_rate, money).amount
        email = resource.email[:254] if "@" in resource.email else None
        taken.resources.append(
            {
                "id": ids[resource.uid],
                "name": _line(resource.name) or f"Resource {resource.uid}",
                "email": email,
                "resource_type": _RESOURCE_TYPES.get(resource.type, "work"),
                "max_units": min(max(resource.max_units, Decimal(0)), Decimal(10_000)),
                "standard_rate": rate,
                "currency": money if rate is not None else None,
                "calendar_id": calendar_ids.get(resource.calendar_uid),
                "person_id": None,
            }
        )
    return ids


def _task(task: Task, described: MspdiTask, calendar_ids: dict[Any, UUID], taken: TakenOver) -> PlanTask:
    title = _line(described.name)
    if not title or title != described.name.strip():
        taken.altered("Project/Tasks/Task/Name", "changed", "titles are one line of 1 to 300 characters")
    if described.percent_complete != min(max(described.percent_complete, 0), 100):
        taken.altered("Project/Tasks/Task/PercentComplete", "changed", "brought into 0 to 100")
    percent = min(max(task.percent_complete, 0), 100)
    begun = task.actual_start is not None or percent > 0
    status = TaskStatus.DONE if percent == 100 else TaskStatus.IN_PROGRESS if begun else TaskStatus.TODO
    # A finished task without an actual start began when the file says that it did.
    actual_start = (
        described.start if task.actual_finish is not None and task.actual_start is None else described.actual_start
    )
    dates_given = task.manual or task.external
    own = new_task(
        new_id(),
        title or f"Task {described.uid}",
        wbs_custom=described.wbs[:60] if described.wbs and described.wbs != described.outline_number else None,
        milestone=task.milestone,
        manual=task.manual,
        active=task.active,
        external=task.external,
        placeholder=task.placeholder,
        duration=max(task.duration, 0),
        elapsed=task.elapsed,
        task_type=_TASK_TYPES.get(described.type, TaskType.FIXED_UNITS).value,
        constraint_type=task.constraint.name.lower(),
        constraint_date=described.constraint_date,
        deadline=described.deadline,
        calendar_id=calendar_ids.get(task.calendar),
        ignore_resource_calendars=task.ignore_resource_calendars,
        effort_driven=described.effort_driven,
        priority=min(max(task.priority, 0), 1000),
        levelling_delay=task.levelling_delay,
        splits=_splits(task),
        percent_complete=percent,
        actual_start=actual_start,
        actual_finish=described.actual_finish,
        remaining=task.remaining,
        stop=described.stop,
        resume=described.resume,
        manual_start=described.start if dates_given else None,
        manual_finish=described.finish if dates_given else None,
        status=status.value,
    )
    notes = described.notes
    if len(notes) > _LONGEST_NOTES:
        taken.altered("Project/Tasks/Task/Notes", "changed", "cut after 20,000 characters")
    taken.texts[own.id] = {"notes": notes[:_LONGEST_NOTES], "import_uid": described.uid}
    return own


def _splits(task: Task) -> dict[str, Any] | None:
    """Splits of a task without a resource, which the file keeps in a part that is nobody's."""
    if task.splits:
        done, gaps = 0, []
        for before, after in pairwise(task.splits):
            done += before.work
            gaps.append([done, after.offset - before.offset - before.work])
        return {"gaps": gaps}
    for part in task.assignments:
        if isinstance(part.resource_id, int) and part.resource_id < 0:
            return {"length": part.duration or task.duration, "remaining": part.remaining or 0}
    return None


def _links(plan: WorkingPlan, source: Plan, mspdi: MspdiPlan, taken: TakenOver) -> None:
    seen: set[tuple[UUID, UUID]] = set()
    path = "Project/Tasks/Task/PredecessorLink"
    for link in source.links:
        ends = taken.task_ids[link.predecessor], taken.task_ids[link.successor]  # type: ignore[index]
        if ends in seen:
            taken.altered(path, "dropped", "the two tasks are linked already")
            continue
        seen.add(ends)
        own = _link(link, *ends)
        plan.links.append(own)
        taken.dependencies.append(
            {
                "id": own.id,
                "predecessor_id": own.predecessor_id,
                "successor_id": own.successor_id,
                "dependency_type": own.dependency_type,
                "lag": own.lag,
                "lag_basis": own.lag_basis,
            }
        )
    lost = sum(len(task.links) for task in mspdi.tasks if task.uid in taken.task_ids) - len(source.links)
    if lost > 0:
        taken.alterations[
            path, "dropped", "the other end is in another project, is not in the file or is the task itself"
        ] += lost


def _link(link: Link, predecessor_id: UUID, successor_id: UUID) -> PlanLink:
    return PlanLink(new_id(), predecessor_id, successor_id, _LINK_TYPES[link.type], link.lag, link.basis.value)


def _assignments(
    plan: WorkingPlan, source: Plan, mspdi: MspdiPlan, resource_ids: dict[int, UUID], taken: TakenOver
) -> None:
    scheduled: dict[tuple[int, int], Assignment] = {}
    durations: dict[int, int] = {}
    for task in source.tasks:
        durations[task.id] = task.duration  # type: ignore[index]
        for part in task.assignments:
            scheduled[task.id, part.resource_id] = part  # type: ignore[index]
    resources = {row["id"]: row for row in taken.resources}
    seen: set[tuple[int, int]] = set()
    for item in mspdi.assignments:
        task_id, resource_id = taken.task_ids.get(item.task_uid), resource_ids.get(item.resource_uid)
        pair = item.task_uid, item.resource_uid
        if task_id is None or resource_id is None or pair in seen or item.units <= 0:
            if item.resource_uid >= 0:
                reason = "without a task, a resource or units, or a second one of the same pair"
                taken.altered("Project/Assignments/Assignment", "dropped", reason)
            continue
        seen.add(pair)
        known = scheduled.get(pair)
        length = known.duration if known is not None else None
        own: dict[str, Any] = {
            "id": new_id(),
            "task_id": task_id,
            "resource_id": resource_id,
            "units": min(max(item.units, LEAST_UNITS), MAXIMUM_UNITS).quantize(LEAST_UNITS),
            "work": max(item.work, 0),
            "duration": None if length == durations[item.task_uid] else length,
            "remaining": known.remaining if known is not None else None,
            "delay": max(known.delay if known is not None else item.delay, 0),
            "overtime": min(max(item.overtime_work, 0), max(item.work, 0)),
            "contour": _CONTOURS[item.contour] if 0 <= item.contour < len(_CONTOURS) else _CONTOURS[0],
        }
        taken.assignments.append(own)
        resource = resources[resource_id]
        rate = resource["standard_rate"] if resource["currency"] == plan.currency else None
        if resource["resource_type"] == "work":
            plan.capacities[resource_id] = Capacity(
                resource_id, resource["name"], resource["max_units"], resource["calendar_id"], None
            )
            plan.assignments.setdefault(task_id, []).append(
                PlanAssignment(
                    task_id,
                    resource_id,
                    resource["calendar_id"],
                    own["units"],
                    own["work"],
                    own["duration"],
                    own["remaining"],
                    own["delay"],
                    own["overtime"],
                    own["contour"],
                    rate,
                )
            )
        elif resource["resource_type"] == "material" and rate is not None:
            plan.materials[task_id] = plan.materials.get(task_id, Decimal(0)) + own["units"] * rate


def baselines_of(mspdi: MspdiPlan, plan: WorkingPlan, taken: TakenOver) -> dict[int, list[tuple[Any, ...]]]:
    """Rows of the file's baselines by number: (task, WBS code, title, start, finish, minutes)."""
    found: dict[int, dict[UUID, tuple[Any, ...]]] = {}
    for described in mspdi.tasks:
        task_id = taken.task_ids.get(described.uid)
        if task_id is None:
            continue
        task = plan.tasks[task_id]
        for baseline in described.baselines:
            start: datetime | None = baseline.start
            if start is None or baseline.finish is None:
                continue
            minutes = round((baseline.duration or 0) / TICKS_PER_MINUTE)
            row = (task_id, task.wbs_code, task.title, start, baseline.finish, minutes)
            found.setdefault(baseline.number, {}).setdefault(task_id, row)
    return {number: list(rows.values()) for number, rows in found.items()}


def _line(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_TITLE]
