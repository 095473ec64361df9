"""The first administrator of a new tenant, who cannot be added by anybody over the API.

`python -m gateway.identity.bootstrap --tenant "Bridge builders" --name "Kari Nordmann" --email kari@example.org`
prints an administrator's token; the gateway's settings say which database is meant.
"""

import argparse
import asyncio
import sys

from gateway.identity.events import PERSON_ADDED, TENANT_CREATED
from gateway.identity.repository import add_credential_use, add_person
from gateway.identity.tenant import Tenant
from gateway.identity.token import Token, draw_token, hint_of, token_hash
from services.kernel.database import Database
from services.kernel.identity import ALL_SCOPES, Principal
from services.kernel.ids import new_id
from services.kernel.settings import Settings


async def create_tenant(database: Database, tenant_name: str, admin_name: str, admin_email: str) -> str:
    """Create a tenant with its first administrator. Returns the secret of a token with all scopes."""
    tenant_id, person_id = new_id(), new_id()
    secret = draw_token()
    principal = Principal(tenant_id, person_id, tenant_role="admin")
    async with database.write(principal) as session:
        session.add(Tenant(id=tenant_id, name=tenant_name))
        person = {"name": admin_name, "email": admin_email, "language": "en", "kind": "person", "tenant_role": "admin"}
        await add_person(session, person_id, person)
        token = Token(
            id=new_id(),
            person_id=person_id,
            name="first token",
            hint=hint_of(secret),
            hash=token_hash(secret),
            scopes=sorted(ALL_SCOPES),
        )
        session.add(token)
        await add_credential_use(session, token.id)
        session.record(TENANT_CREATED, "tenant", tenant_id, {"name": tenant_name}, project_id=None, audience="tenant")
        session.record(PERSON_ADDED, "person", person_id, person | {"active": True}, project_id=None, audience="tenant")
        await session.publish()
        await session.commit()
    return secret


async def _run(arguments: argparse.Namespace) -> None:
    database = Database(Settings.load("gateway"))
    await database.open()
    try:
        sys.stdout.write(await create_tenant(database, arguments.tenant, arguments.name, arguments.email) + "\n")
    finally:
        await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Create a tenant and print its first administrator's token.")
    for name in ("tenant", "name", "email"):
        parser.add_argument(f"--{name}", required=True)
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
