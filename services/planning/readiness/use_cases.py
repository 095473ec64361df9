"""Briefs and their acknowledgement, needs and promises, and what is made of them: whether work is ready to start."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from services.kernel.access import require_authority, require_member, require_scope
from services.kernel.events import FactType, instant_text
from services.kernel.problems import Forbidden, NotFound, UnknownReference
from services.kernel.requests import Read
from services.kernel.schemas import merged
from services.kernel.session import Reader, WriteSession
from services.kernel.working_time import TICKS_PER_MINUTE
from services.planning.decisions.use_cases import record_acceptance
from services.planning.readiness.events import (
    BRIEF_ACKNOWLEDGED,
    BRIEF_CHANGED,
    BRIEF_RECORDED,
    BRIEF_REMOVED,
    NEED_CHANGED,
    NEED_RECORDED,
    NEED_REMOVED,
)
from services.planning.readiness.look_ahead import (
    Before,
    Missing,
    MissingCode,
    Needed,
    Readiness,
    Soundness,
    Work,
    look_ahead,
    percent_promises_completed,
    readiness_of,
)
from services.planning.readiness.need import AlreadyInHand, Need, NeedKind, NeedState, NothingMissing
from services.planning.readiness.repository import (
    NEEDS,
    TASK_BRIEFS,
    is_briefed,
    load_brief,
    load_need,
    names_of_people,
    people_doing,
    place_of_task,
    promises_of,
    unmet_needs,
    waiting_of,
)
from services.planning.readiness.schemas import NeedPatch, NewMakeReadyAction, NewNeed, NewTaskBrief, TaskBriefPatch
from services.planning.readiness.task_brief import TaskBrief, TaskBriefed
from services.planning.resources.repository import belongs_to_project
from services.planning.schedule.dependency import DependencyType
from services.planning.schedule.plan_rows import PlanLink, PlanTask
from services.planning.schedule.repository.loading import active_members, load_plan
from services.planning.schedule.working_plan import WorkingPlan

# How many tasks of a look-ahead are told; all are counted.
MOST_TOLD: Final = 1_000
# What the contact is called does not change the work, so nobody has to read it anew.
_SAME_WORK: Final = frozenset({"contact_id"})
# By which links the start of a task waits for another, and until that one has done what.
_HOLDS_THE_START: Final = (DependencyType.FINISH_TO_START, DependencyType.START_TO_START)

# Briefs


async def write_brief(session: WriteSession, project_id: UUID, new: NewTaskBrief) -> TaskBrief:
    """Tell those who do a task what it is about. Raises UnknownReference, TaskBriefed."""
    await _require_task(session, project_id, new.task_id)
    await _require_person(session, project_id, "contact_id", new.contact_id)
    if await is_briefed(session, new.task_id):
        raise TaskBriefed
    brief = TaskBrief(project_id=project_id, revision=1, acknowledgements=[], **new.model_dump())
    session.add(brief)
    await _settle(session, brief, "brief.write", "Are those who do the task told what it is about?", "briefed")
    _tell_brief(session, BRIEF_RECORDED, brief)
    return brief


async def change_brief(
    session: WriteSession, brief_id: UUID, expected_version: int, patch: TaskBriefPatch
) -> TaskBrief:
    """It says something else, which nobody has acknowledged yet. Raises UnknownReference."""
    brief = await load_brief(session, brief_id)
    await require_member(session, session.principal, brief.project_id)
    await TASK_BRIEFS.check_version(session, brief.id, brief.version, expected_version)
    changes = {name: value for name, value in merged(patch).items() if value != getattr(brief, name)}
    await _require_person(session, brief.project_id, "contact_id", changes.get("contact_id"))
    for name, value in changes.items():
        setattr(brief, name, value)
    if not changes.keys() <= _SAME_WORK:
        brief.revision += 1
    await _settle(session, brief, "brief.write", "Are those who do the task told something else?", "changed")
    if brief.version != expected_version:
        _tell_brief(session, BRIEF_CHANGED, brief)
    return brief


async def remove_brief(session: WriteSession, brief_id: UUID, expected_version: int) -> None:
    """The task has no brief any more."""
    brief = await load_brief(session, brief_id)
    await require_member(session, session.principal, brief.project_id)
    await TASK_BRIEFS.check_version(session, brief.id, brief.version, expected_version)
    await session.delete(brief)
    await _settle(session, brief, "brief.write", "Is the brief of the task taken back?", "removed")
    _tell_brief(session, BRIEF_REMOVED, brief)


async def acknowledge(session: WriteSession, brief_id: UUID, revision: int) -> TaskBrief:
    """Somebody who does the task has understood its brief. Raises BriefRevised, Forbidden for those who do not do it."""
    person_id = session.principal.person_id
    require_scope(session.principal, "planning:decide")
    brief = await load_brief(session, brief_id)
    await require_member(session, session.principal, brief.project_id)
    brief = await load_brief(session, brief_id, lock=True)
    if person_id not in await people_doing(session, brief.task_id):
        raise Forbidden
    version = brief.version
    brief.acknowledge(person_id, revision, instant_text(session.now))
    await session.flush()
    if brief.version != version:
        data = {"task_id": str(brief.task_id), "person_id": str(person_id), "revision": revision}
        session.record(BRIEF_ACKNOWLEDGED, "task_brief", brief.id, data, project_id=brief.project_id)
    return brief


def _tell_brief(session: WriteSession, fact_type: FactType, brief: TaskBrief) -> None:
    data = {
        "task_id": str(brief.task_id),
        "why": brief.why,
        "done_when": brief.done_when,
        "inputs": brief.inputs,
        "contact_id": brief.contact_id and str(brief.contact_id),
        "revision": brief.revision,
    }
    session.record(fact_type, "task_brief", brief.id, data, project_id=brief.project_id)


# Needs


async def record_need(session: WriteSession, project_id: UUID, new: NewNeed) -> Need:
    """A task cannot start without something. Raises UnknownReference."""
    await _require_task(session, project_id, new.task_id)
    await _require_person(session, project_id, "owner_id", new.owner_id)
    need = Need(project_id=project_id, state=NeedState.OPEN, promises=[], **new.model_dump())
    session.add(need)
    await _settle(session, need, "need.record", f"Does the task need this: {need.title}?", "needed")
    _tell_need(session, NEED_RECORDED, need)
    return need


async def change_need(session: WriteSession, need_id: UUID, expected_version: int, patch: NeedPatch) -> Need:
    """It is another, or stands otherwise. Raises UnknownReference, PromiseIncomplete."""
    need = await load_need(session, need_id)
    await require_member(session, session.principal, need.project_id)
    await NEEDS.check_version(session, need.id, need.version, expected_version)
    changes = merged(patch)
    await _require_person(session, need.project_id, "owner_id", changes.get("owner_id"))
    before, promise_before = NeedState(need.state), (need.owner_id, need.promised_for)
    if changes.get("met_on") is not None:
        changes.setdefault("state", NeedState.MET)
    if changes.get("promised_for") is not None and before is NeedState.OPEN:
        changes.setdefault("state", NeedState.PROMISED)
    for name, value in changes.items():
        setattr(need, name, value)
    need.settle(before, promise_before, session.now.date())
    await _settle(
        session, need, "need.record", f"Does this need of the task stand otherwise: {need.title}?", need.state
    )
    if need.version != expected_version:
        _tell_need(session, NEED_CHANGED, need)
    return need


async def remove_need(session: WriteSession, need_id: UUID, expected_version: int) -> None:
    """It was recorded by mistake."""
    need = await load_need(session, need_id)
    await require_member(session, session.principal, need.project_id)
    await NEEDS.check_version(session, need.id, need.version, expected_version)
    await session.delete(need)
    await _settle(session, need, "need.record", f"Does the task not need this: {need.title}?", "removed")
    _tell_need(session, NEED_REMOVED, need)


def _tell_need(session: WriteSession, fact_type: FactType, need: Need) -> None:
    data = {
        "task_id": str(need.task_id),
        "kind": need.kind,
        "title": need.title,
        "needed_by": need.needed_by and need.needed_by.isoformat(),
        "lead_days": need.lead_days,
        "owner_id": need.owner_id and str(need.owner_id),
        "state": need.state,
        "promised_for": need.promised_for and need.promised_for.isoformat(),
        "met_on": need.met_on and need.met_on.isoformat(),
    }
    session.record(fact_type, "need", need.id, data, project_id=need.project_id)


# What both have


async def _require_task(session: WriteSession, project_id: UUID, task_id: UUID) -> None:
    """Raises NotFound for strangers, UnknownReference where the task is none of the project's."""
    await require_member(session, session.principal, project_id)
    if not await belongs_to_project(session, "tasks", task_id, project_id):
        raise UnknownReference("task_id")


