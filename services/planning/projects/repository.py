"""Every SQL statement of this area."""

from uuid import UUID

from sqlalchemy import select

from services.kernel.access import knows_project
from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import WriteSession
from services.planning.projects.goal import Goal
from services.planning.projects.project import Project
from services.planning.projects.success_criterion import SuccessCriterion

PROJECTS = Collection(
    noun="project",
    source="projects t",
    container=None,
    project="t.id",
    visible=knows_project,
    columns=object_columns("project")
    | {
        "key": "t.key",
        "name": "t.name",
        "description": "t.description",
        "status": "t.status",
        "time_zone": "t.time_zone",
        "currency": "t.currency",
        "start": "t.start",
        "finish": "t.finish",
        "status_date": "t.status_date",
        "calendar_id": "t.calendar_id",
        "minutes_per_day": "t.minutes_per_day",
        "minutes_per_week": "t.minutes_per_week",
    },
    filters={"status": Filter("t.status", "text"), "key": Filter("t.key", "text"), "name": Filter("t.name", "text")},
    sorts={
        "created_at": Sort("t.created_at", "instant", nullable=False),
        "name": Sort("t.name", "text", nullable=False, by_language=True),
        "key": Sort("t.key", "text", nullable=False),
    },
    searched=("t.name", "t.description"),
    viewer_kinds={"update": "project.change", "close": "project.status"},
)

GOALS = Collection(
    noun="goal",
    source="goals t",
    columns=object_columns("goal")
    | {"project_id": "t.project_id", "title": "t.title", "statement": "t.statement", "targets": "t.targets"},
    filters={"title": Filter("t.title", "text")},
    sorts={
        "created_at": Sort("t.created_at", "instant", nullable=False),
        "title": Sort("t.title", "text", nullable=False, by_language=True),
    },
    searched=("t.title", "t.statement"),
    viewer_kinds={"update": "goal.set"},
)
SUCCESS_CRITERIA = Collection(
    noun="success_criterion",
    source="success_criteria t",
    columns=object_columns("success_criterion")
    | {
        "project_id": "t.project_id",
        "goal_id": "t.goal_id",
        "statement": "t.statement",
        "met": "t.met",
        "evidence": "t.evidence",
    },
    filters={"goal_id": Filter("t.goal_id", "uuid"), "met": Filter("t.met", "boolean")},
    sorts={"created_at": Sort("t.created_at", "instant", nullable=False)},
    searched=("t.statement", "t.evidence"),
    viewer_kinds={"update": "goal.set", "judge": "success_criterion.judge"},
)


async def load_project(session: WriteSession, project_id: UUID, *, lock: bool = False) -> Project:
    """The project for a change; `lock` makes other writers of its plan wait. Raises NotFound."""
    statement = select(Project).where(Project.tenant_id == session.tenant_id, Project.id == project_id)
    project = await session.scalar(statement.with_for_update() if lock else statement)
    if project is None:
        raise NotFound
    return project


async def load_goal(session: WriteSession, goal_id: UUID) -> Goal:
    """The goal for a change. Raises NotFound."""
    goal = await session.scalar(select(Goal).where(Goal.tenant_id == session.tenant_id, Goal.id == goal_id))
    if goal is None:
        raise NotFound
    return goal


async def load_criterion(session: WriteSession, criterion_id: UUID) -> SuccessCriterion:
    """The success criterion for a change. Raises NotFound."""
    statement = select(SuccessCriterion).where(
        SuccessCriterion.tenant_id == session.tenant_id, SuccessCriterion.id == criterion_id
    )
    criterion = await session.scalar(statement)
    if criterion is None:
        raise NotFound
    return criterion


async def criteria_of(session: WriteSession, goal_id: UUID) -> list[SuccessCriterion]:
    """The goal's criteria, the oldest first."""
    statement = (
        select(SuccessCriterion)
        .where(SuccessCriterion.tenant_id == session.tenant_id, SuccessCriterion.goal_id == goal_id)
        .order_by(SuccessCriterion.id)
    )
    return list(await session.scalars(statement))
