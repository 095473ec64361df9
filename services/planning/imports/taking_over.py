"""From a file's plan to the rows of a project: ids given, values brought into our bounds, each alteration counted."""

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

import orjson

from services.kernel.ids import new_id
from services.kernel.money import MINOR_UNITS, Money
from services.kernel.working_time import TICKS_PER_MINUTE, WorkingTime, to_local, to_ticks
from services.kernel.working_time import Calendar as WorkingCalendar
from services.planning.imports.file_plan import FilePlan
from services.planning.imports.mspdi import MspdiPlan, MspdiResource, MspdiTask
from services.planning.schedule.availability import Availability, Staff, capacities_of
from services.planning.schedule.effort import LEAST_UNITS, MAXIMUM_UNITS, WorkContour
from services.planning.schedule.network import Assignment, Link, LinkType, Plan, Task
from services.planning.schedule.plan_rows import (
    Options,
    PlanAssignment,
    PlanExpense,
    PlanLink,
    PlanTask,
    new_task,
)
from services.planning.schedule.pricing import FOR_GOOD, Accrual, Pricing, Rate, RateTable, pricing_of
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
# As the format numbers them.
_ACCRUALS: Final = {1: Accrual.START, 2: Accrual.END, 3: Accrual.PRORATED}
# What a resource may have of dated rates and of periods.
_MOST_ROWS: Final = 100
_PERIODS: Final = "Project/Resources/Resource/AvailabilityPeriods"
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
    known: set[int] = field(default_factory=set)
    alterations: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    project_calendar_id: UUID | None = None
    calendar_ids: dict[Any, UUID] = field(default_factory=dict)
    resource_ids: dict[int, UUID] = field(default_factory=dict)
    absences: list[dict[str, Any]] = field(default_factory=list)
    references: set[tuple[str, str, str]] = field(default_factory=set)

    @property
    def made(self) -> dict[str, list[UUID]]:
        """The ids of everything that is new, by noun."""
        return {
            "task": list(self.texts),
            "dependency": [row["id"] for row in self.dependencies],
            "assignment": [row["id"] for row in self.assignments],
            "resource": [row["id"] for row in self.resources],
            "calendar": [row["id"] for row in self.calendars],
            "absence": [row["id"] for row in self.absences],
        }

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


@dataclass(frozen=True, slots=True)
class Known:
    """What of the file the project has already: tasks by their UID, and persons of the file that are resources of it.

    `refused` are the UIDs of tasks whose external name belongs to something else.
    """

    tasks: Mapping[int, UUID] = field(default_factory=dict)
    resources: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    refused: frozenset[int] = frozenset()


def take_over(
    plan: WorkingPlan, source: Plan, mspdi: MspdiPlan, file: FilePlan | None = None, known: Known | None = None
) -> TakenOver:
    """Put the file's tasks behind those of the plan, and collect the rows of everything else.

    Without a `file` it is one that says how it is scheduled, calendars included.
    """
    taken, known = TakenOver(), known or Known()
    calendar_ids: dict[Any, UUID] = {}
    if file is None or file.frame:
        calendar_ids = _calendars(plan, source, taken)
        taken.project_calendar_id = calendar_ids[source.calendar]
    resource_ids = _resources(mspdi, calendar_ids, plan.currency, taken, known)
    taken.calendar_ids, taken.resource_ids = calendar_ids, resource_ids
    described = {task.uid: task for task in mspdi.tasks}
    taken.known.update(known.tasks)
    for task in source.tasks:
        uid: int = task.id  # type: ignore[assignment]  # the ids of an MSPDI plan are its UIDs
        if uid in known.tasks:
            taken.task_ids[uid] = known.tasks[uid]
            taken.altered("tasks", "dropped", "the project has it already, by its external id")
            continue
        own = _task(task, described[uid], calendar_ids, taken)
        taken.task_ids[uid] = own.id
        if file is not None and uid in file.origins:
            _name(own, file, uid, known, taken)
        parent_id = taken.task_ids[task.parent] if task.parent is not None else None  # type: ignore[index]
        plan.add(own, parent_id)
    _links(plan, source, mspdi, taken)
    _assignments(plan, source, mspdi, resource_ids, taken, known)
    return taken


def reference_of(file: FilePlan, uid: int) -> tuple[str, str, str] | None:
    """System, type and id of a task of the file, None where the file does not name it."""
    origin = file.origins.get(uid)
    return (
        None if origin is None or not origin.id else (file.system, origin.type, unicodedata.normalize("NFC", origin.id))
    )


def _name(own: PlanTask, file: FilePlan, uid: int, known: Known, taken: TakenOver) -> None:
    """What the other system calls the task, and its labels."""
    origin, reference = file.origins[uid], reference_of(file, uid)
    text = taken.texts[own.id]
    text["labels"] = list(origin.labels)
    if reference is None:
        return
    if uid in known.refused or reference in taken.references:
        taken.altered("tasks/id", "dropped", "something else has this external id already")
        return
    taken.references.add(reference)
    system, kind, external_id = reference
    text["external_refs"] = [{"system": system, "type": kind, "id": external_id, "url": origin.url or None}]


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


