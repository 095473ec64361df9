"""Schedule runs: what would follow from changes that nobody makes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson

from services.kernel.access import may_see_costs, require_member
from services.kernel.batch import BatchReference, Unreadable
from services.kernel.confidentiality import without_money
from services.kernel.ids import new_id
from services.kernel.problems import Problem, UnknownReference, ValidationFailed, error_at
from services.kernel.requests import Read
from services.kernel.schemas import merged, named
from services.kernel.session import Reader
from services.kernel.working_time import TICKS_PER_MINUTE, InvalidCalendar, NoWorkingTime
from services.planning.schedule import schemas as shapes
from services.planning.schedule.calendar import CalendarInvalid, calendars_of
from services.planning.schedule.dependency import DependencyCycle
from services.planning.schedule.editing import change_task, create_task
from services.planning.schedule.effort import add_part, remove_part, set_part
from services.planning.schedule.impact import impact_of
from services.planning.schedule.plan_rows import Before, PlanAssignment, PlanLink, PlanTask, task_row
from services.planning.schedule.planned_cost import amount_json
from services.planning.schedule.pricing import Pricing, RateTable
from services.planning.schedule.repository.loading import (
    active_members,
    load_calendar_documents,
    load_ledger,
    load_plan,
    load_prices,
    load_project_calendar_id,
)
from services.planning.schedule.task import TaskStatus
from services.planning.schedule.use_cases.calendars import DOCUMENT, document_of
from services.planning.schedule.use_cases.dependencies import LAG, refuse_link
from services.planning.schedule.use_cases.explanations import path_row
from services.planning.schedule.use_cases.plan_changes import plan_dates
from services.planning.schedule.working_plan import WorkingPlan

_ROWS_IN_AN_ANSWER: Final = 1_000


async def try_changes(read: Read, project_id: UUID, run: shapes.NewScheduleRun) -> dict[str, Any]:
    """Schedule the plan with the changes and answer what they would do. Nothing is stored, so no authority is needed.

    A change that cannot be made refuses the run and is named by its place.
    """
    await require_member(read.session, read.principal, project_id)
    _require_readable(run.changes)
    plan = await load_plan(read.session, project_id)
    plan_before = plan_dates(plan.start, plan.finish_before)
    before = {each.id: _standing_of(each) for each in plan.tasks.values()}
    path_before = _critical_path(plan)
    trial = await _Trial.of(read.session, plan, run.changes)
    for number, change in enumerate(run.changes, 1):
        trial.carry_out(number, change)
    trial.schedule()
    impact = impact_of(plan, await load_ledger(read.session, project_id), read.principal.person_id)
    changed = [each for each in (plan.added | plan.edited | plan.moved).values() if each.id in plan.tasks]
    sees_costs = await may_see_costs(read.session, read.principal, project_id)
    return {
        "type": "schedule_run",
        "project_id": str(project_id),
        "plan": plan_dates(plan.start, plan.finish),
        "plan_before": plan_before,
        "impact": impact if sees_costs else without_money(impact),
        "changed_tasks": [
            task_row(each) | {"version": each.version, "before": before.get(each.id)}
            for each in changed[:_ROWS_IN_AN_ANSWER]
        ],
        "changed_tasks_total": len(changed),
        "made": {reference: str(task_id) for reference, task_id in trial.made.items() if task_id in plan.tasks},
        "removed_task_ids": [str(task_id) for task_id in plan.removed],
        "critical_path_before": path_before,
        "critical_path": _critical_path(plan),
        "cost": _costs(plan) if sees_costs else None,
    }


def _require_readable(changes: Sequence[Any]) -> None:
    errors = [
        dict(error) | {"pointer": f"/changes/{index}{error['pointer']}"}
        for index, change in enumerate(changes)
        if isinstance(change, Unreadable)
        for error in change.errors
    ]
    if errors:
        raise ValidationFailed(errors=errors[:50])


def _standing_of(task: PlanTask) -> Before:
    return Before(task.start, task.finish, task.total_float_minutes, task.critical)


def _critical_path(plan: WorkingPlan) -> list[dict[str, Any]]:
    """The unfinished work that is critical, by start."""
    critical = [
        each
        for each in plan.tasks.values()
        if each.critical and not each.summary and each.active and each.status != TaskStatus.DONE
    ]
    critical.sort(key=lambda each: (each.start, each.finish, each.position or 0))
    return [path_row(each) for each in critical[:_ROWS_IN_AN_ANSWER]]


def _costs(plan: WorkingPlan) -> dict[str, Any]:
    return {
        "before": amount_json(plan.standing_before.cost, plan.currency),
        "after": amount_json(plan.standing().cost, plan.currency),
    }


class _Trial:
    """One pass over the changes of a run, on a plan in memory that nobody stores."""

    def __init__(
        self,
        plan: WorkingPlan,
        people: set[UUID],
        prices: Mapping[tuple[UUID, str], Pricing],
        documents: dict[UUID, tuple[UUID | None, str]],
        project_calendar_id: UUID | None,
    ) -> None:
        self.made: dict[str, UUID] = {}
        self._plan = plan
        self._people = people
        self._prices = prices
        self._documents = documents
        self._project_calendar_id = project_calendar_id
        # Where the links stand in the body that the run has made, for a circle that they close.
        self._places: dict[UUID, int] = {}

    @classmethod
    async def of(cls, reader: Reader, plan: WorkingPlan, changes: Sequence[Any]) -> "_Trial":
        """Look up once what the changes speak of."""
        bodies: list[shapes.TaskValues] = [each.change for each in changes if isinstance(each, shapes.TriedTaskChange)]
        bodies += [each.task for each in changes if isinstance(each, shapes.TriedNewTask)]
        wanted = {body.assignee_id for body in bodies if body.assignee_id is not None}
        people = await active_members(reader, plan.project_id, wanted) if wanted else set()
        assigns = any(isinstance(each, shapes.TriedAssignment) for each in changes)
        prices = await load_prices(reader, plan.project_id) if assigns else {}
        documents: dict[UUID, tuple[UUID | None, str]] = {}
        own_id = None
        if any(isinstance(each, shapes.TriedNewCalendar | shapes.TriedCalendarChange) for each in changes):
            documents = await load_calendar_documents(reader, plan.project_id)
            own_id = await load_project_calendar_id(reader, plan.project_id)
        return cls(plan, people, prices, documents, own_id)

    def carry_out(self, number: int, change: Any) -> None:
        """Make the n-th change, counted from 1. Raises its problem with pointers into the run."""
        place = ""
        try:
            match change:
                case shapes.TriedTaskChange():
                    task = self._task("task_id", change.task_id)
                    place = "/change"
                    change_task(self._plan, task, self._values(change.change), {})
                case shapes.TriedNewTask():
                    place = "/task"
                    self.made[f"${number}"] = create_task(self._plan, self._values(change.task), {}).id
                case shapes.TriedTaskRemoval():
                    self._plan.remove(self._task("task_id", change.task_id))
                case shapes.TriedNewDependency():
                    place = "/dependency"
                    self._add_link(number, change.dependency)
                case shapes.TriedDependencyChange():
                    self._change_link(self._link(change.dependency_id), change.change)
                case shapes.TriedDependencyRemoval():
                    self._plan.links.remove(self._link(change.dependency_id))
                case shapes.TriedNewCalendar():
                    place = "/calendar"
                    self._project_calendar_id = calendar_id = new_id()
                    self._set_calendar(calendar_id, change.calendar.base_calendar_id, document_of(change.calendar))
                case shapes.TriedCalendarChange():
                    self._change_calendar(change)
                case shapes.TriedAssignment():
                    self._assign(change)
                case shapes.TriedUnassignment():
                    self._unassign(change)
                case shapes.TriedResourceChange():
                    self._change_resource(change)
                case shapes.TriedOptions():
                    self._change_options(merged(change.change))
        except Problem as problem:
            told = problem.errors or [error_at("", problem.code, problem.title["en"])]
            problem.errors = [
                dict(each) | {"pointer": f"/changes/{number - 1}{place}{each['pointer']}"} for each in told
            ]
            raise

    def schedule(self) -> None:
        """Schedule the changed plan. A circle names the changes that added links of it."""
        try:
            self._plan.reschedule()
        except DependencyCycle as problem:
            ring = set(problem.values["task_ids"])
            problem.errors = [
                error_at(f"/changes/{index}/dependency", problem.code, problem.title["en"])
                for link in self._plan.links
                if (index := self._places.get(link.id)) is not None
                and {str(link.predecessor_id), str(link.successor_id)} <= ring
            ]
            raise

    def _task(self, name: str, reference: UUID | BatchReference) -> PlanTask:
        task_id = self.made.get(reference) if isinstance(reference, str) else reference
        task = self._plan.tasks.get(task_id) if task_id is not None else None
        if task is None:
            raise UnknownReference(name)
        return task

    def _values(self, body: "shapes.BatchTaskPatch | shapes.NewBatchTask") -> dict[str, Any]:
        values = named(body)
        for name in ("parent_id", "after_id"):
            if isinstance(values.get(name), str):
                values[name] = self._task(name, values[name]).id
        if values.get("assignee_id") is not None and values["assignee_id"] not in self._people:
            raise UnknownReference("assignee_id")
        return values

    # Links

    def _add_link(self, number: int, new: "shapes.TriedLink") -> None:
        predecessor = self._task("predecessor_id", new.predecessor_id)
        successor = self._task("successor_id", new.successor_id)
        refuse_link(self._plan, predecessor.id, successor.id)
        link = PlanLink(new_id(), predecessor.id, successor.id, new.dependency_type.value, *new.lag())
        self._plan.links.append(link)
        self._places[link.id] = number - 1

    def _link(self, dependency_id: UUID) -> PlanLink:
        link = next((each for each in self._plan.links if each.id == dependency_id), None)
        if link is None:
            raise UnknownReference("dependency_id")
        return link

    def _change_link(self, link: PlanLink, patch: "shapes.DependencyPatch") -> None:
        changes = merged(patch)
        if "dependency_type" in changes:
            link.dependency_type = patch.dependency_type.value
        if LAG & changes.keys():
            link.lag, link.lag_basis = patch.lag()

    # Calendars

    def _change_calendar(self, change: "shapes.TriedCalendarChange") -> None:
        stored = self._documents.get(change.calendar_id)
        if stored is None:
            raise UnknownReference("calendar_id")
        changes = merged(change.change)
        base_id = changes.get("base_calendar_id", stored[0])
        documented = document_of(change.change)
        document = orjson.loads(stored[1]) | {name: documented[name] for name in DOCUMENT if name in changes}
        if "is_project_calendar" in changes:
            runs_on_it = self._project_calendar_id == change.calendar_id
            if changes["is_project_calendar"]:
                self._project_calendar_id = change.calendar_id
            elif runs_on_it:
                self._project_calendar_id = None
        self._set_calendar(change.calendar_id, base_id, document)

    def _set_calendar(self, calendar_id: UUID, base_id: UUID | None, document: dict[str, Any]) -> None:
        follow, seen = base_id, {calendar_id}
        while follow is not None:
            if follow in seen or follow not in self._documents:
                raise UnknownReference("base_calendar_id")
            seen.add(follow)
            follow = self._documents[follow][0]
        self._documents[calendar_id] = (base_id, orjson.dumps(document).decode())
        try:
            calendars = calendars_of(self._documents, self._project_calendar_id, self._plan.minutes_per_day)
        except (InvalidCalendar, NoWorkingTime) as error:
            raise CalendarInvalid(reason=str(error)) from error
        self._plan.calendars = calendars

    # Resources

    def _assign(self, change: "shapes.TriedAssignment") -> None:
        task, resource = self._task("task_id", change.task_id), self._resource(change.resource_id)
        parts = self._parts(task)
        part = next((each for each in parts if each.resource_id == resource), None)
        is_new = part is None
        if part is None:
            capacity = self._plan.capacities[resource]
            part = PlanAssignment(
                task.id, resource, capacity.calendar_id, Decimal(1), 0, None, None, 0, 0, "flat", away=capacity.away
            )
            part.price = self._prices.get((resource, RateTable.A.value))
            parts.append(part)
        said: set[str] = set()
        if change.units_percent is not None:
            part.units = change.units_percent / 100
            said.add("units")
        if change.work_minutes is not None:
            part.work = change.work_minutes * TICKS_PER_MINUTE
            part.overtime = min(part.overtime, part.work)
            said.add("work")
        if is_new:
            add_part(task, parts, part, said)
        elif said:
            set_part(task, parts, part, said)
        self._put(task, parts)

    def _unassign(self, change: "shapes.TriedUnassignment") -> None:
        task, resource = self._task("task_id", change.task_id), self._resource(change.resource_id)
        parts = self._parts(task)
        part = next((each for each in parts if each.resource_id == resource), None)
        if part is None:
            raise UnknownReference("resource_id")
        rest = [each for each in parts if each is not part]
        remove_part(task, rest, part)
        self._put(task, rest)

    def _resource(self, resource_id: UUID) -> UUID:
        """Only work drives dates, so nothing else is tried."""
        if resource_id not in self._plan.capacities:
            raise UnknownReference("resource_id")
        return resource_id

    def _parts(self, task: PlanTask) -> list[PlanAssignment]:
        return [replace(each) for each in self._plan.assignments.get(task.id, ())]

    def _put(self, task: PlanTask, parts: list[PlanAssignment]) -> None:
        plan = self._plan
        plan.reassigned.setdefault(task.id, plan.assignments.get(task.id, []))
        plan.assignments[task.id] = parts
        plan.touch(task)

    def _change_resource(self, change: "shapes.TriedResourceChange") -> None:
        plan, resource = self._plan, self._resource(change.resource_id)
        units = change.max_units_percent / 100
        plan.capacities[resource] = replace(plan.capacities[resource], max_units=units, missing=())

    # Rules

    def _change_options(self, changes: dict[str, Any]) -> None:
        plan = self._plan
        plan.start = changes.pop("start", plan.start)
        plan.critical_float_minutes = changes.pop("critical_float_minutes", plan.critical_float_minutes)
        plan.options = replace(plan.options, **changes)
