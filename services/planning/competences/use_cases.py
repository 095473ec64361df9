"""Competences: the tenant's words, who has them, which work asks for them, and who could do it."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.kernel.access import require_authority, require_member, require_scope
from services.kernel.events import FactType
from services.kernel.money import Money
from services.kernel.problems import Forbidden, NotFound, UnknownReference
from services.kernel.requests import Read
from services.kernel.schemas import merged
from services.kernel.session import Reader, WriteSession
from services.kernel.working_time import TICKS_PER_MINUTE
from services.planning.competences.competence import (
    Competence,
    CompetenceDemand,
    CompetenceDemanded,
    CompetenceEndsEarly,
    ResourceCompetence,
)
from services.planning.competences.events import (
    COMPETENCE_CHANGED,
    COMPETENCE_DEFINED,
    COMPETENCE_DEMAND_CHANGED,
    COMPETENCE_DEMAND_REMOVED,
    COMPETENCE_DEMANDED,
    RESOURCE_COMPETENCE_CHANGED,
    RESOURCE_COMPETENCE_RECORDED,
    RESOURCE_COMPETENCE_REMOVED,
)
from services.planning.competences.fitness import Candidate, Demand, Fit, Held, Work, expiring, fit, fits_of, ranked
from services.planning.competences.repository import (
    COMPETENCE_DEMANDS,
    COMPETENCES,
    RESOURCE_COMPETENCES,
    demands_of,
    held_by,
    is_competence,
    is_demanded,
    load_competence,
    load_demand,
    load_resource_competence,
    names_of,
    rates_of,
)
from services.planning.competences.schemas import (
    CompetenceDemandPatch,
    CompetencePatch,
    NewCompetence,
    NewCompetenceDemand,
    NewResourceCompetence,
    ResourceCompetencePatch,
)
from services.planning.decisions.use_cases import record_acceptance
from services.planning.loads.use_cases import bookings_elsewhere, free_time
from services.planning.resources.repository import belongs_to_project, load_resource
from services.planning.resources.resource import NotOfThisResource, ResourceType
from services.planning.schedule.repository.loading import load_plan, project_of_task
from services.planning.schedule.working_plan import WorkingPlan

# The words


def _require_administrator(session: WriteSession) -> None:
    """The list of words is the whole tenant's, so its administrators keep it. Raises Forbidden."""
    require_scope(session.principal, "planning:decide")
    if session.principal.tenant_role != "admin":
        raise Forbidden


async def define_competence(session: WriteSession, new: NewCompetence) -> Competence:
    """One more word. One that the tenant has already is refused by its unique index."""
    _require_administrator(session)
    competence = Competence(name=new.name, description=new.description)
    session.add(competence)
    await session.flush()
    _tell_competence(session, COMPETENCE_DEFINED, competence)
    return competence


async def change_competence(
    session: WriteSession, competence_id: UUID, expected_version: int, patch: CompetencePatch
) -> Competence:
    """Another name or description of the same competence."""
    competence = await load_competence(session, competence_id)
    await COMPETENCES.require_visible(session, competence.id, session.principal.person_id)
    _require_administrator(session)
    await COMPETENCES.check_version(session, competence.id, competence.version, expected_version)
    for name, value in merged(patch).items():
        setattr(competence, name, value)
    await session.flush()
    if competence.version != expected_version:
        _tell_competence(session, COMPETENCE_CHANGED, competence)
    return competence


def _tell_competence(session: WriteSession, fact_type: FactType, competence: Competence) -> None:
    data = {"name": competence.name, "description": competence.description}
    session.record(fact_type, "competence", competence.id, data, project_id=None, audience="tenant")


# Who has them


