"""The way to a service in another process, against real servers and raw sockets on loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.routing.headers import clean_request_headers
from gateway.routing.routing_table import Traffic
from gateway.routing.upstream import (
    ClientGone,
    HttpUpstream,
    UpstreamCut,
    UpstreamFailed,
    UpstreamTimeout,
    upstream_session,
)

Serve = Callable[[ASGIApp], Awaitable[str]]
Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with upstream_session() as session:
        yield session


class Client:
    """An ASGI client that keeps what it is sent, and may wait in the middle of its own body or leave."""

    def __init__(self, *body: bytes, stays: bool = True) -> None:
        self._chunks = list(body) or [b""]
        self._stays = stays
        self.left = asyncio.Event()
        self.messages: list[dict[str, Any]] = []
        self.first_byte = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        if self._chunks:
            chunk = self._chunks.pop(0)
            return {"type": "http.request", "body": chunk, "more_body": bool(self._chunks) or not self._stays}
        if self._stays:
            await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.messages.append(message)
        if message.get("body"):
            self.first_byte.set()

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        return list(self.messages[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.messages[1:])


def request(
    method: str = "GET", path: str = "/v1/tasks", headers: list[tuple[bytes, bytes]] | None = None, query: bytes = b""
) -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": clean_request_headers([(b"host", b"public.example"), *(headers or [])]),
    }


async def body_of(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with what was understood of the request, its body last."""
    seen = dict(scope["headers"])
    line = b"%s %s?%s" % (scope["method"].encode(), scope["raw_path"], scope["query_string"])
    headers = [
        (b"x-line", line),
        (b"x-seen", b",".join(sorted(seen))),
        (b"x-authorization", seen.get(b"authorization", b"")),
        (b"connection", b"x-inner"),
        (b"x-inner", b"1"),
        (b"set-cookie", b"a=1"),
        (b"set-cookie", b"b=2"),
    ]
    body = await body_of(receive)
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def speak(script: Script) -> tuple[asyncio.Server, str]:
    """A server that is scripted byte for byte, for answers that no honest server writes."""
    server = await asyncio.start_server(script, "127.0.0.1", 0)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_request_and_answer_arrive_as_they_were_sent(serve: Serve, session: aiohttp.ClientSession) -> None:
    upstream = HttpUpstream(await serve(echo), session)
    client = Client(b'{"title":"\xc3\xa6"}')
    path = "/v1/tasks/%2e%2e/a%20b//"

    await upstream(
        request("POST", path, [(b"authorization", b"Bearer x"), (b"content-length", b"14")], b"title=%C3%A6&x="),
        client.receive,
        client.send,
    )

    answer = dict(client.headers)
    assert client.status == 201
    assert client.body == b'{"title":"\xc3\xa6"}'
    assert answer[b"x-line"] == b"POST " + path.encode() + b"?title=%C3%A6&x="
    assert answer[b"x-authorization"] == b"Bearer x"


async def test_headers_are_clean_in_both_directions(serve: Serve, session: aiohttp.ClientSession) -> None:
    upstream = HttpUpstream(await serve(echo), session)
    client = Client()
    forged = [(b"tandem-identity", b"me"), (b"x-forwarded-for", b"1.2.3.4"), (b"accept", b"application/json")]

    await upstream(request(headers=forged), client.receive, client.send)

    names = [name for name, _ in client.headers]
    assert dict(client.headers)[b"x-seen"] == b"accept,host"
    assert names.count(b"set-cookie") == 2
    assert not {b"connection", b"x-inner", b"date", b"server", b"transfer-encoding"} & set(names)


async def test_a_body_streams_up_while_the_client_is_still_sending(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    arrived = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        arrived.set()
        await body_of(receive)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    upstream = HttpUpstream(await serve(app), session)
    pieces = [b"a" * 1000, b"b" * 1000]

    async def receive() -> dict[str, Any]:
        if len(pieces) == 1:
            await asyncio.wait_for(arrived.wait(), 5)
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    client = Client()
    await upstream(request("PUT"), receive, client.send)

    assert client.status == 204
    assert arrived.is_set()


async def test_a_large_body_goes_up_and_down_unchanged(serve: Serve, session: aiohttp.ClientSession) -> None:
    upstream = HttpUpstream(await serve(echo), session)
    pieces = [bytes([number]) * 50_000 for number in range(40)]
    client = Client(*pieces)

    await upstream(request("PUT"), client.receive, client.send)

    assert client.body == b"".join(pieces)


async def test_the_first_event_of_a_stream_arrives_before_its_end(serve: Serve, session: aiohttp.ClientSession) -> None:
    go_on = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"data: 2\n\n"})

    client = Client()
    upstream = HttpUpstream(await serve(app), session)
    passing = asyncio.ensure_future(upstream(request(path="/v1/events/stream"), client.receive, client.send))
    await asyncio.wait_for(client.first_byte.wait(), 5)
    assert client.body == b"data: 1\n\n"

    go_on.set()
    await asyncio.wait_for(passing, 5)
    assert client.body == b"data: 1\n\ndata: 2\n\n"


async def test_a_client_that_leaves_a_silent_stream_breaks_it_off_upstream_too(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    upstream_saw_it = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b": hello\n\n", "more_body": True})
        assert (await receive())["type"] == "http.disconnect"
        upstream_saw_it.set()

    client = Client()
    upstream = HttpUpstream(await serve(app), session)

    async def pipe() -> int:
        with pytest.raises(ClientGone):
            await upstream(request(path="/v1/events/stream"), client.receive, client.send)
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    passing = asyncio.ensure_future(pipe())
    await client.first_byte.wait()
    client.left.set()

    assert await asyncio.wait_for(passing, 5) == 0, "the pipe itself was not cancelled"
    await asyncio.wait_for(upstream_saw_it.wait(), 5)


