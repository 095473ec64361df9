"""Every SQL statement of this area."""

from typing import Final
from uuid import UUID

from sqlalchemy import select

from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.planning.recurrences.recurrence import Recurrence

RECURRENCES: Final = Collection(
    noun="recurrence",
    source="recurrences t",
    columns=object_columns("recurrence")
    | {
        name: f"t.{name}"
        for name in ("project_id", "task_id", "title", "pattern", "starts_on", "until", "count", "skip_nonworking")
    }
    | {
        "starts_at": "to_char(make_interval(mins => t.starts_at), 'HH24:MI')",
        "duration_minutes": "round(t.duration / 10.0)::bigint",
        "assignee_id": "t.assignee_id",
        "calendar_id": "t.calendar_id",
        "occurrences": "(select coalesce(json_agg(json_build_object('day', each.value -> 'day', 'task_id', made.id)"
        " order by each.ordinality), '[]') from jsonb_array_elements(t.occurrences) with ordinality each"
        " left join tasks made on made.tenant_id = t.tenant_id and made.id = (each.value ->> 'task_id')::uuid)",
    },
    filters={
        "task_id": Filter("t.task_id", "uuid"),
        "assignee_id": Filter("t.assignee_id", "uuid"),
        "starts_on": Filter("t.starts_on", "date"),
        "until": Filter("t.until", "date"),
    },
    sorts={
        "created_at": Sort("t.created_at", "instant", nullable=False),
        "starts_on": Sort("t.starts_on", "date", nullable=False),
        "title": Sort("t.title", "text", nullable=False, by_language=True),
    },
    searched=("t.title",),
    viewer_kinds={"update": "scope.task", "delete": "scope.task"},
)


async def load_recurrence(session: WriteSession, recurrence_id: UUID) -> Recurrence:
    """The recurrence for a change, as it is behind the plan's lock. Raises NotFound."""
    statement = (
        select(Recurrence)
        .where(Recurrence.tenant_id == session.tenant_id, Recurrence.id == recurrence_id)
        .execution_options(populate_existing=True)
    )
    found = await session.scalar(statement)
    if found is None:
        raise NotFound
    return found


async def project_of_recurrence(reader: Reader, recurrence_id: UUID) -> UUID:
    """The project that a recurrence belongs to. Raises NotFound."""
    project_id: UUID | None = await reader.value(
        "select project_id from recurrences where tenant_id = $1 and id = $2", reader.tenant_id, recurrence_id
    )
    if project_id is None:
        raise NotFound
    return project_id
