"""An OpenID Connect provider on loopback, and a browser that signs in there; it runs as a program of its own."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from deploy.local.ports import free_port
from services.kernel.http_client import HttpFailed, Response, client
from tests.factories.system import SystemUnderTest, Tenant

REDIRECT_URI = "http://127.0.0.1:1/signed-in"


@dataclass(frozen=True)
class Issuer:
    """`oidc-provider-mock`, whose people are who the test says."""

    url: str

    async def knows(self, subject: str, claims: Mapping[str, Any]) -> None:
        async with client(self.url) as http:
            answer = await http.put(f"/users/{subject}", json=dict(claims))
            assert answer.status_code == 204, answer.text

    async def authorize(self, url: str, subject: str) -> dict[str, str]:
        """What the browser brings back from the provider: code and state."""
        async with client(self.url) as http:
            answer = await http.post(url, data={"sub": subject})
        assert answer.status_code == 302, answer.text
        assert answer.headers["location"].startswith(REDIRECT_URI)
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


@contextlib.asynccontextmanager
async def running_issuer(port: int | None = None) -> AsyncIterator[Issuer]:
    """A provider with keys of its own; a second one on the same port is the same issuer with other keys."""
    port = port or free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    issuer = Issuer(f"http://127.0.0.1:{port}")
    try:
        async with asyncio.timeout(30), client(issuer.url) as http:
            while True:
                with contextlib.suppress(HttpFailed):
                    if (await http.get("/.well-known/openid-configuration")).status_code == 200:
                        break
                await asyncio.sleep(0.1)
        yield issuer
    finally:
        process.kill()
        await process.wait()


async def register(tenant: Tenant, issuer: Issuer, **members: Any) -> dict[str, Any]:
    """Let a tenant take the issuer's word."""
    body = {
        "name": "Example AS",
        "issuer": issuer.url,
        "client_id": "tandem",
        "client_secret": "as the issuer has given it",
        "redirect_uri": REDIRECT_URI,
    }
    made = await tenant.admin.post("/v1/identity-providers", body | members)
    assert made.status_code == 201, made.text
    provider: dict[str, Any] = made.json()
    return provider


async def begin(system: SystemUnderTest, provider_id: str, **members: Any) -> dict[str, Any]:
    begun = await system.http.post("/v1/sign-in-attempts", json={"provider_id": provider_id} | members)
    assert begun.status_code == 201, begun.text
    attempt: dict[str, Any] = begun.json()
    return attempt


async def complete(system: SystemUnderTest, attempt: Mapping[str, Any], brought: Mapping[str, str]) -> Response:
    body = {"state": brought["state"], "code": brought["code"], "binding": attempt["binding"]}
    return await system.http.post("/v1/sign-in-completions", json=body)


async def sign_in_by(system: SystemUnderTest, issuer: Issuer, provider_id: str, subject: str) -> Response:
    attempt = await begin(system, provider_id)
    return await complete(system, attempt, await issuer.authorize(attempt["authorization_url"], subject))
