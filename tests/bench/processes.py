"""CPU time and memory of processes, as the operating system accounts for them."""

from collections.abc import Iterable

import psutil

MEGABYTE = 1_000_000


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time that the processes have used so far, without their children's; it counts in 10 ms."""
    spent = 0.0
    for pid in pids:
        times = psutil.Process(pid).cpu_times()
        spent += times.user + times.system
    return spent


def resident_megabytes(pid: int) -> float:
    """Resident memory of one process."""
    return float(psutil.Process(pid).memory_info().rss) / MEGABYTE


def proportional_megabytes(pid: int) -> float:
    """Memory of a process and all below it, where each takes its part of the pages that they share (PSS)."""
    parent = psutil.Process(pid)
    family = (parent, *parent.children(recursive=True))
    return sum(float(process.memory_full_info().pss) for process in family) / MEGABYTE
