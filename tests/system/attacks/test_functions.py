"""Group B of the attack list: nobody does what their role does not let them, by whatever door. B01 is the matrix of
tests/contract/test_authorization_matrix.py; B06, B07 and B09 stand in test_authentication.py."""

import asyncio
from typing import Any

import pytest

from services.kernel.ids import new_id
from tests.contract.inventory import PROJECT, Inventory
from tests.contract.operations import Description
from tests.contract.oracle import EVERYBODY, expected_of_read, expected_of_write
from tests.factories.system import Person

OVERREACH = ("id", "tenant_id", "created_by_id", "author_id", "role_of_author", "is_admin", "version", "deleted_at")


def test_B01_no_route_is_without_a_row_in_the_matrix(description: Description) -> None:
    """The oracle raises for what it cannot place."""
    document: dict[str, Any] = {"grants": [], "tolerances": {}, "approvals": []}
    placed = 0
    for operation in description:
        if operation.anonymous or operation.streams:
            continue
        for somebody in EVERYBODY:
            if operation.writes:
                expected_of_write(operation, somebody, "own project", document, {})
            else:
                expected_of_read(operation, somebody, "own project")
            placed += 1
    assert placed > 2_500


async def membership_of(attacker: Inventory, role: str) -> tuple[str, int]:
    listed = await attacker.tenant["owner"].get(attacker.named(f"{PROJECT}/memberships"), params={"role": role})
    return listed.json()["data"][0]["id"], listed.json()["data"][0]["version"]


@pytest.mark.parametrize("role", ["stakeholder", "client_contact", "auditor"])
async def test_B02_nobody_raises_their_own_role_or_anothers(attacker: Inventory, role: str) -> None:
    person = attacker.tenant[role]
    for whose in (role, "coordinator", "stakeholder"):
        seat, version = await membership_of(attacker, whose)
        for wanted in ("owner", "programme_manager", "coordinator"):
            if wanted != whose:
                raised = await person.patch(f"/v1/memberships/{seat}", {"role": wanted}, version)
                assert raised.status_code == 403, raised.text
        assert (await person.delete(f"/v1/memberships/{seat}", version)).status_code == 403
    own = (await person.get("/v1/me")).json()["id"]
    known = (await person.get(f"/v1/people/{own}")).json()["version"]
    assert (await person.patch(f"/v1/people/{own}", {"tenant_role": "admin"}, known)).status_code == 422
    assert (await person.patch(f"/v1/people/{own}", {"active": False}, known)).status_code == 403


async def test_B02_the_manager_appoints_nobody_above_and_never_leaves_the_project_without_one(
    attacker: Inventory,
) -> None:
    manager = attacker.tenant["manager"]
    body = {"person_id": str(attacker.tenant["stranger"].id), "role": "owner"}
    strict = {"Prefer": "authority=strict"}
    appointed = await manager.post(attacker.named(f"{PROJECT}/memberships"), body, headers=strict)
    assert (appointed.status_code, appointed.json()["code"]) == (403, "authority_required")
    seat, version = await membership_of(attacker, "manager")
    for person in (manager, attacker.tenant["owner"], attacker.tenant.admin):
        assert (await person.delete(f"/v1/memberships/{seat}", version)).status_code == 409
        assert (await person.patch(f"/v1/memberships/{seat}", {"role": "member"}, version)).status_code == 409


async def test_B02_nobody_lends_more_than_they_have(attacker: Inventory) -> None:
    for role in ("coordinator", "stakeholder", "auditor"):
        body = {
            "person_id": str(attacker.tenant["member"].id),
            "role": "owner",
            "expires_at": "2027-01-04T07:00:00Z",
            "reason": "Because.",
        }
        lent = await attacker.tenant[role].post(attacker.named(f"{PROJECT}/delegations"), body)
        assert lent.status_code == 403, lent.text