async def _require_person(session: WriteSession, project_id: UUID, name: str, person_id: UUID | None) -> None:
    if person_id is not None and not await active_members(session, project_id, [person_id]):
        raise UnknownReference(name)


async def _settle(session: WriteSession, noun: TaskBrief | Need, kind: str, question: str, chosen: str) -> None:
    await session.flush()
    await require_authority(session, noun.project_id, [kind])
    await record_acceptance(
        session,
        project_id=noun.project_id,
        kind=kind,
        question=question,
        chosen=chosen,
        subject_type=type(noun).__tablename__.removesuffix("s"),
        subject_id=noun.id,
    )


# Readiness


async def read_readiness(read: Read, project_id: UUID, weeks: int) -> Mapping[str, Any]:
    """The look-ahead over the next weeks, and how reliable promises were over as many past ones. Raises NotFound."""
    session = read.session
    await require_member(session, read.principal, project_id)
    plan = await load_plan(session, project_id)
    today = _today(plan)
    waiting, needs = await waiting_of(session, project_id), await unmet_needs(session, project_id)
    # A large plan takes a second, in which others are answered.
    ahead = await asyncio.to_thread(lambda: look_ahead(_works(plan, waiting, needs), today, weeks))
    first = today - timedelta(weeks=weeks)
    promises = percent_promises_completed(await promises_of(session, project_id, first, today), first, today)
    told = ahead.tasks[:MOST_TOLD]
    names = await _names(session, told)
    return {
        "type": "readiness",
        "project_id": str(project_id),
        "as_of": today.isoformat(),
        "until": ahead.until.isoformat(),
        "weeks": [
            {
                "starts_on": week.starts_on.isoformat(),
                "tasks": sum(week.tasks.values()),
                **{state.value: week.tasks[state] for state in Soundness},
                "work_minutes": week.minutes,
                "ready_percent": week.ready_percent,
            }
            for week in ahead.weeks
        ],
        "promises": {"due": promises.due, "kept": promises.kept, "percent": promises.percent},
        "tasks": [_told(each, names) for each in told],
        "tasks_total": len(ahead.tasks),
    }


