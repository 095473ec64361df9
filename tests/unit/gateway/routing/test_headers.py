"""Header hygiene (A14, I10): nothing forged travels inwards, and an ambiguous request is refused."""

import re

import pytest

from gateway.routing.headers import (
    BadFraming,
    clean_request_headers,
    clean_response_headers,
    request_id,
    trace_id_of,
    traceparent,
)

TRACE = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    "name",
    [
        b"tandem-identity",
        b"Tandem-Identity",
        b"tandem-positions",
        b"x-internal-service",
        b"X-Internal-Anything",
        b"x-user-id",
        b"x-tenant-id",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"forwarded",
        b"x-http-method-override",
    ],
)
def test_a_client_cannot_speak_as_the_gateway(name: bytes) -> None:
    honest = (b"accept-language", b"nb")

    assert clean_request_headers([(name, b"forged"), honest, (name, b"again")]) == [honest]


def test_what_belongs_to_one_connection_is_dropped_with_what_connection_names() -> None:
    headers = [
        (b"connection", b"keep-alive, X-Once"),
        (b"keep-alive", b"timeout=5"),
        (b"x-once", b"1"),
        (b"te", b"trailers"),
        (b"upgrade", b"h2c"),
        (b"proxy-authorization", b"secret"),
        (b"transfer-encoding", b"chunked"),
        (b"prefer", b"wait=10"),
    ]

    assert clean_request_headers(headers) == [(b"prefer", b"wait=10")]
    assert clean_response_headers([*headers, (b"date", b"now"), (b"server", b"inner")]) == [(b"prefer", b"wait=10")]


def test_the_rest_keeps_its_order_its_doubles_and_its_bytes() -> None:
    headers = [
        (b"host", b"tandem"),
        (b"prefer", b"a"),
        (b"x-odd", b"\xe6\xf8"),
        (b"prefer", b"b"),
        (b"content-length", b"0"),
    ]

    assert clean_request_headers(headers) == headers


@pytest.mark.parametrize(
    "headers",
    [
        [(b"content-length", b"3"), (b"content-length", b"3")],
        [(b"content-length", b"3"), (b"Content-Length", b"4")],
        [(b"content-length", b"3"), (b"transfer-encoding", b"chunked")],
        [(b"transfer-encoding", b"xchunked")],
        [(b"transfer-encoding", b"gzip, chunked")],
        [(b"transfer-encoding", b"chunked"), (b"transfer-encoding", b"chunked")],
        [(b"content-length", b"3, 3")],
        [(b"content-length", b"+3")],
        [(b"content-length", b"-1")],
        [(b"content-length", b"")],
        [(b"host", b"a"), (b"host", b"b")],
        [(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")],
        [(b"connection", b"authorization")],
        [(b"connection", b"close, If-Match")],
    ],
)
def test_a_request_that_two_readers_could_read_differently_is_refused(headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(BadFraming):
        clean_request_headers(headers)


def test_a_well_formed_traceparent_is_passed_on() -> None:
    assert traceparent(TRACE) == TRACE
    assert trace_id_of(TRACE) == "4bf92f3577b34da6a3ce929d0e0e4736"


def test_a_later_version_of_traceparent_is_read_as_far_as_it_is_known() -> None:
    assert traceparent(b"cc" + TRACE[2:] + b"-what-the-future-brings") == TRACE


@pytest.mark.parametrize(
    "received",
    [
        None,
        b"",
        TRACE.upper(),
        TRACE + b"-more",
        b"ff" + TRACE[2:],
        b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01",
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-" + b"0" * 16 + b"-01",
        TRACE + b"\n",
    ],
)
def test_any_other_traceparent_is_replaced(received: bytes | None) -> None:
    fresh = traceparent(received)

    assert re.fullmatch(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-00", fresh)
    assert fresh != traceparent(received)


def test_a_plain_request_id_is_kept_and_any_other_replaced() -> None:
    assert request_id(b"front-end:7f3a.19") == b"front-end:7f3a.19"
    for received in (None, b"", b"short", b"x" * 65, b"with space", b'inject"quote', b"line\nbreak", b"\xff" * 10):
        fresh = request_id(received)
        assert fresh != received
        assert re.fullmatch(rb"[0-9a-f-]{36}", fresh)
