"""HTTP of delegations and of the handover of a project."""

from uuid import UUID

from starlette.responses import Response

from gateway.authority.kinds import DELEGATION_GRANT, MANAGER_APPOINT
from gateway.authority.repository import DELEGATIONS
from gateway.authority.schemas import DelegationShape, NewDelegation, NewHandover
from gateway.authority.use_cases import delegations, handovers
from gateway.identity.repository import MEMBERSHIPS
from gateway.identity.schemas import MembershipShape
from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting, Writing

router = area_router("authority")


@router.get(
    "/v1/projects/{project_id}/delegations",
    response_model=Listing[DelegationShape],
    openapi_extra={"parameters": DELEGATIONS.list_parameters()},
)
async def list_delegations(project_id: UUID, read: Reading) -> Response:
    """Who stands in for whom, and who has limits of their own, until when."""
    return await DELEGATIONS.page(read, project_id)


@router.post("/v1/projects/{project_id}/delegations/searches", response_model=Listing[DelegationShape])
async def search_delegations(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The same list under a boolean combination of conditions."""
    return await DELEGATIONS.search(read, query, project_id)


@router.get(
    "/v1/delegations/{delegation_id}",
    response_model=DelegationShape,
    openapi_extra={"parameters": DELEGATIONS.object_parameters()},
)
async def get_delegation(delegation_id: UUID, read: Reading) -> Response:
    """One delegation."""
    return await DELEGATIONS.one(read, delegation_id)


@router.post("/v1/projects/{project_id}/delegations", status_code=201, response_model=DelegationShape)
@acts(DELEGATION_GRANT)
async def grant_delegation(project_id: UUID, new: NewDelegation, write: KeyedWriting) -> Response:
    """Lend authority for a time: a deputy, an acting manager, or higher limits for one person."""
    delegation_id = await delegations.grant_delegation(write.session, project_id, new)
    body = await DELEGATIONS.represent(write.session, delegation_id)
    return await write.answer(body, status=201, version=1, location=f"/v1/delegations/{delegation_id}")


@router.delete("/v1/delegations/{delegation_id}", status_code=204)
@acts(DELEGATION_GRANT)
async def end_delegation(delegation_id: UUID, write: Writing) -> Response:
    """End a delegation now; it is worth nothing from the next request on."""
    await delegations.end_delegation(write.session, delegation_id, write.expected_version)
    return await write.answer_empty()


@router.post("/v1/projects/{project_id}/handovers", status_code=201, response_model=MembershipShape)
@acts(MANAGER_APPOINT)
async def hand_over(project_id: UUID, new: NewHandover, write: KeyedWriting) -> Response:
    """Hand the project over to another manager; answers the membership of the new one."""
    membership_id = await handovers.hand_over(write.session, project_id, new)
    body = await MEMBERSHIPS.represent(write.session, membership_id)
    return await write.answer(body, status=201, location=f"/v1/memberships/{membership_id}")
