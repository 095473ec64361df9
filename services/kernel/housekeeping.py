"""What has had its time is thrown away by the database's clock: idempotency keys after 72 hours, and what a service adds.

A service's own chores are statements that delete at most `$1` rows; they run as its background role.
"""

import asyncio
from collections.abc import Sequence

import structlog

from services.kernel.database import CONNECTION_FAILURES, Database

_log = structlog.get_logger("housekeeping")
KEY_HOURS = 72
PAUSE_SECONDS = 600.0
BATCH = 1000


class Housekeeping:
    """Runs until cancelled; several processes may do it at once without harm."""

    def __init__(self, database: Database, chores: Sequence[str] = ()) -> None:
        self._database = database
        self._chores = chores

    async def run(self) -> None:
        while True:
            try:
                dropped = max(await self.drop_old_keys(), await self.do_chores())
            except CONNECTION_FAILURES as error:
                _log.warning("housekeeping waits", problem=type(error).__name__)
                dropped = 0
            await asyncio.sleep(0 if dropped == BATCH else PAUSE_SECONDS)

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
