"""A server process: spawned in its own session, logged to a file, watched until it is ready, stopped by its pid."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Self

from deploy.local.errors import CannotStart

Identity = Literal["same", "namespace", "nobody"]

CHILD = Path(__file__).with_name("child.py")
LOG_LIMIT_BYTES = 20_000_000
POLL_SECONDS = 0.02


def as_child(command: Sequence[str], on_parent_death: signal.Signals, identity: Identity = "same") -> list[str]:
    """The command line that runs `command` through child.py."""
    return [sys.executable, "-I", "-S", str(CHILD), str(int(on_parent_death)), identity, *command]


class ServerProcess:
    """One server program; subclasses say when it is ready and why it would not start.

    It is deliberately bound to no event loop, so that a test may kill and restart it from any.
    """

    stop_signal = signal.SIGTERM
    identity: Identity = "same"

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.command = list(command)
        self.environment = dict(environment)
        self.log = log
        self.wanted = False
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def pid(self) -> int:
        """Process id of the running (or last) process; CannotStart if it was never started."""
        if self._process is None:
            raise CannotStart(f"{self.name} was not started yet.")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def is_ready(self) -> bool:
        """Whether the server answers as a client would expect."""
        raise NotImplementedError

    def explain(self, log: str) -> CannotStart:
        """The reason for a failed start, read from what the process wrote to its log."""
        return CannotStart(f"{self.name} stopped while starting. Its log {self.log} ends with:\n  {_ending(log)}")

    async def start(self, timeout: float = 60.0) -> None:
        """Spawn the process and return when it is ready; CannotStart when it ends or takes longer than `timeout` s."""
        if not self.running:
            self.spawn()
        deadline = time.monotonic() + timeout
        while not await self._ready_now():
            if not self.running:
                raise self.explain(self.log_since_spawn())
            if time.monotonic() > deadline:
                await self.stop()
                ending = _ending(self.log_since_spawn())
                raise CannotStart(
                    f"{self.name} was not ready within {timeout:.0f} s. Its log {self.log} ends with:\n  {ending}"
                )
            await asyncio.sleep(POLL_SECONDS)

    async def _ready_now(self) -> bool:
        return self.running and await self.is_ready() and self.running

    def spawn(self) -> None:
        """Start the process without waiting; output is appended to the log, of which one older part is kept."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".1.log"))
        with self.log.open("ab") as output:
            self._log_start = output.tell()
            self._process = subprocess.Popen(
                as_child(self.command, self.stop_signal, self.identity),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,
            )
        self.wanted = True

    def log_since_spawn(self) -> str:
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    async def stop(self, timeout: float = 20.0) -> None:
        """Ask the process to end and wait; after `timeout` seconds it is killed. It stays down."""
        self.wanted = False
        if self._process is None:
            return
        self.send(self.stop_signal)
        await self._gone(timeout)
        if self.running:
            self.send(signal.SIGKILL)
            await self._gone(timeout)

    def kill(self) -> None:
        """SIGKILL, as a crash would be: where the process is supervised, it comes back."""
        self.send(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def send(self, number: signal.Signals) -> None:
        """Send a signal if the process is running."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def restart(self, timeout: float = 60.0) -> None:
        """Stop the process if it is running, start it again with its present `environment`, and wait until ready."""
        await self.stop()
        await self.start(timeout)

    async def _gone(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while self.running and time.monotonic() < deadline:
            await asyncio.sleep(POLL_SECONDS)


def _ending(log: str) -> str:
    lines = [line for line in log.strip().splitlines() if line.strip()]
    return "\n  ".join(lines[-8:]) or "(nothing)"
