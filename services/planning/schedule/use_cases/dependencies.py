"""Dependencies: each change of one reschedules the plan and counts as a change of dates."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from services.kernel.access import require_member
from services.kernel.batch import Create, Delete, Outcome, Unreadable, begin_batch, refused, require_all, unreadable
from services.kernel.problems import NotFound, PreconditionMissing, Problem, UnknownReference
from services.kernel.schemas import merged
from services.kernel.session import WriteSession
from services.planning.schedule.dependency import (
    MAXIMUM_LINKS_OF_A_TASK,
    Dependency,
    DependencyExists,
    LagBasis,
    SelfDependency,
    TooManyDependencies,
)
from services.planning.schedule.plan_rows import PlanLink
from services.planning.schedule.repository.collections import DEPENDENCIES
from services.planning.schedule.repository.loading import load_plan, project_of_dependency
from services.planning.schedule.schemas import DependencyBatch, DependencyPatch, NewDependency
from services.planning.schedule.use_cases.plan_changes import PlanChange, settle, tell_rest
from services.planning.schedule.wording import days, name_of
from services.planning.schedule.working_plan import WorkingPlan

LAG = {"lag_minutes", "lag_percent", "lag_basis"}


async def add_dependency(
    session: WriteSession, project_id: UUID, new: NewDependency
) -> tuple[Dependency, dict[str, Any]]:
    """Link two tasks of the project. Raises DependencyCycle naming the tasks in the circle."""
    await require_member(session, session.principal, project_id)
    plan = await load_plan(session, project_id, lock=True)
    dependency = await _link(session, plan, new)
    return dependency, await _settle(session, plan, dependency, "Shall {successor} depend on {predecessor}?")


async def _link(session: WriteSession, plan: WorkingPlan, new: NewDependency) -> Dependency:
    for name, task_id in (("predecessor_id", new.predecessor_id), ("successor_id", new.successor_id)):
        if task_id not in plan.tasks:
            raise UnknownReference(name)
    refuse_link(plan, new.predecessor_id, new.successor_id)
    lag, basis = new.lag()
    dependency = Dependency(
        project_id=plan.project_id,
        predecessor_id=new.predecessor_id,
        successor_id=new.successor_id,
        dependency_type=new.dependency_type,
        lag=lag,
        lag_basis=basis,
    )
    session.add(dependency)
    await session.flush()
    plan.relinked = True
    plan.links.append(
        PlanLink(dependency.id, new.predecessor_id, new.successor_id, dependency.dependency_type, lag, basis)
    )
    return dependency


def _described(dependency: Dependency, minutes_per_day: int) -> str:
    basis = LagBasis(dependency.lag_basis)
    share = basis in (LagBasis.PERCENT, LagBasis.ELAPSED_PERCENT)
    minutes = 1440 if basis == LagBasis.ELAPSED else minutes_per_day
    lag = f"{dependency.lag} %" if share else days(dependency.lag, minutes)
    kind = dependency.dependency_type.replace("_", " ")
    return f"{kind}, lag {lag}{' around the clock' if basis.value.startswith('elapsed') else ''}"


def refuse_link(plan: WorkingPlan, predecessor_id: UUID, successor_id: UUID) -> None:
    """Raise SelfDependency, DependencyExists or TooManyDependencies where the two cannot be linked (any more)."""
    if predecessor_id == successor_id:
        raise SelfDependency
    of_predecessor = of_successor = 1
    for link in plan.links:
        if (link.predecessor_id, link.successor_id) == (predecessor_id, successor_id):
            raise DependencyExists
        of_predecessor += predecessor_id in (link.predecessor_id, link.successor_id)
        of_successor += successor_id in (link.predecessor_id, link.successor_id)
    if max(of_predecessor, of_successor) > MAXIMUM_LINKS_OF_A_TASK:
        raise TooManyDependencies


async def change_dependency(
    session: WriteSession, dependency_id: UUID, expected_version: int, patch: DependencyPatch
) -> tuple[Dependency, dict[str, Any]]:
    """Another type or lag."""

    def apply(dependency: Dependency, plan: WorkingPlan, link: PlanLink) -> None:
        _apply(dependency, link, patch)

    question = "May the dependency of {successor} on {predecessor} be changed?"
    return await _with_link(session, dependency_id, expected_version, apply, question)


def _apply(dependency: Dependency, link: PlanLink, patch: DependencyPatch) -> None:
    changes = merged(patch)
    if "dependency_type" in changes:
        dependency.dependency_type = link.dependency_type = patch.dependency_type.value
    if LAG & changes.keys():
        dependency.lag, dependency.lag_basis = link.lag, link.lag_basis = patch.lag()


async def delete_dependency(session: WriteSession, dependency_id: UUID, expected_version: int) -> None:
    """Unlink the two tasks."""

    def apply(dependency: Dependency, plan: WorkingPlan, link: PlanLink) -> None:
        plan.links.remove(link)

    question = "May the dependency of {successor} on {predecessor} be removed?"
    dependency, _ = await _with_link(session, dependency_id, expected_version, apply, question, "removed")
    await session.delete(dependency)
    await session.flush()


async def _with_link(
    session: WriteSession,
    dependency_id: UUID,
    expected_version: int,
    apply: Callable[[Dependency, WorkingPlan, PlanLink], None],
    question: str,
    chosen: str | None = None,
) -> tuple[Dependency, dict[str, Any]]:
    project_id = await project_of_dependency(session, dependency_id)
    await require_member(session, session.principal, project_id)
    plan = await load_plan(session, project_id, lock=True)
    dependency = await session.get(Dependency, (session.tenant_id, dependency_id))
    link = next((each for each in plan.links if each.id == dependency_id), None)
    if dependency is None or link is None:
        raise NotFound
    await DEPENDENCIES.check_version(session, dependency.id, dependency.version, expected_version)
    apply(dependency, plan, link)
    plan.relinked = True
    await session.flush()
    return dependency, await _settle(session, plan, dependency, question, chosen)


async def _settle(
    session: WriteSession, plan: WorkingPlan, dependency: Dependency, question: str, chosen: str | None = None
) -> dict[str, Any]:
    """`question` has places for {predecessor} and {successor}; what is chosen is the dependency as it is, unless said."""
    predecessor, successor = plan.tasks[dependency.predecessor_id], plan.tasks[dependency.successor_id]
    change = PlanChange(
        kinds=["schedule.dates"],
        subject_type="dependency",
        subject_id=dependency.id,
        title=f"{predecessor.title} -> {successor.title}",
        question=question.format(predecessor=name_of(predecessor), successor=name_of(successor)),
        chosen=chosen or _described(dependency, plan.minutes_per_day),
    )
    effects = await settle(session, plan, change)
    tell_rest(session, plan, "dependency", skip=0)
    return effects


# Batches


async def run_batch(
    session: WriteSession, project_id: UUID, batch: DependencyBatch
) -> tuple[list[Outcome], dict[str, Any]]:
    """Carry out many operations and reschedule once. Authority is asked for the whole of them.

    Raises BatchRefused where an atomic batch has an operation that cannot be carried out, and, atomic or not, what the
    engine refuses of the resulting plan.
    """
    await begin_batch(session, project_id)
    plan = await load_plan(session, project_id, lock=True)
    runner = _Batch(session, plan)
    outcomes = [await runner.run(number, operation) for number, operation in enumerate(batch.read(), 1)]
    require_all(batch, outcomes)
    await session.flush()
    effects = await settle(session, plan, runner.change())
    tell_rest(session, plan, "batch", skip=0)
    for dependency in runner.deleted:
        await session.delete(dependency)
    await session.flush()
    return [runner.with_version(outcome) for outcome in outcomes], effects


class _Batch:
    """One pass over the operations of a batch."""

    def __init__(self, session: WriteSession, plan: WorkingPlan) -> None:
        self.deleted: list[Dependency] = []
        self._session = session
        self._plan = plan
        self._links = {link.id: link for link in plan.links}
        self._made: dict[str, UUID] = {}
        self._touched: dict[UUID, Dependency] = {}

    async def run(self, number: int, operation: Any) -> Outcome:
        if isinstance(operation, Unreadable):
            return unreadable(operation)
        try:
            if isinstance(operation, Create):
                dependency = await _link(self._session, self._plan, operation.body)
                self._links[dependency.id] = self._plan.links[-1]
                self._made[f"${number}"] = dependency.id
                self._touched[dependency.id] = dependency
                return Outcome(201, dependency.id)
            dependency, link = await self._named(operation.id, operation.version)
            self._plan.relinked = True
            if isinstance(operation, Delete):
                self._plan.links.remove(link)
                del self._links[link.id]
                self._touched.pop(dependency.id, None)
                self.deleted.append(dependency)
                return Outcome(204, dependency.id)
            _apply(dependency, link, operation.body)
            self._touched[dependency.id] = dependency
            return Outcome(200, dependency.id)
        except Problem as problem:
            return refused(problem, in_body=not isinstance(operation, Delete))

    async def _named(self, reference: UUID | str, version: int | None) -> tuple[Dependency, PlanLink]:
        dependency_id = self._made.get(reference) if isinstance(reference, str) else reference
        link = self._links.get(dependency_id) if dependency_id is not None else None
        if link is None:
            raise NotFound
        dependency = await self._session.get(Dependency, (self._session.tenant_id, link.id))
        if dependency is None:
            raise NotFound
        if not isinstance(reference, str):
            if version is None:
                raise PreconditionMissing
            await DEPENDENCIES.check_version(self._session, dependency.id, dependency.version, version)
        return dependency, link

    def change(self) -> PlanChange:
        """The whole batch in the words of whoever decides about it."""
        plan, changed, deleted = self._plan, len(self._touched), len(self.deleted)
        return PlanChange(
            kinds=["schedule.dates"],
            subject_type="project",
            subject_id=plan.project_id,
            title=plan.name,
            question=f"May these {changed + deleted} dependencies be changed together?",
            chosen=f"{changed} set, {deleted} removed",
        )

    def with_version(self, outcome: Outcome) -> Outcome:
        dependency = self._touched.get(outcome.object_id) if outcome.object_id is not None else None
        return replace(outcome, version=dependency.version) if dependency is not None else outcome
