"""The optimizer's process: what it proves, what it never does, and what is said when it does not come back."""

import json
import os
import sys
from pathlib import Path

import pytest

from services.planning.levelling import worker
from services.planning.levelling.heuristic import by_rules
from services.planning.levelling.optimizer import Budget, optimize
from services.planning.levelling.problem import Activity, Problem, Renewable, Shift, Use, broken_rules
from services.planning.levelling.worker import WorkerFailed, optimize_apart, optimizer_installed
from tests.unit.planning.levelling.drawn_problems import draw_problem, least_makespan

BUDGET = Budget(cpu_seconds=20, wall_seconds=60)


def work(length: int, amount: int, **values: int) -> Activity:
    return Activity(Shift(length), (Use(0, amount, Shift(0), Shift(length)),), **values)


def test_the_tests_have_the_optional_requirements() -> None:
    assert optimizer_installed()


@pytest.mark.parametrize("seed", range(6))
async def test_small_problems_are_proven_at_their_optimum(seed: int) -> None:
    problem = draw_problem(seed)
    answer = await optimize_apart(problem, by_rules(problem).starts, BUDGET)
    assert (answer.proven, answer.bound, answer.makespan) == (True, least_makespan(problem), answer.bound)
    assert broken_rules(problem, answer.starts) == []
    assert answer.changes_proven


async def test_of_the_shortest_schedules_the_one_with_the_least_changes_is_proven() -> None:
    """Two of three must wait: whoever does, the lightest ones should."""
    weights = (900, 100, 200)
    problem = Problem(tuple(work(2, 1, reference=0, weight=each) for each in weights), (), (Renewable(1),), 9)
    answer = await optimize_apart(problem, (4, 0, 2), BUDGET)
    assert (answer.makespan, answer.changes, answer.proven, answer.changes_proven) == (6, 300, True, True)
    assert answer.starts[0] == 0


async def test_it_is_proven_when_not_all_can_begin_in_time() -> None:
    problem = Problem((work(3, 1, latest=0), work(3, 1, latest=2)), (), (Renewable(1),), 9)
    answer = await optimize_apart(problem, by_rules(problem).starts, BUDGET)
    assert (answer.infeasible, answer.misplaced, answer.proven) == (True, 1, False)


@pytest.mark.parametrize("seed", range(3))
async def test_an_answer_is_never_worse_than_the_first_however_short_the_time(seed: int) -> None:
    problem = draw_problem(seed, count=60, horizon=400, calendars=False)
    first = by_rules(problem)
    answer = await optimize_apart(problem, first.starts, Budget(cpu_seconds=0.05, wall_seconds=1))
    assert (answer.misplaced, answer.makespan) <= (first.misplaced, first.makespan)
    assert answer.bound <= answer.makespan


def test_without_the_optional_requirements_schedules_are_bred_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("numba", "numpy", "ortools"):
        monkeypatch.setitem(sys.modules, name, None)
    problem = draw_problem(1, count=25, horizon=200, calendars=False)
    first = by_rules(problem)
    answer = optimize(problem, Budget(cpu_seconds=0.5, wall_seconds=30), first.starts)
    assert answer.makespan <= first.makespan
    assert answer.method in ("priority_rules", "genetic")
    assert broken_rules(problem, answer.starts) == []


async def test_a_process_without_memory_says_so() -> None:
    problem = draw_problem(1)
    with pytest.raises(WorkerFailed) as failed:
        await optimize_apart(problem, by_rules(problem).starts, BUDGET, memory_bytes=30_000_000)
    assert failed.value.reason in ("out_of_memory", "died")


async def test_a_process_that_does_not_come_back_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept = tmp_path / "pid"
    sleeper = tmp_path / "sleeper"
    sleeper.write_text(f"#!/bin/sh\necho $$ > {kept}\nexec sleep 600\n")
    sleeper.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(sleeper))
    monkeypatch.setattr(worker, "_GRACE_SECONDS", 1.0)
    problem = draw_problem(1)
    with pytest.raises(WorkerFailed) as failed:
        await optimize_apart(problem, by_rules(problem).starts, Budget(cpu_seconds=1, wall_seconds=0.2))
    assert failed.value.reason == "out_of_time"
    with pytest.raises(ProcessLookupError):
        os.kill(int(kept.read_text()), 0)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("not json", 0),
        ("{}", 0),
        (json.dumps({"starts": [0, 0], "makespan": 2}), 0),
        ("", 1),
    ],
)
async def test_what_a_process_says_is_not_simply_believed(
    said: str, code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    liar = tmp_path / "liar"
    liar.write_text(f"#!/bin/sh\ncat > /dev/null\necho '{said}'\nexit {code}\n")
    liar.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(liar))
    problem = draw_problem(1)
    with pytest.raises(WorkerFailed) as failed:
        await optimize_apart(problem, by_rules(problem).starts, BUDGET)
    assert failed.value.reason == "died"


async def test_an_infeasible_schedule_is_not_believed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    problem = Problem((work(2, 1), work(2, 1)), (), (Renewable(1),), 9)
    told = {"starts": [0, 0], "makespan": 2, "changes": 0, "misplaced": 0, "bound": 2, "proven": True}
    told |= {"changes_proven": True, "infeasible": False, "method": "cp_sat", "schedules": 1, "cpu_seconds": 0.1}
    liar = tmp_path / "liar"
    liar.write_text(f"#!/bin/sh\ncat > /dev/null\necho '{json.dumps(told)}'\n")
    liar.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(liar))
    with pytest.raises(WorkerFailed):
        await optimize_apart(problem, (0, 2), BUDGET)


async def test_the_process_is_told_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen = tmp_path / "environment"
    spy = tmp_path / "spy"
    spy.write_text(f"#!/bin/sh\nenv > {seen}\nexit 1\n")
    spy.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(spy))
    monkeypatch.setenv("TANDEM_SECRET", "sesame")
    problem = draw_problem(1)
    with pytest.raises(WorkerFailed):
        await optimize_apart(problem, by_rules(problem).starts, BUDGET)
    assert "sesame" not in seen.read_text()
