"""Every SQL statement of this area: what readers see, and the rows of a whole imported plan."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import select

from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.kernel.storage import StoredObject
from services.planning.base import Base
from services.planning.imports.import_mapping import ImportMapping
from services.planning.imports.plan_import import Import
from services.planning.schedule.plan_rows import COMPUTED
from services.planning.schedule.repository.storing import send_many

_COLUMNS: Final = {
    name: f"t.{name}"
    for name in ("project_id", "job_id", "filename", "format", "size", "sha256", "counts", "report", "reversed_at")
}

IMPORTS: Final = Collection(
    noun="import",
    source="imports t",
    columns=object_columns("import") | _COLUMNS,
    filters={"filename": Filter("t.filename", "text"), "sha256": Filter("t.sha256", "text")},
    sorts={"created_at": Sort("t.created_at", "instant", nullable=False)},
    default_sort="-created_at",
    viewer_kinds={"reverse": "import.reverse"},
)
# The project's own values that an empty project takes over from a file.
_FRAME: Final = (
    *("start", "status_date", "calendar_id", "minutes_per_day", "minutes_per_week", "critical_float_minutes"),
    *("honor_constraints", "split_in_progress", "multiple_critical_paths", "finish_target"),
)
_TABLES: Final = {
    "task": "tasks",
    "dependency": "dependencies",
    "assignment": "assignments",
    "resource": "resources",
    "calendar": "calendars",
    "absence": "absences",
}
_BOOKKEEPING: Final = ("version", "updated_at", "updated_by_id", "changed_in")
# What follows from the plan and not from what people write; of a summary more than of a task.
_COMPUTED: Final = tuple(name for name in COMPUTED if name not in ("duration", "percent_complete", "status"))
# Tables whose rows may name an object of the past, and the project, whose frame is looked at by itself.
_HISTORY: Final = frozenset({"baseline_tasks", "import_items", "imports", "projects"})
_NAMED_SO: Final = {
    "task_id": "tasks",
    "resource_id": "resources",
    "calendar_id": "calendars",
    "assignment_id": "assignments",
    "dependency_id": "dependencies",
}
_MOST_PLACES: Final = 100


async def import_of_file(reader: Reader, project_id: UUID, sha256: str) -> UUID | None:
    """The import that took over the same bytes into this project."""
    found: UUID | None = await reader.value(
        """select id from imports
           where tenant_id = $1 and project_id = $2 and sha256 = $3 and reversed_at is null""",
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
        """select id from imports
           where tenant_id = $1 and project_id = $2 and source_guid = $3 and reversed_at is null limit 1""",
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


async def project_frame(reader: Reader, project_id: UUID) -> dict[str, Any]:
    """Those values of a project, as JSON."""
    text: str | None = await reader.value(
        f"""select row_to_json(p)::text from (select {", ".join(_FRAME)} from projects
            where tenant_id = $1 and id = $2) p""",
        reader.tenant_id,
        project_id,
    )
    if text is None:
        raise NotFound
    frame: dict[str, Any] = orjson.loads(text)
    return frame


async def reading_of(reader: Reader, project_id: UUID) -> tuple[str, int]:
    """The project's time zone and the minutes of its working day. Raises NotFound."""
    row = await reader.row(
        "select time_zone, minutes_per_day from projects where tenant_id = $1 and id = $2",
        reader.tenant_id,
        project_id,
    )
    if row is None:
        raise NotFound
    return row["time_zone"], row["minutes_per_day"]


async def import_of_object(reader: Reader, object_ids: Sequence[UUID]) -> UUID | None:
    """An import that made one of these."""
    found: UUID | None = await reader.value(
        "select import_id from import_items where tenant_id = $1 and object_id = any($2) limit 1",
        reader.tenant_id,
        list(object_ids),
    )
    return found


async def known_resources(reader: Reader, project_id: UUID) -> Sequence[Any]:
    """The work resources of the project as far as a file's persons can be told to be them."""
    return await reader.rows(
        """select id, name, email, resource_type, max_units, availability::text as availability, standard_rate,
             overtime_rate, cost_per_use, accrual, rates::text as rates, currency, calendar_id, person_id
           from resources where tenant_id = $1 and project_id = $2 and resource_type = 'work' order by id""",
        reader.tenant_id,
        project_id,
    )


# What an import has made


def _digest(noun: str) -> str:
    """SQL: what people have written of a row `t`."""
    left_out = (*_BOOKKEEPING, *_COMPUTED) if noun == "task" else _BOOKKEEPING
    document = f"(to_jsonb(t) - array[{', '.join(map(repr, left_out))}]"
    if noun == "task":
        document += " - case when t.summary then array['duration','percent_complete','status'] else array[]::text[] end"
    return f"md5({document})::text)"


