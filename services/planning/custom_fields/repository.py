"""Every SQL statement of this area."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from services.kernel.access import sees_project
from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Kind, Sort
from services.kernel.problems import NotFound
from services.kernel.requests import Read
from services.kernel.session import Reader, WriteSession
from services.planning.custom_fields.computation import MEMBERS, Field
from services.planning.custom_fields.custom_field import CustomField, FieldType
from services.planning.custom_fields.formula import Failure, Value

_ROWS_AT_ONCE: Final = 10_000

CUSTOM_FIELDS: Final = Collection(
    noun="custom_field",
    source="custom_fields t",
    columns=object_columns("custom_field")
    | {
        name: f"t.{name}"
        for name in ("project_id", "key", "name", "description", "field_type", "options", "formula", "result_type")
    },
    filters={
        "key": Filter("t.key", "text"),
        "name": Filter("t.name", "text"),
        "field_type": Filter("t.field_type", "text", tuple(FieldType)),
    },
    sorts={
        "created_at": Sort("t.created_at", "instant", nullable=False),
        "key": Sort("t.key", "text", nullable=False),
        "name": Sort("t.name", "text", nullable=False, by_language=True),
    },
    default_sort="key",
    searched=("t.key", "t.name", "t.description"),
    viewer_kinds={"update": "field.define", "delete": "field.define"},
)


def _sees_tenant_fields(_: str, person: str) -> str:
    """SQL: the person is more than a guest somewhere, or has a role in the tenant."""
    return (
        f"(exists (select from memberships mine where mine.tenant_id = t.tenant_id and mine.person_id = {person}"
        " and mine.role <> 'guest' and (mine.expires_at is null or mine.expires_at > now()))"
        f" or exists (select from people me where me.tenant_id = t.tenant_id and me.id = {person} and me.active"
        " and me.tenant_role is not null))"
    )


TENANT_FIELDS: Final = Collection(
    noun="tenant_field",
    source="(select * from custom_fields where project_id is null) t",
    container=None,
    project="t.id",
    visible=_sees_tenant_fields,
    columns=object_columns("tenant_field")
    | {name: f"t.{name}" for name in ("key", "name", "description", "field_type", "options")},
    filters=CUSTOM_FIELDS.filters,
    sorts=CUSTOM_FIELDS.sorts,
    default_sort="key",
    searched=CUSTOM_FIELDS.searched,
)

# A value as readers see it.
_SHOWN: Final = (
    "coalesce(to_json(v.text_value), to_json(trim_scale(v.number_value)::text), to_json(v.day_value),"
    " to_json(v.flag_value), to_json(v.person_id),"
    " case when v.error is not null then json_build_object('error', v.error) end)"
)
# All fields of the project of the task `t` with its values.
VALUES_OF_TASK: Final = (
    f"(select coalesce(json_object_agg(f.key, {_SHOWN} order by f.key), '{{}}') from custom_fields f"
    " left join custom_values v on v.tenant_id = f.tenant_id and v.task_id = t.id and v.field_id = f.id"
    " where f.tenant_id = t.tenant_id and (f.project_id = t.project_id or f.project_id is null))"
)
_BODY: Final = (
    "convert_to(json_build_object('type', 'custom_values', 'task_id', t.id, 'project_id', t.project_id,"
    f" 'values', {VALUES_OF_TASK})::text, 'UTF8')"
)
_MEMBER_COLUMNS: Final = {
    **{name: f"t.{name}" for name in MEMBERS},
    "duration_minutes": "round(t.duration / 10.0)::bigint",
    **{name: f"t.{name}::date" for name, found in MEMBERS.items() if found == "day"},
}
_MEMBERS: Final = ", ".join(f"{sql} as {name}" for name, sql in _MEMBER_COLUMNS.items())


async def load_field(
    session: WriteSession, field_id: UUID, *, of_project: bool = True, again: bool = False
) -> CustomField:
    """A field of a project, or of all, for a change; `again` as it is behind a lock that was waited for. Raises NotFound."""
    field = await session.get(CustomField, (session.tenant_id, field_id), populate_existing=again)
    if field is None or (field.project_id is not None) != of_project:
        raise NotFound
    return field


async def lock_keys(session: WriteSession) -> None:
    """Make others wait who define fields in the tenant, since a key means one thing in a project and in all of them."""
    await session.value(
        "select pg_advisory_xact_lock(hashtextextended('custom_fields:' || $1::uuid::text, 0))", session.tenant_id
    )


async def all_fields(reader: Reader) -> list[Field]:
    """The fields of all projects and of each of them: every key that means something in the tenant."""
    rows = await reader.rows(
        "select id, key, field_type, formula from custom_fields where tenant_id = $1 order by key", reader.tenant_id
    )
    return [Field(row["id"], row["key"], FieldType(row["field_type"]), row["formula"]) for row in rows]


async def count_tenant_fields(reader: Reader) -> int:
    """How many fields all projects have in common."""
    count: int = await reader.value(
        "select count(*) from custom_fields where tenant_id = $1 and project_id is null", reader.tenant_id
    )
    return count


async def lock_project(session: WriteSession, project_id: UUID) -> None:
    """Make other writers of the project's plan wait, who would compute formulas as well. Raises NotFound."""
    found = await session.value(
        "select true from projects where tenant_id = $1 and id = $2 for no key update", session.tenant_id, project_id
    )
    if found is None:
        raise NotFound


