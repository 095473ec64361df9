"""How conflicts are recorded and ruled. A ruling is a decision, and carries out what its option says in one transaction."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.kernel.access import require_authority, require_member
from services.kernel.events import FactType
from services.kernel.problems import NotFound, UnknownReference
from services.kernel.requests import Read
from services.kernel.schemas import merged, named
from services.kernel.session import WriteSession
from services.planning.budget.repository import known_tasks
from services.planning.conflicts.conflict import Conflict, ConflictStatus, OptionOutdated
from services.planning.conflicts.detection import detect
from services.planning.conflicts.events import CONFLICT_CHANGED, CONFLICT_OPENED, CONFLICT_RULED
from services.planning.conflicts.repository import CONFLICTS, load_conflict, open_conflicts_by_party
from services.planning.conflicts.schemas import ConflictOption, ConflictPatch, NewConflict, Ruling
from services.planning.decisions.use_cases import record_acceptance, record_decision
from services.planning.projects.repository import load_project
from services.planning.resources import use_cases as assignments
from services.planning.resources.repository import is_assignment_of, load_assignment
from services.planning.resources.schemas import AssignmentPatch
from services.planning.schedule.repository.loading import load_forecast, load_plan
from services.planning.schedule.schemas import TaskPatch
from services.planning.schedule.use_cases import tasks
from services.planning.schedule.use_cases.tasks import require_people

_RULE = "conflict.rule"


async def open_conflict(session: WriteSession, project_id: UUID, new: NewConflict) -> Conflict:
    """Record that not everybody can have what they want. Raises UnknownReference for a write about another project's."""
    await require_member(session, session.principal, project_id)
    await load_project(session, project_id)
    conflict = Conflict(
        project_id=project_id,
        kind=new.kind,
        title=new.title,
        description=new.description,
        parties=[party.model_dump(mode="json") for party in new.parties],
        options=await _options(session, project_id, new.options),
    )
    session.add(conflict)
    await session.flush()
    await require_authority(session, project_id, ["conflict.record"])
    await _record_acceptance(session, conflict, "opened")
    _tell(session, CONFLICT_OPENED, conflict)
    return conflict


async def change_conflict(
    session: WriteSession, conflict_id: UUID, expected_version: int, patch: ConflictPatch
) -> Conflict:
    """Say it better, find more options, or withdraw it."""
    conflict = await load_conflict(session, conflict_id)
    await require_member(session, session.principal, conflict.project_id)
    await CONFLICTS.check_version(session, conflict.id, conflict.version, expected_version)
    conflict.require_open()
    changes = merged(patch)
    if "parties" in changes:
        changes["parties"] = [party.model_dump(mode="json") for party in patch.parties]
    if "options" in changes:
        changes["options"] = await _options(session, conflict.project_id, patch.options)
    if changes.pop("status", None) == ConflictStatus.WITHDRAWN:
        conflict.withdraw()
    for name, value in changes.items():
        setattr(conflict, name, value)
    await session.flush()
    await require_authority(session, conflict.project_id, ["conflict.record"])
    if conflict.version == expected_version:
        return conflict  # The same once more: nothing happened.
    await _record_acceptance(session, conflict, conflict.status)
    _tell(session, CONFLICT_CHANGED, conflict)
    return conflict


