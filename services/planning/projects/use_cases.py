"""What people do with projects. Each function loads, decides, records the fact and leaves the commit to the kernel."""

from uuid import UUID

from services.kernel.access import is_only_guest, require_authority, require_member, require_scope
from services.kernel.problems import Forbidden, NotFound, UnknownReference
from services.kernel.schemas import merged
from services.kernel.session import WriteSession
from services.planning.decisions.use_cases import record_acceptance, record_decision
from services.planning.projects.events import GATE_PLANNED, GOAL_SET, PROJECT_CHANGED, PROJECT_CREATED
from services.planning.projects.gate import gates_of_model
from services.planning.projects.goal import Goal
from services.planning.projects.project import Project, ProjectStatus
from services.planning.projects.repository import (
    GOALS,
    PROJECTS,
    SUCCESS_CRITERIA,
    criteria_of,
    load_criterion,
    load_goal,
    load_project,
)
from services.planning.projects.schemas import (
    GoalPatch,
    NewGoal,
    NewProject,
    NewSuccessCriterion,
    ProjectPatch,
    SuccessCriterionPatch,
)
from services.planning.projects.success_criterion import SuccessCriterion


async def create_project(session: WriteSession, new: NewProject) -> Project:
    """A project of the caller's own, with its sector's gates: the gateway hears of it and makes them its manager."""
    require_scope(session.principal, "planning:decide")
    # Somebody must answer for a project, which software cannot, and guests are here for what was shared with them.
    if session.principal.is_machine or await is_only_guest(session, session.principal):
        raise Forbidden
    project = Project(**new.model_dump(exclude={"policy_template"}), minutes_per_week=new.minutes_per_day * 5)
    session.add(project)
    await session.flush()
    gates = gates_of_model(project.id, new.policy_template)
    if gates:
        # Where the sector has a phase model, planning begins at one of its gates, and not with the project.
        project.status = ProjectStatus.INITIATING
        session.add_all(gates)
        await session.flush()
    data = {
        "key": project.key,
        "name": project.name,
        "time_zone": project.time_zone,
        "currency": project.currency,
        "status": project.status,
        "start": project.start.isoformat(),
        "policy_template": new.policy_template,
    }
    session.record(PROJECT_CREATED, "project", project.id, data, project_id=project.id, audience="guests")
    for gate in gates:
        session.record(GATE_PLANNED, "gate", gate.id, gate.told(), project_id=project.id)
    return project


async def change_project(
    session: WriteSession, project_id: UUID, expected_version: int, patch: ProjectPatch
) -> Project:
    """Change the frame. Text is operational; a passage along the project's life is decided.

    The status date is what reports and forecasts count up to. It moves no task: the plan is scheduled from what was
    reported of each task, and remaining work is not pushed behind the status date.
    """
    await require_member(session, session.principal, project_id)
    project = await load_project(session, project_id)
    await PROJECTS.check_version(session, project.id, project.version, expected_version)
    changes = merged(patch)
    kinds = ["project.change"]
    passed = "status" in changes and changes["status"] != project.status
    if passed:
        kinds.append("project.status")
        project.pass_to(ProjectStatus(changes.pop("status")))
    for name, value in changes.items():
        setattr(project, name, value)
    await session.flush()
    await require_authority(session, project_id, kinds)
    if passed:
        await record_decision(
            session,
            project_id=project_id,
            kind="project.status",
            question="Which state shall the project pass to?",
            chosen=project.status,
            executed_by_id=session.principal.person_id,
            subject_type="project",
            subject_id=project_id,
        )
    else:
        await record_acceptance(
            session,
            project_id=project_id,
            kind="project.change",
            question=f"May the project {project.name} be changed?",
            chosen=", ".join(sorted(changes)).replace("_", " ") or "as it is",
            subject_type="project",
            subject_id=project_id,
        )
    data = {
        "name": project.name,
        "status": project.status,
        "status_date": project.status_date and project.status_date.isoformat(),
    }
    session.record(PROJECT_CHANGED, "project", project.id, data, project_id=project.id, audience="guests")
    return project