def _resources(
    mspdi: MspdiPlan, calendar_ids: dict[Any, UUID], currency: str, taken: TakenOver, known: Known
) -> dict[int, UUID]:
    ids: dict[int, UUID] = {}
    # Ids of one moment are in no order by themselves; lists and what comes first follow the file.
    fresh = iter(sorted(new_id() for _ in mspdi.resources))
    money = mspdi.project.currency if mspdi.project.currency in MINOR_UNITS else currency
    for resource in mspdi.resources:
        if resource.is_null or not (resource.name or resource.uid > 0):
            continue
        if resource.uid in known.resources:
            ids[resource.uid] = known.resources[resource.uid]["id"]
            continue
        ids[resource.uid] = next(fresh)
        kind = _RESOURCE_TYPES.get(resource.type, "work")
        first, dated = _rates(resource, money) if kind != "cost" else (Rate(Decimal(0)), [])
        costs = first != Rate(Decimal(0)) or bool(dated)
        email = resource.email[:254] if "@" in resource.email else None
        taken.resources.append(
            {
                "id": ids[resource.uid],
                "name": _line(resource.name) or f"Resource {resource.uid}",
                "email": email,
                "resource_type": kind,
                "unit": _line(resource.material_label)[:30] or None if kind == "material" else None,
                "max_units": min(max(resource.max_units, Decimal(0)), Decimal(10_000)),
                "availability": orjson.dumps(_availability(resource, taken) if kind == "work" else []).decode(),
                "standard_rate": first.standard or None,
                "overtime_rate": first.overtime if kind == "work" else None,
                "cost_per_use": first.per_use,
                "accrual": _ACCRUALS.get(resource.accrue_at, Accrual.PRORATED).value,
                "rates": orjson.dumps(dated).decode(),
                "currency": money if costs else None,
                "calendar_id": calendar_ids.get(resource.calendar_uid),
                "person_id": None,
            }
        )
    return ids


def _rates(resource: MspdiResource, money: str) -> tuple[Rate, list[dict[str, Any]]]:
    """What table A begins with, and the further rates as they are stored. No overtime rate is that of any other hour, for
    a resource of which the file says nothing has 0."""

    def amount(value: Decimal) -> Decimal:
        return Money.rounded(max(value, Decimal(0)), money).amount

    overtime = amount(resource.overtime_rate) if resource.overtime_rate > 0 else None
    first = Rate(amount(resource.standard_rate), overtime, amount(resource.cost_per_use))
    tables = list(RateTable)
    dated: dict[tuple[str, str], dict[str, Any]] = {}
    for each in resource.rates:
        if not 0 <= each.table < len(tables):
            continue
        day = None if each.start is None else each.start.date().isoformat()
        if each.table == 0 and day is None:
            continue
        dated[tables[each.table].value, day or ""] = {
            "table": tables[each.table].value,
            "from_date": day,
            "standard_rate": f"{amount(each.standard_rate):f}",
            "overtime_rate": f"{amount(each.overtime_rate):f}" if each.overtime_rate > 0 else None,
            "cost_per_use": f"{amount(each.cost_per_use):f}",
        }
    kept = [dated[key] for key in sorted(dated)][:_MOST_ROWS]
    unused = {table.value for table in tables if _costs_nothing(kept, table.value)}
    return first, [row for row in kept if row["table"] not in unused]


def _costs_nothing(rows: Sequence[Mapping[str, Any]], table: str) -> bool:
    """Whether it is one of the tables that the format writes though nobody has filled them."""
    own = [row for row in rows if row["table"] == table]
    free = all(not Decimal(row["standard_rate"]) and not Decimal(row["cost_per_use"]) for row in own)
    return table != RateTable.A and free


