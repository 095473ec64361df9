"""Group C of the attack list, and of group B what concerns credentials: who one is, is proved by what was given out alone."""

import asyncio
import base64
import re
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import orjson
import pytest
from joserfc import jwe, jwt
from joserfc.jwk import OctKey

from gateway.credentials.installation import INSTALLATION
from gateway.credentials.rate_limit import Limit, RateLimiter
from services.kernel.http_client import Response, client
from services.kernel.identity import HEADER, IdentitySigner, Principal
from services.kernel.ids import new_id
from services.kernel.problems import Unauthenticated
from services.kernel.settings import Settings, SettingsRefused
from tests.contract.inventory import Inventory
from tests.factories.accounts import (
    PASSWORD,
    SignedIn,
    accept,
    add_person,
    fresh_address,
    invite,
    mailed_code,
    make_account,
    refresh,
    sign_in,
)
from tests.factories.system import Person
from tests.system.attacks.watch import Watch, service_of, tenant_of

NEW_PASSWORD = "quite another long sentence"


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).decode().rstrip("=")


def claims(attacker: Inventory, **changed: Any) -> dict[str, Any]:
    """What the gateway says inwards of the attacker's manager."""
    now = int(time.time())
    told = {
        "iss": "tandem-gateway",
        "aud": "tandem-services",
        "iat": now,
        "exp": now + 60,
        "tid": str(new_id()),
        "sub": str(attacker.tenant["manager"].id),
        "kind": "person",
        "scopes": ["planning:decide"],
    } | changed
    return {name: value for name, value in told.items() if value is not ...}


async def presented(attacker: Inventory, token: str) -> list[Response]:
    """A token shown as a bearer to the gateway, and as an identity to a service behind it."""
    system = attacker.system
    planning: Any = system.pipe._upstreams["planning"]
    async with client(planning) as direct:
        return [
            await system.http.get("/v1/me", headers={"Authorization": f"Bearer {token}"}),
            await system.http.get("/v1/me", headers={HEADER: token}),
            await direct.get("/v1/projects", headers={HEADER: token}),
        ]


async def refused_everywhere(attacker: Inventory, token: str) -> None:
    for answer in await presented(attacker, token):
        assert answer.status_code == 401, f"{token[:80]}: {answer.status_code} {answer.text[:200]}"


@pytest.fixture
def limits(attacker: Inventory) -> Iterator[dict[str, Limit]]:
    """The limits that a case sets; off again afterwards."""
    limiter: RateLimiter = attacker.system.service.resources.credentials.limiter
    chosen: dict[str, Limit] = {}
    before, limiter.limits = limiter.limits, chosen
    yield chosen
    limiter.limits = before


# -- C01 to C04: tokens that are no tokens of ours --------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "NONE", "", "HS256", "HS384", "RS256"])
async def test_C01_a_token_without_a_signature_of_ours_is_none(attacker: Inventory, algorithm: str) -> None:
    head = encoded({"alg": algorithm, "typ": "tandem-identity+jwt"})
    for signature in ("", "AAAA", base64.urlsafe_b64encode(bytes(32)).decode().rstrip("=")):
        await refused_everywhere(attacker, f"{head}.{encoded(claims(attacker))}.{signature}")


