"""What the plan's WBS codes look like, and typed codes taken back."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.kernel.access import require_member
from services.kernel.problems import UnknownReference
from services.kernel.schemas import merged
from services.kernel.session import WriteSession
from services.planning.projects.project import Project
from services.planning.projects.repository import load_project
from services.planning.schedule.plan_rows import PlanTask
from services.planning.schedule.repository.collections import WBS_MASK
from services.planning.schedule.repository.loading import load_plan, version_of_project
from services.planning.schedule.schemas import NewWbsRenumbering, WbsMaskPatch
from services.planning.schedule.use_cases.plan_changes import PlanChange, effects_of, settle, tell_rest
from services.planning.schedule.working_plan import WorkingPlan
from services.planning.scope.wbs_mask import mask_of


async def change_mask(
    session: WriteSession, project_id: UUID, expected_version: int, patch: WbsMaskPatch
) -> tuple[int, dict[str, Any]]:
    """Other codes for the whole plan. Raises WbsCodeOffMask, WbsCodeTaken for typed codes that it does not allow.

    Returns the project's version and the effects.
    """
    await require_member(session, session.principal, project_id)
    plan = await load_plan(session, project_id, lock=True)
    project = await load_project(session, project_id)
    await WBS_MASK.check_version(session, project_id, project.version, expected_version)
    await _set_mask(session, plan, project, patch)
    plan.recoded = {each.id for each in plan.tasks.values() if each.wbs_custom is not None}
    question = "May the codes of the work breakdown look otherwise?"
    effects = await settle(session, plan, _change(plan, question, _described(patch)))
    tell_rest(session, plan, "wbs_mask", skip=0)
    return await version_of_project(session, project_id), effects


async def renumber(
    session: WriteSession, project_id: UUID, new: NewWbsRenumbering
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Take typed codes back. Returns the answer and the effects."""
    await require_member(session, session.principal, project_id)
    plan = await load_plan(session, project_id, lock=True)
    if new.mask is not None:
        await _set_mask(session, plan, await load_project(session, project_id), new.mask)
    count = _take_back(plan, _chosen(plan, new.task_ids), unfitting=new.codes == "unfitting")
    question = "Shall typed codes of the work breakdown give way to generated ones?"
    await settle(session, plan, _change(plan, question, f"{count} codes taken back"))
    plan.moved = plan.edited | plan.moved
    tell_rest(session, plan, "wbs_renumbering", skip=0)
    body = {"type": "wbs_renumbering", "project_id": str(project_id), "codes_taken_back": count}
    return body, effects_of(plan)


def _take_back(plan: WorkingPlan, chosen: Sequence[PlanTask], *, unfitting: bool) -> int:
    """Let typed codes go, level by level: a code is held against what its parent is called by then. Returns how many."""
    typed = [each for each in chosen if each.wbs_custom is not None]
    count = 0
    for level in sorted({each.outline_level for each in typed}) if typed else ():
        gone = [each for each in typed if each.outline_level == level and not (unfitting and plan.fits_mask(each))]
        for each in gone:
            each.wbs_custom = None
            plan.touch(each)
        if gone:
            plan.renumber()
        count += len(gone)
    return count


async def _set_mask(session: WriteSession, plan: WorkingPlan, project: Project, patch: WbsMaskPatch) -> None:
    for name in merged(patch):
        value = getattr(patch, name)
        stored = [each.model_dump(mode="json") for each in value] if name == "levels" else value
        column = f"wbs_{name}"
        if getattr(project, column) != stored:
            plan.options_changed[column] = (getattr(project, column), stored)
            setattr(project, column, stored)
    await session.flush()
    plan.wbs_mask = mask_of(project.wbs_prefix, project.wbs_levels, project.wbs_unique)
    plan.renumber()


def _chosen(plan: WorkingPlan, task_ids: Sequence[UUID] | None) -> list[PlanTask]:
    """The tasks with all below them, in the order of the outline. Raises UnknownReference."""
    if task_ids is None:
        return list(plan.tasks.values())
    wanted = set(task_ids)
    for index, task_id in enumerate(task_ids):
        if task_id not in plan.tasks:
            raise UnknownReference(f"task_ids/{index}")
    for each in plan.tasks.values():  # A parent stands before its children.
        if each.parent_id in wanted:
            wanted.add(each.id)
    return [each for each in plan.tasks.values() if each.id in wanted]


def _described(patch: WbsMaskPatch) -> str:
    levels = [f"{each.separator}{each.kind}{each.length or ''}" for each in patch.levels]
    return f"{patch.prefix or 'no prefix'}; {' '.join(levels) or 'numbers'}"[:300]


def _change(plan: WorkingPlan, question: str, chosen: str) -> PlanChange:
    return PlanChange(["scope.task"], "project", plan.project_id, plan.name, question, chosen)
