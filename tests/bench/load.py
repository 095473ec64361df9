"""A small HTTP/1.1 load generator: connections that each send the request again when the answer to the last is there.

It runs in a process of its own, ``python -m tests.bench.load``, so that its work is not charged to anybody else: an
`Order` comes as JSON on stdin, a `Load` goes as JSON to stdout.
"""

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import cast
from urllib.parse import urlsplit

import httptools
import uvloop

LATE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Order:
    """GET `url` over `connections` for `seconds`; each connection waits for its last answer before it closes."""

    url: str
    headers: Mapping[str, str]
    connections: int = 8
    seconds: float = 2.0

    def request(self) -> bytes:
        parts = urlsplit(self.url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        lines = [
            f"GET {target} HTTP/1.1",
            f"Host: {parts.netloc}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        return "\r\n".join((*lines, "", "")).encode()


@dataclass(slots=True)
class Load:
    """What came back: answers with status 200, everything else, body bytes, and the wall-clock seconds it took."""

    answers: int = 0
    failures: int = 0
    body_bytes: int = 0
    seconds: float = 0.0


class Connection(asyncio.Protocol):
    """One connection; `done` is set when it has had its last answer or was cut."""

    def __init__(self, request: bytes, until: float, load: Load) -> None:
        self.done = asyncio.Event()
        self._request = request
        self._until = until
        self._load = load
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._load.body_bytes += len(body)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() == 200:
            self._load.answers += 1
        else:
            self._load.failures += 1
        if time.monotonic() < self._until:
            self._transport.write(self._request)
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if error is not None or time.monotonic() < self._until:
            self._load.failures += 1
        self.done.set()


async def generate(order: Order) -> Load:
    """Carry out the order in this process."""
    parts = urlsplit(order.url)
    load = Load()
    began = time.monotonic()
    loop = asyncio.get_running_loop()
    request, until = order.request(), began + order.seconds
    connections = [
        (
            await loop.create_connection(
                lambda: Connection(request, until, load), parts.hostname or "", parts.port or 80
            )
        )[1]
        for _ in range(order.connections)
    ]
    async with asyncio.timeout(order.seconds + LATE_SECONDS):
        await asyncio.gather(*(connection.done.wait() for connection in connections))
    load.seconds = time.monotonic() - began
    return load


async def put_under_load(order: Order) -> Load:
    """Carry out the order in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.load"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    answer, _ = await process.communicate(json.dumps(asdict(order)).encode())
    if process.returncode != 0:
        raise RuntimeError(f"the load generator ended with {process.returncode}")
    return Load(**json.loads(answer))


if __name__ == "__main__":
    json.dump(asdict(uvloop.run(generate(Order(**json.load(sys.stdin))))), sys.stdout)
