"""What has had its time is thrown away by the database's clock: idempotency keys after 72 hours, and what a service adds.

A service's own chores are statements that delete at most `$1` rows; they run as its background role.
"""

import asyncio
import time
from collections.abc import Sequence

import structlog

from services.kernel.database import CONNECTION_FAILURES, Database, is_passing
from services.kernel.storage import StorageFailed
from services.kernel.stored_files import OrphanCollection

_log = structlog.get_logger("housekeeping")
KEY_HOURS = 72
PAUSE_SECONDS = 600.0
BATCH = 1000
# A walk through the whole store, so not at every turn; the first one well behind a start.
COLLECTION_SECONDS = 3600.0


class Housekeeping:
    """Runs until cancelled; several processes may do it at once without harm."""

    def __init__(self, database: Database, chores: Sequence[str] = (), orphans: OrphanCollection | None = None) -> None:
        self._database = database
        self._orphans = orphans
        self._collected_at = time.monotonic()
        self._chores = chores

    async def run(self) -> None:
        while True:
            try:
                dropped = max(await self.drop_old_keys(), await self.do_chores())
            except CONNECTION_FAILURES as error:
                _log.warning("housekeeping waits", problem=type(error).__name__)
                dropped = 0
            if time.monotonic() - self._collected_at >= COLLECTION_SECONDS:
                await self.collect_orphans()
                self._collected_at = time.monotonic()
            await asyncio.sleep(0 if dropped == BATCH else PAUSE_SECONDS)

    async def collect_orphans(self) -> None:
        """Remove the store's orphans. Whatever stands in the way, the next turn tries again."""
        if self._orphans is None:
            return
        try:
            await self._orphans.run()
        except Exception as error:  # noqa: BLE001 -- files too many are no reason to end the other housekeeping
            level = _log.warning if isinstance(error, StorageFailed) or is_passing(error) else _log.exception
            level("orphans wait", problem=type(error).__name__)

    async def do_chores(self) -> int:
        """Run each chore for one batch. Returns how many rows the largest has deleted."""
        if not self._chores:
            return 0
        async with self._database.background() as connection:
            tags = [await connection.execute(chore, BATCH) for chore in self._chores]
        return max(int(tag.rpartition(" ")[2]) for tag in tags)

    async def drop_old_keys(self) -> int:
        """Delete a batch of expired keys, so that no transaction is long. Returns how many there were."""
        async with self._database.background() as connection:
            dropped: int = await connection.fetchval(
                """with dropped as (
                     delete from idempotency_keys where (tenant_id, principal_id, route, key) in (
                       select tenant_id, principal_id, route, key from idempotency_keys
                       where created_at < now() - make_interval(hours => $1) limit $2)
                     returning 1)
                   select count(*) from dropped""",
                KEY_HOURS,
                BATCH,
            )
        return dropped
