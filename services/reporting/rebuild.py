"""Build the read tables again from zero: `python -m services.reporting.rebuild [--tenant ID]`.

It reads the outboxes of the other services, which therefore have to run. Status reports are no read tables and stay.
"""

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

from services.kernel.service import Service
from services.reporting.app import create_app
from services.reporting.projections.repository import empty


async def rebuild_tenant(service: Service, tenant_id: UUID) -> Mapping[str, int]:
    """Empty and fill the tenant's read tables in one transaction; answers the numbers reached, by source."""
    return await service.inbox.rebuild(tenant_id, empty)


async def tenants_of(service: Service) -> Sequence[UUID]:
    """Every tenant of which anything has been read."""
    async with service.database.background() as connection:
        rows = await connection.fetch("select distinct tenant_id from inbox_cursors order by tenant_id")
    return [row["tenant_id"] for row in rows]


async def rebuild(service: Service, tenant_id: UUID | None) -> None:
    """Rebuild one tenant, or one after the other."""
    await service.database.open()
    try:
        for each in [tenant_id] if tenant_id is not None else await tenants_of(service):
            reached = await rebuild_tenant(service, each)
            print(each, *(f"{source}={number}" for source, number in reached.items()))  # noqa: T201  # a command's answer
    finally:
        await service.peers.close()
        await service.database.close()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m services.reporting.rebuild", description=__doc__)
    parser.add_argument("--tenant", type=UUID, help="rebuild this tenant alone")
    options = parser.parse_args(arguments)
    service: Service = create_app().state.service
    asyncio.run(rebuild(service, options.tenant))


if __name__ == "__main__":
    main()
