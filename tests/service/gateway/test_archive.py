"""The archive: who may put a project there, what of it waits meanwhile, and that all of it comes back."""

import asyncio
from uuid import UUID

import pytest

from gateway.authority.waiting import MIND
from services.kernel.http_client import Response
from services.kernel.identity import Principal
from services.kernel.ids import new_id
from services.kernel.jobs import enqueue_job
from tests.factories.scim import make_provisioner
from tests.factories.system import Person, SystemUnderTest, Tenant
from tests.service.gateway.test_groups import add, grant, remove, role_of

ARCHIVE = "/v1/archived-projects"


async def archive(by: Person, tenant: Tenant, **options: object) -> Response:
    body = {"project_id": str(tenant.project_id), "reason": "The bridge was handed over."}
    return await by.post(ARCHIVE, body, **options)


async def restore(by: Person, tenant: Tenant) -> Response:
    return await by.post(f"{ARCHIVE}/{tenant.project_id}/restoration")


async def test_administrators_alone_archive_and_restore(system: SystemUnderTest) -> None:
    tenant, other = await system.tenant(), await system.tenant()
    body = {"project_id": str(tenant.project_id), "reason": "Over."}
    assert (await system.http.post(ARCHIVE, json=body)).status_code == 401
    for short in ("owner", "manager", "coordinator", "stranger", "guest"):
        assert (await archive(tenant[short], tenant)).status_code == 403
    foreign = await archive(other.admin, tenant)
    assert (foreign.status_code, foreign.json()["errors"][0]["pointer"]) == (422, "/project_id")
    unreasoned = await tenant.admin.post(ARCHIVE, {"project_id": str(tenant.project_id), "reason": ""})
    assert unreasoned.status_code == 422
    assert (await restore(tenant.admin, tenant)).status_code == 404
    assert (await archive(tenant.admin, tenant)).status_code == 201
    assert (await archive(tenant.admin, tenant)).status_code == 422
    assert (await restore(tenant["owner"], tenant)).status_code == 404
    assert (await restore(other.admin, tenant)).status_code == 404


async def test_a_dry_run_archives_nothing(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    assert (await archive(tenant.admin, tenant, params={"dry_run": "true"})).status_code == 200
    assert (await tenant["manager"].get(f"/v1/projects/{tenant.project_id}")).status_code == 200


async def test_the_archive_is_shown_to_administrators_and_tells_what_the_project_was_called(
    system: SystemUnderTest,
) -> None:
    tenant = await system.tenant()
    await tenant["manager"].patch(f"/v1/projects/{tenant.project_id}", {"name": "The Vik bridge"}, 1)
    assert (await archive(tenant.admin, tenant)).json()["name"] == "The Vik bridge"
    listed = (await tenant.admin.get(ARCHIVE)).json()["data"]
    assert [(row["id"], row["name"], row["reason"]) for row in listed] == [
        (str(tenant.project_id), "The Vik bridge", "The bridge was handed over.")
    ]
    assert (await tenant["owner"].get(ARCHIVE)).json()["data"] == []
    assert (await tenant["owner"].get(f"{ARCHIVE}/{tenant.project_id}")).status_code == 404


async def test_everybody_is_on_a_restored_project_as_before_and_a_delegation_holds_on(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    project = f"/v1/projects/{tenant.project_id}"
    before = {role: (await person.get(f"{project}/tasks")).status_code for role, person in tenant.people.items()}
    memberships = (await tenant["manager"].get(f"{project}/memberships")).json()
    await archive(tenant.admin, tenant)
    for person in (*tenant.people.values(), tenant.admin):
        assert (await person.get(project)).status_code == 404
        assert (await person.get("/v1/projects")).json()["data"] == []
    assert (await restore(tenant.admin, tenant)).status_code == 200
    after = {role: (await person.get(f"{project}/tasks")).status_code for role, person in tenant.people.items()}
    assert after == before
    assert (await tenant["manager"].get(f"{project}/memberships")).json() == memberships


async def test_who_was_only_a_guest_is_no_insider_while_the_project_is_archived(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    await archive(tenant.admin, tenant)
    new = {"key": "MINE", "name": "My own", "start": "2026-03-02T08:00:00"}
    assert (await tenant["guest"].post("/v1/projects", new)).status_code == 403
    assert len((await tenant["guest"].get("/v1/people")).json()["data"]) <= 1


async def test_groups_bring_nobody_to_an_archived_project_and_are_followed_when_it_is_back(
    system: SystemUnderTest,
) -> None:
    tenant = await system.tenant()
    provisioner = await make_provisioner(system, tenant)
    leaver, comer = await provisioner.user(), await provisioner.user()
    group = await provisioner.group("Crew", leaver["id"])
    assert (await grant(tenant["manager"], tenant, group["id"])).status_code == 201
    await archive(tenant.admin, tenant)
    await add(provisioner, group, comer["id"])
    await remove(provisioner, group, leaver["id"])
    await restore(tenant.admin, tenant)
    assert await role_of(tenant, comer["id"]) == "member"
    assert await role_of(tenant, leaver["id"]) is None


@pytest.mark.slow
async def test_a_job_of_an_archived_project_waits_until_it_is_back(system: SystemUnderTest) -> None:
    """The job is about no proposal, so that it ends as soon as somebody takes it."""
    tenant = await system.tenant()
    tenant_id = UUID((await tenant.admin.get("/v1/me")).json()["tenant_id"])
    await archive(tenant.admin, tenant)
    principal = Principal(tenant_id, tenant["manager"].id)
    async with system.service.database.write(principal) as session:
        job = await enqueue_job(session, MIND, {"proposal_id": str(new_id())}, tenant.project_id)
        await session.commit()

    async def row() -> tuple[str, bool]:
        async with system.service.database.read(tenant_id) as session:
            found = await session.row("select state, held from jobs where tenant_id = $1 and id = $2", tenant_id, job)
        assert found is not None
        return found["state"], found["held"]

    async with asyncio.timeout(30):
        while await row() != ("queued", True):
            await asyncio.sleep(0.1)
    await restore(tenant.admin, tenant)
    async with asyncio.timeout(30):
        while (await row())[0] not in ("succeeded", "failed"):
            await asyncio.sleep(0.1)
