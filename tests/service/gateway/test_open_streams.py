"""An open stream ends with the right to it, within five seconds and without a word of what came after."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import orjson
import pytest
import uvicorn

from services.kernel.http_client import HttpClient, client
from services.kernel.identity import Principal
from services.kernel.ids import new_id
from services.kernel.problems import Unavailable
from services.kernel.serve import configuration
from tests.factories.system import Person, SystemUnderTest, Tenant

AT_MOST_SECONDS = 5.0


@pytest.fixture(scope="module")
async def http(system: SystemUnderTest) -> AsyncIterator[HttpClient]:
    """The system behind its public server, since a stream over a function call would never be seen before its end."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = configuration(system.pipe, "127.0.0.1", 0)
    config.lifespan = "off"
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.01)
    async with client(f"http://127.0.0.1:{listening.getsockname()[1]}", timeout_seconds=30) as http:
        yield http
    server.should_exit = True
    await serving
    listening.close()


async def read_to_the_end(
    http: HttpClient, person: Person, path: str, once_open: Callable[[], Awaitable[None]]
) -> tuple[list[str], float]:
    """The lines that came, and how long after `once_open` the stream ended. It is called when the first line is there."""
    lines: list[str] = []
    since = time.monotonic()
    headers = {"Authorization": f"Bearer {person.token}"}
    async with asyncio.timeout(20), http.stream("GET", path, headers=headers) as stream:
        assert stream.status_code == 200
        opened = False
        async for line in stream.aiter_lines():
            lines.append(line)
            if not opened:
                opened = True
                await once_open()
                since = time.monotonic()
    return lines, time.monotonic() - since


async def own_token(person: Person) -> tuple[str, int]:
    listed = (await person.get("/v1/tokens")).json()["data"]
    return listed[0]["id"], listed[0]["version"]


async def revoke(person: Person) -> None:
    token_id, version = await own_token(person)
    assert (await person.delete(f"/v1/tokens/{token_id}", version)).status_code == 204


async def deactivate(tenant: Tenant, person: Person) -> None:
    version = (await tenant.admin.get(f"/v1/people/{person.id}")).json()["version"]
    answer = await tenant.admin.patch(f"/v1/people/{person.id}", {"active": False}, version)
    assert answer.status_code == 200, answer.text


async def remove(tenant: Tenant, person: Person) -> None:
    path = f"/v1/projects/{tenant.project_id}/memberships?person_id={person.id}"
    membership = (await tenant["manager"].get(path)).json()["data"][0]
    answer = await tenant["manager"].delete(f"/v1/memberships/{membership['id']}", membership["version"])
    assert answer.status_code == 204, answer.text


async def name_a_task(tenant: Tenant, title: str) -> None:
    answer = await tenant["manager"].post(f"/v1/projects/{tenant.project_id}/tasks", {"title": title})
    assert answer.status_code == 201, answer.text


def told(lines: list[str]) -> list[dict[str, Any]]:
    return [orjson.loads(line[6:]) for line in lines if line.startswith("data: ")]


async def test_a_stream_ends_when_its_token_is_revoked(system: SystemUnderTest, http: HttpClient) -> None:
    tenant = await system.tenant()
    member = tenant["member"]
    _, seconds = await read_to_the_end(http, member, "/v1/events/stream", lambda: revoke(member))
    assert seconds < AT_MOST_SECONDS


async def test_a_stream_ends_when_its_person_is_deactivated(system: SystemUnderTest, http: HttpClient) -> None:
    tenant = await system.tenant()
    member = tenant["member"]
    _, seconds = await read_to_the_end(http, member, "/v1/events/stream", lambda: deactivate(tenant, member))
    assert seconds < AT_MOST_SECONDS


@pytest.mark.parametrize("filtered", [False, True])
async def test_a_stream_ends_when_a_membership_is_removed_and_tells_nothing_behind_it(
    system: SystemUnderTest, http: HttpClient, filtered: bool
) -> None:
    tenant = await system.tenant()
    member = tenant["member"]

    async def remove_and_go_on() -> None:
        await name_a_task(tenant, "Before")
        await remove(tenant, member)
        for number in range(5):
            await name_a_task(tenant, f"Behind {number}")

    path = "/v1/events/stream" + (f"?project_id={tenant.project_id}" if filtered else "")
    lines, seconds = await read_to_the_end(http, member, path, remove_and_go_on)
    assert seconds < AT_MOST_SECONDS
    assert "Behind" not in "".join(lines)
    assert all(event["type"] != "gateway.membership.revoked" for event in told(lines))
    assert (await member.get(f"/v1/events?project_id={tenant.project_id}")).json()["data"] == []


async def test_a_stream_goes_on_for_whoever_gains_a_membership_and_for_everybody_else(
    system: SystemUnderTest, http: HttpClient
) -> None:
    tenant = await system.tenant()
    seen: list[str] = []

    async def listen() -> None:
        headers = {"Authorization": f"Bearer {tenant['member'].token}"}
        async with http.stream("GET", "/v1/events/stream", headers=headers) as stream:
            async for line in stream.aiter_lines():
                seen.append(line)
                if "Much later" in line:
                    return

    listening = asyncio.create_task(listen())
    body = {"key": "TUN", "name": "A tunnel", "start": "2026-03-02T08:00:00"}
    other = (await tenant["manager"].post("/v1/projects", body)).json()["id"]
    granted = {"person_id": str(tenant["member"].id), "role": "member"}
    assert (await tenant["manager"].post(f"/v1/projects/{other}/memberships", granted)).status_code == 201
    await remove(tenant, tenant["stakeholder"])
    await asyncio.sleep(AT_MOST_SECONDS)
    await name_a_task(tenant, "Much later")
    async with asyncio.timeout(5):
        await listening


async def test_the_progress_of_a_job_is_told_no_longer_than_its_project_is_the_readers_to_see(
    system: SystemUnderTest, http: HttpClient
) -> None:
    tenant = await system.tenant()
    member, manager = tenant["member"], tenant["manager"]
    tenant_id = UUID((await manager.get("/v1/me")).json()["tenant_id"])
    job_id = new_id()
    database = system.pipe._upstreams["planning"].state.service.database  # type: ignore[attr-defined]
    async with database.write(Principal(tenant_id, manager.id)) as session:
        await session.value(
            """insert into jobs (tenant_id, id, kind, project_id, state, arguments, principal, created_by_id)
               values ($1, $2, 'endless', $3, 'running', '{}', '{}', $4)""",
            tenant_id,
            job_id,
            tenant.project_id,
            manager.id,
        )
        await session.commit()
    path = f"/v1/jobs/{job_id}/stream"
    lines, seconds = await read_to_the_end(http, member, path, lambda: remove(tenant, member))
    assert (len(told(lines)), seconds < AT_MOST_SECONDS) == (1, True)
    _, seconds = await read_to_the_end(http, manager, path, lambda: revoke(manager))
    assert seconds < AT_MOST_SECONDS


async def test_a_stream_ends_when_nobody_can_say_whether_it_may_go_on(
    system: SystemUnderTest, http: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await system.tenant()

    async def away(authorization: bytes | None) -> None:
        raise Unavailable

    async def lose_the_database() -> None:
        monkeypatch.setattr(system.pipe._authenticator, "authenticate", away)

    _, seconds = await read_to_the_end(http, tenant["member"], "/v1/events/stream", lose_the_database)
    assert seconds < AT_MOST_SECONDS
