"""HTTP of the decider's inbox: the proposals of all projects that wait for the reader, and what waiting leads to."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from starlette.responses import Response

from gateway.authority import repository
from gateway.authority.repository import WAITING_PROPOSALS
from gateway.authority.schemas import WaitingProposal
from gateway.authority.waiting import addressed_to
from services.kernel.access import Candidate, candidates, deciders, policy_of
from services.kernel.app import area_router
from services.kernel.authority import Policy
from services.kernel.requests import Read, Reading
from services.kernel.schemas import Listing

router = area_router("authority")


@router.get(
    "/v1/me/proposals",
    response_model=Listing[WaitingProposal],
    openapi_extra={"parameters": WAITING_PROPOSALS.list_parameters()},
)
async def list_waiting_proposals(read: Reading) -> Response:
    """The proposals of all projects whose decision is the reader's turn, the oldest first, with what waiting leads to."""
    turns = _Turns(read)
    rows = await repository.open_proposals(read.session, read.principal.person_id)
    return await WAITING_PROPOSALS.page_among(read, [row["id"] for row in rows if await turns.is_of_reader(row)])


class _Turns:
    """Whose turn proposals are, judged as things stand now; the policy and the people of a project are looked up once."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._projects: dict[UUID, tuple[Policy, Sequence[Candidate]]] = {}

    async def is_of_reader(self, row: Mapping[str, Any]) -> bool:
        reader = str(self._read.principal.person_id)
        if any(approval["person_id"] == reader for approval in orjson.loads(row["approvals"])):
            return False
        policy, people = await self._project(row["project_id"])
        others = [each for each in people if each.person_id != row["proposer_id"] or policy.solo]
        measures = {name: Decimal(value) for name, value in orjson.loads(row["measures"]).items()}
        able = deciders(policy, others, orjson.loads(row["kinds"]), measures)
        return reader in addressed_to(able, everybody=row["escalated_at"] is not None or row["approvals_needed"] > 1)

    async def _project(self, project_id: UUID) -> tuple[Policy, Sequence[Candidate]]:
        known = self._projects.get(project_id)
        if known is None:
            session = self._read.session
            known = (await policy_of(session, project_id), await candidates(session, project_id))
            self._projects[project_id] = known
        return known
