"""Acts on many tasks: one change of the plan, one rescheduling, and authority asked for the whole of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from services.kernel.access import require_member
from services.kernel.problems import RuleViolated, UnknownReference, error_at
from services.kernel.session import WriteSession
from services.kernel.working_time import TICKS_PER_MINUTE
from services.planning.plan_acts.copying import Copies, copy_tasks
from services.planning.plan_acts.events import PLAN_CHANGE_REVERSED
from services.planning.plan_acts.outlining import indent, move, outdent
from services.planning.plan_acts.repository import (
    copy_assignments,
    give_to,
    load_change,
    means_of,
    replaceable,
    resources_of,
    texts_of,
    write_links,
    write_parts,
)
from services.planning.plan_acts.reversing import Reversal, Reversing
from services.planning.plan_acts.schemas import (
    MOST_CHOSEN,
    Choice,
    NewResourceReplacement,
    NewTaskCopy,
    NewTaskDeletion,
    NewTaskMove,
    NewTaskShift,
)
from services.planning.plan_acts.shifting import shift_tasks
from services.planning.projects.project import Project
from services.planning.projects.repository import load_project
from services.planning.resources.events import ASSIGNMENT_ADDED, ASSIGNMENT_CHANGED
from services.planning.schedule.dependency import Dependency
from services.planning.schedule.events import ROWS_IN_A_PART, TASK_CHANGED, TASK_CREATED, TASK_DELETED
from services.planning.schedule.journal import TEXTS
from services.planning.schedule.plan_change import NotReversible
from services.planning.schedule.plan_rows import PlanTask, task_row
from services.planning.schedule.repository.collections import TASKS
from services.planning.schedule.repository.loading import load_plan, load_prices, reload_resources
from services.planning.schedule.repository.storing import load_texts
from services.planning.schedule.use_cases.plan_changes import PlanChange, effects_of, plan_dates, settle, tell_rest
from services.planning.schedule.use_cases.schedule_options import options_of
from services.planning.schedule.working_plan import WorkingPlan
from services.planning.scope.wbs_mask import mask_of

_IDS_IN_AN_ANSWER: Final = 1_000
Answer = tuple[dict[str, Any], dict[str, Any]]


class TooManyChosen(RuleViolated):
    code = "too_many_chosen"
    title = {"en": "The conditions choose too many tasks", "nb": "Vilkårene velger for mange oppgaver"}
    detail = {"en": "At most 10,000 at once.", "nb": "Høyst 10 000 på en gang."}


class NotAnotherResource(RuleViolated):
    code = "not_another_resource"
    title = {
        "en": "A resource is replaced by another one of its type",
        "nb": "En ressurs erstattes av en annen av samme type",
    }


async def shift(session: WriteSession, project_id: UUID, new: NewTaskShift) -> Answer:
    """Move work by working days. Returns the answer and the effects."""
    plan = await _begin(session, project_id)
    chosen = await _choose(session, plan, new)
    changed, left_alone = shift_tasks(plan, chosen, new.days, deadlines=new.deadlines)
    question = f"Shall {len(changed)} tasks be moved by {new.days} working days?"
    await settle(session, plan, _change(plan, ["schedule.dates"], question, f"moved by {new.days} working days"))
    return _told_as_moved(session, plan, "task_shift", changed, left_alone)


async def move_in_outline(session: WriteSession, project_id: UUID, new: NewTaskMove) -> Answer:
    """Indent, outdent or move tasks with all below them."""
    plan = await _begin(session, project_id)
    chosen = _known(plan, new.task_ids)
    if new.direction == "to":
        moved = move(plan, chosen, new.place())
    else:
        moved = (indent if new.direction == "indent" else outdent)(plan, chosen)
    question = f"May {len(moved)} tasks be put elsewhere in the outline?"
    chose = {"indent": "one level in", "outdent": "one level out", "to": "moved"}[new.direction]
    await settle(session, plan, _change(plan, ["scope.task"], question, chose))
    return _told_as_moved(session, plan, "task_move", moved)


async def delete(session: WriteSession, project_id: UUID, new: NewTaskDeletion) -> Answer:
    """Take tasks, all below them and their dependencies out of the plan."""
    plan = await _begin(session, project_id)
    chosen = await _choose(session, plan, new)
    removed = plan.remove_all([plan.tasks[task_id] for task_id in chosen])
    question = f"May these {len(removed)} tasks be deleted?"
    effects = await settle(session, plan, _change(plan, ["scope.task"], question, f"{len(removed)} deleted"))
    dates = plan_dates(plan.start, plan.finish)
    for start in range(0, len(removed), ROWS_IN_A_PART):
        part = removed[start : start + ROWS_IN_A_PART]
        data = {"removed_ids": [str(each) for each in part], "moved": [], "plan": dates}
        session.record(TASK_DELETED, "task", part[0], data, project_id=project_id)
    tell_rest(session, plan, "task_deletion", skip=0)
    return _answer(plan, "task_deletion", removed), effects


async def copy(session: WriteSession, project_id: UUID, new: NewTaskCopy) -> Answer:
    """Copy tasks with all below them; the links inside and the parts of resources, if wanted."""
    plan = await _begin(session, project_id)
    copies = copy_tasks(plan, _known(plan, new.task_ids), new.place(), links=new.dependencies)
    known = await texts_of(session, list(copies.made))
    texts = {copies.made[task_id].id: text for task_id, text in known.items()}
    kinds = ["scope.task"]
    if new.assignments:
        kinds.append("resource.assign")
        _assign_copies(plan, copies)
    count = len(copies.made)
    question = f"Shall the plan have copies of {count} tasks?"
    effects = await settle(session, plan, _change(plan, kinds, question, f"{count} copied"), texts)
    session.add_all(
        Dependency(
            id=link.id,
            project_id=project_id,
            predecessor_id=link.predecessor_id,
            successor_id=link.successor_id,
            dependency_type=link.dependency_type,
            lag=link.lag,
            lag_basis=link.lag_basis,
        )
        for link in copies.links
    )
    await session.flush()
    frame: dict[str, Any] = {"moved": [], "plan": plan_dates(plan.start, plan.finish), "origin": None}
    for each in plan.added.values():
        session.record(TASK_CREATED, "task", each.id, {"task": task_row(each), **frame}, project_id=project_id)
    if new.assignments:
        ids = {task_id: made.id for task_id, made in copies.made.items()}
        for row in await copy_assignments(session, ids):
            _tell_assignment(session, project_id, ASSIGNMENT_ADDED, row)
    tell_rest(session, plan, "task_copy", skip=0)
    return _answer(plan, "task_copy", [made.id for made in copies.made.values()], copies=copies.made), effects


async def replace_resource(session: WriteSession, project_id: UUID, new: NewResourceReplacement) -> Answer:
    """Give one resource's unfinished work to another. Raises UnknownReference, NotAnotherResource."""
    plan = await _begin(session, project_id)
    names = await resources_of(session, project_id, [new.resource_id, new.by_resource_id])
    for name in ("resource_id", "by_resource_id"):
        if getattr(new, name) not in names:
            raise UnknownReference(name)
    (its_type, its_name), (other_type, other_name) = names[new.resource_id], names[new.by_resource_id]
    if new.resource_id == new.by_resource_id or its_type != other_type:
        raise NotAnotherResource(
            errors=[error_at("/by_resource_id", NotAnotherResource.code, "not another of its type")]
        )
    tasks = None if new.task_ids is None else _known(plan, new.task_ids)
    assignment_ids, held = await replaceable(session, new.resource_id, new.by_resource_id, project_id, tasks)
    rows = await give_to(session, assignment_ids, new.by_resource_id)
    await reload_resources(session, plan)
    question = f"Shall {other_name} take over {len(rows)} assignments of {its_name}?"
    kinds = ["resource.assign", "schedule.dates"]
    await settle(session, plan, _change(plan, kinds, question[:300], other_name))
    for row in rows:
        _tell_assignment(session, project_id, ASSIGNMENT_CHANGED, row)
    return _told_as_moved(session, plan, "resource_replacement", [row["task_id"] for row in rows], held)