async def project_of(reader: Reader, task_id: UUID) -> UUID:
    """The project that a task belongs to. Raises NotFound."""
    project_id: UUID | None = await reader.value(
        "select project_id from tasks where tenant_id = $1 and id = $2", reader.tenant_id, task_id
    )
    if project_id is None:
        raise NotFound
    return project_id


async def fields_of(reader: Reader, project_id: UUID) -> list[Field]:
    """The project's fields by key, those of all projects among them."""
    rows = await reader.rows(
        """select id, key, field_type, formula from custom_fields
           where tenant_id = $1 and (project_id = $2 or project_id is null) order by key""",
        reader.tenant_id,
        project_id,
    )
    return [Field(row["id"], row["key"], FieldType(row["field_type"]), row["formula"]) for row in rows]


async def store_types(session: WriteSession, project_id: UUID, types: Mapping[str, str]) -> None:
    """Write what formulas yield, by key, where that is another type now."""
    await session.flush()
    await (await session.driver()).execute(
        """update custom_fields f set version = f.version + 1, result_type = given.type, updated_at = $5, updated_by_id = $6
           from unnest($3::text[], $4::text[]) as given(key, type) where f.tenant_id = $1 and f.project_id = $2
             and f.key = given.key and f.result_type is distinct from given.type""",
        session.tenant_id,
        project_id,
        list(types),
        [str(each) for each in types.values()],
        session.now,
        session.author_id,
    )


async def options_of(reader: Reader, project_id: UUID) -> dict[str, list[str]]:
    """The options of the project's choices by key."""
    rows = await reader.rows(
        """select key, array(select jsonb_array_elements_text(options)) as options from custom_fields
           where tenant_id = $1 and (project_id = $2 or project_id is null) and field_type = 'choice'""",
        reader.tenant_id,
        project_id,
    )
    return {row["key"]: list(row["options"]) for row in rows}


async def people_among(reader: Reader, project_id: UUID, people: Iterable[UUID]) -> set[UUID]:
    """Who of these people is on the project and active."""
    rows = await reader.rows(
        """select m.person_id from memberships m join people p on p.tenant_id = m.tenant_id and p.id = m.person_id
           where m.tenant_id = $1 and m.project_id = $2 and m.person_id = any($3::uuid[]) and p.active
             and (m.expires_at is null or m.expires_at > now())""",
        reader.tenant_id,
        project_id,
        list(people),
    )
    return {row["person_id"] for row in rows}


async def count_with(reader: Reader, field_id: UUID, options: Sequence[str]) -> int:
    """How many tasks have one of these options of a choice."""
    count: int = await reader.value(
        "select count(*) from custom_values where tenant_id = $1 and field_id = $2 and text_value = any($3::text[])",
        reader.tenant_id,
        field_id,
        list(options),
    )
    return count


async def those_of(reader: Reader, project_id: UUID, task_ids: Iterable[UUID]) -> set[UUID]:
    """Which of these tasks are the project's."""
    rows = await reader.rows(
        "select id from tasks where tenant_id = $1 and project_id = $2 and id = any($3::uuid[])",
        reader.tenant_id,
        project_id,
        list(task_ids),
    )
    return {row["id"] for row in rows}


async def tasks_of(reader: Reader, project_id: UUID) -> list[UUID]:
    """The ids of the project's tasks."""
    rows = await reader.rows(
        "select id from tasks where tenant_id = $1 and project_id = $2 order by position, id",
        reader.tenant_id,
        project_id,
    )
    return [row["id"] for row in rows]


async def members_of(reader: Reader, task_ids: Sequence[UUID]) -> dict[UUID, dict[str, Value]]:
    """What formulas may ask of these tasks themselves."""
    rows = await reader.rows(
        f"select t.id, {_MEMBERS} from tasks t where t.tenant_id = $1 and t.id = any($2::uuid[])",
        reader.tenant_id,
        list(task_ids),
    )
    return {row["id"]: {name: _as_value(row[name]) for name in MEMBERS} for row in rows}


def _as_value(value: Any) -> Value:
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


async def values_of(reader: Reader, task_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, Value | UUID]]:
    """The stored values of these tasks by field."""
    rows = await reader.rows(
        """select task_id, field_id, text_value, number_value, day_value, flag_value, person_id, error
           from custom_values where tenant_id = $1 and task_id = any($2::uuid[])""",
        reader.tenant_id,
        list(task_ids),
    )
    found: dict[UUID, dict[UUID, Value | UUID]] = {}
    for row in rows:
        known = (row[name] for name in ("text_value", "number_value", "day_value", "flag_value", "person_id"))
        value = next((each for each in known if each is not None), None)
        found.setdefault(row["task_id"], {})[row["field_id"]] = Failure(row["error"]) if row["error"] else value
    return found


