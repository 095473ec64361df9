"""Signing in, refreshing, signing out, and what a password change does to sessions."""

import asyncio
from datetime import UTC, datetime

from gateway.credentials.session import ACCESS_PREFIX, REFRESH_PREFIX
from tests.factories.accounts import (
    PASSWORD,
    SignedIn,
    accept,
    add_person,
    fresh_address,
    invite,
    mailed_code,
    mails_to,
    make_account,
    refresh,
    sign_in,
)
from tests.factories.system import Person, SystemUnderTest, Tenant

NEW_PASSWORD = "quite another long sentence"


async def facts_of(tenant: Tenant, fact_type: str) -> list[dict[str, object]]:
    events: list[dict[str, object]] = (
        await tenant.admin.get("/v1/events", params={"type": fact_type, "limit": "200", "wait": "5"})
    ).json()["data"]
    return events


async def test_nobody_signs_in_without_an_account_or_with_a_wrong_password(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    account = await make_account(system, tenant)
    not_invited = fresh_address()
    await add_person(tenant, not_invited)
    unknown = await sign_in(system, not_invited)
    wrong = await sign_in(system, account.address, "not the password")
    elsewhere = await sign_in(system, account.address, PASSWORD, str(account.person_id))
    for answer in (unknown, wrong, elsewhere):
        assert (answer.status_code, answer.json()["code"]) == (401, "wrong_credentials")
    assert len(unknown.content) == len(wrong.content)


async def test_an_access_token_gets_in_and_says_when_its_person_signed_in(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    account = await make_account(system, tenant)
    answer = await sign_in(system, f" {account.address.upper()} ".strip())
    assert answer.status_code == 201, answer.text
    document = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert document["access_token"].startswith(ACCESS_PREFIX)
    assert document["refresh_token"].startswith(REFRESH_PREFIX)
    assert (document["token_type"], document["expires_in"]) == ("Bearer", 900)
    signed_in = SignedIn(system, account.person_id, document)
    me = (await signed_in.get("/v1/me")).json()
    assert me["id"] == str(account.person_id)
    assert "admin" not in me["scopes"]
    age = datetime.now(UTC) - datetime.fromisoformat(me["authenticated_at"])
    assert 0 <= age.total_seconds() < 30
    assert (await tenant["manager"].get("/v1/me")).json()["authenticated_at"] is None
    listed = (await signed_in.get("/v1/sessions")).json()["data"]
    assert [each["id"] for each in listed] == [document["id"]]
    assert listed[0]["last_used_at"] is not None
    assert document["access_token"] not in str(listed)


async def test_a_refresh_gives_new_tokens_and_ends_the_old_ones(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    account = await make_account(system, tenant)
    first = await account.session()
    signed_in_at = (await first.get("/v1/me")).json()["authenticated_at"]
    answer = await refresh(system, first.refresh_token)
    assert answer.status_code == 200, answer.text
    assert (await first.get("/v1/me")).status_code == 401
    second = Person(system.http, answer.json()["access_token"], account.person_id)
    assert (await second.get("/v1/me")).json()["authenticated_at"] == signed_in_at
    assert "planning:decide" in answer.json()["scope"].split()


async def test_a_refresh_token_that_comes_twice_ends_the_session_for_everybody(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    account = await make_account(system, tenant)
    stolen = await account.session()
    other = await account.session()
    thief = (await refresh(system, stolen.refresh_token)).json()
    again = await refresh(system, stolen.refresh_token)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert (await Person(system.http, thief["access_token"], account.person_id).get("/v1/me")).status_code == 401
    assert (await refresh(system, thief["refresh_token"])).status_code == 400
    assert (await other.get("/v1/me")).status_code == 200
    assert len(await facts_of(tenant, "gateway.session.refresh_reused")) == 1


async def test_who_signs_out_is_refused_at_the_next_request(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    account = await make_account(system, tenant)
    one, two = await account.session(), await account.session()
    path = f"/v1/sessions/{one.session_id}"
    assert (await tenant["manager"].delete(path, 1)).status_code == 404
    assert (await one.delete(path, 1)).status_code == 204
    assert (await one.get("/v1/me")).status_code == 401
    assert (await refresh(system, one.refresh_token)).status_code == 400
    assert (await two.get(path)).json()["end_reason"] == "signed_out"
    assert (await two.get("/v1/me")).status_code == 200


async def test_signing_out_everywhere_reaches_every_tenant_of_the_account(system: SystemUnderTest) -> None:
    here, there = await system.tenant(), await system.tenant()
    account = await make_account(system, here)
    person_there = await add_person(there, account.address)
    _, code = await invite(system, there, person_there, account.address)
    assert (await accept(system, code, account.address, "not my password")).status_code == 403
    assert (await accept(system, code, account.address)).status_code == 201
    undecided = await sign_in(system, account.address)
    assert (undecided.status_code, undecided.json()["code"]) == (409, "tenant_choice")
    sessions = []
    for each in undecided.json()["tenants"]:
        answer = await sign_in(system, account.address, tenant_id=each["tenant_id"])
        sessions.append(SignedIn(system, account.person_id, answer.json()))
    assert {(await each.get("/v1/me")).json()["id"] for each in sessions} == {str(account.person_id), str(person_there)}
    assert (await sessions[0].request("DELETE", "/v1/sessions")).status_code == 204
    for each in sessions:
        assert (await each.get("/v1/me")).status_code == 401
        assert (await refresh(system, each.refresh_token)).status_code == 400


async def test_a_new_password_ends_the_other_sessions_and_not_the_current_one(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    account = await make_account(system, tenant)
    current, other = await account.session(), await account.session()
    change = {"current_password": "not the password", "new_password": NEW_PASSWORD}
    wrong = await current.post("/v1/password-changes", change)
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_password")
    weak = await current.post("/v1/password-changes", {"current_password": PASSWORD, "new_password": "aaaaaaaaaaaa"})
    assert (weak.status_code, weak.json()["code"]) == (422, "password_too_weak")
    change["current_password"] = PASSWORD
    tried = await current.post("/v1/password-changes", change, params={"dry_run": "true"})
    assert tried.json()["dry_run"]
    assert (await other.get("/v1/me")).status_code == 200
    assert (await current.post("/v1/password-changes", change)).status_code == 200
    assert (await current.get("/v1/me")).status_code == 200
    assert (await refresh(system, current.refresh_token)).status_code == 200
    assert (await other.get("/v1/me")).status_code == 401
    assert (await refresh(system, other.refresh_token)).status_code == 400
    assert (await sign_in(system, account.address)).status_code == 401
    assert (await sign_in(system, account.address, NEW_PASSWORD)).status_code == 201


async def test_who_has_no_account_has_no_password_to_change(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    answer = await tenant["manager"].post(
        "/v1/password-changes", {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "no_account")


async def test_a_reset_by_mail_sets_a_password_once_and_ends_all_sessions(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    account = await make_account(system, tenant)
    session = await account.session()
    asked = await system.http.post("/v1/password-resets", json={"email": account.address})
    assert (asked.status_code, asked.json()) == (202, {"status": "accepted"})
    code = await mailed_code(system, account.address, 2)
    assert (await session.get("/v1/me")).status_code == 200
    body = {"token": code, "password": NEW_PASSWORD}
    assert (await system.http.post("/v1/passwords", json=body | {"password": "aaaaaaaaaaaa"})).status_code == 422
    assert (await system.http.post("/v1/passwords", json=body)).status_code == 201
    again = await system.http.post("/v1/passwords", json=body)
    assert (again.status_code, again.json()["code"]) == (410, "gone")
    assert (await session.get("/v1/me")).status_code == 401
    assert (await sign_in(system, account.address, NEW_PASSWORD)).status_code == 201
    facts = await facts_of(tenant, "gateway.person.password_changed")
    assert [fact["data"] for fact in facts] == [{"by": "reset"}]


async def test_nobody_is_written_to_whose_address_is_no_accounts(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    known = await make_account(system, tenant)
    unknown = fresh_address()
    await add_person(tenant, unknown)
    answers = [await system.http.post("/v1/password-resets", json={"email": each}) for each in (unknown, known.address)]
    assert [(each.status_code, each.content) for each in answers] == [(202, b'{"status":"accepted"}')] * 2
    await mailed_code(system, known.address, 2)
    assert mails_to(system, unknown) == []


async def test_another_address_counts_from_its_confirmation_on(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    account = await make_account(system, tenant)
    session = await account.session()
    address = fresh_address()
    asked = await session.post("/v1/email-changes", {"email": address, "password": PASSWORD})
    assert asked.status_code == 202, asked.text
    code = await mailed_code(system, address)
    assert (await sign_in(system, address)).status_code == 401
    body = {"token": code}
    answers = await asyncio.gather(*(system.http.post("/v1/email-confirmations", json=body) for _ in range(20)))
    assert sorted(each.status_code for each in answers) == [201] + [410] * 19
    assert (await sign_in(system, account.address)).status_code == 401
    assert (await sign_in(system, address)).status_code == 201
    assert (await session.get("/v1/me")).status_code == 200


async def test_an_administrator_who_signs_in_may_administer_as_long_as_the_role_lasts(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    account = await make_account(system, tenant, tenant_role="admin")
    session = await account.session()
    assert "admin" in (await session.get("/v1/me")).json()["scopes"]
    body = {"name": "Somebody", "email": fresh_address()}
    assert (await session.post("/v1/people", body)).status_code == 201
