"""Every SQL statement of this area."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.kernel.ids import new_id
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.planning.plan_acts.reversing import Means
from services.planning.schedule.journal import LINK, PART
from services.planning.schedule.plan_change import PlanChangeEntry
from services.planning.schedule.plan_rows import PlanLink
from services.planning.schedule.repository.storing import send_many


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


# The journal


async def load_change(session: WriteSession, change_id: UUID) -> PlanChangeEntry:
    """An entry of the journal. Raises NotFound."""
    found = await session.get(PlanChangeEntry, (session.tenant_id, change_id))
    if found is None:
        raise NotFound
    return found


async def means_of(reader: Reader, project_id: UUID) -> dict[UUID, Means]:
    """The project's resources by id."""
    rows = await reader.rows(
        "select id, resource_type, calendar_id, accrual from resources where tenant_id = $1 and project_id = $2",
        reader.tenant_id,
        project_id,
    )
    return {row["id"]: Means(row["resource_type"], row["calendar_id"], row["accrual"]) for row in rows}


async def write_parts(session: WriteSession, project_id: UUID, parts: Mapping[UUID, Mapping[str, Any] | None]) -> None:
    """Make assignments what they shall be, by id; None takes one away."""
    driver = await session.driver()
    gone = [part_id for part_id, row in parts.items() if row is None]
    await driver.execute("delete from assignments where tenant_id = $1 and id = any($2)", session.tenant_id, gone)
    members = ", ".join(PART)
    numbers = ", ".join(f"${number}" for number in range(6, len(PART) + 6))
    changes = ", ".join(f"{name} = excluded.{name}" for name in PART)
    await send_many(
        session,
        f"""insert into assignments as a (tenant_id, id, project_id, version, created_at, updated_at, created_by_id,
              updated_by_id, {members}) values ($1, $2, $3, 1, $4, $4, $5, $5, {numbers})
            on conflict (tenant_id, id) do update set version = a.version + 1, updated_at = excluded.updated_at,
              updated_by_id = excluded.updated_by_id, {changes} where a.project_id = excluded.project_id""",
        [
            (
                session.tenant_id,
                part_id,
                project_id,
                session.now,
                session.author_id,
                *(row[name] for name in PART),
            )
            for part_id, row in parts.items()
            if row is not None
        ],
    )


async def write_links(session: WriteSession, project_id: UUID, links: Mapping[UUID, PlanLink | None]) -> None:
    """Make dependencies what they shall be, by id; None takes one away."""
    driver = await session.driver()
    gone = [link_id for link_id, link in links.items() if link is None]
    await driver.execute("delete from dependencies where tenant_id = $1 and id = any($2)", session.tenant_id, gone)
    members = ", ".join(LINK)
    numbers = ", ".join(f"${number}" for number in range(6, len(LINK) + 6))
    changes = ", ".join(f"{name} = excluded.{name}" for name in LINK)
    await send_many(
        session,
        f"""insert into dependencies as d (tenant_id, id, project_id, version, created_at, updated_at, created_by_id,
              updated_by_id, {members}) values ($1, $2, $3, 1, $4, $4, $5, $5, {numbers})
            on conflict (tenant_id, id) do update set version = d.version + 1, updated_at = excluded.updated_at,
              updated_by_id = excluded.updated_by_id, {changes} where d.project_id = excluded.project_id""",
        [
            (
                session.tenant_id,
                link_id,
                project_id,
                session.now,
                session.author_id,
                *(getattr(link, name) for name in LINK),
            )
            for link_id, link in links.items()
            if link is not None
        ],
    )
