"""HTTP/1.1 as the public server speaks it: uvicorn's protocol with an end to patience and refusals in our own form.

A client has so long for the head of a request, and for its body a time that grows with what has arrived: whoever holds
a connection by sending next to nothing is cut. What is no HTTP is answered with a problem, like everything else.
"""

import asyncio
from typing import Any, ClassVar

import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from services.kernel.ids import new_id
from services.kernel.problems import HeadTooLarge, HeadTooLate, Malformed, Problem

MAXIMUM_HEAD = 64 * 1024


class PunctualProtocol(HttpToolsProtocol):
    """One connection. At each moment either a request is under way or the head of the next is due."""

    head_seconds: ClassVar[float] = 10.0
    # A body may take this long, and another second for each of so many bytes that have come.
    body_seconds: ClassVar[float] = 10.0
    body_bytes_per_second: ClassVar[int] = 1024

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._due: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._body_begun = 0.0
        self._body_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.is_closing() or self._is_busy():
            return
        # Nothing of this was a whole head; blank lines between two requests count as the beginning of one.
        self._head_bytes += len(data)
        if self._head_bytes > MAXIMUM_HEAD:
            self._refuse(HeadTooLarge(limit=MAXIMUM_HEAD))
        elif self._due is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        self._arrived()
        self._refuse_ambiguity()
        self._head_bytes = 0
        super().on_headers_complete()
        self._body_begun, self._body_bytes = self.loop.time(), 0
        self._due = self.loop.call_later(self.body_seconds, self._judge_body)

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._arrived()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(Malformed(reason="this is no request that HTTP/1.1 allows"))

    def _refuse_ambiguity(self) -> None:
        """What the parser lets pass, although another reader could take it for another request. Raises ValueError.

        The parser turns whatever its callbacks raise into its own error, which is answered as such.
        """
        names = [name for name, _ in self.headers]
        version = self.parser.get_http_version()
        if version not in ("1.0", "1.1") or (names.count(b"host") != 1 and version == "1.1"):
            raise ValueError("no version that we speak, or not one host")
        if version == "1.0" and b"transfer-encoding" in names:
            raise ValueError("HTTP/1.0 knows no transfer codings")
        if (not self.url.startswith(b"/") and self.url != b"*") or b"#" in self.url:
            raise ValueError("a target that is no path of ours")

    def _is_busy(self) -> bool:
        return bool(self.cycle) and not self.cycle.response_complete

    def _await_head(self) -> None:
        self._due = self.loop.call_later(self.head_seconds, self._refuse, HeadTooLate())

    def _arrived(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _judge_body(self) -> None:
        """Close the connection, which tells the application that its client is gone, unless the body keeps its pace."""
        if self.flow.read_paused:
            # It is us who do not read; the client gets the time back.
            self._body_begun, self._body_bytes = self.loop.time(), 0
        due = self._body_begun + self.body_seconds + self._body_bytes / self.body_bytes_per_second
        if self.loop.time() >= due:
            self._due = None
            self.transport.close()
        else:
            self._due = self.loop.call_at(due, self._judge_body)

    def _refuse(self, problem: Problem) -> None:
        """Answer without the application, unless it has begun to answer itself, and close."""
        self._arrived()
        if self.transport.is_closing():
            return
        if not self._is_busy() or not self.cycle.response_started:
            identifier = new_id().hex
            body = orjson.dumps(problem.body("en", "", identifier))
            headers = [
                *self.server_state.default_headers,
                (b"content-type", b"application/problem+json"),
                (b"content-length", str(len(body)).encode()),
                (b"tandem-request-id", identifier.encode()),
                (b"content-language", b"en"),
                (b"connection", b"close"),
            ]
            lines = [b"%b: %b\r\n" % header for header in headers]
            self.transport.write(b"".join([STATUS_LINE[problem.status], *lines, b"\r\n", body]))
        self.transport.close()
