"""What the roles of a service may and may not do, tried on a real server."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from deploy.local.credentials import Credentials
from deploy.local.databases import SERVICES, STATEMENTS, create_databases, database_name, fill_in, owner_role
from deploy.local.ports import free_port
from deploy.local.postgres import Postgres


@dataclass
class Cluster:
    """A server with all databases, and its secrets."""

    server: Postgres
    credentials: Credentials

    async def connect(self, role: str, service: str) -> asyncpg.Connection:
        return await asyncpg.connect(self.server.url(database_name(service), role, self.credentials.secret(role)))


@pytest.fixture(scope="module")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    folder: Path = tmp_path_factory.mktemp("databases")
    credentials = Credentials(folder / "secrets.json")
    server = Postgres(folder / "postgres", port=free_port(), password=credentials.secret("superuser"), durable=False)
    async with server:
        for _ in range(2):
            await create_databases(server.url("").rstrip("/"), credentials)
        made = Cluster(server, credentials)
        owner = await made.connect(owner_role("planning"), "planning")
        await owner.execute(
            """
            create table tasks (id integer primary key, name text);
            create table outbox (id bigserial primary key);
            alter table outbox enable row level security;
            alter table outbox force row level security;
            create policy relay on outbox to planning_background using (true);
            grant select on outbox to planning_background;
            create function answer() returns integer language sql as 'select 42';
            """
        )
        await owner.execute("insert into tasks values (1, 'excavate')")
        await owner.close()
        yield made


@pytest.fixture
async def planning(cluster: Cluster) -> AsyncIterator[asyncpg.Connection]:
    connection = await cluster.connect("planning", "planning")
    yield connection
    await connection.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_enters_its_own_database_only(cluster: Cluster, service: str) -> None:
    for other in SERVICES:
        if other == service:
            await (await cluster.connect(service, other)).close()
        else:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await cluster.connect(service, other)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(cluster.server.url("postgres", service, cluster.credentials.secret(service)))


async def test_what_a_migration_creates_is_usable_by_the_service(planning: asyncpg.Connection) -> None:
    await planning.execute("insert into tasks values (2, 'pour'); update tasks set name = 'cast' where id = 2")
    assert await planning.fetchval("delete from tasks where id = 2 returning name") == "cast"
    assert await planning.fetchval("select answer()") == 42
    assert await planning.fetchval("select nextval('outbox_id_seq')") > 0


@pytest.mark.parametrize(
    "statement",
    [
        "create table own (id integer)",
        "create temporary table own (id integer)",
        "create schema own",
        "alter table tasks add column more text",
        "drop table tasks",
        "truncate tasks",
        "alter table outbox disable row level security",
        "set role planning_owner",
        "set role gateway_background",
        "create role friend",
        "alter role planning bypassrls",
        "copy tasks to program 'cat'",
    ],
)
async def test_a_service_changes_rows_and_nothing_else(planning: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await planning.execute(statement)


async def test_background_rights_are_there_only_after_set_role(planning: asyncpg.Connection) -> None:
    assert not await planning.fetchval("select pg_has_role('planning_background', 'usage')")
    async with planning.transaction():
        await planning.execute("set local role planning_background")
        assert await planning.fetchval("select count(*) from outbox") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await planning.execute("select * from tasks")


@pytest.mark.parametrize("service", SERVICES)
async def test_no_role_stands_above_row_level_security(cluster: Cluster, service: str) -> None:
    admin = await asyncpg.connect(cluster.server.url())
    rows = await admin.fetch(
        "select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin, rolinherit from pg_roles "
        "where rolname like $1 || '%'",
        service,
    )
    await admin.close()
    assert {row["rolname"]: row["rolcanlogin"] for row in rows} == {
        service: True,
        f"{service}_owner": True,
        f"{service}_background": False,
    }
    for row in rows:
        assert not any(
            row[right] for right in ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolinherit")
        )


async def test_a_service_cannot_hold_locks_for_long(planning: asyncpg.Connection) -> None:
    settings = ("idle_in_transaction_session_timeout", "statement_timeout", "lock_timeout")
    assert [await planning.fetchval(f"show {name}") for name in settings] == ["10s", "5s", "2s"]


def test_variables_become_quoted_identifiers_and_literals() -> None:
    filled = fill_in(
        """-- don't\nalter role :"who" password :'word'; select now()::text""", {"who": 'a"b', "word": "it's"}
    )
    assert filled == """\nalter role "a""b" password 'it''s'; select now()::text"""


async def test_the_init_script_of_the_compose_file_makes_the_same_roles(tmp_path: Path, cluster: Cluster) -> None:
    password = "k1"
    async with Postgres(tmp_path / "postgres", port=free_port(), password=password, durable=False) as server:
        passwords = {
            f"TANDEM_{service.upper()}{role}_PASSWORD": f"k{service}'s"
            for service in SERVICES
            for role in ("", "_OWNER")
        }
        libpq = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGPASSWORD": password, "POSTGRES_USER": "tandem"}
        path = {"PATH": f"{server.binaries}:{os.environ['PATH']}", "STATEMENTS": str(STATEMENTS)}
        script = await asyncio.create_subprocess_exec(STATEMENTS / "init.sh", env=passwords | libpq | path)
        assert await script.wait() == 0
        for service in SERVICES:
            connection = await asyncpg.connect(server.url(database_name(service), service, f"k{service}'s"))
            made = await connection.fetch(PRIVILEGES, f"{service}%")
            await connection.close()
            twin = await cluster.connect(service, service)
            assert made == await twin.fetch(PRIVILEGES, f"{service}%")
            await twin.close()


PRIVILEGES = """
    select rolname || ' ' || array_to_string(rolconfig, ' ') as entry from pg_roles where rolname like $1
    union all select datname || ' ' || datacl::text from pg_database
    union all select nspname || ' ' || nspacl::text from pg_namespace where nspname = 'public'
    union all select defaclobjtype::text || ' ' || defaclacl::text from pg_default_acl
    order by entry
"""
