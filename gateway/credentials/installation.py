"""The installation's own rows: what belongs to no tenant, because it is needed before the tenant is known.

They lie under a tenant_id that no tenant has, so that the keys and the row level security are the same as everywhere:
a statement of a tenant's transaction cannot see an account, and one of the installation's sees no tenant's rows.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

from services.kernel.identity import Principal
from services.kernel.session import WriteSession

INSTALLATION: Final = UUID(int=0)
# In whose name the installation does what nobody has signed in for yet.
DOORKEEPER: Final = Principal(INSTALLATION, UUID(int=0), kind="service", scopes=frozenset())


@asynccontextmanager
async def installation_rows(session: WriteSession) -> AsyncIterator[Any]:
    """The driver's connection of a tenant's transaction, which meanwhile sees the installation's rows instead.

    So an account and a tenant's rows change in one transaction. A block that raises leaves the transaction to its
    rollback.
    """
    driver = await session.driver()
    await session.flush()
    await driver.execute(f"set local app.tenant_id = '{INSTALLATION}'")
    yield driver
    await driver.execute(f"set local app.tenant_id = '{session.tenant_id}'")
