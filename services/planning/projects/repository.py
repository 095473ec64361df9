"""Every SQL statement of this area."""

from uuid import UUID

from sqlalchemy import select

from services.kernel.access import knows_project
from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import WriteSession
from services.planning.projects.project import Project

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


async def load_project(session: WriteSession, project_id: UUID, *, lock: bool = False) -> Project:
    """The project for a change; `lock` makes other writers of its plan wait. Raises NotFound."""
    statement = select(Project).where(Project.tenant_id == session.tenant_id, Project.id == project_id)
    project = await session.scalar(statement.with_for_update() if lock else statement)
    if project is None:
        raise NotFound
    return project
