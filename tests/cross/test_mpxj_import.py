"""Plans that MPXJ wrote or reads, imported through it: the jars are those of the folder that `MPXJ_LIB` names."""

import os
import subprocess
from pathlib import Path

import pytest

from services.planning.imports.file_plan import FilePlan, Reading
from services.planning.imports.reading import read_apart

PLAN = Path(__file__).parents[1] / "data" / "msproject" / "p34.xml"


@pytest.fixture(scope="session")
def lib() -> str:
    named = os.environ.get("MPXJ_LIB")
    assert named, "MPXJ_LIB names the folder with MPXJ's jars: that of the Python package mpxj"
    return named


def shown(file: FilePlan) -> list[tuple[int, str, int, int]]:
    # MPX has the project's own task as no row.
    tasks = [task for task in file.plan.tasks if task.outline_level > 0]
    return [(task.outline_level, task.name, task.duration or 0, len(task.links)) for task in tasks]


async def test_a_plan_that_went_through_mpx_is_the_same_plan(lib: str, tmp_path: Path) -> None:
    written = tmp_path / "plan.mpx"
    program = ["java", "-cp", f"{lib}/*", "org.mpxj.sample.MpxjConvert", str(PLAN), str(written)]
    subprocess.run(program, check=True, capture_output=True, timeout=60)
    ours = await read_apart(PLAN.read_bytes(), "plan.xml", Reading())
    theirs = await read_apart(written.read_bytes(), "plan.mpx", Reading(), mpxj_lib=lib)
    assert theirs.format == "mpx"
    assert shown(theirs) == shown(ours)
