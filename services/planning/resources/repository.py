"""Every SQL statement of this area."""

from typing import Final
from uuid import UUID

from sqlalchemy import select

from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.money import money_json
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.planning.resources.assignment import Assignment
from services.planning.resources.resource import Resource, ResourceType, WorkKind


def _dated(rate: str) -> str:
    """SQL: one of the rates of a dated row of rates."""
    return money_json(f"(dated ->> '{rate}')::numeric", "t.currency")


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
        "work_kind": "t.work_kind",
        "team_id": "t.team_id",
        "unit": "t.unit",
        "max_units_percent": "round(t.max_units * 100, 2)::text",
        "availability": "(select coalesce(json_agg(json_build_object('from_date', period -> 'from_date', 'to_date',"
        " period -> 'to_date', 'units_percent', round((period ->> 'units')::numeric * 100, 2)::text)), '[]')"
        " from jsonb_array_elements(t.availability) period)",
        "standard_rate": f"case when $rates then {money_json('t.standard_rate', 't.currency')} end",
        "overtime_rate": f"case when $rates then {money_json('t.overtime_rate', 't.currency')} end",
        "cost_per_use": f"case when $rates and t.cost_per_use <> 0 then {money_json('t.cost_per_use', 't.currency')} end",
        "accrual": "t.accrual",
        "rates": "case when $rates then (select coalesce(json_agg(json_build_object('rate_table', dated -> 'table',"
        " 'from_date', dated -> 'from_date',"
        f" 'standard_rate', {_dated('standard_rate')}, 'overtime_rate', {_dated('overtime_rate')},"
        f" 'cost_per_use', {_dated('cost_per_use')})), '[]') from jsonb_array_elements(t.rates) dated) end",
        "calendar_id": "t.calendar_id",
        "person_id": "t.person_id",
        "external_refs": "t.external_refs",
    },
    filters={
        "name": Filter("t.name", "text"),
        "resource_type": Filter("t.resource_type", "text", tuple(ResourceType)),
        "work_kind": Filter("t.work_kind", "text", tuple(WorkKind)),
        "team_id": Filter("t.team_id", "uuid"),
        "person_id": Filter("t.person_id", "uuid"),
    },
    sorts=_SORTS | {"name": Sort("t.name", "text", nullable=False, by_language=True)},
    searched=("t.name", "t.email"),
    viewer_kinds={"update": "resource.change", "delete": "resource.change"},
)

ASSIGNMENTS: Final = Collection(
    noun="assignment",
    source="assignments t join resources mean on mean.tenant_id = t.tenant_id and mean.id = t.resource_id"
    " join projects held on held.tenant_id = t.tenant_id and held.id = t.project_id"
    # Beside the assignment's own columns, since it is its units under another name.
    " cross join lateral (select case when mean.resource_type = 'material' then t.units::text end as quantity) much",
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
        "rate_table": "t.rate_table",
        "quantity": "much.quantity",
        "cost": f"case when $costs then {money_json('t.cost', 'held.currency')} end",
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


async def kind_of(reader: Reader, resource_id: UUID, project_id: UUID) -> str | None:
    """Whether a work resource of the project is a person, a team or equipment; None where it is none of them."""
    kind: str | None = await reader.value(
        "select work_kind from resources where tenant_id = $1 and id = $2 and project_id = $3",
        reader.tenant_id,
        resource_id,
        project_id,
    )
    return kind


async def has_members(reader: Reader, team_id: UUID) -> bool:
    """Whether any resource belongs to the team."""
    found: bool = await reader.value(
        "select exists (select from resources where tenant_id = $1 and team_id = $2)", reader.tenant_id, team_id
    )
    return found


async def project_currency(reader: Reader, project_id: UUID) -> str:
    """The currency that the project is kept in."""
    currency: str = await reader.value(
        "select currency from projects where tenant_id = $1 and id = $2", reader.tenant_id, project_id
    )
    return currency


async def leave_team(session: WriteSession, team_id: UUID) -> None:
    """Whoever belongs to the team belongs to none."""
    await (await session.driver()).execute(
        """update resources set team_id = null, version = version + 1, updated_at = $3, updated_by_id = $4
           where tenant_id = $1 and team_id = $2""",
        session.tenant_id,
        team_id,
        session.now,
        session.author_id,
    )
