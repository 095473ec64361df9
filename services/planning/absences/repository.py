"""Every SQL statement of this area."""

from typing import Final
from uuid import UUID

from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import WriteSession
from services.planning.absences.absence import Absence, AbsenceKind

_TOLD: Final = "(not t.confidential or absent.person_id = $person or t.created_by_id = $person)"
_KIND: Final = f"case when {_TOLD} then t.kind else 'away' end"

ABSENCES: Final = Collection(
    noun="absence",
    source="absences t join resources absent on absent.tenant_id = t.tenant_id and absent.id = t.resource_id",
    columns=object_columns("absence")
    | {
        "project_id": "t.project_id",
        "resource_id": "t.resource_id",
        "starts_on": "t.starts_on",
        "ends_on": "t.ends_on",
        "kind": _KIND,
        "confidential": "t.confidential",
        "note": f"case when {_TOLD} then t.note end",
    },
    filters={
        "resource_id": Filter("t.resource_id", "uuid"),
        "starts_on": Filter("t.starts_on", "date"),
        "ends_on": Filter("t.ends_on", "date"),
        "kind": Filter(_KIND, "text", tuple(AbsenceKind)),
    },
    sorts={
        "created_at": Sort("t.created_at", "instant", nullable=False),
        "starts_on": Sort("t.starts_on", "date", nullable=False),
    },
    viewer_kinds={"update": "resource.absence", "delete": "resource.absence"},
)


async def load_absence(session: WriteSession, absence_id: UUID) -> Absence:
    """The absence for a change. Raises NotFound."""
    found = await session.get(Absence, (session.tenant_id, absence_id))
    if found is None:
        raise NotFound
    return found
