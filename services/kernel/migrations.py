"""Migrations of one service's database, run by the owner of its tables: Alembic's steps, then protection and jobs.

After the steps the catalogue is walked, so that a new table is protected without being named: every table with a
tenant_id gets forced row level security, and the background role its policy on the marked kernel tables. A lock
time-out keeps a migration from queueing behind a long transaction and everybody else behind it.
"""

import asyncio
import importlib
import os
import sys
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries
from sqlalchemy import Connection, MetaData
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.ext.asyncio import create_async_engine

from services.kernel.settings import PREFIX, SERVICES
from services.kernel.tables import kernel_metadata

LOCK_TIMEOUT = "2s"
_FOLDERS = {
    "gateway": "gateway",
    "planning": "services.planning",
    "coordination": "services.coordination",
    "reporting": "services.reporting",
}
# Tables that pgqueuer owns, and Alembic's own: global by nature, and without a word of any tenant but ids in payloads.
GLOBAL_TABLES = ("alembic_version", "pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics")


def service_metadata(service: str) -> list[MetaData]:
    """The kernel's tables and the service's own, as declared in code."""
    base = importlib.import_module(f"{_FOLDERS[service]}.tables")
    metadata: MetaData = base.metadata
    return [kernel_metadata, metadata]


def configuration(service: str, owner_url: str) -> Config:
    package = importlib.import_module(_FOLDERS[service])
    folder = Path(package.__path__[0]) / "migrations"
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["service"] = service
    config.attributes["owner_url"] = owner_url
    return config


def run_environment(context: Any) -> None:
    """What each service's `migrations/env.py` calls."""
    config: Config = context.config
    asyncio.run(_run(context, config.attributes["service"], config.attributes["owner_url"]))


async def _run(context: Any, service: str, owner_url: str) -> None:
    engine = create_async_engine(owner_url.replace("postgresql://", "postgresql+asyncpg://", 1))

    def steps(connection: Connection) -> None:
        connection.exec_driver_sql(f"set lock_timeout = '{LOCK_TIMEOUT}'")
        if _excludes(service):
            # PostgreSQL's own contribution, which the owner of a database may add: equality inside of an exclusion.
            connection.exec_driver_sql("create extension if not exists btree_gist")
        context.configure(
            connection=connection,
            target_metadata=service_metadata(service),
            compare_type=True,
            compare_server_default=False,
            include_name=_is_ours,
        )
        with context.begin_transaction():
            context.run_migrations()

    async with engine.connect() as connection:
        await connection.run_sync(steps)
        await connection.commit()
    await engine.dispose()


def _excludes(service: str) -> bool:
    """Whether a table of the service has an exclusion constraint."""
    tables = (table for metadata in service_metadata(service) for table in metadata.tables.values())
    return any(isinstance(constraint, ExcludeConstraint) for table in tables for constraint in table.constraints)


def _is_ours(name: str | None, kind: str, parents: Any) -> bool:
    return not (kind == "table" and name in GLOBAL_TABLES)


async def migrate(service: str, owner_url: str) -> None:
    """Bring the service's database to the newest step, protect its tables and install the job queue. Repeatable."""
    await asyncio.to_thread(command.upgrade, configuration(service, owner_url), "head")
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute(f"set lock_timeout = '{LOCK_TIMEOUT}'")
        queries = Queries(AsyncpgDriver(connection))
        if not await queries.schema_is_installed():
            await queries.install()
        async with connection.transaction():
            await protect(connection, service)
            await note_changes(connection)
    finally:
        await connection.close()


async def protect(connection: "asyncpg.Connection[asyncpg.Record]", service: str) -> None:
    """Force row level security on every table that has a tenant_id, let the background role see what it must, and take
    the right to change rows from the service where a table is declared append-only."""
    background = f"{service}_background"
    tables = [table for metadata in service_metadata(service) for table in metadata.tables.values()]
    marked = {table.name for table in tables if table.info.get("background")}
    append_only = {table.name for table in tables if table.info.get("append_only")}
    rows = await connection.fetch(
        """select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced,
             array(select p.polname::text from pg_policy p where p.polrelid = c.oid) as policies
           from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where n.nspname = 'public' and c.relkind in ('r', 'p')
             and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id')"""
    )
    for row in rows:
        table = f'"{row["name"]}"'
        if not row["forced"]:
            await connection.execute(f"alter table {table} enable row level security")
            await connection.execute(f"alter table {table} force row level security")
        if "tenant" not in row["policies"]:
            own = "tenant_id = current_setting('app.tenant_id')::uuid"
            await connection.execute(
                f"create policy tenant on {table} for all to {service} using ({own}) with check ({own})"
            )
        if row["name"] in marked and "background" not in row["policies"]:
            await connection.execute(
                f"create policy background on {table} for all to {background} using (true) with check (true)"
            )
        if row["name"] in marked:
            await connection.execute(f"grant select, update, delete on {table} to {background}")
        if row["name"] in append_only:
            await connection.execute(f"revoke update, delete, truncate on {table} from {service}")


