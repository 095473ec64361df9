"""The doors: what is asked by somebody who has no access token yet, since getting or losing one is what it is about.

These operations, and no others, pass the pipe without a bearer token. Each proves who is asking by a secret in its
body, or gives nothing away; each is limited by the address that it comes from. They have no Idempotency-Key, because
nobody is known whose it would be, and no dry run, because trying a secret is doing it.
"""

import ipaddress
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import Request
from starlette.types import Scope

from gateway.credentials.installation import DOORKEEPER
from services.kernel.identity import Principal
from services.kernel.requests import RequestContext, context_of
from services.kernel.session import WriteSession
from services.kernel.settings import Settings, SettingsRefused

ANONYMOUS: Final = frozenset(
    {
        ("POST", "/v1/sessions"),
        ("POST", "/v1/password-resets"),
        ("POST", "/v1/passwords"),
        ("POST", "/v1/email-confirmations"),
        ("POST", "/v1/invitation-acceptances"),
        ("POST", "/v1/sign-in-attempts"),
        ("POST", "/v1/sign-in-completions"),
        ("POST", "/v1/oauth/token"),
        ("POST", "/v1/oauth/revocation"),
    }
)
# RFC 6749 wants forms here, and a client may name itself by HTTP Basic.
FORMS: Final = frozenset({"/v1/oauth/token", "/v1/oauth/revocation"})
# How such a route is described: nobody is asked for a bearer token.
DESCRIBED: Final[dict[str, Any]] = {"security": []}
# In the scope: where a request comes from, and the session behind it, as the pipe has found out.
ADDRESS: Final = "tandem.address"
SESSION: Final = "tandem.session"

Networks = Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]


def trusted_networks(settings: Settings) -> Networks:
    """The networks of the proxies in front of us. Raises SettingsRefused."""
    try:
        return [ipaddress.ip_network(part.strip()) for part in settings.trusted_proxies.split(",") if part.strip()]
    except ValueError as error:
        raise SettingsRefused(f"TANDEM_TRUSTED_PROXIES is a list of networks such as 10.0.0.0/8: {error}") from error


def address_of(scope: Scope, trusted: Networks) -> str:
    """The address that a request comes from, as far as somebody says so who is trusted.

    Each proxy appends whom it got the request from to X-Forwarded-For. Read from its end, the first address that is no
    proxy of ours is the client; what stands before it is the client's own invention.
    """
    client = scope.get("client")
    address = client[0] if client else "unknown"
    if not _is_in(address, trusted):
        return address
    said = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"x-forwarded-for"]
    for hop in reversed([part.strip() for value in said for part in value.split(",")]):
        if not _is_address(hop):
            break
        address = hop
        if not _is_in(hop, trusted):
            break
    return address


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_in(address: str, networks: Networks) -> bool:
    if not networks or not _is_address(address):
        return False
    parsed = ipaddress.ip_address(address)
    return any(parsed in network for network in networks)


def network_of(address: str) -> str:
    """What counts as one sender: an IPv4 address, or the /64 of an IPv6 address, of which one household has 2**64."""
    if not _is_address(address) or ":" not in address:
        return address
    parsed = ipaddress.IPv6Address(address)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def sender_of(request: Request) -> str:
    """Whom the limits count a request against."""
    return network_of(str(request.scope.get(ADDRESS, "unknown")))


@asynccontextmanager
async def behind_the_door(request: Request, principal: Principal = DOORKEEPER) -> AsyncIterator[WriteSession]:
    """A transaction in somebody's name, which commits with its facts when the block ends well; else nothing was done."""
    context = context_of(request)
    async with context.service.database.write(principal) as session:
        session.trace_id = context.trace_id
        yield session
        await session.publish()
        await session.commit()
    context.service.wake()


def speaks_as(request: Request, principal: Principal = DOORKEEPER) -> RequestContext:
    """The context of an anonymous request, which goes on in the name of whom its secret has proved."""
    context = context_of(request)
    context._principal = principal  # noqa: SLF001 -- nobody else has signed for an anonymous request
    return context
