"""The launcher of the private log server, with real servers in temporary folders."""

import asyncio
import socket
from pathlib import Path

import nats
import pytest

from deploy.local.errors import BinariesMissing, DataFolderUnusable, PortInUse
from deploy.local.log_server import LogServer, find_binary
from deploy.local.ports import free_port


def make_server(folder: Path, port: int | None = None) -> LogServer:
    return LogServer(folder / "log", port=port or free_port(), password="unguessable-1")


async def test_an_acknowledged_message_is_there_after_a_kill_and_another_start(tmp_path: Path) -> None:
    async with make_server(tmp_path) as server:
        client = await nats.connect(server.url)
        await client.jetstream().add_stream(name="facts", subjects=["facts.>"])
        await client.jetstream().publish("facts.one", b"happened")
        await client.close()
        server.kill()
        await server.start()
        client = await nats.connect(server.url)
        message = await client.jetstream().get_msg("facts", 1)
        assert message.data == b"happened"
        await client.close()


async def test_a_client_without_the_password_is_refused(tmp_path: Path) -> None:
    async with make_server(tmp_path) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        await reader.readline()
        writer.write(b'CONNECT {"user": "tandem", "pass": "guessed", "verbose": false}\r\nPING\r\n')
        assert b"Authorization Violation" in await reader.readline()
        writer.close()
        await writer.wait_closed()


async def test_the_password_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    async with make_server(tmp_path):
        assert (tmp_path / "log.conf").stat().st_mode & 0o077 == 0


async def test_each_message_is_written_through_to_the_disk(tmp_path: Path) -> None:
    async with make_server(tmp_path):
        assert "sync_interval: always" in (tmp_path / "log.conf").read_text()


async def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortInUse, match=f"Port {port}, wanted for NATS"):
            await make_server(tmp_path, port).start()


async def test_a_folder_that_cannot_be_made_gives_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataFolderUnusable, match="it cannot be written"):
        await make_server(tmp_path / "file").start()


def test_a_program_that_is_not_where_it_was_said_to_be_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANDEM_NATS_BIN", str(tmp_path / "nats-server"))
    with pytest.raises(BinariesMissing, match="TANDEM_NATS_BIN names"):
        find_binary()