def _availability(resource: MspdiResource, taken: TakenOver) -> list[dict[str, Any]]:
    """The file's periods as they are stored. What lies outside of them has no units, as the format means it."""
    found: list[dict[str, Any]] = []
    reached: date | None = None
    periods = sorted(
        resource.availability, key=lambda each: to_ticks(each.start) if each.start is not None else -FOR_GOOD
    )
    if len(periods) > _MOST_ROWS // 2:
        taken.altered(f"{_PERIODS}/AvailabilityPeriod", "dropped", "a resource has at most 50 periods")
    for number, each in enumerate(periods[: _MOST_ROWS // 2]):
        first = None if each.start is None else each.start.date()
        last = None if each.finish is None else each.finish.date()
        follows = number > 0
        if (follows and (first is None or reached is None or first <= reached)) or (first and last and last < first):
            taken.altered(
                f"{_PERIODS}/AvailabilityPeriod", "dropped", "it overlaps another one, or ends before it begins"
            )
            continue
        gap_from = None if reached is None else reached + timedelta(days=1)
        if first is not None and (gap_from is None or gap_from < first):
            found.append(_period(gap_from, first - timedelta(days=1), Decimal(0)))
        found.append(_period(first, last, min(max(each.units, Decimal(0)), Decimal(100))))
        reached = last
    if found and found[-1]["to_date"] is not None and reached is not None:
        found.append(_period(reached + timedelta(days=1), None, Decimal(0)))
    return found if any(Decimal(each["units"]) != resource.max_units for each in found) else []


def _period(first: date | None, last: date | None, units: Decimal) -> dict[str, Any]:
    return {
        "from_date": None if first is None else first.isoformat(),
        "to_date": None if last is None else last.isoformat(),
        "units": str(units),
    }


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
    taken.texts[own.id] = {
        "notes": notes[:_LONGEST_NOTES],
        "import_uid": described.uid,
        "recurring": described.recurring,
    }
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
    seen = {(link.predecessor_id, link.successor_id) for link in plan.links}
    path = "Project/Tasks/Task/PredecessorLink"
    for link in source.links:
        ends = taken.task_ids[link.predecessor], taken.task_ids[link.successor]  # type: ignore[index]
        if link.predecessor in taken.known and link.successor in taken.known:
            continue
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
    plan: WorkingPlan,
    source: Plan,
    mspdi: MspdiPlan,
    resource_ids: dict[int, UUID],
    taken: TakenOver,
    known_before: Known,
) -> None:
    scheduled: dict[tuple[int, int], Assignment] = {}
    durations: dict[int, int] = {}
    for task in source.tasks:
        durations[task.id] = task.duration  # type: ignore[index]
        for part in task.assignments:
            scheduled[task.id, part.resource_id] = part  # type: ignore[index]
    resources: dict[UUID, Mapping[str, Any]] = {row["id"]: row for row in taken.resources}
    resources |= {row["id"]: row for row in known_before.resources.values()}
    money = mspdi.project.currency if mspdi.project.currency in MINOR_UNITS else plan.currency
    tables = list(RateTable)
    seen: set[tuple[int, int]] = set()
    fresh = iter(sorted(new_id() for _ in mspdi.assignments))
    for item in mspdi.assignments:
        task_id, resource_id = taken.task_ids.get(item.task_uid), resource_ids.get(item.resource_uid)
        pair = item.task_uid, item.resource_uid
        if item.task_uid in taken.known:
            continue
        if task_id is None or resource_id is None or pair in seen or item.units <= 0:
            if item.resource_uid >= 0:
                reason = "without a task, a resource or units, or a second one of the same pair"
                taken.altered("Project/Assignments/Assignment", "dropped", reason)
            continue
        seen.add(pair)
        known = scheduled.get(pair)
        length = known.duration if known is not None else None
        own: dict[str, Any] = {
            "id": next(fresh),
            "task_id": task_id,
            "resource_id": resource_id,
            "units": min(max(item.units, LEAST_UNITS), MAXIMUM_UNITS).quantize(LEAST_UNITS),
            "work": max(item.work, 0),
            "duration": None if length == durations[item.task_uid] else length,
            "remaining": known.remaining if known is not None else None,
            "delay": max(known.delay if known is not None else item.delay, 0),
            "overtime": min(max(item.overtime_work, 0), max(item.work, 0)),
            "contour": _CONTOURS[item.contour] if 0 <= item.contour < len(_CONTOURS) else _CONTOURS[0],
            "rate_table": tables[item.rate_table].value if 0 <= item.rate_table < len(tables) else RateTable.A.value,
            "cost": None,
        }
        taken.assignments.append(own)
        resource = resources[resource_id]
        if resource["resource_type"] == "cost" and item.cost > 0 and money == plan.currency:
            own["cost"] = Money.rounded(item.cost, money).amount
        price = _price(resource, own["rate_table"]) if resource["currency"] == plan.currency else None
        if resource["resource_type"] == "work":
            if resource_id not in plan.capacities:
                available = Availability.read(resource["max_units"], resource["availability"])
                named = resource["name"], resource["max_units"], resource["calendar_id"], None, None
                plan.capacities |= capacities_of([Staff(resource_id, *named, available)])
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
                    price,
                )
            )
        elif price is not None or own["cost"] is not None:
            quantity = own["units"] if resource["resource_type"] == "material" else Decimal(0)
            expense = PlanExpense(task_id, resource_id, quantity, price, own["cost"] or Decimal(0), resource["accrual"])
            plan.expenses.setdefault(task_id, []).append(expense)


def _price(resource: Mapping[str, Any], table: str) -> Pricing | None:
    first = Rate(resource["standard_rate"] or Decimal(0), resource["overtime_rate"], resource["cost_per_use"])
    return pricing_of(first, orjson.loads(resource["rates"]), table, resource["accrual"])


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
