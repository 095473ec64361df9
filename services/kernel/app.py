"""The app factory: a FastAPI application with everything that is the same for every service.

Outermost stands one pure-ASGI middleware (`Envelope`): limits, strict framing of JSON, the request's context, the
answer's headers, one log line and the metrics. Inside it FastAPI routes; whatever goes wrong becomes problem+json.
"""

import hmac
import time
from collections.abc import AsyncIterator, Callable, Container, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

import orjson
import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kernel.access_copy import DIRECTORY_HANDLERS
from services.kernel.authority import KINDS, acts_of
from services.kernel.database import is_passing
from services.kernel.failpoints import arm
from services.kernel.http_client import AsgiApp
from services.kernel.identity import HEADER as IDENTITY_HEADER
from services.kernel.ids import new_id
from services.kernel.inbox import Handlers
from services.kernel.job_routes import job_router
from services.kernel.job_waiting import JobWaiting
from services.kernel.jobs import JobFunction
from services.kernel.language import choose_language
from services.kernel.logs import configure_logs
from services.kernel.openapi import describe
from services.kernel.outbox import read_facts
from services.kernel.peers import SERVICE_SCOPE
from services.kernel.problems import (
    Forbidden,
    Malformed,
    MethodNotAllowed,
    NotFound,
    Problem,
    TooLarge,
    Unavailable,
    UnsupportedMediaType,
    ValidationFailed,
    catalogue,
    error_at,
)
from services.kernel.requests import RequestContext, context_of, plain_read
from services.kernel.route_index import RouteIndex
from services.kernel.service import Service
from services.kernel.settings import SERVICES, Settings
from services.kernel.steps import StepRefused, steps_router
from services.kernel.storage import Storage
from services.kernel.strict_json import strict_loads
from services.kernel.write import Replayed, begin_keyed_write

MAXIMUM_BODY = 2 * 1024 * 1024
JSON_TYPES = ("application/json", "application/merge-patch+json")
_access_log = structlog.get_logger("access")


class StrictRequest(Request):
    """A request whose JSON is read strictly: no NaN, no duplicate keys, no NUL, no bottomless nesting."""

    async def json(self) -> Any:
        if not hasattr(self, "_strict_json"):
            self._strict_json = strict_loads(await self.body())
        return self._strict_json


class StrictRoute(APIRoute):
    """Every JSON route of every service reads its body as a StrictRequest; its description names its acts and its key."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        kinds = acts_of(endpoint)
        if kinds is not None:
            described = {"kinds": [kind.described() for kind in kinds]}
            self.openapi_extra = {"x-authority": described, **(self.openapi_extra or {})}
        if _depends_on(self.dependant, begin_keyed_write):
            self.openapi_extra = {"x-idempotency-key": "required", **(self.openapi_extra or {})}
        self.app = plain_read(endpoint, self.param_convertors) or self.app

    def get_route_handler(self) -> Callable[[Request], Any]:
        handler = super().get_route_handler()

        async def strict_handler(request: Request) -> Response:
            response: Response = await handler(StrictRequest(request.scope, request.receive))
            return response

        return strict_handler


def _depends_on(dependant: Dependant, call: Callable[..., Any]) -> bool:
    return any(each.call is call or _depends_on(each, call) for each in dependant.dependencies)


def area_router(tag: str) -> APIRouter:
    """The router of an area; its tag groups the area's routes in the API reference."""
    return APIRouter(route_class=StrictRoute, tags=[tag], generate_unique_id_function=lambda route: route.name)


