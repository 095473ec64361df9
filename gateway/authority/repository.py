"""Every SQL statement of the authority desk."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import orjson
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from gateway.authority.proposal import OPEN_STATES, Proposal
from gateway.authority.simulation import PastAct
from gateway.authority.track_record import Outcome, Settled
from services.kernel.access import sees_directory_of, sees_project
from services.kernel.collection import Collection
from services.kernel.confidentiality import impact_column
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.identity import ALL_SCOPES, MACHINES, Principal
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.kernel.tables import authority_policies, delegations

# What was asked for in full may tell of money; those who do not see costs read of their own proposals only.
_MAY_READ_BODY = "($costs or t.proposer_id = $person)"

_OPEN = "('submitted', 'rebase_required')"


def _steps(column: str) -> str:
    """The steps, without what was asked for in them where the reader may not read it."""
    bare = f"(select jsonb_agg(step - 'body') from jsonb_array_elements({column}) step)"
    return f"case when {_MAY_READ_BODY} then {column} else {bare} end"


def _sees(alias: str, project_column: str, person_parameter: str) -> str:
    """SQL: a draft is its proposer's alone."""
    return (
        f"({sees_project(project_column, person_parameter)}"
        f" and ({alias}.state <> 'draft' or {alias}.proposer_id = {person_parameter}))"
    )


def _sees_proposal(project_column: str, person_parameter: str) -> str:
    return _sees("t", project_column, person_parameter)


def _sees_some_proposal(proposal_id: str, person_parameter: str) -> str:
    return (
        "exists (select from proposals p where p.tenant_id = current_setting('app.tenant_id')::uuid"
        f" and p.id = {proposal_id} and {_sees('p', 'p.project_id', person_parameter)})"
    )


def _conflicts(alias: str) -> str:
    """SQL: the other open proposals of the project that are about the same things, as a JSON array of ids."""
    return (
        f"(select coalesce(jsonb_agg(other.id order by other.id), '[]') from proposals other"
        f" where other.tenant_id = {alias}.tenant_id and other.project_id = {alias}.project_id"
        f" and other.id <> {alias}.id and other.state in {_OPEN} and {alias}.state in ('draft', 'submitted', 'rebase_required')"
        f" and exists (select from jsonb_array_elements_text({alias}.touches) mine where other.touches ? mine.value))"
    )


_PROPOSAL_COLUMNS = object_columns("proposal") | {
    "project_id": "t.project_id",
    "title": "t.title",
    "justification": "t.justification",
    "state": "t.state",
    "proposer_id": "t.proposer_id",
    "steps": _steps("t.steps"),
    "amended_steps": _steps("t.amended_steps"),
    "kinds": "t.kinds",
    "measures": impact_column("t.measures"),
    "impact": impact_column("t.impact"),
    "exceeded": "t.exceeded",
    "decidable_by": "t.decidable_by",
    "approvals": "t.approvals",
    "approvals_needed": "t.approvals_needed",
    "submitted_at": "t.submitted_at",
    "accepts_itself_at": "t.accepts_itself_at",
    "escalates_at": "t.escalates_at",
    "expires_at": "t.expires_at",
    "reminded_at": "t.reminded_at",
    "escalated_at": "t.escalated_at",
    "superseded_by_id": "t.superseded_by_id",
    "decided_by_id": "t.decided_by_id",
    "decided_at": "t.decided_at",
    "reason": "t.reason",
    "outcome_id": "t.outcome_id",
    "result": f"case when {_MAY_READ_BODY} then t.result end",
    "problem": f"case when {_MAY_READ_BODY} then t.problem end",
}
PROPOSALS = Collection(
    noun="proposal",
    source="proposals t",
    visible=_sees_proposal,
    columns=_PROPOSAL_COLUMNS,
    filters={
        "state": Filter("t.state", "text"),
        "proposer_id": Filter("t.proposer_id", "uuid"),
        "created_at": Filter("t.created_at", "instant"),
        "submitted_at": Filter("t.submitted_at", "instant"),
    },
    sorts={"created_at": Sort("t.created_at", "instant", nullable=False)},
    expansions={"conflicts": _conflicts("t")},
    # The proposal's own kinds and measures decide; see gateway/authority/viewer.py.
    viewer_kinds={
        "accept": "proposal.decide",
        "reject": "proposal.decide",
        "amend": "proposal.decide",
        "withdraw": "proposal.own",
        "comment": "proposal.comment",
        "object": "proposal.comment",
    },
)

