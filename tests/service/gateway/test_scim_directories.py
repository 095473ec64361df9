"""The request sequences that Microsoft Entra ID and Okta document, and the examples of RFC 7643 and RFC 7644."""

from typing import Any
from uuid import UUID

from tests.factories.scim import ENTERPRISE, GROUP, LIST, USER, make_provisioner
from tests.factories.system import SystemUnderTest


async def test_entra_provisions_a_user_from_first_to_last(system: SystemUnderTest) -> None:
    """learn.microsoft.com: "Develop and plan provisioning for a SCIM endpoint", user operations."""
    tenant = await system.tenant()
    entra = await make_provisioner(system, tenant)
    tried = await entra.get("/Users", filter='userName eq "non-existent user"')
    assert (tried.status_code, tried.json()["totalResults"], tried.json()["Resources"]) == (200, 0, [])
    created = await entra.post(
        "/Users",
        {
            "schemas": [USER, ENTERPRISE],
            "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
            "userName": "Test_User_ab6490ee@testuser.com",
            "active": True,
            "emails": [{"primary": True, "type": "work", "value": "Test_User_fd0ea19b@testuser.com"}],
            "meta": {"resourceType": "User"},
            "name": {"formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName"},
            "roles": [],
        },
    )
    assert created.status_code == 201, created.text
    path = f"/Users/{created.json()['id']}"
    assert (await entra.get(path)).json()["userName"] == "Test_User_ab6490ee@testuser.com"
    found = await entra.found("/Users", 'externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"')
    assert [each["id"] for each in found] == [created.json()["id"]]
    several = await entra.patch(
        path,
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "updatedEmail@microsoft.com"},
        {"op": "Replace", "path": "name.familyName", "value": "updatedFamilyName"},
        {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "26118915-6090-4610-87e4-49d8ca9f808d"},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Bridges"},
        {"op": "Add", "path": 'addresses[type eq "work"].country', "value": "Norge"},
    )
    assert several.status_code == 200, several.text
    after = several.json()
    assert after["emails"] == [{"primary": True, "type": "work", "value": "updatedEmail@microsoft.com"}]
    assert after["name"]["familyName"] == "updatedFamilyName"
    assert after[ENTERPRISE]["manager"]["value"] == "26118915-6090-4610-87e4-49d8ca9f808d"
    assert after["addresses"] == [{"type": "work", "country": "Norge"}]
    assert (await tenant.admin.get(f"/v1/people/{created.json()['id']}")).json()[
        "email"
    ] == "updatedEmail@microsoft.com"
    renamed = await entra.patch(path, {"op": "Replace", "path": "userName", "value": "5b50642d@testuser.com"})
    assert renamed.json()["userName"] == "5b50642d@testuser.com"
    disabled = await entra.patch(path, {"op": "Replace", "path": "active", "value": "False"})
    assert disabled.json()["active"] is False
    assert (await tenant.admin.get(f"/v1/people/{created.json()['id']}")).json()["active"] is False
    assert (await entra.delete(path)).status_code == 204
    assert (await entra.get(path)).status_code == 404


