"""The whole system on one machine: database and log server, migrated databases, and the services, kept running."""

import asyncio
import contextlib
import importlib
import os
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import quote

from deploy.local.code_digest import code_digest
from deploy.local.credentials import Credentials
from deploy.local.data_folder import DataFolder
from deploy.local.databases import SERVICES, create_databases, database_name, owner_role
from deploy.local.errors import CannotStart, PortInUse
from deploy.local.log_server import LogServer
from deploy.local.ports import HOST, PortBook, is_free
from deploy.local.postgres import Postgres
from deploy.local.process import ServerProcess

Mode = Literal["all-in-one", "separate"]
Migrate = Callable[[str, str], Awaitable[None]]

# In the order in which they start; they stop the other way round, so that the gateway stops taking requests first.
APPS: Mapping[Mode, Mapping[str, str]] = {
    "all-in-one": {"all-in-one": "deploy.all_in_one:create_app"},
    "separate": {
        "planning": "services.planning.app:create_app",
        "coordination": "services.coordination.app:create_app",
        "reporting": "services.reporting.app:create_app",
        "gateway": "gateway.app:create_front",
    },
}

ROOT = Path(__file__).resolve().parents[2]
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 5.0
# A process that lived this long died of something new, so that its next restart is immediate again.
STEADY_SECONDS = 10.0


