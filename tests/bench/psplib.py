"""Levelling on instances of PSPLIB, with the worker process that the product runs: ``python -m tests.bench.psplib j30``.

Best known makespans come from `best-known.csv` beside the set's folder; without it the proven bound stands in for them.
"""

import argparse
import asyncio
import csv
import re
import time
from dataclasses import dataclass
from pathlib import Path

from services.planning.levelling.heuristic import by_rules
from services.planning.levelling.optimizer import Answer, Budget
from services.planning.levelling.problem import NO_SHIFT, Activity, Precedence, Problem, Renewable, Shift, Use
from services.planning.levelling.worker import optimize_apart, optimizer_installed

_NAME = re.compile(r"j\d+?(\d{1,2})_(\d+)\.sm")


class UnreadableInstance(ValueError):
    """The file is no single-mode instance of PSPLIB."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an instance's makespan."""

    lower: int
    upper: int


def read_instance(text: str) -> Problem:
    """A `.sm` file as a problem. Its dummy first and last jobs stay, since they cost nothing. Raises UnreadableInstance."""
    followers = {row[0]: row[3:] for row in _rows(text, "PRECEDENCE RELATIONS", 1)}
    jobs = {row[0]: (row[2], row[3:]) for row in _rows(text, "REQUESTS/DURATIONS", 2)}
    capacities = _rows(text, "RESOURCEAVAILABILITIES", 1)[0]
    if followers.keys() != jobs.keys():
        raise UnreadableInstance("jobs and precedence do not belong together")
    place = {job: index for index, job in enumerate(sorted(jobs))}
    activities = [
        Activity(
            Shift(duration),
            tuple(Use(r, amount, NO_SHIFT, Shift(duration)) for r, amount in enumerate(needs) if amount and duration),
        )
        for _, (duration, needs) in sorted(jobs.items())
    ]
    links = [Precedence(place[job], place[after]) for job, afters in sorted(followers.items()) for after in afters]
    horizon = sum(duration for duration, _ in jobs.values())
    return Problem(tuple(activities), tuple(links), tuple(Renewable(each) for each in capacities), horizon)


def _rows(text: str, section: str, headings: int) -> list[list[int]]:
    """The rows of numbers of a section, up to the line of asterisks that ends it."""
    _, found, rest = text.partition(section)
    rows = []
    for line in rest.splitlines()[1 + headings :]:
        if line.startswith("*"):
            break
        if not line.startswith("-"):
            rows.append([int(word) for word in line.split()])
    if not found or not rows:
        raise UnreadableInstance(f"there is no section {section}")
    return rows


def sampled(files: list[Path], count: int) -> list[Path]:
    """So many of them, spread over the parameter sets: of set s the instance 7 s mod 10 + 1 comes first."""

    def rank(file: Path) -> tuple[int, int]:
        found = _NAME.fullmatch(file.name)
        number, instance = (int(found[1]), int(found[2])) if found else (0, 0)
        return (instance - number * 7 - 1) % 10, number

    ranked = sorted(files, key=rank)
    sets = sum(rank(file)[0] == 0 for file in files) or len(files)
    pool = ranked[: -(-count // sets) * sets]
    return [pool[k * len(pool) // count] for k in range(min(count, len(pool)))]


def known_makespans(file: Path) -> dict[str, Known]:
    if not file.is_file():
        return {}
    with file.open(newline="") as rows:
        return {
            row["instance"]: Known(int(row["lower_bound"]), int(row["upper_bound"])) for row in csv.DictReader(rows)
        }


def summary(answers: list[tuple[Answer, Known]]) -> str:
    """The last line: how many are proven, how many reach the best known makespan, and how far above it, in per cent."""
    proven = sum(answer.proven for answer, _ in answers)
    at_best = sum(answer.makespan <= known.upper for answer, known in answers)
    over = [100 * (answer.makespan - known.upper) / known.upper for answer, known in answers]
    return f"proven={proven} at_best={at_best} gap={sum(over) / len(over):.2f}"


async def measure(files: list[Path], known: dict[str, Known], limit: float, workers: int) -> str:
    """Each case for `limit` seconds of each worker, counted as CPU time so that neighbours do not matter much."""
    answers = []
    for number, file in enumerate(files, 1):
        problem = read_instance(file.read_text())
        began = time.monotonic()
        first = by_rules(problem)
        budget = Budget(cpu_seconds=limit * workers, wall_seconds=limit * 12, workers=workers)
        answer = await optimize_apart(problem, first.starts, budget)
        best = known.get(file.name) or Known(answer.bound, answer.bound)
        if answer.bound > best.upper or answer.makespan < best.lower or answer.makespan > first.makespan:
            raise AssertionError(f"{file.name}: {answer.bound} to {answer.makespan} against {best}, by rules {first}")
        answers.append((answer, best))
        print(  # noqa: T201 -- progress is what people look at
            f"{number:>3}/{len(files)} {file.name:<14} rules {first.makespan:>4} found {answer.makespan:>4}"
            f" best {best.upper:>4} bound {answer.bound:>4} {'proven' if answer.proven else 'open  '} {answer.method:<7}"
            f" {answer.schedules:>9,} schedules {answer.cpu_seconds:>6.2f} s CPU {time.monotonic() - began:>6.1f} s",
            flush=True,
        )
    return summary(answers)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.psplib", description="Level instances of PSPLIB.")
    parser.add_argument("set", help="j30, j60, j90 or j120: the folder of .sm files below --cases")
    parser.add_argument("--count", type=int, default=48, help="how many of them, spread over the parameter sets")
    parser.add_argument("--limit", type=float, default=5, help="seconds of CPU time for each worker and case")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cases", type=Path, default=Path("../shared/data/psplib"))
    options = parser.parse_args()
    files = list((options.cases / options.set).glob("*.sm"))
    if not files:
        parser.error(f"there are no .sm files in {options.cases / options.set}")
    if not optimizer_installed():
        print("The optimizer is not installed (make optimizer): the genetic algorithm runs alone.")  # noqa: T201
    chosen = sampled(files, options.count)
    known = known_makespans(options.cases / "best-known.csv")
    print(asyncio.run(measure(chosen, known, options.limit, options.workers)))  # noqa: T201


if __name__ == "__main__":
    main()
