"""The relay carries committed, unsent facts from the outbox to the log and marks them after the acknowledgement.

It looks for unsent rows, never for ids above a cursor: the order of sequences is not the order of commits. One process
at a time relays for a service (an advisory lock), so a tenant's facts reach the log in the order of their numbers.
"""

import asyncio
from contextlib import suppress
from typing import Any

import structlog

from services.kernel.database import Database, is_passing
from services.kernel.events import Fact
from services.kernel.failpoints import failpoint
from services.kernel.log import LOG_FAILURES, Log
from services.kernel.outbox import CHANNEL

_log = structlog.get_logger("relay")
_LOCK = 0x7A4DE0
BATCH = 500


class Relay:
    """Runs until cancelled. `wake` shortens the wait after a commit in this process."""

    def __init__(self, database: Database, log: Log) -> None:
        self._database = database
        self._log = log
        self._awake = asyncio.Event()

    def wake(self) -> None:
        self._awake.set()

    async def run(self) -> None:
        while True:
            try:
                async with self._database.background() as connection:
                    await connection.add_listener(CHANNEL, lambda *_: self._awake.set())
                    while not await connection.fetchval("select pg_try_advisory_lock($1)", _LOCK):  # noqa: ASYNC110 -- no event tells of it
                        await asyncio.sleep(1)
                    while True:
                        self._awake.clear()
                        # What is committed after the clearing wakes us again, so that a batch with room was the last.
                        if await self._send(connection) < BATCH:
                            await self._pause()
            except LOG_FAILURES as error:
                _log.warning("relay waits", problem=type(error).__name__)
            except Exception as error:  # noqa: BLE001 -- what is unsent stays in the outbox until it is sent
                level = _log.warning if is_passing(error) else _log.exception
                level("relay waits", problem=type(error).__name__)
            await asyncio.sleep(0.5)

    async def _pause(self) -> None:
        # Not `wait_for`, which until Python 3.12 loses a cancellation that comes with the waking, and then a stop hangs.
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self._awake.wait()

    async def _send(self, connection: Any) -> int:
        rows = await connection.fetch(
            "select tenant_id, number, envelope from outbox where sent_at is null order by tenant_id, number limit $1",
            BATCH,
        )
        if not rows:
            return 0
        failpoint("relay.before_publish")
        envelopes = [row["envelope"].encode() for row in rows]
        await self._log.publish([Fact.from_bytes(envelope) for envelope in envelopes], envelopes)
        failpoint("relay.after_publish")
        await connection.execute(
            """update outbox set sent_at = now() from unnest($1::uuid[], $2::bigint[]) as sent(tenant_id, number)
               where outbox.tenant_id = sent.tenant_id and outbox.number = sent.number""",
            [row["tenant_id"] for row in rows],
            [row["number"] for row in rows],
        )
        failpoint("relay.after_mark")
        return len(rows)