async def record_resource_competence(
    session: WriteSession, project_id: UUID, new: NewResourceCompetence
) -> ResourceCompetence:
    """A resource has a competence. Raises UnknownReference, NotOfThisResource, CompetenceEndsEarly."""
    await require_member(session, session.principal, project_id)
    if not await belongs_to_project(session, "resources", new.resource_id, project_id):
        raise UnknownReference("resource_id")
    if not await is_competence(session, new.competence_id):
        raise UnknownReference("competence_id")
    if (await load_resource(session, new.resource_id)).resource_type != ResourceType.WORK:
        raise NotOfThisResource(reason="only who works has competences")
    own = ResourceCompetence(project_id=project_id, **new.model_dump())
    _require_order(own)
    session.add(own)
    await _settle_own(session, own, "Does the resource have this competence?", "recorded")
    _tell_own(session, RESOURCE_COMPETENCE_RECORDED, own)
    return own


async def change_resource_competence(
    session: WriteSession, object_id: UUID, expected_version: int, patch: ResourceCompetencePatch
) -> ResourceCompetence:
    """It was renewed, or it is another level."""
    own = await load_resource_competence(session, object_id)
    await require_member(session, session.principal, own.project_id)
    await RESOURCE_COMPETENCES.check_version(session, own.id, own.version, expected_version)
    for name, value in merged(patch).items():
        setattr(own, name, value)
    _require_order(own)
    await _settle_own(session, own, "Is the competence of the resource another?", "changed")
    if own.version != expected_version:
        _tell_own(session, RESOURCE_COMPETENCE_CHANGED, own)
    return own


async def remove_resource_competence(session: WriteSession, object_id: UUID, expected_version: int) -> None:
    """The resource does not have it after all."""
    own = await load_resource_competence(session, object_id)
    await require_member(session, session.principal, own.project_id)
    await RESOURCE_COMPETENCES.check_version(session, own.id, own.version, expected_version)
    await session.delete(own)
    await _settle_own(session, own, "Does the resource not have this competence?", "removed")
    _tell_own(session, RESOURCE_COMPETENCE_REMOVED, own)


def _require_order(own: ResourceCompetence) -> None:
    if own.valid_from is not None and own.valid_to is not None and own.valid_to < own.valid_from:
        raise CompetenceEndsEarly


async def _settle_own(session: WriteSession, own: ResourceCompetence, question: str, chosen: str) -> None:
    await session.flush()
    await require_authority(session, own.project_id, ["competence.record"])
    await record_acceptance(
        session,
        project_id=own.project_id,
        kind="competence.record",
        question=question,
        chosen=chosen,
        subject_type="resource_competence",
        subject_id=own.id,
    )


def _tell_own(session: WriteSession, fact_type: FactType, own: ResourceCompetence) -> None:
    data = {
        "resource_id": str(own.resource_id),
        "competence_id": str(own.competence_id),
        "level": own.level,
        "valid_from": own.valid_from and own.valid_from.isoformat(),
        "valid_to": own.valid_to and own.valid_to.isoformat(),
    }
    session.record(fact_type, "resource_competence", own.id, data, project_id=own.project_id)


# Which work asks for them


async def demand_competence(session: WriteSession, project_id: UUID, new: NewCompetenceDemand) -> CompetenceDemand:
    """A task asks for a competence. Raises UnknownReference, CompetenceDemanded."""
    await require_member(session, session.principal, project_id)
    if not await belongs_to_project(session, "tasks", new.task_id, project_id):
        raise UnknownReference("task_id")
    if not await is_competence(session, new.competence_id):
        raise UnknownReference("competence_id")
    if await is_demanded(session, new.task_id, new.competence_id):
        raise CompetenceDemanded
    demand = CompetenceDemand(project_id=project_id, **new.model_dump())
    session.add(demand)
    await _settle_demand(session, demand, "Does the task ask for this competence?", "demanded")
    _tell_demand(session, COMPETENCE_DEMANDED, demand)
    return demand


async def change_demand(
    session: WriteSession, demand_id: UUID, expected_version: int, patch: CompetenceDemandPatch
) -> CompetenceDemand:
    """The task asks for another level."""
    demand = await load_demand(session, demand_id)
    await require_member(session, session.principal, demand.project_id)
    await COMPETENCE_DEMANDS.check_version(session, demand.id, demand.version, expected_version)
    for name, value in merged(patch).items():
        setattr(demand, name, value)
    await _settle_demand(session, demand, "Does the task ask for another level?", f"level {demand.minimum_level}")
    if demand.version != expected_version:
        _tell_demand(session, COMPETENCE_DEMAND_CHANGED, demand)
    return demand