async def test_a_client_that_leaves_in_the_middle_of_its_body_is_not_the_services_fault(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    upstream = HttpUpstream(await serve(echo), session)
    client = Client(b"half", stays=False)

    with pytest.raises(ClientGone):
        await asyncio.wait_for(upstream(request("POST"), client.receive, client.send), 5)
    assert client.messages == []


async def test_a_cancellation_from_outside_stays_a_cancellation(serve: Serve, session: aiohttp.ClientSession) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    client = Client()
    upstream = HttpUpstream(await serve(app), session)
    passing = asyncio.ensure_future(upstream(request(), client.receive, client.send))
    await asyncio.sleep(0.2)
    passing.cancel()

    with pytest.raises(asyncio.CancelledError):
        await passing


async def test_a_slow_service_times_out_by_the_class_of_the_path(serve: Serve, session: aiohttp.ClientSession) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.5)
        await echo(scope, receive, send)

    slow, fast = aiohttp.ClientTimeout(total=5), aiohttp.ClientTimeout(total=0.1)
    timeouts = {Traffic.INTERACTIVE: fast, Traffic.TRANSFER: slow, Traffic.STREAM: slow}
    upstream = HttpUpstream(await serve(app), session, timeouts=timeouts)
    client = Client()

    with pytest.raises(UpstreamTimeout) as failure:
        await upstream(request(), client.receive, client.send)
    assert failure.value.reached, "the service may have done the work"
    assert client.messages == []

    patient = Client()
    await upstream(request(path="/v1/document-versions/1/content"), patient.receive, patient.send)
    assert patient.status == 201


async def test_a_dead_service_is_known_not_to_have_been_reached(session: aiohttp.ClientSession) -> None:
    server, url = await speak(lambda _reader, writer: asyncio.sleep(0, writer.close()))
    server.close()
    await server.wait_closed()
    client = Client(b"{}")

    with pytest.raises(UpstreamFailed) as failure:
        await HttpUpstream(url, session)(request("POST"), client.receive, client.send)
    assert not failure.value.reached
    assert client.messages == []


async def test_a_service_that_dies_before_it_answers_leaves_the_outcome_unknown(
    session: aiohttp.ClientSession,
) -> None:
    async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server, url = await speak(die)
    client = Client(b"{}")
    async with server:
        with pytest.raises(UpstreamFailed) as failure:
            await HttpUpstream(url, session)(request("POST"), client.receive, client.send)
    assert failure.value.reached
    assert client.messages == []


@pytest.mark.parametrize("framing", [b"content-length: 100\r\n\r\n", b"transfer-encoding: chunked\r\n\r\n4\r\n"])
async def test_an_answer_cut_in_the_middle_never_looks_whole(session: aiohttp.ClientSession, framing: bytes) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + framing + b"half")
        await writer.drain()
        writer.close()

    server, url = await speak(cut)
    client = Client()
    async with server:
        with pytest.raises(UpstreamCut):
            await HttpUpstream(url, session)(request(), client.receive, client.send)
    assert client.status == 200
    assert all(message["more_body"] for message in client.messages[1:])


async def test_an_answer_that_is_no_http_is_a_failure_and_no_answer(session: aiohttp.ClientSession) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 smtp.example ESMTP\r\n")
        await writer.drain()
        writer.close()

    server, url = await speak(babble)
    client = Client()
    async with server:
        with pytest.raises(UpstreamFailed):
            await HttpUpstream(url, session)(request(), client.receive, client.send)
    assert client.messages == []


async def test_redirects_and_content_codings_are_the_clients_business(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"location", b"http://127.0.0.1:9/"), (b"content-encoding", b"gzip")]
        await send({"type": "http.response.start", "status": 307, "headers": headers})
        await send({"type": "http.response.body", "body": b"not gzip at all"})

    client = Client()
    await HttpUpstream(await serve(app), session)(request(), client.receive, client.send)

    assert client.status == 307
    assert client.body == b"not gzip at all"


async def test_an_answer_to_head_keeps_its_length_and_has_no_body(serve: Serve, session: aiohttp.ClientSession) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1234")]})
        await send({"type": "http.response.body", "body": b""})

    client = Client()
    await HttpUpstream(await serve(app), session)(request("HEAD"), client.receive, client.send)

    assert (b"content-length", b"1234") in client.headers
    assert client.body == b""
    assert not client.messages[-1]["more_body"]


async def test_connections_are_kept_and_used_again(session: aiohttp.ClientSession) -> None:
    connections = 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while await reader.readline():
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        writer.close()

    server, url = await speak(count)
    async with server:
        upstream = HttpUpstream(url, session)
        for _ in range(5):
            client = Client()
            await upstream(request(), client.receive, client.send)
            assert client.body == b"ok"
        await session.close()
    assert connections == 1


@pytest.mark.parametrize("url", ["", "planning:8001", "ftp://planning", "http://", "http://planning/?a=1"])
async def test_a_base_url_that_is_none_is_refused_at_the_start(url: str, session: aiohttp.ClientSession) -> None:
    with pytest.raises(ValueError, match="not the base URL"):
        HttpUpstream(url, session)
