"""HTTP of the directory."""

from decimal import Decimal
from uuid import UUID

import orjson
from starlette.responses import Response

from gateway.identity import use_cases
from gateway.identity.repository import MEMBERSHIPS, PEOPLE, TOKENS, read_me
from gateway.identity.schemas import (
    Me,
    MembershipPatch,
    MembershipShape,
    MyAuthority,
    NewMembership,
    NewPerson,
    NewToken,
    PersonPatch,
    PersonShape,
    TokenShape,
    TokenWithSecret,
)
from services.kernel.access import decidable_by, policy_of, require_member
from services.kernel.app import area_router
from services.kernel.problems import Malformed
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
    }
    return Response(orjson.dumps(document), media_type="application/json")


@router.get(
    "/v1/me/authority",
    response_model=MyAuthority,
    openapi_extra={
        "parameters": [
            {"name": "project_id", "in": "query", "required": True, "schema": {"type": "string", "format": "uuid"}}
        ]
    },
)
async def get_my_authority(read: Reading) -> Response:
    """What I may decide on a project, up to which limits, and who decides the rest."""
    try:
        project_id = UUID(read.request.query_params.get("project_id", ""))
    except ValueError as error:
        raise Malformed(reason="project_id names a project") from error
    role = await require_member(read.session, read.principal, project_id)
    policy = await policy_of(read.session, project_id)
    grants = []
    for grant in policy.document.get("grants", ()):
        if grant["role"] != role:
            continue
        limits = grant.get("limits", {})
        beyond = {name: Decimal(limit) + 1 for name, limit in limits.items()}
        mine = grant["may"] == "decide" and not limits
        others = [] if mine else await decidable_by(read.session, project_id, [grant["kind"]], beyond)
        grants.append({"kind": grant["kind"], "may": grant["may"], "limits": limits, "decidable_by": others})
    document = {"project_id": str(project_id), "role": role, "solo": policy.solo, "grants": grants}
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
async def add_person(new: NewPerson, write: Writing) -> Response:
    """Add somebody to the tenant; for administrators."""
    person_id = await use_cases.add_person(write.session, new)
    body = await PEOPLE.represent(write.session, person_id)
    return await write.answer(body, status=201, version=1, location=f"/v1/people/{person_id}")


@router.patch("/v1/people/{person_id}", response_model=PersonShape)
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
async def change_membership(membership_id: UUID, patch: MembershipPatch, write: Writing) -> Response:
    """Give another role, or another end."""
    version = await use_cases.change_membership(write.session, membership_id, write.expected_version, patch)
    return await write.answer(await MEMBERSHIPS.represent(write.session, membership_id), version=version)


@router.delete("/v1/memberships/{membership_id}", status_code=204)
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
async def create_token(new: NewToken, write: Writing) -> Response:
    """Draw a token. Its secret is in this answer and nowhere else, so this answer is not kept for a retry."""
    token, secret = await use_cases.create_token(write.session, new)
    await write.release_key()
    document = orjson.loads(await TOKENS.represent(write.session, token.id)) | {"secret": secret}
    return await write.answer(document, status=201, version=token.version, location=f"/v1/tokens/{token.id}")


@router.delete("/v1/tokens/{token_id}", status_code=204)
async def revoke_token(token_id: UUID, write: Writing) -> Response:
    """Revoke a token; the next request with it is refused."""
    await use_cases.revoke_token(write.session, token_id, write.expected_version)
    return await write.answer_empty()
