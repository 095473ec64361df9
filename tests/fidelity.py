"""Scores the schedule engine against dates that Microsoft Project computed: `python -m tests.fidelity FOLDER [NAME ...]`.

A folder holds `NAME.xml` (MSPDI without computed values) and `NAME.expected.csv` (the stored ones). A task is exact when its
six dates agree to the minute, total slack within half a minute and the critical flag; equal when a date may also be
another instant of the same working moment (the `_lo` and `_hi` columns).
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from services.kernel.working_time import TICKS_PER_MINUTE, to_local
from services.planning.imports.mspdi import read_mspdi
from services.planning.imports.mspdi_plan import to_plan
from services.planning.schedule.critical_path import schedule
from services.planning.schedule.network import TaskSchedule

DATES = ("start", "finish", "early_start", "early_finish", "late_start", "late_finish")


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


def score_case(source: Path, show: bool = False) -> CaseScore:
    """Import a case, schedule it and compare every scored task."""
    with source.open("rb") as stream:
        answer = schedule(to_plan(read_mspdi(stream)))
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
    """Print a table of the folder's cases and the closing line; with names given, also every difference."""
    folder, names = Path(arguments[0]), set(arguments[1:])
    scores = []
    for source in sorted(folder.glob("*.xml")):
        if names and source.stem not in names:
            continue
        score = score_case(source, show=bool(names))
        scores.append(score)
        _say(
            f"{score.name:12} leaves {score.leaves:4} equal {score.equal:4} exact {score.exact:4} "
            f"start_finish {score.start_finish:4} summaries {score.summaries_equal}/{score.summaries}"
        )
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
