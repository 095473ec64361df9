"""Every SQL statement of this area."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.kernel.ids import new_id
from services.kernel.session import Reader, WriteSession


async def texts_of(reader: Reader, task_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """Notes and labels by task, as a plan is stored with."""
    rows = await reader.rows(
        "select id, notes, labels from tasks where tenant_id = $1 and id = any($2)", reader.tenant_id, list(task_ids)
    )
    return {row["id"]: {"notes": row["notes"], "labels": list(row["labels"])} for row in rows}


async def copy_assignments(session: WriteSession, copies: Mapping[UUID, UUID]) -> Sequence[Any]:
    """Give the new tasks the parts of those that they were copied from, by the ids of both. Returns the new rows."""
    stored = await session.rows(
        "select id, task_id from assignments where tenant_id = $1 and task_id = any($2) order by id",
        session.tenant_id,
        list(copies),
    )
    return await session.rows(
        """insert into assignments (tenant_id, id, project_id, task_id, resource_id, units, work, duration, remaining,
             delay, overtime, contour, rate_table, cost, version, created_at, updated_at, created_by_id, updated_by_id)
           select a.tenant_id, copied.new_id, a.project_id, copied.task_id, a.resource_id, a.units, a.work, a.duration,
             null, a.delay, a.overtime, a.contour, a.rate_table, a.cost, 1, $5, $5, $6, $6
           from unnest($2::uuid[], $3::uuid[], $4::uuid[]) as copied(id, new_id, task_id)
           join assignments a on a.tenant_id = $1 and a.id = copied.id
           returning id, task_id, resource_id, work""",
        session.tenant_id,
        [row["id"] for row in stored],
        [new_id() for _ in stored],
        [copies[row["task_id"]] for row in stored],
        session.now,
        session.author_id,
    )


async def replaceable(
    reader: Reader, resource_id: UUID, by_id: UUID, project_id: UUID, task_ids: Sequence[UUID] | None
) -> tuple[list[UUID], int]:
    """The resource's assignments in work that is not finished, of these tasks or of all, and how many are left alone.

    Left alone is a task in which the other resource takes part already.
    """
    rows = await reader.rows(
        """select a.id, exists (select from assignments o where o.tenant_id = a.tenant_id and o.task_id = a.task_id
             and o.resource_id = $4) as held
           from assignments a join tasks t on t.tenant_id = a.tenant_id and t.id = a.task_id
           where a.tenant_id = $1 and a.project_id = $2 and a.resource_id = $3 and t.status <> 'done'
             and ($5::uuid[] is null or a.task_id = any($5)) order by a.id""",
        reader.tenant_id,
        project_id,
        resource_id,
        by_id,
        None if task_ids is None else list(task_ids),
    )
    return [row["id"] for row in rows if not row["held"]], sum(row["held"] for row in rows)


async def give_to(session: WriteSession, assignment_ids: Sequence[UUID], by_id: UUID) -> Sequence[Any]:
    """Make these assignments another resource's. Returns them as they are now."""
    return await session.rows(
        """update assignments set resource_id = $3, version = version + 1, updated_at = $4, updated_by_id = $5
           where tenant_id = $1 and id = any($2) returning id, task_id, resource_id, work""",
        session.tenant_id,
        list(assignment_ids),
        by_id,
        session.now,
        session.author_id,
    )


async def resources_of(reader: Reader, project_id: UUID, resource_ids: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """Type and name of those that are the project's."""
    rows = await reader.rows(
        "select id, resource_type, name from resources where tenant_id = $1 and project_id = $2 and id = any($3)",
        reader.tenant_id,
        project_id,
        list(resource_ids),
    )
    return {row["id"]: (row["resource_type"], row["name"]) for row in rows}