async def store_values(session: WriteSession, values: Mapping[tuple[UUID, UUID], Value | UUID]) -> None:
    """Write values by task and field; None takes one away."""
    await session.flush()
    driver = await session.driver()
    gone = [key for key, value in values.items() if value is None]
    if gone:
        await driver.execute(
            """delete from custom_values v using unnest($2::uuid[], $3::uuid[]) as gone(task_id, field_id)
               where v.tenant_id = $1 and v.task_id = gone.task_id and v.field_id = gone.field_id""",
            session.tenant_id,
            [task_id for task_id, _ in gone],
            [field_id for _, field_id in gone],
        )
    rows = [(*key, *_columns(value)) for key, value in values.items() if value is not None]
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        await driver.execute(
            """insert into custom_values
                 (tenant_id, task_id, field_id, text_value, number_value, day_value, flag_value, person_id, error)
               select $1, given.* from unnest($2::uuid[], $3::uuid[], $4::text[], $5::numeric[], $6::date[], $7::boolean[],
                 $8::uuid[], $9::text[]) as given
               on conflict (tenant_id, task_id, field_id) do update set text_value = excluded.text_value,
                 number_value = excluded.number_value, day_value = excluded.day_value, flag_value = excluded.flag_value,
                 person_id = excluded.person_id, error = excluded.error""",
            session.tenant_id,
            *(list(column) for column in zip(*rows[start : start + _ROWS_AT_ONCE], strict=True)),
        )


def _columns(value: Value | UUID) -> tuple[Any, ...]:
    """A value in the column of its type."""
    return (
        value if isinstance(value, str) else None,
        value if isinstance(value, Decimal) else None,
        value if isinstance(value, date) else None,
        value if isinstance(value, bool) else None,
        value if isinstance(value, UUID) else None,
        value.value if isinstance(value, Failure) else None,
    )


async def values_shown(reader: Reader, task_id: UUID) -> bytes:
    """The values of a task that the caller has already been allowed to touch, as readers see them. Raises NotFound."""
    body: bytes | None = await reader.value(
        f"select {_BODY} from tasks t where t.tenant_id = $1 and t.id = $2", reader.tenant_id, task_id
    )
    if body is None:
        raise NotFound
    return body


async def values_seen(read: Read, task_id: UUID) -> bytes:
    """The same for a reader who may not see the task. Raises NotFound."""
    body: bytes | None = await read.session.value(
        f"select {_BODY} from tasks t where t.tenant_id = $1 and t.id = $2 and {sees_project('t.project_id', '$3')}",
        read.principal.tenant_id,
        task_id,
        read.principal.person_id,
    )
    if body is None:
        raise NotFound
    return body


# What a list of tasks can be asked by the type of a field: column, kind of the filter.
_ASKED: Final[Mapping[str, tuple[str, Kind]]] = {
    "text": ("text_value", "text"),
    "choice": ("text_value", "text"),
    "number": ("number_value", "decimal"),
    "day": ("day_value", "date"),
    "flag": ("flag_value", "boolean"),
    "person": ("person_id", "uuid"),
}


async def asked_by_fields(read: Read, project_id: UUID) -> tuple[dict[str, Filter], dict[str, Sort]]:
    """The filters and sorts `field.key` of a project's list of tasks; none where the reader does not see the project,
    to whom no key is known and every one unknown in the same way.
    """
    rows = await read.session.rows(
        f"""select f.id, f.key, coalesce(f.result_type, f.field_type) as yields,
              array(select jsonb_array_elements_text(f.options)) as options from custom_fields f
            where f.tenant_id = $1 and (f.project_id = $2 or f.project_id is null) and {sees_project("$2", "$3")}""",
        read.principal.tenant_id,
        project_id,
        read.principal.person_id,
    )
    filters: dict[str, Filter] = {}
    sorts: dict[str, Sort] = {}
    for row in rows:
        column, kind = _ASKED[row["yields"]]
        # The id comes from the database and is one, so it can stand in the statement.
        of_field = f"v.tenant_id = $1 and v.field_id = '{UUID(str(row['id']))}'"
        of_task = f"{of_field} and v.task_id = t.id"
        # `is true` keeps it a subplan: the index is read once, and not for each task by a plan that knows no statistics.
        known = f"(t.id in (select v.task_id from custom_values v where {of_field} and v.{column} is not null and {{}})) is true"
        filters[f"field.{row['key']}"] = Filter(f"v.{column}", kind, tuple(row["options"]), known)
        if row["yields"] == "choice":
            # In the order in which the options are given.
            place = (
                "(select array_position(array(select jsonb_array_elements_text(f.options)), v.text_value)"
                " from custom_values v join custom_fields f on f.tenant_id = v.tenant_id and f.id = v.field_id"
                f" where {of_task})"
            )
            sorts[f"field.{row['key']}"] = Sort(place, "integer")
        else:
            value = f"(select v.{column} from custom_values v where {of_task})"
            sorts[f"field.{row['key']}"] = Sort(value, kind, by_language=kind == "text")
    return filters, sorts
