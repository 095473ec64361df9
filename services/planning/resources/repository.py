"""Every SQL statement of this area."""

from typing import Final
from uuid import UUID

from sqlalchemy import select

from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.planning.resources.assignment import Assignment
from services.planning.resources.resource import Resource, ResourceType

_SORTS: Final = {"created_at": Sort("t.created_at", "instant", nullable=False)}

RESOURCES: Final = Collection(
    noun="resource",
    source="resources t",
    columns=object_columns("resource")
    | {
        "project_id": "t.project_id",
        "name": "t.name",
        "email": "t.email",
        "resource_type": "t.resource_type",
        "max_units_percent": "round(t.max_units * 100, 2)::text",
        "standard_rate": "case when t.standard_rate is not null and $rates then"
        " json_build_object('amount', t.standard_rate::text, 'currency', t.currency) end",
        "calendar_id": "t.calendar_id",
        "person_id": "t.person_id",
        "external_refs": "t.external_refs",
    },
    filters={
        "name": Filter("t.name", "text"),
        "resource_type": Filter("t.resource_type", "text", tuple(ResourceType)),
        "person_id": Filter("t.person_id", "uuid"),
    },
    sorts=_SORTS | {"name": Sort("t.name", "text", nullable=False, by_language=True)},
    searched=("t.name", "t.email"),
    viewer_kinds={"update": "resource.change", "delete": "resource.change"},
)

ASSIGNMENTS: Final = Collection(
    noun="assignment",
    source="assignments t",
    columns=object_columns("assignment")
    | {
        "project_id": "t.project_id",
        "task_id": "t.task_id",
        "resource_id": "t.resource_id",
        "units_percent": "round(t.units * 100, 2)::text",
        "work_minutes": "round(t.work / 10.0)::bigint",
        "overtime_minutes": "round(t.overtime / 10.0)::bigint",
        "contour": "t.contour",
        "delay_minutes": "round(t.delay / 10.0)::bigint",
    },
    filters={"task_id": Filter("t.task_id", "uuid"), "resource_id": Filter("t.resource_id", "uuid")},
    sorts=_SORTS,
    viewer_kinds={"update": "resource.assign", "delete": "resource.assign"},
)


async def load_resource(session: WriteSession, resource_id: UUID) -> Resource:
    """The resource for a change. Raises NotFound."""
    found = await session.get(Resource, (session.tenant_id, resource_id))
    if found is None:
        raise NotFound
    return found


async def load_assignment(session: WriteSession, assignment_id: UUID) -> Assignment:
    """The assignment for a change. Raises NotFound."""
    found = await session.get(Assignment, (session.tenant_id, assignment_id))
    if found is None:
        raise NotFound
    return found


async def is_assignment_of(reader: Reader, project_id: UUID, assignment_id: UUID) -> bool:
    """Whether the project has this assignment."""
    found: bool = await reader.value(
        "select exists (select from assignments where tenant_id = $1 and project_id = $2 and id = $3)",
        reader.tenant_id,
        project_id,
        assignment_id,
    )
    return found


async def is_assigned(session: WriteSession, task_id: UUID, resource_id: UUID) -> bool:
    """Whether the resource already takes part in the task."""
    statement = select(Assignment.id).where(
        Assignment.tenant_id == session.tenant_id, Assignment.task_id == task_id, Assignment.resource_id == resource_id
    )
    return await session.scalar(statement) is not None


async def belongs_to_project(reader: Reader, table: str, object_id: UUID, project_id: UUID) -> bool:
    """Whether a calendar, a resource or a task (named by its table) is the project's own."""
    assert table in ("calendars", "resources", "tasks")
    found: bool = await reader.value(
        f"select exists (select from {table} where tenant_id = $1 and id = $2 and project_id = $3)",
        reader.tenant_id,
        object_id,
        project_id,
    )
    return found
