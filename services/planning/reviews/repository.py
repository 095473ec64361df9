"""Every SQL statement of this area."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from services.kernel.collection import Collection
from services.kernel.confidentiality import impact_column
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.money import money_json
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.planning.decisions.decision import Decision
from services.planning.reviews.calibration import Judged

_CREATED = Sort("t.created_at", "instant", nullable=False)

DECISION_REVIEWS = Collection(
    noun="decision_review",
    source="decision_reviews t",
    columns=object_columns("decision_review")
    | {
        "project_id": "t.project_id",
        "decision_id": "t.decision_id",
        "kind": "t.kind",
        "automatic": "t.automatic",
        "predicted": impact_column("t.predicted"),
        "measured": impact_column("t.measured"),
        "finish_error_minutes": "t.finish_error_minutes",
        "cost_error": f"case when $costs then {money_json('t.cost_error', 't.currency')} end",
        "decisions_since": "t.decisions_since",
        "note": "t.note",
    },
    filters={
        "decision_id": Filter("t.decision_id", "uuid"),
        "kind": Filter("t.kind", "text"),
        "automatic": Filter("t.automatic", "boolean"),
        "finish_error_minutes": Filter("t.finish_error_minutes", "integer"),
    },
    sorts={"created_at": _CREATED},
    default_sort="-created_at",
    searched=("t.note",),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What a review needs to know of the project."""

    currency: str
    minutes_per_day: int
    calendar_id: UUID | None


async def load_decision(session: WriteSession, decision_id: UUID) -> Decision:
    """The decision. Raises NotFound."""
    statement = select(Decision).where(Decision.tenant_id == session.tenant_id, Decision.id == decision_id)
    decision = await session.scalar(statement)
    if decision is None:
        raise NotFound
    return decision


async def frame_of(reader: Reader, project_id: UUID) -> Frame:
    row = await reader.row(
        "select currency, minutes_per_day, calendar_id from projects where tenant_id = $1 and id = $2",
        reader.tenant_id,
        project_id,
    )
    if row is None:
        raise NotFound
    return Frame(*row)


async def decisions_since(reader: Reader, decision: Decision) -> int:
    """How many decisions of the project were recorded after this one."""
    count: int = await reader.value(
        "select count(*) from decisions where tenant_id = $1 and project_id = $2 and (created_at, id) > ($3, $4)",
        reader.tenant_id,
        decision.project_id,
        decision.created_at,
        decision.id,
    )
    return count


async def count_decisions(reader: Reader, project_id: UUID) -> int:
    count: int = await reader.value(
        "select count(*) from decisions where tenant_id = $1 and project_id = $2", reader.tenant_id, project_id
    )
    return count


async def last_reviews(reader: Reader, project_id: UUID) -> list[Judged]:
    """Of each decision that was reviewed the last review, in the project's currency."""
    rows = await reader.rows(
        """select distinct on (decision_id) kind, finish_error_minutes, cost_error from decision_reviews
           where tenant_id = $1 and project_id = $2 order by decision_id, created_at desc, id desc""",
        reader.tenant_id,
        project_id,
    )
    return [Judged(*row) for row in rows]
