"""How the parts in the work are given out, and what the matrix of them shows."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.kernel.access import require_authority, require_member
from services.kernel.events import FactType
from services.kernel.problems import NotFound, UnknownReference
from services.kernel.requests import Read
from services.kernel.schemas import merged
from services.kernel.session import WriteSession
from services.planning.decisions.use_cases import record_decision
from services.planning.responsibilities.events import (
    RESPONSIBILITY_ASSIGNED,
    RESPONSIBILITY_CHANGED,
    RESPONSIBILITY_REMOVED,
)
from services.planning.responsibilities.matrix import Bounds, Row, build_matrix
from services.planning.responsibilities.repository import (
    RESPONSIBILITIES,
    cells_of_project,
    cells_of_task,
    load_responsibility,
    minutes_per_day,
    team_of,
    work_of_project,
)
from services.planning.responsibilities.responsibility import (
    AlreadyAccountable,
    Part,
    Responsibility,
    ResponsibilityExists,
)
from services.planning.responsibilities.schemas import NewResponsibility, ResponsibilityPatch
from services.planning.schedule.plan_rows import PlanTask
from services.planning.schedule.repository.loading import (
    active_members,
    load_task,
    lock_plan,
    project_of_task,
)


async def assign_responsibility(session: WriteSession, project_id: UUID, new: NewResponsibility) -> Responsibility:
    """Give a person a part in a task. Raises AlreadyAccountable, ResponsibilityExists, UnknownReference."""
    await require_member(session, session.principal, project_id)
    # Whoever gives out parts of the same plan waits here, so that two do not both find the place free.
    await lock_plan(session, project_id)
    task = await _task(session, project_id, new.task_id)
    await _require_person(session, project_id, new.person_id)
    await _require_free(session, new.task_id, new.person_id, new.part)
    cell = Responsibility(project_id=project_id, task_id=new.task_id, person_id=new.person_id, part=new.part)
    session.add(cell)
    await session.flush()
    await _decide(session, cell, task, {cell.person_id}, cell.part)
    _tell(session, RESPONSIBILITY_ASSIGNED, cell)
    return cell


async def change_responsibility(
    session: WriteSession, responsibility_id: UUID, expected_version: int, patch: ResponsibilityPatch
) -> Responsibility:
    """Put another person in the place, or give the person another part."""
    cell = await load_responsibility(session, responsibility_id)
    await require_member(session, session.principal, cell.project_id)
    await lock_plan(session, cell.project_id)
    await RESPONSIBILITIES.check_version(session, cell.id, cell.version, expected_version)
    changes = merged(patch)
    person_id, part = changes.get("person_id", cell.person_id), changes.get("part", cell.part)
    if person_id is None:
        raise UnknownReference("person_id")
    people = {cell.person_id, person_id}
    if person_id != cell.person_id:
        await _require_person(session, cell.project_id, person_id)
    await _require_free(session, cell.task_id, person_id, part, but=cell.id)
    cell.person_id, cell.part = person_id, part
    await session.flush()
    task = await load_task(session, cell.task_id)
    if cell.version == expected_version:
        await _require(session, cell, task, people)
        return cell  # The same once more: nothing was decided.
    await _decide(session, cell, task, people, cell.part)
    _tell(session, RESPONSIBILITY_CHANGED, cell)
    return cell


async def remove_responsibility(session: WriteSession, responsibility_id: UUID, expected_version: int) -> None:
    """Take a part away from a person."""
    cell = await load_responsibility(session, responsibility_id)
    await require_member(session, session.principal, cell.project_id)
    await RESPONSIBILITIES.check_version(session, cell.id, cell.version, expected_version)
    task = await load_task(session, cell.task_id)
    await session.delete(cell)
    await session.flush()
    await _decide(session, cell, task, {cell.person_id}, f"no longer {cell.part}")
    _tell(session, RESPONSIBILITY_REMOVED, cell)


async def _task(session: WriteSession, project_id: UUID, task_id: UUID) -> PlanTask:
    try:
        known = await project_of_task(session, task_id)
    except NotFound:
        raise UnknownReference("task_id") from None
    if known != project_id:
        raise UnknownReference("task_id")
    return await load_task(session, task_id)


async def _require_person(session: WriteSession, project_id: UUID, person_id: UUID) -> None:
    if not await active_members(session, project_id, [person_id]):
        raise UnknownReference("person_id")


async def _require_free(
    session: WriteSession, task_id: UUID, person_id: UUID, part: str, but: UUID | None = None
) -> None:
    for cell in await cells_of_task(session, task_id):
        if cell.id == but or cell.part != part:
            continue
        if cell.person_id == person_id:
            raise ResponsibilityExists
        if part == Part.ACCOUNTABLE:
            raise AlreadyAccountable


async def _require(session: WriteSession, cell: Responsibility, task: PlanTask, people: set[UUID]) -> None:
    affected = people - {session.author_id}
    impact: dict[str, Any] = {"subject": {"type": "task", "id": str(task.id), "title": task.title}}
    if affected:
        impact["people_affected"] = sorted(map(str, affected))
    measures = {"people_affected": len(affected)}
    await require_authority(session, cell.project_id, ["responsibility.set"], measures, impact)


async def _decide(session: WriteSession, cell: Responsibility, task: PlanTask, people: set[UUID], chosen: str) -> None:
    await _require(session, cell, task, people)
    await record_decision(
        session,
        project_id=cell.project_id,
        kind="responsibility.set",
        question=f"Who has which part in {task.title}?",
        chosen=chosen,
        impact=session.impact,
        executed_by_id=session.principal.person_id,
        evidence=[{"type": "person", "id": str(person_id), "note": ""} for person_id in sorted(people, key=str)],
        subject_type="responsibility",
        subject_id=cell.id,
    )


def _tell(session: WriteSession, fact_type: FactType, cell: Responsibility) -> None:
    data = {"task_id": str(cell.task_id), "person_id": str(cell.person_id), "part": cell.part}
    session.record(fact_type, "responsibility", cell.id, data, project_id=cell.project_id)


async def read_matrix(read: Read, project_id: UUID, max_tasks: int, max_days: int) -> Mapping[str, Any]:
    """The matrix with its findings; nobody is to answer for more than `max_tasks`, or `max_days` of work."""
    await require_member(read.session, read.principal, project_id)
    bounds = Bounds(max_tasks, max_days * await minutes_per_day(read.session, project_id))
    work = await work_of_project(read.session, project_id)
    rows = [
        Row(
            row["id"],
            row["parent_id"],
            row["summary"],
            row["assignee_id"],
            row["remaining_minutes"],
            row["finished"],
        )
        for row in work
    ]
    cells = await cells_of_project(read.session, project_id)
    matrix = build_matrix(rows, cells, await team_of(read.session, project_id), bounds)
    return {
        "type": "responsibility_matrix",
        "project_id": str(project_id),
        "rows": [
            {
                "task_id": str(row["id"]),
                "wbs_code": row["wbs_code"],
                "title": row["title"],
                "outline_level": row["outline_level"],
                "summary": row["summary"],
                "milestone": row["milestone"],
                "cells": [
                    {"id": str(cell.id), "person_id": str(cell.person_id), "part": cell.part} for cell in each.cells
                ],
                "accountable_id": each.accountable_id and str(each.accountable_id),
                "responsible_ids": [str(person_id) for person_id in each.responsible_ids],
            }
            for row, each in zip(work, matrix.rows, strict=True)
        ],
        "findings": [
            {
                "finding": each.finding,
                "task_id": each.task_id and str(each.task_id),
                "person_id": each.person_id and str(each.person_id),
                "tasks": each.tasks,
                "minutes": each.minutes,
            }
            for each in matrix.problems
        ],
    }