async def reverse(session: WriteSession, change_id: UUID) -> tuple[UUID, dict[str, Any]]:
    """Take a change of the plan back, which is a change of its own. Returns its id and the effects.

    Raises NotReversible, and PlanMovedOn where the plan is not as the change left it.
    """
    entry = await load_change(session, change_id)
    project_id, document = entry.project_id, entry.document
    plan = await _begin(session, project_id)
    if not entry.reversible:
        raise NotReversible
    project = await load_project(session, project_id)
    said = [UUID(each["id"]) for each in document.get("tasks", ()) if not set(TEXTS).isdisjoint(each["after"])]
    reversing = Reversing(
        plan,
        document,
        texts=await load_texts(session, said) if said else {},
        options={name: getattr(project, name) for name in document.get("options", {})},
        means=await means_of(session, project_id) if "parts" in document else {},
        prices=await load_prices(session, project_id) if "parts" in document else {},
    )
    done = reversing.carry_out()
    if done.options:
        await _set_options(session, plan, project, done.options)
    question = f"May this be taken back: {entry.question}"[:300]
    change = PlanChange(done.kinds, "plan_change", entry.id, entry.title, question, "taken back", reverses_id=entry.id)
    await settle(session, plan, change, done.texts)
    await write_links(session, project_id, done.links)
    await write_parts(session, project_id, done.parts)
    assert plan.change_id is not None, "what was settled stands in the journal"
    _tell_reversal(session, plan, done)
    data = {"reverses_id": str(entry.id), "title": entry.title}
    session.record(PLAN_CHANGE_REVERSED, "plan_change", plan.change_id, data, project_id=project_id)
    plan.moved = plan.edited | plan.moved
    return plan.change_id, effects_of(plan)


