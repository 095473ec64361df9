"""Who is invited, who gets in, and what happens when a person is deactivated."""

import asyncio

from services.kernel.ids import new_id
from tests.factories.accounts import (
    PASSWORD,
    accept,
    add_person,
    fresh_address,
    invite,
    mails_to,
    make_account,
    refresh,
    sign_in,
)
from tests.factories.system import SystemUnderTest


async def test_only_administrators_invite_and_only_people_with_an_address(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    person_id = str(await add_person(tenant, fresh_address()))
    assert (await tenant["manager"].post("/v1/invitations", {"person_id": person_id})).status_code == 403
    machine = str(await add_person(tenant, fresh_address(), kind="agent"))
    refused = await tenant.admin.post("/v1/invitations", {"person_id": machine})
    assert (refused.status_code, refused.json()["code"]) == (422, "machines_are_not_invited")
    unwritable = str(await add_person(tenant, "kari..nordmann@example.org"))
    refused = await tenant.admin.post("/v1/invitations", {"person_id": unwritable})
    assert (refused.status_code, refused.json()["code"]) == (422, "no_address")
    assert (await tenant.admin.post("/v1/invitations", {"person_id": str(new_id())})).status_code == 422
    assert (await (await system.tenant()).admin.post("/v1/invitations", {"person_id": person_id})).status_code == 422


async def test_an_invitation_is_seen_by_administrators_and_without_its_code(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    address = fresh_address()
    invitation_id, code = await invite(system, tenant, await add_person(tenant, address, language="nb"), address)
    listed = await tenant.admin.get("/v1/invitations")
    assert [each["status"] for each in listed.json()["data"]] == ["pending"]
    events = await tenant.admin.get("/v1/events?type=gateway.invitation.created&wait=5")
    for text in (listed.text, (await tenant.admin.get(f"/v1/invitations/{invitation_id}")).text, events.text):
        assert code not in text
        assert "hash" not in listed.json()["data"][0]
    assert (await tenant["manager"].get("/v1/invitations")).json()["data"] == []
    assert (await tenant["manager"].get(f"/v1/invitations/{invitation_id}")).status_code == 404
    (mail,) = mails_to(system, address)
    assert mail["Subject"] == "Du er invitert til Bridge builders"
    assert mail["Auto-Submitted"] == "auto-generated"


async def test_of_twenty_who_accept_at_once_one_succeeds(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    address = fresh_address()
    _, code = await invite(system, tenant, await add_person(tenant, address), address)
    answers = await asyncio.gather(*(accept(system, code, address) for _ in range(20)))
    assert min(each.status_code for each in answers) == 201
    assert {each.status_code for each in answers} <= {201, 409, 410}
    assert [each.status_code for each in answers].count(201) == 1


async def test_a_newer_invitation_takes_the_place_of_the_older(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    address = fresh_address()
    person_id = await add_person(tenant, address)
    _, older = await invite(system, tenant, person_id, address)
    _, newer = await invite(system, tenant, person_id, address)
    assert (await accept(system, older, address)).status_code == 410
    assert (await accept(system, newer, address)).status_code == 201


async def test_an_account_is_one_person_in_each_tenant(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    account = await make_account(system, tenant)
    namesake = await add_person(tenant, account.address)
    _, code = await invite(system, tenant, namesake, account.address)
    refused = await accept(system, code, account.address)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_another_person")


async def test_a_deactivated_person_is_out_and_stays_out_of_old_sessions(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    account = await make_account(system, tenant)
    session = await account.session()
    path = f"/v1/people/{account.person_id}"
    assert (await tenant.admin.patch(path, {"active": False}, 1)).status_code == 200
    assert (await session.get("/v1/me")).status_code == 401
    assert (await refresh(system, session.refresh_token)).status_code == 400
    assert (await sign_in(system, account.address, PASSWORD)).json()["code"] == "wrong_credentials"
    assert (await tenant.admin.patch(path, {"active": True}, 2)).status_code == 200
    assert (await session.get("/v1/me")).status_code == 401
    assert (await refresh(system, session.refresh_token)).status_code == 400
    assert (await sign_in(system, account.address, PASSWORD)).status_code == 201
