"""SCIM's routes: who gets in, what is refused in which form, and what a provisioner can do."""

from typing import Any
from uuid import UUID

import pytest
from starlette.routing import Route

from gateway.credentials.rate_limit import Limit, RateLimiter
from gateway.scim import routes
from services.kernel.http_client import Response, client
from services.kernel.ids import new_id
from tests.factories.accounts import add_person, fresh_address, make_account
from tests.factories.scim import (
    BASE,
    ENTERPRISE,
    ERROR,
    GROUP,
    LIST,
    MEDIA_TYPE,
    USER,
    Provisioner,
    make_provisioner,
    make_token,
)
from tests.factories.system import Person, SystemUnderTest, Tenant

OPERATIONS = [
    (method, route.path.removeprefix(BASE))
    for route in routes.router.routes
    if isinstance(route, Route)
    for method in sorted(route.methods or ())
]


@pytest.fixture(scope="module")
async def provisioner(system: SystemUnderTest) -> Provisioner:
    """For what changes nothing."""
    return await make_provisioner(system, await system.tenant())


def is_error(answer: Response, status: int, scim_type: str | None = None) -> bool:
    """Whether the answer is an error document of RFC 7644 section 3.12."""
    document = answer.json()
    return (
        answer.status_code == status
        and answer.headers["content-type"] == MEDIA_TYPE
        and document["schemas"] == [ERROR]
        and document["status"] == str(status)
        and bool(document["detail"])
        and document.get("scimType") == scim_type
    )


def filled(path: str, object_id: object) -> str:
    return path.replace("{user_id}", str(object_id)).replace("{group_id}", str(object_id)).replace("{name}", "User")


def body_of(path: str) -> dict[str, Any]:
    return {"schemas": [USER if "Users" in path else GROUP], "userName": fresh_address(), "displayName": "Crew"}


# -- who gets in ------------------------------------------------------------------------------------------------------