async def set_goal(session: WriteSession, project_id: UUID, new: NewGoal) -> tuple[Goal, list[SuccessCriterion]]:
    """A new goal with the criteria by which it will be judged."""
    await require_member(session, session.principal, project_id)
    targets = [target.model_dump(mode="json") for target in new.targets]
    goal = Goal(project_id=project_id, title=new.title, statement=new.statement, targets=targets)
    session.add(goal)
    await session.flush()
    criteria = [
        SuccessCriterion(project_id=project_id, goal_id=goal.id, statement=criterion.statement)
        for criterion in new.success_criteria
    ]
    session.add_all(criteria)
    await session.flush()
    await require_authority(session, project_id, ["goal.set"])
    await _record_goal_decision(session, goal)
    return goal, criteria


async def change_goal(session: WriteSession, goal_id: UUID, expected_version: int, patch: GoalPatch) -> Goal:
    """Aim at something else; the decision says who wanted that."""
    goal = await load_goal(session, goal_id)
    await require_member(session, session.principal, goal.project_id)
    await GOALS.check_version(session, goal.id, goal.version, expected_version)
    changes = merged(patch)
    if "targets" in changes:
        changes["targets"] = [target.model_dump(mode="json") for target in patch.targets]
    for name, value in changes.items():
        setattr(goal, name, value)
    await session.flush()
    await require_authority(session, goal.project_id, ["goal.set"])
    if goal.version == expected_version:
        return goal  # The same once more: nothing was decided.
    await _record_goal_decision(session, goal)
    return goal


async def add_success_criterion(session: WriteSession, project_id: UUID, new: NewSuccessCriterion) -> SuccessCriterion:
    """One more condition for a goal. Raises UnknownReference when the goal is none of this project's."""
    await require_member(session, session.principal, project_id)
    try:
        goal = await load_goal(session, new.goal_id)
    except NotFound:
        raise UnknownReference("goal_id") from None
    if goal.project_id != project_id:
        raise UnknownReference("goal_id")
    criterion = SuccessCriterion(project_id=project_id, goal_id=goal.id, statement=new.statement)
    session.add(criterion)
    await session.flush()
    await require_authority(session, project_id, ["goal.set"])
    await _record_goal_decision(session, goal)
    return criterion


async def change_success_criterion(
    session: WriteSession, criterion_id: UUID, expected_version: int, patch: SuccessCriterionPatch
) -> SuccessCriterion:
    """Reword a criterion, which sets the goal anew, or judge it, which is a decision of its own."""
    criterion = await load_criterion(session, criterion_id)
    await require_member(session, session.principal, criterion.project_id)
    await SUCCESS_CRITERIA.check_version(session, criterion.id, criterion.version, expected_version)
    goal = await load_goal(session, criterion.goal_id)
    changes = merged(patch)
    if "statement" in changes:
        criterion.statement = changes["statement"]
    reworded, judged = "statement" in changes, not {"met", "evidence"}.isdisjoint(changes)
    if judged:
        criterion.judge(changes.get("met", criterion.met), changes.get("evidence", criterion.evidence))
    await session.flush()
    kinds = ["success_criterion.judge"] * judged + ["goal.set"] * (reworded or not judged)
    await require_authority(session, goal.project_id, kinds)
    if criterion.version == expected_version:
        return criterion  # The same once more: nothing was decided.
    if judged:
        await record_decision(
            session,
            project_id=goal.project_id,
            kind="success_criterion.judge",
            question=criterion.statement,
            chosen={True: "met", False: "not met", None: "not known"}[criterion.met],
            reason=criterion.evidence,
            subject_type="success_criterion",
            subject_id=criterion.id,
        )
    if reworded:
        await _record_goal_decision(session, goal)
    else:
        await _record_goal(session, goal)
    return criterion


async def _record_goal_decision(session: WriteSession, goal: Goal) -> None:
    await record_decision(
        session,
        project_id=goal.project_id,
        kind="goal.set",
        question="What shall the project achieve?",
        chosen=goal.title,
        executed_by_id=session.principal.person_id,
        subject_type="goal",
        subject_id=goal.id,
    )
    await _record_goal(session, goal)


async def _record_goal(session: WriteSession, goal: Goal) -> None:
    criteria = await criteria_of(session, goal.id)
    data = {
        "title": goal.title,
        "statement": goal.statement,
        "targets": goal.targets,
        "success_criteria": [{"id": str(each.id), "statement": each.statement, "met": each.met} for each in criteria],
    }
    session.record(GOAL_SET, "goal", goal.id, data, project_id=goal.project_id)
