"""Request and response shapes of absences."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from services.kernel.schemas import Body, Day, Effects, Flag, ObjectShape
from services.planning.absences.absence import AbsenceKind

Note = Annotated[str, StringConstraints(max_length=2_000)]
_EXAMPLE: Any = {
    "resource_id": "0197d1c0-0000-7000-8000-000000000002",
    "starts_on": "2026-07-06",
    "ends_on": "2026-07-24",
    "kind": "vacation",
}
GivenKind = Annotated[
    AbsenceKind,
    Field(
        description="`away` is read by those who are not told more, and cannot be given. A request that becomes a proposal"
        " is read by those who decide on it; what is nobody else's business is better said once it has been decided."
    ),
]


class NewAbsence(Body):
    """Whole days, both included. `confidential` is null for: as usual with this kind, that is of sickness only."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": _EXAMPLE}}

    resource_id: UUID
    starts_on: Day
    ends_on: Day
    kind: GivenKind = AbsenceKind.OTHER
    confidential: Flag | None = None
    note: Note = ""


class AbsencePatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"note": "Can be reached by phone."}}}

    starts_on: Day = date.min
    ends_on: Day = date.min
    kind: GivenKind = AbsenceKind.OTHER
    confidential: Flag = False
    note: Note = ""


class AbsenceShape(ObjectShape):
    """Of a confidential absence, kind and note are for the person and for whoever recorded it; to others it is `away`."""

    project_id: UUID
    resource_id: UUID
    starts_on: date
    ends_on: date
    kind: AbsenceKind
    confidential: bool
    note: str | None
    effects: Effects | None = None