def create_app(
    settings: Settings,
    routers: Sequence[APIRouter],
    *,
    title: str,
    handlers: Handlers,
    sources: Sequence[str],
    jobs: Mapping[str, JobFunction] | None = None,
    peers: "Mapping[str, str | AsgiApp] | None" = None,
    resources: Any = None,
    store: Storage | None = None,
    own_directory: bool = False,
    form_paths: Container[str] = (),
    chores: Sequence[str] = (),
) -> FastAPI:
    """One service as an ASGI application. `peers` are the other services; without it their URLs come from settings.

    `form_paths` take URL-encoded forms, which everywhere else are no media type of ours; `chores` are what the
    housekeeping deletes besides (see there).
    """
    configure_logs(settings)
    arm(settings.crash)
    every_handler = Handlers()
    if not own_directory:
        every_handler.include(DIRECTORY_HANDLERS)
    every_handler.include(handlers)
    service = Service(
        settings,
        peers if peers is not None else _peers_by_url(settings),
        handlers=every_handler,
        sources=sources,
        jobs=jobs or {},
        resources=resources,
        store=store,
        chores=chores,
        # The gateway tells everybody what happened, and at once.
        gathers=not own_directory,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await service.start()
        try:
            yield
        finally:
            await service.stop()

    app = FastAPI(
        title=title,
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.service = service
    app.router.route_class = StrictRoute
    metrics = Metrics()
    for router in (
        *routers,
        job_router(service),
        _internal_router(service),
        steps_router(),
        _health_router(service, metrics),
    ):
        app.router.routes.extend(router.routes)
    app.router.middleware_stack = RouteIndex(app.router)
    app.add_exception_handler(Problem, _render_problem)
    app.add_exception_handler(Replayed, _render_answered)
    app.add_exception_handler(StepRefused, _render_answered)
    app.add_exception_handler(RequestValidationError, _render_validation)
    app.add_exception_handler(HTTPException, _render_http)
    app.add_middleware(JobWaiting, database=service.database)
    app.add_middleware(Envelope, service=service, metrics=metrics, form_paths=form_paths)
    describe(app, service.name)
    return app


def _peers_by_url(settings: Settings) -> dict[str, "str | AsgiApp"]:
    urls = {name: settings.url_of(name) for name in SERVICES if name != settings.service}
    return {name: url for name, url in urls.items() if url is not None}


class Metrics:
    """Counters of one service, on a registry of their own so that four services fit into one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter("tandem_requests", "Requests answered", ("method", "status"), registry=self.registry)
        self._seconds = Histogram("tandem_request_seconds", "Time to answer", ("method",), registry=self.registry)
        self._children: dict[tuple[str, int], Any] = {}

    def observe(self, method: str, status: int, seconds: float) -> None:
        children = self._children.get((method, status))
        if children is None:
            known = method if method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS") else "other"
            children = (self._requests.labels(known, str(status)), self._seconds.labels(known))
            self._children[method, status] = children
        children[0].inc()
        children[1].observe(seconds)


@lru_cache(maxsize=1024)
def _language(header: bytes) -> Literal["en", "nb"]:
    return choose_language(header.decode("latin-1")).value


class Envelope:
    """What every request of every service passes through, as pure ASGI."""

    def __init__(self, app: ASGIApp, service: Service, metrics: Metrics, form_paths: Container[str] = ()) -> None:
        self._app = app
        self._form_paths = form_paths
        self._service = service
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name, value)
        context = self._context(headers)
        scope["tandem"] = context
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"tandem-request-id", context.request_id.encode()),
                    (b"content-language", context.language.encode()),
                    (b"vary", b"Accept-Language, Authorization"),
                ]
            await send(message)

        try:
            refused = self._refusal(scope, headers)
            if refused is not None:
                await problem_response(refused, context, scope["path"])(scope, receive, send_with_headers)
            else:
                await self._app(scope, _limited(receive, self._limit(headers)), send_with_headers)
        except Problem as problem:
            await problem_response(problem, context, scope["path"])(scope, receive, send_with_headers)
        except Exception as error:  # noqa: BLE001 -- the last stop: no input may get a trace
            passing = is_passing(error)
            say = _access_log.warning if passing else _access_log.exception
            say(
                "request failed",
                method=scope["method"],
                path=scope["path"][:200],
                problem=type(error).__name__,
                trace_id=context.trace_id,
            )
            answer = problem_response(Unavailable() if passing else Problem(), context, scope["path"])
            await answer(scope, receive, send_with_headers)
        finally:
            seconds = time.perf_counter() - started
            self._metrics.observe(scope["method"], status, seconds)
            if status >= 400 or scope["method"] != "GET":
                _access_log.info(
                    "request",
                    service=self._service.name,
                    method=scope["method"],
                    path=scope["path"][:200],
                    status=status,
                    milliseconds=round(seconds * 1000, 1),
                    request_id=context.request_id,
                    trace_id=context.trace_id,
                )

    def _context(self, headers: Mapping[bytes, bytes]) -> RequestContext:
        trace = headers.get(b"traceparent", b"").decode("latin-1").split("-")
        trace_id = trace[1] if len(trace) == 4 and len(trace[1]) == 32 and trace[1].isalnum() else new_id().hex
        request_id = headers.get(b"tandem-request-id", b"").decode("latin-1")
        identity = headers.get(IDENTITY_HEADER.encode())
        return RequestContext(
            service=self._service,
            request_id=request_id if 0 < len(request_id) <= 64 and request_id.isprintable() else new_id().hex,
            trace_id=trace_id,
            language=_language(headers.get(b"accept-language", b"")),
            _identity=identity.decode("latin-1") if identity is not None else None,
        )

    def _limit(self, headers: Mapping[bytes, bytes]) -> int:
        media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        return MAXIMUM_BODY if media_type.decode("latin-1") in JSON_TYPES or not media_type else 512 * 1024 * 1024

    def _refusal(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Problem | None:
        """Framing that no route should have to think about."""
        if b"\x00" in scope["path"].encode("utf-8", "surrogateescape") or b"%00" in scope["query_string"]:
            return Malformed(reason="a NUL character stands in the URL")
        if b"content-encoding" in headers and headers[b"content-encoding"].lower() != b"identity":
            return UnsupportedMediaType(expected="an uncompressed body")
        length = headers.get(b"content-length")
        if length is not None and (not length.isdigit() or len(length) > 18):
            return Malformed(reason="Content-Length is no number")
        if length is not None and int(length) > self._limit(headers):
            return TooLarge(limit=self._limit(headers))
        if scope["path"] in self._form_paths:
            return None if length is None or int(length) <= MAXIMUM_BODY else TooLarge(limit=MAXIMUM_BODY)
        if scope["method"] in ("POST", "PUT", "PATCH") and b"content-type" in headers:
            media_type, _, parameters = headers[b"content-type"].decode("latin-1").lower().partition(";")
            charset = parameters.replace(" ", "").replace('"', "")
            if media_type.strip() in JSON_TYPES and "charset=" in charset and "charset=utf-8" not in charset:
                return UnsupportedMediaType(expected="JSON in UTF-8")
            if media_type.strip() in (
                "text/plain",
                "application/x-www-form-urlencoded",
                "text/html",
                "application/xml",
            ):
                return UnsupportedMediaType(expected="application/json")
        return None


def _limited(receive: Receive, limit: int) -> Receive:
    """A receive that stops at `limit` bytes, whatever Content-Length promised."""
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > limit:
                raise TooLarge(limit=limit)
        return message

    return limited


def problem_response(problem: Problem, context: RequestContext, path: str) -> Response:
    body = problem.body(context.language, path, context.trace_id)
    return Response(orjson.dumps(body, default=str), problem.status, problem.headers, "application/problem+json")


async def _render_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem_response(error, context_of(request), request.url.path)


async def _render_answered(request: Request, error: Exception) -> Response:
    assert isinstance(error, Replayed | StepRefused)
    return error.response


async def _render_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kinds: dict[int, Problem] = {404: NotFound(), 405: MethodNotAllowed(headers=dict(error.headers or {}))}
    problem = kinds.get(error.status_code) or Malformed(reason=str(error.detail))
    return problem_response(problem, context_of(request), request.url.path)


async def _render_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problem: Problem
    details = error.errors()
    where = {str(each["loc"][0]) for each in details if each["loc"]}
    errors = [error_at(_pointer(each["loc"]), str(each["type"]), str(each["msg"])[:300]) for each in details[:50]]
    if any(each["type"] == "json_invalid" for each in details):
        problem = Malformed(reason="the body is no JSON")
    elif "path" in where:
        problem = NotFound()
    elif where & {"query", "header"}:
        problem = Malformed(reason="a parameter cannot be used", errors=errors)
    else:
        problem = ValidationFailed(errors=errors)
    return problem_response(problem, context_of(request), request.url.path)


def _pointer(location: Sequence[Any]) -> str:
    if location and location[0] == "body":
        return "/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in location[1:])
    return ".".join(str(part) for part in location[1:])


def _health_router(service: Service, metrics: Metrics) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/health")
    async def health() -> Response:
        return Response(b'{"status":"alive"}' if service.alive else b"", 200 if service.alive else 503)

    @router.get("/ready")
    async def ready() -> Response:
        if service.draining or not service.alive:
            raise Unavailable
        async with service.database.read(UUID(int=0)) as session:
            await session.value("select 1")
        if service.settings.run_workers and not service.log.connected:
            raise Unavailable
        return Response(b'{"status":"ready"}', media_type="application/json")

    @router.get("/metrics")
    async def show_metrics(request: Request) -> Response:
        token = service.settings.metrics_token
        given = request.headers.get("authorization", "")
        if token is None or not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            _require_service(request)
        return Response(generate_latest(metrics.registry), media_type="text/plain; version=0.0.4")

    return router


def _require_service(request: Request) -> RequestContext:
    context = context_of(request)
    if SERVICE_SCOPE not in context.principal.scopes:
        raise Forbidden
    return context


def _internal_router(service: Service) -> APIRouter:
    """What services ask of each other: facts by number, heads, problems, kinds. The gateway never routes here."""
    router = APIRouter(include_in_schema=False, prefix="/internal")

    @router.get("/facts")
    async def facts(request: Request, after: int = 0, limit: int = 500) -> Response:
        context = _require_service(request)
        tenant_id = context.principal.tenant_id
        async with service.database.read(tenant_id) as session:
            envelopes = await read_facts(session, tenant_id, after, min(limit, 1000))
        return Response(("[" + ",".join(envelopes) + "]").encode(), media_type="application/json")

    @router.get("/heads")
    async def heads(request: Request) -> Response:
        _require_service(request)
        async with service.database.background() as connection:
            rows = await connection.fetch("select tenant_id, number from outbox_heads")
        return Response(
            orjson.dumps({str(row["tenant_id"]): row["number"] for row in rows}), media_type="application/json"
        )

    @router.get("/problems")
    async def problems(request: Request) -> Response:
        _require_service(request)
        listed = [
            {"code": kind.code, "status": kind.status, "title": kind.title, "detail": kind.detail}
            for kind in catalogue()
        ]
        return Response(orjson.dumps(listed), media_type="application/json")

    @router.get("/kinds")
    async def kinds(request: Request) -> Response:
        _require_service(request)
        return Response(orjson.dumps([kind.described() for kind in KINDS.values()]), media_type="application/json")

    @router.get("/openapi.json")
    async def openapi(request: Request) -> Response:
        _require_service(request)
        return Response(orjson.dumps(request.app.openapi()), media_type="application/json")

    return router
