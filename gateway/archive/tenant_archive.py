"""Closes a tenant and opens it again, which the operator does: nobody inside could undo it.

`python -m gateway.archive.tenant_archive archive TENANT_ID --reason "The contract has ended"` and `… restore TENANT_ID`;
the gateway's settings say which database is meant. Nothing is deleted.
"""

import argparse
import asyncio
import sys
from uuid import UUID

from gateway.archive.events import TENANT_ARCHIVED, TENANT_RESTORED
from services.kernel.archived_access import WHOLE_TENANT, archive_tenant, restore_access
from services.kernel.database import Database
from services.kernel.events import instant_text
from services.kernel.identity import Principal
from services.kernel.settings import Settings

# In whose name the facts stand: no person of the tenant.
_OPERATOR = UUID(int=0)


async def close(database: Database, tenant_id: UUID, reason: str) -> bool:
    """From the next request on nobody gets into the tenant, and its jobs wait. False where it is closed already."""
    async with database.write(Principal(tenant_id, _OPERATOR, kind="service")) as session:
        done = await archive_tenant(session, reason, session.now, _OPERATOR)
        if done:
            session.record(TENANT_ARCHIVED, "tenant", tenant_id, {"reason": reason}, project_id=None, audience="tenant")
            await session.publish()
            await session.commit()
    return done


async def reopen(database: Database, tenant_id: UUID) -> bool:
    """Everything is as it was. False where the tenant is not closed."""
    async with database.write(Principal(tenant_id, _OPERATOR, kind="service")) as session:
        since = await restore_access(session, WHOLE_TENANT)
        if since is not None:
            data = {"archived_at": instant_text(since)}
            session.record(TENANT_RESTORED, "tenant", tenant_id, data, project_id=None, audience="tenant")
            await session.publish()
            await session.commit()
    return since is not None


async def _run(arguments: argparse.Namespace) -> bool:
    database = Database(Settings.load("gateway"))
    await database.open()
    try:
        if arguments.act == "archive":
            return await close(database, arguments.tenant, arguments.reason)
        return await reopen(database, arguments.tenant)
    finally:
        await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Archive or restore a tenant.")
    parser.add_argument("act", choices=("archive", "restore"))
    parser.add_argument("tenant", type=UUID)
    parser.add_argument("--reason", default="")
    if not asyncio.run(_run(parser.parse_args())):
        sys.exit("That tenant is so already.")


if __name__ == "__main__":
    main()