async def keep_items(session: WriteSession, import_id: UUID, made: Mapping[str, Sequence[UUID]]) -> None:
    """Remember what the import has made, as it is now; what was remembered before is as it is now, too."""
    for noun, ids in made.items():
        for start in range(0, len(ids), 20_000):
            await session.value(
                f"""insert into import_items (tenant_id, import_id, noun, object_id, digest)
                    select $1, $2, '{noun}', t.id, {_digest(noun)} from {_TABLES[noun]} t
                    where t.tenant_id = $1 and t.id = any($3)
                    on conflict (tenant_id, import_id, noun, object_id) do update set digest = excluded.digest""",
                session.tenant_id,
                import_id,
                list(ids[start : start + 20_000]),
            )


async def items_of(reader: Reader, import_id: UUID, noun: str) -> list[UUID]:
    """What the import has made of one noun."""
    rows = await reader.rows(
        "select object_id from import_items where tenant_id = $1 and import_id = $2 and noun = $3 order by object_id",
        reader.tenant_id,
        import_id,
        noun,
    )
    return [row["object_id"] for row in rows]


async def changed_items(reader: Reader, import_id: UUID) -> list[tuple[str, UUID, bool]]:
    """Noun, id and whether it is still there, of what was changed or removed since; a hundred of each noun at most."""
    found: list[tuple[str, UUID, bool]] = []
    for noun, table in _TABLES.items():
        ids = await items_of(reader, import_id, noun)
        for start in range(0, len(ids), 20_000):
            rows = await reader.rows(
                f"""select i.object_id, t.id is not null as present from import_items i
                    left join {table} t on t.tenant_id = i.tenant_id and t.id = i.object_id
                    where i.tenant_id = $1 and i.import_id = $2 and i.noun = '{noun}' and i.object_id = any($3)
                      and (t.id is null or i.digest <> {_digest(noun)}) order by i.object_id limit {_MOST_PLACES}""",
                reader.tenant_id,
                import_id,
                ids[start : start + 20_000],
            )
            found += [(noun, row["object_id"], row["present"]) for row in rows]
    return found


def _references() -> list[tuple[str, str, str]]:
    """(table, column, what it refers to) of every column of this service that names what an import makes."""
    found = []
    for table in Base.metadata.sorted_tables:
        if table.name in _HISTORY or "tenant_id" not in table.c or "id" not in table.c:
            continue
        for column in table.c:
            targets = {key.column.table.name for key in column.foreign_keys if key.column.name == "id"}
            named = _NAMED_SO.get(column.name)
            targets |= {named} if named is not None else set()
            found += [(table.name, column.name, target) for target in targets & set(_TABLES.values())]
    return found


async def hanging_on(reader: Reader, import_id: UUID) -> list[tuple[str, UUID]]:
    """Table and id of what others have hung on what the import made; a hundred of each at most."""
    nouns = {table: noun for noun, table in _TABLES.items()}
    parts = [
        f"""(select '{table}' as place, t.id from {table} t
             where t.tenant_id = $1 and t.{column} in (select object_id from import_items
               where tenant_id = $1 and import_id = $2 and noun = '{nouns[target]}')
             and not exists (select from import_items own
               where own.tenant_id = $1 and own.import_id = $2 and own.object_id = t.id) limit {_MOST_PLACES})"""
        for table, column, target in _references()
    ]
    rows = await reader.rows(" union ".join(parts), reader.tenant_id, import_id)
    return sorted({(row["place"], row["id"]) for row in rows})


async def load_import(session: WriteSession, import_id: UUID) -> Import:
    """The import for a change. Raises NotFound."""
    found = await session.scalar(select(Import).where(Import.tenant_id == session.tenant_id, Import.id == import_id))
    if found is None:
        raise NotFound
    return found


async def remove_rest(session: WriteSession, import_id: UUID) -> None:
    """Remove the resources with their absences and the calendars that the import made, and what is remembered of all that it made."""
    for noun in ("absence", "resource", "calendar"):
        await session.value(
            f"""delete from {_TABLES[noun]} where tenant_id = $1 and id in (select object_id from import_items
                where tenant_id = $1 and import_id = $2 and noun = '{noun}')""",
            session.tenant_id,
            import_id,
        )
    await session.value(
        "delete from import_items where tenant_id = $1 and import_id = $2", session.tenant_id, import_id
    )


# The people of a file


