"""Every SQL statement of this area."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import select

from services.kernel.access import sees_project
from services.kernel.archived_access import is_archived_project
from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.planning.staffing.staffing_request import StaffingRequest, StaffingState

_PLAIN: Final = (
    *("project_id", "role", "task_id", "competence_id", "minimum_level", "line_owner_id", "starts_on", "ends_on"),
    *("answer_by", "state", "offer", "history", "resource_id", "assignment_id", "decision_id"),
)


def _takes_part(project: str, person: str) -> str:
    """SQL: the person sees the project, or is the one who is asked."""
    return f"({sees_project(project, person)} or t.line_owner_id = {person} and not {is_archived_project(project)})"


def _collection(container: str | None) -> Collection:
    return Collection(
        noun="staffing_request",
        source="staffing_requests t",
        container=container,
        visible=_takes_part,
        columns=object_columns("staffing_request")
        | {name: f"t.{name}" for name in _PLAIN}
        | {"units_percent": "round(t.units * 100, 2)::text"},
        filters={
            "state": Filter("t.state", "text", tuple(StaffingState)),
            "line_owner_id": Filter("t.line_owner_id", "uuid"),
            "task_id": Filter("t.task_id", "uuid"),
            "competence_id": Filter("t.competence_id", "uuid"),
            "starts_on": Filter("t.starts_on", "date"),
            "answer_by": Filter("t.answer_by", "date"),
        },
        sorts={
            "created_at": Sort("t.created_at", "instant", nullable=False),
            "starts_on": Sort("t.starts_on", "date", nullable=False),
            "answer_by": Sort("t.answer_by", "date"),
        },
        searched=("t.role",),
        viewer_kinds={"counter": "staffing.request", "withdraw": "staffing.request", "agree": "staffing.agree"},
    )


STAFFING_REQUESTS: Final = _collection("t.project_id")
# Over all projects: for the line owner, who is on none of them.
ALL_STAFFING_REQUESTS: Final = _collection(None)


async def load_request(session: WriteSession, request_id: UUID, *, lock: bool = False) -> StaffingRequest:
    """The request for a change; `lock` makes others wait who answer it at the same time. Raises NotFound."""
    statement = select(StaffingRequest).where(
        StaffingRequest.tenant_id == session.tenant_id, StaffingRequest.id == request_id
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = await session.scalar(statement)
    if found is None:
        raise NotFound
    return found


async def person_name(reader: Reader, person_id: UUID) -> str | None:
    """What an active person of the tenant is called, None where there is no such person."""
    name: str | None = await reader.value(
        "select name from people where tenant_id = $1 and id = $2 and active", reader.tenant_id, person_id
    )
    return name


async def resource_of_person(reader: Reader, project_id: UUID, person_id: UUID) -> UUID | None:
    """The work resource that a person is in a project already."""
    found: UUID | None = await reader.value(
        """select id from resources where tenant_id = $1 and project_id = $2 and person_id = $3
           and resource_type = 'work' order by id limit 1""",
        reader.tenant_id,
        project_id,
        person_id,
    )
    return found


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for, as those read it who only look."""

    id: UUID
    project_id: UUID
    task_id: UUID | None
    competence_id: UUID | None
    minimum_level: int
    units: Decimal
    starts_on: date
    ends_on: date
    answer_by: date | None


async def read_request(reader: Reader, request_id: UUID) -> Asked:
    """The terms of a request. Raises NotFound."""
    row = await reader.row(
        """select id, project_id, task_id, competence_id, minimum_level, units, starts_on, ends_on, answer_by
           from staffing_requests where tenant_id = $1 and id = $2""",
        reader.tenant_id,
        request_id,
    )
    if row is None:
        raise NotFound
    return Asked(**row)
