"""The one way out: where it does not go, and when it gives up."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.kernel import egress as module
from services.kernel.egress import LARGEST_ANSWER, Egress, EgressFailed, EgressRefused, is_public

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]
Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def resolving(egress: Egress, *answers: str) -> Egress:
    """As if every name had these addresses."""

    async def resolve(host: str, port: int) -> list[Any]:
        return [ipaddress.ip_address(answer) for answer in answers]

    egress._resolve = resolve  # type: ignore[method-assign]  # the resolver of this test
    return egress


@asynccontextmanager
async def listening(behaviour: Behaviour) -> AsyncIterator[int]:
    server = await asyncio.start_server(behaviour, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",  # noqa: S104 -- nothing listens; it is only judged
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "fe80::1",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
    ],
)
def test_inner_addresses_in_any_dress_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "193.212.1.10", "2a02:2121::1", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "https://2130706433",
        "https://0x7f000001",
        "https://0177.0.0.1",
        "https://127.1",
        "https://0",
        "https://①②⑦.⓪.⓪.①",
        "https://localhost",
        "https://planning",
        "https://db.internal",
        "file:///etc/passwd",
        "gopher://example.org",
        "ftp://example.org",
        "data:text/plain,x",
        "https://a@example.org",
        "https://a:b@example.org",
        "https://example.org/\r\nX: y",
        "https://example.org/\tx",
        "https://example.org#x",
        "https://example.org:22",
        "https://example.org:25",
        "https://example.org:5432",
        "https://example.org:99999",
        "http://example.org",
        "https://",
        "https://[::1",
        "https://[fe80::1%25eth0]",
    ],
)
async def test_what_is_no_public_https_address_is_refused(url: str) -> None:
    egress = Egress()
    if "example.org" in url:
        resolving(egress, "93.184.216.34")
    with pytest.raises(EgressRefused):
        await egress.vet(url)


async def test_a_name_with_one_inner_address_is_refused_whole() -> None:
    await resolving(Egress(), "93.184.216.34").vet("https://login.example.org")
    with pytest.raises(EgressRefused):
        await resolving(Egress(), "93.184.216.34", "127.0.0.1").vet("https://login.example.org")
    with pytest.raises(EgressRefused):
        await resolving(Egress(LOOPBACK), "93.184.216.34", "127.0.0.1").vet("http://login.example.org")


async def test_the_judged_address_is_the_one_that_is_connected_to_under_its_own_name() -> None:
    heads: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        writer.close()

    async with listening(answer) as port:
        egress = resolving(Egress(LOOPBACK), "127.0.0.1")
        found = await egress.request("GET", f"http://login.example.org:{port}/keys?x=1")
    assert (found.status, found.body) == (200, b"{}")
    assert heads[0].startswith(b"GET /keys?x=1 HTTP/1.1\r\n")
    assert f"host: login.example.org:{port}\r\n".encode() in heads[0].lower()


async def test_a_redirect_is_an_answer_and_not_followed() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with listening(answer) as port:
        found = await Egress(LOOPBACK).request("GET", f"http://127.0.0.1:{port}/")
    assert found.status == 302


async def test_who_answers_without_end_or_not_at_all_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEADLINE_SECONDS", 0.5)

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 8192)
            await asyncio.sleep(0)
        writer.close()

    async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(20):
            writer.write(b"x")
            await asyncio.sleep(0.1)
        writer.close()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"what?\r\n\r\n")
        writer.close()

    for behaviour in (endless, dripping, silent, nonsense):
        async with listening(behaviour) as port:
            with pytest.raises(EgressFailed):
                await Egress(LOOPBACK).request("GET", f"http://127.0.0.1:{port}/")
    with pytest.raises(EgressFailed):
        await Egress(LOOPBACK).request("GET", "http://127.0.0.1:1/")
    assert LARGEST_ANSWER == 65_536
