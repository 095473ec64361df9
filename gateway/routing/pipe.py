"""The pipe: pure ASGI from the client to the service that owns the noun, and back.

It authenticates once, hands the service a signed identity and the positions that the tenant has reached, and passes
bytes through. The one answer that it does not pass on is `403 authority_required`: unless the caller asked for
`Prefer: authority=strict`, the request is kept as a proposal and the answer is 202 (conventions C12).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import orjson
import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.authority.repository import PROPOSALS, conflicts_of
from gateway.authority.use_cases import proposals
from gateway.credentials.anonymous import ADDRESS, ANONYMOUS, FORMS, SESSION, Networks, address_of, network_of
from gateway.credentials.rate_limit import RateLimiter
from gateway.identity.authentication import Authenticated, Authenticator
from gateway.identity.repository import memberships_of
from gateway.routing.breaker import Refused
from gateway.routing.headers import (
    BadFraming,
    clean_request_headers,
    clean_response_headers,
    request_id,
    trace_id_of,
    traceparent,
)
from gateway.routing.open_stream import pass_while_allowed
from gateway.routing.routing_table import GATEWAY, Traffic, resolve, traffic_of
from gateway.routing.upstream import ClientGone, UpstreamCut, UpstreamFailed
from gateway.scim.envelope import is_scim, reading_scim, speaking_scim
from services.kernel.app import problem_response
from services.kernel.database import is_passing
from services.kernel.identity import HEADER as IDENTITY_HEADER
from services.kernel.identity import Principal
from services.kernel.ids import new_id
from services.kernel.language import choose_language
from services.kernel.problems import (
    Malformed,
    MethodNotAllowed,
    NotFound,
    Problem,
    ScopeMissing,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from services.kernel.requests import RequestContext
from services.kernel.service import POSITIONS_HEADER, Service
from services.kernel.write import Replayed, open_write

_log = structlog.get_logger("pipe")
# Read by anybody: the description of the API is no secret, and a front end needs it before it has a token.
PUBLIC_PATHS: Final = frozenset({"/v1/openapi.json", "/v1/problems", "/v1/limits", "/v1/reference"})
PUBLIC_PREFIXES: Final = ("/v1/problems/", "/v1/reference/")
# Where services ask the gateway for its facts; they have no other address for it than everybody's.
INTERNAL_PREFIX: Final = "/internal/"
# The gateway's own pages beside the API.
OWN_PATHS: Final = frozenset({"/", "/health", "/ready", "/metrics"})
WRITING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
LARGEST_PROPOSAL: Final = 2 * 1024 * 1024
_HARDENING: Final = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]


class Pipe:
    """The gateway's front. `own` answers the gateway's nouns; `upstreams` the others', by service name."""

    def __init__(
        self,
        own: FastAPI,
        service: Service,
        authenticator: Authenticator,
        upstreams: Mapping[str, ASGIApp],
        limiter: RateLimiter,
        trusted_proxies: Networks = (),
    ) -> None:
        self._own = own
        self._trusted_proxies = trusted_proxies
        # What a server asks of any application: the state with its service, whose draining it announces.
        self.state = own.state
        self._service = service
        self._authenticator = authenticator
        self._upstreams = upstreams
        self._limiter = limiter
        self._positions: defaultdict[UUID, dict[str, int]] = defaultdict(dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OWN_PATHS:
            await self._own(scope, receive, send)
            return
        if is_scim(scope["path"]):
            scope, send = reading_scim(scope), speaking_scim(send)
        received = {name.lower(): value for name, value in reversed(scope["headers"])}
        trace = traceparent(received.get(b"traceparent"))
        context = RequestContext(
            service=self._service,
            request_id=request_id(received.get(b"tandem-request-id")).decode(),
            trace_id=trace_id_of(trace),
            language=choose_language(received.get(b"accept-language", b"").decode("latin-1")).value,
        )
        try:
            await self._pass(scope, receive, send, context, received, trace)
        except UpstreamCut:
            raise
        except ClientGone:
            return
        except Problem as problem:
            await self._refuse(problem, context, scope, receive, send)
        except Refused as refused:
            unavailable = Unavailable()
            unavailable.headers["Retry-After"] = str(refused.retry_after_seconds)
            await self._refuse(unavailable, context, scope, receive, send)
        except UpstreamFailed as error:
            _log.warning("upstream failed", path=scope["path"][:200], reason=str(error), trace_id=context.trace_id)
            await self._refuse(Unavailable(), context, scope, receive, send)
        except Exception as error:  # noqa: BLE001 -- the last stop: no input may get a trace
            passing = is_passing(error)
            say = _log.warning if passing else _log.exception
            say("request failed", path=scope["path"][:200], problem=type(error).__name__, trace_id=context.trace_id)
            await self._refuse(Unavailable() if passing else Problem(), context, scope, receive, send)

    async def _refuse(
        self, problem: Problem, context: RequestContext, scope: Scope, receive: Receive, send: Send
    ) -> None:
        await _dressed(problem_response(problem, context, scope["path"]), context)(scope, receive, send)

    async def _pass(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        context: RequestContext,
        received: Mapping[bytes, bytes],
        trace: bytes,
    ) -> None:
        path = scope["path"]
        if path.startswith(INTERNAL_PREFIX) and self._is_a_service(received):
            await self._own(scope, receive, send)
            return
        route = resolve(path)
        if route is None or "\x00" in path:
            raise NotFound
        if route.methods is not None and scope["method"] not in route.methods:
            raise MethodNotAllowed(headers={"Allow": ", ".join(sorted(route.methods))})
        try:
            headers = clean_request_headers(scope["headers"])
        except BadFraming as error:
            raise Malformed(reason=str(error)) from error
        dropped = [b"traceparent", b"tandem-request-id", *([] if path in FORMS else [b"authorization"])]
        headers = [each for each in headers if each[0] not in dropped]
        headers += [(b"traceparent", trace), (b"tandem-request-id", context.request_id.encode())]
        onward = {**scope, "headers": headers, ADDRESS: address_of(scope, self._trusted_proxies)}
        if path in PUBLIC_PATHS or path.startswith(PUBLIC_PREFIXES):
            await self._own(onward, receive, self._outward(send, None))
            return
        if (scope["method"], path) in ANONYMOUS:
            await self._own(onward, receive, self._outward(send, None))
            return
        try:
            authenticated = await self._authenticate(received.get(b"authorization"))
        except Unauthenticated:
            if is_scim(path):
                # Whoever holds this one secret holds everybody, so guessing it counts like guessing a password.
                await self._limiter.take(self._service.database, address=network_of(onward[ADDRESS]))
            raise
        onward[SESSION] = authenticated.session_id
        principal = authenticated.principal
        context._principal = principal  # noqa: SLF001 -- the context is ours to complete
        headers.append((IDENTITY_HEADER.encode(), authenticated.signed.encode()))
        headers.append((POSITIONS_HEADER.encode(), self._positions_of(authenticated)))
        outward = self._outward(send, principal.tenant_id)
        services = [service for service in route.services if _may_read(principal, service)]
        if not services:
            raise ScopeMissing(scope=f"{route.services[0]}:read")
        if traffic_of(path) is Traffic.STREAM:
            await self._stream(services, onward, receive, outward, received.get(b"authorization"), principal)
        elif len(route.services) > 1:
            await self._ask_around(services, onward, receive, outward)
        elif not is_scim(path) and self._may_be_proposed(scope, received):
            await self._forward_write(services[0], onward, receive, outward, context, received)
        else:
            await self._upstream(services[0])(onward, receive, outward)

    def _upstream(self, service: str) -> ASGIApp:
        return self._own if service == GATEWAY else self._upstreams[service]

    def _is_a_service(self, received: Mapping[bytes, bytes]) -> bool:
        """Whether another of our services asks, by its signed identity. To anybody else the way does not exist."""
        signed = received.get(IDENTITY_HEADER.encode())
        if signed is None:
            return False
        try:
            return self._service.signer.verify(signed.decode("latin-1")).kind == "service"
        except Unauthenticated:
            return False

    async def _authenticate(self, authorization: bytes | None) -> Authenticated:
        authenticated = await self._authenticator.authenticate(authorization)
        positions = self._positions.get(authenticated.principal.tenant_id)
        if positions and await self._service.inbox.reach(authenticated.principal.tenant_id, positions):
            # What the gateway has just learnt may have changed the directory, and with it this very person's rights.
            authenticated = await self._authenticator.authenticate(authorization)
        return authenticated

    def _positions_of(self, authenticated: Authenticated) -> bytes:
        known = self._positions.get(authenticated.principal.tenant_id, {})
        parts = [f"{GATEWAY}={authenticated.directory_head}", *(f"{name}={number}" for name, number in known.items())]
        return ",".join(parts).encode()

    def _outward(self, send: Send, tenant_id: UUID | None) -> Send:
        """Clean the answer's headers, and remember how far it says that its service has come."""

        async def outward(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = clean_response_headers(message.get("headers", ()))
                kept = []
                for name, value in headers:
                    if name == b"tandem-position":
                        if tenant_id is not None:
                            self._remember(tenant_id, value)
                    else:
                        kept.append((name, value))
                said = {name for name, _ in kept}
                kept += [each for each in _HARDENING if each[0] not in said]
                message = {**message, "headers": kept}
            await send(message)

        return outward

    def _remember(self, tenant_id: UUID, value: bytes) -> None:
        service, _, number = value.decode("latin-1").partition("=")
        if service == GATEWAY or not number.isdigit():
            return
        if len(self._positions) > 100_000:
            self._positions.clear()
        known = self._positions[tenant_id]
        known[service] = max(known.get(service, 0), int(number))

    # -- streams ------------------------------------------------------------------------------------------------------

    async def _stream(
        self,
        services: Sequence[str],
        scope: Scope,
        receive: Receive,
        send: Send,
        authorization: bytes | None,
        principal: Principal,
    ) -> None:
        """An answer that stays open, for as long as its reader has the token, the roles and the memberships of now."""
        standing = await self._standing(principal)

        async def answer(send: Send) -> None:
            if len(services) > 1:
                await self._ask_around(services, scope, receive, send)
            else:
                await self._upstream(services[0])(scope, receive, send)

        async def is_allowed() -> bool:
            try:
                now = await self._authenticator.authenticate(authorization)
                return now.principal == principal and standing <= await self._standing(principal)
            except (Unauthenticated, Unavailable):
                return False

        await pass_while_allowed(answer, send, is_allowed)

    async def _standing(self, principal: Principal) -> set[tuple[UUID, str]]:
        async with self._service.database.read(principal.tenant_id) as session:
            return await memberships_of(session, principal.person_id)

    # -- several owners -----------------------------------------------------------------------------------------------

    async def _ask_around(self, services: Sequence[str], scope: Scope, receive: Receive, send: Send) -> None:
        """Jobs: every service gives out ids of its own; the first that knows this one answers."""
        body = await _read_body(receive)
        for position, service in enumerate(services):
            last = position == len(services) - 1
            attempt = _Attempt(send, give_up_on_404=not last)
            await self._upstreams[service](scope, _replayed(body, receive), attempt.send)
            if not attempt.unknown:
                return

    # -- writes that may turn into proposals --------------------------------------------------------------------------

    def _may_be_proposed(self, scope: Scope, received: Mapping[bytes, bytes]) -> bool:
        """A write whose body can be kept: JSON or none, and of a size that a proposal may have."""
        if scope["method"] not in WRITING:
            return False
        media_type = received.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if media_type not in (b"", b"application/json", b"application/merge-patch+json"):
            return False
        preferences = received.get(b"prefer", b"").replace(b" ", b"").lower().split(b",")
        return b"authority=strict" not in preferences and b"dry_run=true" not in scope["query_string"]

    async def _forward_write(
        self,
        service: str,
        scope: Scope,
        receive: Receive,
        send: Send,
        context: RequestContext,
        received: Mapping[bytes, bytes],
    ) -> None:
        body = await _read_body(receive)
        refusal = _Refusal(send)
        await self._upstream(service)(scope, _replayed(body, receive), refusal.send)
        if refusal.start is None:
            return
        document = orjson.loads(refusal.body)
        if document.get("code") != "authority_required" or not document.get("proposable"):
            await send(refusal.start)
            await send({"type": "http.response.body", "body": refusal.body})
            return
        response = await self._propose(service, scope, body, context, received, document)
        await _dressed(response, context)(scope, receive, send)

    async def _propose(
        self,
        service: str,
        scope: Scope,
        body: bytes,
        context: RequestContext,
        received: Mapping[bytes, bytes],
        refusal: dict[str, Any],
    ) -> Response:
        """Keep the request; a repetition with the same Idempotency-Key gets the same proposal."""

        async def no_more() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        request = Request({**scope, "tandem": context, "state": {}}, no_more)
        key, if_match = received.get(b"idempotency-key"), received.get(b"if-match")
        content_type = received.get(b"content-type")
        agent = received.get(b"tandem-change-agent")
        proposal_id = new_id()
        try:
            async with open_write(
                request,
                dry_run=False,
                idempotency_key=key.decode("latin-1") if key is not None else None,
                if_match=None,
                change_agent=agent.decode("latin-1") if agent is not None else None,
            ) as write:
                step = {
                    "method": scope["method"],
                    "path": quote(scope["path"], safe="/:@!$&'()*+,;=~"),
                    "query": scope["query_string"].decode("latin-1"),
                    "content_type": content_type.decode("latin-1") if content_type is not None else None,
                    "body": orjson.loads(body) if body else None,
                    "if_match": if_match.decode("latin-1") if if_match is not None else None,
                }
                proposal = await proposals.keep_refused(write.session, proposal_id, service, step, refusal)
                return await write.answer(
                    await PROPOSALS.represent(write.session, proposal_id),
                    status=202,
                    version=proposal.version,
                    location=f"/v1/proposals/{proposal_id}",
                    effects={"conflicts": await conflicts_of(write.session, proposal_id)},
                    effect="proposed",
                )
        except Replayed as replayed:
            return replayed.response


def _may_read(principal: Principal, service: str) -> bool:
    """Whether the token reaches into a service at all. The directory and the desk look at scopes act by act."""
    return service == GATEWAY or principal.has_scope(f"{service}:read")


def _dressed(response: Response, context: RequestContext) -> Response:
    """An answer of the pipe's own, with the headers that every answer has."""
    response.headers["Tandem-Request-Id"] = context.request_id
    response.headers["Content-Language"] = context.language
    response.headers["Vary"] = "Accept-Language, Authorization"
    return response


class _Attempt:
    """Passes an answer on, unless it is a 404 that another owner may know better."""

    def __init__(self, send: Send, *, give_up_on_404: bool) -> None:
        self._send = send
        self._give_up = give_up_on_404
        self.unknown = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 404 and self._give_up:
            self.unknown = True
        if not self.unknown:
            await self._send(message)


class _Refusal:
    """Passes every answer on but a 403, which it keeps."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.start: Message | None = None
        self.body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 403:
            self.start = message
        elif self.start is None:
            await self._send(message)
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


async def _read_body(receive: Receive) -> bytes:
    """The whole request body, bounded. Raises TooLarge, ClientGone."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part = message.get("body", b"")
        size += len(part)
        if size > LARGEST_PROPOSAL:
            raise TooLarge(limit=LARGEST_PROPOSAL)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A receive that gives the body that was read already, and then what the client does next."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
