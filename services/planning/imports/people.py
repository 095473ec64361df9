"""Who the persons of an imported plan are: proposed by their address, said by people, and their tasks follow."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.kernel.access import require_authority, require_member
from services.kernel.problems import ValidationFailed, error_at
from services.kernel.requests import Read
from services.kernel.session import WriteSession
from services.planning.decisions.use_cases import record_acceptance
from services.planning.imports.events import IMPORT_PEOPLE_MATCHED
from services.planning.imports.plan_import import ImportReversed
from services.planning.imports.repository import IMPORTS, give_tasks, keep_items, load_import, people_of, persons_of
from services.planning.imports.schemas import PersonMatch
from services.planning.schedule.events import PLAN_RESCHEDULED
from services.planning.schedule.plan_rows import task_row
from services.planning.schedule.repository.loading import active_members, load_plan, lock_plan
from services.planning.schedule.use_cases.plan_changes import parts_of, plan_dates


async def read_people(read: Read, import_id: UUID) -> dict[str, Any]:
    """The persons of the file with whom each seems to be. Raises NotFound for whoever does not see the import."""
    await IMPORTS.require_visible(read.session, import_id, read.principal.person_id)
    return shown(import_id, await people_of(read.session, import_id))


def shown(import_id: UUID, people: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The answer."""
    return {"type": "import_people", "import_id": str(import_id), "people": list(people)}


async def match_people(session: WriteSession, import_id: UUID, matches: Sequence[PersonMatch]) -> list[dict[str, Any]]:
    """Say who the persons are. Raises ValidationFailed with the places of those who are not on the project, or no person
    of this import. Whoever was assigned first to a task gets it."""
    record = await load_import(session, import_id)
    project_id = record.project_id
    await require_member(session, session.principal, project_id)
    await lock_plan(session, project_id)
    if record.reversed_at is not None:
        raise ImportReversed
    people = {each.person_id for each in matches if each.person_id is not None}
    members = await active_members(session, project_id, people) if people else set()
    known = await persons_of(session, import_id, [each.resource_id for each in matches])
    errors = []
    for number, each in enumerate(matches):
        if each.person_id is not None and each.person_id not in members:
            place = f"/people/{number}/person_id"
            errors.append(error_at(place, "unknown_reference", "nobody on the project is that"))
        if each.resource_id not in known:
            place = f"/people/{number}/resource_id"
            errors.append(error_at(place, "unknown_reference", "no person of this import is that"))
    counts = Counter(each.resource_id for each in matches)
    errors += [
        error_at(f"/people/{number}/resource_id", "repeated", "a person is one")
        for number, each in enumerate(matches)
        if counts[each.resource_id] > 1
    ]
    if errors:
        raise ValidationFailed(errors=errors)
    matched = [each for each in matches if known[each.resource_id] != each.person_id]
    tasks: set[UUID] = set()
    if matched:
        changes = [(each.resource_id, known[each.resource_id], each.person_id) for each in matched]
        tasks.update(await give_tasks(session, record, changes))
    affected = people - {session.author_id}
    impact: dict[str, Any] = {"subject": {"type": "import", "id": str(import_id), "title": record.filename}}
    if affected:
        impact["people_affected"] = sorted(map(str, affected))
    await require_authority(session, project_id, ["import.people"], {"people_affected": len(affected)}, impact)
    # That people were matched is no change that would stand in the way of an undo.
    await keep_items(
        session, import_id, {"resource": [each.resource_id for each in matched], "task": sorted(tasks, key=str)}
    )
    await record_acceptance(
        session,
        project_id=project_id,
        kind="import.people",
        question=f"Who are the persons of {record.filename}?",
        chosen=f"{len(matched)} of them matched, {len(tasks)} tasks given to them",
        impact=impact,
        subject_type="import",
        subject_id=import_id,
    )
    if matched:
        told = [
            {"resource_id": str(each.resource_id), "person_id": each.person_id and str(each.person_id)}
            for each in matched
        ]
        session.record(IMPORT_PEOPLE_MATCHED, "import", import_id, {"matches": told}, project_id=project_id)
    if tasks:
        plan = await load_plan(session, project_id)
        rows = [task_row(task) for task in plan.tasks.values() if task.id in tasks]
        parts = parts_of(rows)
        for number, part in enumerate(parts, 1):
            data = {
                "cause": "import",
                "moved": list(part),
                "plan": plan_dates(plan.start, plan.finish_before),
                "part": number,
                "parts": len(parts),
            }
            session.record(PLAN_RESCHEDULED, "project", project_id, data, project_id=project_id)
    return await people_of(session, import_id)
