"""The rules that a plan is scheduled under, and work that remains, moved behind the status date."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.kernel.access import require_member
from services.kernel.schemas import merged
from services.kernel.session import WriteSession
from services.planning.projects.project import Project
from services.planning.projects.repository import load_project
from services.planning.schedule.editing import move_remaining
from services.planning.schedule.events import PLAN_RESCHEDULED
from services.planning.schedule.plan_rows import Options
from services.planning.schedule.repository.collections import SCHEDULE_OPTIONS
from services.planning.schedule.repository.loading import load_plan, version_of_project
from services.planning.schedule.schemas import ScheduleOptionsPatch
from services.planning.schedule.task import StatusDateMissing
from services.planning.schedule.use_cases.plan_changes import PlanChange, effects_of, plan_dates, settle, tell_rest
from services.planning.schedule.working_plan import WorkingPlan

_SPOKEN = {True: "yes", False: "no", None: "none"}


async def change_options(
    session: WriteSession, project_id: UUID, expected_version: int, patch: ScheduleOptionsPatch
) -> tuple[int, dict[str, Any]]:
    """Carry out a merge patch; the whole plan follows. Returns the project's version and the effects."""
    await require_member(session, session.principal, project_id)
    plan = await load_plan(session, project_id, lock=True)
    project = await load_project(session, project_id)
    await SCHEDULE_OPTIONS.check_version(session, project_id, project.version, expected_version)
    changes = merged(patch)
    for name, value in changes.items():
        if getattr(project, name) != value:
            plan.options_changed[name] = (getattr(project, name), value)
        setattr(project, name, value)
    await session.flush()
    plan.start = plan.start_before = project.start
    plan.critical_float_minutes = project.critical_float_minutes
    plan.options = options_of(project)
    chosen = "; ".join(f"{name.replace('_', ' ')} {_spoken(value)}" for name, value in changes.items()) or "as it is"
    effects = await settle(session, plan, _change(plan, "May the plan be scheduled under other rules?", chosen))
    _tell(session, plan, "options")
    return await version_of_project(session, project_id), effects


def options_of(project: Project) -> Options:
    """The rules that the project's plan is scheduled under."""
    return Options(
        project.honor_constraints, project.split_in_progress, project.multiple_critical_paths, project.finish_target
    )


async def reschedule(
    session: WriteSession, project_id: UUID, after: datetime | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Move remaining work behind the date, or the status date. Returns the answer and the effects.

    Raises StatusDateMissing where there is neither.
    """
    await require_member(session, session.principal, project_id)
    plan = await load_plan(session, project_id, lock=True)
    behind = after or plan.status_date
    if behind is None:
        raise StatusDateMissing
    count = move_remaining(plan, behind)
    chosen = f"{count} tasks moved behind {behind:%Y-%m-%d %H:%M}"
    await settle(session, plan, _change(plan, "Shall all work that remains be moved behind this date?", chosen))
    plan.moved = plan.edited | plan.moved
    _tell(session, plan, "rescheduling")
    body = {"type": "rescheduling", "project_id": str(project_id), "after": behind.isoformat()}
    return body | {"tasks_rescheduled": count}, effects_of(plan)


def _change(plan: WorkingPlan, question: str, chosen: str) -> PlanChange:
    return PlanChange(["schedule.dates"], "project", plan.project_id, plan.name, question, chosen[:300])


def _tell(session: WriteSession, plan: WorkingPlan, cause: str) -> None:
    """Record the tasks that moved, and where none did that the frame may have."""
    tell_rest(session, plan, cause, skip=0)
    if not plan.moved:
        data = {"cause": cause, "moved": [], "plan": plan_dates(plan.start, plan.finish), "part": 1, "parts": 1}
        session.record(PLAN_RESCHEDULED, "project", plan.project_id, data, project_id=plan.project_id)


def _spoken(value: Any) -> str:
    match value:
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case bool() | None:
            return _SPOKEN[value]
        case _:
            return str(value)
