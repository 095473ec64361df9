"""Every SQL statement of this area. The words of a phase model are looked up here, by the reader's language."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import WriteSession
from services.planning.gates.gate_passage import GatePassage
from services.planning.projects.gate import Gate, GateState
from services.planning.projects.phase_model import PHASE_TITLES, PROSJEKTVEIVISEREN, Phase, Requirement, Words


def _spoken(code: str, catalogue: Mapping[str, Words]) -> str:
    """SQL: the words of a code in the reader's language."""

    def in_language(language: str) -> str:
        texts = {name: words["nb" if language == "nb" else "en"] for name, words in catalogue.items()}
        cases = " ".join(f"when '{name}' then '{text.replace(chr(39), chr(39) * 2)}'" for name, text in texts.items())
        return f"case {code} {cases} end"

    return f"case $language when 'nb' then {in_language('nb')} else {in_language('en')} end"


_TITLE = f"coalesce(t.title, {_spoken('t.code', {gate.code: gate.title for gate in PROSJEKTVEIVISEREN})})"
_PHASE = _spoken("t.opens_phase", {str(phase): words for phase, words in PHASE_TITLES.items()})
_STATEMENT = _spoken(
    "each.criterion ->> 'code'",
    {code: words for gate in PROSJEKTVEIVISEREN for code, words in gate.criteria.items()},
)
_CRITERIA = (
    "(select coalesce(jsonb_agg(jsonb_build_object('code', each.criterion -> 'code', 'statement',"
    f" coalesce(each.criterion ->> 'statement', {_STATEMENT})) order by each.place), '[]')"
    " from jsonb_array_elements(t.criteria) with ordinality each(criterion, place))"
)
# The tables of the nouns that can have to be there.
_TABLES: Mapping[Requirement, str] = {
    Requirement.GOAL: "goals",
    Requirement.SUCCESS_CRITERION: "success_criteria",
    Requirement.TASK: "tasks",
    Requirement.BASELINE: "baselines",
    Requirement.BUDGET_LINE: "budget_lines",
    Requirement.RISK: "risks",
    Requirement.RESPONSIBILITY: "responsibilities",
}
_THERE = " ".join(
    f"when '{noun}' then exists (select from {table} o where o.tenant_id = t.tenant_id and o.project_id = t.project_id)"
    for noun, table in _TABLES.items()
)
_MISSING = (
    "(select coalesce(jsonb_agg(wanted.noun order by wanted.place), '[]') from jsonb_array_elements_text(t.requires)"
    f" with ordinality wanted(noun, place) where not case wanted.noun {_THERE} end)"
)

GATES = Collection(
    noun="gate",
    source="gates t",
    columns=object_columns("gate")
    | {
        "project_id": "t.project_id",
        "code": "t.code",
        "title": _TITLE,
        "position": "t.position",
        "planned_date": "t.planned_date",
        "opens_phase": "t.opens_phase",
        "phase_title": _PHASE,
        "requires": "t.requires",
        "criteria": _CRITERIA,
        "state": "t.state",
        "decided_at": "t.decided_at",
        "decision_id": "t.decision_id",
    },
    filters={
        "code": Filter("t.code", "text"),
        "title": Filter(_TITLE, "text"),
        "state": Filter("t.state", "text", tuple(GateState)),
        "opens_phase": Filter("t.opens_phase", "text", tuple(Phase)),
        "planned_date": Filter("t.planned_date", "date"),
        "decided_at": Filter("t.decided_at", "instant"),
        "decision_id": Filter("t.decision_id", "uuid"),
    },
    sorts={
        "position": Sort("t.position", "integer", nullable=False),
        "planned_date": Sort("t.planned_date", "date"),
        "created_at": Sort("t.created_at", "instant", nullable=False),
    },
    default_sort="position",
    expansions={"missing": _MISSING},
    searched=("t.code", _TITLE),
    viewer_kinds={"update": "gate.plan", "delete": "gate.plan", "pass": "gate.pass"},
)

GATE_PASSAGES = Collection(
    noun="gate_passage",
    source="gate_passages t",
    columns=object_columns("gate_passage")
    | {
        "project_id": "t.project_id",
        "gate_id": "t.gate_id",
        "outcome": "t.outcome",
        "conditions": "t.conditions",
        "reason": "t.reason",
        "criteria": "t.criteria",
        "missing": "t.missing",
        "decision_id": "t.decision_id",
        "decided_at": "t.decided_at",
    },
    filters={
        "gate_id": Filter("t.gate_id", "uuid"),
        "outcome": Filter("t.outcome", "text", tuple(GateState)[1:]),
        "decision_id": Filter("t.decision_id", "uuid"),
        "decided_at": Filter("t.decided_at", "instant"),
    },
    sorts={
        "created_at": Sort("t.created_at", "instant", nullable=False),
        "decided_at": Sort("t.decided_at", "instant", nullable=False),
    },
    searched=("t.reason",),
)


async def load_gate(session: WriteSession, gate_id: UUID) -> Gate:
    """The gate for a change. Raises NotFound."""
    gate = await session.scalar(select(Gate).where(Gate.tenant_id == session.tenant_id, Gate.id == gate_id))
    if gate is None:
        raise NotFound
    return gate


async def gates_of(session: WriteSession, project_id: UUID) -> list[Gate]:
    """The project's gates in their order."""
    statement = select(Gate).where(Gate.tenant_id == session.tenant_id, Gate.project_id == project_id)
    return list(await session.scalars(statement.order_by(Gate.position)))


async def has_passages(session: WriteSession, gate_id: UUID) -> bool:
    """Whether anything was ever decided at the gate."""
    statement = select(GatePassage.id).where(GatePassage.tenant_id == session.tenant_id, GatePassage.gate_id == gate_id)
    return await session.scalar(statement.limit(1)) is not None


async def what_is_there(session: WriteSession, project_id: UUID) -> dict[str, UUID]:
    """Of each noun that a gate can require, the one that the project got last, if it has any."""
    latest = " union all ".join(
        f"(select '{noun}' as noun, id from {table} where tenant_id = $1 and project_id = $2 order by id desc limit 1)"
        for noun, table in _TABLES.items()
    )
    rows = await session.rows(latest, session.tenant_id, project_id)
    return {row["noun"]: row["id"] for row in rows}
