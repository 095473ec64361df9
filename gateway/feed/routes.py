"""HTTP of the feed: pages with long poll, and server-sent events that resume where the reader left off (C20)."""

import time
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
import orjson
from fastapi import Header, Query, Request
from starlette.responses import Response, StreamingResponse

from gateway.feed.repository import head_position, projects_without_costs, read_events
from services.kernel.app import area_router
from services.kernel.confidentiality import without_money
from services.kernel.database import Database
from services.kernel.identity import Principal
from services.kernel.problems import Malformed, Unavailable, UnknownFilter
from services.kernel.requests import context_of
from services.kernel.schemas import Shape
from services.kernel.session import ReadSession
from services.kernel.settings import SERVICES

router = area_router("events")
PAGE = 200
HEARTBEAT_SECONDS = 15.0
LOOK_SECONDS = 1.0

STREAM_FILTERS = frozenset({"after", "type", "project_id"})
PAGE_FILTERS = STREAM_FILTERS | {"limit", "wait", "source"}
LAST_POSITION = 2**62

Position = Annotated[int, Query(ge=0, le=LAST_POSITION)]
Types = Annotated[str | None, Query(max_length=1000, description="types joined by commas")]
Source = Annotated[Literal["gateway", "planning", "coordination", "reporting"] | None, Query()]


class EventShape(Shape):
    position: int
    id: UUID
    tenant_id: UUID
    source: str
    number: int
    type: str
    version: int
    subject: dict[str, str]
    project_id: UUID | None
    audience: str
    occurred_at: str
    actor_id: UUID
    on_behalf_of_id: UUID | None
    proposal_id: UUID | None
    change_agent: str | None
    trace_id: str | None
    authority: list[dict[str, Any]]
    data: dict[str, Any]
    hash: str


class EventPage(Shape):
    data: list[EventShape]
    next_after: int
    head: int


class _Shown:
    """Events as one reader may see them: as they are stored, or without the money of projects whose costs they do not see."""

    def __init__(self, rows: Sequence[asyncpg.Record], without_costs: set[UUID]) -> None:
        self.rows = rows
        self._without_costs = without_costs

    @classmethod
    async def of(cls, session: ReadSession, person_id: UUID, rows: Sequence[asyncpg.Record]) -> "_Shown":
        projects = {row["project_id"] for row in rows} - {None}
        return cls(rows, await projects_without_costs(session, person_id, projects) if projects else set())

    def public(self, row: asyncpg.Record) -> bytes:
        """The envelope with its public position as the first member."""
        envelope: bytes = row["envelope"].encode()
        if row["project_id"] in self._without_costs:
            document = orjson.loads(envelope)
            hidden = {name: without_money(document[name]) for name in ("data", "authority")}
            envelope = orjson.dumps(document | hidden)
        return b'{"position":%d,%b' % (row["position"], envelope[1:])


def _require_known(request: Request, known: frozenset[str]) -> None:
    """A filter that is ignored tells more than was asked for (C5). Raises UnknownFilter."""
    for name in request.query_params:
        if name not in known:
            raise UnknownFilter(name=name[:50])


def _sources(principal: Principal, asked: str | None = None) -> Sequence[str]:
    """The services whose facts the token may read; none but the one asked for, if one is."""
    readable = [name for name in SERVICES if principal.has_scope(f"{name}:read") or "admin" in principal.scopes]
    return [name for name in readable if asked in (None, name)]


def _types(text: str | None) -> Sequence[str]:
    return tuple(part for part in (text or "").split(",") if part)


@router.get("/v1/events", response_model=EventPage)
async def list_events(
    request: Request,
    after: Position = 0,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = 50,
    wait: Annotated[int, Query(ge=0, le=30, description="seconds to wait for the first event")] = 0,
    type: Types = None,  # noqa: A002 -- the public name of the parameter
    project_id: UUID | None = None,
    source: Source = None,
) -> Response:
    """Everything that happened behind a position, in order, as far as the caller may see it."""
    context = context_of(request)
    principal = context.principal
    _require_known(request, PAGE_FILTERS)
    await context.service.catch_up(request, principal)
    until = time.monotonic() + wait
    while True:
        async with context.service.database.read(principal.tenant_id) as session:
            head = await head_position(session)
            rows = await read_events(
                session,
                principal.person_id,
                after,
                limit,
                types=_types(type),
                project_id=project_id,
                sources=_sources(principal, source),
            )
            shown = await _Shown.of(session, principal.person_id, rows)
        remaining = until - time.monotonic()
        if rows or remaining <= 0:
            break
        await context.service.resources.arrivals.wait(principal.tenant_id, min(remaining, LOOK_SECONDS))
    next_after = rows[-1]["position"] if len(rows) == limit else max(head, after)
    body = b'{"data":[%b],"next_after":%d,"head":%d}' % (b",".join(shown.public(row) for row in rows), next_after, head)
    return Response(body, media_type="application/json")


@router.get(
    "/v1/events/stream",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def stream_events(
    request: Request,
    after: Position | None = None,
    type: Types = None,  # noqa: A002 -- the public name of the parameter
    project_id: UUID | None = None,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> Response:
    """The same as server-sent events; `id` is the position, so that Last-Event-ID resumes. Without either: from now on."""
    context = context_of(request)
    principal = context.principal
    _require_known(request, STREAM_FILTERS)
    await context.service.catch_up(request, principal)
    database: Database = context.service.database
    arrivals = context.service.resources.arrivals
    if last_event_id is not None:
        if not last_event_id.isascii() or not last_event_id.isdigit() or int(last_event_id) > LAST_POSITION:
            raise Malformed(reason="Last-Event-ID is a position")
        start = int(last_event_id)
    elif after is not None:
        start = after
    else:
        async with database.read(principal.tenant_id) as session:
            start = await head_position(session)

    async def events() -> AsyncIterator[bytes]:
        position, spoken = start, time.monotonic()
        yield b": connected\n\n"
        while True:
            try:
                async with database.read(principal.tenant_id) as session:
                    head = await head_position(session)
                    rows = await read_events(
                        session,
                        principal.person_id,
                        position,
                        PAGE,
                        types=_types(type),
                        project_id=project_id,
                        sources=_sources(principal),
                    )
                    shown = await _Shown.of(session, principal.person_id, rows)
            except Unavailable:
                return  # Whether the reader may still see them, nobody can say; Last-Event-ID resumes.
            if rows:
                parts = [
                    b"id: %d\nevent: %b\ndata: %b\n\n"
                    % (row["position"], orjson.loads(row["envelope"])["type"].encode(), shown.public(row))
                    for row in rows
                ]
                yield b"".join(parts)
                position, spoken = rows[-1]["position"], time.monotonic()
                if len(rows) == PAGE:
                    continue
            else:
                position = max(position, head)
            if time.monotonic() - spoken > HEARTBEAT_SECONDS:
                yield b": alive\n\n"
                spoken = time.monotonic()
            await arrivals.wait(principal.tenant_id, LOOK_SECONDS)

    return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})
