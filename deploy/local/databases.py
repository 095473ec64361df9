"""The roles and databases of the services, made with the statements of deploy/postgres; repeating it changes nothing."""

import re
from collections.abc import Mapping
from pathlib import Path

import asyncpg

from deploy.local.credentials import Credentials

SERVICES = ("gateway", "planning", "coordination", "reporting")
STATEMENTS = Path(__file__).resolve().parent.parent / "postgres"

_COMMENT_OR_VARIABLE = re.compile(r"""--[^\n]*|(?<!:):(?P<quote>["'])(?P<name>\w+)(?P=quote)""")


def database_name(service: str) -> str:
    return f"tandem_{service}"


def owner_role(service: str) -> str:
    return f"{service}_owner"


async def create_databases(admin_url: str, credentials: Credentials) -> None:
    """Create roles and database of every service over a superuser's `postgresql://` address without a database name.

    The passwords are the credentials named like the roles.
    """
    admin = await asyncpg.connect(f"{admin_url}/postgres")
    try:
        for service in SERVICES:
            variables = _variables(service, credentials)
            await admin.execute(fill_in((STATEMENTS / "roles.sql").read_text(), variables))
            if not await admin.fetchval("select 1 from pg_database where datname = $1", variables["database"]):
                await admin.execute(fill_in('create database :"database" owner :"owner"', variables))
            inside = await asyncpg.connect(f"{admin_url}/{variables['database']}")
            try:
                await inside.execute(fill_in((STATEMENTS / "database.sql").read_text(), variables))
            finally:
                await inside.close()
    finally:
        await admin.close()


def fill_in(statements: str, variables: Mapping[str, str]) -> str:
    """Replace psql's :"name" by the variable as an identifier and :'name' by it as a literal; comments are dropped."""

    def value(found: re.Match[str]) -> str:
        quote = found["quote"]
        if quote is None:
            return ""
        return quote + variables[found["name"]].replace(quote, quote * 2) + quote

    return _COMMENT_OR_VARIABLE.sub(value, statements)


def _variables(service: str, credentials: Credentials) -> dict[str, str]:
    return {
        "database": database_name(service),
        "owner": owner_role(service),
        "owner_password": credentials.secret(owner_role(service)),
        "service": service,
        "service_password": credentials.secret(service),
        "background": f"{service}_background",
    }
