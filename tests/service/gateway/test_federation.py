"""Signing in by a tenant's own identity provider: a real provider, code with PKCE, and every way it must not work."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from services.kernel.ids import new_id
from tests.factories.accounts import SignedIn, add_person, fresh_address, refresh
from tests.factories.identity_provider import (
    Issuer,
    begin,
    complete,
    register,
    running_issuer,
    sign_in_by,
)
from tests.factories.system import SystemUnderTest, Tenant


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[Issuer]:
    async with running_issuer() as issuer:
        yield issuer


async def known(issuer: Issuer, tenant: Tenant, **claims: Any) -> tuple[str, str]:
    """Somebody whom the issuer knows and the tenant has in its directory: their subject and their id with us."""
    address, subject = fresh_address(), new_id().hex
    person_id = await add_person(tenant, address)
    await issuer.knows(subject, {"email": address.upper(), "email_verified": True} | claims)
    return subject, str(person_id)


async def test_only_administrators_say_whose_word_counts_and_nobody_reads_the_secret(
    system: SystemUnderTest, issuer: Issuer
) -> None:
    tenant = await system.tenant()
    provider = await register(tenant, issuer)
    path = f"/v1/identity-providers/{provider['id']}"
    assert provider["has_secret"]
    assert "secret" not in set(provider)
    for answer in (await tenant.admin.get(path), await tenant.admin.get("/v1/identity-providers")):
        assert "as the issuer has given it" not in answer.text
    assert (await tenant["manager"].get(path)).status_code == 404
    assert (await tenant["manager"].patch(path, {"active": False}, 1)).status_code == 404
    body = {name: provider[name] for name in ("name", "issuer", "client_id", "redirect_uri")}
    assert (await tenant["manager"].post("/v1/identity-providers", body)).status_code == 403
    assert (await tenant.admin.post("/v1/identity-providers", body)).status_code == 409
    events = await tenant.admin.get("/v1/events?type=gateway.identity_provider.added&wait=5")
    assert len(events.json()["data"]) == 1
    assert "secret" not in events.json()["data"][0]["data"]


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1",
        "https://10.0.0.1",
        "https://169.254.169.254",
        "https://[::1]",
        "https://[::ffff:10.0.0.1]",
        "https://planning",
        "https://postgres.internal",
        "https://user@example.org",
        "https://no-such-host.invalid",
    ],
)
async def test_an_issuer_inside_or_nowhere_is_refused_at_once(system: SystemUnderTest, url: str) -> None:
    tenant = await system.tenant()
    body = {"name": "x", "issuer": url, "client_id": "x", "redirect_uri": "https://example.org/in"}
    answer = await tenant.admin.post("/v1/identity-providers", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "issuer_refused")


async def test_who_the_issuer_knows_signs_in_and_is_recognised_again(system: SystemUnderTest, issuer: Issuer) -> None:
    tenant = await system.tenant()
    provider = await register(tenant, issuer)
    subject, person_id = await known(issuer, tenant)
    attempt = await begin(system, provider["id"])
    asked = parse_qs(urlsplit(attempt["authorization_url"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    assert attempt["binding"] not in attempt["authorization_url"]
    answer = await complete(system, attempt, await issuer.authorize(attempt["authorization_url"], subject))
    assert answer.status_code == 201, answer.text
    session = SignedIn(system, tenant["manager"].id, answer.json())
    me = (await session.get("/v1/me")).json()
    assert (me["id"], me["authenticated_at"] is not None) == (person_id, True)
    assert (await refresh(system, session.refresh_token)).status_code == 200
    await issuer.knows(subject, {"email": fresh_address()})
    again = await sign_in_by(system, issuer, provider["id"], subject)
    assert again.json()["person_id"] == person_id, "the subject counts, whatever the address says now"


@pytest.mark.parametrize("claims", [{"email_verified": False}, {"email_verified": "true"}, {"email": "x@example.org"}])
async def test_an_address_that_is_not_verified_is_nobodys(
    system: SystemUnderTest, issuer: Issuer, claims: dict[str, Any]
) -> None:
    tenant = await system.tenant()
    provider = await register(tenant, issuer)
    subject, _ = await known(issuer, tenant, **claims)
    answer = await sign_in_by(system, issuer, provider["id"], subject)
    assert (answer.status_code, answer.json()["code"]) == (403, "nobody_here")


async def test_an_issuer_speaks_for_its_own_tenant_and_as_far_as_it_is_trusted(
    system: SystemUnderTest, issuer: Issuer
) -> None:
    tenant, other = await system.tenant(), await system.tenant()
    subject, _ = await known(issuer, tenant)
    for provider in (await register(other, issuer), await register(tenant, issuer, trusts_email=False)):
        assert (await sign_in_by(system, issuer, provider["id"], subject)).status_code == 403


async def test_another_subject_does_not_take_a_person_over_by_the_address(
    system: SystemUnderTest, issuer: Issuer
) -> None:
    tenant = await system.tenant()
    provider = await register(tenant, issuer)
    address = fresh_address()
    await add_person(tenant, address)
    for subject, status in ((new_id().hex, 201), (new_id().hex, 403)):
        await issuer.knows(subject, {"email": address, "email_verified": True})
        assert (await sign_in_by(system, issuer, provider["id"], subject)).status_code == status


async def test_an_answer_is_good_once_and_in_the_browser_that_asked(system: SystemUnderTest, issuer: Issuer) -> None:
    tenant = await system.tenant()
    provider = await register(tenant, issuer)
    subject, _ = await known(issuer, tenant)
    attempt, foreign = await begin(system, provider["id"]), await begin(system, provider["id"])
    brought = await issuer.authorize(attempt["authorization_url"], subject)
    elsewhere = await complete(system, foreign, brought)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (401, "sign_in_failed")
    assert (await complete(system, attempt, brought | {"state": "x" * 43})).status_code == 401
    assert (
        await system.http.post(
            "/v1/sign-in-completions",
            json={**brought, "binding": attempt["binding"], "iss": "https://another.example.org"},
        )
    ).status_code == 401, "an answer of another issuer"
    assert (await complete(system, attempt, brought)).status_code == 401, "which has used the attempt up"
    attempt = await begin(system, provider["id"])
    brought = await issuer.authorize(attempt["authorization_url"], subject)
    answers = await asyncio.gather(*(complete(system, attempt, brought) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [401] * 9


async def test_a_code_of_another_attempt_has_the_wrong_nonce(system: SystemUnderTest, issuer: Issuer) -> None:
    tenant = await system.tenant()
    provider = await register(tenant, issuer)
    subject, _ = await known(issuer, tenant)
    mine, stolen = await begin(system, provider["id"]), await begin(system, provider["id"])
    brought = await issuer.authorize(stolen["authorization_url"], subject)
    state = parse_qs(urlsplit(mine["authorization_url"]).query)["state"][0]
    assert (await complete(system, mine, brought | {"state": state})).status_code == 401


async def test_new_keys_of_the_issuer_are_found_and_its_absence_is_told(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    async with running_issuer() as first:
        provider = await register(tenant, first)
        subject, person_id = await known(first, tenant)
        assert (await sign_in_by(system, first, provider["id"], subject)).status_code == 201
        port = urlsplit(first.url).port
    attempt = await begin(system, provider["id"])
    gone = await system.http.post(
        "/v1/sign-in-completions", json={"state": _state(attempt), "code": "x", "binding": attempt["binding"]}
    )
    assert (gone.status_code, gone.json()["code"]) == (503, "identity_provider_unavailable")
    # The keys were looked at long ago, as far as the client knows.
    cached = system.service.resources.providers._keys
    cached.update({uri: (keys, when - 60) for uri, (keys, when) in cached.items()})
    async with running_issuer(port) as second:
        await second.knows(subject, {"email": "x@example.org"})
        again = await sign_in_by(system, second, provider["id"], subject)
        assert again.json()["person_id"] == person_id, again.text


def _state(attempt: dict[str, Any]) -> str:
    state: str = parse_qs(urlsplit(attempt["authorization_url"]).query)["state"][0]
    return state


async def test_what_an_issuer_began_ends_when_its_word_counts_no_more(system: SystemUnderTest, issuer: Issuer) -> None:
    tenant = await system.tenant()
    provider = await register(tenant, issuer)
    subject, _ = await known(issuer, tenant)
    path = f"/v1/identity-providers/{provider['id']}"
    session = SignedIn(system, tenant["manager"].id, (await sign_in_by(system, issuer, provider["id"], subject)).json())
    attempt = await begin(system, provider["id"])
    brought = await issuer.authorize(attempt["authorization_url"], subject)
    assert (await tenant.admin.patch(path, {"active": False}, 1)).status_code == 200
    assert (await session.get("/v1/me")).status_code == 401
    assert (await refresh(system, session.refresh_token)).status_code == 400
    assert (await complete(system, attempt, brought)).status_code == 401
    refused = await system.http.post("/v1/sign-in-attempts", json={"provider_id": provider["id"]})
    assert refused.status_code == 404
    assert (await tenant.admin.delete(path, 2)).status_code == 204
    assert (await tenant.admin.get(path)).status_code == 404
    await register(tenant, issuer)


async def test_a_deactivated_person_does_not_sign_in_by_an_issuer_either(
    system: SystemUnderTest, issuer: Issuer
) -> None:
    tenant = await system.tenant()
    provider = await register(tenant, issuer)
    subject, person_id = await known(issuer, tenant)
    assert (await sign_in_by(system, issuer, provider["id"], subject)).status_code == 201
    assert (await tenant.admin.patch(f"/v1/people/{person_id}", {"active": False}, 1)).status_code == 200
    assert (await sign_in_by(system, issuer, provider["id"], subject)).status_code == 403