async def rule_on_conflict(
    session: WriteSession, conflict_id: UUID, ruling: Ruling
) -> tuple[Conflict, dict[str, Any] | None]:
    """Take one of the options and do what it says. Returns the conflict and the effects on the plan.

    Raises ConflictClosed, UnknownReference for an option that there is not, OptionOutdated when its object is gone.
    """
    conflict = await load_conflict(session, conflict_id)
    await require_member(session, session.principal, conflict.project_id)
    conflict.require_open()
    if ruling.option >= len(conflict.options):
        raise UnknownReference("option")
    option = conflict.options[ruling.option]
    effects = None
    if option["write"] is None:
        await require_authority(session, conflict.project_id, [_RULE])
    else:
        effects = await _carry_out(session, conflict.project_id, option["write"])
    decision = await record_decision(
        session,
        project_id=conflict.project_id,
        kind=_RULE,
        question=conflict.title,
        options=[{name: each[name] for name in ("title", "impact", "criteria")} for each in conflict.options],
        chosen=option["title"],
        reason=ruling.reason,
        impact=session.impact,
        predicted=(await load_forecast(session, conflict.project_id)).prediction(),
        prepared_by_id=conflict.created_by_id,
        executed_by_id=session.principal.person_id,
        evidence=[
            {"type": party["type"], "id": party["id"], "note": party["name"]}
            for party in conflict.parties
            if party["id"] is not None
        ],
        subject_type="conflict",
        subject_id=conflict.id,
    )
    conflict.rule(ruling.option, decision.id, session.now)
    await session.flush()
    _tell(session, CONFLICT_RULED, conflict)
    return conflict, effects


async def _carry_out(session: WriteSession, project_id: UUID, write: Mapping[str, Any]) -> dict[str, Any]:
    """The option's write, with its own authority and that of the ruling."""
    plan = await load_plan(session, project_id, lock=True)
    if write["noun"] == "task":
        task = plan.tasks.get(UUID(write["task_id"]))
        if task is None:
            raise OptionOutdated
        changes = named(TaskPatch.model_validate(write["patch"]))
        await require_people(session, project_id, [changes])
        return await tasks.carry_out(session, plan, task, changes, _RULE)
    try:
        assignment = await load_assignment(session, UUID(write["assignment_id"]))
    except NotFound:
        raise OptionOutdated from None
    patch = AssignmentPatch.model_validate(write["patch"])
    return await assignments.carry_out(session, plan, assignment, patch, _RULE)


async def _options(session: WriteSession, project_id: UUID, options: Sequence[ConflictOption]) -> list[dict[str, Any]]:
    """The options as they are kept. Raises UnknownReference where one would change what is not the project's."""
    kept = []
    for option in options:
        document = option.model_dump(mode="json")
        write = option.write
        if write is not None:
            if write.noun == "task" and not await known_tasks(session, project_id, [write.task_id]):
                raise UnknownReference("task_id")
            if write.noun == "assignment" and not await is_assignment_of(session, project_id, write.assignment_id):
                raise UnknownReference("assignment_id")
            # A merge patch says by its members what it is about.
            document["write"]["patch"] = write.patch.model_dump(mode="json", exclude_unset=True)
        kept.append(document)
    return kept


async def _record_acceptance(session: WriteSession, conflict: Conflict, chosen: str) -> None:
    await record_acceptance(
        session,
        project_id=conflict.project_id,
        kind="conflict.record",
        question=f"Is this a conflict: {conflict.title}?",
        chosen=chosen,
        subject_type="conflict",
        subject_id=conflict.id,
    )


def _tell(session: WriteSession, fact_type: FactType, conflict: Conflict) -> None:
    data: dict[str, Any] = {
        "kind": conflict.kind,
        "title": conflict.title,
        "status": conflict.status,
        "parties": conflict.parties,
        "options": [option["title"] for option in conflict.options],
    }
    if conflict.decision_id is not None:
        data |= {"ruled_option": conflict.ruled_option, "decision_id": str(conflict.decision_id)}
    session.record(fact_type, "conflict", conflict.id, data, project_id=conflict.project_id)


async def read_detected(read: Read, project_id: UUID) -> dict[str, Any]:
    """What the plan shows by itself, as bodies that open conflicts, and which of it is open already."""
    await require_member(read.session, read.principal, project_id)
    plan = await load_plan(read.session, project_id)
    known = await open_conflicts_by_party(read.session, project_id)
    return {
        "type": "detected_conflicts",
        "project_id": str(project_id),
        "detected": [
            {
                "conflict_id": str(known[each.subject_id]) if each.subject_id in known else None,
                "minutes": each.minutes,
                "conflict": each.body,
            }
            for each in detect(plan)
        ],
    }
