"""A project goes to the archive, and comes back. Administrators alone do either: no role on a project outlives the project."""

from uuid import UUID

from gateway.archive import repository
from gateway.archive.events import PROJECT_ARCHIVED, PROJECT_RESTORED
from gateway.archive.schemas import NewArchivedProject
from gateway.groups.use_cases import follow
from gateway.identity.use_cases import require_admin, require_admin_of_secret
from services.kernel.archived_access import archive_access, restore_access
from services.kernel.events import instant_text
from services.kernel.problems import NotFound, UnknownReference
from services.kernel.session import WriteSession


async def archive_project(session: WriteSession, new: NewArchivedProject) -> None:
    """From the next request on the project exists for nobody, and its jobs wait. Raises Forbidden, UnknownReference."""
    await require_admin(session)
    if not await archive_access(session, new.project_id, new.reason, session.now, session.principal.person_id):
        raise UnknownReference("project_id")
    session.record(PROJECT_ARCHIVED, "project", new.project_id, {"reason": new.reason}, project_id=new.project_id)


async def restore_project(session: WriteSession, project_id: UUID) -> None:
    """Everybody is on it again who was; who has come into a granted group since, or left one, is on it or off it."""
    await require_admin_of_secret(session)
    since = await restore_access(session, project_id)
    if since is None:
        raise NotFound
    data = {"archived_at": instant_text(since)}
    session.record(PROJECT_RESTORED, "project", project_id, data, project_id=project_id)
    await follow(session, project_id, await repository.people_of_groups(session, project_id))
