"""The last step of the way through: hand a request to the service that owns it and its answer to the client.

An upstream is an ASGI application. In `all-in-one` it is the service itself; in `separate` it is `HttpUpstream`, which
speaks HTTP to the service's process. The pipe in front of it cannot tell the two apart.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias
from urllib.parse import quote, urlsplit

import aiohttp
from starlette.types import ASGIApp, Receive, Scope, Send
from yarl import URL

from gateway.routing.headers import clean_response_headers
from gateway.routing.routing_table import Traffic, traffic_of

Upstream: TypeAlias = ASGIApp

# Exception
#   ├─ UpstreamFailed       no answer: nothing was sent to the client
#   │    ├─ UpstreamTimeout
#   │    └─ UpstreamCut    the answer broke off after it had begun
#   └─ ClientGone           nobody is there to be answered


class UpstreamFailed(Exception):
    """The upstream gave no answer, and nothing was sent to the client yet.

    `reached` is False where the connection was never made, so that the request certainly had no effect and may be tried
    elsewhere. Where it is True the outcome is unknown: only a safe or keyed request may be repeated.
    """

    def __init__(self, reason: str, *, reached: bool) -> None:
        super().__init__(reason)
        self.reached: Final = reached


class UpstreamTimeout(UpstreamFailed):
    """The upstream did not connect or did not answer in time; nothing was sent to the client yet."""


class UpstreamCut(UpstreamFailed):
    """The answer broke off after its head had been sent: no problem can be written any more, only the connection closed.

    Let it reach the server, which then closes the client's connection without the end of the body; that is the one way
    in which HTTP/1.1 tells a client that what it has is not the whole.
    """


class ClientGone(Exception):
    """The client closed its connection; the request to the upstream was broken off. There is nobody to answer."""


CONNECT_SECONDS: Final = 2.0

TIMEOUTS: Final[Mapping[Traffic, aiohttp.ClientTimeout]] = MappingProxyType(
    {
        # Longer than the longest wait that a client may ask for (Prefer: wait, api-conventions C14).
        Traffic.INTERACTIVE: aiohttp.ClientTimeout(total=30.0, sock_connect=CONNECT_SECONDS),
        Traffic.TRANSFER: aiohttp.ClientTimeout(total=3600.0, sock_connect=CONNECT_SECONDS, sock_read=60.0),
        # A stream is open for hours; the heartbeat that services write into it keeps it from looking dead.
        Traffic.STREAM: aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=60.0),
    }
)

# Below uvicorn's own keep-alive of 5 s: a connection that the service is just closing must not be picked from the pool,
# since a POST that dies on it has an unknown outcome.
_KEEP_ALIVE_SECONDS: Final = 3.0

# Most answers are there sooner, and then watching for the client's departure costs one timer instead of a task.
_WATCH_AFTER_SECONDS: Final = 0.1

_READ_BUFFER_BYTES: Final = 64 * 1024
_PATH_CHARACTERS: Final = "/:@!$&'()*+,;=~-._%"


def upstream_session() -> aiohttp.ClientSession:
    """The one client session that all `HttpUpstream`s share. Call it inside the event loop; close it at shutdown.

    It has no bound on connections (the breaker of each upstream has it), follows no proxy settings of the environment,
    keeps no cookies and adds no header of its own.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_SECONDS, ttl_dns_cache=10),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
        auto_decompress=False,
        read_bufsize=_READ_BUFFER_BYTES,
    )


