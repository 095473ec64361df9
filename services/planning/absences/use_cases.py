"""Absences. Whoever is away does not work, so that each change reschedules what the resource works on."""

from typing import Any
from uuid import UUID

from services.kernel.access import require_authority, require_member
from services.kernel.events import FactType
from services.kernel.problems import NotFound, UnknownReference
from services.kernel.schemas import merged
from services.kernel.session import WriteSession
from services.planning.absences.absence import Absence, AbsenceEndsEarly, AbsenceKind
from services.planning.absences.events import ABSENCE_CHANGED, ABSENCE_RECORDED, ABSENCE_REMOVED
from services.planning.absences.repository import ABSENCES, load_absence
from services.planning.absences.schemas import AbsencePatch, NewAbsence
from services.planning.decisions.use_cases import record_acceptance
from services.planning.resources.repository import load_resource
from services.planning.resources.resource import NotOfThisResource, Resource, ResourceType, WorkKind
from services.planning.schedule.repository.loading import load_plan, reload_resources
from services.planning.schedule.use_cases.plan_changes import PlanChange, settle, tell_rest
from services.planning.schedule.working_plan import WorkingPlan


async def record_absence(session: WriteSession, project_id: UUID, new: NewAbsence) -> tuple[Absence, dict[str, Any]]:
    """A work resource will be away. Raises UnknownReference, NotOfThisResource, AbsenceEndsEarly."""
    await require_member(session, session.principal, project_id)
    plan = await load_plan(session, project_id, lock=True)
    try:
        resource = await load_resource(session, new.resource_id)
    except NotFound:
        raise UnknownReference("resource_id") from None
    if resource.project_id != project_id:
        raise UnknownReference("resource_id")
    if resource.resource_type != ResourceType.WORK or resource.work_kind == WorkKind.TEAM:
        raise NotOfThisResource(reason="persons and machines are away; of a team its members are")
    absence = Absence(project_id=project_id, resource_id=resource.id)
    _set(absence, new.model_dump(exclude={"resource_id", "confidential"}))
    absence.confidential = new.kind == AbsenceKind.SICK if new.confidential is None else new.confidential
    session.add(absence)
    effects = await _settle(session, plan, absence, resource, "May {resource} be away from {first} to {last}?", "away")
    _tell(session, ABSENCE_RECORDED, absence, resource)
    return absence, effects


async def change_absence(
    session: WriteSession, absence_id: UUID, expected_version: int, patch: AbsencePatch
) -> tuple[Absence, dict[str, Any] | None]:
    """Other days reschedule; what is said of the reasons moves nothing."""
    absence = await load_absence(session, absence_id)
    await require_member(session, session.principal, absence.project_id)
    resource = await load_resource(session, absence.resource_id)
    values = merged(patch)
    moves = not {"starts_on", "ends_on"}.isdisjoint(values)
    plan = await load_plan(session, absence.project_id, lock=True) if moves else None
    await ABSENCES.check_version(session, absence.id, absence.version, expected_version)
    _set(absence, values)
    effects: dict[str, Any] | None = None
    if plan is not None:
        question = "May {resource} be away from {first} to {last} instead?"
        effects = await _settle(session, plan, absence, resource, question, "away")
    else:
        await session.flush()
        await require_authority(session, absence.project_id, _kinds(session, absence, resource))
        if absence.version != expected_version:
            await record_acceptance(
                session,
                project_id=absence.project_id,
                kind="resource.absence",
                question=f"Is it right what is said of the absence of {resource.name}?",
                chosen="as changed",
                subject_type="absence",
                subject_id=absence.id,
            )
    if absence.version != expected_version:
        _tell(session, ABSENCE_CHANGED, absence, resource)
    return absence, effects


async def remove_absence(session: WriteSession, absence_id: UUID, expected_version: int) -> None:
    """The resource is not away after all."""
    absence = await load_absence(session, absence_id)
    await require_member(session, session.principal, absence.project_id)
    plan = await load_plan(session, absence.project_id, lock=True)
    resource = await load_resource(session, absence.resource_id)
    await ABSENCES.check_version(session, absence.id, absence.version, expected_version)
    await session.delete(absence)
    await _settle(session, plan, absence, resource, "Is {resource} not away from {first} to {last}?", "not away")
    _tell(session, ABSENCE_REMOVED, absence, resource)


def _set(absence: Absence, values: dict[str, Any]) -> None:
    if values.get("kind") == AbsenceKind.AWAY:
        raise NotOfThisResource(reason="away is what others read; say vacation, sick or other")
    for name, value in values.items():
        setattr(absence, name, value)
    if absence.ends_on < absence.starts_on:
        raise AbsenceEndsEarly


def _kinds(session: WriteSession, absence: Absence, resource: Resource) -> list[str]:
    """Of others' absences one has to answer for the resource."""
    own = session.author_id in (resource.person_id, absence.created_by_id) and resource.person_id is not None
    return ["resource.absence"] if own else ["resource.absence", "resource.change"]


async def _settle(
    session: WriteSession, plan: WorkingPlan, absence: Absence, resource: Resource, question: str, chosen: str
) -> dict[str, Any]:
    await session.flush()
    await reload_resources(session, plan)
    days = {"first": absence.starts_on.isoformat(), "last": absence.ends_on.isoformat()}
    change = PlanChange(
        kinds=[*_kinds(session, absence, resource), "schedule.dates"],
        subject_type="absence",
        subject_id=absence.id,
        title=resource.name,
        question=question.format(resource=resource.name, **days),
        chosen=chosen,
    )
    effects = await settle(session, plan, change)
    tell_rest(session, plan, "absence", skip=0)
    return effects


def _tell(session: WriteSession, fact_type: FactType, absence: Absence, resource: Resource) -> None:
    data = {
        "resource_id": str(resource.id),
        "person_id": resource.person_id and str(resource.person_id),
        "starts_on": absence.starts_on.isoformat(),
        "ends_on": absence.ends_on.isoformat(),
    }
    session.record(fact_type, "absence", absence.id, data, project_id=absence.project_id)