async def _set_options(session: WriteSession, plan: WorkingPlan, project: Project, options: Mapping[str, Any]) -> None:
    for name, value in options.items():
        setattr(project, name, value)
    await session.flush()
    plan.start = plan.start_before = project.start
    plan.critical_float_minutes = project.critical_float_minutes
    plan.options = options_of(project)
    plan.wbs_mask = mask_of(project.wbs_prefix, project.wbs_levels, project.wbs_unique)
    _ = plan.outline


def _tell_reversal(session: WriteSession, plan: WorkingPlan, done: Reversal) -> None:
    """Facts about tasks as if each had been entered by itself, then of those that moved."""
    project_id = plan.project_id
    frame: dict[str, Any] = {"moved": [], "plan": plan_dates(plan.start, plan.finish)}
    for start in range(0, len(done.taken), ROWS_IN_A_PART):
        part = done.taken[start : start + ROWS_IN_A_PART]
        data = {"removed_ids": [str(each) for each in part], **frame}
        session.record(TASK_DELETED, "task", part[0], data, project_id=project_id)
    for task_id in done.restored:
        data = {"task": task_row(plan.tasks[task_id]), **frame, "origin": None}
        session.record(TASK_CREATED, "task", task_id, data, project_id=project_id)
    for task_id, names in done.changed.items():
        if task_id in plan.tasks:
            data = {"task": task_row(plan.tasks[task_id]), "changed_fields": names, **frame}
            session.record(TASK_CHANGED, "task", task_id, data, project_id=project_id)
    tell_rest(session, plan, "reversal", skip=0)


async def _begin(session: WriteSession, project_id: UUID) -> WorkingPlan:
    await require_member(session, session.principal, project_id)
    return await load_plan(session, project_id, lock=True)


async def _choose(session: WriteSession, plan: WorkingPlan, choice: Choice) -> list[UUID]:
    """The chosen tasks. Raises UnknownReference, TooManyChosen."""
    if choice.task_ids is not None:
        return _known(plan, choice.task_ids)
    person_id = session.principal.person_id
    found = await TASKS.matching(session, person_id, choice.where or {}, plan.project_id, MOST_CHOSEN + 1)
    if len(found) > MOST_CHOSEN:
        raise TooManyChosen
    return found


def _known(plan: WorkingPlan, task_ids: Sequence[UUID]) -> list[UUID]:
    """The ids, each once. Raises UnknownReference for one that is not in the plan."""
    for index, task_id in enumerate(task_ids):
        if task_id not in plan.tasks:
            raise UnknownReference(f"task_ids/{index}")
    return list(dict.fromkeys(task_ids))


def _change(plan: WorkingPlan, kinds: Sequence[str], question: str, chosen: str) -> PlanChange:
    return PlanChange(kinds, "project", plan.project_id, plan.name, question, chosen)


def _assign_copies(plan: WorkingPlan, copies: Copies) -> None:
    """The parts of the copies in memory, so that they drive dates and are measured; they are stored behind the tasks."""
    for task_id, made in copies.made.items():
        if task_id in plan.assignments:
            plan.assignments[made.id] = [
                replace(one, task_id=made.id, remaining=None) for one in plan.assignments[task_id]
            ]
        if task_id in plan.expenses:
            plan.expenses[made.id] = [replace(one, task_id=made.id) for one in plan.expenses[task_id]]


def _told_as_moved(
    session: WriteSession, plan: WorkingPlan, kind: str, changed: Sequence[UUID], left_alone: int = 0
) -> Answer:
    """Those that were changed are told of like those that follow them: nobody edited any one of them."""
    plan.moved = plan.edited | plan.moved
    tell_rest(session, plan, kind, skip=0)
    return _answer(plan, kind, changed, left_alone), effects_of(plan)


def _answer(
    plan: WorkingPlan,
    kind: str,
    changed: Sequence[UUID],
    left_alone: int = 0,
    copies: Mapping[UUID, PlanTask] | None = None,
) -> dict[str, Any]:
    return {
        "type": kind,
        "project_id": str(plan.project_id),
        "task_ids": [str(each) for each in changed[:_IDS_IN_AN_ANSWER]],
        "tasks_total": len(changed),
        "left_alone": left_alone,
        "copies": {str(task_id): str(made.id) for task_id, made in (copies or {}).items()},
    }


def _tell_assignment(session: WriteSession, project_id: UUID, fact_type: Any, row: Any) -> None:
    data = {
        "task_id": str(row["task_id"]),
        "resource_id": str(row["resource_id"]),
        "work_minutes": row["work"] // TICKS_PER_MINUTE,
    }
    session.record(fact_type, "assignment", row["id"], data, project_id=project_id)
