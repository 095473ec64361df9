"""Archiving takes away whatever lets anybody reach a project: memberships, delegations and the policy, in every service's copy.

Each predicate of visibility and each judgement stands on these rows, so without them the project does not exist for
anybody, on no route, and its jobs wait. Restoring puts the very rows back. Nobody gets into an archived tenant at all, so
of one nothing is taken away.
"""

from datetime import datetime
from uuid import UUID

from services.kernel.jobs import release_held_jobs
from services.kernel.session import Reader, WriteSession

# In place of a project's id: the tenant as a whole is archived.
WHOLE_TENANT = UUID(int=0)
_ROWS = ("memberships", "delegations", "authority_policies")
# SQL over `t`, which has a tenant_id: that tenant is archived.
IS_CLOSED = (
    "exists (select from archived_projects closed where closed.tenant_id = t.tenant_id"
    f" and closed.project_id = '{WHOLE_TENANT}')"
)


def is_archived_project(project_column: str) -> str:
    """SQL: the project lies in the archive; for what somebody sees, or what counts, without being on the project."""
    return (
        "exists (select from archived_projects away where away.tenant_id = current_setting('app.tenant_id')::uuid"
        f" and away.project_id = {project_column})"
    )


async def archive_access(
    session: WriteSession, project_id: UUID, reason: str, archived_at: datetime, archived_by_id: UUID
) -> bool:
    """Take the rows of a project away. False where there is no such project, or it is archived already."""
    driver = await session.driver()
    taken = ", ".join(
        f"taken_{table} as (delete from {table} where tenant_id = $1 and project_id = $2 returning *)"
        for table in _ROWS
    )
    kept = ", ".join(f"(select coalesce(jsonb_agg(to_jsonb(r)), '[]') from taken_{table} r)" for table in _ROWS)
    done = await driver.fetchval(
        f"""with {taken}
            insert into archived_projects (tenant_id, project_id, reason, archived_at, archived_by_id, {", ".join(_ROWS)})
            select $1, $2, $3, $4, $5, {kept} where exists (select from taken_authority_policies)
            returning true""",
        session.tenant_id,
        project_id,
        reason,
        archived_at,
        archived_by_id,
    )
    return bool(done)


async def restore_access(session: WriteSession, project_id: UUID) -> datetime | None:
    """Put the rows of a project back, or open the tenant (`WHOLE_TENANT`), and let the jobs go on. Returns since when it was archived, None where it is not."""
    driver = await session.driver()
    key = (session.tenant_id, project_id)
    for table in _ROWS:
        await driver.execute(
            f"""insert into {table} select r.* from archived_projects t
                cross join lateral jsonb_populate_recordset(null::{table}, t.{table}) r
                where t.tenant_id = $1 and t.project_id = $2""",
            *key,
        )
    since: datetime | None = await driver.fetchval(
        "delete from archived_projects where tenant_id = $1 and project_id = $2 returning archived_at", *key
    )
    if since is not None:
        await release_held_jobs(session)
    return since


async def archive_tenant(session: WriteSession, reason: str, archived_at: datetime, archived_by_id: UUID) -> bool:
    """Close the tenant. False where it is closed already."""
    done = await (await session.driver()).fetchval(
        """insert into archived_projects (tenant_id, project_id, reason, archived_at, archived_by_id, memberships,
             delegations, authority_policies) values ($1, $2, $3, $4, $5, '[]', '[]', '[]')
           on conflict do nothing returning true""",
        session.tenant_id,
        WHOLE_TENANT,
        reason,
        archived_at,
        archived_by_id,
    )
    return bool(done)


async def is_archived(reader: Reader, project_id: UUID) -> bool:
    """Whether the project lies in the archive."""
    found = await reader.value(
        "select true from archived_projects where tenant_id = $1 and project_id = $2", reader.tenant_id, project_id
    )
    return bool(found)
