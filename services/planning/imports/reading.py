"""Reading somebody's file apart: in a process with bounds on memory and time, so that nobody else waits for it."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Final

import orjson
from pydantic import TypeAdapter, ValidationError

from services.planning.imports.conversion import converted
from services.planning.imports.file_plan import FilePlan, Reading
from services.planning.imports.mspdi import Finding
from services.planning.imports.reading_process import OUT_OF_MEMORY, UNREADABLE
from services.planning.imports.record_stream import UnreadableFile

ROOT: Final = Path(__file__).parents[3]
MEMORY_BYTES: Final = 1_500_000_000
CPU_SECONDS: Final = 60
_WALL_SECONDS: Final = 180.0
# What the process is told of its surroundings: nothing that holds a secret.
_ENVIRONMENT: Final = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")
# So many files are read at a time by one service; others wait.
_AT_ONCE: Final = 2
_TOO_MUCH: Final = "reading the file takes more memory than one file may"
_TOO_LONG: Final = "reading the file takes more time than one file may"


class _Turns:
    """A semaphore for each event loop, since tests have several."""

    def __init__(self) -> None:
        self._by_loop: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}

    def of_this_loop(self) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        if loop not in self._by_loop:
            self._by_loop = {loop: asyncio.Semaphore(_AT_ONCE)}
        return self._by_loop[loop]


_TURNS: Final = _Turns()


@lru_cache(maxsize=1)
def _answer() -> TypeAdapter[FilePlan]:
    return TypeAdapter(FilePlan)


async def read_apart(
    content: bytes,
    filename: str,
    reading: Reading,
    *,
    mpxj_lib: str | None = None,
    memory_bytes: int = MEMORY_BYTES,
    cpu_seconds: int = CPU_SECONDS,
) -> FilePlan:
    """The plan in the file. Raises UnreadableFile, also for a file that asks for too much.

    `mpxj_lib` is the folder of MPXJ's jars, without which its formats are refused.

    When this call is cancelled the process ends with it.
    """
    request = {
        "filename": filename,
        "reading": asdict(reading),
        "memory_bytes": memory_bytes,
        "cpu_seconds": cpu_seconds,
    }
    async with _TURNS.of_this_loop():
        content, foreign = await converted(content, mpxj_lib, reading.max_bytes)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "services.planning.imports.reading_process",
            cwd=ROOT,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(_WALL_SECONDS):
                answered, _ = await process.communicate(orjson.dumps(request) + b"\n" + content)
        except TimeoutError:
            raise UnreadableFile("too_much", _TOO_LONG, 1, place="the file") from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
    if process.returncode == OUT_OF_MEMORY:
        raise UnreadableFile("too_much", _TOO_MUCH, 1, place="the file")
    if process.returncode == UNREADABLE:
        raise UnreadableFile(**orjson.loads(answered))
    if process.returncode != 0:
        raise UnreadableFile(
            "too_much",
            _TOO_LONG if process.returncode is not None and process.returncode < 0 else _TOO_MUCH,
            1,
            place="the file",
        )
    # Checked and turned into values in a thread: a hundred thousand tasks take a second.
    file = await asyncio.to_thread(_understood, answered)
    if foreign is not None:
        file.format = foreign
        file.plan.report.append(Finding("the file", 1, "changed", "converted to MSPDI by MPXJ"))
    return file


def _understood(answered: bytes) -> FilePlan:
    try:
        return _answer().validate_json(answered)
    except ValidationError as error:
        reason = f"the file was not understood ({error.error_count()})"
        raise UnreadableFile("too_much", reason, 1, place="the file") from error
