"""CPU time and memory of processes, as Linux accounts for them in /proc."""

import os
from collections.abc import Iterable
from pathlib import Path

MEGABYTE = 1_000_000
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time that the processes have used so far, without their children's; it counts in 10 ms."""
    ticks = 0
    for pid in pids:
        # The program's name, in parentheses, may hold blanks; utime and stime are the 12th and 13th fields behind it.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICKS_A_SECOND


def resident_megabytes(pid: int) -> float:
    """Resident memory of one process."""
    return _memory(pid, "Rss")


def proportional_megabytes(pid: int) -> float:
    """Memory of a process and all below it, where each takes its part of the pages that they share (PSS)."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return _memory(pid, "Pss") + sum(proportional_megabytes(int(child)) for child in children)


def _memory(pid: int, kind: str) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{kind}:"):
            return int(line.split()[1]) * 1024 / MEGABYTE
    raise ValueError(f"/proc/{pid}/smaps_rollup has no {kind}")
