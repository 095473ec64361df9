"""The four databases as they stand in the catalogue: no table, role or statement that could leak a tenant's rows."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from deploy.local.stack import LocalStack
from services.kernel.ids import new_id
from services.kernel.migrations import GLOBAL_TABLES, drift
from services.kernel.settings import Settings

SERVICES = ("gateway", "planning", "coordination", "reporting")
# Indexes that do not begin with the tenant, and why they may.
FOREIGN_INDEXES = {
    "ix_idempotency_keys_created_at": "the sweep of old keys walks all tenants by age, as the background role",
    "uq_tokens_hash": "a bearer token is looked up before its tenant is known",
    "uq_sessions_access_hash": "so is an access token",
    "uq_sessions_refresh_hash": "and a refresh token",
    "uq_spent_refreshes_hash": "and one that was used",
    "uq_invitations_hash": "and the code of an invitation",
    "uq_oauth_clients_id": "and a client, by its id",
    "ix_sessions_expires_at": "the sweep of sessions walks all tenants by age, as the background role",
    "ix_spent_refreshes_expires_at": "as does that of used refresh tokens",
    "ix_mailed_secrets_expires_at": "that of mailed codes",
    "uq_identity_providers_id": "and an identity provider, by its id",
    "uq_sign_in_attempts_state_hash": "and a sign-in that is under way there, by its state",
    "ix_sign_in_attempts_expires_at": "as does that of attempts to sign in",
    "ix_rate_buckets_ends_at": "and that of buckets",
}
SETTING = "current_setting('app.tenant_id'::text)"


@pytest.fixture(scope="session", params=SERVICES)
async def catalogue(request: Any, servers: LocalStack) -> AsyncIterator[tuple[str, "asyncpg.Connection[Any]"]]:
    """A service's name and a connection as the owner of its tables."""
    connection = await asyncpg.connect(servers.owner_database_url(request.param))
    yield request.param, connection
    await connection.close()


Catalogue = tuple[str, "asyncpg.Connection[Any]"]


async def test_the_migrations_make_the_tables_that_are_declared(catalogue: Catalogue, servers: LocalStack) -> None:
    service, _ = catalogue
    found = await asyncio.to_thread(drift, service, servers.owner_database_url(service))
    assert not found, f"Write a migration (make migration SERVICE={service} NAME=…): {found}"


async def test_every_table_belongs_to_a_tenant_and_is_guarded(catalogue: Catalogue) -> None:
    service, connection = catalogue
    rows = await connection.fetch(
        """select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced, a.attnotnull as required,
             (select array_agg(p.polname::text || ' ' || coalesce(pg_get_expr(p.polqual, p.polrelid), '') || ' / '
                || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '')) from pg_policy p where p.polrelid = c.oid) as policies
           from pg_class c join pg_namespace n on n.oid = c.relnamespace
           left join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
           where n.nspname = 'public' and c.relkind in ('r', 'p')"""
    )
    assert rows
    for row in rows:
        name = f"{service}.{row['name']}"
        if row["name"] in GLOBAL_TABLES:
            continue
        assert row["required"], f"{name} has no tenant_id that is not null"
        assert row["forced"], f"{name} has no forced row level security"
        own = [policy for policy in row["policies"] or () if policy.startswith("tenant ")]
        assert len(own) == 1, f"{name} has no policy of its own"
        assert own[0].count(SETTING) == 2, f"the policy of {name} does not ask for the tenant both ways: {own[0]}"
        others = [policy for policy in row["policies"] if not policy.startswith(("tenant ", "background "))]
        assert not others, f"{name} has policies that nobody declared: {others}"


async def test_every_key_and_index_begins_with_the_tenant(catalogue: Catalogue) -> None:
    service, connection = catalogue
    rows = await connection.fetch(
        """select i.relname as name, t.relname as table, a.attname as first from pg_index x
           join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
           join pg_namespace n on n.oid = t.relnamespace
           left join pg_attribute a on a.attrelid = t.oid and a.attnum = x.indkey[0]
           where n.nspname = 'public' and t.relkind in ('r', 'p')"""
    )
    wrong = [
        f"{service}.{row['table']}: {row['name']}"
        for row in rows
        if row["first"] != "tenant_id" and row["table"] not in GLOBAL_TABLES and row["name"] not in FOREIGN_INDEXES
    ]
    assert not wrong, f"Put tenant_id first, or give a reason in FOREIGN_INDEXES: {wrong}"


