"""Measures everything and prints the figures beside their bars: ``python -m tests.bench``."""

import argparse
import asyncio
import tempfile
from pathlib import Path

from deploy.local.stack import LocalStack
from tests.bench import changes, engine, lists, start_up
from tests.bench.figure import Figure, keep, table
from tests.bench.plans import Plan, make_plan, surround

PARTS = ("engine", "lists", "changes", "starts")
PER_CPU = "answers per CPU second"


async def measure(parts: set[str], rounds: int) -> list[Figure]:
    """The figures of the chosen parts."""
    figures: list[Figure] = []
    if "engine" in parts:
        figures += engine.measure(rounds)
    if "changes" in parts:
        with tempfile.TemporaryDirectory() as folder:
            figures += await measure_changes(Path(folder))
    if "lists" in parts:
        with tempfile.TemporaryDirectory() as folder:
            figures += await measure_lists(Path(folder), rounds)
    if "starts" in parts:
        figures += await start_up.measure()
    return figures


async def measure_changes(folder: Path) -> list[Figure]:
    async with LocalStack(folder) as stack:
        plan = await make_plan(stack)
        pids = [stack.process("all-in-one").pid]
        figures = [await changes.dates(plan, pids), await changes.feed(plan)]
        for thousands, bar in ((2, 200), (20, 2_000)):
            figures.append(await changes.dates_of_larger(await make_plan(stack, thousands), thousands, bar, pids))
        return figures


async def measure_lists(folder: Path, rounds: int) -> list[Figure]:
    """All-in-one first, then the same data under separate processes."""
    async with LocalStack(folder) as stack:
        small, large = await make_plan(stack), await make_plan(stack)
        await surround(stack, large)
        figures = await measure_all_in_one(stack, small, large, rounds)
    async with LocalStack(folder, mode="separate") as stack:
        return figures + await measure_separate(stack, small, rounds)


async def measure_all_in_one(stack: LocalStack, small: Plan, large: Plan, rounds: int) -> list[Figure]:
    async with lists.reference_process(stack) as reference:
        targets = {
            "reference": lists.of_reference(reference, small),
            "small": lists.of_stack(stack, small, ["all-in-one"]),
            "large": lists.of_stack(stack, large, ["all-in-one"]),
        }
        runs = await lists.in_turn(targets, rounds)
    return [
        lists.compared("list_50_all_in_one", runs, "small", "reference", 0.5, PER_CPU),
        lists.compared("list_50_at_100k", runs, "large", "small", 0.9, PER_CPU),
    ]


async def measure_separate(stack: LocalStack, small: Plan, rounds: int) -> list[Figure]:
    async with lists.reference_process(stack) as reference:
        targets = {
            "reference": lists.of_reference(reference, small),
            "small": lists.of_stack(stack, small, ["gateway", "planning"]),
        }
        runs = await lists.in_turn(targets, rounds)
    return [lists.compared("list_50_separate", runs, "small", "reference", 0.25, PER_CPU)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure speed and memory.")
    parser.add_argument("--only", choices=PARTS, help="measure this part instead of everything")
    parser.add_argument(
        "--rounds", type=int, default=lists.ROUNDS, help="runs of each list, in turn with the reference"
    )
    parser.add_argument("--json", type=Path, default=Path("bench.json"), help="where the figures are kept")
    options = parser.parse_args()
    figures = asyncio.run(measure({options.only} if options.only else set(PARTS), options.rounds))
    print(table(figures))  # noqa: T201 -- the table is what the command is for
    keep(figures, options.json)


if __name__ == "__main__":
    main()
