"""The token endpoint, OAuth clients, and tokens of people and machines."""

import base64
from typing import Any

from services.kernel.http_client import Response
from tests.factories.accounts import add_person, fresh_address, make_account, refresh
from tests.factories.system import Person, SystemUnderTest, Tenant


async def make_machine(tenant: Tenant) -> str:
    return str(await add_person(tenant, fresh_address(), kind="integration"))


async def make_client(tenant: Tenant, *scopes: str) -> dict[str, Any]:
    body = {"person_id": await make_machine(tenant), "name": "time sheets", "scopes": list(scopes)}
    made = await tenant.admin.post("/v1/oauth-clients", body)
    assert made.status_code == 201, made.text
    client: dict[str, Any] = made.json()
    return client


async def token(system: SystemUnderTest, **form: str) -> Response:
    return await system.http.post("/v1/oauth/token", data=form)


async def granted(system: SystemUnderTest, client: dict[str, Any], **form: str) -> Response:
    return await token(
        system, grant_type="client_credentials", client_id=client["id"], client_secret=client["secret"], **form
    )


async def test_only_administrators_make_clients_and_only_for_machines(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    body = {"person_id": await make_machine(tenant), "name": "time sheets", "scopes": ["planning:read"]}
    assert (await tenant["manager"].post("/v1/oauth-clients", body)).status_code == 403
    human = await tenant.admin.post("/v1/oauth-clients", body | {"person_id": str(tenant["manager"].id)})
    assert (human.status_code, human.json()["code"]) == (422, "not_a_machine")
    other = await system.tenant()
    assert (await other.admin.post("/v1/oauth-clients", body)).status_code == 422


async def test_the_token_endpoint_refuses_in_the_words_of_its_rfc(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    client = await make_client(tenant, "planning:read")
    wrong = client | {"secret": "tdm_cs_" + "x" * 43}
    expected = (
        (await token(system), 400, "invalid_request"),
        (await token(system, grant_type="password"), 400, "unsupported_grant_type"),
        (await token(system, grant_type="client_credentials"), 401, "invalid_client"),
        (await granted(system, wrong), 401, "invalid_client"),
        (await granted(system, client | {"id": "nobody"}), 401, "invalid_client"),
        (await granted(system, client, scope="planning:decide"), 400, "invalid_scope"),
        (await token(system, grant_type="refresh_token"), 400, "invalid_request"),
        (await refresh(system, "tdm_ref_unknown"), 400, "invalid_grant"),
        (await system.http.post("/v1/oauth/token", json={"grant_type": "x"}), 400, "invalid_request"),
        (
            await system.http.post(
                "/v1/oauth/token",
                content=b"grant_type=refresh_token&grant_type=refresh_token",
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            ),
            400,
            "invalid_request",
        ),
    )
    for answer, status, error in expected:
        assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    assert expected[2][0].headers["www-authenticate"].startswith("Basic")


async def test_a_client_gets_a_token_for_what_it_asks_and_not_more(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    client = await make_client(tenant, "planning:propose", "coordination:read")
    basic = base64.b64encode(f"{client['id']}:{client['secret']}".encode()).decode()
    answer = await system.http.post(
        "/v1/oauth/token",
        data={"grant_type": "client_credentials", "scope": "planning:propose"},
        headers={"Authorization": f"Basic {basic}"},
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["scope"] == "planning:propose"
    assert "refresh_token" not in answer.json()
    machine = Person(system.http, answer.json()["access_token"], client["person_id"])
    me = (await machine.get("/v1/me")).json()
    assert (me["kind"], me["scopes"], me["authenticated_at"]) == ("integration", ["planning:propose"], None)
    shown = (await tenant.admin.get(f"/v1/oauth-clients/{client['id']}")).json()
    assert shown["last_used_at"] is not None
    assert client["secret"] not in str(shown)
    assert client["secret"].startswith(shown["hint"])


async def test_a_revoked_client_and_its_tokens_are_refused_at_once(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    client = await make_client(tenant, "planning:read")
    machine = Person(system.http, (await granted(system, client)).json()["access_token"], client["person_id"])
    assert (await machine.get("/v1/me")).status_code == 200
    assert (await tenant["manager"].delete(f"/v1/oauth-clients/{client['id']}", 1)).status_code == 404
    assert (await tenant.admin.delete(f"/v1/oauth-clients/{client['id']}", 1)).status_code == 204
    assert (await machine.get("/v1/me")).status_code == 401
    assert (await granted(system, client)).json()["error"] == "invalid_client"


async def test_whoever_holds_a_secret_may_revoke_it(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    account = await make_account(system, tenant)
    by_access, by_refresh = await account.session(), await account.session()
    personal = (await by_access.post("/v1/tokens", {"name": "x", "scopes": ["planning:read"]})).json()["secret"]
    reader = Person(system.http, personal, account.person_id)
    assert (await reader.get("/v1/me")).status_code == 200
    for secret in (by_access.token, by_refresh.refresh_token, personal, "tdm_pat_unknown"):
        answer = await system.http.post("/v1/oauth/revocation", data={"token": secret})
        assert (answer.status_code, answer.content) == (200, b"")
    for person in (by_access, by_refresh, reader):
        assert (await person.get("/v1/me")).status_code == 401


async def test_tokens_say_what_they_are_and_when_they_were_used(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    body = {"name": "nightly", "scopes": ["planning:read"]}
    personal = (await tenant["manager"].post("/v1/tokens", body)).json()
    service = (await tenant.admin.post("/v1/tokens", body | {"person_id": await make_machine(tenant)})).json()
    assert personal["secret"].startswith("tdm_pat_")
    assert service["secret"].startswith("tdm_svc_")
    assert (await tenant["manager"].get(f"/v1/tokens/{personal['id']}")).json()["last_used_at"] is None
    assert (await Person(system.http, personal["secret"], tenant["manager"].id).get("/v1/me")).status_code == 200
    assert (await Person(system.http, service["secret"], tenant["manager"].id).get("/v1/me")).status_code == 200
    assert (await tenant["manager"].get(f"/v1/tokens/{personal['id']}")).json()["last_used_at"] is not None


async def test_a_token_that_has_expired_is_refused(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    body = {"name": "old", "scopes": ["planning:read"], "expires_at": "2020-01-01T00:00:00Z"}
    secret = (await tenant["manager"].post("/v1/tokens", body)).json()["secret"]
    assert (await Person(system.http, secret, tenant["manager"].id).get("/v1/me")).status_code == 401
