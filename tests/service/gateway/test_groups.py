"""Groups on projects: who may grant them, and memberships that follow them without touching what a hand has done."""

from typing import Any

import pytest

from services.kernel.http_client import Response
from services.kernel.ids import new_id
from tests.factories.scim import Provisioner, make_provisioner, make_token
from tests.factories.system import Person, SystemUnderTest, Tenant


async def grant(by: Person, tenant: Tenant, group_id: str, role: str = "member", **options: Any) -> Response:
    return await by.post(
        f"/v1/projects/{tenant.project_id}/group-grants", {"group_id": group_id, "role": role}, **options
    )


async def role_of(tenant: Tenant, person_id: str) -> str | None:
    """What somebody is on the project, None where nothing."""
    listed = await tenant["manager"].get(
        f"/v1/projects/{tenant.project_id}/memberships", params={"person_id": person_id}
    )
    assert listed.status_code == 200, listed.text
    rows = listed.json()["data"]
    return rows[0]["role"] if rows else None


async def add(provisioner: Provisioner, group: dict[str, Any], person_id: str) -> None:
    operation = {"op": "add", "path": "members", "value": [{"value": person_id}]}
    changed = await provisioner.patch(f"/Groups/{group['id']}", operation)
    assert changed.status_code == 200, changed.text


async def remove(provisioner: Provisioner, group: dict[str, Any], person_id: str) -> None:
    operation = {"op": "remove", "path": f'members[value eq "{person_id}"]'}
    changed = await provisioner.patch(f"/Groups/{group['id']}", operation)
    assert changed.status_code == 200, changed.text


async def test_who_is_not_on_the_project_grants_nothing(system: SystemUnderTest) -> None:
    tenant, other = await system.tenant(), await system.tenant()
    provisioner = await make_provisioner(system, tenant)
    group = await provisioner.group("Crew")
    path = f"/v1/projects/{tenant.project_id}/group-grants"
    assert (await system.http.post(path, json={"group_id": group["id"], "role": "member"})).status_code == 401
    for absent in (tenant["stranger"], other["manager"], tenant["guest"]):
        assert (await grant(absent, tenant, group["id"])).status_code == 404
    foreign = await (await make_provisioner(system, other)).group("Theirs")
    for unknown in (foreign["id"], str(new_id())):
        refused = await grant(tenant["manager"], tenant, unknown)
        assert (refused.status_code, refused.json()["code"]) == (422, "unknown_reference")
    assert (await other["manager"].get(f"/v1/groups/{group['id']}")).status_code == 404


@pytest.mark.parametrize("role", ["manager", "owner", "programme_manager", "portfolio_manager", "nobody"])
async def test_no_group_is_above_the_team(system: SystemUnderTest, role: str) -> None:
    tenant = await system.tenant()
    group = await (await make_provisioner(system, tenant)).group("Crew")
    assert (await grant(tenant["manager"], tenant, group["id"], role)).status_code == 422


