"""The launcher of the private PostgreSQL server, with real servers in temporary folders."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import pytest

from deploy.local.errors import BinariesMissing, DataFolderBusy, DataFolderUnusable, PortInUse
from deploy.local.ports import free_port
from deploy.local.postgres import Postgres, find_binaries, identity_for_servers, server_major
from deploy.local.process import Identity

AS_ROOT = os.geteuid() == 0
# As root, the way for containers without user namespaces is examined too; a plain user has one way only.
IDENTITIES: list[Identity] = [identity_for_servers(), "nobody"] if AS_ROOT else ["same"]


def make_server(folder: Path, **changes: object) -> Postgres:
    arguments = {"port": free_port(), "password": "p:a/s@s'w", "durable": False} | changes
    return Postgres(folder / "postgres", **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("identity", IDENTITIES)
async def test_what_was_committed_is_there_after_a_kill_and_another_start(tmp_path: Path, identity: Identity) -> None:
    async with make_server(tmp_path, identity=identity, durable=True) as server:
        clients = [await asyncpg.connect(server.url()) for _ in range(5)]
        await clients[0].execute("create table kept (number integer)")
        await clients[0].execute("insert into kept values (7)")
        before = server.pid
        server.kill()
        for client in clients:
            client.terminate()
        await server.start()
        assert server.pid != before
        client = await asyncpg.connect(server.url())
        assert await client.fetchval("select number from kept") == 7
        await client.close()


async def test_a_second_run_keeps_the_data(tmp_path: Path) -> None:
    server = make_server(tmp_path)
    for expected in (0, 1):
        async with server:
            client = await asyncpg.connect(server.url())
            await client.execute("create table if not exists kept (number integer)")
            assert await client.fetchval("select count(*) from kept") == expected
            await client.execute("insert into kept values (7)")
            await client.close()
        assert not server.running


async def test_the_server_sorts_by_code_point_checks_its_pages_and_asks_for_the_password(tmp_path: Path) -> None:
    async with make_server(tmp_path, durable=True) as server:
        client = await asyncpg.connect(server.url())
        provider, locale = await client.fetchrow(
            "select datlocprovider::text, datlocale from pg_database where datname = 'postgres'"
        )
        assert (provider, locale) == ("b", "C.UTF-8")
        for setting in ("data_checksums", "fsync", "full_page_writes", "synchronous_commit"):
            assert await client.fetchval(f"show {setting}") == "on"
        assert await client.fetchval("show unix_socket_directories") == ""
        await client.close()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(server.url(password="guessed"))


async def test_a_clean_stop_takes_no_notice_of_clients_that_stay(tmp_path: Path) -> None:
    server = make_server(tmp_path)
    await server.start()
    client = await asyncpg.connect(server.url())
    start = time.monotonic()
    await server.stop()
    client.terminate()
    assert time.monotonic() - start < 5
    assert not (server.data / "postmaster.pid").exists()


async def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortInUse, match=f"Port {port}, wanted for PostgreSQL, is in use by another program"):
            await make_server(tmp_path, port=port).start()


async def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "thesis.txt").write_text("years of work")
    with pytest.raises(DataFolderUnusable, match="is not empty and holds no database"):
        await make_server(tmp_path).start()
    assert (tmp_path / "postgres" / "thesis.txt").read_text() == "years of work"


async def test_a_folder_of_another_version_is_named_with_both_versions(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(DataFolderUnusable, match=r"PostgreSQL 9 made it, and \d+ is installed"):
        await make_server(tmp_path).start()


async def test_a_damaged_folder_gives_a_sentence(tmp_path: Path) -> None:
    server = make_server(tmp_path)
    async with server:
        pass
    (server.data / "global" / "pg_control").unlink()
    with pytest.raises(DataFolderUnusable, match="it is damaged"):
        await server.start()


async def test_a_folder_that_cannot_be_made_gives_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataFolderUnusable, match="it cannot be created"):
        await make_server(tmp_path / "file").start()


async def test_a_forgotten_password_gives_a_sentence(tmp_path: Path) -> None:
    async with make_server(tmp_path):
        pass
    server = make_server(tmp_path, password="another")
    with pytest.raises(DataFolderUnusable, match="another password"):
        await server.start()
    await server.stop()


async def test_a_half_made_folder_of_a_killed_first_start_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "postgres.new").mkdir()
    (tmp_path / "postgres.new" / "PG_VERSION").touch()
    async with make_server(tmp_path) as server:
        assert await server.is_ready()


async def test_a_lock_whose_process_id_went_to_another_program_is_forgotten(tmp_path: Path) -> None:
    server = make_server(tmp_path)
    async with server:
        lock = (server.data / "postmaster.pid").read_text()
        server.kill()
    with subprocess.Popen(["/bin/sleep", "60"]) as other:
        (server.data / "postmaster.pid").write_text(lock.replace(str(server.pid), str(other.pid), 1))
        async with server:
            assert await server.is_ready()
        other.kill()


async def test_a_start_waits_for_the_backends_of_a_killed_server(tmp_path: Path) -> None:
    async with make_server(tmp_path) as server:
        client = await asyncpg.connect(server.url())
        backend = await client.fetchval("select pg_backend_pid()")
        os.kill(backend, signal.SIGSTOP)
        server.kill()
        start = asyncio.create_task(server.start())
        await asyncio.sleep(1)
        assert not start.done()
        os.kill(backend, signal.SIGCONT)
        await start
        client.terminate()


async def test_a_folder_in_use_by_another_server_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.local.postgres.ORPHANS_GONE_SECONDS", 0.3)
    async with make_server(tmp_path):
        with pytest.raises(DataFolderBusy, match="Another PostgreSQL server still uses"):
            await make_server(tmp_path).start()


def test_programs_that_are_not_where_they_were_said_to_be_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANDEM_PG_BIN", str(tmp_path))
    with pytest.raises(BinariesMissing, match="TANDEM_PG_BIN names"):
        find_binaries()


def test_the_programs_of_the_wheel_run_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TANDEM_PG_BIN", raising=False)
    assert server_major(find_binaries()) >= 15


async def test_the_server_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from deploy.local.postgres import Postgres\n"
        "async def main():\n"
        f"    server = Postgres(Path({str(tmp_path / 'postgres')!r}), port={free_port()}, password='x', durable=False)\n"
        "    await server.start()\n"
        "    print(server.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout as output:
        server = int(await asyncio.to_thread(output.readline))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 10
    while _alive(server) and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    assert not _alive(server)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
