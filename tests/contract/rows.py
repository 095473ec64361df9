"""What a tenant has stored, as one digest per table: what does not change was not written."""

from collections.abc import Mapping
from uuid import UUID

from services.kernel.service import Service

# Background work moves these by itself: what was sent to the log, how far it was read, the job under way, and when a
# token was last used.
RESTLESS = ("outbox", "inbox_cursors", "jobs", "merged_events", "log_heads", "credential_uses")
TABLES = """
    select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p')
      and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id') order by 1
"""


async def digest(service: Service, tenant_id: UUID) -> Mapping[str, str]:
    """The digest of each table of a service that concerns a tenant. Facts are counted by the head of the outbox."""
    found = {}
    async with service.database.read(tenant_id) as session:
        for row in await session.rows(TABLES):
            table = row["relname"]
            if table not in RESTLESS:
                found[table] = await session.value(
                    f"select count(*) || md5(coalesce(string_agg(t::text, chr(10) order by t::text), '')) from \"{table}\" t"
                )
    return found
