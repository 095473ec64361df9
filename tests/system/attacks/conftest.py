"""A victim, an attacker of another tenant, the public server before the system, and a watch over every case."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import structlog
import uvicorn

from services.kernel.ids import new_id
from services.kernel.serve import configuration
from tests.contract.inventory import Inventory
from tests.contract.operations import Description
from tests.factories.system import SystemUnderTest
from tests.system.attacks.canary import MarkedInventory
from tests.system.attacks.watch import Victim, Watch, tenant_of


@pytest.fixture(scope="session")
async def description(system: SystemUnderTest) -> Description:
    answer = await system.http.get("/v1/openapi.json")
    assert answer.status_code == 200, answer.text
    return Description(answer.json())


async def furnished(system: SystemUnderTest, description: Description) -> Inventory:
    inventory = Inventory(system, await system.tenant())
    await inventory.fill({str(operation): operation for operation in description})
    return inventory


@pytest.fixture(scope="session")
async def victim(system: SystemUnderTest, description: Description) -> Victim:
    mark = f"victim-{new_id()}"
    inventory = MarkedInventory(system, await system.tenant(), mark, description)
    await inventory.fill({str(operation): operation for operation in description})
    await inventory.mark_the_rest()
    victim = Victim(system, inventory, await tenant_of(inventory.tenant), mark)
    await victim.settle()
    return victim


@pytest.fixture(scope="session")
async def attacker(system: SystemUnderTest, description: Description) -> Inventory:
    """A tenant of its own, with one object of everything to attack from."""
    return await furnished(system, description)


@pytest.fixture
def log_lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The lines that the services write, as they leave for standard output; those of answered requests too."""
    lines: list[str] = []

    def note(logger: Any, name: str, rendered: str) -> str:
        lines.append(rendered)
        return rendered

    processors = structlog.get_config()["processors"]
    processors.append(note)
    chatty = structlog.make_filtering_bound_logger(logging.INFO)
    access = structlog.wrap_logger(structlog.ReturnLogger(), processors=processors, wrapper_class=chatty)
    monkeypatch.setattr("services.kernel.app._access_log", access)
    yield lines
    processors.remove(note)


@pytest.fixture(autouse=True)
async def watch(victim: Victim, attacker: Inventory, log_lines: list[str]) -> AsyncIterator[Watch]:
    watch = Watch(victim, attacker.tenant, await tenant_of(attacker.tenant))
    watch.lines = log_lines
    await watch.begin()
    log_lines.clear()
    yield watch
    await watch.end()


@pytest.fixture(scope="session")
async def port(system: SystemUnderTest) -> AsyncIterator[int]:
    """The system behind the server that the public meets, configured as it is in production."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", 0))
    config = configuration(system.pipe, "127.0.0.1", 0)
    config.lifespan = "off"
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.01)
    yield listening.getsockname()[1]
    server.should_exit = True
    await serving
    listening.close()
