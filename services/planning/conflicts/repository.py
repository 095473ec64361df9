"""Every SQL statement of this area."""

from uuid import UUID

from sqlalchemy import select

from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.planning.conflicts.conflict import Conflict, ConflictKind, ConflictStatus

# What an option costs is for those who see costs.
_OPTIONS = (
    "(select coalesce(jsonb_agg(case when $costs then each.option else each.option #- '{impact,cost}' end"
    " order by each.place), '[]') from jsonb_array_elements(t.options) with ordinality each(option, place))"
)

CONFLICTS = Collection(
    noun="conflict",
    source="conflicts t",
    columns=object_columns("conflict")
    | {
        "project_id": "t.project_id",
        "kind": "t.kind",
        "title": "t.title",
        "description": "t.description",
        "parties": "t.parties",
        "options": _OPTIONS,
        "status": "t.status",
        "ruled_option": "t.ruled_option",
        "ruled_at": "t.ruled_at",
        "decision_id": "t.decision_id",
    },
    filters={
        "kind": Filter("t.kind", "text", tuple(ConflictKind)),
        "status": Filter("t.status", "text", tuple(ConflictStatus)),
        "title": Filter("t.title", "text"),
        "ruled_at": Filter("t.ruled_at", "instant"),
        "decision_id": Filter("t.decision_id", "uuid"),
    },
    sorts={
        "created_at": Sort("t.created_at", "instant", nullable=False),
        "title": Sort("t.title", "text", nullable=False, by_language=True),
    },
    searched=("t.title", "t.description"),
    viewer_kinds={"update": "conflict.record", "rule": "conflict.rule"},
)


async def load_conflict(session: WriteSession, conflict_id: UUID) -> Conflict:
    """The conflict, locked, so that one ruling counts. Raises NotFound."""
    statement = select(Conflict).where(Conflict.tenant_id == session.tenant_id, Conflict.id == conflict_id)
    conflict = await session.scalar(statement.with_for_update())
    if conflict is None:
        raise NotFound
    return conflict


async def open_conflicts_by_party(reader: Reader, project_id: UUID) -> dict[UUID, UUID]:
    """The first open conflict of each thing that is its first party."""
    rows = await reader.rows(
        """select (parties #>> '{0,id}')::uuid as party_id, id from conflicts
           where tenant_id = $1 and project_id = $2 and status = 'open' and parties #>> '{0,id}' is not null
           order by id desc""",
        reader.tenant_id,
        project_id,
    )
    return {row["party_id"]: row["id"] for row in rows}
