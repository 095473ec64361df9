"""Every SQL statement of this area."""

from collections.abc import Iterable
from uuid import UUID

from services.kernel.collection import Collection
from services.kernel.confidentiality import impact_column
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.session import Reader

# The words of a decision about money are for those who see costs, and so is the money in its options' impacts.
_MAY_READ = "(not t.about_costs or $costs)"
_CHOSEN, _REASON = (f"case when {_MAY_READ} then {column} end" for column in ("t.chosen", "t.reason"))
_OPTIONS = (
    f"case when {_MAY_READ} then (select coalesce(jsonb_agg(case when $costs then each.option"
    " else each.option #- '{impact,cost}' end order by each.place), '[]')"
    " from jsonb_array_elements(t.options) with ordinality each(option, place)) end"
)

DECISIONS = Collection(
    noun="decision",
    source="decisions t",
    columns=object_columns("decision")
    | {
        "project_id": "t.project_id",
        "kind": "t.kind",
        "question": "t.question",
        "options": _OPTIONS,
        "criteria": "t.criteria",
        "chosen": _CHOSEN,
        "reason": _REASON,
        "about_costs": "t.about_costs",
        "impact": impact_column("t.impact"),
        "predicted": impact_column("t.predicted"),
        "subject": "json_build_object('type', t.subject_type, 'id', t.subject_id)",
        "prepared_by_id": "t.prepared_by_id",
        "decided_by_id": "t.decided_by_id",
        "executed_by_id": "t.executed_by_id",
        "proposed_by_id": "t.proposed_by_id",
        "proposal_id": "t.proposal_id",
        "decided_at": "t.decided_at",
        "review_date": "t.review_date",
        "evidence": "t.evidence",
        "evidence_position": "t.evidence_position",
        "evidence_numbers": "t.evidence_numbers",
        "goal_id": "t.goal_id",
    },
    filters={
        "kind": Filter("t.kind", "text"),
        "question": Filter("t.question", "text"),
        "subject_type": Filter("t.subject_type", "text"),
        "subject_id": Filter("t.subject_id", "uuid"),
        "prepared_by_id": Filter("t.prepared_by_id", "uuid"),
        "decided_by_id": Filter("t.decided_by_id", "uuid"),
        "executed_by_id": Filter("t.executed_by_id", "uuid"),
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
    searched=("t.question", _CHOSEN, _REASON),
    viewer_kinds={"review": "decision.review"},
)


async def known_people(reader: Reader, project_id: UUID, people: Iterable[UUID]) -> set[UUID]:
    """Those of the people who are on the project."""
    rows = await reader.rows(
        "select person_id from memberships where tenant_id = $1 and project_id = $2 and person_id = any($3)",
        reader.tenant_id,
        project_id,
        list(people),
    )
    return {row["person_id"] for row in rows}


async def name_of_person(reader: Reader, person_id: UUID) -> str:
    """What the directory calls somebody; their id where it has not said so yet."""
    name: str | None = await reader.value(
        "select name from people where tenant_id = $1 and id = $2", reader.tenant_id, person_id
    )
    return name or str(person_id)


async def facts_applied(reader: Reader, service: str) -> dict[str, int]:
    """By service the number of the last fact that stands behind what this transaction sees."""
    rows = await reader.rows(
        """select source, number from inbox_cursors where tenant_id = $1
           union all select $2, number from outbox_heads where tenant_id = $1 order by 1""",
        reader.tenant_id,
        service,
    )
    return {row["source"]: row["number"] for row in rows}


async def is_goal_of(reader: Reader, project_id: UUID, goal_id: UUID) -> bool:
    """Whether the project has this goal."""
    statement = "select exists (select from goals where tenant_id = $1 and project_id = $2 and id = $3)"
    return bool(await reader.value(statement, reader.tenant_id, project_id, goal_id))
