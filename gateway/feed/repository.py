"""Every SQL statement of the merged log."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import asyncpg

from services.kernel.access import knows_project, sees_costs, sees_project
from services.kernel.events import Fact
from services.kernel.session import Reader, WriteSession

# Members learn of everything on their projects but of its money, which those learn of who see it; guests of what was
# meant for them; and administrators of the tenant's own affairs.
VISIBLE = (
    f"(e.project_id is not null and ({sees_project('e.project_id', '$2')}"
    f" and (e.audience <> 'costs' or {sees_costs('e.project_id', '$2')})"
    f" or (e.audience = 'guests' and {knows_project('e.project_id', '$2')}))"
    " or e.project_id is null and exists (select from people me where me.tenant_id = e.tenant_id and me.id = $2"
    " and me.tenant_role = 'admin'))"
)


async def append_events(session: WriteSession, facts: Sequence[Fact]) -> None:
    """Store facts of one tenant at its next positions, in their order. One that is there already keeps its place."""
    driver = await session.driver()
    await driver.execute(
        """with fresh as (
             select fact.*, row_number() over (order by place) as step
             from unnest($2::text[], $3::bigint[], $4::text[], $5::uuid[], $6::text[], $7::timestamptz[], $8::text[])
               with ordinality as fact(source, number, type, project_id, audience, occurred_at, envelope, place)
             where not exists (select from merged_events known
               where known.tenant_id = $1 and known.source = fact.source and known.number = fact.number)
           ), head as (
             insert into log_heads as head (tenant_id, position) select $1, count(*) from fresh
             on conflict (tenant_id) do update set position = head.position + excluded.position returning position
           )
           insert into merged_events (tenant_id, position, source, number, type, project_id, audience, occurred_at, envelope)
           select $1, head.position - (select count(*) from fresh) + step,
             source, number, type, project_id, audience, occurred_at, envelope
           from fresh, head""",
        session.tenant_id,
        [fact.source for fact in facts],
        [fact.number for fact in facts],
        [fact.type for fact in facts],
        [fact.project_id for fact in facts],
        [fact.audience for fact in facts],
        [fact.occurred_at for fact in facts],
        [fact.to_bytes().decode() for fact in facts],
    )


async def read_events(
    reader: Reader,
    person_id: UUID,
    after: int,
    limit: int,
    *,
    types: Sequence[str] = (),
    project_id: UUID | None = None,
    sources: Sequence[str],
) -> Sequence[asyncpg.Record]:
    """Events that the person may see behind a position, in order: rows of position, project and envelope."""
    return await reader.rows(
        f"""select e.position, e.project_id, e.envelope from merged_events e
            where e.tenant_id = $1 and e.position > $3 and {VISIBLE}
              and (cardinality($5::text[]) = 0 or e.type = any($5))
              and ($6::uuid is null or e.project_id = $6) and e.source = any($7)
            order by e.position limit $4""",
        reader.tenant_id,
        person_id,
        after,
        limit,
        list(types),
        project_id,
        list(sources),
    )


async def projects_without_costs(reader: Reader, person_id: UUID, project_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the projects whose costs the person does not see."""
    rows = await reader.rows(
        f"""select asked.id from unnest($3::uuid[]) asked (id)
            where $1::uuid is not null and not {sees_costs("asked.id", "$2")}""",
        reader.tenant_id,
        person_id,
        list(project_ids),
    )
    return {row["id"] for row in rows}


async def head_position(reader: Reader) -> int:
    position: int | None = await reader.value("select position from log_heads where tenant_id = $1", reader.tenant_id)
    return position or 0
