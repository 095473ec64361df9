"""MPXJ's scheduler on the same networks, where a Java development kit and MPXJ's jars happen to be: for comparison only.

The jars are those of the Python package `mpxj`, or of the folder that `MPXJ_LIB` names; neither is a requirement.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

_PROGRAM = Path(__file__).with_name("Mpxj.java")


def seconds_of(network: tuple[Sequence[int], Sequence[tuple[int, int]]]) -> dict[str, float]:
    """`{"mpxj": CPU seconds of one warm run}`, or nothing where it cannot be had."""
    jars = _jars()
    if jars is None or shutil.which("java") is None:
        return {}
    durations, links = network
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.txt"
        rows = [f"{days}" for days in durations], [f"{first} {second}" for first, second in links]
        file.write_text("\n".join((str(len(durations)), *rows[0], *rows[1])))
        run = subprocess.run(
            ["java", "-cp", f"{jars}/*", str(_PROGRAM), str(file)], capture_output=True, text=True, check=False
        )
    last = run.stdout.strip().splitlines()[-1:]
    return {"mpxj": float(last[0])} if run.returncode == 0 and last else {}


def _jars() -> Path | None:
    named = os.environ.get("MPXJ_LIB")
    if named is not None:
        return Path(named)
    found = importlib.util.find_spec("mpxj")
    return Path(found.origin).with_name("lib") if found is not None and found.origin is not None else None