async def read_task_readiness(read: Read, task_id: UUID) -> Mapping[str, Any]:
    """Whether one task can start. Raises NotFound."""
    place = await place_of_task(read.session, task_id)
    await require_member(read.session, read.principal, place.project_id)
    plan = await load_plan(read.session, place.project_id)
    task = plan.tasks.get(task_id)
    if task is None:
        raise NotFound
    found = await _readiness_of_one(read.session, plan, task)
    return _told(found, await _names(read.session, [found]))


async def make_ready(session: WriteSession, project_id: UUID, new: NewMakeReadyAction) -> Need:
    """Somebody takes on what a task lacks. Raises UnknownReference, NothingMissing, AlreadyInHand."""
    await _require_task(session, project_id, new.task_id)
    await _require_person(session, project_id, "owner_id", new.owner_id)
    # Locked, so that of two who take the same thing on one hears of the other.
    plan = await load_plan(session, project_id, lock=True)
    found = await _readiness_of_one(session, plan, plan.tasks[new.task_id])
    lacking = [
        each
        for each in found.missing
        if each.code == new.missing and (new.subject_id is None or each.subject_id == new.subject_id)
    ]
    if not lacking:
        raise NothingMissing
    free = next((each for each in lacking if each.action is None), None)
    if free is None:
        raise AlreadyInHand
    need = Need(
        project_id=project_id,
        task_id=new.task_id,
        kind=_KIND_OF_ACTION[free.code],
        title=new.title or _title(free, session.language),
        needed_by=new.due_on or free.deadline,
        owner_id=new.owner_id,
        state=NeedState.OPEN,
        promises=[],
        remedies=free.code.value,
        remedies_id=free.subject_id,
    )
    session.add(need)
    await _settle(session, need, "need.record", f"Does somebody make the task ready: {need.title}?", "taken on")
    _tell_need(session, NEED_RECORDED, need)
    return need


_KIND_OF_ACTION: Final = {
    MissingCode.PREDECESSOR: NeedKind.WORK,
    MissingCode.BRIEF: NeedKind.INFORMATION,
    MissingCode.ACKNOWLEDGEMENT: NeedKind.INFORMATION,
    MissingCode.RESOURCE: NeedKind.PERSON,
}
_TITLES: Final[Mapping[Literal["en", "nb"], Mapping[MissingCode, str]]] = {
    "en": {
        MissingCode.PREDECESSOR: "To be finished before: {title}",
        MissingCode.BRIEF: "Write the brief: {title}",
        MissingCode.ACKNOWLEDGEMENT: "Have the brief acknowledged: {title}",
        MissingCode.RESOURCE: "Find who does it: {title}",
    },
    "nb": {
        MissingCode.PREDECESSOR: "Må være ferdig før: {title}",
        MissingCode.BRIEF: "Skriv oppgavebeskrivelsen: {title}",
        MissingCode.ACKNOWLEDGEMENT: "Få oppgavebeskrivelsen bekreftet: {title}",
        MissingCode.RESOURCE: "Finn noen til å gjøre det: {title}",
    },
}


