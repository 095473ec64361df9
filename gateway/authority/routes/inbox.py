"""HTTP of the decider's inbox: the proposals of all projects that wait for the reader, and what waiting leads to."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from starlette.responses import Response

from gateway.authority import repository
from gateway.authority.schemas import WaitingProposal
from gateway.authority.waiting import Waiting, addressed_to, clock_of, rules_of
from services.kernel.access import Candidate, candidates, deciders, policy_of
from services.kernel.app import area_router
from services.kernel.authority import Policy
from services.kernel.collection import cursor_signer
from services.kernel.pagination import page_of, parse_limit
from services.kernel.problems import Malformed, UnknownFilter
from services.kernel.requests import Read, Reading
from services.kernel.schemas import Listing

router = area_router("authority")
_BATCH = 200
_PARAMETERS = [
    {
        "name": "limit",
        "in": "query",
        "required": False,
        "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
        "description": "Objects on a page.",
    },
    {
        "name": "cursor",
        "in": "query",
        "required": False,
        "schema": {"type": "string", "maxLength": 2000},
        "description": "`page.next_cursor` of the page before.",
    },
]


@router.get("/v1/me/proposals", response_model=Listing[WaitingProposal], openapi_extra={"parameters": _PARAMETERS})
async def list_waiting_proposals(read: Reading) -> Response:
    """The proposals of all projects whose decision is the reader's turn, the oldest first, with what waiting leads to."""
    query = dict(read.request.query_params)
    limit = parse_limit(query.pop("limit", None))
    cursor = query.pop("cursor", None)
    for name in query:
        raise UnknownFilter(name=name[:50])
    binding = f"inbox|{read.principal.tenant_id}|{read.principal.person_id}"
    after: tuple[str, str] | None = None
    if cursor is not None:
        instant, identifier = cursor_signer(read).read(cursor, binding, 2)
        if instant is None or identifier is None:
            raise Malformed(reason="the cursor leads nowhere")
        after = (instant, identifier)
    found = await _waiting(read, after, limit + 1)
    next_cursor = None
    if len(found) > limit:
        last = found[limit - 1]
        next_cursor = cursor_signer(read).write([last["submitted_at"].isoformat(), last["id"]], binding)
    return Response(page_of(orjson.dumps(found[:limit]), next_cursor, limit, None), media_type="application/json")


async def _waiting(read: Read, after: tuple[str, str] | None, wanted: int) -> list[dict[str, Any]]:
    """The next of the open proposals that are the reader's turn. Authority is judged as it is now, not as it was."""
    turns = _Turns(read)
    found: list[dict[str, Any]] = []
    while len(found) < wanted:
        rows = await repository.open_proposals(read.session, read.principal.person_id, after, _BATCH)
        found += [judged for row in rows if (judged := await turns.of_reader(row)) is not None]
        if len(rows) < _BATCH:
            break
        after = (rows[-1]["submitted_at"].isoformat(), str(rows[-1]["id"]))
    return found[:wanted]


class _Turns:
    """Whose turn proposals are, with the policy and the people of each project looked up once."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._projects: dict[UUID, tuple[Policy, Sequence[Candidate]]] = {}

    async def of_reader(self, row: Mapping[str, Any]) -> dict[str, Any] | None:
        """The row with its policy's clock, None where it waits for somebody else."""
        reader = str(self._read.principal.person_id)
        policy, people = await self._project(row["project_id"])
        others = [each for each in people if each.person_id != row["proposer_id"] or policy.solo]
        waiting = _waiting_of(row)
        able = deciders(policy, others, waiting.kinds, waiting.measures)
        everybody = waiting.escalated_at is not None or waiting.approvals_needed > 1
        approvals = orjson.loads(row["approvals"])
        if reader not in addressed_to(able, escalated=everybody):
            return None
        if any(approval["person_id"] == reader for approval in approvals):
            return None
        clock = clock_of(waiting, rules_of(policy.document))
        impact = orjson.loads(row["impact"])
        return {
            "id": str(row["id"]),
            "type": "proposal",
            "project_id": str(row["project_id"]),
            "title": row["title"],
            "state": row["state"],
            "proposer_id": str(row["proposer_id"]),
            "kinds": waiting.kinds,
            "impact": impact,
            "submitted_at": waiting.submitted_at,
            "age_minutes": int((datetime.now(UTC) - waiting.submitted_at).total_seconds() // 60),
            "escalated": waiting.escalated_at is not None,
            "conflicts": orjson.loads(row["conflicts"]),
            "approvals": approvals,
            "approvals_needed": waiting.approvals_needed,
            "consequence": {
                "needed_by": impact.get("needed_by"),
                "accepts_itself_at": clock.accept,
                "escalates_at": clock.escalate,
                "expires_at": clock.expire,
            },
        }

    async def _project(self, project_id: UUID) -> tuple[Policy, Sequence[Candidate]]:
        known = self._projects.get(project_id)
        if known is None:
            session = self._read.session
            known = (await policy_of(session, project_id), await candidates(session, project_id))
            self._projects[project_id] = known
        return known


def _waiting_of(row: Mapping[str, Any]) -> Waiting:
    return Waiting(
        kinds=orjson.loads(row["kinds"]),
        measures={name: Decimal(value) for name, value in orjson.loads(row["measures"]).items()},
        approvals_needed=row["approvals_needed"],
        submitted_at=row["submitted_at"],
        reminded_at=row["reminded_at"],
        escalated_at=row["escalated_at"],
        auto_accepted_at=row["auto_accepted_at"],
        objected=row["objected"],
    )