# What every write of a row changes, and says nothing about the object.
_BOOKKEEPING = (
    "tenant_id",
    "id",
    "version",
    "created_at",
    "updated_at",
    "created_by_id",
    "updated_by_id",
    "changed_in",
)


async def note_changes(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Have every table with a `changed_in` note, of each of its columns, the version in which it last changed.

    Of a column that holds a JSON object each member is noted as well, as `column.member`.

    A trigger does it, so that no statement can forget to. It spells the table's columns out, which costs a tenth of
    what a comparison of two JSON documents would; it is written again when the columns are others.
    """
    tables = await connection.fetch(
        """select c.oid, c.relname as name,
             array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0
               and not a.attisdropped and a.attname <> all($1) order by a.attnum) as columns,
             array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and not a.attisdropped
               and a.atttypid = 'jsonb'::regtype and a.attname <> all($1) order by a.attnum) as documents
           from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where n.nspname = 'public' and c.relkind = 'r'
             and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'changed_in')""",
        list(_BOOKKEEPING),
    )
    for table in tables:
        function = f"note_changes_of_{table['name']}"
        compared = ", ".join(
            f"case when new.{name} is distinct from old.{name} then '{name}' end" for name in table["columns"]
        )
        members = "".join(
            f"""
  if new.{name} is distinct from old.{name} and jsonb_typeof(new.{name}) = 'object' and jsonb_typeof(old.{name}) = 'object'
  then
    changed := changed || array(select '{name}.' || key from jsonb_each(new.{name}) now
      full join jsonb_each(old.{name}) before using (key) where now.value is distinct from before.value);
  end if;"""
            for name in table["documents"]
        )
        body = f"""
declare
  changed text[] := array_remove(array[{compared}]::text[], null);
begin{members}
  if changed <> '{{}}' then
    new.changed_in := old.changed_in
      || jsonb_object(changed, array_fill(new.version::text, array[cardinality(changed)]));
  end if;
  return new;
end"""
        known = await connection.fetchval(
            """select p.prosrc from pg_trigger t join pg_proc p on p.oid = t.tgfoid
               where t.tgrelid = $1 and t.tgname = 'note_changes'""",
            table["oid"],
        )
        if known != body:
            await connection.execute(
                f"create or replace function {function}() returns trigger language plpgsql as $note${body}$note$"
            )
            await connection.execute(
                f'create or replace trigger note_changes before update on "{table["name"]}"'
                f" for each row execute function {function}()"
            )


def drift(service: str, owner_url: str) -> list[Any]:
    """What the declared tables have that the migrated database has not, or the other way round. Empty is good."""

    async def compare() -> list[Any]:
        engine = create_async_engine(owner_url.replace("postgresql://", "postgresql+asyncpg://", 1))
        async with engine.connect() as connection:
            found = await connection.run_sync(_differences, service)
        await engine.dispose()
        return found

    return asyncio.run(compare())


def _differences(connection: Connection, service: str) -> list[Any]:
    options = {"compare_type": True, "include_name": _is_ours}
    found: list[Any] = []
    context = MigrationContext.configure(connection, opts=options)
    combined = MetaData(naming_convention=kernel_metadata.naming_convention)
    for metadata in service_metadata(service):
        for table in metadata.tables.values():
            table.to_metadata(combined)
    found.extend(compare_metadata(context, combined))
    return found


def main(arguments: list[str]) -> None:
    """`python -m services.kernel.migrations SERVICE…`, or `revision SERVICE NAME` to write a step from the difference."""
    if arguments[:1] == ["revision"]:
        _, service, name = arguments
        command.revision(configuration(service, _owner_url(service)), message=name, autogenerate=True)
        return
    for service in arguments or SERVICES:
        asyncio.run(migrate(service, _owner_url(service)))


def _owner_url(service: str) -> str:
    """The one setting that migrations need; they are given no keys and no other passwords."""
    for variable in (f"{PREFIX}{service.upper()}_OWNER_DATABASE_URL", f"{PREFIX}OWNER_DATABASE_URL"):
        if url := os.environ.get(variable):
            return url
    raise SystemExit(f"{PREFIX}OWNER_DATABASE_URL is not set; migrations run as the owner of the tables")


if __name__ == "__main__":
    main(sys.argv[1:])
