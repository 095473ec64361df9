"""Signing in by a second, certified OpenID Connect provider, written by others in another language (node's oidc-provider).

`make cross` installs it and runs this; it needs node and npm, which nothing else here does.
"""

import asyncio
import contextlib
import json
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

from deploy.local.ports import free_port
from services.kernel.http_client import HttpFailed, client
from tests.factories.accounts import SignedIn, add_person, fresh_address
from tests.factories.identity_provider import REDIRECT_URI, Issuer, begin, complete, register
from tests.factories.system import SystemUnderTest

PROVIDER = Path(__file__).parent / "provider.mjs"


async def brought_back(issuer: str, url: str) -> dict[str, str]:
    """What a browser with cookies brings back when it goes wherever the provider sends it."""
    async with client(issuer, timeout_seconds=10) as browser:
        for _ in range(10):
            answer = await browser.get(url)
            assert answer.status_code in (302, 303), answer.text
            url = urljoin(url, answer.headers["location"])
            if url.startswith(REDIRECT_URI):
                return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    raise AssertionError("the provider goes round in circles")


async def test_a_second_provider_is_understood_as_well(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    address, port = fresh_address(), free_port()
    person_id = await add_person(tenant, address)
    people = json.dumps({"248289761001": {"email": address, "email_verified": True}})
    process = await asyncio.create_subprocess_exec(
        *("node", str(PROVIDER), str(port), REDIRECT_URI, people),
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
        provider = await register(tenant, issuer)
        attempt = await begin(system, provider["id"], max_age_seconds=300)
        brought = await brought_back(issuer.url, attempt["authorization_url"])
        without_issuer = await complete(system, attempt, brought)
        assert without_issuer.status_code == 401, "this provider says who it is (RFC 9207), so the answer must too"
        attempt = await begin(system, provider["id"], max_age_seconds=300)
        brought = await brought_back(issuer.url, attempt["authorization_url"])
        body = {name: brought[name] for name in ("state", "code", "iss")} | {"binding": attempt["binding"]}
        answer = await system.http.post("/v1/sign-in-completions", json=body)
        assert answer.status_code == 201, answer.text
        session = SignedIn(system, person_id, answer.json())
        assert (await session.get("/v1/me")).json()["id"] == str(person_id)
        again = await system.http.post("/v1/sign-in-completions", json=body)
        assert again.status_code == 401
    finally:
        process.kill()
        await process.wait()