async def test_whose_authority_is_short_proposes_the_grant(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    provisioner = await make_provisioner(system, tenant)
    user = await provisioner.user()
    group = await provisioner.group("Crew", user["id"])
    proposed = await grant(tenant["coordinator"], tenant, group["id"])
    assert proposed.status_code == 202, proposed.text
    assert await role_of(tenant, user["id"]) is None
    decided = await tenant["manager"].post(
        f"/v1/proposals/{proposed.json()['id']}/decision", {"decision": "accept", "reason": "They are needed."}
    )
    assert decided.status_code in (200, 201), decided.text
    assert await role_of(tenant, user["id"]) == "member"


async def test_members_are_on_the_project_as_long_as_they_are_in_the_group(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    provisioner = await make_provisioner(system, tenant)
    first, second = await provisioner.user(), await provisioner.user()
    group = await provisioner.group("Crew", first["id"])
    granted = await grant(tenant["manager"], tenant, group["id"])
    assert granted.status_code == 201, granted.text
    again = await grant(tenant["manager"], tenant, group["id"], "auditor")
    assert (again.status_code, again.json()["code"]) == (409, "already_exists")
    token = Person(system.http, await make_token(tenant, second["id"], "planning:read"), new_id())
    project = f"/v1/projects/{tenant.project_id}"
    assert (await token.get(project)).status_code == 404
    await add(provisioner, group, second["id"])
    assert (await token.get(project)).status_code == 200
    assert (await token.get(f"{project}/tasks")).status_code == 200
    await remove(provisioner, group, second["id"])
    assert (await token.get(project)).status_code == 404
    assert await role_of(tenant, first["id"]) == "member"
    grant_id, version = granted.json()["id"], granted.json()["version"]
    assert (await tenant["manager"].delete(f"/v1/group-grants/{grant_id}", version)).status_code == 204
    assert await role_of(tenant, first["id"]) is None


async def test_of_two_groups_the_stronger_role_counts_and_the_other_is_what_remains(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    provisioner = await make_provisioner(system, tenant)
    user = await provisioner.user()
    crew, leads = await provisioner.group("Crew", user["id"]), await provisioner.group("Leads", user["id"])
    for group, role in ((crew, "stakeholder"), (leads, "coordinator")):
        assert (await grant(tenant["manager"], tenant, group["id"], role)).status_code == 201
    assert await role_of(tenant, user["id"]) == "coordinator"
    assert (await provisioner.delete(f"/Groups/{leads['id']}")).status_code == 204
    assert await role_of(tenant, user["id"]) == "stakeholder"
    assert (await provisioner.delete(f"/Users/{user['id']}")).status_code == 204
    assert await role_of(tenant, user["id"]) is None


async def test_what_was_granted_by_hand_is_never_touched(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    provisioner = await make_provisioner(system, tenant)
    everybody = [str(tenant[role].id) for role in ("manager", "owner", "coordinator", "auditor")]
    before = [await role_of(tenant, each) for each in everybody]
    group = await provisioner.group("Everybody", *everybody)
    granted = await grant(tenant["manager"], tenant, group["id"], "guest")
    assert granted.status_code == 201
    assert [await role_of(tenant, each) for each in everybody] == before
    assert (await provisioner.delete(f"/Groups/{group['id']}")).status_code == 204
    assert [await role_of(tenant, each) for each in everybody] == before
    assert (await tenant["manager"].get(f"/v1/group-grants/{granted.json()['id']}")).status_code == 404


async def test_what_a_hand_has_changed_is_by_hand_from_then_on(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    provisioner = await make_provisioner(system, tenant)
    user, heir = await provisioner.user(), await provisioner.user()
    group = await provisioner.group("Crew", user["id"], heir["id"])
    assert (await grant(tenant["manager"], tenant, group["id"])).status_code == 201
    memberships = f"/v1/projects/{tenant.project_id}/memberships"
    listed = await tenant["manager"].get(memberships, params={"person_id": user["id"]})
    membership = listed.json()["data"][0]
    path = f"/v1/memberships/{membership['id']}"
    refused = await tenant["manager"].delete(path, membership["version"])
    assert (refused.status_code, refused.json()["code"]) == (409, "membership_by_group")
    raised = await tenant["manager"].patch(path, {"role": "coordinator"}, membership["version"])
    assert raised.status_code == 200, raised.text
    handed = await tenant["owner"].post(
        f"/v1/projects/{tenant.project_id}/handovers",
        {"person_id": heir["id"], "reason": "Kari goes on leave.", "outgoing_role": "member"},
    )
    assert handed.status_code == 201, handed.text
    for person in (user, heir):
        await remove(provisioner, group, person["id"])
    assert (await provisioner.delete(f"/Users/{heir['id']}")).status_code == 204
    answer = await tenant["owner"].get(memberships, params={"role": "manager"})
    assert [each["person_id"] for each in answer.json()["data"]] == [heir["id"]]
    answer = await tenant["owner"].get(memberships, params={"person_id": user["id"]})
    assert [each["role"] for each in answer.json()["data"]] == ["coordinator"]


async def test_everybody_but_guests_sees_which_groups_there_are(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    provisioner = await make_provisioner(system, tenant)
    user = await provisioner.user()
    group = await provisioner.group("Bridge crew", user["id"])
    shown = (await tenant["member"].get(f"/v1/groups/{group['id']}")).json()
    assert (shown["display_name"], shown["member_count"]) == ("Bridge crew", 1)
    assert (await tenant["guest"].get(f"/v1/groups/{group['id']}")).status_code == 404
    assert (await tenant["guest"].get("/v1/groups")).json()["data"] == []


async def test_what_groups_do_is_told_as_facts(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    provisioner = await make_provisioner(system, tenant)
    user = await provisioner.user()
    group = await provisioner.group("Crew")
    assert (await grant(tenant["manager"], tenant, group["id"])).status_code == 201
    await add(provisioner, group, user["id"])
    await remove(provisioner, group, user["id"])
    told = [each["type"] for each in (await tenant.admin.get("/v1/events", params={"limit": 200})).json()["data"]]
    assert [each for each in told if ".group." in each] == [
        "gateway.group.added",
        "gateway.group.changed",
        "gateway.group.changed",
    ]
    events = (await tenant["manager"].get("/v1/events", params={"limit": 200})).json()["data"]
    # Planning's record of the decision comes when it comes.
    assert [each["type"] for each in events if each["source"] == "gateway"][-3:] == [
        "gateway.group_grant.granted",
        "gateway.membership.granted",
        "gateway.membership.revoked",
    ]
