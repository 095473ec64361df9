"""Resources and assignments. What drives dates by a calendar of its own reschedules the plan."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import inspect

from services.kernel.access import require_authority, require_member
from services.kernel.batch import Verbs
from services.kernel.events import FactType
from services.kernel.money import Money
from services.kernel.problems import UnknownReference, error_at
from services.kernel.schemas import merged, named
from services.kernel.session import WriteSession
from services.kernel.working_time import TICKS_PER_MINUTE
from services.planning.budget.use_cases import require_currency
from services.planning.decisions.use_cases import record_acceptance
from services.planning.external_refs.repository import claim, release
from services.planning.external_refs.upsert import Upserting
from services.planning.resources.assignment import Assignment, AssignmentExists, OvertimeBeyondWork
from services.planning.resources.events import (
    ASSIGNMENT_ADDED,
    ASSIGNMENT_CHANGED,
    ASSIGNMENT_REMOVED,
    RESOURCE_ADDED,
    RESOURCE_CHANGED,
    RESOURCE_REMOVED,
)
from services.planning.resources.repository import (
    ASSIGNMENTS,
    RESOURCES,
    belongs_to_project,
    has_members,
    is_assigned,
    kind_of,
    leave_team,
    load_assignment,
    load_resource,
    project_currency,
)
from services.planning.resources.resource import NotOfThisResource, Resource, ResourceType, WorkKind
from services.planning.resources.schemas import AssignmentPatch, DatedRate, NewAssignment, NewResource, ResourcePatch
from services.planning.schedule.effort import WorkContour, add_part, remove_part, set_part, usual_work
from services.planning.schedule.plan_rows import PlanAssignment, PlanTask
from services.planning.schedule.repository.loading import active_members, load_plan, lock_plan, reload_resources
from services.planning.schedule.repository.storing import store_parts
from services.planning.schedule.use_cases.plan_changes import PlanChange, effects_of, settle, tell_rest
from services.planning.schedule.wording import days, name_of
from services.planning.schedule.working_plan import WorkingPlan

_PLAIN = (
    *("name", "email", "resource_type", "work_kind", "team_id", "unit", "accrual"),
    *("calendar_id", "person_id", "external_refs"),
)


async def add_resource(session: WriteSession, project_id: UUID, new: NewResource) -> Resource:
    """A resource moves nothing before it is assigned."""
    await require_member(session, session.principal, project_id)
    resource = Resource(project_id=project_id)
    await _set(session, resource, new.model_dump(), new)
    session.add(resource)
    await session.flush()
    await claim(session, "resource", resource.id, resource.external_refs)
    await require_authority(session, project_id, ["resource.change"])
    await record_acceptance(
        session,
        project_id=project_id,
        kind="resource.change",
        question=f"May the resource {resource.name} be added?",
        chosen="added",
        subject_type="resource",
        subject_id=resource.id,
    )
    _tell_resource(session, RESOURCE_ADDED, resource)
    return resource


async def change_resource(
    session: WriteSession, resource_id: UUID, expected_version: int, patch: ResourcePatch
) -> tuple[Resource, dict[str, Any]]:
    """Another calendar or type reschedules the tasks that the resource works on."""
    resource = await load_resource(session, resource_id)
    await require_member(session, session.principal, resource.project_id)
    plan = await load_plan(session, resource.project_id, lock=True)
    await RESOURCES.check_version(session, resource.id, resource.version, expected_version)
    changes = named(patch)
    await _set(session, resource, changes, patch)
    if "external_refs" in changes:
        await claim(session, "resource", resource.id, resource.external_refs)
    effects = await _settle_resource(session, plan, resource, "changed")
    _tell_resource(session, RESOURCE_CHANGED, resource)
    return resource, effects


async def delete_resource(session: WriteSession, resource_id: UUID, expected_version: int) -> None:
    """Remove a resource with its assignments."""
    resource = await load_resource(session, resource_id)
    await require_member(session, session.principal, resource.project_id)
    plan = await load_plan(session, resource.project_id, lock=True)
    await RESOURCES.check_version(session, resource.id, resource.version, expected_version)
    await leave_team(session, resource.id)
    await session.delete(resource)
    await release(session, [resource.id])
    await _settle_resource(session, plan, resource, "deleted")
    _tell_resource(session, RESOURCE_REMOVED, resource)


# What a batch of resources is made of.
RESOURCE_UPSERT = Upserting(RESOURCES, NewResource, add_resource, ResourcePatch, change_resource, lock=lock_plan)
RESOURCE_VERBS = Verbs(
    RESOURCES, create=add_resource, update=change_resource, delete=delete_resource, upsert=RESOURCE_UPSERT.operate
)


async def _set(
    session: WriteSession, resource: Resource, values: dict[str, Any], body: NewResource | ResourcePatch
) -> None:
    calendar_id, person_id = values.get("calendar_id"), values.get("person_id")
    project_id = resource.project_id
    if calendar_id is not None and not await belongs_to_project(session, "calendars", calendar_id, project_id):
        raise UnknownReference("calendar_id")
    if person_id is not None and not await active_members(session, project_id, [person_id]):
        raise UnknownReference("person_id")
    for name in _PLAIN:
        if name in values:
            setattr(resource, name, values[name])
    if "max_units_percent" in values:
        resource.max_units = body.max_units_percent / 100
    if "availability" in values:
        resource.availability = [
            {
                "from_date": each.from_date and each.from_date.isoformat(),
                "to_date": each.to_date and each.to_date.isoformat(),
                "units": str(each.units_percent / 100),
            }
            for each in body.availability
        ]
    _set_rates(resource, values, body)
    if resource.resource_type == ResourceType.WORK and resource.person_id is not None and resource.work_kind is None:
        resource.work_kind = WorkKind.PERSON
    await _require_sense(session, resource)


_RATES = ("standard_rate", "overtime_rate", "cost_per_use")


def _set_rates(resource: Resource, values: dict[str, Any], body: NewResource | ResourcePatch) -> None:
    """Raises NotOfThisResource for a rate below zero, or in another currency than the rates that stay."""
    amounts: list[tuple[str, Money]] = []
    # Whatever is not named stays, and all rates of a resource are in one currency.
    stays = any(name not in values and getattr(resource, name) for name in _RATES)
    stays = stays or ("rates" not in values and bool(resource.rates))
    for name in _RATES:
        if name in values:
            rate: Money | None = getattr(body, name)
            setattr(resource, name, rate.amount if rate is not None else Decimal(0) if name == "cost_per_use" else None)
            amounts += [(f"/{name}", rate)] if rate is not None else []
    if "rates" in values:
        resource.rates = [_dated(each) for each in body.rates]
        amounts += [(f"/rates/{number}/standard_rate", each.standard_rate) for number, each in enumerate(body.rates)]
    if not stays:
        resource.currency = amounts[0][1].currency if amounts else None
    for pointer, rate in amounts:
        if rate.amount < 0:
            raise NotOfThisResource(
                reason="no rate is below zero", errors=[error_at(pointer, "negative", "below zero")]
            )
        if rate.currency != resource.currency:
            error = error_at(f"{pointer}/currency", "currency_mismatched", f"the others are in {resource.currency}")
            raise NotOfThisResource(reason="the rates of a resource are in one currency", errors=[error])


def _dated(rate: DatedRate) -> dict[str, str | None]:
    """The stored form, see Resource."""
    amounts = {name: getattr(rate, name) for name in _RATES}
    return {
        "table": rate.rate_table.value,
        "from_date": None if rate.from_date is None else rate.from_date.isoformat(),
        **{name: None if amount is None else f"{amount.amount:f}" for name, amount in amounts.items()},
    }


async def _require_sense(session: WriteSession, resource: Resource) -> None:
    """Raises NotOfThisResource for what resources of this type do not have, and UnknownReference for what is no team."""
    kind = ResourceType(resource.resource_type)
    refusals = {
        "only work resources are persons, teams or equipment": kind != ResourceType.WORK and resource.work_kind,
        "only work resources belong to a team": kind != ResourceType.WORK and resource.team_id,
        "only work resources are available by periods": kind != ResourceType.WORK and resource.availability,
        "only material is counted in a unit": kind != ResourceType.MATERIAL and resource.unit,
        "material has no overtime": kind == ResourceType.MATERIAL and resource.overtime_rate is not None,
        "what a cost resource comes to is said by its assignments": kind == ResourceType.COST and resource.currency,
        "a team belongs to no team": resource.work_kind == WorkKind.TEAM and resource.team_id,
    }
    for reason, broken in refusals.items():
        if broken:
            raise NotOfThisResource(reason=reason)
    if resource.team_id is not None and await kind_of(session, resource.team_id, resource.project_id) != WorkKind.TEAM:
        raise UnknownReference("team_id")
    stored = inspect(resource).persistent
    if stored and resource.work_kind != WorkKind.TEAM and await has_members(session, resource.id):
        raise NotOfThisResource(reason="others belong to it, so it is a team")


async def assign(session: WriteSession, project_id: UUID, new: NewAssignment) -> tuple[Assignment, dict[str, Any]]:
    """Let a resource take part in a task. Of duration, work and units the one that was not named follows."""
    await require_member(session, session.principal, project_id)
    return await join_task(session, await load_plan(session, project_id, lock=True), new)


async def join_task(
    session: WriteSession, plan: WorkingPlan, new: NewAssignment, ruling: str | None = None
) -> tuple[Assignment, dict[str, Any]]:
    """The same in a locked plan; with a `ruling` it is judged as such too, and the caller records the decision."""
    project_id = plan.project_id
    for name, table, object_id in (("task_id", "tasks", new.task_id), ("resource_id", "resources", new.resource_id)):
        if not await belongs_to_project(session, table, object_id, project_id):
            raise UnknownReference(name)
    if await is_assigned(session, new.task_id, new.resource_id):
        raise AssignmentExists
    resource = await load_resource(session, new.resource_id)
    assignment = Assignment(project_id=project_id, task_id=new.task_id, resource_id=resource.id)
    parts, part = _parts_with(plan, assignment, resource)
    task = plan.tasks[new.task_id]
    await _set_means(session, assignment, resource, merged(new))
    named = _name(task, part, merged(new))
    if resource.resource_type == ResourceType.WORK:
        add_part(task, parts, part, named)
    elif "work" not in named:
        # Material and costs drive nothing: their work is nominal.
        part.work = usual_work(task.duration, part.units)
    _take_over(assignment, part)
    session.add(assignment)
    question = "Shall {resource} work on {task}?"
    effects = await _settle_assignment(session, plan, assignment, question, parts=parts, ruling=ruling)
    _tell_assignment(session, ASSIGNMENT_ADDED, assignment)
    return assignment, effects


async def change_assignment(
    session: WriteSession, assignment_id: UUID, expected_version: int, patch: AssignmentPatch
) -> tuple[Assignment, dict[str, Any]]:
    """Other units, work, overtime, contour or delay."""
    assignment = await load_assignment(session, assignment_id)
    project_id = assignment.project_id
    await require_member(session, session.principal, project_id)
    plan = await load_plan(session, project_id, lock=True)
    await ASSIGNMENTS.check_version(session, assignment.id, assignment.version, expected_version)
    return assignment, await carry_out(session, plan, assignment, patch)


async def carry_out(
    session: WriteSession,
    plan: WorkingPlan,
    assignment: Assignment,
    patch: AssignmentPatch,
    ruling: str | None = None,
) -> dict[str, Any]:
    """Change an assignment of a locked plan with everything that follows. Returns the effects; for `ruling` see tasks."""
    resource = await load_resource(session, assignment.resource_id)
    parts, part = _parts_with(plan, assignment, resource)
    task = plan.tasks[assignment.task_id]
    await _set_means(session, assignment, resource, merged(patch))
    named = _name(task, part, merged(patch))
    if resource.resource_type != ResourceType.WORK:
        if "work" not in named:
            part.work = usual_work(task.duration, part.units)
    elif named:
        set_part(task, parts, part, named)
    _take_over(assignment, part)
    question = "How much shall {resource} work on {task}?"
    effects = await _settle_assignment(session, plan, assignment, question, parts=parts, ruling=ruling)
    _tell_assignment(session, ASSIGNMENT_CHANGED, assignment)
    return effects


async def unassign(session: WriteSession, assignment_id: UUID, expected_version: int) -> None:
    """The resource no longer takes part."""
    assignment = await load_assignment(session, assignment_id)
    await require_member(session, session.principal, assignment.project_id)
    plan = await load_plan(session, assignment.project_id, lock=True)
    await ASSIGNMENTS.check_version(session, assignment.id, assignment.version, expected_version)
    resource = await load_resource(session, assignment.resource_id)
    parts, part = _parts_with(plan, assignment, resource)
    rest = [each for each in parts if each is not part]
    if resource.resource_type == ResourceType.WORK:
        remove_part(plan.tasks[assignment.task_id], rest, part)
    await session.delete(assignment)
    await _settle_assignment(session, plan, assignment, "May {resource} be taken off {task}?", "taken off", rest)
    _tell_assignment(session, ASSIGNMENT_REMOVED, assignment)


def _parts_with(
    plan: WorkingPlan, assignment: Assignment, resource: Resource
) -> tuple[list[PlanAssignment], PlanAssignment]:
    """Copies of the task's parts, since the plan's own tell what they were, and that of this assignment among them."""
    parts = [replace(each) for each in plan.assignments.get(assignment.task_id, ())]
    part = next((each for each in parts if each.resource_id == resource.id), None)
    if part is None:
        part = PlanAssignment(
            assignment.task_id,
            resource.id,
            resource.calendar_id,
            assignment.units or Decimal(1),
            assignment.work or 0,
            assignment.duration,
            assignment.remaining,
            assignment.delay or 0,
            assignment.overtime or 0,
            assignment.contour or WorkContour.FLAT.value,
        )
        if resource.resource_type == ResourceType.WORK:
            parts.append(part)
    return parts, part


async def _set_means(
    session: WriteSession, assignment: Assignment, resource: Resource, values: Mapping[str, Any]
) -> None:
    """By which table the part is paid, and what a cost resource comes to. Raises NotOfThisResource, CurrencyMismatched."""
    if "rate_table" in values:
        assignment.rate_table = values["rate_table"].value
    if values.get("quantity") is not None and resource.resource_type != ResourceType.MATERIAL:
        raise NotOfThisResource(reason="only material has a quantity")
    if "cost" in values:
        cost: Money | None = values["cost"]
        if cost is not None:
            if resource.resource_type != ResourceType.COST:
                raise NotOfThisResource(
                    reason="only a cost resource has a cost; what others cost follows from their rates"
                )
            require_currency(cost, await project_currency(session, assignment.project_id), "/cost/currency")
        assignment.cost = None if cost is None else cost.amount


def _name(task: PlanTask, part: PlanAssignment, values: Mapping[str, Any]) -> set[str]:
    """Put the named values into the part. Returns which of work, units, overtime and contour they are."""
    named: set[str] = set()
    if "delay_minutes" in values:
        part.delay = values["delay_minutes"] * TICKS_PER_MINUTE
    if "units_percent" in values:
        part.units = values["units_percent"] / 100
        named.add("units")
    if values.get("quantity") is not None:
        part.units = values["quantity"]
        named.add("units")
    if "contour" in values:
        part.contour = values["contour"].value
        named.add("contour")
    if "overtime_minutes" in values:
        part.overtime = values["overtime_minutes"] * TICKS_PER_MINUTE
        named.add("overtime")
    if values.get("work_minutes") is not None:
        part.work = values["work_minutes"] * TICKS_PER_MINUTE
        named.add("work")
    elif "work_minutes" in values and part.work:
        # Null takes the work back that was given: the part fills its task at its units again.
        part.work = usual_work(task.duration, part.units, part.contour) + part.overtime
        named.add("work")
    return named


def _take_over(assignment: Assignment, part: PlanAssignment) -> None:
    """What has come out for the part becomes the assignment's. Raises OvertimeBeyondWork."""
    if part.overtime > part.work:
        raise OvertimeBeyondWork
    assignment.units, assignment.work = part.units, part.work
    assignment.duration, assignment.remaining = part.duration, part.remaining
    assignment.delay, assignment.overtime, assignment.contour = part.delay, part.overtime, part.contour


