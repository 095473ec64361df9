"""Every SQL statement of this area: rows go in as JSON, which PostgreSQL reads by the table's own row type."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Table

from services.kernel.events import Fact, instant_text
from services.kernel.session import Reader, WriteSession
from services.kernel.tables import archived_projects, authority_policies, inbox_cursors, memberships, people
from services.reporting.projections.read_tables import (
    BASELINE_TASKS,
    BUDGET_LINES,
    PROGRESS_ENTRIES,
    READ_TABLES,
    TASKS,
)

Row = Mapping[str, Any]

# What facts alone have made: the read tables, the copy of the directory, and how far each source has been read.
REBUILT_TABLES = (*READ_TABLES, people, memberships, authority_policies, archived_projects, inbox_cursors)


def _json(fact: Fact, rows: Sequence[Row]) -> str:
    """The rows with what every row has of its fact."""
    common = {
        "tenant_id": str(fact.tenant_id),
        "project_id": fact.project_id and str(fact.project_id),
        "source": fact.source,
        "number": fact.number,
    }
    return orjson.dumps([{**row, **common} for row in rows], default=_plain).decode()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return instant_text(value)
    raise TypeError(f"a row holds no {type(value).__name__}")


async def keep(session: WriteSession, table: Table, fact: Fact, *rows: Row) -> None:
    """Insert whole rows, or replace the ones with the same key."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    others = [column.name for column in table.columns if column.name not in keys]
    await (await session.driver()).execute(
        f"insert into {table.name} select * from json_populate_recordset(null::{table.name}, $1::json)"
        f" on conflict ({', '.join(keys)}) do update set {', '.join(f'{name} = excluded.{name}' for name in others)}",
        _json(fact, rows),
    )


async def change(session: WriteSession, table: Table, fact: Fact, row_id: UUID, values: Row, key: str = "id") -> None:
    """Set the named columns of the row whose `key` is `row_id`; nothing happens where there is no such row."""
    names = [column.name for column in table.columns if column.name in values]
    await (await session.driver()).execute(
        f"update {table.name} t set {', '.join(f'{name} = r.{name}' for name in (*names, 'number'))}"
        f" from json_populate_recordset(null::{table.name}, $3::json) r where t.tenant_id = $1 and t.{key} = $2",
        fact.tenant_id,
        row_id,
        _json(fact, [values]),
    )


async def keep_position(session: WriteSession, fact: Fact) -> None:
    """Note the project's highest number of the source, and the latest time at which something happened."""
    await (await session.driver()).execute(
        """insert into project_positions (tenant_id, project_id, source, number, occurred_at)
           values ($1, $2, $3, $4, $5) on conflict (tenant_id, project_id, source) do update set
             number = excluded.number, occurred_at = greatest(project_positions.occurred_at, excluded.occurred_at)""",
        fact.tenant_id,
        fact.project_id,
        fact.source,
        fact.number,
        fact.occurred_at,
    )


async def keep_tasks(session: WriteSession, fact: Fact, rows: Sequence[Row]) -> None:
    """Keep the tasks, and where their percent complete is another than before, the new value with its time."""
    driver = await session.driver()
    await driver.execute(
        f"""insert into {PROGRESS_ENTRIES.name}
              (tenant_id, task_id, project_id, occurred_at, percent_complete, source, number)
            select r.tenant_id, r.id, r.project_id, $2, r.percent_complete, r.source, r.number
            from json_populate_recordset(null::{TASKS.name}, $1::json) r
              left join {TASKS.name} t on t.tenant_id = r.tenant_id and t.id = r.id
            where r.percent_complete <> coalesce(t.percent_complete, 0)
            on conflict (tenant_id, task_id, occurred_at) do update
              set percent_complete = excluded.percent_complete, number = excluded.number""",
        _json(fact, rows),
        fact.occurred_at,
    )
    await keep(session, TASKS, fact, *rows)


async def rename_cost_code(session: WriteSession, fact: Fact) -> None:
    """The lines under an account show its present code."""
    await (await session.driver()).execute(
        f"update {BUDGET_LINES.name} set cost_code = $3 where tenant_id = $1 and cost_code_id = $2",
        fact.tenant_id,
        fact.subject_id,
        fact.data["code"],
    )


async def drop_gate(session: WriteSession, fact: Fact) -> None:
    await (await session.driver()).execute(
        "delete from gates where tenant_id = $1 and id = $2", fact.tenant_id, fact.subject_id
    )


async def drop_tasks(session: WriteSession, fact: Fact, task_ids: Sequence[UUID]) -> None:
    driver = await session.driver()
    await driver.execute("delete from tasks where tenant_id = $1 and id = any($2)", fact.tenant_id, task_ids)
    await driver.execute(
        "delete from progress_entries where tenant_id = $1 and task_id = any($2)", fact.tenant_id, task_ids
    )


async def drop_tasks_of_other_baselines(session: WriteSession, fact: Fact, baseline_id: UUID) -> None:
    await (await session.driver()).execute(
        f"delete from {BASELINE_TASKS.name} where tenant_id = $1 and project_id = $2 and baseline_id <> $3",
        fact.tenant_id,
        fact.project_id,
        baseline_id,
    )


async def empty(session: WriteSession) -> None:
    """Remove all that facts have made of the session's tenant, but for the cursors, which the inbox sets itself."""
    driver = await session.driver()
    for table in REBUILT_TABLES:
        if table is not inbox_cursors:
            await driver.execute(f"delete from {table.name} where tenant_id = $1", session.tenant_id)


async def digest(reader: Reader) -> dict[str, str]:
    """SHA-256 of each table that facts have made, over all its columns in the order of its key."""
    digests: dict[str, str] = {}
    for table in REBUILT_TABLES:
        keys = ", ".join(f"t.{column.name}" for column in table.primary_key)
        digests[table.name] = await reader.value(
            "select encode(sha256(convert_to(coalesce(string_agg(t::text, E'\\n' order by"
            f" {keys}), ''), 'UTF8')), 'hex') from {table.name} t where t.tenant_id = $1",
            reader.tenant_id,
        )
    return digests
