"""Every SQL statement of the archive."""

from uuid import UUID

from services.kernel.archived_access import WHOLE_TENANT
from services.kernel.collection import Collection
from services.kernel.filtering import Sort
from services.kernel.session import WriteSession

# The directory knows projects by their ids alone; what they are called, they have told everybody.
_LAST_CALLED = (
    "(select e.envelope::json #>> '{{data,{member}}}' from merged_events e where e.tenant_id = t.tenant_id"
    " and e.project_id = t.project_id and e.type in ('planning.project.created', 'planning.project.changed')"
    " and e.envelope::jsonb -> 'data' ? '{member}' order by e.position desc limit 1)"
)


def _administers(_: str, person: str) -> str:
    """SQL: the person is an administrator of the tenant; for anybody else there is no archive."""
    return (
        "exists (select from people me where me.tenant_id = t.tenant_id"
        f" and me.id = {person} and me.active and me.tenant_role = 'admin')"
    )


ARCHIVED_PROJECTS = Collection(
    noun="archived_project",
    source=f"(select a.*, a.project_id as id, 1 as version from archived_projects a where a.project_id <> '{WHOLE_TENANT}') t",
    container=None,
    project="t.project_id",
    visible=_administers,
    columns={
        "id": "t.project_id",
        "type": "'archived_project'",
        "version": "1",
        "created_at": "t.archived_at",
        "updated_at": "t.archived_at",
        "created_by_id": "t.archived_by_id",
        "updated_by_id": "t.archived_by_id",
        "key": _LAST_CALLED.format(member="key"),
        "name": _LAST_CALLED.format(member="name"),
        "reason": "t.reason",
    },
    sorts={"created_at": Sort("t.archived_at", "instant", nullable=False)},
)


async def people_of_groups(session: WriteSession, project_id: UUID) -> set[UUID]:
    """Who is on the project by a group, or would be by one of its grants."""
    rows = await session.rows(
        """select m.person_id from memberships m
             join membership_origins o on o.tenant_id = m.tenant_id and o.membership_id = m.id
           where m.tenant_id = $1 and m.project_id = $2
           union
           select gm.person_id from group_grants g
             join group_members gm on gm.tenant_id = g.tenant_id and gm.group_id = g.group_id
           where g.tenant_id = $1 and g.project_id = $2""",
        session.tenant_id,
        project_id,
    )
    return {row["person_id"] for row in rows}
