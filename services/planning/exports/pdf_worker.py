"""Charts are set as PDF in a process of their own with a wall limit: the typesetter knows none, and a plan may be large."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import orjson
import structlog

from services.kernel.problems import Unavailable

_log = structlog.get_logger("exports")
_ROOT = Path(__file__).parents[3]
_MODULE = "services.planning.exports.gantt_process"


class ExportTookTooLong(Unavailable):
    code = "export_took_too_long"
    title = {"en": "The file could not be set in time", "nb": "Filen ble ikke ferdig i tide"}


class GanttWorker:
    """Sets at most `at_once` charts at a time, each within `wall_seconds` that include the wait for its turn."""

    def __init__(self, *, at_once: int = 1, wall_seconds: float = 60.0, module: str = _MODULE) -> None:
        self._at_once = at_once
        # A semaphore belongs to the loop that first waits for it.
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
        self._wall_seconds = wall_seconds
        self._module = module

    async def render(self, document: Mapping[str, Any]) -> bytes:
        """The PDF's bytes. Raises ExportTookTooLong; the process is killed then, and when the caller goes away."""
        turns = self._turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self._at_once))
        try:
            async with asyncio.timeout(self._wall_seconds), turns:
                return await self._set(orjson.dumps(document))
        except TimeoutError as error:
            raise ExportTookTooLong from error

    async def _set(self, document: bytes) -> bytes:
        # It gets no environment but the path to its own code: the settings hold secrets that a typesetter needs not know.
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self._module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PYTHONPATH": str(_ROOT)},
        )
        try:
            pdf, complaint = await process.communicate(document)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            _log.error("chart not set", complaint=complaint.decode(errors="replace")[-2000:])
            raise RuntimeError(f"the typesetter ended with {process.returncode}")
        return pdf
