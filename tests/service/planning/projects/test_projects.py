"""Projects: who sees them, who changes them, and how two writers get on."""

import asyncio
from uuid import UUID

from services.kernel.ids import new_id
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest


async def test_nobody_without_an_identity_gets_in(planning: ServiceUnderTest) -> None:
    answer = await planning.http.get("/v1/projects")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "unauthenticated"


async def test_a_stranger_and_another_tenant_find_nothing(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    for caller in (world["stranger"], world.foreigner()):
        assert (await caller.get(f"/v1/projects/{world.project_id}")).status_code == 404
        assert (await caller.get("/v1/projects")).json()["data"] == []
        answer = await caller.patch(f"/v1/projects/{world.project_id}", {"name": "Mine"}, 1)
        assert answer.status_code == 404


async def test_a_coordinator_may_only_propose_a_passage(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    answer = await world["coordinator"].patch(f"/v1/projects/{world.project_id}", {"status": "executing"}, 1)
    assert answer.status_code == 403
    problem = answer.json()
    assert problem["code"] == "authority_required"
    assert {each["role"] for each in problem["decidable_by"]} == {"owner", "programme_manager", "manager"}
    unchanged = (await world["manager"].get(f"/v1/projects/{world.project_id}")).json()
    assert (unchanged["status"], unchanged["version"]) == ("planning", 1)


async def test_a_manager_decides_and_the_answer_carries_the_new_version(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    answer = await world["manager"].patch(f"/v1/projects/{world.project_id}", {"status": "executing"}, 1)
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == '"2"'
    assert answer.headers["tandem-effect"] == "applied"
    assert answer.headers["tandem-position"].startswith("planning=")
    again = await world["manager"].get(f"/v1/projects/{world.project_id}", headers={"If-None-Match": '"2"'})
    assert again.status_code == 304


async def test_of_many_writers_with_one_version_exactly_one_wins(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    path = f"/v1/projects/{world.project_id}"
    answers = await asyncio.gather(*(world["manager"].patch(path, {"name": f"Name {n}"}, 1) for n in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7


async def test_a_repeated_key_gets_the_stored_answer_and_another_body_is_refused(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    body = {"key": "TUN", "name": "A tunnel", "start": "2026-03-02T08:00:00"}
    headers = {"Idempotency-Key": "once"}
    answers = await asyncio.gather(*(world["manager"].post("/v1/projects", body, headers=headers) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    other = await world["manager"].post("/v1/projects", body | {"name": "Another"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_dry_run_says_what_would_happen_and_stores_nothing(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    path = f"/v1/projects/{world.project_id}?dry_run=true"
    answer = await world["coordinator"].patch(path, {"status": "executing"}, 1)
    assert answer.status_code == 200
    assert answer.headers["tandem-effect"] == "none"
    assert answer.json()["authority"]["verdict"] == "propose"
    assert (await world["manager"].get(f"/v1/projects/{world.project_id}")).json()["version"] == 1


async def test_a_page_follows_the_other_without_a_gap(planning: ServiceUnderTest) -> None:
    world = await planning.world(make_policy())
    for number in range(5):
        body = {"key": f"P{number}", "name": f"Project {number}", "start": "2026-03-02T08:00:00"}
        project_id = (await world["manager"].post("/v1/projects", body)).json()["id"]
        data = {"person_id": str(world["manager"].id), "role": "manager"}
        await planning.hear(
            world.tenant_id, "gateway", [("gateway.membership.granted", new_id(), data, UUID(project_id))]
        )
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await world["manager"].get(f"/v1/projects?limit=2&sort=-name{cursor}")).json()
        seen.extend(each["name"] for each in page["data"])
        if page["page"]["next_cursor"] is None:
            break
        cursor = f"&cursor={page['page']['next_cursor']}"
    assert seen == [*(f"Project {number}" for number in (4, 3, 2, 1, 0)), "A new bridge"]
    tampered = await world["manager"].get("/v1/projects?limit=2&sort=-name&cursor=AAAA")
    assert (tampered.status_code, tampered.json()["code"]) == (400, "invalid_cursor")