class HttpUpstream:
    """A service in another process, as an ASGI application.

    Bodies stream both ways in the chunks in which they arrive, so server-sent events pass at once. Redirects are handed
    to the client and content codings left alone. Expects request headers that `clean_request_headers` has passed.
    """

    def __init__(
        self,
        base_url: str,
        session: aiohttp.ClientSession,
        *,
        timeouts: Mapping[Traffic, aiohttp.ClientTimeout] = TIMEOUTS,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"not the base URL of a service: {base_url!r}")
        self._base_url = base_url.rstrip("/")
        self._session = session
        self._timeouts = timeouts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward one request and stream its answer to `send`.

        Raises UpstreamFailed or UpstreamTimeout while nothing was sent yet, UpstreamCut afterwards, and ClientGone
        where the client left first.
        """
        first = await receive()
        if first["type"] == "http.disconnect":
            raise ClientGone
        exchange = _Exchange(receive)
        try:
            if first.get("more_body", False):
                body: bytes | AsyncIterator[bytes] | None = exchange.rest_of_body(first.get("body", b""))
            else:
                body = first.get("body") or None
                exchange.watch_soon()
            await self._forward(scope, body, exchange, send)
        except asyncio.CancelledError:
            if exchange.client_gone and exchange.task.uncancel() == 0:
                raise ClientGone from None
            raise
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if exchange.client_gone:
                raise ClientGone from None
            raise _failure(error, exchange.answer_started) from error
        finally:
            exchange.close()

    async def _forward(
        self, scope: Scope, body: bytes | AsyncIterator[bytes] | None, exchange: "_Exchange", send: Send
    ) -> None:
        async with self._session.request(
            scope["method"],
            URL(self._base_url + _target(scope), encoded=True),
            headers=[(name.decode("ascii"), _text(value)) for name, value in scope["headers"] if name != b"host"],
            data=body,
            allow_redirects=False,
            timeout=self._timeouts[traffic_of(scope["path"])],
        ) as response:
            exchange.answer_started = True
            await exchange.deliver(
                send,
                {
                    "type": "http.response.start",
                    "status": response.status,
                    "headers": clean_response_headers(response.raw_headers),
                },
            )
            content = response.content
            complete = False
            while not complete:
                chunk = await content.readany()
                complete = content.at_eof()
                await exchange.deliver(send, {"type": "http.response.body", "body": chunk, "more_body": not complete})


class _Exchange:
    """What one forwarded request has to know about its client: whether it left, and whether it was answered."""

    __slots__ = ("_receive", "_timer", "_watcher", "answer_started", "client_gone", "task")

    def __init__(self, receive: Receive) -> None:
        task = asyncio.current_task()
        assert task is not None, "an ASGI application runs in a task"
        self.task = task
        self.client_gone = False
        self.answer_started = False
        self._receive = receive
        self._timer: asyncio.TimerHandle | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def rest_of_body(self, chunk: bytes) -> AsyncIterator[bytes]:
        """The request's body as it arrives. Ends in an error where the client leaves before its end."""
        if chunk:
            yield chunk
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._client_left()
                raise ClientGone
            more = message.get("more_body", False)
            if body := message.get("body", b""):
                yield body
        self.watch_soon()

    def watch_soon(self) -> None:
        """Look out for the client's departure, unless the exchange is over in a moment anyway.

        To be called when the whole request body has been received: there is one reader of `receive` at a time.
        """
        self._timer = asyncio.get_running_loop().call_later(_WATCH_AFTER_SECONDS, self._start_watching)

    def _start_watching(self) -> None:
        self._watcher = asyncio.ensure_future(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._client_left()

    def _client_left(self) -> None:
        self.client_gone = True
        self.task.cancel()

    async def deliver(self, send: Send, message: dict[str, Any]) -> None:
        """Send to the client; where that fails because it has gone, say so rather than blame the upstream."""
        try:
            await send(message)
        except OSError:
            self.client_gone = True
            raise

    def close(self) -> None:
        """Stop watching."""
        if self._timer is not None:
            self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()


def _failure(error: Exception, answer_started: bool) -> UpstreamFailed:
    reason = type(error).__name__
    if answer_started:
        return UpstreamCut(reason, reached=True)
    if isinstance(error, TimeoutError):
        return UpstreamTimeout(reason, reached=not isinstance(error, aiohttp.ConnectionTimeoutError))
    return UpstreamFailed(reason, reached=not isinstance(error, aiohttp.ClientConnectorError))


def _target(scope: Scope) -> str:
    """The path and query exactly as the client spelt them, so that both hops decode the same bytes."""
    raw_path: bytes | None = scope.get("raw_path")
    path = raw_path.decode("latin-1") if raw_path else quote(scope["path"], safe=_PATH_CHARACTERS)
    query: bytes = scope.get("query_string", b"")
    return f"{path}?{query.decode('latin-1')}" if query else path


def _text(value: bytes) -> str:
    """A header value as the client library wants it; it writes UTF-8, so anything else is read as Latin-1."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
