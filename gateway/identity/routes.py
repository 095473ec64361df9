"""HTTP of the directory."""

from uuid import UUID

import orjson
from starlette.responses import Response

from gateway.identity import use_cases
from gateway.identity.kinds import MEMBERSHIP_GRANT, OWNER_APPOINT, PERSON_ADD, PERSON_CHANGE, TOKEN_OWN
from gateway.identity.repository import MEMBERSHIPS, PEOPLE, TOKENS, read_me
from gateway.identity.schemas import (
    Me,
    MembershipPatch,
    MembershipShape,
    NewMembership,
    NewPerson,
    NewToken,
    PersonPatch,
    PersonShape,
    TokenShape,
    TokenWithSecret,
)
from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import Writing

router = area_router("identity")


@router.get("/v1/me", response_model=Me)
async def get_me(read: Reading) -> Response:
    """Who the token speaks for, and how far."""
    principal = read.principal
    document = await read_me(read.session, principal.person_id) | {
        "id": str(principal.person_id),
        "type": "me",
        "kind": principal.kind,
        "tenant_id": str(principal.tenant_id),
        "tenant_role": principal.tenant_role,
        "scopes": sorted(principal.scopes),
        "authenticated_at": principal.authenticated_at,
    }
    return Response(orjson.dumps(document), media_type="application/json")


@router.get("/v1/people", response_model=Listing[PersonShape], openapi_extra={"parameters": PEOPLE.list_parameters()})
async def list_people(read: Reading) -> Response:
    """The people of the tenant."""
    return await PEOPLE.page(read)


@router.get(
    "/v1/people/{person_id}", response_model=PersonShape, openapi_extra={"parameters": PEOPLE.object_parameters()}
)
async def get_person(person_id: UUID, read: Reading) -> Response:
    """One person."""
    return await PEOPLE.one(read, person_id)


@router.post("/v1/people", status_code=201, response_model=PersonShape)
@acts(PERSON_ADD)
async def add_person(new: NewPerson, write: Writing) -> Response:
    """Add somebody to the tenant; for administrators."""
    person_id = await use_cases.add_person(write.session, new)
    body = await PEOPLE.represent(write.session, person_id)
    return await write.answer(body, status=201, version=1, location=f"/v1/people/{person_id}")


@router.patch("/v1/people/{person_id}", response_model=PersonShape)
@acts(PERSON_CHANGE)
async def change_person(person_id: UUID, patch: PersonPatch, write: Writing) -> Response:
    """Change a person: one's own name and language, anything as an administrator."""
    version = await use_cases.change_person(write.session, person_id, write.expected_version, patch)
    return await write.answer(await PEOPLE.represent(write.session, person_id), version=version)


@router.get(
    "/v1/projects/{project_id}/memberships",
    response_model=Listing[MembershipShape],
    openapi_extra={"parameters": MEMBERSHIPS.list_parameters()},
)
async def list_memberships(project_id: UUID, read: Reading) -> Response:
    """Who is on the project, in which role."""
    return await MEMBERSHIPS.page(read, project_id)


@router.post("/v1/projects/{project_id}/memberships", status_code=201, response_model=MembershipShape)
@acts(MEMBERSHIP_GRANT, OWNER_APPOINT)
async def grant_membership(project_id: UUID, new: NewMembership, write: Writing) -> Response:
    """Put somebody on the project in a role."""
    membership_id = await use_cases.grant_membership(write.session, project_id, new)
    body = await MEMBERSHIPS.represent(write.session, membership_id)
    return await write.answer(body, status=201, version=1, location=f"/v1/memberships/{membership_id}")


@router.get(
    "/v1/memberships/{membership_id}",
    response_model=MembershipShape,
    openapi_extra={"parameters": MEMBERSHIPS.object_parameters()},
)
async def get_membership(membership_id: UUID, read: Reading) -> Response:
    """One membership."""
    return await MEMBERSHIPS.one(read, membership_id)


@router.patch("/v1/memberships/{membership_id}", response_model=MembershipShape)
@acts(MEMBERSHIP_GRANT, OWNER_APPOINT)
async def change_membership(membership_id: UUID, patch: MembershipPatch, write: Writing) -> Response:
    """Give another role, or another end."""
    version = await use_cases.change_membership(write.session, membership_id, write.expected_version, patch)
    return await write.answer(await MEMBERSHIPS.represent(write.session, membership_id), version=version)


@router.delete("/v1/memberships/{membership_id}", status_code=204)
@acts(MEMBERSHIP_GRANT, OWNER_APPOINT)
async def revoke_membership(membership_id: UUID, write: Writing) -> Response:
    """Take somebody off the project; every service refuses them from the next request on."""
    await use_cases.revoke_membership(write.session, membership_id, write.expected_version)
    return await write.answer_empty()


@router.get("/v1/tokens", response_model=Listing[TokenShape], openapi_extra={"parameters": TOKENS.list_parameters()})
async def list_tokens(read: Reading) -> Response:
    """One's own tokens, without their secrets."""
    return await TOKENS.page(read)


@router.get(
    "/v1/tokens/{token_id}", response_model=TokenShape, openapi_extra={"parameters": TOKENS.object_parameters()}
)
async def get_token(token_id: UUID, read: Reading) -> Response:
    """One of one's own tokens."""
    return await TOKENS.one(read, token_id)


@router.post("/v1/tokens", status_code=201, response_model=TokenWithSecret)
@acts(TOKEN_OWN)
async def create_token(new: NewToken, write: Writing) -> Response:
    """Draw a token. Its secret is in this answer and nowhere else, so this answer is not kept for a retry."""
    token, secret = await use_cases.create_token(write.session, new)
    await write.release_key()
    document = orjson.loads(await TOKENS.represent(write.session, token.id)) | {"secret": secret}
    return await write.answer(document, status=201, version=token.version, location=f"/v1/tokens/{token.id}")


@router.delete("/v1/tokens/{token_id}", status_code=204)
@acts(TOKEN_OWN)
async def revoke_token(token_id: UUID, write: Writing) -> Response:
    """Revoke a token; the next request with it is refused."""
    await use_cases.revoke_token(write.session, token_id, write.expected_version)
    return await write.answer_empty()