async def test_C01_a_token_signed_with_what_is_known_to_all_is_none(attacker: Inventory) -> None:
    for secret in ("", "secret", "tandem", "changeme", "tandem-gateway", str(attacker.tenant["manager"].id)):
        key = OctKey.import_key(secret.ljust(32, "\0"))
        header = {"alg": "HS256", "typ": "tandem-identity+jwt"}
        await refused_everywhere(attacker, jwt.encode(header, claims(attacker), key))


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "../../../../dev/null"},
        {"kid": "' union select ''--"},
        {"kid": "http://127.0.0.1:1/key"},
        {"jku": "http://127.0.0.1:1/keys"},
        {"x5u": "http://127.0.0.1:1/certificate"},
        {"jwk": {"kty": "oct", "k": base64.urlsafe_b64encode(b"x" * 32).decode().rstrip("=")}},
        {"crit": ["unheard-of"], "unheard-of": 1},
    ],
    ids=lambda header: next(iter(header)),
)
async def test_C02_a_token_does_not_choose_the_key_that_judges_it(attacker: Inventory, header: dict[str, Any]) -> None:
    told = {"alg": "HS256", "typ": "tandem-identity+jwt"} | header
    body = f"{encoded(told)}.{encoded(claims(attacker))}"
    await refused_everywhere(attacker, f"{body}.{base64.urlsafe_b64encode(bytes(32)).decode().rstrip('=')}")


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "tandem-gateway"},
        {"aud": ...},
        {"iss": "somebody"},
        {"iss": ...},
        {"exp": ...},
        {"exp": 1},
        {"exp": 2**62},
        {"exp": time.time() + 60},
        {"exp": "4102444800"},
        {"exp": True},
        {"exp": None},
        {"nbf": int(time.time()) + 3600},
        {"kind": "god"},
        {"scopes": "admin"},
    ],
    ids=str,
)
async def test_C03_even_a_rightly_signed_identity_must_say_the_right_things(
    attacker: Inventory, changed: dict[str, Any]
) -> None:
    keys = attacker.system.service.settings.signing_keys
    header = {"alg": "HS256", "typ": "tandem-identity+jwt"}
    token = jwt.encode(header, claims(attacker, **changed), OctKey.import_key(keys[0]))
    with pytest.raises(Unauthenticated):
        IdentitySigner(keys).verify(token)
    other_type = jwt.encode({"alg": "HS256", "typ": "JWT"}, claims(attacker), OctKey.import_key(keys[0]))
    with pytest.raises(Unauthenticated):
        IdentitySigner(keys).verify(other_type)


async def test_C03_an_identity_of_the_inside_is_no_token_outside(attacker: Inventory) -> None:
    signer = attacker.system.service.signer
    signed = signer.sign(Principal(new_id(), attacker.tenant["manager"].id))
    for headers in ({"Authorization": f"Bearer {signed}"}, {HEADER: signed}):
        assert (await attacker.system.http.get("/v1/me", headers=headers)).status_code == 401


async def test_C04_a_monstrous_token_costs_next_to_nothing(attacker: Inventory, port: int) -> None:
    manager = attacker.tenant["manager"]
    many = jwt.encode({"alg": "HS256"}, {f"c{n}": n for n in range(10_000)}, OctKey.import_key("x" * 32))
    deep = f"{encoded({'alg': 'none'})}.{base64.urlsafe_b64encode(b'[' * 20_000).decode()}."
    packed = jwe.encrypt_compact(
        {"alg": "dir", "enc": "A256GCM", "zip": "DEF"}, b"0" * 200_000, OctKey.import_key("x" * 32)
    )
    for token in ("tdm_pat_" + "x" * 64_000, many, deep, packed, "a." * 30_000):
        for headers in ({"Authorization": f"Bearer {token}"}, {HEADER: token}):
            spent = []
            for _ in range(5):
                started = time.perf_counter()
                answer = await attacker.system.http.get("/v1/me", headers=headers)
                spent.append(time.perf_counter() - started)
                assert answer.status_code == 401
            assert statistics.median(spent) < 0.05
    async with client(f"http://127.0.0.1:{port}") as public:
        answer = await public.get("/v1/me", headers={"Authorization": "Bearer tdm_pat_" + "x" * 70_000})
        assert answer.status_code in (401, 431)
    assert (await manager.get("/v1/me")).status_code == 200


# -- C05, C06: what is good once --------------------------------------------------------------------------------------


