"""What people do with projects. Each function loads, decides, records the fact and leaves the commit to the kernel."""

from uuid import UUID

from services.kernel.access import require_authority, require_member, require_scope
from services.kernel.schemas import merged
from services.kernel.session import WriteSession
from services.kernel.write import check_version
from services.planning.projects.events import PROJECT_CHANGED, PROJECT_CREATED
from services.planning.projects.project import Project, ProjectStatus
from services.planning.projects.repository import load_project
from services.planning.projects.schemas import NewProject, ProjectPatch


async def create_project(session: WriteSession, new: NewProject) -> Project:
    """A project of the caller's own: the gateway hears of it and makes them its manager."""
    require_scope(session.principal, "planning:decide")
    project = Project(**new.model_dump(), minutes_per_week=new.minutes_per_day * 5)
    session.add(project)
    await session.flush()
    data = {
        "key": project.key,
        "name": project.name,
        "time_zone": project.time_zone,
        "currency": project.currency,
        "status": project.status,
        "start": project.start.isoformat(),
    }
    session.record(PROJECT_CREATED, "project", project.id, data, project_id=project.id, audience="guests")
    return project


async def change_project(session: WriteSession, project_id: UUID, expected_version: int, patch: ProjectPatch) -> Project:
    """Change the frame. Text is operational; a passage along the project's life is decided."""
    await require_member(session, session.principal, project_id)
    project = await load_project(session, project_id)
    check_version(project.version, expected_version)
    changes = merged(patch)
    kinds = ["project.change"]
    if "status" in changes and changes["status"] != project.status:
        kinds.append("project.status")
        project.pass_to(ProjectStatus(changes.pop("status")))
    for name, value in changes.items():
        setattr(project, name, value)
    await session.flush()
    await require_authority(session, project_id, kinds)
    data = {
        "name": project.name,
        "status": project.status,
        "status_date": project.status_date and project.status_date.isoformat(),
    }
    session.record(PROJECT_CHANGED, "project", project.id, data, project_id=project.id, audience="guests")
    return project