_NEEDED_BY = "(t.impact->>'needed_by')::timestamptz"
# What comes of it if nobody decides: when, what, and in the reader's language what that means.
_UNDECIDED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "too_late": (
        _NEEDED_BY,
        {
            "en": "Work begins, or ends, that it would change: a decision after that comes too late.",
            "nb": "Arbeid som det vil endre, begynner eller slutter: en beslutning etter det kommer for sent.",
        },
    ),
    "accepted": (
        "t.accepts_itself_at",
        {
            "en": "The policy accepts it, unless somebody has objected.",
            "nb": "Myndighetsreglene godtar det, hvis ingen har kommet med innvendinger.",
        },
    ),
    "escalated": (
        "t.escalates_at",
        {"en": "Whoever stands above is asked as well.", "nb": "Den som står over, blir også spurt."},
    ),
    "expired": (
        "t.expires_at",
        {"en": "It expires, and nothing is changed.", "nb": "Det utløper, og ingenting blir endret."},
    ),
}
_IF_UNDECIDED = (
    "(select coalesce(jsonb_agg(jsonb_build_object('at', each.at, 'what', each.what, 'due', each.at <= now(),"
    " 'text', case $language when 'nb' then each.nb else each.en end) order by each.at, each.what), '[]') from (values "
    + ", ".join(
        f"({instant}, '{what}', '{words['en']}', '{words['nb']}')" for what, (instant, words) in _UNDECIDED.items()
    )
    + ") each(at, what, en, nb) where each.at is not null)"
)

# The same over all projects, as the decider's inbox shows them: what waits, for how long, and what that leads to.
WAITING_PROPOSALS = Collection(
    noun="proposal",
    source="proposals t",
    container=None,
    visible=_sees_proposal,
    columns=_PROPOSAL_COLUMNS
    | {
        "age_minutes": "(extract(epoch from now() - t.submitted_at) / 60)::int",
        "needed_by": _NEEDED_BY,
        "if_undecided": _IF_UNDECIDED,
        "conflicts": _conflicts("t"),
    },
    filters={
        "project_id": Filter("t.project_id", "uuid"),
        "submitted_at": Filter("t.submitted_at", "instant"),
        "needed_by": Filter(_NEEDED_BY, "instant"),
    },
    sorts={
        "submitted_at": Sort("t.submitted_at", "instant"),
        "expires_at": Sort("t.expires_at", "instant"),
        "needed_by": Sort(_NEEDED_BY, "instant"),
    },
    default_sort="submitted_at",
)

PROPOSAL_COMMENTS = Collection(
    noun="proposal_comment",
    source="proposal_comments t",
    container="t.proposal_id",
    visible=lambda _, person: _sees_some_proposal("t.proposal_id", person),
    list_visible=_sees_some_proposal,
    columns=object_columns("proposal_comment")
    | {
        "project_id": "t.project_id",
        "proposal_id": "t.proposal_id",
        "text": "t.text",
        "objection": "t.objection",
    },
    filters={"objection": Filter("t.objection", "boolean")},
    sorts={"created_at": Sort("t.created_at", "instant", nullable=False)},
)


DELEGATIONS = Collection(
    noun="delegation",
    source="delegations t",
    columns={
        "id": "t.id",
        "type": "'delegation'",
        "version": "t.version",
        "created_at": "t.created_at",
        "updated_at": "t.updated_at",
        "project_id": "t.project_id",
        "person_id": "t.person_id",
        "role": "t.role",
        "kinds": "t.kinds",
        "grants": "t.grants",
        "starts_at": "t.starts_at",
        "expires_at": "t.expires_at",
        "reason": "t.reason",
        "granted_by_id": "t.granted_by_id",
        "active": "(t.starts_at <= now() and t.expires_at > now())",
    },
    filters={
        "person_id": Filter("t.person_id", "uuid"),
        "role": Filter("t.role", "text"),
        "expires_at": Filter("t.expires_at", "instant"),
        "active": Filter("(t.starts_at <= now() and t.expires_at > now())", "boolean"),
    },
    sorts={
        "created_at": Sort("t.created_at", "instant", nullable=False),
        "expires_at": Sort("t.expires_at", "instant", nullable=False),
    },
    viewer_kinds={"delete": "delegation.grant"},
)


POLICY_VERSIONS = Collection(
    noun="policy_version",
    source="policy_versions t",
    visible=sees_directory_of,
    list_visible=sees_directory_of,
    columns=object_columns("policy_version")
    | {
        "project_id": "t.project_id",
        "number": "t.number",
        "document": "t.document",
        "changes": "t.changes",
        "reason": "t.reason",
        "sha256": "t.sha256",
    },
    filters={"number": Filter("t.number", "integer"), "created_at": Filter("t.created_at", "instant")},
    sorts={"number": Sort("t.number", "integer", nullable=False)},
    default_sort="-number",
)


async def add_delegation(session: WriteSession, row: dict[str, Any]) -> None:
    await session.execute(
        insert(delegations).values(tenant_id=session.tenant_id, created_at=session.now, updated_at=session.now, **row)
    )


