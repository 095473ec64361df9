"""Every SQL statement of this area."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.planning.responsibilities.matrix import Cell
from services.planning.responsibilities.responsibility import Part, Responsibility

RESPONSIBILITIES = Collection(
    noun="responsibility",
    source="responsibilities t",
    columns=object_columns("responsibility")
    | {"project_id": "t.project_id", "task_id": "t.task_id", "person_id": "t.person_id", "part": "t.part"},
    filters={
        "task_id": Filter("t.task_id", "uuid"),
        "person_id": Filter("t.person_id", "uuid"),
        "part": Filter("t.part", "text", tuple(Part)),
    },
    sorts={"created_at": Sort("t.created_at", "instant", nullable=False)},
    viewer_kinds={"update": "responsibility.set", "delete": "responsibility.set"},
)


async def load_responsibility(session: WriteSession, responsibility_id: UUID) -> Responsibility:
    """The cell for a change. Raises NotFound."""
    statement = select(Responsibility).where(
        Responsibility.tenant_id == session.tenant_id, Responsibility.id == responsibility_id
    )
    found = await session.scalar(statement)
    if found is None:
        raise NotFound
    return found


async def cells_of_task(reader: Reader, task_id: UUID) -> Sequence[Cell]:
    rows = await reader.rows(
        "select id, task_id, person_id, part from responsibilities where tenant_id = $1 and task_id = $2",
        reader.tenant_id,
        task_id,
    )
    return [Cell(*row) for row in rows]


async def cells_of_project(reader: Reader, project_id: UUID) -> Sequence[Cell]:
    """The cells, those of a row in the order of their parts."""
    rows = await reader.rows(
        """select id, task_id, person_id, part from responsibilities where tenant_id = $1 and project_id = $2
           order by array_position(array['responsible','accountable','consulted','informed'], part), id""",
        reader.tenant_id,
        project_id,
    )
    return [Cell(*row) for row in rows]


async def work_of_project(reader: Reader, project_id: UUID) -> Sequence[Any]:
    """The active elements of the work breakdown in the order of the outline, with the minutes that are left of each."""
    return await reader.rows(
        """select id, parent_id, wbs_code, title, outline_level, summary, milestone, assignee_id,
             percent_complete >= 100 as finished, duration * (100 - percent_complete) / 1000 as remaining_minutes
           from tasks where tenant_id = $1 and project_id = $2 and active order by position, id""",
        reader.tenant_id,
        project_id,
    )


async def team_of(reader: Reader, project_id: UUID) -> set[UUID]:
    """Who is on the project now, and active."""
    rows = await reader.rows(
        """select m.person_id from memberships m join people p on p.tenant_id = m.tenant_id and p.id = m.person_id
           where m.tenant_id = $1 and m.project_id = $2 and p.active and (m.expires_at is null or m.expires_at > now())""",
        reader.tenant_id,
        project_id,
    )
    return {row["person_id"] for row in rows}


async def minutes_per_day(reader: Reader, project_id: UUID) -> int:
    """The working minutes of the project's day. Raises NotFound."""
    minutes: int | None = await reader.value(
        "select minutes_per_day from projects where tenant_id = $1 and id = $2", reader.tenant_id, project_id
    )
    if minutes is None:
        raise NotFound
    return minutes
