"""What a token that is narrower than its person reaches, and what the gateway's own writes do when authority is short."""

from tests.factories.system import Person, SystemUnderTest, Tenant


async def narrow(tenant: Tenant, role: str, *scopes: str) -> Person:
    person = tenant[role]
    drawn = await person.post("/v1/tokens", {"name": "narrow", "scopes": list(scopes)})
    assert drawn.status_code == 201, drawn.text
    return Person(person.http, drawn.json()["secret"], person.id)


async def test_a_token_for_one_service_reads_nothing_of_another(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    reader = await narrow(tenant, "manager", "planning:read")
    project = f"/v1/projects/{tenant.project_id}"
    assert (await reader.get(f"{project}/tasks")).status_code == 200
    for noun in ("documents", "meetings", "overview", "status-reports"):
        answer = await reader.get(f"{project}/{noun}")
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing"), noun


async def test_the_feed_tells_a_narrow_token_of_its_services_only(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    project = f"/v1/projects/{tenant.project_id}"
    body = {"title": "Kick-off", "starts_at": "2026-03-09T08:00:00Z", "ends_at": "2026-03-09T09:00:00Z"}
    assert (await tenant["coordinator"].post(f"{project}/meetings", body)).status_code == 201
    reader = await narrow(tenant, "manager", "coordination:read")
    events = (await reader.get("/v1/events?limit=200")).json()["data"]
    assert {event["source"] for event in events} == {"coordination"}


async def test_a_coordinator_proposes_who_is_on_the_project_and_the_manager_accepts(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    project = f"/v1/projects/{tenant.project_id}"
    body = {"person_id": str(tenant["stranger"].id), "role": "member"}
    asked = await tenant["coordinator"].post(f"{project}/memberships", body)
    assert asked.status_code == 202, asked.text
    assert (await tenant["stranger"].get(project)).status_code == 404
    decision = {"decision": "accept", "reason": "We need one more."}
    accepted = await tenant["manager"].post(f"{asked.headers['location']}/decision", decision)
    assert accepted.json()["state"] == "accepted", accepted.text
    assert (await tenant["stranger"].get(project)).status_code == 200
