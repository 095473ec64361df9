"""Limits on trying: counted by one row each, told in headers, and against the address that is really there."""

import asyncio
from collections.abc import Iterator

import pytest

from gateway.credentials.rate_limit import Limit, RateLimiter
from tests.factories.accounts import PASSWORD, make_account, sign_in
from tests.factories.system import SystemUnderTest


@pytest.fixture
def limits(system: SystemUnderTest) -> Iterator[dict[str, Limit]]:
    """Limits that a test sets; off again afterwards."""
    limiter: RateLimiter = system.service.resources.credentials.limiter
    chosen: dict[str, Limit] = {}
    before, limiter.limits = limiter.limits, chosen
    yield chosen
    limiter.limits = before


async def test_who_is_within_the_limit_is_told_what_is_left(system: SystemUnderTest, limits: dict[str, Limit]) -> None:
    account = await make_account(system, await system.tenant())
    limits["account"] = Limit("account", 3, 60)
    left = []
    for _ in range(3):
        answer = await sign_in(system, account.address)
        assert answer.status_code == 201
        assert answer.headers["ratelimit-policy"] == '"account";q=3;w=60'
        left.append(answer.headers["ratelimit"].partition(";t=")[0])
    assert left == ['"account";r=2', '"account";r=1', '"account";r=0']
    refused = await sign_in(system, account.address)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit"].startswith('"account";r=0;t=')
    assert refused.json()["retryable"]


async def test_a_window_ends(system: SystemUnderTest, limits: dict[str, Limit]) -> None:
    account = await make_account(system, await system.tenant())
    limits["account"] = Limit("account", 1, 1)
    assert (await sign_in(system, account.address)).status_code == 201
    assert (await sign_in(system, account.address)).status_code == 429
    await asyncio.sleep(1.1)
    assert (await sign_in(system, account.address)).status_code == 201


async def test_every_way_to_try_a_password_counts_against_the_same_account(
    system: SystemUnderTest, limits: dict[str, Limit]
) -> None:
    account = await make_account(system, await system.tenant())
    session = await account.session()
    limits["account"] = Limit("account", 2, 60)
    change = {"current_password": "not the password", "new_password": "quite another long sentence"}
    assert (await session.post("/v1/password-changes", change)).status_code == 403
    assert (await session.post("/v1/email-changes", {"email": "x@example.org", "password": "no"})).status_code == 403
    assert (await sign_in(system, account.address, PASSWORD)).status_code == 429


async def test_mail_to_one_address_is_limited(system: SystemUnderTest, limits: dict[str, Limit]) -> None:
    limits["mail"] = Limit("mail", 1, 60)
    body = {"email": "flooded@example.org"}
    assert (await system.http.post("/v1/password-resets", json=body)).status_code == 202
    assert (await system.http.post("/v1/password-resets", json=body)).status_code == 429