async def load_delegation(session: WriteSession, delegation_id: UUID) -> dict[str, Any]:
    """A delegation, locked for a change. Raises NotFound."""
    statement = select(delegations).where(
        delegations.c.tenant_id == session.tenant_id, delegations.c.id == delegation_id
    )
    row = (await session.execute(statement.with_for_update())).mappings().one_or_none()
    if row is None:
        raise NotFound
    return dict(row)


async def delegations_granted_by(session: WriteSession, project_id: UUID, person_id: UUID) -> list[dict[str, Any]]:
    """What somebody has lent on a project and has not ended, locked."""
    statement = select(delegations).where(
        delegations.c.tenant_id == session.tenant_id,
        delegations.c.project_id == project_id,
        delegations.c.granted_by_id == person_id,
        delegations.c.expires_at > session.now,
    )
    return [dict(row) for row in (await session.execute(statement.with_for_update())).mappings()]


async def end_delegation(session: WriteSession, delegation_id: UUID) -> None:
    await session.execute(
        update(delegations)
        .where(delegations.c.tenant_id == session.tenant_id, delegations.c.id == delegation_id)
        .values(expires_at=session.now, version=delegations.c.version + 1, updated_at=session.now)
    )


async def load_proposal(session: WriteSession, proposal_id: UUID) -> Proposal:
    """The proposal, locked for its settlement. Raises NotFound."""
    proposal = await session.scalar(
        select(Proposal)
        .where(Proposal.tenant_id == session.tenant_id, Proposal.id == proposal_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if proposal is None:
        raise NotFound
    return proposal


async def proposal_as_seen(reader: Reader, proposal_id: UUID) -> Proposal:
    """As much of a proposal as is looked at to say what somebody may do with it; nothing that is stored again.

    Raises NotFound.
    """
    row = await reader.row(
        """select id, project_id, state, proposer_id, service, approvals_needed, kinds::text, measures::text,
             exceeded::text, approvals::text from proposals where tenant_id = $1 and id = $2""",
        reader.tenant_id,
        proposal_id,
    )
    if row is None:
        raise NotFound
    documents = {name: orjson.loads(row[name]) for name in ("kinds", "measures", "exceeded", "approvals")}
    return Proposal(**{**row, **documents}, impact={}, decidable_by=[])


async def superseded_by(session: WriteSession, newer: Proposal) -> list[Proposal]:
    """The open proposals that ask for nothing but what the newer one asks for, too, locked."""
    statement = select(Proposal).where(
        Proposal.tenant_id == session.tenant_id,
        Proposal.project_id == newer.project_id,
        Proposal.proposer_id == newer.proposer_id,
        Proposal.id != newer.id,
        Proposal.state.in_(OPEN_STATES),
    )
    older = await session.scalars(statement.order_by(Proposal.id).with_for_update())
    return [each for each in older if newer.replaces(each)]


async def has_objection(reader: Reader, proposal_id: UUID) -> bool:
    found: bool = await reader.value(
        "select exists (select from proposal_comments where tenant_id = $1 and proposal_id = $2 and objection)",
        reader.tenant_id,
        proposal_id,
    )
    return found


async def conflicts_of(reader: Reader, proposal_id: UUID) -> list[str]:
    """The ids of the other open proposals that are about the same things."""
    found: str = await reader.value(
        f"select {_conflicts('t')}::text from proposals t where t.tenant_id = $1 and t.id = $2",
        reader.tenant_id,
        proposal_id,
    )
    ids: list[str] = orjson.loads(found)
    return ids


async def open_proposals(reader: Reader, person_id: UUID) -> Sequence[Mapping[str, Any]]:
    """What the turn of a decider is told by, of every open proposal on the projects that the person is on."""
    return await reader.rows(
        f"""select t.id, t.project_id, t.proposer_id, t.kinds::text, t.measures::text, t.approvals::text,
              t.approvals_needed, t.escalated_at
            from proposals t
            where t.tenant_id = $1 and t.state in {_OPEN} and {sees_project("t.project_id", "$2")}""",
        reader.tenant_id,
        person_id,
    )


async def read_policy(reader: Reader, project_id: UUID) -> bytes | None:
    body: bytes | None = await reader.value(
        """select convert_to(row_to_json(r)::text, 'UTF8') from (
             select 'policy' as type, version, created_at, updated_at, project_id, document
             from authority_policies where tenant_id = $1 and project_id = $2) r""",
        reader.tenant_id,
        project_id,
    )
    return body


async def present_policy(session: WriteSession, project_id: UUID) -> tuple[int, dict[str, Any]] | None:
    """The version and the document of the project's policy, locked."""
    row = await session.row(
        "select version, document::text from authority_policies where tenant_id = $1 and project_id = $2 for update",
        session.tenant_id,
        project_id,
    )
    return (row["version"], orjson.loads(row["document"])) if row is not None else None


async def past_acts(reader: Reader, project_id: UUID, since: datetime) -> list[PastAct]:
    """The acts on a project since then as their facts tell them, and the proposals that nobody has accepted.

    The facts of one transaction tell of the same acts, so each transaction counts once.
    """
    acts = await reader.rows(
        """select distinct on (e.source, e.occurred_at, e.envelope::jsonb->>'actor_id', judged.place)
             e.position, e.occurred_at, e.envelope::jsonb->>'actor_id' as actor_id,
             e.envelope::jsonb->>'proposal_id' as proposal_id, judged.act::text as act, p.kind
           from merged_events e
           cross join lateral jsonb_array_elements(e.envelope::jsonb->'authority') with ordinality judged (act, place)
           left join people p on p.tenant_id = e.tenant_id and p.id = (e.envelope::jsonb->>'actor_id')::uuid
           where e.tenant_id = $1 and e.project_id = $2 and e.occurred_at >= $3
           order by e.source, e.occurred_at, e.envelope::jsonb->>'actor_id', judged.place, e.position""",
        reader.tenant_id,
        project_id,
        since,
    )
    asked = await reader.rows(
        """select t.id, t.submitted_at, t.proposer_id, t.kinds::text, t.measures::text, m.role, p.kind
           from proposals t
           join memberships m on m.tenant_id = t.tenant_id and m.project_id = t.project_id
             and m.person_id = t.proposer_id
           left join people p on p.tenant_id = t.tenant_id and p.id = t.proposer_id
           where t.tenant_id = $1 and t.project_id = $2 and t.submitted_at >= $3""",
        reader.tenant_id,
        project_id,
        since,
    )
    done = [_done(row, orjson.loads(row["act"])) for row in acts]
    return sorted((*filter(None, done), *map(_asked, asked)), key=lambda act: act.occurred_at)


def _done(row: Mapping[str, Any], act: Mapping[str, Any]) -> PastAct | None:
    if act["role"] is None:
        return None
    return PastAct(
        occurred_at=row["occurred_at"],
        actor_id=row["actor_id"],
        role=act["role"],
        kinds=act["kinds"],
        measures=_decimal(act["measures"]),
        then="decide",
        machine=row["kind"] in MACHINES,
        approved=row["proposal_id"] is not None,
        proposal_id=row["proposal_id"],
        position=row["position"],
    )


def _asked(row: Mapping[str, Any]) -> PastAct:
    return PastAct(
        occurred_at=row["submitted_at"],
        actor_id=str(row["proposer_id"]),
        role=row["role"],
        kinds=orjson.loads(row["kinds"]),
        measures=_decimal(orjson.loads(row["measures"])),
        then="propose",
        machine=row["kind"] in MACHINES,
        proposal_id=str(row["id"]),
    )


def _decimal(measures: Mapping[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(value) for name, value in measures.items()}


async def settled_proposals(reader: Reader, project_id: UUID) -> list[Settled]:
    """What was proposed on a project and what became of it, the oldest first."""
    rows = await reader.rows(
        """select proposer_id, kinds::text, measures::text, state, amended_steps is not null as amended
           from proposals where tenant_id = $1 and project_id = $2 and state not in ('draft', 'superseded', 'failed')
           order by submitted_at, id""",
        reader.tenant_id,
        project_id,
    )
    return [
        Settled(
            str(row["proposer_id"]), orjson.loads(row["kinds"]), _decimal(orjson.loads(row["measures"])), _outcome(row)
        )
        for row in rows
    ]


def _outcome(row: Mapping[str, Any]) -> Outcome:
    match row["state"]:
        case "accepted":
            return "amended" if row["amended"] else "accepted"
        case "rejected" | "withdrawn" | "expired" as ended:
            return cast("Outcome", ended)
        case _:
            return "open"


async def store_policy(session: WriteSession, project_id: UUID, document: dict[str, Any]) -> None:
    values = {"document": document, "updated_at": session.now}
    statement = insert(authority_policies).values(
        tenant_id=session.tenant_id, project_id=project_id, created_at=session.now, **values
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "project_id"], set_=values | {"version": authority_policies.c.version + 1}
        )
    )


async def principal_of(reader: Reader, person_id: UUID) -> Principal:
    """A person acting by what they said elsewhere (in signed minutes), where no token narrows them. Raises NotFound."""
    row = await reader.row(
        "select kind, tenant_role from people where tenant_id = $1 and id = $2 and active", reader.tenant_id, person_id
    )
    if row is None:
        raise NotFound
    return Principal(reader.tenant_id, person_id, kind=row["kind"], scopes=ALL_SCOPES, tenant_role=row["tenant_role"])
