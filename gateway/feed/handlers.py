"""The gateway is one more reader: every fact of every service, its own too, gets its place in the merged log."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from gateway.feed.repository import append_events
from services.kernel.events import Fact
from services.kernel.inbox import Handlers
from services.kernel.session import WriteSession


class Arrivals:
    """Wakes those who wait for a tenant's next event in this process; others find it by looking every second."""

    def __init__(self) -> None:
        self._waiting: defaultdict[UUID, set[asyncio.Event]] = defaultdict(set)

    async def wait(self, tenant_id: UUID, seconds: float) -> None:
        """Return when something may have come for the tenant, or after `seconds`."""
        arrived = asyncio.Event()
        self._waiting[tenant_id].add(arrived)
        try:
            await asyncio.wait_for(arrived.wait(), seconds)
        except TimeoutError:
            return
        finally:
            self._waiting[tenant_id].discard(arrived)

    def tell(self, tenant_id: UUID) -> None:
        for arrived in self._waiting.pop(tenant_id, ()):
            arrived.set()


def merging_handlers() -> Handlers:
    handlers = Handlers()

    @handlers.on_batch
    async def merge(session: WriteSession, facts: Sequence[Fact]) -> None:
        await append_events(session, facts)

    return handlers
