"""The optimizer as a process of its own: what it is given, how long it may take, and what is said when it does not come back."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from services.planning.levelling.optimizer import OUT_OF_MEMORY, Answer, Budget
from services.planning.levelling.problem import Problem, as_json, broken_rules

ROOT: Final = Path(__file__).parents[3]
MEMORY_BYTES: Final = 1_500_000_000
# Loading takes a second or two; the first time on a machine, compiling takes half a minute.
_GRACE_SECONDS: Final = 60.0
# What the process is told of its surroundings: nothing that holds a secret.
_ENVIRONMENT: Final = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "NUMBA_CACHE_DIR", "NUMBA_CPU_NAME")


class WorkerFailed(Exception):
    """The process came to no answer; `reason` is `out_of_memory`, `out_of_time` or `died`."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the optimizer came to no answer: {reason}")
        self.reason = reason


def optimizer_installed() -> bool:
    """Whether the optional requirements are there: without them the process breeds schedules, slower and without proof."""
    return all(find_spec(name) is not None for name in ("ortools", "numba"))


async def optimize_apart(
    problem: Problem, first: Sequence[int], budget: Budget, memory_bytes: int = MEMORY_BYTES
) -> Answer:
    """Let the process look for something better than `first`. Raises WorkerFailed.

    When this call is cancelled the process ends with it.
    """
    request = {
        "problem": as_json(problem),
        "first": list(first),
        "budget": asdict(budget),
        "memory_bytes": memory_bytes,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.planning.levelling.optimizer",
        cwd=ROOT,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(budget.wall_seconds + _GRACE_SECONDS):
            answered, _ = await process.communicate(json.dumps(request).encode())
    except TimeoutError:
        raise WorkerFailed("out_of_time") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode == OUT_OF_MEMORY:
        raise WorkerFailed("out_of_memory")
    if process.returncode != 0:
        raise WorkerFailed("died")
    return _checked(problem, answered)


def _checked(problem: Problem, answered: bytes) -> Answer:
    """What the process says is believed where it can be seen to be so. Raises WorkerFailed."""
    try:
        document = json.loads(answered)
        answer = Answer(**(document | {"starts": tuple(document["starts"])}))
        feasible = answer.misplaced > 0 or not broken_rules(problem, answer.starts)
        true = answer.makespan == problem.makespan(answer.starts)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise WorkerFailed("died") from error
    if not feasible or not true:
        raise WorkerFailed("died")
    return answer
