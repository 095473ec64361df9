"""Header hygiene at the border: what may pass inwards and outwards, and what no honest client sends.

Headers are the raw `(name, value)` byte pairs of ASGI. RFC 9110 section 7.6.1 (connection-specific fields),
RFC 9112 sections 6.1-6.3 (framing), W3C Trace Context (traceparent).
"""

import re
import secrets
from collections.abc import Iterable
from typing import Final, TypeAlias
from uuid import uuid4

RawHeaders: TypeAlias = Iterable[tuple[bytes, bytes]]


class BadFraming(Exception):
    """The request's headers leave open where it ends, whom it addresses or who sends it: answer 400 and close."""


HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)

# Names by which a client could speak as the gateway or as another proxy. The gateway writes its own after cleaning.
_FORGEABLE: Final = frozenset(
    {
        b"forwarded",
        b"tandem-identity",
        b"tandem-positions",
        b"x-http-method",
        b"x-http-method-override",
        b"x-method-override",
        b"x-original-url",
        b"x-real-ip",
        b"x-rewrite-url",
        b"x-tenant-id",
        b"x-user-id",
    }
)
_FORGEABLE_PREFIXES: Final = (b"x-forwarded-", b"x-internal-")

# The server answers "Expect: 100-continue" itself when the body is first read, so the next hop must not be asked again.
_DROPPED_INWARDS: Final = HOP_BY_HOP | _FORGEABLE | {b"expect"}

# A second one of these lets two readers of one request disagree.
_AT_MOST_ONE: Final = frozenset({b"host", b"authorization", b"content-length", b"transfer-encoding"})

# The public server writes its own Date and Server.
_DROPPED_OUTWARDS: Final = HOP_BY_HOP | {b"date", b"server"}

_HARMLESS_CONNECTION_OPTIONS: Final = frozenset({b"keep-alive", b"close"})
# A Connection header may not be used to make the gateway forget what it relies on.
_NOT_DROPPABLE: Final = frozenset(
    {b"host", b"authorization", b"content-length", b"content-type", b"idempotency-key", b"if-match"}
)


def clean_request_headers(headers: RawHeaders) -> list[tuple[bytes, bytes]]:
    """The headers that may travel inwards, names in lower case, in their order.

    Dropped: hop-by-hop fields and those that Connection names, everything a client could forge to speak as the
    gateway, and method overrides. `Transfer-Encoding: chunked` is dropped too: each hop frames its own body.

    Raises BadFraming for several Host, Authorization, Content-Length or Transfer-Encoding fields, for Content-Length
    beside Transfer-Encoding, a Content-Length that is no plain number, and any coding other than `chunked`.
    """
    kept: list[tuple[bytes, bytes]] = []
    single: dict[bytes, bytes] = {}
    named_by_connection: set[bytes] = set()
    for received_name, value in headers:
        name = received_name.lower()
        if name in _AT_MOST_ONE:
            if name in single:
                raise BadFraming(f"more than one {name.decode('ascii')} header")
            single[name] = value
        if name == b"connection":
            named_by_connection.update(_connection_options(value))
        elif name not in _DROPPED_INWARDS and not name.startswith(_FORGEABLE_PREFIXES):
            kept.append((name, value))
    _check_framing(single.get(b"content-length"), single.get(b"transfer-encoding"))
    if forbidden := named_by_connection & _NOT_DROPPABLE:
        raise BadFraming(f"Connection names {min(forbidden).decode('ascii')}")
    if named_by_connection:
        kept = [header for header in kept if header[0] not in named_by_connection]
    return kept


def clean_response_headers(headers: RawHeaders) -> list[tuple[bytes, bytes]]:
    """The headers of an upstream's answer that may travel outwards: no connection-specific ones, no Date, no Server."""
    kept: list[tuple[bytes, bytes]] = []
    named_by_connection: set[bytes] = set()
    for received_name, value in headers:
        name = received_name.lower()
        if name == b"connection":
            named_by_connection.update(_connection_options(value))
        elif name not in _DROPPED_OUTWARDS:
            kept.append((name, value))
    if named_by_connection:
        kept = [header for header in kept if header[0] not in named_by_connection]
    return kept


def _connection_options(value: bytes) -> set[bytes]:
    return {option for part in value.split(b",") if (option := part.strip().lower())} - _HARMLESS_CONNECTION_OPTIONS


def _check_framing(content_length: bytes | None, transfer_encoding: bytes | None) -> None:
    if content_length is not None:
        if transfer_encoding is not None:
            raise BadFraming("content-length beside transfer-encoding")
        if not content_length.isdigit():
            raise BadFraming("content-length is not a number")
    if transfer_encoding is not None and transfer_encoding.strip().lower() != b"chunked":
        raise BadFraming("transfer-encoding other than chunked")


_TRACEPARENT: Final = re.compile(
    rb"(?P<version>[0-9a-f]{2})-(?P<trace_id>[0-9a-f]{32})-(?P<parent_id>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<rest>-.*)?"
)
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:-]{7,63}")


def traceparent(received: bytes | None) -> bytes:
    """The client's `traceparent` in the form of version 00 where it is well formed, else a fresh one, not sampled.

    W3C Trace Context, section 3.2: version ff and all-zero ids are invalid; a later version may carry more fields,
    which this version does not pass on; version 00 may not.
    """
    if received is not None and (match := _TRACEPARENT.fullmatch(received)) is not None:
        version, trace_id, parent_id, flags, rest = match.groups()
        acceptable = version != b"ff" and not (version == b"00" and rest)
        if acceptable and trace_id.strip(b"0") and parent_id.strip(b"0"):
            return b"00-%b-%b-%b" % (trace_id, parent_id, flags)
    return b"00-%b-%b-00" % (secrets.token_hex(16).encode(), secrets.token_hex(8).encode())


def trace_id_of(parent: bytes) -> str:
    """The trace id of a well-formed `traceparent`, as problems and log lines show it."""
    return parent[3:35].decode("ascii")


def request_id(received: bytes | None) -> bytes:
    """The client's `Tandem-Request-Id` where it is 8 to 64 plain characters, else a fresh one.

    The form is narrow because the value goes into log lines and into the answer's headers.
    """
    if received is not None and _REQUEST_ID.fullmatch(received):
        return received
    return str(uuid4()).encode("ascii")
