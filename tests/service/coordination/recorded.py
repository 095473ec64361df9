"""What the service has recorded, as its outbox keeps it."""

from typing import Any

import orjson

from services.kernel.outbox import read_facts
from tests.factories.world import ServiceUnderTest, World


async def facts_of(under_test: ServiceUnderTest, world: World, prefix: str = "") -> list[dict[str, Any]]:
    """The facts of the world's tenant whose type begins so, oldest first."""
    async with under_test.service.database.read(world.tenant_id) as session:
        envelopes = await read_facts(session, world.tenant_id, 0, 1000)
    facts = [orjson.loads(envelope) for envelope in envelopes]
    return [fact for fact in facts if fact["type"].startswith(prefix)]
