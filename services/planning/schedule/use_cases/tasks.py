"""Tasks: created, changed, moved in the outline, deleted, one by one or in batches."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel

from services.kernel.access import require_authority, require_member
from services.kernel.batch import (
    Create,
    Delete,
    Outcome,
    Unreadable,
    Update,
    begin_batch,
    refused,
    require_all,
    unreadable,
)
from services.kernel.problems import NotFound, PreconditionMissing, Problem, UnknownReference
from services.kernel.schemas import named
from services.kernel.session import WriteSession
from services.planning.custom_fields.computation import MEMBERS
from services.planning.custom_fields.recomputing import follow_plan
from services.planning.decisions.use_cases import record_acceptance
from services.planning.external_refs.external_reference import ExternalRefTaken
from services.planning.external_refs.repository import Key, key_of, owners
from services.planning.external_refs.upsert import Upserting
from services.planning.schedule.editing import TEXT_FIELDS, change_task, create_task, kinds_of
from services.planning.schedule.events import TASK_CHANGED, TASK_CREATED, TASK_DELETED
from services.planning.schedule.plan_rows import PlanTask, task_row
from services.planning.schedule.repository.collections import TASKS
from services.planning.schedule.repository.loading import (
    active_members,
    load_plan,
    load_task,
    lock_plan,
    project_of_task,
)
from services.planning.schedule.repository.storing import store_texts
from services.planning.schedule.schemas import (
    NewTask,
    TaskBatch,
    TaskOperation,
    TaskPatch,
)
from services.planning.schedule.use_cases.plan_changes import (
    JudgedBesides,
    PlanChange,
    entry_of,
    first_part,
    plan_dates,
    settle,
    tell_rest,
)
from services.planning.schedule.wording import answer_of, days, name_of, question_of
from services.planning.schedule.working_plan import WorkingPlan


async def add_task(session: WriteSession, project_id: UUID, new: NewTask) -> tuple[PlanTask, dict[str, Any]]:
    """Put a task into the outline. Returns it and the effects of the answer."""
    await require_member(session, session.principal, project_id)
    plan = await load_plan(session, project_id, lock=True)
    values = named(new)
    await require_people(session, project_id, [values])
    texts: dict[UUID, dict[str, Any]] = {}
    task = create_task(plan, values, texts)
    effects = await settle(session, plan, addition(plan, task), texts)
    tell_created(session, plan, task, None)
    tell_rest(session, plan, "task")
    return task, effects


def addition(plan: WorkingPlan, task: PlanTask) -> PlanChange:
    """A new task in the words of whoever decides about it."""
    question = f"Shall the plan have a task {task.title}?"
    chosen = "new milestone" if task.milestone else f"new task of {days(task.duration, plan.minutes_per_day)}"
    return PlanChange(["scope.task"], "task", task.id, task.title, question, chosen)


def tell_created(session: WriteSession, plan: WorkingPlan, task: PlanTask, origin: Mapping[str, str] | None) -> None:
    """Record that a task exists, with the first tasks that moved because of it."""
    data = {"task": task_row(task)} | first_part(plan) | {"origin": origin}
    session.record(TASK_CREATED, "task", task.id, data, project_id=plan.project_id)


async def edit_task(
    session: WriteSession, task_id: UUID, expected_version: int, patch: TaskPatch
) -> tuple[PlanTask, dict[str, Any] | None]:
    """Carry out a merge patch; only what can move dates runs the engine. Returns the task and the effects."""
    project_id = await project_of_task(session, task_id)
    await require_member(session, session.principal, project_id)
    changes = named(patch)
    await require_people(session, project_id, [changes])
    if changes.keys() <= TEXT_FIELDS:
        return await _edit_texts(session, project_id, task_id, expected_version, changes), None
    plan = await load_plan(session, project_id, lock=True)
    task = plan.tasks.get(task_id)
    if task is None:
        raise NotFound
    await TASKS.check_version(session, task.id, task.version, expected_version)
    return task, await carry_out(session, plan, task, changes)


async def carry_out(
    session: WriteSession,
    plan: WorkingPlan,
    task: PlanTask,
    changes: dict[str, Any],
    ruling: str | None = None,
    besides: JudgedBesides | None = None,
) -> dict[str, Any]:
    """Change a task of a locked plan with everything that follows. Returns the effects.

    As part of a `ruling`, which is the kind of that act, it needs the authority for both, and the caller records it.
    What stands `besides` it is judged together with it.
    """
    texts: dict[UUID, dict[str, Any]] = {}
    before = replace(task)
    change_task(plan, task, changes, texts)
    question, chosen = question_of(before, task, changes), answer_of(before, task, changes, plan.minutes_per_day)
    kinds = kinds_of(changes) | ({ruling} if ruling is not None else set())
    change = PlanChange(kinds, "task", task.id, task.title, question, chosen, ruling is not None, besides)
    effects = await settle(session, plan, change, texts)
    data = {"task": task_row(task), "changed_fields": sorted(changes)} | first_part(plan)
    session.record(TASK_CHANGED, "task", task.id, data, project_id=plan.project_id)
    tell_rest(session, plan, "task")
    return effects


async def _edit_texts(
    session: WriteSession, project_id: UUID, task_id: UUID, expected_version: int, changes: dict[str, Any]
) -> PlanTask:
    # The plan's lock keeps a rescheduling that runs at this moment from telling of the task in its old words.
    start, finish = await lock_plan(session, project_id)
    task = await load_task(session, task_id)
    await TASKS.check_version(session, task.id, task.version, expected_version)
    before = replace(task)
    for name in ("title", "assignee_id", "priority"):
        if name in changes:
            setattr(task, name, changes[name])
    impact: dict[str, Any] = {"subject": {"type": "task", "id": str(task_id), "title": task.title}}
    people = {before.assignee_id, task.assignee_id} - {None, session.author_id}
    if people:
        impact["people_affected"] = sorted(map(str, people))
    await require_authority(session, project_id, ["task.edit"], {"people_affected": len(people)}, impact)
    question, chosen = question_of(before, task, changes), answer_of(before, task, changes, 1)
    change = PlanChange(["task.edit"], "task", task_id, task.title, question, chosen)
    after: dict[str, Any] = orjson.loads(orjson.dumps(changes))
    document = {"tasks": [{"id": str(task_id), "title": task.title, "before": {}, "after": after}]} if changes else {}
    entry = entry_of(change, project_id, ["task.edit"], document, frame=(finish, finish))
    await store_texts(session, task_id, expected_version, changes, entry)
    task.version += 1
    if not changes.keys().isdisjoint(MEMBERS):
        await follow_plan(session, project_id, [task_id])
    await record_acceptance(
        session,
        project_id=project_id,
        kind="task.edit",
        question=question,
        chosen=chosen,
        impact=impact,
        subject_type="task",
        subject_id=task_id,
    )
    data = {"task": task_row(task), "changed_fields": sorted(changes), "moved": [], "plan": plan_dates(start, finish)}
    session.record(TASK_CHANGED, "task", task_id, data, project_id=project_id)
    return task


async def edit_words(session: WriteSession, project_id: UUID, task_id: UUID, labels: list[str]) -> int:
    """Give a task of a plan that is locked these labels, whichever version of it the caller knows. Returns its version."""
    task = await load_task(session, task_id)
    return (await _edit_texts(session, project_id, task_id, task.version, {"labels": labels})).version


async def delete_task(session: WriteSession, task_id: UUID, expected_version: int) -> None:
    """Take a task, all below it and their dependencies out of the plan."""
    project_id = await project_of_task(session, task_id)
    await require_member(session, session.principal, project_id)
    plan = await load_plan(session, project_id, lock=True)
    task = plan.tasks.get(task_id)
    if task is None:
        raise NotFound
    await TASKS.check_version(session, task.id, task.version, expected_version)
    removed = plan.remove(task)
    question = f"May {name_of(task)} be deleted?"
    chosen = f"deleted with {len(removed) - 1} tasks below it" if len(removed) > 1 else "deleted"
    await settle(session, plan, PlanChange(["scope.task"], "task", task_id, task.title, question, chosen))
    data = {"removed_ids": [str(each) for each in removed]} | first_part(plan)
    session.record(TASK_DELETED, "task", task_id, data, project_id=project_id)
    tell_rest(session, plan, "task")


async def require_people(session: WriteSession, project_id: UUID, bodies: Iterable[Mapping[str, Any]]) -> None:
    """Raise UnknownReference where a body gives a task to somebody who is not on the project."""
    people = {body["assignee_id"] for body in bodies if body.get("assignee_id") is not None}
    if people and await active_members(session, project_id, people) != people:
        raise UnknownReference("assignee_id")


TASK_UPSERT = Upserting(TASKS, NewTask, add_task, TaskPatch, edit_task, lock=lock_plan)

# Batches


async def run_batch(session: WriteSession, project_id: UUID, batch: TaskBatch) -> tuple[list[Outcome], dict[str, Any]]:
    """Carry out many operations and reschedule once. Authority is asked for the whole of them.

    Raises BatchRefused with pointers where an atomic batch has an operation that cannot be carried out, and, atomic or
    not, what the engine refuses of the resulting plan.
    """
    await begin_batch(session, project_id)
    operations = batch.read()
    plan = await load_plan(session, project_id, lock=True)
    runner = _Batch(plan)
    await runner.look_up(session, [each for each in operations if not isinstance(each, Unreadable)])
    outcomes = [await runner.run(session, number, operation) for number, operation in enumerate(operations, 1)]
    require_all(batch, outcomes)
    effects = await settle(session, plan, runner.change(), runner.texts)
    runner.tell(session)
    tell_rest(session, plan, "batch", skip=0)
    return [_with_version(plan, outcome) for outcome in outcomes], effects


def _with_version(plan: WorkingPlan, outcome: Outcome) -> Outcome:
    task = plan.tasks.get(outcome.object_id) if outcome.object_id is not None else None
    return replace(outcome, version=task.version) if task is not None else outcome


class _Batch:
    """One pass over the operations of a batch."""

    def __init__(self, plan: WorkingPlan) -> None:
        self.plan = plan
        self.kinds: set[str] = set()
        self.texts: dict[UUID, dict[str, Any]] = {}
        self._made: dict[str, UUID] = {}
        self._created: list[UUID] = []
        self._changed: dict[UUID, set[str]] = {}
        self._deleted: list[tuple[UUID, list[UUID]]] = []
        self._people: set[UUID] = set()
        self._owners: dict[Key, UUID] = {}

    async def look_up(self, session: WriteSession, operations: Iterable[TaskOperation]) -> None:
        """Ask once for all people and external references that the operations name."""
        bodies = [each.body for each in operations if not isinstance(each, Delete)]
        people = {body.assignee_id for body in bodies if body.assignee_id is not None}
        self._people = await active_members(session, self.plan.project_id, people) if people else set()
        refs = [key_of(ref.model_dump()) for body in bodies for ref in body.external_refs]
        self._owners = await owners(session, refs) if refs else {}

    async def run(self, session: WriteSession, number: int, operation: TaskOperation | Unreadable) -> Outcome:
        if isinstance(operation, Unreadable):
            return unreadable(operation)
        try:
            if isinstance(operation, Delete):
                task = await self._task(session, operation.id, operation.version)
                self._deleted.append((task.id, self.plan.remove(task)))
                self.kinds.add("scope.task")
                return Outcome(204, operation.id)
            values = self._values(operation.body)
            if isinstance(operation, Update):
                return self._change(await self._task(session, operation.id, operation.version), values)
            owner = None if isinstance(operation, Create) else self._owners.get(key_of(values["external_refs"][0]))
            if owner is not None:
                if owner not in self.plan.tasks:
                    raise ExternalRefTaken
                return self._change(self.plan.tasks[owner], values)
            return self._create(number, values)
        except Problem as problem:
            return refused(problem, in_body=not isinstance(operation, Delete))

    def _create(self, number: int, values: dict[str, Any]) -> Outcome:
        self._refuse_taken(values, None)
        task = create_task(self.plan, values, self.texts)
        self._claim(values, task.id)
        self.kinds.add("scope.task")
        self._made[f"${number}"] = task.id
        self._created.append(task.id)
        return Outcome(201, task.id)

    def _change(self, task: PlanTask, values: dict[str, Any]) -> Outcome:
        self._refuse_taken(values, task.id)
        change_task(self.plan, task, values, self.texts)
        self._claim(values, task.id)
        self.kinds |= kinds_of(values)
        self._changed.setdefault(task.id, set()).update(values)
        return Outcome(200, task.id)

    def _refuse_taken(self, values: dict[str, Any], task_id: UUID | None) -> None:
        for ref in values.get("external_refs", ()):
            if self._owners.get(key_of(ref), task_id) != task_id:
                raise ExternalRefTaken

    def _claim(self, values: dict[str, Any], task_id: UUID) -> None:
        for ref in values.get("external_refs", ()):
            self._owners[key_of(ref)] = task_id

    async def _task(self, session: WriteSession, reference: UUID | str, version: int | None) -> PlanTask:
        task_id = self._made.get(reference) if isinstance(reference, str) else reference
        task = self.plan.tasks.get(task_id) if task_id is not None else None
        if task is None:
            raise NotFound
        if not isinstance(reference, str):
            if version is None:
                raise PreconditionMissing
            await TASKS.check_version(session, task.id, task.version, version)
        return task

    def _values(self, body: BaseModel) -> dict[str, Any]:
        values = named(body)
        for name in ("parent_id", "after_id"):
            if isinstance(values.get(name), str):
                if values[name] not in self._made:
                    raise UnknownReference(name)
                values[name] = self._made[values[name]]
        if values.get("assignee_id") is not None and values["assignee_id"] not in self._people:
            raise UnknownReference("assignee_id")
        return values

    def change(self) -> PlanChange:
        """The whole batch in the words of whoever decides about it."""
        plan = self.plan
        counts = {"created": len(self._created), "changed": len(self._changed), "deleted": len(self._deleted)}
        chosen = ", ".join(f"{count} {deed}" for deed, count in counts.items() if count) or "as it is"
        question = f"May these {sum(counts.values())} tasks be changed together?"
        kinds = self.kinds or {"task.edit"}
        return PlanChange(kinds, "project", plan.project_id, plan.name, question, chosen)

    def tell(self, session: WriteSession) -> None:
        """Record a fact for each task that an operation named and that is still there, or is no longer."""
        plan = self.plan
        frame = {"moved": [], "plan": plan_dates(plan.start, plan.finish)}
        for task_id in self._created:
            if task_id in plan.tasks:
                data = {"task": task_row(plan.tasks[task_id]), **frame, "origin": None}
                session.record(TASK_CREATED, "task", task_id, data, project_id=plan.project_id)
        for task_id, fields in self._changed.items():
            if task_id in plan.tasks and task_id not in plan.added:
                data = {"task": task_row(plan.tasks[task_id]), "changed_fields": sorted(fields), **frame}
                session.record(TASK_CHANGED, "task", task_id, data, project_id=plan.project_id)
        for task_id, removed in self._deleted:
            data = {"removed_ids": [str(each) for each in removed], **frame}
            session.record(TASK_DELETED, "task", task_id, data, project_id=plan.project_id)
