"""Scores the schedule engine against dates that Microsoft Project computed: `python -m tests.fidelity FOLDER [NAME ...]`.

A folder holds `NAME.xml` (MSPDI without computed values) and `NAME.expected.csv` (the stored ones). A task is exact when its
six dates agree to the minute, total slack within half a minute and the critical flag; equal when a date may also be
another instant of the same working moment (the `_lo` and `_hi` columns). With `--write` what the engine computed goes into
`NAME.actual.csv`, in the columns of the expected file.

Where the folder or the one above it has a `MANIFEST.csv` that says how many leaf tasks MPXJ gets equal (`mpxj_equal`), a case
below that is marked.

No engine reaches 1.000 on the public cases, since some stored values follow from no rule: p66 has lost the external task
that drives it; p03, p05, p11, p16, p18, p32, p39 and p43 keep late dates from an earlier state of the plan (several project
finishes in one plan, late dates behind a successor's); one late start of p59 contradicts its neighbours'.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from services.kernel.working_time import TICKS_PER_MINUTE, to_local
from services.planning.imports.mspdi import read_mspdi
from services.planning.imports.mspdi_plan import to_plan
from services.planning.schedule.critical_path import schedule
from services.planning.schedule.network import Schedule, TaskSchedule

DATES: Final = ("start", "finish", "early_start", "early_finish", "late_start", "late_finish")
WRITTEN: Final = ("uid", "id", "summary", "milestone", *DATES, "total_slack_min", "free_slack_min", "critical")


@dataclass(slots=True)
class CaseScore:
    """Counts of one case: leaf tasks scored, exact, equal, with equal start and finish; summaries scored and equal."""

    name: str
    leaves: int = 0
    exact: int = 0
    equal: int = 0
    start_finish: int = 0
    summaries: int = 0
    summaries_equal: int = 0


def score_case(source: Path, show: bool = False, write: bool = False) -> CaseScore:
    """Import a case, schedule it and compare every scored task; `write` keeps what was computed beside it."""
    with source.open("rb") as stream:
        mspdi = read_mspdi(stream)
    answer = schedule(to_plan(mspdi))
    if write:
        write_actual(answer, {task.uid: task.id for task in mspdi.tasks}, source.with_suffix(".actual.csv"))
    score = CaseScore(source.stem)
    with source.with_suffix(".expected.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    for row in rows:
        if row["active"] == "0" or row["external"] == "1" or row["id"] == "0":
            continue
        mine = answer.tasks.get(int(row["uid"]))
        wrong, loose = differences(row, mine)
        if show and wrong:
            _say(describe(row, mine, wrong))
        if row["summary"] == "1":
            score.summaries += 1
            score.summaries_equal += not wrong
        else:
            score.leaves += 1
            score.equal += not wrong
            score.exact += not wrong and not loose
            score.start_finish += not wrong & {"start", "finish"}
    return score


def write_actual(answer: Schedule, numbers: dict[int, int], target: Path) -> None:
    """The computed schedule in the columns of an expected file; `numbers` are the file's ids by uid."""
    with target.open("w", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(WRITTEN)
        for uid, task in answer.tasks.items():
            assert isinstance(uid, int)
            moments = (to_local(getattr(task, column)).isoformat(timespec="minutes") for column in DATES)
            slacks = (f"{float_ / TICKS_PER_MINUTE:.2f}" for float_ in (task.total_float, task.free_float))
            writer.writerow(
                (uid, numbers[uid], int(task.summary), int(task.milestone), *moments, *slacks, int(task.critical))
            )


def equal_by_mpxj(folder: Path) -> dict[str, int]:
    """By case how many leaf tasks MPXJ gets equal, from the manifest of the folder or the one above; empty without one."""
    for place in (folder, folder.resolve().parent):
        manifest = place / "MANIFEST.csv"
        if manifest.is_file():
            with manifest.open(newline="") as table:
                return {row["case"]: int(row["mpxj_equal"]) for row in csv.DictReader(table) if row.get("mpxj_equal")}
    return {}


def differences(row: dict[str, str], mine: TaskSchedule | None) -> tuple[set[str], set[str]]:
    """The columns that are wrong, and those that only name the working moment by another instant."""
    if mine is None:
        return {"missing"}, set()
    wrong, loose = set(), set()
    for column in DATES:
        if not row[column]:
            continue
        moment = to_local(getattr(mine, column)).isoformat(timespec="minutes")
        if moment == row[column][:16]:
            continue
        low, high = row[f"{column}_lo"] or row[column], row[f"{column}_hi"] or row[column]
        if datetime.fromisoformat(low) <= datetime.fromisoformat(moment) <= datetime.fromisoformat(high):
            loose.add(column)
        else:
            wrong.add(column)
    if row["total_slack_min"] and abs(mine.total_float / TICKS_PER_MINUTE - float(row["total_slack_min"])) > 0.5:
        wrong.add("total_slack")
    if row["critical"] and mine.critical != (row["critical"] == "1"):
        wrong.add("critical")
    return wrong, loose


def describe(row: dict[str, str], mine: TaskSchedule | None, wrong: set[str]) -> str:
    """One line for a task that differs: each wrong column with the expected and the computed value."""
    if mine is None:
        return f"  {row['uid']}: missing"
    parts = []
    for column in sorted(wrong):
        if column == "total_slack":
            parts.append(f"slack {row['total_slack_min']} got {mine.total_float / TICKS_PER_MINUTE:.1f}")
        elif column == "critical":
            parts.append(f"critical {row['critical']} got {int(mine.critical)}")
        else:
            parts.append(f"{column} {row[column]} got {to_local(getattr(mine, column)).isoformat(timespec='minutes')}")
    marks = "".join(
        letter
        for letter, flag in (("S", "summary"), ("M", "manual"), ("m", "milestone"), ("b", "started"), ("f", "finished"))
        if row[flag] == "1"
    )
    return f"  {row['uid']} [{marks}] " + "; ".join(parts)


def share(part: int, whole: int) -> float:
    """A ratio that is 1 where there is nothing to score."""
    return part / whole if whole else 1.0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main(arguments: Sequence[str]) -> int:
    """Print a table of the folder's cases and the closing line; with names given, also every difference.

    Returns 2 where there is nothing to score.
    """
    parser = argparse.ArgumentParser(
        prog="python -m tests.fidelity", description=(__doc__ or "").split(":", maxsplit=1)[0]
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help="score these cases only, and show what differs")
    parser.add_argument("--write", action="store_true", help="write NAME.actual.csv beside each case")
    chosen = parser.parse_args(arguments)
    folder, names = chosen.folder, set(chosen.names)
    sources = [each for each in sorted(folder.glob("*.xml")) if each.with_suffix(".expected.csv").is_file()]
    strangers = names - {each.stem for each in sources}
    if not sources or strangers:
        what = (
            f"no case called {', '.join(sorted(strangers))}"
            if sources
            else "no case: none has NAME.xml and NAME.expected.csv"
        )
        sys.stderr.write(f"The folder {folder} holds {what}.\n")
        return 2
    theirs = equal_by_mpxj(folder)
    scores = []
    for source in sources:
        if names and source.stem not in names:
            continue
        score = score_case(source, show=bool(names), write=chosen.write)
        scores.append(score)
        beaten = score.equal < theirs.get(score.name, 0)
        _say(
            f"{score.name:12} leaves {score.leaves:4} equal {score.equal:4} exact {score.exact:4} "
            f"start_finish {score.start_finish:4} summaries {score.summaries_equal}/{score.summaries}"
            + (f"  BELOW MPXJ {theirs[score.name]}" if beaten else "")
        )
    if theirs:
        compared = [score for score in scores if score.name in theirs]
        below = sum(score.equal < theirs[score.name] for score in compared)
        _say(f"below_mpxj={below} of {len(compared)} cases")
    leaves = sum(score.leaves for score in scores)
    _say(
        f"leaf_equal={share(sum(score.equal for score in scores), leaves):.3f} "
        f"leaf_exact={share(sum(score.exact for score in scores), leaves):.3f} "
        f"start_finish={share(sum(score.start_finish for score in scores), leaves):.3f} "
        f"summary={share(sum(s.summaries_equal for s in scores), sum(s.summaries for s in scores)):.3f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
