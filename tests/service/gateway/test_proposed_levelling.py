"""What a levelling found becomes a coordinator's proposal, and the plan moves when the manager accepts it."""

import asyncio
from typing import Any

from tests.factories.system import Person, SystemUnderTest, Tenant

DAY = 450


async def make(tenant: Tenant, noun: str, **members: Any) -> dict[str, Any]:
    answer = await tenant["manager"].post(f"/v1/projects/{tenant.project_id}/{noun}", members)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def level(tenant: Tenant, person: Person) -> dict[str, Any]:
    asked = await person.post(
        f"/v1/projects/{tenant.project_id}/levelling-runs",
        {"mode": "extend", "seconds": 1},
        headers={"Idempotency-Key": "l"},
    )
    assert asked.status_code == 202, asked.text
    assert asked.headers["location"].startswith("/v1/jobs/"), asked.text
    async with asyncio.timeout(120):
        while (job := (await person.get(asked.headers["location"])).json())["state"] in ("queued", "running"):
            await asyncio.sleep(0.1)
    assert job["state"] == "succeeded", job
    run: dict[str, Any] = (await person.get(job["result_url"])).json()
    return run


async def make_overload(tenant: Tenant) -> None:
    crane = await make(tenant, "resources", name="Crane")
    for title in ("Dig", "Pave"):
        task = await make(tenant, "tasks", title=title, duration_minutes=2 * DAY)
        await make(tenant, "assignments", task_id=task["id"], resource_id=crane["id"])


async def test_a_coordinators_levelling_is_applied_when_the_manager_accepts_it(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    await make_overload(tenant)
    run = await level(tenant, tenant["coordinator"])
    path = f"/v1/levelling-runs/{run['id']}"
    asked = await tenant["coordinator"].post(f"{path}/application")
    assert (asked.status_code, asked.headers["tandem-effect"]) == (202, "proposed"), asked.text
    proposal = asked.json()
    assert set(proposal["kinds"]) == {"levelling.apply", "schedule.dates"}
    assert proposal["impact"]["finish"]["moved_minutes"] == 2 * DAY
    assert (await tenant["manager"].get(path)).json()["applied_at"] is None
    decision = {"decision": "accept", "reason": "There is one crane."}
    accepted = await tenant["manager"].post(f"/v1/proposals/{proposal['id']}/decision", decision)
    assert accepted.json()["state"] == "accepted", accepted.text
    assert (await tenant["manager"].get(path)).json()["applied_at"] is not None
    tasks = (await tenant["manager"].get(f"/v1/projects/{tenant.project_id}/tasks")).json()["data"]
    assert sorted(each["start"] for each in tasks) == ["2026-03-02T08:00:00", "2026-03-04T08:00:00"]
    overview = (await tenant["manager"].get(f"/v1/projects/{tenant.project_id}/overview")).json()
    assert overview["schedule"]["forecast_finish"]["value"] == "2026-03-05"


async def test_a_proposed_levelling_of_a_plan_that_has_gone_on_is_not_applied(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    await make_overload(tenant)
    run = await level(tenant, tenant["coordinator"])
    asked = await tenant["coordinator"].post(f"/v1/levelling-runs/{run['id']}/application")
    await make(tenant, "tasks", title="Fence", duration_minutes=9 * DAY)
    decision = {"decision": "accept", "reason": "There is one crane."}
    refused = await tenant["manager"].post(f"{asked.headers['location']}/decision", decision)
    assert refused.status_code == 409, refused.text
    assert "levelling_outdated" in refused.text