async def test_C05_of_twenty_who_refresh_at_once_one_succeeds_and_the_session_is_over(attacker: Inventory) -> None:
    system = attacker.system
    account = await make_account(system, attacker.tenant)
    session = await account.session()
    answers = await asyncio.gather(*(refresh(system, session.refresh_token) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 19
    winner = next(answer.json() for answer in answers if answer.status_code == 200)
    assert (await Person(system.http, winner["access_token"], account.person_id).get("/v1/me")).status_code == 401
    assert (await refresh(system, winner["refresh_token"])).status_code == 400
    assert (await session.get("/v1/me")).status_code == 401
    events = await attacker.tenant.admin.get("/v1/events?type=gateway.session.refresh_reused&limit=200&wait=5")
    assert [event["subject"]["id"] for event in events.json()["data"]].count(session.session_id) == 1


async def test_C06_of_twenty_who_reset_at_once_one_succeeds(attacker: Inventory) -> None:
    system = attacker.system
    account = await make_account(system, attacker.tenant)
    await system.http.post("/v1/password-resets", json={"email": account.address})
    code = await mailed_code(system, account.address, 2)
    answers = await asyncio.gather(
        *(system.http.post("/v1/passwords", json={"token": code, "password": f"{NEW_PASSWORD} {n}"}) for n in range(20))
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [410] * 19
    chosen = next(n for n, answer in enumerate(answers) if answer.status_code == 201)
    assert (await sign_in(system, account.address, f"{NEW_PASSWORD} {chosen}")).status_code == 201


async def test_C06_a_code_from_before_a_change_is_good_for_nothing(attacker: Inventory) -> None:
    system = attacker.system
    account = await make_account(system, attacker.tenant)
    await system.http.post("/v1/password-resets", json={"email": account.address})
    older = await mailed_code(system, account.address, 2)
    await system.http.post("/v1/password-resets", json={"email": account.address})
    newer = await mailed_code(system, account.address, 3)
    session = await account.session()
    body = {"token": older, "password": NEW_PASSWORD}
    assert (await system.http.post("/v1/passwords", json=body)).status_code == 410, "the newer one replaced it"
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert (await session.post("/v1/password-changes", change)).status_code == 200
    assert (await system.http.post("/v1/passwords", json=body | {"token": newer})).status_code == 410
    assert (await system.http.post("/v1/email-confirmations", json={"token": newer})).status_code == 410


# -- C07: trying often ------------------------------------------------------------------------------------------------


async def test_C07_two_hundred_at_once_against_a_limit_of_ten_are_ten(
    attacker: Inventory, limits: dict[str, Limit]
) -> None:
    system = attacker.system
    account = await make_account(system, attacker.tenant)
    limits["account"] = Limit("account", 10, 300)
    passwords = system.service.resources.credentials.passwords
    before = passwords.checks
    answers = await asyncio.gather(
        *(
            sign_in(system, account.address, "a guess", headers={"X-Forwarded-For": f"198.51.100.{n}"})
            for n in range(200)
        )
    )
    assert passwords.checks - before == 10
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(401), statuses.count(429)) == (10, 190)
    assert (await sign_in(system, account.address)).status_code == 429, "not even the right password is tried"


async def test_C07_a_thousand_from_invented_addresses_are_from_one(
    attacker: Inventory, limits: dict[str, Limit], port: int, watch: Watch
) -> None:
    watch.writes_unseen = True
    limits["address"] = Limit("address", 20, 300)
    passwords = attacker.system.service.resources.credentials.passwords
    before = passwords.checks
    async with client(f"http://127.0.0.1:{port}") as public:
        for n in range(1_000):
            body = {"email": f"somebody-{n}@example.org", "password": "a guess"}
            forged = f"203.0.113.{n % 250}"
            headers = {"X-Forwarded-For": forged, "Forwarded": f"for={forged}", "X-Real-IP": forged}
            answer = await public.post("/v1/sessions", json=body, headers=headers)
            assert answer.status_code == (401 if n < 20 else 429), n
    assert passwords.checks - before == 20


# -- C08: who is there ------------------------------------------------------------------------------------------------


async def compared(known: Callable[[], Awaitable[Response]], unknown: Callable[[], Awaitable[Response]]) -> None:
    """Two hundred samples each, in turns: the same answer, and medians within five milliseconds."""
    spent: dict[str, list[float]] = {"known": [], "unknown": []}
    said = set()
    for _ in range(200):
        for name, ask in (("known", known), ("unknown", unknown)):
            started = time.perf_counter()
            answer = await ask()
            spent[name].append(time.perf_counter() - started)
            text = re.sub(r'"trace_id":"[0-9a-f]{32}"', "", answer.text)
            said.add((answer.status_code, text, tuple(sorted(set(answer.headers)))))
    assert len(said) == 1, said
    medians = {name: statistics.median(each) for name, each in spent.items()}
    assert abs(medians["known"] - medians["unknown"]) < 0.005, medians


async def test_C08_signing_in_does_not_tell_who_has_an_account(attacker: Inventory) -> None:
    system = attacker.system
    account, unknown = await make_account(system, attacker.tenant), fresh_address()
    await compared(
        lambda: sign_in(system, account.address, "not the password"),
        lambda: sign_in(system, unknown, "not the password"),
    )


async def test_C08_asking_for_a_reset_does_not_tell_who_has_an_account(attacker: Inventory) -> None:
    system = attacker.system
    account, unknown = await make_account(system, attacker.tenant), fresh_address()

    async def ask(address: str) -> Response:
        return await system.http.post("/v1/password-resets", json={"email": address})

    await compared(lambda: ask(account.address), lambda: ask(unknown))


async def test_C08_an_administrator_who_invites_does_not_learn_who_has_an_account(attacker: Inventory) -> None:
    """The invitation is a mail in both cases; what it asks for is told to its reader alone."""
    tenant, system = attacker.tenant, attacker.system
    elsewhere = await make_account(system, await system.tenant())
    shown = []
    for address in (elsewhere.address, fresh_address()):
        person_id = await add_person(tenant, address)
        answer = await tenant.admin.post("/v1/invitations", {"person_id": str(person_id)})
        assert answer.status_code == 201
        shown.append({name for name, value in answer.json().items() if value is not None})
    assert shown[0] == shown[1]


# -- C09: a session after what should end it --------------------------------------------------------------------------


async def test_C09_rights_are_new_at_the_next_request(attacker: Inventory) -> None:
    system, tenant = attacker.system, attacker.tenant
    account = await make_account(system, tenant)
    session, other = await account.session(), await account.session()
    project = f"/v1/projects/{tenant.project_id}"
    assert (await session.get(project)).status_code == 404
    body = {"person_id": str(account.person_id), "role": "member"}
    granted = await tenant["manager"].post(f"{project}/memberships", body)
    assert (await session.get(project)).status_code == 200
    assert (await tenant["manager"].delete(f"/v1/memberships/{granted.json()['id']}", 1)).status_code == 204
    assert (await session.get(project)).status_code == 404
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert (await session.post("/v1/password-changes", change)).status_code == 200
    assert (await other.get("/v1/me")).status_code == 401
    assert (await session.delete(f"/v1/sessions/{session.session_id}", 1)).status_code == 204
    for ended in (session, other):
        assert (await ended.get("/v1/me")).status_code == 401
        assert (await refresh(system, ended.refresh_token)).status_code == 400


# -- C10: secrets of the installation ---------------------------------------------------------------------------------


@pytest.mark.parametrize("weak", ["", "changeme", "8 bytes!", "changeme" * 8, "default-secret-" * 4])
@pytest.mark.parametrize("variable", ["TANDEM_INTERNAL_KEYS", "TANDEM_CURSOR_KEY", "TANDEM_METRICS_TOKEN"])
def test_C10_nothing_starts_on_a_secret_that_can_be_guessed(variable: str, weak: str) -> None:
    environ = {
        "TANDEM_DATABASE_URL": "postgresql://x",
        "TANDEM_NATS_URL": "nats://x",
        "TANDEM_INTERNAL_KEYS": new_id().hex + new_id().hex,
        "TANDEM_CURSOR_KEY": new_id().hex + new_id().hex,
    }
    Settings.load("gateway", environ)
    if weak == "" and variable == "TANDEM_METRICS_TOKEN":
        return  # Without a token nobody scrapes.
    with pytest.raises(SettingsRefused, match=variable):
        Settings.load("gateway", environ | {variable: weak})


# -- C11: keys in the wrong place -------------------------------------------------------------------------------------


async def test_C11_a_key_in_a_url_opens_nothing_and_is_not_logged(attacker: Inventory, log_lines: list[str]) -> None:
    secret = attacker.tenant["manager"].token
    for name in ("access_token", "token", "api_key", "apikey", "key", "authorization"):
        answer = await attacker.system.http.get("/v1/me", params={name: secret})
        assert answer.status_code == 401
        await attacker.system.http.post("/v1/sessions", params={name: secret}, json={})
        await attacker.tenant["manager"].get("/v1/people", params={name: secret})
    assert log_lines, "nothing was logged, so nothing was looked at"
    assert not [line for line in log_lines if secret in line]


async def test_C11_no_secret_is_stored_so_that_none_is_compared(attacker: Inventory) -> None:
    """A hash is looked up; how long that takes says nothing of the secret."""
    system, tenant = attacker.system, attacker.tenant
    account = await make_account(system, tenant)
    session = await account.session()
    secrets = [session.token, session.refresh_token, tenant["manager"].token, PASSWORD]
    service = service_of(system, "gateway")
    for space in (await tenant_of(tenant), INSTALLATION):
        async with service.database.read(space) as reading:
            for table in ("tokens", "sessions", "spent_refreshes", "accounts", "mailed_secrets", "invitations", "jobs"):
                rows = await reader_text(reading, table)
                assert not [secret for secret in secrets if secret in rows], table
    spent: dict[bool, list[float]] = {True: [], False: []}
    for n in range(200):
        guess = session.token[:-6] if n % 2 else "tdm_ses_"
        started = time.perf_counter()
        answer = await system.http.get("/v1/me", headers={"Authorization": f"Bearer {guess.ljust(51, 'x')}"})
        spent[bool(n % 2)].append(time.perf_counter() - started)
        assert answer.status_code == 401
    assert abs(statistics.median(spent[True]) - statistics.median(spent[False])) < 0.005


async def reader_text(reading: Any, table: str) -> str:
    text: str = await reading.value(f"select coalesce(string_agg(t::text, chr(10)), '') from {table} t")
    return text


# -- C12: one credential, every way in --------------------------------------------------------------------------------


async def test_C12_a_password_is_tried_in_few_places_and_under_one_limit(
    attacker: Inventory, limits: dict[str, Limit]
) -> None:
    system = attacker.system
    account = await make_account(system, attacker.tenant)
    basic = base64.b64encode(f"{account.address}:{PASSWORD}".encode()).decode()
    for method, path in (("GET", "/v1/me"), ("GET", "/v1/events/stream"), ("GET", "/metrics")):
        answer = await system.http.request(method, path, headers={"Authorization": f"Basic {basic}"})
        assert answer.status_code == 401
    form = {"grant_type": "password", "username": account.address, "password": PASSWORD}
    assert (await system.http.post("/v1/oauth/token", data=form)).json()["error"] == "unsupported_grant_type"
    session = await account.session()
    limits["account"] = Limit("account", 3, 300)
    for _ in range(3):
        assert (await sign_in(system, account.address, "a guess")).status_code == 401
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert (await session.post("/v1/password-changes", change)).status_code == 429
    assert (await session.post("/v1/email-changes", {"email": "a@b.no", "password": PASSWORD})).status_code == 429
    assert (await accept(system, "tdm_inv_" + "x" * 43, account.address)).status_code == 429
    assert (await sign_in(system, account.address.upper())).status_code == 429


# -- B06: secrets of one thing used for another -----------------------------------------------------------------------


async def test_B06_no_secret_but_an_access_token_opens_the_api(attacker: Inventory) -> None:
    system, tenant = attacker.system, attacker.tenant
    account = await make_account(system, tenant)
    session = await account.session()
    address = fresh_address()
    _, invitation = await invite(system, tenant, await add_person(tenant, address), address)
    await system.http.post("/v1/password-resets", json={"email": account.address})
    reset = await mailed_code(system, account.address, 2)
    machine = str(await add_person(tenant, fresh_address(), kind="integration"))
    body = {"person_id": machine, "name": "x", "scopes": ["planning:read"]}
    secret = (await tenant.admin.post("/v1/oauth-clients", body)).json()["secret"]
    for used in (
        session.refresh_token,
        invitation,
        reset,
        secret,
        PASSWORD,
        session.session_id,
        "",
        "tdm_",
        "tdm_pat_",
    ):
        answer = await system.http.get("/v1/me", headers={"Authorization": f"Bearer {used}"})
        assert answer.status_code == 401, used[:8]
        assert (await refresh(system, used)).status_code == (200 if used == session.refresh_token else 400)
    for code in (invitation, session.token):
        answer = await system.http.post("/v1/passwords", json={"token": code, "password": NEW_PASSWORD})
        assert answer.status_code == 410
    assert (await accept(system, reset, account.address)).status_code == 404


# -- B07: invitations -------------------------------------------------------------------------------------------------


async def test_B07_an_invitation_is_for_the_address_that_it_was_sent_to_and_once(attacker: Inventory) -> None:
    system, tenant = attacker.system, attacker.tenant
    address = fresh_address()
    person_id = await add_person(tenant, address)
    invitation_id, code = await invite(system, tenant, person_id, address)
    assert code not in (await tenant.admin.get("/v1/invitations")).text
    stranger = await make_account(system, await system.tenant())
    other = await accept(system, code, stranger.address)
    assert (other.status_code, other.json()["code"]) == (403, "invitation_for_another")
    assert (await sign_in(system, stranger.address)).json()["id"]
    assert (await accept(system, "tdm_inv_" + "x" * 43, address)).status_code == 404
    assert (await accept(system, code, address)).status_code == 201
    assert (await accept(system, code, address)).status_code == 410, "a replay"
    assert (await accept(system, code, address, NEW_PASSWORD)).status_code == 410
    assert (await sign_in(system, address, NEW_PASSWORD)).status_code == 401
    revoked = await tenant.admin.delete(f"/v1/invitations/{invitation_id}", 2)
    assert (revoked.status_code, revoked.json()["code"]) == (409, "invitation_ended")


async def test_B07_a_revoked_or_expired_invitation_lets_nobody_in(attacker: Inventory) -> None:
    system, tenant = attacker.system, attacker.tenant
    service = service_of(system, "gateway")
    tenant_id = (await tenant.admin.get("/v1/me")).json()["tenant_id"]
    for way in ("revoked", "expired", "deactivated"):
        address = fresh_address()
        person_id = await add_person(tenant, address)
        invitation_id, code = await invite(system, tenant, person_id, address)
        if way == "revoked":
            assert (await tenant.admin.delete(f"/v1/invitations/{invitation_id}", 1)).status_code == 204
        elif way == "deactivated":
            assert (await tenant.admin.patch(f"/v1/people/{person_id}", {"active": False}, 1)).status_code == 200
        else:
            async with service.database.brief(tenant_id) as writing:
                await writing.row(
                    "update invitations set expires_at = now() where tenant_id = $1 and id = $2",
                    tenant_id,
                    invitation_id,
                )
        assert (await accept(system, code, address)).status_code == 410, way
        assert (await sign_in(system, address)).status_code == 401, way


async def test_B07_an_address_is_not_taken_by_saying_that_one_has_it(attacker: Inventory) -> None:
    system, tenant = attacker.system, attacker.tenant
    squatter = await make_account(system, await system.tenant())
    address = fresh_address()
    session = await squatter.session()
    asked = await session.post("/v1/email-changes", {"email": address, "password": PASSWORD})
    assert asked.status_code == 202
    squatters_code = await mailed_code(system, address)
    assert (await sign_in(system, address)).status_code == 401, "an address that nobody has proved signs in nobody"
    person_id = await add_person(tenant, address)
    _, code = await invite(system, tenant, person_id, address)
    assert (await accept(system, code, squatter.address)).status_code == 403
    assert (await accept(system, code, address, NEW_PASSWORD)).status_code == 201
    assert (await sign_in(system, address)).status_code == 401, "the squatter's password is not the account's"
    assert (await sign_in(system, address, NEW_PASSWORD)).json()["person_id"] == str(person_id)
    late = await system.http.post("/v1/email-confirmations", json={"token": squatters_code})
    assert (late.status_code, late.json()["code"]) == (409, "email_taken")


# -- B09: who is no longer there --------------------------------------------------------------------------------------


async def test_B09_a_deactivated_person_is_refused_by_everything_they_hold(
    attacker: Inventory, port: int, watch: Watch
) -> None:
    watch.writes_unseen = True
    system, tenant = attacker.system, attacker.tenant
    account = await make_account(system, tenant)
    session = await account.session()
    personal = (await session.post("/v1/tokens", {"name": "x", "scopes": ["planning:read"]})).json()["secret"]
    holders: list[Person] = [session, Person(system.http, personal, account.person_id)]
    streams = [await opened_stream(port, holder.token) for holder in holders]
    for holder in holders:
        assert (await holder.get("/v1/me")).status_code == 200
    path = f"/v1/people/{account.person_id}"
    assert (await tenant.admin.patch(path, {"active": False}, 1)).status_code == 200
    for holder in holders:
        assert (await holder.get("/v1/me")).status_code == 401
    assert (await refresh(system, session.refresh_token)).status_code == 400
    assert (await sign_in(system, account.address)).status_code == 401
    async with asyncio.timeout(5):
        for reader, writer in streams:
            await reader.read()
            writer.close()


async def test_B09_what_a_signed_out_session_listens_to_ends(attacker: Inventory, port: int, watch: Watch) -> None:
    watch.writes_unseen = True
    system = attacker.system
    account = await make_account(system, attacker.tenant)
    session: SignedIn = await account.session()
    reader, writer = await opened_stream(port, session.token)
    assert (await session.request("DELETE", "/v1/sessions")).status_code == 204
    async with asyncio.timeout(5):
        await reader.read()
    writer.close()


async def opened_stream(port: int, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"GET /v1/events/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode())
    async with asyncio.timeout(5):
        await reader.readuntil(b": connected\n\n")
    return reader, writer