async def test_B03_no_body_sets_what_is_not_the_clients(attacker: Inventory, description: Description) -> None:
    wrong = []
    for operation in description:
        if operation.body is None or not operation.writes:
            continue
        for name in OVERREACH:
            if name not in operation.body.get("properties", {}):
                answer = await attacker.caller(operation).request(
                    operation.method,
                    attacker.path(operation),
                    headers={"If-Match": '"1"'},
                    json=attacker.body(operation) | {name: "x"},
                )
                if answer.status_code != 422 or f"/{name}" not in answer.text:
                    wrong.append(f"{operation} {name}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


async def test_B04_a_token_that_may_only_read_writes_through_no_spelling(attacker: Inventory) -> None:
    manager = attacker.tenant["manager"]
    drawn = await manager.post("/v1/tokens", {"name": "reader", "scopes": ["planning:read"]})
    reader = Person(manager.http, drawn.json()["secret"], manager.id)
    path = attacker.named("/v1/tasks/{tasks}")
    known = (await reader.get(path)).json()
    overrides = {"X-HTTP-Method-Override": "PATCH", "X-HTTP-Method": "PATCH", "X-Method-Override": "DELETE"}
    for spelled in (path, f"{path}/", path.replace("/v1/", "//v1/"), path.upper(), path.replace("tasks", "t%61sks")):
        for method in ("PATCH", "PUT", "DELETE", "POST"):
            answer = await reader.request(
                method, spelled, headers={"If-Match": f'"{known["version"]}"'}, json={"title": "Theirs"}
            )
            assert answer.status_code in (400, 403, 404, 405), f"{method} {spelled}: {answer.status_code}"
        for method in ("GET", "HEAD", "OPTIONS"):
            answer = await reader.request(method, spelled, headers=overrides)
            assert answer.status_code in (200, 400, 404, 405), f"{method} {spelled}: {answer.status_code}"
    assert (await reader.get(path)).json() == known


async def test_B05_nothing_beside_the_api_is_shown(attacker: Inventory) -> None:
    http = attacker.system.http
    for path in ("/docs", "/redoc", "/openapi.json", "/debug", "/admin", "/internal/facts", "/internal/heads", "/.env"):
        for answer in (await http.get(path), await attacker.tenant.admin.get(path)):
            assert answer.status_code == 404, path
    assert (await http.get("/metrics")).status_code == 401
    assert (await http.get("/health")).json() == {"status": "alive"}


@pytest.mark.parametrize("name", ["__class__", "delete", "metadata", "_sa_instance_state", "__proto__", "constructor"])
async def test_B08_a_name_from_a_client_is_looked_up_in_a_list(attacker: Inventory, name: str) -> None:
    manager, path = attacker.tenant["manager"], attacker.named(f"{PROJECT}/tasks")
    assert (await manager.post(path, {"title": "x", name: "x"})).status_code == 422
    for query in ({"sort": name}, {"fields": name}, {"expand": name}, {name: "x"}):
        assert (await manager.get(path, params=query)).status_code in (400, 422), query
    where = {"field": name, "op": "eq", "value": "x"}
    assert (await manager.post(f"{path}/searches", {"where": where})).status_code in (400, 422)
    operations = [{"op": name, "body": {"title": "x"}}]
    assert (await manager.post(f"{path}/batch", {"operations": operations})).status_code == 422


async def test_B10_who_asks_does_not_decide_and_nobody_decides_twice_or_something_else(attacker: Inventory) -> None:
    coordinator, manager = attacker.tenant["coordinator"], attacker.tenant["manager"]
    asked = await coordinator.post(attacker.named(f"{PROJECT}/tasks"), {"title": f"Pave {new_id()}"})
    assert asked.status_code == 202, asked.text
    decision = f"{asked.headers['location']}/decision"
    accept = {"decision": "accept", "reason": "Yes."}
    own = await coordinator.post(decision, accept)
    assert (own.status_code, own.json()["code"]) == (403, "own_proposal")
    answers = await asyncio.gather(*(manager.post(decision, accept) for _ in range(5)))
    assert sum(answer.status_code == 200 for answer in answers) >= 1
    done = await manager.get(attacker.named(f"{PROJECT}/tasks"), params={"q": "Pave"})
    assert len(done.json()["data"]) == 1, "accepting it several times did it once"
    again = await manager.post(decision, {"decision": "reject", "reason": "No."})
    assert again.status_code == 409, again.text