async def remove_demand(session: WriteSession, demand_id: UUID, expected_version: int) -> None:
    """The task no longer asks for it."""
    demand = await load_demand(session, demand_id)
    await require_member(session, session.principal, demand.project_id)
    await COMPETENCE_DEMANDS.check_version(session, demand.id, demand.version, expected_version)
    await session.delete(demand)
    await _settle_demand(session, demand, "Does the task no longer ask for this competence?", "removed")
    _tell_demand(session, COMPETENCE_DEMAND_REMOVED, demand)


async def _settle_demand(session: WriteSession, demand: CompetenceDemand, question: str, chosen: str) -> None:
    await session.flush()
    await require_authority(session, demand.project_id, ["competence.demand"])
    await record_acceptance(
        session,
        project_id=demand.project_id,
        kind="competence.demand",
        question=question,
        chosen=chosen,
        subject_type="competence_demand",
        subject_id=demand.id,
    )


def _tell_demand(session: WriteSession, fact_type: FactType, demand: CompetenceDemand) -> None:
    data = {
        "task_id": str(demand.task_id),
        "competence_id": str(demand.competence_id),
        "minimum_level": demand.minimum_level,
    }
    session.record(fact_type, "competence_demand", demand.id, data, project_id=demand.project_id)


# What follows from them


def works_of(plan: WorkingPlan) -> dict[UUID, Work]:
    """The plan's tasks that are still to be done, with their days and those who work on them."""
    return {
        task.id: Work(
            task.id,
            task.title,
            task.start.date(),
            task.finish.date(),
            tuple(part.resource_id for part in plan.assignments.get(task.id, ())),
        )
        for task in plan.tasks.values()
        if task.active and not task.summary and task.percent_complete < 100
    }


async def load_fits(reader: Reader, plan: WorkingPlan, reader_id: UUID) -> tuple[list[Demand], dict[UUID, list[Held]]]:
    """What the plan's tasks ask for, and what its resources have."""
    return await demands_of(reader, plan.project_id), await held_by(reader, plan.capacities, reader_id)


async def read_warnings(read: Read, project_id: UUID, within_days: int) -> Mapping[str, Any]:
    """Demands that nobody meets while the work is done, and competences that end soon."""
    await require_member(read.session, read.principal, project_id)
    plan = await load_plan(read.session, project_id)
    demands, held = await load_fits(read.session, plan, read.principal.person_id)
    works = works_of(plan)
    today = datetime.now(UTC).date()
    everything = [each for several in held.values() for each in several]
    ending = expiring(everything, works.values(), demands, today, today + timedelta(days=within_days))
    used = {each.competence_id for each in demands} | {each.competence_id for each in everything}
    names = await names_of(read.session, used)
    unmet = [(work, demand, each) for work, demand, each in fits_of(works, demands, held) if not each.met]
    warnings = [
        {
            "kind": "unmet",
            "competence_id": str(demand.competence_id),
            "competence": names[demand.competence_id],
            "code": each.code.value,
            **_whose(plan, each.held),
            "tasks": [{"task_id": str(work.task_id), "title": work.title}],
        }
        for work, demand, each in unmet
    ]
    warnings += [
        {
            "kind": "expiring",
            "competence_id": str(one.competence_id),
            "competence": names[one.competence_id],
            "code": "valid",
            **_whose(plan, one),
            "tasks": [{"task_id": str(work.task_id), "title": work.title} for work in asking],
        }
        for one, asking in ending
    ]
    return {"type": "competence_warnings", "project_id": str(project_id), "warnings": warnings}