async def _settle_resource(session: WriteSession, plan: WorkingPlan, resource: Resource, deed: str) -> dict[str, Any]:
    await session.flush()
    question = f"May the resource {resource.name} be {deed}?"
    change = PlanChange(["resource.change"], "resource", resource.id, resource.name, question, deed)
    return await _settle(session, plan, change)


async def _settle_assignment(
    session: WriteSession,
    plan: WorkingPlan,
    assignment: Assignment,
    question: str,
    chosen: str | None = None,
    parts: Sequence[PlanAssignment] = (),
    ruling: str | None = None,
) -> dict[str, Any]:
    """`question` has places for {resource} and {task}; what is chosen is the assignment as it is, unless said.

    `parts` are those of the task as they are now: what they took over from each other is stored with this one.
    """
    task, resource = plan.tasks[assignment.task_id], await load_resource(session, assignment.resource_id)
    before = {each.resource_id: each for each in plan.assignments.get(task.id, ())}
    await session.flush()
    await store_parts(
        session,
        [each for each in parts if each.resource_id != resource.id and each != before.get(each.resource_id)],
    )
    change = PlanChange(
        kinds=["resource.assign", "schedule.dates", *([ruling] if ruling is not None else [])],
        subject_type="assignment",
        subject_id=assignment.id,
        title=f"{resource.name}: {task.title}",
        question=question.format(resource=resource.name, task=name_of(task)),
        chosen=chosen or f"{assignment.units * 100:.0f} %, {days(assignment.work, plan.minutes_per_day)} of work",
        recorded_by_caller=ruling is not None,
    )
    return await _settle(session, plan, change, task)