async def test_nobody_gets_in_without_a_token_for_it(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    machine = str(await add_person(tenant, fresh_address(), kind="integration"))
    narrow = (
        await make_token(tenant, str(tenant["manager"].id), "planning:decide", "admin"),
        await make_token(tenant, machine, "planning:decide"),
        await make_token(tenant, machine, "admin"),
        tenant["manager"].token,
    )
    wrong = []
    own: Any = system.own
    for method, template in OPERATIONS:
        options: dict[str, Any] = {"json": body_of(template)} if method in ("POST", "PUT", "PATCH") else {}
        path = filled(template, new_id())
        for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Bearer tdm_svc_" + "x" * 43}):
            answer = await system.http.request(method, BASE + path, headers=headers, **options)
            if not is_error(answer, 401) or "bearer" not in answer.headers["www-authenticate"].lower():
                wrong.append(f"{method} {path} {headers}: {answer.text}")
        for token in narrow:
            answer = await Provisioner(system, token).request(method, path, **options)
            if not is_error(answer, 403) or "scim" not in answer.json()["detail"]:
                wrong.append(f"{method} {path}: {answer.text}")
        answer = await client(own).request(method, BASE + path, headers={"Tandem-Identity": "forged"}, **options)
        if answer.status_code != 401:
            wrong.append(f"{method} {path} past the pipe: {answer.text}")
    assert not wrong, "\n".join(wrong)


async def test_a_token_for_scim_opens_nothing_else(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    provisioner = await make_provisioner(system, tenant)
    robot = Person(system.http, provisioner.token, new_id())
    assert (await robot.get(f"/v1/projects/{tenant.project_id}")).status_code == 403
    assert (await robot.post("/v1/people", {"name": "X", "email": "x@example.org"})).status_code == 403
    assert (await robot.get("/v1/people")).json()["data"] == [] or (await robot.get("/v1/people")).status_code == 200
    wider = await robot.post("/v1/tokens", {"name": "x", "scopes": ["admin"]})
    assert (wider.status_code, wider.json()["code"]) == (422, "scope_too_wide")


async def test_people_are_given_no_token_for_scim(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    body = {"name": "x", "scopes": ["scim"]}
    own = await tenant.admin.post("/v1/tokens", body)
    assert (own.status_code, own.json()["code"]) == (422, "scope_too_wide")
    other = await tenant.admin.post("/v1/tokens", body | {"person_id": str(tenant["member"].id)})
    assert (other.status_code, other.json()["code"]) == (422, "scope_for_software")


async def test_an_administrator_gets_in_as_well(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    administrator = Provisioner(system, tenant.admin.token)
    assert (await administrator.user())["active"] is True


async def test_bad_tokens_are_counted_like_bad_passwords(system: SystemUnderTest) -> None:
    provisioner = await make_provisioner(system, await system.tenant())
    limiter: RateLimiter = system.service.resources.credentials.limiter
    before, limiter.limits = limiter.limits, {"address": Limit("address", 2, 60)}
    try:
        guesses = [await Provisioner(system, f"tdm_svc_{each}").get("/Users") for each in range(3)]
        assert [each.status_code for each in guesses] == [401, 401, 429]
        assert is_error(guesses[-1], 429)
        assert int(guesses[-1].headers["retry-after"]) > 0
        assert (await provisioner.get("/Users")).status_code == 200
    finally:
        limiter.limits = before


async def test_what_another_tenant_has_is_as_absent_as_what_never_was(system: SystemUnderTest) -> None:
    ours = await make_provisioner(system, await system.tenant())
    theirs = await make_provisioner(system, await system.tenant())
    user = await ours.user()
    group = await ours.group("Crew", user["id"])
    operation = {"op": "replace", "path": "displayName", "value": "Mine"}
    for method, path in OPERATIONS:
        if "_id}" not in path:
            continue
        there = user["id"] if "Users" in path else group["id"]
        patch = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}
        body = {"PUT": body_of(path), "PATCH": patch}.get(method)
        answers = [await theirs.request(method, filled(path, each), body) for each in (there, new_id(), "not-an-id")]
        assert all(is_error(each, 404) for each in answers), [each.text for each in answers]
        assert len({each.text for each in answers}) == 1
        assert (await ours.get(filled(path, there))).json()["meta"] in (user["meta"], group["meta"])


async def test_lists_and_filters_stay_inside_of_the_tenant(system: SystemUnderTest) -> None:
    ours = await make_provisioner(system, await system.tenant())
    theirs = await make_provisioner(system, await system.tenant())
    user = await ours.user()
    await ours.group("Only ours", user["id"])
    assert await theirs.found("/Users", f'userName eq "{user["userName"]}"') == []
    assert await theirs.found("/Groups", 'displayName eq "Only ours"') == []
    refused = await theirs.post(
        "/Groups", {"schemas": [GROUP], "displayName": "Crew", "members": [{"value": user["id"]}]}
    )
    assert is_error(refused, 400, "invalidValue")


async def test_software_is_no_user(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    provisioner = await make_provisioner(system, tenant)
    robot = await add_person(tenant, fresh_address(), kind="integration")
    assert is_error(await provisioner.get(f"/Users/{robot}"), 404)
    assert is_error(await provisioner.delete(f"/Users/{robot}"), 404)


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "headers", "status", "scim_type"),
    [
        (b"{", {}, 400, "invalidSyntax"),
        (b"[]", {}, 400, "invalidSyntax"),
        (b'{"userName": "a", "userName": "b"}', {}, 400, "invalidSyntax"),
        (b'{"userName": "\\u0000"}', {}, 400, "invalidSyntax"),
        (b'{"userName": NaN}', {}, 400, "invalidSyntax"),
        (b"{}", {"Content-Type": "text/plain"}, 415, None),
        (b"{}", {"Content-Type": "application/octet-stream"}, 415, None),
        (b"{}", {"Content-Type": f"{MEDIA_TYPE}; charset=utf-16"}, 415, None),
        (b"{}", {"Content-Encoding": "gzip"}, 415, None),
        (b'{"userName": "' + b"x" * 2_200_000 + b'"}', {}, 413, None),
    ],
)
async def test_what_is_no_scim_is_refused_in_scims_words(
    provisioner: Provisioner, content: bytes, headers: dict[str, str], status: int, scim_type: str | None
) -> None:
    answer = await provisioner.request(
        "POST", "/Users", headers={"Content-Type": MEDIA_TYPE} | headers, content=content
    )
    assert is_error(answer, status, scim_type), answer.text


@pytest.mark.parametrize(
    ("body", "status", "scim_type"),
    [
        ({"schemas": [GROUP], "userName": "x"}, 400, "invalidSyntax"),
        ({"schemas": [USER]}, 400, "invalidValue"),
        ({"schemas": [USER], "userName": " "}, 400, "invalidValue"),
        ({"schemas": [USER], "userName": "x" * 301}, 400, "invalidValue"),
        ({"schemas": [USER], "userName": 5}, 400, "invalidValue"),
        ({"schemas": [USER], "userName": "x", "active": "perhaps"}, 400, "invalidValue"),
        ({"schemas": [USER], "userName": "x", "displayName": "a\nb"}, 400, "invalidValue"),
        ({"schemas": [USER], "userName": "x", "emails": [{"value": "nobody"}]}, 400, "invalidValue"),
        ({"schemas": [USER], "userName": "x", "emails": "x@example.org"}, 400, "invalidValue"),
        ({"schemas": [USER], "userName": "x", "title": "x" * 70_000}, 400, "invalidValue"),
    ],
)
async def test_a_user_that_cannot_be_is_refused(
    provisioner: Provisioner, body: dict[str, Any], status: int, scim_type: str
) -> None:
    answer = await provisioner.post("/Users", body)
    assert is_error(answer, status, scim_type), answer.text


async def test_a_user_name_is_taken_once_whatever_its_letters(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    provisioner = await make_provisioner(system, tenant)
    first, second = await provisioner.user("Kari@example.org"), await provisioner.user()
    for name in ("kari@EXAMPLE.org", "member@example.org"):
        assert is_error(await provisioner.post("/Users", {"schemas": [USER], "userName": name}), 409, "uniqueness")
        renamed = await provisioner.patch(
            f"/Users/{second['id']}", {"op": "replace", "path": "userName", "value": name}
        )
        assert is_error(renamed, 409, "uniqueness")
    same = await provisioner.patch(
        f"/Users/{first['id']}", {"op": "replace", "path": "userName", "value": "KARI@example.org"}
    )
    assert same.status_code == 200, same.text


async def test_a_stale_version_is_refused_and_a_present_one_taken(system: SystemUnderTest) -> None:
    provisioner = await make_provisioner(system, await system.tenant())
    user = await provisioner.user()
    path, old = f"/Users/{user['id']}", user["meta"]["version"]
    title = {"op": "replace", "path": "title", "value": "Guide"}
    changed = await provisioner.patch(path, title, headers={"If-Match": old})
    assert changed.status_code == 200
    new = changed.headers["etag"]
    assert new == changed.json()["meta"]["version"] != old
    body = {"schemas": [USER], "userName": user["userName"]}
    for stale in (old, old.removeprefix("W/"), 'W/"99.99"', "nonsense", ""):
        headers = {"If-Match": stale}
        assert is_error(await provisioner.patch(path, title, headers=headers), 412)
        assert is_error(await provisioner.put(path, body, headers=headers), 412)
        assert is_error(await provisioner.delete(path, headers=headers), 412)
    assert (await provisioner.request("GET", path, headers={"If-None-Match": new})).status_code == 304
    assert (await provisioner.request("GET", path, headers={"If-None-Match": old})).status_code == 200
    nothing = await provisioner.patch(path, title, headers={"If-Match": "*"})
    assert nothing.headers["etag"] == new
    assert (await provisioner.delete(path, headers={"If-Match": f'"1", {new}'})).status_code == 204


@pytest.mark.parametrize(
    "path", ["/", "/Users/", "/users", "/Users//x", "/Nothing", "/Users/%2e%2e/Groups", "/Users%00"]
)
async def test_other_paths_lead_nowhere(provisioner: Provisioner, path: str) -> None:
    answer = await provisioner.request("GET", path)
    assert answer.status_code in (400, 404), answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE


async def test_methods_that_a_path_does_not_have_are_refused(provisioner: Provisioner) -> None:
    for method, path in (
        ("DELETE", "/Users"),
        ("POST", "/Schemas"),
        ("PUT", "/ServiceProviderConfig"),
        ("BREW", "/Me"),
    ):
        assert is_error(await provisioner.request(method, path), 405)
    assert (await provisioner.request("HEAD", "/Users")).content == b""


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/Me"), ("PATCH", "/Me"), ("POST", "/Bulk"), ("POST", "/.search")]
)
async def test_what_is_not_offered_says_so(provisioner: Provisioner, method: str, path: str) -> None:
    assert is_error(await provisioner.request(method, path, {} if method != "GET" else None), 501)


async def test_a_filter_on_what_there_is_is_forbidden(provisioner: Provisioner) -> None:
    for path in ("/Schemas", "/ResourceTypes"):
        assert is_error(await provisioner.get(path, filter='id eq "x"'), 403)
    assert is_error(await provisioner.get("/Users", filter="x y z"), 400, "invalidFilter")
    assert is_error(await provisioner.request("GET", "/Users?count=1&count=2"), 400, "invalidValue")


# -- what is done -----------------------------------------------------------------------------------------------------


async def test_a_user_is_a_person_whom_every_service_knows(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    provisioner = await make_provisioner(system, tenant)
    created = await provisioner.post(
        "/Users",
        {
            "schemas": [USER, ENTERPRISE],
            "userName": "kari@nordmann.example",
            "externalId": "701984",
            "name": {"givenName": "Kari", "familyName": "Nordmann"},
            "emails": [{"value": "kari@example.org", "type": "work", "primary": True}],
            "preferredLanguage": "nb-NO",
            "password": "t1meMa$heen",
            "roles": [{"value": "admin"}],
            "groups": [{"value": "x"}],
            ENTERPRISE: {"department": "Bridges"},
        },
    )
    assert created.status_code == 201, created.text
    user = created.json()
    assert created.headers["location"] == user["meta"]["location"] == created.headers["content-location"]
    assert created.headers["location"].endswith(f"{BASE}/Users/{user['id']}")
    assert created.headers["etag"] == user["meta"]["version"]
    assert (user["active"], user["externalId"], user[ENTERPRISE]) == (True, "701984", {"department": "Bridges"})
    assert not {"password", "roles", "groups"} & set(user)
    assert user["schemas"] == [USER, ENTERPRISE]
    person = (await tenant.admin.get(f"/v1/people/{user['id']}")).json()
    shown = {name: person[name] for name in ("name", "email", "language", "kind", "tenant_role", "active")}
    assert shown == {
        "name": "Kari Nordmann",
        "email": "kari@example.org",
        "language": "nb",
        "kind": "person",
        "tenant_role": None,
        "active": True,
    }
    granted = await tenant["manager"].post(
        f"/v1/projects/{tenant.project_id}/memberships", {"person_id": user["id"], "role": "member"}
    )
    assert granted.status_code == 201
    task = await tenant["manager"].post(
        f"/v1/projects/{tenant.project_id}/tasks", {"title": "Dig", "duration_minutes": 450, "assignee_id": user["id"]}
    )
    assert task.status_code == 201, task.text


async def test_people_who_were_added_by_hand_are_users_by_their_address(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    provisioner = await make_provisioner(system, tenant)
    found = await provisioner.found("/Users", 'userName eq "Member@example.org"')
    assert [each["id"] for each in found] == [str(tenant["member"].id)]
    assert found[0]["displayName"] == "Member"
    adopted = await provisioner.patch(
        f"/Users/{found[0]['id']}",
        {"op": "add", "path": "externalId", "value": "42"},
        {"op": "replace", "path": "displayName", "value": "Mette Medlem"},
    )
    assert adopted.status_code == 200, adopted.text
    assert (await tenant.admin.get(f"/v1/people/{found[0]['id']}")).json()["name"] == "Mette Medlem"
    assert len(await provisioner.found("/Users", 'externalId eq "42"')) == 1


async def test_a_name_corrected_by_hand_stays_until_the_provisioner_says_another(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    provisioner = await make_provisioner(system, tenant)
    user = await provisioner.user(displayName="Kari N")
    path = f"/v1/people/{user['id']}"
    version = (await tenant.admin.get(path)).json()["version"]
    assert (await tenant.admin.patch(path, {"name": "Kari Nordmann"}, version)).status_code == 200
    await provisioner.patch(f"/Users/{user['id']}", {"op": "add", "path": "title", "value": "Guide"})
    assert (await tenant.admin.get(path)).json()["name"] == "Kari Nordmann"
    await provisioner.patch(f"/Users/{user['id']}", {"op": "replace", "path": "displayName", "value": "K. Olsen"})
    assert (await tenant.admin.get(path)).json()["name"] == "K. Olsen"


@pytest.mark.parametrize("how", ["PATCH", "PUT", "DELETE"])
async def test_who_is_deactivated_or_deleted_is_out_at_the_next_request(system: SystemUnderTest, how: str) -> None:
    tenant = await system.tenant()
    provisioner = await make_provisioner(system, tenant)
    account = await make_account(system, tenant)
    session = await account.session()
    person_id = (await session.get("/v1/me")).json()["id"]
    token = Person(system.http, await make_token(tenant, person_id, "planning:read"), UUID(person_id))
    assert (await token.get("/v1/me")).status_code == 200
    path = f"/Users/{person_id}"
    if how == "PATCH":
        answer = await provisioner.patch(path, {"op": "Replace", "path": "active", "value": "False"})
    elif how == "PUT":
        document = (await provisioner.get(path)).json()
        answer = await provisioner.put(path, document | {"active": False})
    else:
        answer = await provisioner.delete(path)
    assert answer.status_code in (200, 204), answer.text
    assert (await session.get("/v1/me")).status_code == 401
    assert (await token.get("/v1/me")).status_code == 401
    if how != "DELETE":
        back = await provisioner.patch(path, {"op": "replace", "value": {"active": True}})
        assert back.json()["active"] is True
        assert (await session.get("/v1/me")).status_code == 401


async def test_a_deleted_user_is_gone_and_their_name_free(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    provisioner = await make_provisioner(system, tenant)
    user = await provisioner.user("gone@example.org", title="Guide")
    path = f"/Users/{user['id']}"
    assert (await provisioner.delete(path)).status_code == 204
    for answer in (
        await provisioner.get(path),
        await provisioner.delete(path),
        await provisioner.patch(path, {"op": "remove", "path": "title"}),
    ):
        assert is_error(answer, 404)
    assert await provisioner.found("/Users", 'userName eq "gone@example.org"') == []
    again = await provisioner.user("gone@example.org")
    assert again["id"] != user["id"]
    person = (await tenant.admin.get(f"/v1/people/{user['id']}")).json()
    assert person["active"] is False
    async with system.service.database.read(await tenant_id_of(tenant)) as session:
        kept = await session.value(
            "select document::text from provisioned_users where tenant_id = $1 and id = $2",
            session.tenant_id,
            UUID(user["id"]),
        )
    assert kept == "{}"


async def tenant_id_of(tenant: Tenant) -> UUID:
    return UUID((await tenant.admin.get("/v1/me")).json()["tenant_id"])


async def test_put_takes_away_what_it_leaves_out_but_never_wakes_anybody(system: SystemUnderTest) -> None:
    provisioner = await make_provisioner(system, await system.tenant())
    user = await provisioner.user(title="Guide", active=False)
    replaced = await provisioner.put(
        f"/Users/{user['id']}", {"schemas": [USER], "userName": user["userName"], "nickName": "K", "id": "mine"}
    )
    assert replaced.status_code == 200, replaced.text
    after = replaced.json()
    assert (after.get("title"), after["nickName"], after["active"], after["id"]) == (None, "K", False, user["id"])


async def test_a_provisioner_does_not_choose_who_signs_in_as_an_administrator(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    provisioner = await make_provisioner(system, tenant)
    admin = (await provisioner.found("/Users", 'userName eq "ada@example.org"'))[0]
    operation = {"op": "replace", "path": 'emails[type eq "work"].value', "value": "mallory@example.org"}
    assert is_error(await provisioner.patch(f"/Users/{admin['id']}", operation), 403)
    assert (await tenant.admin.get("/v1/me")).json()["email"] == "ada@example.org"
    titled = await provisioner.patch(f"/Users/{admin['id']}", {"op": "add", "path": "title", "value": "Head"})
    assert titled.status_code == 200
    own = await Provisioner(system, tenant.admin.token).patch(f"/Users/{admin['id']}", operation)
    assert own.status_code == 200, own.text


async def test_a_list_is_paged_sorted_and_shows_what_is_asked_for(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    provisioner = await make_provisioner(system, tenant)
    for name in ("Åse", "bo", "Cato"):
        await provisioner.user(f"{name}@page.example", displayName=name, title="Paged")
    asked = {"filter": 'title eq "paged"', "sortBy": "displayName", "attributes": "userName"}
    page = (await provisioner.get("/Users", **asked, startIndex=2, count=1)).json()
    assert page["schemas"] == [LIST]
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (3, 2, 1)
    assert set(page["Resources"][0]) == {"schemas", "id", "userName"}
    assert page["Resources"][0]["userName"] == "Cato@page.example"
    down = (await provisioner.get("/Users", **asked, sortOrder="descending")).json()["Resources"]
    assert [each["userName"][0] for each in down] == ["Å", "C", "b"]
    count = (await provisioner.get("/Users", **asked, count=0)).json()
    assert (count["totalResults"], count["Resources"]) == (3, [])
    beyond = (await provisioner.get("/Users", startIndex=100_000)).json()
    assert beyond["Resources"] == []
    searched = await provisioner.post(
        "/Users/.search", {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], **asked}
    )
    assert len(searched.json()["Resources"]) == 3
    without = (await provisioner.found("/Users", 'title eq "paged"', excludedAttributes="emails,title"))[0]
    assert not {"emails", "title"} & set(without)


async def test_what_there_is_describes_itself(provisioner: Provisioner) -> None:
    config = (await provisioner.get("/ServiceProviderConfig")).json()
    offered = {
        name: config[name]["supported"] for name in ("patch", "bulk", "filter", "changePassword", "sort", "etag")
    }
    assert offered == {
        "patch": True,
        "bulk": False,
        "filter": True,
        "changePassword": False,
        "sort": True,
        "etag": True,
    }
    assert config["authenticationSchemes"][0]["type"] == "oauthbearertoken"
    types = (await provisioner.get("/ResourceTypes")).json()["Resources"]
    assert [(each["id"], each["endpoint"]) for each in types] == [("User", "/Users"), ("Group", "/Groups")]
    assert (await provisioner.get("/ResourceTypes/Group")).json()["schema"] == GROUP
    schemas = {each["id"]: each for each in (await provisioner.get("/Schemas")).json()["Resources"]}
    assert set(schemas) == {USER, ENTERPRISE, GROUP}
    names = {each["name"]: each for each in schemas[USER]["attributes"]}
    assert names["userName"]["uniqueness"] == "server"
    assert names["userName"]["required"] is True
    assert names["groups"]["mutability"] == "readOnly"
    assert "password" not in names
    assert (await provisioner.get(f"/Schemas/{USER}")).json()["id"] == USER
    assert is_error(await provisioner.get("/Schemas/nothing"), 404)
