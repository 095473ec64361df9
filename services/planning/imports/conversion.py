"""Files that only MPXJ reads (MPP, MPX, XER, PMXML): turned into MSPDI by a Java program apart, where its jars are installed.

The limits are those under which MPXJ was tried on its own collection of files; what it is given is a folder that is thrown
away, and an environment without secrets.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from services.planning.imports.formats import foreign_format
from services.planning.imports.record_stream import UnreadableFile

_JAVA: Final = (
    *("-Xmx256m", "-Xss1m", "-XX:MaxMetaspaceSize=96m", "-XX:CompressedClassSpaceSize=32m"),
    *("-XX:ReservedCodeCacheSize=48m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError"),
    *("-XX:-UsePerfData", "-Djava.awt.headless=true"),
)
_PROGRAM: Final = "org.mpxj.sample.MpxjConvert"
# Kibibytes of address space, seconds of processor time, and blocks of 512 bytes of a written file.
_LIMITED: Final = 'ulimit -c 0; ulimit -v 1572864; ulimit -t "$1"; ulimit -f 400000; shift; exec "$@"'
CPU_SECONDS: Final = 60
_WALL_SECONDS: Final = 180.0
_ENVIRONMENT: Final = ("PATH", "LANG", "JAVA_HOME")


async def converted(content: bytes, lib: str | None, max_bytes: int) -> tuple[bytes, str | None]:
    """The content as MSPDI and the name of its format, or as it is and None where it needs no conversion.

    Raises UnreadableFile `format_not_read` where MPXJ is not installed, `not_converted` for what it does not read.
    """
    kind = foreign_format(content)
    if kind is None:
        return content, None
    java = shutil.which("java")
    if lib is None or java is None:
        reason = f"{kind.upper()} needs the converter MPXJ, which this installation does not have: save the plan as XML"
        raise UnreadableFile("format_not_read", reason, 1, place="the file")
    with tempfile.TemporaryDirectory(prefix="tandem-import-") as folder:
        given, made = Path(folder) / f"plan.{'xml' if kind == 'pmxml' else kind}", Path(folder) / "converted.xml"
        await asyncio.to_thread(given.write_bytes, content)
        await _run(java, lib, given, made)
        if not made.is_file() or made.stat().st_size > max_bytes:
            raise UnreadableFile("not_converted", f"MPXJ makes no plan of this {kind.upper()}", 1, place="the file")
        return await asyncio.to_thread(made.read_bytes), kind


async def _run(java: str, lib: str, given: Path, made: Path) -> None:
    options = (*_JAVA, f"-Djava.io.tmpdir={given.parent}", "-cp", f"{lib}/*", _PROGRAM)
    process = await asyncio.create_subprocess_exec(
        *("/bin/sh", "-c", _LIMITED, "convert", str(CPU_SECONDS), java, *options, str(given), str(made)),
        cwd=given.parent,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ} | {"HOME": str(given.parent)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(_WALL_SECONDS):
            await process.wait()
    except TimeoutError:
        raise UnreadableFile("too_much", "converting takes more time than one file may", 1, place="the file") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