async def people_of(reader: Reader, import_id: UUID) -> list[dict[str, Any]]:
    """The work resources that an import made, with whom of the tenant's people each seems to be by the address."""
    rows = await reader.rows(
        """select r.id, r.name, r.email, r.person_id, p.id as proposed_id, p.name as proposed_name,
             exists (select from memberships m where m.tenant_id = r.tenant_id and m.project_id = r.project_id
               and m.person_id = p.id and (m.expires_at is null or m.expires_at > now())) as on_project,
             (select count(*) from assignments a where a.tenant_id = r.tenant_id and a.resource_id = r.id) as tasks
           from import_items i
           join resources r on r.tenant_id = i.tenant_id and r.id = i.object_id and r.resource_type = 'work'
           left join lateral (select id, name from people p where p.tenant_id = r.tenant_id and p.active
             and lower(p.email) = lower(r.email) order by id limit 1) p on true
           where i.tenant_id = $1 and i.import_id = $2 and i.noun = 'resource' order by r.id""",
        reader.tenant_id,
        import_id,
    )
    return [
        {
            "resource_id": str(row["id"]),
            "name": row["name"],
            "email": row["email"],
            "tasks": row["tasks"],
            "person_id": row["person_id"] and str(row["person_id"]),
            "proposal": None
            if row["proposed_id"] is None
            else {
                "person_id": str(row["proposed_id"]),
                "name": row["proposed_name"],
                "on_project": row["on_project"],
            },
        }
        for row in rows
    ]


async def persons_of(session: WriteSession, import_id: UUID, resource_ids: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Those of the resources that are persons of the import, each with who that is said to be, locked."""
    rows = await session.rows(
        """select r.id, r.person_id from import_items i join resources r on r.tenant_id = i.tenant_id and r.id = i.object_id
           where i.tenant_id = $1 and i.import_id = $2 and i.noun = 'resource' and i.object_id = any($3)
             and r.resource_type = 'work' for update of r""",
        session.tenant_id,
        import_id,
        list(resource_ids),
    )
    return {row["id"]: row["person_id"] for row in rows}


async def give_tasks(
    session: WriteSession, record: Import, matches: Sequence[tuple[UUID, UUID | None, UUID | None]]
) -> list[UUID]:
    """(resource, who it was said to be, who it is): the tasks of the import in which the resource is the first are given to
    the new one, unless somebody else was given them. Returns those tasks."""
    columns = [list(column) for column in zip(*matches, strict=True)]
    await session.value(
        """update resources r set person_id = m.person_id, version = r.version + 1, updated_at = $4, updated_by_id = $5,
             work_kind = case when m.person_id is null then r.work_kind else coalesce(r.work_kind, 'person') end
           from unnest($2::uuid[], $3::uuid[]) as m(id, person_id) where r.tenant_id = $1 and r.id = m.id""",
        session.tenant_id,
        columns[0],
        columns[2],
        session.now,
        session.author_id,
    )
    rows = await session.rows(
        """with first as materialized (
             select distinct on (a.task_id) a.task_id, a.resource_id from assignments a
             join resources r on r.tenant_id = a.tenant_id and r.id = a.resource_id and r.resource_type = 'work'
             where a.tenant_id = $1 and a.project_id = $2 order by a.task_id, a.id)
           update tasks t set assignee_id = m.person_id, version = t.version + 1, updated_at = $7, updated_by_id = $8
           from unnest($4::uuid[], $5::uuid[], $6::uuid[]) as m(resource_id, known_id, person_id)
           join first on first.resource_id = m.resource_id
           join import_items i on i.tenant_id = $1 and i.import_id = $3 and i.noun = 'task' and i.object_id = first.task_id
           where t.tenant_id = $1 and t.id = first.task_id and not t.summary
             and t.assignee_id is not distinct from m.known_id and t.assignee_id is distinct from m.person_id
           returning t.id""",
        session.tenant_id,
        record.project_id,
        record.id,
        *columns,
        session.now,
        session.author_id,
    )
    return [row["id"] for row in rows]


IMPORT_MAPPINGS: Final = Collection(
    noun="import_mapping",
    source="import_mappings t",
    columns=object_columns("import_mapping")
    | {
        name: f"t.{name}"
        for name in (
            *("project_id", "name", "columns", "date_format", "decimal_sign", "delimiter", "encoding", "outline"),
            *("header_row", "sheet"),
        )
    },
    filters={"name": Filter("t.name", "text")},
    sorts={
        "name": Sort("t.name", "text", nullable=False, by_language=True),
        "created_at": Sort("t.created_at", "instant", nullable=False),
    },
    viewer_kinds={"update": "import.mapping", "delete": "import.mapping"},
)


async def load_mapping(session: WriteSession, mapping_id: UUID) -> ImportMapping:
    """The mapping for a change. Raises NotFound."""
    statement = select(ImportMapping).where(
        ImportMapping.tenant_id == session.tenant_id, ImportMapping.id == mapping_id
    )
    found = await session.scalar(statement)
    if found is None:
        raise NotFound
    return found


async def mapping_document(reader: Reader, project_id: UUID, mapping_id: UUID) -> str | None:
    """A mapping of the project as JSON, for a process that reads a file by it."""
    text: str | None = await reader.value(
        """select row_to_json(m)::text from (select id, columns, date_format, decimal_sign, delimiter, encoding, outline,
             header_row, sheet from import_mappings where tenant_id = $1 and project_id = $2 and id = $3) m""",
        reader.tenant_id,
        project_id,
        mapping_id,
    )
    return text


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
