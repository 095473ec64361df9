"""HTTP of OAuth: clients, and the two endpoints that take forms (RFC 6749, RFC 7009)."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus
from uuid import UUID

import orjson
from fastapi import Request
from starlette.responses import Response

from gateway.credentials.anonymous import DESCRIBED, sender_of
from gateway.credentials.kinds import OAUTH_CLIENT_MANAGE
from gateway.credentials.oauth_client import OAuthClientUnknown, OAuthRefused
from gateway.credentials.repository import OAUTH_CLIENTS
from gateway.credentials.routes.sessions import NO_STORE
from gateway.credentials.schemas import NewOAuthClient, OAuthClientShape, OAuthClientWithSecret, TokenAnswer
from gateway.credentials.session import REFRESH_PREFIX
from gateway.credentials.use_cases import oauth as use_cases
from gateway.credentials.use_cases import sessions
from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.problems import Unauthenticated
from services.kernel.requests import Reading, context_of
from services.kernel.schemas import Listing
from services.kernel.write import Writing

router = area_router("oauth")
LONGEST_FORM = 16 * 1024
LONGEST_VALUE = 4000
NAMES = ("grant_type", "client_id", "client_secret", "scope", "refresh_token", "token", "token_type_hint")


def _form(example: Mapping[str, str], *required: str) -> dict[str, Any]:
    """The description of a form body."""
    schema = {
        "type": "object",
        "required": list(required),
        "properties": {name: {"type": "string", "maxLength": LONGEST_VALUE} for name in NAMES},
    }
    content = {"application/x-www-form-urlencoded": {"schema": schema, "example": dict(example)}}
    return {"requestBody": {"required": True, "content": content}, **DESCRIBED}


@router.post(
    "/v1/oauth/token",
    response_model=TokenAnswer,
    openapi_extra=_form({"grant_type": "refresh_token", "refresh_token": "tdm_ref_6uYh0Hq3"}, "grant_type"),
)
async def get_access_token(request: Request) -> Response:
    """The token endpoint: `client_credentials` for software, `refresh_token` for a session; each refresh token once."""
    form = await _read_form(request)
    credentials = context_of(request).service.resources.credentials
    grant = _required(form, "grant_type")
    headers: dict[str, str] = {}
    if grant == "client_credentials":
        client_id, secret = _client(request, form)
        drawn, headers = await use_cases.client_credentials(request, credentials, client_id, secret, form.get("scope"))
    elif grant == "refresh_token":
        token = _required(form, "refresh_token")
        database = context_of(request).service.database
        headers = await credentials.limiter.take(database, address=sender_of(request))
        try:
            if not token.startswith(REFRESH_PREFIX):
                raise Unauthenticated
            drawn = await sessions.refresh(request, credentials, token)
        except Unauthenticated as error:
            raise OAuthRefused("invalid_grant") from error
    else:
        raise OAuthRefused("unsupported_grant_type")
    document = {
        "access_token": drawn.access,
        "token_type": "Bearer",
        "expires_in": drawn.seconds,
        "scope": " ".join(sorted(drawn.scopes)),
    }
    if drawn.refresh is not None:
        document["refresh_token"] = drawn.refresh
    return Response(orjson.dumps(document), 200, headers | NO_STORE | {"Pragma": "no-cache"}, "application/json")


@router.post(
    "/v1/oauth/revocation",
    status_code=200,
    response_class=Response,
    responses={200: {"description": "It is good for nothing now, or never was.", "content": {}}},
    openapi_extra=_form({"token": "tdm_ref_6uYh0Hq3"}, "token"),
)
async def revoke_by_secret(request: Request) -> Response:
    """Revoke the token that is sent, of whatever sort; whoever holds a secret may end it."""
    form = await _read_form(request)
    token = _required(form, "token")
    credentials = context_of(request).service.resources.credentials
    headers = await credentials.limiter.take(context_of(request).service.database, address=sender_of(request))
    await sessions.revoke(request, credentials, token)
    return Response(b"", 200, headers | NO_STORE)


async def _read_form(request: Request) -> dict[str, str]:
    """The members of a form body, each at most once (RFC 6749, 3.2). Raises OAuthRefused."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if media_type != "application/x-www-form-urlencoded" or len(body) > LONGEST_FORM:
        raise OAuthRefused("invalid_request", "send a short form")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError as error:
        raise OAuthRefused("invalid_request", "the form cannot be read") from error
    form = dict(pairs)
    too_long = any(len(form.get(name, "")) > LONGEST_VALUE for name in NAMES)
    if too_long or len(form) != len(pairs) or any("\x00" in value for value in form.values()):
        raise OAuthRefused("invalid_request", "a parameter stands twice, is too long or cannot be read")
    return form


def _required(form: Mapping[str, str], name: str) -> str:
    value = form.get(name)
    if not value:
        raise OAuthRefused("invalid_request", f"{name} is missing")
    return value


def _client(request: Request, form: Mapping[str, str]) -> tuple[str, str]:
    """Id and secret, by HTTP Basic or in the form, never both (RFC 6749, 2.3). Raises OAuthClientUnknown, OAuthRefused."""
    header = request.headers.get("authorization")
    if header is None:
        if "client_id" not in form or "client_secret" not in form:
            raise OAuthClientUnknown
        return form["client_id"], form["client_secret"]
    if "client_secret" in form:
        raise OAuthRefused("invalid_request", "the client names itself twice")
    kind, _, encoded = header.partition(" ")
    try:
        client_id, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise OAuthClientUnknown from error
    if kind.lower() != "basic" or not colon:
        raise OAuthClientUnknown
    return unquote_plus(client_id), unquote_plus(secret)


@router.post("/v1/oauth-clients", status_code=201, response_model=OAuthClientWithSecret)
@acts(OAUTH_CLIENT_MANAGE)
async def create_oauth_client(new: NewOAuthClient, write: Writing) -> Response:
    """Let software get access tokens in the name of an integration or an agent; for administrators.

    The secret is in this answer and nowhere else, so this answer is not kept for a retry.
    """
    client, secret = await use_cases.create_client(write.session, new)
    await write.release_key()
    document = orjson.loads(await OAUTH_CLIENTS.represent(write.session, client.id)) | {"secret": secret}
    return await write.answer(document, status=201, version=client.version, location=f"/v1/oauth-clients/{client.id}")


@router.get(
    "/v1/oauth-clients",
    response_model=Listing[OAuthClientShape],
    openapi_extra={"parameters": OAUTH_CLIENTS.list_parameters()},
)
async def list_oauth_clients(read: Reading) -> Response:
    """The OAuth clients, without their secrets; for administrators, others see none."""
    return await OAUTH_CLIENTS.page(read)


@router.get(
    "/v1/oauth-clients/{client_id}",
    response_model=OAuthClientShape,
    openapi_extra={"parameters": OAUTH_CLIENTS.object_parameters()},
)
async def get_oauth_client(client_id: UUID, read: Reading) -> Response:
    """One OAuth client, without its secret."""
    return await OAUTH_CLIENTS.one(read, client_id)


@router.delete("/v1/oauth-clients/{client_id}", status_code=204)
@acts(OAUTH_CLIENT_MANAGE)
async def revoke_oauth_client(client_id: UUID, write: Writing) -> Response:
    """Revoke a client; its access tokens are refused from the next request on."""
    await use_cases.revoke_client(write.session, client_id, write.expected_version)
    return await write.answer_empty()
