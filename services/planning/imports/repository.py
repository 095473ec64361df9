"""Every SQL statement of this area: what readers see, and the rows of a whole imported plan."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.session import Reader, WriteSession
from services.kernel.storage import StoredObject
from services.planning.imports.plan_import import Import
from services.planning.schedule.repository.storing import send_many

_COLUMNS: Final = {
    name: f"t.{name}" for name in ("project_id", "job_id", "filename", "format", "size", "sha256", "counts", "report")
}

IMPORTS: Final = Collection(
    noun="import",
    source="imports t",
    columns=object_columns("import") | _COLUMNS,
    filters={"filename": Filter("t.filename", "text"), "sha256": Filter("t.sha256", "text")},
    sorts={"created_at": Sort("t.created_at", "instant", nullable=False)},
    default_sort="-created_at",
)


async def import_of_file(reader: Reader, project_id: UUID, sha256: str) -> UUID | None:
    """The import that took over the same bytes into this project."""
    found: UUID | None = await reader.value(
        "select id from imports where tenant_id = $1 and project_id = $2 and sha256 = $3",
        reader.tenant_id,
        project_id,
        sha256,
    )
    return found


async def import_of_plan(reader: Reader, project_id: UUID, source_guid: str) -> UUID | None:
    """The import that took over another version of the same plan, by the plan's own id."""
    if not source_guid:
        return None
    found: UUID | None = await reader.value(
        "select id from imports where tenant_id = $1 and project_id = $2 and source_guid = $3 limit 1",
        reader.tenant_id,
        project_id,
        source_guid,
    )
    return found


async def set_project_frame(session: WriteSession, project_id: UUID, values: dict[str, Any]) -> None:
    """Start, status date, calendar, unit conversions and rules as the file has them."""
    sets = ", ".join(f"{name} = ${number}" for number, name in enumerate(values, 3))
    await (await session.driver()).execute(
        f"update projects set {sets}, version = version + 1 where tenant_id = $1 and id = $2",
        session.tenant_id,
        project_id,
        *values.values(),
    )


async def insert_rows(session: WriteSession, table: str, project_id: UUID, rows: Sequence[dict[str, Any]]) -> None:
    """New rows of an entity table, all with the same members, stamped like those that people enter."""
    if not rows:
        return
    names = tuple(rows[0])
    stamp = {
        "tenant_id": session.tenant_id,
        "project_id": project_id,
        "version": 1,
        "created_at": session.now,
        "updated_at": session.now,
        "created_by_id": session.author_id,
        "updated_by_id": session.author_id,
    }
    columns = (*names, *stamp)
    statement = (
        f"insert into {table} ({', '.join(columns)})"
        f" values ({', '.join(f'${number}' for number in range(1, len(columns) + 1))})"
    )
    await send_many(session, statement, [(*row.values(), *stamp.values()) for row in rows])


async def insert_baseline_tasks(session: WriteSession, rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows of (baseline, task, WBS code, title, start, finish, minutes)."""
    await send_many(
        session,
        """insert into baseline_tasks (tenant_id, baseline_id, task_id, wbs_code, title, start, finish, duration_minutes)
           values ($1, $2, $3, $4, $5, $6, $7, $8)""",
        [(session.tenant_id, *row) for row in rows],
    )


async def keep_import(session: WriteSession, record: Import) -> None:
    """Write the import's record."""
    session.add(record)
    await session.flush()


def stored_object(arguments: dict[str, Any]) -> StoredObject:
    """The uploaded file as a job's arguments name it."""
    return StoredObject(arguments["key"], arguments["size"], arguments["sha256"])
