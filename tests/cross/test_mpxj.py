"""A plan that goes out as Microsoft Project's XML, read by MPXJ, a library of others in another language.

`make cross` fetches the jars of the Python package `mpxj` and runs this; it needs a Java development kit.
"""

import os
import subprocess
from pathlib import Path

from services.planning.exports.plan_contents import PlanContents
from tests.factories.plan_contents import contents_of, written

_PROGRAM = Path(__file__).with_name("MpxjReads.java")
_JARS = os.environ.get("MPXJ_LIB", str(Path(__file__).parent / ".mpxj" / "mpxj" / "lib"))
_FILES = Path(__file__).parents[1] / "data" / "msproject"
# More plans, where they are at hand.
_MORE = Path("../shared/data/msproject")


def told(contents: PlanContents) -> list[str]:
    """The contents in the lines of the program, in any order, moments to the minute."""
    uids = {task.id: task.import_uid for task in contents.tasks}
    numbers = {each.id: number for number, each in enumerate(contents.resources, 1)}
    lines = [
        "\t".join(
            (
                "task",
                str(uids[task.id]),
                task.title,
                task.start.isoformat(timespec="minutes"),
                task.finish.isoformat(timespec="minutes"),
                str(len(contents.links_by_successor.get(task.id, ()))),
            )
        )
        for task in contents.tasks
    ]
    lines += [f"resource\t{numbers[each.id]}\t{each.name}\t{each.resource_type.upper()}" for each in contents.resources]
    lines += [
        f"assignment\t{uids[each.task_id]}\t{numbers[each.resource_id]}\t{(each.work + 5) // 10}"
        for each in contents.assignments
        if contents.resources_by_id[each.resource_id].resource_type == "work"
    ]
    return sorted(lines)


def of_ours(lines: list[str], contents: PlanContents) -> list[str]:
    """What the program has printed of things that we know: MPXJ adds a place for work that is nobody's."""
    work = {number for number, each in enumerate(contents.resources, 1) if each.resource_type == "work"}
    kept = []
    for line in lines:
        kind, *values = line.split("\t")
        if kind == "task":
            # Whole minutes go without seconds already.
            values[2], values[3] = (moment[: len("2026-03-02T08:00")] for moment in values[2:4])
        if kind != "assignment" or (values[1] != "null" and int(values[1]) in work):
            kept.append("\t".join((kind, *values)))
    return sorted(kept)


def test_mpxj_finds_the_same_plan_in_what_goes_out(tmp_path: Path) -> None:
    plans = {}
    for path in (*sorted(_FILES.glob("*.xml")), *sorted(_MORE.glob("cases/*.xml"))):
        contents = plans[str(tmp_path / path.name)] = contents_of(path.read_bytes())
        (tmp_path / path.name).write_bytes(written(contents))
    run = subprocess.run(
        ["java", "-cp", f"{_JARS}/*", str(_PROGRAM), *plans], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr[-2000:]
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in run.stdout.splitlines():
        kind, _, rest = line.partition("\t")
        if kind == "file":
            lines = found[rest] = []
        else:
            lines.append(line)
    for name, contents in plans.items():
        assert of_ours(found[name], contents) == told(contents), name