def _whose(plan: WorkingPlan, held: Held | None) -> dict[str, Any]:
    if held is None:
        return {"resource_id": None, "resource": None, "valid_to": None}
    return {
        "resource_id": str(held.resource_id),
        "resource": plan.capacities[held.resource_id].name,
        "valid_to": held.valid_to and held.valid_to.isoformat(),
    }


async def read_candidates(read: Read, task_id: UUID) -> Mapping[str, Any]:
    """The project's work resources, the best for a task first. Raises NotFound."""
    project_id = await project_of_task(read.session, task_id)
    await require_member(read.session, read.principal, project_id)
    plan = await load_plan(read.session, project_id)
    task = plan.tasks.get(task_id)
    if task is None:
        raise NotFound
    demands = [each for each in await demands_of(read.session, project_id) if each.task_id == task_id]
    # What the task takes of somebody who does all of it.
    wanted = max(task.duration, max((part.work for part in plan.assignments.get(task_id, ())), default=0))
    asked = [(each.competence_id, each.minimum_level) for each in demands]
    days = task.start.date(), task.finish.date()
    candidates = await rank_candidates(read, plan, asked, *days, wanted // TICKS_PER_MINUTE, without_task=task_id)
    return candidates_json(project_id, *days, candidates)


async def rank_candidates(
    read: Read,
    plan: WorkingPlan,
    asked: Iterable[tuple[UUID, int]],
    first: date,
    last: date,
    wanted_minutes: int,
    *,
    without_task: UUID | None = None,
) -> list[dict[str, Any]]:
    """The work resources of a plan as JSON, the best first: who has what is asked for (competence, least level) on these
    days, and time for that many minutes. Work on `without_task` does not count as taken."""
    asked = list(asked)
    held = await held_by(read.session, plan.capacities, read.principal.person_id)
    rates = await rates_of(read.session, plan.project_id, read.principal.person_id)
    elsewhere = await bookings_elsewhere(read.session, plan, plan.capacities)
    names = await names_of(read.session, [competence_id for competence_id, _ in asked])
    bookings = plan.bookings()
    found = []
    for capacity in plan.capacities.values():
        taken = [one for task_id, one in bookings.get(capacity.id, ()) if task_id != without_task]
        time = free_time(plan, capacity.id, [*taken, *elsewhere.get(capacity.id, ())], first, last)
        own = held.get(capacity.id, ())
        fits = tuple(fit(own, competence_id, level, first, last) for competence_id, level in asked)
        rate: Decimal | None = rates[capacity.id][0] if capacity.id in rates else None
        found.append(Candidate(capacity.id, capacity.name, fits, time.capacity, time.free, wanted_minutes, rate))
    assigned = {part.resource_id for part in plan.assignments.get(without_task, ())} if without_task else set()
    return [
        {
            "rank": number,
            "resource_id": str(each.resource_id),
            "name": each.name,
            "person_id": (person := plan.capacities[each.resource_id].person_id) and str(person),
            "project_id": str(plan.project_id),
            "assigned": each.resource_id in assigned,
            "skills": [
                _skill(competence_id, names[competence_id], level, one)
                for (competence_id, level), one in zip(asked, each.fits, strict=True)
            ],
            "capacity_minutes": each.capacity_minutes,
            "free_minutes": each.free_minutes,
            "wanted_minutes": each.wanted_minutes,
            "rate": Money.of(*rates[each.resource_id]).to_json() if each.resource_id in rates else None,
            "reasons": each.reasons(),
        }
        for number, each in enumerate(ranked(found), 1)
    ]


def _skill(competence_id: UUID, name: str, level: int, one: Fit) -> dict[str, Any]:
    return {
        "competence_id": str(competence_id),
        "competence": name,
        "minimum_level": level,
        "code": one.code.value,
        "level": one.held and one.held.level,
        "valid_to": one.held and one.held.valid_to and one.held.valid_to.isoformat(),
    }


def candidates_json(project_id: UUID, first: date, last: date, candidates: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer of a list of candidates."""
    return {
        "type": "candidates",
        "project_id": str(project_id),
        "from_date": first.isoformat(),
        "to_date": last.isoformat(),
        "candidates": candidates,
    }
