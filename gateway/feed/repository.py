"""Every SQL statement of the merged log."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.kernel.access import knows_project, sees_project
from services.kernel.events import Fact
from services.kernel.session import Reader, WriteSession

# Members learn of everything on their projects, guests of what was meant for them, everybody of themselves, and
# administrators of the tenant's own affairs.
VISIBLE = (
    f"(e.project_id is not null and ({sees_project('e.project_id', '$2')}"
    f" or (e.audience = 'guests' and {knows_project('e.project_id', '$2')}))"
    " or e.project_id is null and exists (select from people me where me.tenant_id = e.tenant_id and me.id = $2"
    " and me.tenant_role = 'admin'))"
)


async def append_event(session: WriteSession, fact: Fact) -> int:
    """Store a fact at the tenant's next position. A fact that is there already keeps its place; returns the position."""
    driver = await session.driver()
    known: int | None = await driver.fetchval(
        "select position from merged_events where tenant_id = $1 and source = $2 and number = $3",
        fact.tenant_id,
        fact.source,
        fact.number,
    )
    if known is not None:
        return known
    position: int = await driver.fetchval(
        """insert into log_heads as head (tenant_id, position) values ($1, 1)
           on conflict (tenant_id) do update set position = head.position + 1 returning position""",
        fact.tenant_id,
    )
    await driver.execute(
        """insert into merged_events (tenant_id, position, source, number, type, project_id, audience, occurred_at, envelope)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        fact.tenant_id,
        position,
        fact.source,
        fact.number,
        fact.type,
        fact.project_id,
        fact.audience,
        fact.occurred_at,
        fact.to_bytes().decode(),
    )
    return position


async def read_events(
    reader: Reader,
    person_id: UUID,
    after: int,
    limit: int,
    *,
    types: Sequence[str] = (),
    project_id: UUID | None = None,
    source: str | None = None,
) -> Sequence[asyncpg.Record]:
    """Events that the person may see behind a position, in order: rows of position and envelope."""
    return await reader.rows(
        f"""select e.position, e.envelope from merged_events e
            where e.tenant_id = $1 and e.position > $3 and {VISIBLE}
              and (cardinality($5::text[]) = 0 or e.type = any($5))
              and ($6::uuid is null or e.project_id = $6) and ($7::text is null or e.source = $7)
            order by e.position limit $4""",
        reader.tenant_id,
        person_id,
        after,
        limit,
        list(types),
        project_id,
        source,
    )


async def head_position(reader: Reader) -> int:
    position: int | None = await reader.value("select position from log_heads where tenant_id = $1", reader.tenant_id)
    return position or 0