class WebProcess(ServerProcess):
    """One server process of an application factory; ready when its GET /ready answers 200.

    It loads at once, and serves when the file `after` is there.
    """

    def __init__(
        self, name: str, factory: str, port: int, environment: Mapping[str, str], log: Path, after: Path | None = None
    ) -> None:
        self.port = port
        command = [sys.executable, "-m", "services.kernel.serve", factory, "--host", HOST, "--port", str(port)]
        super().__init__(name, command if after is None else [*command, "--after", str(after)], environment, log)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    async def is_ready(self) -> bool:
        try:
            async with asyncio.timeout(5):
                reader, writer = await asyncio.open_connection(HOST, self.port)
                try:
                    writer.write(b"GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    status_line = await reader.readline()
                finally:
                    writer.close()
                    await writer.wait_closed()
        except (OSError, TimeoutError):
            return False
        return status_line.split(b" ")[1:2] == [b"200"]

    def explain(self, log: str) -> CannotStart:
        if "address already in use" in log:
            return PortInUse(self.port, self.name)
        return super().explain(log)


class LocalStack:
    """Starts everything over one data folder and stops it again; use it as an async context manager.

    `port` is the gateway's (else one is chosen and remembered). `settings` are added to the services' environment and
    win over the stack's own. `durable=False` gives up crash safety of the machine for the speed of tests.
    """

    def __init__(
        self,
        data: Path,
        *,
        mode: Mode = "all-in-one",
        port: int | None = None,
        environment: Literal["demo", "test", "production"] = "demo",
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        apps: Mapping[str, str] | None = None,
        migrate: Migrate | None = None,
    ) -> None:
        self.data = data.absolute()
        self.mode = mode
        self._port = port
        self._environment_name = environment
        self._durable = durable
        self._settings = dict(settings or {})
        self._apps = APPS[mode] if apps is None else apps
        self._migrate = migrate
        self._folder = DataFolder(data)
        self._migrated = self.data / "migrated"
        self._processes: dict[str, ServerProcess] = {}
        self._supervisor: asyncio.Task[None] | None = None
        self._urls: dict[str, str] = {}

    @property
    def postgres(self) -> Postgres:
        process = self.process("postgres")
        assert isinstance(process, Postgres)
        return process

    @property
    def log_server(self) -> LogServer:
        process = self.process("log_server")
        assert isinstance(process, LogServer)
        return process

    @property
    def public_url(self) -> str:
        """Where people and other systems reach the gateway."""
        return self._urls["gateway"]

    @property
    def environment(self) -> dict[str, str]:
        """The settings of all services; known once the servers run."""
        return {
            "TANDEM_ENVIRONMENT": self._environment_name,
            "TANDEM_NATS_URL": self.log_server.url,
            "TANDEM_INTERNAL_KEYS": self._credentials.secret("internal_key"),
            "TANDEM_CURSOR_KEY": self._credentials.secret("cursor_key"),
            "TANDEM_STORAGE_URL": (self.data / "files").as_uri(),
            "TANDEM_MAIL_URL": f"outbox://{quote(str(self.data / 'outbox'))}",
            "TANDEM_PUBLIC_URL": self.public_url,
            # Nobody balances load here, so a stop need not wait until somebody has noticed.
            "TANDEM_DRAIN_SECONDS": "0",
            **{f"TANDEM_{service.upper()}_URL": url for service, url in self._urls.items() if self.mode == "separate"},
            **{f"TANDEM_{service.upper()}_DATABASE_URL": self.database_url(service) for service in SERVICES},
            **self._settings,
        }

    def database_url(self, service: str) -> str:
        """The service's own database as the role that it runs as."""
        return self.postgres.url(database_name(service), service, self._credentials.secret(service))

    def owner_database_url(self, service: str) -> str:
        """The service's database as the owner of the tables, for migrations."""
        return self.postgres.url(
            database_name(service), owner_role(service), self._credentials.secret(owner_role(service))
        )

    def process(self, name: str) -> ServerProcess:
        """A process by name: postgres, log_server, and all-in-one or the services' names.

        `kill()` it and the supervisor brings it back; `stop()` it and it stays down until `start()` or `restart()`.
        """
        try:
            return self._processes[name]
        except KeyError:
            raise CannotStart(
                f"There is no process {name!r}; there are {', '.join(self._processes) or 'none yet'}."
            ) from None

    async def __aenter__(self) -> Self:
        try:
            await self._prepare()
            # Loading them takes as long as what they wait for.
            self._load_services()
            await self.start_servers()
            await self.start_services()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _prepare(self) -> None:
        """Take the data folder, and settle which processes there are, where they listen and how they trust each other."""
        await asyncio.to_thread(self._folder.open)
        ports = PortBook(self.data / "ports.json")
        if self._port is not None and not is_free(self._port):
            raise PortInUse(self._port, "the gateway")
        logs = self.data / "logs"
        self._credentials = Credentials(self.data / "secrets.json")
        self._processes["postgres"] = Postgres(
            self.data / "postgres",
            port=ports.port("postgres"),
            password=self._credentials.secret("superuser"),
            durable=self._durable,
            log=logs / "postgres.log",
        )
        self._processes["log_server"] = LogServer(
            self.data / "log",
            port=ports.port("log_server"),
            password=self._credentials.secret("log_server"),
            durable=self._durable,
            log=logs / "log_server.log",
        )
        addressed = SERVICES if self.mode == "separate" else ("gateway",)
        self._urls = {service: f"http://{HOST}:{ports.port(service)}" for service in addressed}
        if self._port is not None:
            self._urls["gateway"] = f"http://{HOST}:{self._port}"

    async def start_servers(self) -> None:
        """Bring up database and log server, create what is missing in them and migrate every service."""
        if not self._processes:
            await self._prepare()
        await _all(self.process(name).start() for name in ("postgres", "log_server"))
        await create_databases(self.postgres.url("").rstrip("/"), self._credentials)
        await self._migrate_all()
        self._supervisor = asyncio.create_task(self._supervise())

    def _load_services(self) -> None:
        """Spawn the web processes, which wait for `start_services`."""
        self._migrated.unlink(missing_ok=True)
        environment = self.environment
        for name, factory in self._apps.items():
            port = int(self._urls.get(name, self.public_url).rsplit(":", 1)[1])
            own = _environment_of(name, environment) if self.mode == "separate" else environment
            log = self.data / "logs" / f"{name}.log"
            process = WebProcess(name, factory, port, _inherited() | own, log, after=self._migrated)
            self._processes[name] = process
            process.spawn()

    async def start_services(self, timeout: float = 60.0) -> None:
        """Let the web processes serve and return when each is ready."""
        self._migrated.touch()
        await _all(self.process(name).start(timeout) for name in self._apps)

    async def wait_ready(self, timeout: float = 30.0) -> None:
        """Return when every process that should run is ready again; CannotStart names one that is not in time."""
        deadline = time.monotonic() + timeout
        for name, process in self._processes.items():
            while process.wanted and not (process.running and await process.is_ready()):
                if time.monotonic() > deadline:
                    raise CannotStart(f"{name} was not ready within {timeout:.0f} s; its log is {process.log}.")
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """Stop everything in reverse order of its start."""
        if self._supervisor is not None:
            self._supervisor.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._supervisor
            self._supervisor = None
        for process in reversed(self._processes.values()):
            await process.stop()
        self._folder.close()

    async def _migrate_all(self) -> None:
        """Migrate every service, unless this very code has done it before."""
        migrated_by, code = self.data / "migrated_by", code_digest()
        if self._migrate is None and migrated_by.exists() and migrated_by.read_text() == code:
            return
        migrated_by.unlink(missing_ok=True)
        # Loaded here alone: Alembic and all tables would cost every start half a second and 80 MB.
        migrate: Migrate = self._migrate or importlib.import_module("services.kernel.migrations").migrate
        command_error = importlib.import_module("alembic.util").CommandError
        for service in SERVICES:
            try:
                await migrate(service, self.owner_database_url(service))
            except command_error as error:
                raise CannotStart(
                    f"The database of {service} does not fit this version of Tandem ({error}). "
                    "Run the version that made it, or `make reset` to start anew."
                ) from error
        if self._migrate is None:
            migrated_by.write_text(code)

    async def _supervise(self) -> None:
        """Bring back what died without being asked to, after a pause that grows while it keeps dying."""
        pauses: dict[str, float] = {}
        due: dict[str, float] = {}
        started: dict[str, float] = {}
        while True:
            now = time.monotonic()
            for name, process in self._processes.items():
                if process.running or not process.wanted:
                    due.pop(name, None)
                    continue
                if name not in due:
                    calm = now - started.get(name, 0.0) > STEADY_SECONDS
                    pauses[name] = FIRST_PAUSE_SECONDS if calm else min(pauses[name] * 2, LONGEST_PAUSE_SECONDS)
                    due[name] = now + pauses[name]
                elif now >= due[name]:
                    process.spawn()
                    started[name] = now
                    del due[name]
            await asyncio.sleep(0.05)


async def _all(starts: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Wait for all; the first failure gives up the others, which would otherwise start something after the stop."""
    tasks = [asyncio.create_task(start) for start in starts]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _environment_of(service: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The part of the settings that one service gets: no password of another's database."""
    others = tuple(f"TANDEM_{other.upper()}_DATABASE_URL" for other in SERVICES if other != service)
    return {name: value for name, value in environment.items() if name not in others}


def _inherited() -> dict[str, str]:
    """What a child takes over from our own environment: everything but settings, which the stack alone decides.

    It keeps the bytecode of what it imports, whatever is usual here: compiling all of it takes a second at each start.
    """
    others = {name: value for name, value in os.environ.items() if not name.startswith("TANDEM_")}
    others.pop("PYTHONDONTWRITEBYTECODE", None)
    return others | {"PYTHONPATH": str(ROOT)}