async def test_every_foreign_key_carries_the_tenant(catalogue: Catalogue) -> None:
    service, connection = catalogue
    rows = await connection.fetch(
        """select c.conname as name, array(select a.attname::text from unnest(c.conkey) k join pg_attribute a
             on a.attrelid = c.conrelid and a.attnum = k) as columns from pg_constraint c where c.contype = 'f'"""
    )
    wrong = [row["name"] for row in rows if "tenant_id" not in row["columns"]]
    assert not wrong, f"{service}: a row could point into another tenant: {wrong}"


async def test_no_column_is_a_binary_float_or_an_enum(catalogue: Catalogue) -> None:
    service, connection = catalogue
    rows = await connection.fetch(
        """select table_name, column_name from information_schema.columns where table_schema = 'public'
           and (data_type in ('real', 'double precision', 'money') or data_type = 'USER-DEFINED')"""
    )
    wrong = [f"{row[0]}.{row[1]}" for row in rows if row[0] not in GLOBAL_TABLES]
    assert not wrong, f"{service}: money and dates do not survive these types: {wrong}"


async def test_the_roles_of_a_service_own_nothing_and_are_bound_by_the_policies(catalogue: Catalogue) -> None:
    service, connection = catalogue
    roles = [service, f"{service}_background"]
    rows = await connection.fetch("select * from pg_roles where rolname = any($1)", roles)
    assert {row["rolname"] for row in rows} == set(roles)
    for row in rows:
        powers = [
            name for name in ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolreplication") if row[name]
        ]
        assert not powers, f"{row['rolname']} has {powers}"
    owned = await connection.fetch(
        "select c.relname from pg_class c join pg_roles r on r.oid = c.relowner where r.rolname = any($1)", roles
    )
    assert not owned, f"{service} owns {[row['relname'] for row in owned]}"
    for role in roles:
        assert not await connection.fetchval("select has_schema_privilege($1, 'public', 'create')", role)


async def test_nothing_runs_with_the_rights_of_its_owner(catalogue: Catalogue) -> None:
    service, connection = catalogue
    definers = await connection.fetch(
        """select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
           where n.nspname = 'public' and p.prosecdef and p.proname not like '%pgqueuer%'"""
    )
    assert not definers, f"{service}: {[row['proname'] for row in definers]} would see every tenant"
    views = await connection.fetch(
        """select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where n.nspname = 'public' and c.relkind in ('v', 'm')
             and not coalesce('security_invoker=true' = any(c.reloptions), false)"""
    )
    assert not views, f"{service}: {[row['relname'] for row in views]} would see every tenant"


async def test_a_statement_without_a_tenant_fails_and_one_of_another_tenant_finds_nothing(
    catalogue: Catalogue, servers: LocalStack
) -> None:
    service, owner = catalogue
    rows = await owner.fetch(
        """select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public'
           and c.relkind in ('r', 'p') and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id')"""
    )
    mine, other = new_id(), new_id()
    connection = await asyncpg.connect(Settings.load(service, servers.environment).database_url)
    try:
        for row in rows:
            with pytest.raises((asyncpg.UndefinedObjectError, asyncpg.InvalidTextRepresentationError)):
                await connection.fetch(f'select * from "{row["name"]}"')
        await _as(connection, mine)
        await connection.execute("insert into outbox_heads (tenant_id, number, hash) values ($1, 0, '')", mine)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("insert into outbox_heads (tenant_id, number, hash) values ($1, 0, '')", other)
        await _as(connection, other)
        assert await connection.fetch("select * from outbox_heads") == []
        assert await connection.execute("update outbox_heads set number = 9") == "UPDATE 0"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("set row_security = off; select * from outbox_heads")
    finally:
        await connection.close()


async def _as(connection: "asyncpg.Connection[Any]", tenant_id: UUID) -> None:
    await connection.execute(f"set app.tenant_id = '{tenant_id}'")
