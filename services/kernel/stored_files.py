"""Which objects of the store are wanted, and the end of those that are not.

A row of `stored_files` for each object is written in the transaction that writes the row which refers to it. Whoever
collects an object writes the same row as removed, under the same primary key, so that PostgreSQL lets only one of the
two commit: what a row refers to is never removed, and what was removed is never referred to, whatever the clocks say.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from uuid import UUID

import structlog

from services.kernel.database import Database
from services.kernel.identity import Principal
from services.kernel.problems import Unavailable
from services.kernel.session import WriteSession
from services.kernel.storage import Storage, StoredObject

_log = structlog.get_logger("stored_files")
_NOBODY = UUID(int=0)
_LOCK = 0x7A4DE1
# By then an object that was to be removed is gone, and whoever stored it has long been answered.
_REMEMBERED_DAYS = 30


async def keep_file(session: WriteSession, stored: StoredObject, job_id: UUID | None = None) -> None:
    """Want the object from this transaction's commit on; with a job, until `release_file` or the end of that job.

    Raises Unavailable when it was collected meanwhile: the upload took longer than the grace period.
    """
    kept = await session.value(
        """insert into stored_files (tenant_id, key, size, sha256, job_id) values ($1, $2, $3, $4, $5)
           on conflict (tenant_id, key) do update set job_id = excluded.job_id where stored_files.removed_at is null
           returning true""",
        session.tenant_id,
        stored.key,
        stored.size,
        stored.sha256,
        job_id,
    )
    if not kept:
        raise Unavailable


async def release_file(session: WriteSession, key: str) -> None:
    """Want the object no longer from this transaction's commit on. It may be removed after that, or is collected later."""
    await session.value("delete from stored_files where tenant_id = $1 and key = $2", session.tenant_id, key)


class OrphanCollection:
    """Removes stored objects that no row came to refer to: the write was rolled back, or its process killed.

    `grace` is how old an object has to be, so that an upload under way is left alone.
    """

    def __init__(self, database: Database, store: Storage, grace: timedelta) -> None:
        self._database = database
        self._store = store
        self._grace = grace

    async def run(self) -> int:
        """Go through the whole store once; answers how many objects were removed. One process at a time does it.

        Raises StorageFailed.
        """
        async with self._database.background() as connection:
            if not await connection.fetchval("select pg_try_advisory_lock($1)", _LOCK):
                return 0
            before = datetime.now(UTC) - self._grace
            removed = await self._store.remove_unfinished(before)
            async for keys in self._store.keys(before):
                for tenant_id, own in groupby(sorted(keys), key=_tenant_of):
                    removed += await self._collect(tenant_id, list(own))
            await connection.execute(
                "delete from stored_files where removed_at < now() - make_interval(days => $1)", _REMEMBERED_DAYS
            )
        return removed

    async def _collect(self, tenant_id: UUID, keys: Sequence[str]) -> int:
        """Remove those among a tenant's objects that no row wants."""
        async with self._database.write(Principal(tenant_id, _NOBODY, kind="service")) as session:
            # A database that has never heard of the tenant is not the one that the store belongs to: it is empty and
            # about to be restored, or somebody else's.
            if not await session.value("select exists (select from people where tenant_id = $1)", tenant_id):
                return 0
            # A job that has failed, or was cancelled before it began, wants its file no longer.
            await session.value(
                """delete from stored_files kept using jobs
                   where kept.tenant_id = $1 and jobs.tenant_id = kept.tenant_id and jobs.id = kept.job_id
                     and jobs.state in ('failed', 'cancelled')""",
                tenant_id,
            )
            orphans = await session.rows(
                """with found as (
                     insert into stored_files (tenant_id, key, removed_at) select $1, unnest($2::text[]), now()
                     on conflict (tenant_id, key) do update set removed_at = stored_files.removed_at
                       where stored_files.removed_at is not null
                     returning key)
                   select key from found order by key""",
                tenant_id,
                keys,
            )
            await session.commit()
        for row in orphans:
            await self._store.delete(row["key"])
            _log.warning("orphan removed", tenant=str(tenant_id), key=row["key"])
        return len(orphans)


def _tenant_of(key: str) -> UUID:
    return UUID(key.partition("/")[0])
