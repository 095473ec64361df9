"""Starts: from the command to a stack that is ready, and what it occupies then.

``python -m tests.bench.start_up FOLDER`` starts the stack over a folder, says by which process ids, and waits for the
end of its input.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.local.stack import LocalStack
from tests.bench.figure import Figure
from tests.bench.processes import proportional_megabytes, resident_megabytes

PROCESSES = ("all-in-one", "postgres", "log_server")
SETTLING_SECONDS = 10.0


async def measure() -> list[Figure]:
    """Start twice over one folder; the second start leaves the stack idle for a moment, and then it is weighed."""
    with tempfile.TemporaryDirectory() as folder:
        async with started(Path(folder)) as (first, _):
            pass
        async with started(Path(folder)) as (warm, pids):
            await asyncio.sleep(SETTLING_SECONDS)
            parts = {
                "web": resident_megabytes(pids["all-in-one"]),
                "postgres": proportional_megabytes(pids["postgres"]),
                "nats": resident_megabytes(pids["log_server"]),
            }
            launcher = resident_megabytes(pids["launcher"])
    total = sum(parts.values())
    return [
        Figure("start_warm", warm, "s", "< 5 s, first < 20 s", warm < 5 and first < 20, further={"first": first}),
        Figure("idle_rss", total, "MB", "< 400 MB", total < 400, further=parts | {"launcher besides": launcher}),
    ]


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[tuple[float, Mapping[str, int]]]:
    """The stack over a folder, started by a fresh Python. Gives the seconds until it was ready, and its process ids."""
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.start_up", str(folder)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        line = await process.stdout.readline()
        if not line:
            raise RuntimeError("the stack did not start")
        yield time.monotonic() - began, json.loads(line) | {"launcher": process.pid}
    finally:
        await process.communicate(b"")  # Only an input, be it empty, is closed at its end.


async def serve(folder: Path) -> None:
    """Start the stack, write its process ids, and stop at the end of the input."""
    async with LocalStack(folder) as stack:
        sys.stdout.write(json.dumps({name: stack.process(name).pid for name in PROCESSES}) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