async def test_entra_provisions_a_group_from_first_to_last(system: SystemUnderTest) -> None:
    """The same page, group operations."""
    entra = await make_provisioner(system, await system.tenant())
    user = await entra.user()
    created = await entra.post(
        "/Groups",
        {
            "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
            "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
            "displayName": "displayName",
            "meta": {"resourceType": "Group"},
        },
    )
    assert created.status_code == 201, created.text
    path = f"/Groups/{created.json()['id']}"
    shown = (await entra.get(path, excludedAttributes="members")).json()
    assert (shown["displayName"], "members" in shown) == ("displayName", False)
    found = await entra.found("/Groups", 'displayName eq "displayName"', excludedAttributes="members")
    assert [each["id"] for each in found] == [created.json()["id"]]
    renamed = await entra.patch(path, {"op": "Replace", "path": "displayName", "value": "1879db59-3bdf-4490"})
    assert renamed.json()["displayName"] == "1879db59-3bdf-4490"
    added = await entra.patch(path, {"op": "Add", "path": "members", "value": [{"$ref": None, "value": user["id"]}]})
    assert [each["value"] for each in added.json()["members"]] == [user["id"]]
    again = await entra.patch(path, {"op": "Add", "path": "members", "value": [{"value": user["id"]}]})
    assert again.headers["etag"] == added.headers["etag"]
    assert len(await entra.found("/Groups", f'members[value eq "{user["id"]}"]')) == 1
    assert len(await entra.found("/Groups", f'id eq "{created.json()["id"]}" and members eq "{user["id"]}"')) == 1
    removed = await entra.patch(
        path, {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": user["id"]}]}
    )
    assert "members" not in removed.json()
    assert (await entra.delete(path)).status_code == 204
    assert (await entra.get(path)).status_code == 404


async def test_okta_provisions_a_user_from_first_to_last(system: SystemUnderTest) -> None:
    """developer.okta.com: "SCIM 2.0 Protocol Reference", Users."""
    okta = await make_provisioner(system, await system.tenant())
    tried = (await okta.get("/Users", filter='userName eq "test.user@okta.local"', startIndex=1, count=100)).json()
    assert (tried["schemas"], tried["totalResults"], tried["startIndex"]) == ([LIST], 0, 1)
    created = await okta.post(
        "/Users",
        {
            "schemas": [USER],
            "userName": "test.user@okta.local",
            "name": {"givenName": "Test", "familyName": "User"},
            "emails": [{"primary": True, "value": "test.user@okta.local", "type": "work"}],
            "displayName": "Test User",
            "locale": "en-US",
            "externalId": "00ujl29u0le5T6Aj10h7",
            "groups": [],
            "password": "1mz050nq",
            "active": True,
        },
    )
    assert created.status_code == 201, created.text
    user = created.json()
    path = f"/Users/{user['id']}"
    document = (await okta.get(path)).json()
    replaced = await okta.put(
        path, document | {"name": {"givenName": "Another", "middleName": "", "familyName": "User"}}
    )
    assert replaced.status_code == 200, replaced.text
    assert replaced.json()["name"]["givenName"] == "Another"
    deactivated = await okta.patch(path, {"op": "replace", "value": {"active": False}})
    assert (deactivated.status_code, deactivated.json()["active"]) == (200, False)
    listed = (await okta.get("/Users", startIndex=1, count=200)).json()
    assert user["id"] in {each["id"] for each in listed["Resources"]}


async def test_okta_pushes_a_group(system: SystemUnderTest) -> None:
    """The same reference, Groups."""
    okta = await make_provisioner(system, await system.tenant())
    first, second, third = [await okta.user() for _ in range(3)]
    group = await okta.group("Test SCIMv2", first["id"])
    path = f"/Groups/{group['id']}"
    changed = await okta.patch(
        path,
        {"op": "remove", "path": f'members[value eq "{first["id"]}"]'},
        {"op": "add", "path": "members", "value": [{"value": second["id"], "display": "jdoe@example.com"}]},
        {"op": "replace", "value": {"id": group["id"], "displayName": "Test SCIMv2 renamed"}},
    )
    # Okta repeats the id, which is not for anybody to change; as it is the same, nothing is changed by it.
    assert changed.status_code == 200, changed.text
    assert changed.json()["displayName"] == "Test SCIMv2 renamed"
    assert [each["value"] for each in changed.json()["members"]] == [second["id"]]
    whole = await okta.patch(
        path, {"op": "replace", "path": "members", "value": [{"value": third["id"]}, {"value": first["id"]}]}
    )
    assert {each["value"] for each in whole.json()["members"]} == {first["id"], third["id"]}
    body = {"schemas": [GROUP], "id": group["id"], "displayName": "Put", "members": [{"value": second["id"]}]}
    put = await okta.put(path, body)
    assert [each["value"] for each in put.json()["members"]] == [second["id"]]
    shown = (await okta.get(f"/Users/{second['id']}")).json()
    assert [(each["value"], each["display"]) for each in shown["groups"]] == [(group["id"], "Put")]


FULL_USER: dict[str, Any] = {
    "schemas": [USER, ENTERPRISE],
    "externalId": "701984",
    "userName": "bjensen@example.com",
    "name": {
        "formatted": "Ms. Barbara J Jensen, III",
        "familyName": "Jensen",
        "givenName": "Barbara",
        "middleName": "Jane",
        "honorificPrefix": "Ms.",
        "honorificSuffix": "III",
    },
    "displayName": "Babs Jensen",
    "nickName": "Babs",
    "profileUrl": "https://login.example.com/bjensen",
    "emails": [
        {"value": "bjensen@example.com", "type": "work", "primary": True},
        {"value": "babs@jensen.org", "type": "home"},
    ],
    "addresses": [
        {
            "streetAddress": "100 Universal City Plaza",
            "locality": "Hollywood",
            "region": "CA",
            "postalCode": "91608",
            "country": "USA",
            "formatted": "100 Universal City Plaza\nHollywood, CA 91608 USA",
            "type": "work",
            "primary": True,
        },
    ],
    "phoneNumbers": [{"value": "555-555-5555", "type": "work"}, {"value": "555-555-4444", "type": "mobile"}],
    "ims": [{"value": "someaimhandle", "type": "aim"}],
    "photos": [{"value": "https://photos.example.com/profilephoto/72930000000Ccne/F", "type": "photo"}],
    "userType": "Employee",
    "title": "Tour Guide",
    "preferredLanguage": "en-US",
    "locale": "en-US",
    "timezone": "America/Los_Angeles",
    "active": True,
    ENTERPRISE: {
        "employeeNumber": "701984",
        "costCenter": "4130",
        "organization": "Universal Studios",
        "division": "Theme Park",
        "department": "Tour Operations",
        "manager": {
            "value": "26118915-6090-4610-87e4-49d8ca9f808d",
            "$ref": "../Users/26118915-6090-4610-87e4-49d8ca9f808d",
        },
    },
}


async def test_the_enterprise_user_of_the_standard_comes_back_as_it_was_sent(system: SystemUnderTest) -> None:
    """RFC 7643 section 8.3, apart from the credentials and rights that are not kept."""
    provisioner = await make_provisioner(system, await system.tenant())
    unkept = {
        "password": "t1meMa$heen",
        "x509Certificates": [{"value": "MIIDQzCCAqygAwIBAgICEAAwDQYJKoZIhvcNAQEFBQAw"}],
    }
    created = await provisioner.post("/Users", FULL_USER | unkept)
    assert created.status_code == 201, created.text
    shown = (await provisioner.get(f"/Users/{created.json()['id']}")).json()
    UUID(shown.pop("id"))
    meta = shown.pop("meta")
    assert (meta["resourceType"], meta["created"]) == ("User", meta["lastModified"])
    assert shown == FULL_USER


async def test_the_group_of_the_standard(system: SystemUnderTest) -> None:
    """RFC 7643 section 8.4."""
    provisioner = await make_provisioner(system, await system.tenant())
    babs, mandy = (
        await provisioner.user(displayName="Babs Jensen"),
        await provisioner.user(displayName="Mandy Pepperidge"),
    )
    group = await provisioner.group("Tour Guides", babs["id"], mandy["id"])
    assert group["schemas"] == [GROUP]
    assert {(each["value"], each["$ref"], each["display"], each["type"]) for each in group["members"]} == {
        (each["id"], each["meta"]["location"], each["displayName"], "User") for each in (babs, mandy)
    }


async def test_the_replacement_of_the_standard(system: SystemUnderTest) -> None:
    """RFC 7644 section 3.5.1."""
    provisioner = await make_provisioner(system, await system.tenant())
    user = await provisioner.user("bjensen", name={"givenName": "Barbara"}, phoneNumbers=[{"value": "555"}])
    replaced = await provisioner.put(
        f"/Users/{user['id']}",
        {
            "schemas": [USER],
            "id": user["id"],
            "userName": "bjensen",
            "externalId": "bjensen",
            "name": {"familyName": "Jensen", "givenName": "Barbara", "middleName": "Jane"},
            "roles": [],
            "emails": [{"value": "bjensen@example.com"}, {"value": "babs@jensen.org"}],
        },
        headers={"If-Match": user["meta"]["version"]},
    )
    assert replaced.status_code == 200, replaced.text
    after = replaced.json()
    assert after["emails"] == [{"value": "bjensen@example.com"}, {"value": "babs@jensen.org"}]
    assert "phoneNumbers" not in after
    assert (after["meta"]["created"], after["meta"]["location"]) == (user["meta"]["created"], user["meta"]["location"])
