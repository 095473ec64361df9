"""The process that reads somebody's file: a line that says how on standard input, then the file; one JSON document out.

It has a bound on memory and on processor time, so that no file can do more than end this process.
"""

from __future__ import annotations

import resource
import sys
from decimal import Decimal
from typing import Any, Final

import orjson
from pydantic import BaseModel

from services.planning.imports.file_plan import Reading
from services.planning.imports.formats import read_plan
from services.planning.imports.record_stream import UnreadableFile

OUT_OF_MEMORY: Final = 3
UNREADABLE: Final = 4
_SECONDS_TO_DIE: Final = 5


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, BaseModel):
        return value.model_dump()
    raise TypeError(type(value).__name__)


def main() -> None:
    """Answer with the plan, or with what makes the file unreadable."""
    request = orjson.loads(sys.stdin.buffer.readline())
    seconds, memory = request["cpu_seconds"], request["memory_bytes"]
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + _SECONDS_TO_DIE))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    status = 0
    try:
        plan = read_plan(sys.stdin.buffer.read(), request["filename"], Reading(**request["reading"]))
        answer = orjson.dumps(plan, default=_plain, option=orjson.OPT_NON_STR_KEYS)
    except UnreadableFile as error:
        told = {"code": error.code, "detail": error.detail, "line": error.line, "place": error.place}
        answer = orjson.dumps({name: _storable(value) for name, value in told.items()})
        status = UNREADABLE
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    sys.exit(status)


def _storable(value: Any) -> Any:
    """What stands in a file may be quoted in the answer, and need not be text that can be stored."""
    return value if isinstance(value, int) else value.encode("utf-8", "replace").decode().replace("\x00", "")


if __name__ == "__main__":
    main()