def _title(missing: Missing, language: Literal["en", "nb"]) -> str:
    # A title has at most 300 characters, of which its own words need some.
    return _TITLES[language][missing.code].format(title=missing.title[:250])


async def _readiness_of_one(reader: Reader, plan: WorkingPlan, task: PlanTask) -> Readiness:
    waiting, needs = await waiting_of(reader, plan.project_id), await unmet_needs(reader, plan.project_id)
    links = _links_to(plan)
    return readiness_of(_work(plan, task, links, waiting, needs), _today(plan))


def _today(plan: WorkingPlan) -> date:
    """The day of the status date, or the present one where the project is."""
    if plan.status_date is not None:
        return plan.status_date.date()
    return datetime.now(UTC).astimezone(ZoneInfo(plan.time_zone)).date()


def _works(plan: WorkingPlan, waiting: Mapping[UUID, list[UUID]], needs: Mapping[UUID, list[Needed]]) -> Iterable[Work]:
    """The work that has not begun: no summaries, no milestones, nothing inactive or of other projects."""
    links = _links_to(plan)
    for task in plan.tasks.values():
        if task.active and not (task.external or task.summary or task.milestone) and not _begun(task):
            yield _work(plan, task, links, waiting, needs)


def _begun(task: PlanTask) -> bool:
    return task.actual_start is not None or task.percent_complete > 0


def _links_to(plan: WorkingPlan) -> Mapping[UUID, list[PlanLink]]:
    found: dict[UUID, list[PlanLink]] = {}
    for link in plan.links:
        if link.dependency_type in _HOLDS_THE_START:
            found.setdefault(link.successor_id, []).append(link)
    return found


def _work(
    plan: WorkingPlan,
    task: PlanTask,
    links: Mapping[UUID, list[PlanLink]],
    waiting: Mapping[UUID, list[UUID]],
    needs: Mapping[UUID, list[Needed]],
) -> Work:
    if _begun(task):
        # What it lacked has not kept anybody from beginning.
        return Work(task.id, task.title, task.wbs_code, task.start, 0, staffed=True, briefed=True)
    before: dict[UUID, Before] = {}
    above: PlanTask | None = task
    while above is not None:
        # What a summary waits for, all below it waits for.
        for link in links.get(above.id, ()):
            predecessor = plan.tasks.get(link.predecessor_id)
            if predecessor is not None and predecessor.active:
                each = _before(predecessor, link.dependency_type)
                known = before.get(predecessor.id)
                if known is None or known.done:
                    before[predecessor.id] = each
        above = plan.tasks.get(above.parent_id) if above.parent_id is not None else None
    # Nobody works on a summary or a milestone itself.
    by_hand = not (task.summary or task.milestone)
    return Work(
        task.id,
        task.title,
        task.wbs_code,
        task.start,
        task.duration // TICKS_PER_MINUTE,
        staffed=not by_hand or task.assignee_id is not None or bool(plan.assignments.get(task.id)),
        briefed=not by_hand or task.id in waiting,
        waiting=waiting.get(task.id, ()),
        before=list(before.values()),
        needs=needs.get(task.id, ()),
    )


def _before(task: PlanTask, dependency_type: str) -> Before:
    if dependency_type == DependencyType.START_TO_START:
        return Before(task.id, task.title, task.assignee_id, _begun(task), task.start)
    return Before(task.id, task.title, task.assignee_id, task.percent_complete == 100, task.finish)


async def _names(reader: Reader, found: Iterable[Readiness]) -> Mapping[UUID, str]:
    people = {one.subject_id for each in found for one in each.missing if one.subject_type == "person"}
    return await names_of_people(reader, list(people)) if people else {}


def _told(found: Readiness, names: Mapping[UUID, str]) -> dict[str, Any]:
    work = found.work
    return {
        "type": "task_readiness",
        "task_id": str(work.id),
        "title": work.title,
        "wbs_code": work.wbs_code,
        "start": work.start,
        "soundness": found.soundness.value,
        "ready_to_start": not found.missing,
        "missing": [_missing(each, work, names) for each in found.missing],
    }


def _missing(each: Missing, work: Work, names: Mapping[UUID, str]) -> dict[str, Any]:
    action = each.action
    return {
        "code": each.code.value,
        "subject_type": each.subject_type,
        "subject_id": str(each.subject_id),
        "title": names.get(each.subject_id, each.title),
        "owner_id": each.owner_id and str(each.owner_id),
        "deadline": each.deadline.isoformat(),
        "in_time": each.in_time,
        "late": each.late,
        "action": action
        and {
            "need_id": str(action.id),
            "owner_id": action.owner_id and str(action.owner_id),
            "due_on": action.deadline(work.start.date()).isoformat(),
            "promised_for": action.promised_for and action.promised_for.isoformat(),
        },
    }
