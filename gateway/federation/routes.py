"""HTTP of federation: a tenant's issuers, and signing in by one of them."""

from uuid import UUID

import orjson
from fastapi import Request
from starlette.responses import Response

from gateway.credentials.anonymous import DESCRIBED, speaks_as
from gateway.credentials.repository import SESSIONS
from gateway.credentials.routes.sessions import NO_STORE
from gateway.credentials.schemas import SessionWithTokens
from gateway.credentials.use_cases.sessions import start_session
from gateway.federation import use_cases
from gateway.federation.kinds import PROVIDER_MANAGE
from gateway.federation.repository import IDENTITY_PROVIDERS
from gateway.federation.schemas import (
    IdentityProviderPatch,
    IdentityProviderShape,
    NewIdentityProvider,
    NewSignInAttempt,
    SignInAttempt,
    SignInCompletion,
)
from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.identity import Principal
from services.kernel.requests import Reading, context_of
from services.kernel.schemas import Listing
from services.kernel.write import Writing, open_write

router = area_router("federation")


@router.post("/v1/identity-providers", status_code=201, response_model=IdentityProviderShape)
@acts(PROVIDER_MANAGE)
async def add_identity_provider(new: NewIdentityProvider, write: Writing) -> Response:
    """Register an OpenID Connect issuer whose word counts in this tenant; for administrators."""
    service = context_of(write.request).service
    providers = service.resources.providers
    provider_id = await use_cases.add_provider(write.session, providers, service.settings, new)
    body = await IDENTITY_PROVIDERS.represent(write.session, provider_id)
    return await write.answer(body, status=201, version=1, location=f"/v1/identity-providers/{provider_id}")


@router.get(
    "/v1/identity-providers",
    response_model=Listing[IdentityProviderShape],
    openapi_extra={"parameters": IDENTITY_PROVIDERS.list_parameters()},
)
async def list_identity_providers(read: Reading) -> Response:
    """The issuers, without secrets; for administrators, others see none."""
    return await IDENTITY_PROVIDERS.page(read)


@router.get(
    "/v1/identity-providers/{provider_id}",
    response_model=IdentityProviderShape,
    openapi_extra={"parameters": IDENTITY_PROVIDERS.object_parameters()},
)
async def get_identity_provider(provider_id: UUID, read: Reading) -> Response:
    """One issuer, without its secret."""
    return await IDENTITY_PROVIDERS.one(read, provider_id)


@router.patch("/v1/identity-providers/{provider_id}", response_model=IdentityProviderShape)
@acts(PROVIDER_MANAGE)
async def change_identity_provider(provider_id: UUID, patch: IdentityProviderPatch, write: Writing) -> Response:
    """Change a registration, exchange its secret, or let its word count no more."""
    settings = context_of(write.request).service.settings
    version = await use_cases.change_provider(write.session, settings, provider_id, write.expected_version, patch)
    return await write.answer(await IDENTITY_PROVIDERS.represent(write.session, provider_id), version=version)


@router.delete("/v1/identity-providers/{provider_id}", status_code=204)
@acts(PROVIDER_MANAGE)
async def remove_identity_provider(provider_id: UUID, write: Writing) -> Response:
    """Remove an issuer; the sessions that it began are over."""
    await use_cases.remove_provider(write.session, provider_id, write.expected_version)
    return await write.answer_empty()


@router.post("/v1/sign-in-attempts", status_code=201, response_model=SignInAttempt, openapi_extra=DESCRIBED)
async def begin_sign_in(new: NewSignInAttempt, request: Request) -> Response:
    """Begin to sign in by an issuer: the answer says where the browser goes."""
    resources = context_of(request).service.resources
    attempt, headers = await use_cases.begin(request, resources.credentials, resources.providers, new)
    return Response(attempt.model_dump_json(), 201, headers | NO_STORE, "application/json")


@router.post("/v1/sign-in-completions", status_code=201, response_model=SessionWithTokens, openapi_extra=DESCRIBED)
async def complete_sign_in(completion: SignInCompletion, request: Request) -> Response:
    """Sign in with what the issuer has sent back to the browser; once."""
    resources = context_of(request).service.resources
    provider, claims, headers = await use_cases.prove(request, resources.credentials, resources.providers, completion)
    person_id = await use_cases.person_behind(request, provider, claims)
    speaks_as(request, Principal(provider["tenant_id"], person_id))
    async with open_write(request, dry_run=False, idempotency_key=None, if_match=None, change_agent=None) as write:
        await use_cases.keep_subject(write.session, provider["id"], claims["sub"], person_id)
        drawn = await start_session(
            write.session, "oidc", provider_id=provider["id"], authenticated_at=use_cases.signed_in_at(claims)
        )
        document = orjson.loads(await SESSIONS.represent(write.session, drawn.session_id)) | drawn.members()
        location = f"/v1/sessions/{drawn.session_id}"
        response = await write.answer(document, status=201, version=1, location=location)
    response.headers.update(headers | NO_STORE)
    return response
