"""HTTP of groups and their grants."""

from uuid import UUID

from starlette.responses import Response

from gateway.groups import use_cases
from gateway.groups.repository import GROUP_GRANTS, GROUPS
from gateway.groups.schemas import GroupGrantShape, GroupShape, NewGroupGrant
from gateway.identity.kinds import MEMBERSHIP_GRANT
from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import Writing

router = area_router("identity")


@router.get("/v1/groups", response_model=Listing[GroupShape], openapi_extra={"parameters": GROUPS.list_parameters()})
async def list_groups(read: Reading) -> Response:
    """The groups of the tenant's own directory, as it provisions them."""
    return await GROUPS.page(read)


@router.get(
    "/v1/groups/{group_id}", response_model=GroupShape, openapi_extra={"parameters": GROUPS.object_parameters()}
)
async def get_group(group_id: UUID, read: Reading) -> Response:
    """One group."""
    return await GROUPS.one(read, group_id)


@router.get(
    "/v1/projects/{project_id}/group-grants",
    response_model=Listing[GroupGrantShape],
    openapi_extra={"parameters": GROUP_GRANTS.list_parameters()},
)
async def list_group_grants(project_id: UUID, read: Reading) -> Response:
    """Which groups are on the project, in which role."""
    return await GROUP_GRANTS.page(read, project_id)


@router.post("/v1/projects/{project_id}/group-grants", status_code=201, response_model=GroupGrantShape)
@acts(MEMBERSHIP_GRANT)
async def grant_group(project_id: UUID, new: NewGroupGrant, write: Writing) -> Response:
    """Put whoever is in a group on the project, now and later, as long as they are in it."""
    grant_id = await use_cases.grant_group(write.session, project_id, new)
    body = await GROUP_GRANTS.represent(write.session, grant_id)
    return await write.answer(body, status=201, version=1, location=f"/v1/group-grants/{grant_id}")


@router.get(
    "/v1/group-grants/{grant_id}",
    response_model=GroupGrantShape,
    openapi_extra={"parameters": GROUP_GRANTS.object_parameters()},
)
async def get_group_grant(grant_id: UUID, read: Reading) -> Response:
    """One grant of a group."""
    return await GROUP_GRANTS.one(read, grant_id)


@router.delete("/v1/group-grants/{grant_id}", status_code=204)
@acts(MEMBERSHIP_GRANT)
async def withdraw_group_grant(grant_id: UUID, write: Writing) -> Response:
    """Withdraw a grant; those whom only it had brought are off the project from the next request on."""
    await use_cases.withdraw_group_grant(write.session, grant_id, write.expected_version)
    return await write.answer_empty()
