"""Levelling a plan: a job finds the moves; applying them, or taking them back, is an act of its own."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any, Final
from uuid import UUID

from services.kernel.access import require_authority, require_member
from services.kernel.ids import new_id
from services.kernel.jobs import JobRun, enqueue_job
from services.kernel.session import WriteSession
from services.kernel.working_time import InvalidCalendar, NoWorkingTime
from services.planning.competences.fitness import Met, fits_of, last_days
from services.planning.competences.use_cases import load_fits, works_of
from services.planning.levelling.events import LEVELLING_APPLIED, LEVELLING_CLEARED, LEVELLING_COMPUTED
from services.planning.levelling.heuristic import by_rules
from services.planning.levelling.levelling_run import LevellingMode, LevellingRun, PlanRunsFromItsFinish
from services.planning.levelling.optimizer import Answer, Budget
from services.planning.levelling.outcome import fingerprint_of, outcome_of, take_delays
from services.planning.levelling.plan_model import LevellingModel, model_of
from services.planning.levelling.repository import load_run
from services.planning.levelling.schemas import NewLevellingRun
from services.planning.levelling.worker import WorkerFailed, optimize_apart, optimizer_installed
from services.planning.schedule import task
from services.planning.schedule.repository.loading import load_plan
from services.planning.schedule.use_cases.plan_changes import PlanChange, effects_of, settle, tell_rest
from services.planning.schedule.working_plan import WorkingPlan

JOB: Final = "level_plan"
WORKERS: Final = 2
_LOOK_SECONDS: Final = 1.0


async def ask_for_run(session: WriteSession, project_id: UUID, new: NewLevellingRun) -> UUID:
    """Enqueue the job. Raises PlanRunsFromItsFinish."""
    await require_member(session, session.principal, project_id)
    await require_authority(session, project_id, ["levelling.run"])
    _refuse_from_finish(await load_plan(session, project_id))
    arguments = {"project_id": str(project_id)} | new.model_dump(mode="json")
    return await enqueue_job(session, JOB, arguments, project_id)


def _refuse_from_finish(plan: WorkingPlan) -> None:
    if plan.options.finish_target is not None:
        raise PlanRunsFromItsFinish


async def level_plan(run: JobRun) -> None:
    """Level the plan as it stands, first by rules, then with what time and memory there are, and keep what was found."""
    arguments = run.arguments
    project_id = UUID(arguments["project_id"])
    await run.report(5, "reading the plan")
    async with run.database.read(run.tenant_id) as session:
        plan = await load_plan(session, project_id)
        demands, held = await load_fits(session, plan, run.principal.person_id)
    _refuse_from_finish(plan)
    met = fits_of(works_of(plan), demands, held)
    fingerprint = fingerprint_of(plan)
    await run.report(10, "levelling by priority rules")
    extend = arguments["mode"] == LevellingMode.EXTEND
    try:
        model, first = await asyncio.to_thread(_by_rules, plan, extend=extend, last_days=last_days(met))
    except (NoWorkingTime, InvalidCalendar, OverflowError) as error:
        raise task.NoWorkingTimeLeft from error
    answer, optimizer = await _improve(run, model, first)
    await run.report(95, "telling the moves")
    found = await asyncio.to_thread(outcome_of, plan, model, answer, extend=extend)
    lost = _lost(met, fits_of(works_of(plan), demands, held))
    async with run.write() as writing:
        await require_member(writing, writing.principal, project_id)
        await require_authority(writing, project_id, ["levelling.run"])
        kept = LevellingRun(
            id=new_id(),
            project_id=project_id,
            job_id=run.id,
            mode=arguments["mode"],
            seconds=arguments["seconds"],
            seed=arguments["seed"],
            fingerprint=fingerprint,
            optimizer=optimizer,
            delays={str(task_id): delay for task_id, delay in found.delays.items()},
            competences_lost=lost,
            **found.values,
        )
        writing.add(kept)
        await writing.flush()
        data = {
            "levelling_run_id": str(kept.id),
            "mode": kept.mode,
            "method": kept.method,
            "proven": kept.proven,
            "moves": len(kept.moves),
            "finish_before": kept.finish_before.isoformat(),
            "finish_after": kept.finish_after.isoformat(),
        }
        writing.record(LEVELLING_COMPUTED, "levelling_run", kept.id, data, project_id=project_id)
        result = {"levelling_run_id": str(kept.id), "moves": len(kept.moves), "proven": kept.proven}
        await run.succeed(writing, f"/v1/levelling-runs/{kept.id}", result)


def _lost(before: Sequence[Met], after: Sequence[Met]) -> list[dict[str, Any]]:
    """The demands that somebody meets by the plan as it stands, and nobody any more once it is levelled."""
    met = {(work.task_id, demand.competence_id) for work, demand, each in before if each.met}
    return [
        {
            "task_id": str(work.task_id),
            "title": work.title,
            "competence_id": str(demand.competence_id),
            "resource_id": each.held and str(each.held.resource_id),
            "valid_to": each.held and each.held.valid_to and each.held.valid_to.isoformat(),
        }
        for work, demand, each in after
        if not each.met and (work.task_id, demand.competence_id) in met
    ]


def _by_rules(plan: WorkingPlan, *, extend: bool, last_days: Mapping[UUID, date]) -> tuple[LevellingModel, Answer]:
    """The problem, and what the priority rules alone make of it."""
    model = model_of(plan, extend=extend, last_days=last_days)
    found = by_rules(model.problem)
    proven = not found.misplaced and found.makespan <= found.bound
    answer = Answer(
        starts=found.starts,
        makespan=found.makespan,
        changes=found.changes,
        misplaced=found.misplaced,
        bound=found.bound,
        proven=proven,
        changes_proven=proven and not found.changes,
        infeasible=False,
        method="priority_rules",
        schedules=found.schedules,
        cpu_seconds=0.0,
    )
    return model, answer


async def _improve(run: JobRun, model: LevellingModel, first: Answer) -> tuple[Answer, str]:
    """What the worker process makes of it, never worse, and what became of the optimizer. Raises JobCancelled."""
    if first.changes_proven:
        return first, "not_needed"
    seconds = run.arguments["seconds"]
    budget = Budget(
        cpu_seconds=seconds * WORKERS, wall_seconds=2 * seconds, workers=WORKERS, seed=run.arguments["seed"]
    )
    search = asyncio.create_task(optimize_apart(model.problem, first.starts, budget))
    passed = 0.0
    try:
        while not search.done():
            await run.report(min(90, 15 + int(75 * passed / budget.wall_seconds)), "looking for something better")
            await asyncio.wait([search], timeout=_LOOK_SECONDS)
            passed += _LOOK_SECONDS
        answer = search.result()
    except WorkerFailed as error:
        return first, error.reason
    finally:
        search.cancel()
        with suppress(asyncio.CancelledError, WorkerFailed):
            await search
    return answer, "used" if optimizer_installed() else "not_installed"


async def apply_run(session: WriteSession, run_id: UUID) -> tuple[LevellingRun, dict[str, Any]]:
    """Delay the tasks as the run found it. Raises LevellingApplied, LevellingOutdated."""
    run = await load_run(session, run_id)
    await require_member(session, session.principal, run.project_id)
    plan = await load_plan(session, run.project_id, lock=True)
    # Two who apply it at once wait for each other at the plan's lock; the second then finds it applied.
    await session.refresh(run)
    run.require_applicable(fingerprint_of(plan))
    delayed = take_delays(plan, {UUID(task_id): delay for task_id, delay in run.delays.items()})
    change = PlanChange(
        kinds=["levelling.apply", "schedule.dates"],
        subject_type="levelling_run",
        subject_id=run.id,
        title=plan.name,
        question="May work be moved so that nobody has more to do than there is time for?",
        chosen=f"{len(run.moves)} tasks moved, finish {run.finish_after.date()}",
    )
    effects = await _settle(session, plan, change)
    run.applied_at = session.now
    await session.flush()
    data = {"levelling_run_id": str(run.id), "delayed_tasks": delayed}
    session.record(LEVELLING_APPLIED, "levelling_run", run.id, data, project_id=run.project_id)
    return run, effects


async def clear_levelling(session: WriteSession, project_id: UUID) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """Take the levelling delays back from all tasks that levelling may move."""
    await require_member(session, session.principal, project_id)
    plan = await load_plan(session, project_id, lock=True)
    cleared = take_delays(plan, {})
    change = PlanChange(
        kinds=["levelling.clear", "schedule.dates"],
        subject_type="project",
        subject_id=project_id,
        title=plan.name,
        question="May the delays that levelling gave be taken back?",
        chosen=f"{cleared} delays taken back",
    )
    effects = await _settle(session, plan, change)
    if cleared:
        session.record(LEVELLING_CLEARED, "plan", project_id, {"cleared_tasks": cleared}, project_id=project_id)
    return {"type": "levelling_clearance", "project_id": str(project_id), "cleared_tasks": cleared}, effects


async def _settle(session: WriteSession, plan: WorkingPlan, change: PlanChange) -> dict[str, Any]:
    """Those that got a delay are told of like those that follow them: nobody edited any one of them."""
    await settle(session, plan, change)
    plan.moved |= plan.edited
    tell_rest(session, plan, "levelling", skip=0)
    return effects_of(plan)


JOB_FUNCTIONS = {JOB: level_plan}


def accepted(job_id: UUID) -> Mapping[str, Any]:
    """The answer while the job waits."""
    return {"type": "job", "id": str(job_id), "state": "queued"}
