"""The one way out to addresses that somebody entered: vetted, without redirects, with an end to time and size.

A name is resolved once, every address that it has is judged, and the connection goes to a judged one under the name
that was asked for; so neither a second answer of the resolver nor a redirect leads inside.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from services.kernel.http_client import HttpFailed, client
from services.kernel.settings import Settings, SettingsRefused

DEADLINE_SECONDS: Final = 10.0
LARGEST_ANSWER: Final = 64 * 1024
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# The standard library's is_global takes NAT64, 6to4 and multicast for public, so this is a table of our own, after the
# registries of RFC 6890. Of IPv6 only what is assigned to be public is; a mapped IPv4 address is judged as what it is.
_INNER_V4: Final = [
    ipaddress.IPv4Network(network)
    for network in [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    ]
]
_PUBLIC_V6: Final = ipaddress.IPv6Network("2000::/3")
_INNER_V6: Final = [
    ipaddress.IPv6Network(network) for network in ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"]
]
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\]")
_INNER_NAMES: Final = ("localhost", ".localhost", ".internal", ".local")


class EgressRefused(Exception):
    """The address is none that we go to."""


class EgressFailed(Exception):
    """Nobody answered there in time, or not as agreed. Which of it, is not told: we are no port scanner."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class _Target:
    scheme: str
    host: str
    port: int
    path: str
    addresses: Sequence[Address]


def is_public(address: Address) -> bool:
    """Whether an address may be anybody's on the Internet."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        return address in _PUBLIC_V6 and not any(address in network for network in _INNER_V6)
    return not any(address in network for network in _INNER_V4)


class Egress:
    """Requests to addresses from outside. `allowed` are inner networks that may be gone to all the same, in the clear too."""

    def __init__(self, allowed: Sequence[Network] = ()) -> None:
        self._allowed = allowed

    @classmethod
    def from_settings(cls, settings: Settings) -> "Egress":
        """Raises SettingsRefused."""
        try:
            parts = [part.strip() for part in settings.egress_allow.split(",") if part.strip()]
            return cls([ipaddress.ip_network(part) for part in parts])
        except ValueError as error:
            raise SettingsRefused(f"TANDEM_EGRESS_ALLOW is a list of networks such as 10.0.0.0/8: {error}") from error

    async def vet(self, url: str) -> None:
        """Raises EgressRefused for a URL that leads nowhere that we go."""
        await self._target(url)

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """The answer, of at most 64 KiB within ten seconds in all. Raises EgressRefused, EgressFailed."""
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                target = await self._target(url)
                return await self._ask(method, target, dict(headers or {}), body)
        except TimeoutError as error:
            raise EgressFailed from error

    async def _ask(self, method: str, target: _Target, headers: dict[str, str], body: bytes | None) -> Answer:
        address = target.addresses[0]
        host = f"[{address}]" if address.version == 6 else str(address)
        default = {"https": 443, "http": 80}[target.scheme]
        sent = headers | {
            "Host": target.host if target.port == default else f"{target.host}:{target.port}",
            "Accept-Encoding": "identity",
        }
        try:
            async with (
                client(f"{target.scheme}://{host}:{target.port}", DEADLINE_SECONDS) as http,
                http.stream(
                    method,
                    target.path,
                    headers=sent,
                    content=body,
                    extensions={"sni_hostname": target.host.strip("[]")},
                ) as answer,
            ):
                read = b""
                # Raw: what was compressed all the same is not blown up here.
                async for chunk in answer.aiter_raw():
                    read += chunk
                    if len(read) > LARGEST_ANSWER:
                        raise EgressFailed
                return Answer(answer.status_code, read)
        except (HttpFailed, OSError, ValueError) as error:
            raise EgressFailed from error

    async def _target(self, url: str) -> _Target:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise EgressRefused from error
        host = (parts.hostname or "").lower()
        shown = f"[{host}]" if ":" in host else host
        if (
            not url.isascii()
            or not url.isprintable()
            or " " in url
            or parts.scheme not in ("https", "http")
            or parts.username is not None
            or parts.password is not None
            or parts.fragment
            or not _HOST.fullmatch(shown)
        ):
            raise EgressRefused
        port = port if port is not None else {"https": 443, "http": 80}[parts.scheme]
        addresses = await self._resolve(host, port)
        inner = all(self._is_allowed(address) for address in addresses)
        if not inner:
            named_inner = host == _INNER_NAMES[0] or host.endswith(_INNER_NAMES[1:]) or "." not in host.strip(".")
            if named_inner and ":" not in host:
                raise EgressRefused
            if parts.scheme != "https" or not (port == 443 or port >= 1024) or port == 5432:
                raise EgressRefused
            if not all(is_public(address) for address in addresses):
                raise EgressRefused
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return _Target(parts.scheme, shown, port, path, addresses)

    def _is_allowed(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self._allowed)

    async def _resolve(self, host: str, port: int) -> Sequence[Address]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise EgressRefused from error
        addresses = list(dict.fromkeys(ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found))
        if not addresses:
            raise EgressRefused
        return addresses
