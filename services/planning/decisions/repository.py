"""Every SQL statement of this area."""

from uuid import UUID

from services.kernel.collection import Collection
from services.kernel.confidentiality import impact_column
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.session import Reader

DECISIONS = Collection(
    noun="decision",
    source="decisions t",
    columns=object_columns("decision")
    | {
        "project_id": "t.project_id",
        "kind": "t.kind",
        "question": "t.question",
        "options": "t.options",
        "criteria": "t.criteria",
        "chosen": "t.chosen",
        "reason": "t.reason",
        "impact": impact_column("t.impact"),
        "subject": "json_build_object('type', t.subject_type, 'id', t.subject_id)",
        "decided_by_id": "t.decided_by_id",
        "proposed_by_id": "t.proposed_by_id",
        "proposal_id": "t.proposal_id",
        "decided_at": "t.decided_at",
        "review_date": "t.review_date",
        "evidence_position": "t.evidence_position",
        "goal_id": "t.goal_id",
    },
    filters={
        "kind": Filter("t.kind", "text"),
        "question": Filter("t.question", "text"),
        "subject_type": Filter("t.subject_type", "text"),
        "subject_id": Filter("t.subject_id", "uuid"),
        "decided_by_id": Filter("t.decided_by_id", "uuid"),
        "proposed_by_id": Filter("t.proposed_by_id", "uuid"),
        "proposal_id": Filter("t.proposal_id", "uuid"),
        "goal_id": Filter("t.goal_id", "uuid"),
        "decided_at": Filter("t.decided_at", "instant"),
        "review_date": Filter("t.review_date", "date"),
    },
    sorts={
        "decided_at": Sort("t.decided_at", "instant", nullable=False),
        "created_at": Sort("t.created_at", "instant", nullable=False),
        "review_date": Sort("t.review_date", "date"),
    },
    default_sort="-decided_at",
    searched=("t.question", "t.chosen", "t.reason"),
)


async def is_goal_of(reader: Reader, project_id: UUID, goal_id: UUID) -> bool:
    """Whether the project has this goal."""
    statement = "select exists (select from goals where tenant_id = $1 and project_id = $2 and id = $3)"
    return bool(await reader.value(statement, reader.tenant_id, project_id, goal_id))