async def _settle(
    session: WriteSession, plan: WorkingPlan, change: PlanChange, task: PlanTask | None = None
) -> dict[str, Any]:
    """The plan was loaded before this change, which is in the database already; `task` may have got another duration."""
    await reload_resources(session, plan)
    if task is not None and task.duration != plan.durations_before.get(task.id, task.duration):
        plan.touch(task)
    effects = await settle(session, plan, change)
    if task is not None and task.id in plan.edited:
        # It was stored as an edited task, and to others it is one that an assignment has changed.
        plan.moved = {task.id: task} | plan.moved
        effects = effects_of(plan)
    tell_rest(session, plan, "resource", skip=0)
    return effects


def tell_resource_added(session: WriteSession, resource: Resource) -> None:
    """Tell of a resource that another area has made."""
    _tell_resource(session, RESOURCE_ADDED, resource)


def _tell_resource(session: WriteSession, fact_type: FactType, resource: Resource) -> None:
    data = {
        "name": resource.name,
        "resource_type": resource.resource_type,
        "person_id": resource.person_id and str(resource.person_id),
    }
    session.record(fact_type, "resource", resource.id, data, project_id=resource.project_id)


def _tell_assignment(session: WriteSession, fact_type: FactType, assignment: Assignment) -> None:
    data = {
        "task_id": str(assignment.task_id),
        "resource_id": str(assignment.resource_id),
        "work_minutes": assignment.work // TICKS_PER_MINUTE,
    }
    session.record(fact_type, "assignment", assignment.id, data, project_id=assignment.project_id)
