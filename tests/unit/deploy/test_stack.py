"""The whole local stack, with tiny applications in place of the services."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.util import CommandError

from deploy.local.errors import CannotStart, DataFolderBusy, PortInUse
from deploy.local.ports import free_port
from deploy.local.stack import APPS, LocalStack, Mode
from tests.unit.deploy.stand_in import write_stand_in


async def migrate(service: str, owner_url: str) -> None:
    """Stands in for the migrations: one table for each service, made by the owner."""
    connection = await asyncpg.connect(owner_url)
    await connection.execute("create table if not exists migrated (service text)")
    await connection.execute("insert into migrated values ($1)", service)
    await connection.close()


def make_stack(folder: Path, mode: Mode, **changes: Any) -> LocalStack:
    code = folder / "code"
    code.mkdir(exist_ok=True)
    apps = {name: write_stand_in(code, name) for name in APPS[mode]}
    arguments: dict[str, Any] = {"environment": "test", "durable": False, "apps": apps, "migrate": migrate}
    return LocalStack(folder / "data", mode=mode, settings={"PYTHONPATH": str(code)}, **(arguments | changes))


async def get(url: str) -> dict[str, Any]:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1]))
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    _, _, body = answer.partition(b"\r\n\r\n")
    parsed: dict[str, Any] = json.loads(body)
    return parsed


@pytest.fixture(scope="module")
async def separate(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalStack]:
    async with make_stack(tmp_path_factory.mktemp("separate"), "separate") as stack:
        yield stack


async def test_each_service_runs_by_itself_as_its_own_database_role(separate: LocalStack) -> None:
    for service in ("gateway", "planning", "coordination", "reporting"):
        answer = await get(separate.environment[f"TANDEM_{service.upper()}_URL"])
        assert answer["user"] == service
        assert answer["pid"] == separate.process(service).pid


async def test_a_service_is_told_no_password_of_an_owner_or_of_another_service(separate: LocalStack) -> None:
    for service in ("gateway", "planning", "coordination", "reporting"):
        settings = (await get(separate.environment[f"TANDEM_{service.upper()}_URL"]))["settings"]
        assert [name for name in settings if name.endswith("DATABASE_URL")] == [
            f"TANDEM_{service.upper()}_DATABASE_URL"
        ]
        assert "owner" not in json.dumps(settings)


async def test_every_database_was_migrated_by_its_owner(separate: LocalStack) -> None:
    for service in ("gateway", "planning", "coordination", "reporting"):
        connection = await asyncpg.connect(separate.database_url(service))
        assert await connection.fetchval("select service from migrated") == service
        assert (
            await connection.fetchval("select tableowner from pg_tables where tablename = 'migrated'")
            == f"{service}_owner"
        )
        await connection.close()


async def test_a_service_loads_while_the_servers_start_and_serves_when_the_databases_are_migrated(
    tmp_path: Path,
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(service: str, owner_url: str) -> None:
        await migrate(service, owner_url)
        begun.set()
        await go_on.wait()

    stack = make_stack(tmp_path, "all-in-one", migrate=slow)
    starting = asyncio.create_task(stack.__aenter__())
    try:
        await begun.wait()
        process = stack.process("all-in-one")
        await asyncio.sleep(2)
        assert process.running
        assert not await process.is_ready()
        go_on.set()
        await starting
        assert await process.is_ready()
    finally:
        starting.cancel()
        await stack.stop()


@pytest.mark.parametrize("name", ["planning", "gateway", "postgres", "log_server"])
async def test_a_killed_process_comes_back(separate: LocalStack, name: str) -> None:
    process = separate.process(name)
    before = process.pid
    process.kill()
    assert not process.running
    await separate.wait_ready()
    assert process.pid != before
    assert (await get(separate.public_url))["user"] == "gateway"


async def test_a_stopped_process_stays_down_until_it_is_started(separate: LocalStack) -> None:
    process = separate.process("reporting")
    await process.stop()
    await asyncio.sleep(0.6)
    assert not process.running
    await process.start()
    assert process.running


async def test_a_restart_takes_a_changed_environment(separate: LocalStack) -> None:
    process = separate.process("planning")
    process.environment["TANDEM_CRASH"] = "tx.before_commit:3"
    await process.restart()
    answer = await get(separate.environment["TANDEM_PLANNING_URL"])
    assert answer["settings"]["TANDEM_CRASH"] == "tx.before_commit:3"
    del process.environment["TANDEM_CRASH"]
    await process.restart()


async def test_an_unknown_process_is_refused_with_the_known_names(separate: LocalStack) -> None:
    with pytest.raises(CannotStart, match="postgres, log_server, planning"):
        separate.process("billing")


async def test_a_second_run_over_the_same_folder_is_refused(separate: LocalStack) -> None:
    with pytest.raises(DataFolderBusy, match="Tandem is running over"):
        await LocalStack(separate.data).start_servers()


async def test_all_in_one_is_one_process_and_its_second_start_keeps_everything(tmp_path: Path) -> None:
    port = free_port()
    stack = make_stack(tmp_path, "all-in-one", port=port)
    async with stack:
        first = await get(stack.public_url)
        assert stack.public_url == f"http://127.0.0.1:{port}"
        assert not {"TANDEM_PLANNING_URL", "TANDEM_GATEWAY_URL"} & set(first["settings"])
    assert not any(process.running for process in stack._processes.values())
    again = make_stack(tmp_path, "all-in-one", port=port)
    async with again:
        second = await get(again.public_url)
        connection = await asyncpg.connect(again.database_url("planning"))
        assert await connection.fetchval("select count(*) from migrated") == 2
        await connection.close()
    changed = {name for name in first["settings"] if first["settings"][name] != second["settings"][name]}
    assert changed == set()


async def test_a_taken_gateway_port_is_named_before_anything_starts(separate: LocalStack, tmp_path: Path) -> None:
    port = int(separate.public_url.rsplit(":", 1)[1])
    stack = make_stack(tmp_path, "all-in-one", port=port)
    with pytest.raises(PortInUse, match=f"Port {port}, wanted for the gateway"):
        await stack.__aenter__()
    assert not (tmp_path / "data" / "postgres").exists()


async def test_a_service_that_cannot_start_is_quoted_and_everything_else_is_stopped(tmp_path: Path) -> None:
    stack = make_stack(tmp_path, "all-in-one", apps={"all-in-one": "no_such_module:create_app"})
    with pytest.raises(CannotStart, match=r"(?s)all-in-one stopped while starting.*no_such_module"):
        await stack.__aenter__()
    assert not any(process.running for process in stack._processes.values())


async def test_a_database_of_another_version_gives_a_sentence(tmp_path: Path) -> None:
    async def unknown_step(service: str, owner_url: str) -> None:
        raise CommandError("Can't locate revision identified by '7f3a'")

    stack = make_stack(tmp_path, "all-in-one", migrate=unknown_step)
    with pytest.raises(
        CannotStart, match=r"The database of gateway does not fit this version of Tandem \(Can't locate"
    ):
        await stack.__aenter__()


async def test_only_code_that_has_not_migrated_the_databases_before_migrates_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def start() -> None:
        stack = make_stack(tmp_path, "all-in-one", migrate=None)
        try:
            await stack.start_servers()
        finally:
            await stack.stop()

    await start()

    def refuse(name: str) -> Any:
        if name == "services.kernel.migrations":
            raise ImportError(name)
        return import_module(name)

    monkeypatch.setattr("deploy.local.stack.importlib.import_module", refuse)
    await start()
    monkeypatch.setattr("deploy.local.stack.code_digest", lambda: "of another version")
    with pytest.raises(ImportError, match=r"services\.kernel\.migrations"):
        await start()


async def test_a_run_that_was_killed_leaves_a_folder_that_starts_again(tmp_path: Path) -> None:
    async with make_stack(tmp_path, "all-in-one") as stack:
        for name in ("all-in-one", "log_server", "postgres"):
            stack.process(name).wanted = False
            stack.process(name).send(signal.SIGKILL)
    async with make_stack(tmp_path, "all-in-one") as stack:
        assert (await get(stack.public_url))["user"] == "gateway"
        assert os.getpid() != stack.process("all-in-one").pid
