"""The pipe: one spelling of each path, no forged identity, and a way for services only."""

import pytest

from services.kernel.identity import HEADER, Principal
from services.kernel.ids import new_id
from tests.factories.system import SystemUnderTest


@pytest.mark.parametrize("path", ["/internal/heads", "/internal/facts", "/internal/openapi.json"])
async def test_the_internal_way_does_not_exist_for_people(system: SystemUnderTest, path: str) -> None:
    person = system.service.signer.sign(Principal(new_id(), new_id()))
    for headers in ({}, {HEADER: "forged"}, {HEADER: person}):
        answer = await system.http.get(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_service_may_ask_the_gateway_for_its_facts(system: SystemUnderTest) -> None:
    headers = system.service.peers.headers(new_id())
    answer = await system.http.get("/internal/facts", headers=headers)
    assert (answer.status_code, answer.json()) == (200, [])


@pytest.mark.parametrize("path", ["/v1/projects/", "/v1//projects", "/V1/projects", "/v1/nonsense", "/v1/%2E/projects"])
async def test_a_path_has_one_spelling(system: SystemUnderTest, path: str) -> None:
    tenant = await system.tenant()
    assert (await tenant["manager"].get(path)).status_code == 404


async def test_a_forged_identity_header_is_ignored(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    admin = system.service.signer.sign(Principal(new_id(), new_id(), tenant_role="admin"))
    answer = await tenant["stranger"].get("/v1/me", headers={HEADER: admin})
    assert answer.json()["id"] == str(tenant["stranger"].id)


async def test_two_content_lengths_are_refused(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    headers = [("Authorization", f"Bearer {tenant['manager'].token}"), ("Content-Length", "0"), ("Content-Length", "1")]
    answer = await system.http.request("POST", "/v1/projects", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_every_answer_of_the_pipe_carries_a_request_id_and_a_language(system: SystemUnderTest) -> None:
    for path in ("/v1/projects", "/v1/openapi.json", "/v1/nonsense"):
        answer = await system.http.get(path, headers={"Accept-Language": "nn", "Tandem-Request-Id": "my-request-1"})
        assert answer.headers["tandem-request-id"] == "my-request-1"
        assert answer.headers["content-language"] == "nb"
