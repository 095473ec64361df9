"""The problem, its bounds and the search without solver: feasible, repeatable, and optimal where brute force can tell."""

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from services.planning.levelling.bounds import lower_bound
from services.planning.levelling.generation import arrays_of
from services.planning.levelling.heuristic import Search, by_rules
from services.planning.levelling.problem import (
    Activity,
    InvalidProblem,
    Precedence,
    Problem,
    Renewable,
    Shift,
    Use,
    as_json,
    broken_rules,
    from_json,
)
from tests.unit.planning.levelling.drawn_problems import draw_problem, least_makespan

ROOT = Path(__file__).parents[4]


def work(length: int, *amounts: int, **values: int) -> Activity:
    uses = (Use(r, amount, Shift(0), Shift(length)) for r, amount in enumerate(amounts) if amount)
    return Activity(Shift(length), tuple(uses), **values)


def test_a_problem_that_contradicts_itself_is_refused() -> None:
    one = work(1, 1)
    with pytest.raises(InvalidProblem, match="circle"):
        Problem((one, one), (Precedence(0, 1), Precedence(1, 0)), (Renewable(1),), 9)
    with pytest.raises(InvalidProblem, match="not"):
        Problem((one,), (Precedence(0, 1),), (Renewable(1),), 9)
    with pytest.raises(InvalidProblem, match="resource that there is not"):
        Problem((one,), (), (), 9)
    with pytest.raises(InvalidProblem, match="more of a resource"):
        Problem((work(1, 2),), (), (Renewable(1),), 9)


def test_each_broken_rule_is_named() -> None:
    problem = Problem((work(2, 1, release=1, latest=3), work(2, 1)), (Precedence(0, 1),), (Renewable(1),), 6)
    assert broken_rules(problem, (1, 3)) == []
    assert broken_rules(problem, (0, 2)) == ["activity 0 lies outside of its time"]
    assert broken_rules(problem, (4, 2)) == [
        "activity 0 begins after its latest start",
        "activity 1 does not wait for 0",
    ]
    assert broken_rules(problem, (1, 2)) == ["activity 1 does not wait for 0", "resource 0 is overloaded at 2"]
    assert "activity 1 lies outside of its time" in broken_rules(problem, (1, 5))


@pytest.mark.parametrize("seed", range(8))
def test_a_problem_survives_its_way_to_another_process(seed: int) -> None:
    problem = draw_problem(seed)
    assert from_json(orjson.loads(orjson.dumps(as_json(problem)))) == problem


def test_the_bound_is_the_critical_path_or_what_a_resource_can_do() -> None:
    chain = Problem((work(3, 1), work(4, 0)), (Precedence(0, 1, lag=Shift(2)),), (Renewable(2),), 20)
    assert lower_bound(chain) == 9
    crowd = Problem((work(3, 1), work(3, 1), work(4, 1), work(2, 0)), (Precedence(2, 3),), (Renewable(1),), 20)
    assert lower_bound(crowd) == 10
    late = Problem((work(1, 1), work(3, 1, release=5), work(3, 1, release=5)), (), (Renewable(1),), 20)
    assert lower_bound(late) == 11


def test_no_work_takes_no_time() -> None:
    found = by_rules(Problem((), (), (Renewable(1),), 1))
    assert (found.starts, found.makespan, found.misplaced) == ((), 0, 0)


@pytest.mark.parametrize("seed", range(40))
def test_small_problems_are_solved_as_well_as_by_brute_force(seed: int) -> None:
    """With leads, work may have to be placed before its predecessor to be optimal, which serial generation never does."""
    problem = draw_problem(seed)
    best = least_makespan(problem)
    found = Search(problem, seed=3).run(schedules=1_500, cpu_seconds=20)
    assert broken_rules(problem, found.starts) == []
    assert lower_bound(problem) <= best <= found.makespan
    if arrays_of(problem, list).simple:
        assert found.makespan == best


@pytest.mark.parametrize("seed", range(6))
def test_more_schedules_are_never_worse_and_the_same_seed_tells_the_same(seed: int) -> None:
    problem = draw_problem(seed, count=25, horizon=200, calendars=False)
    first = by_rules(problem)
    found = Search(problem, seed=5).run(schedules=1_200, cpu_seconds=60)
    again = Search(problem, seed=5).run(schedules=1_200, cpu_seconds=60)
    assert found == again
    assert (found.misplaced, found.makespan) <= (first.misplaced, first.makespan)
    assert broken_rules(problem, found.starts) == []


def test_what_must_begin_in_time_and_cannot_is_counted_and_stays_where_it_was() -> None:
    problem = Problem((work(3, 1, latest=0), work(3, 1, latest=2)), (), (Renewable(1),), 9)
    found = by_rules(problem)
    assert (found.misplaced, sorted(found.starts)) == (1, [0, 0])


def test_of_two_equally_short_schedules_the_one_that_moves_less_is_taken() -> None:
    heavy, light = work(2, 1, reference=0, weight=1_900), work(2, 1, reference=0, weight=1_300)
    found = Search(Problem((heavy, light), (), (Renewable(1),), 9)).run(schedules=300, cpu_seconds=5)
    assert (found.starts, found.changes) == ((0, 2), 1_300)


def test_priority_comes_first_by_the_first_rule() -> None:
    problem = Problem((work(2, 1, priority=400), work(5, 1, priority=600)), (), (Renewable(1),), 9)
    search = Search(problem)
    search.step()
    assert search.best().starts == (5, 0)


COMPILED = """
import sys
import numba, numpy, orjson
from services.planning.levelling.heuristic import Search
from services.planning.levelling.problem import from_json
problem = from_json(orjson.loads(sys.stdin.buffer.read()))
found = Search(problem, 5, lambda values: numpy.array(values, dtype=numpy.int64)).run(900, 600.0)
print(orjson.dumps([found.makespan, found.schedules, *found.starts]).decode())
"""


def test_compiled_loops_tell_the_same_as_interpreted_ones() -> None:
    for seed in (2, 3):
        problem = draw_problem(seed, count=20, horizon=150)
        ran = subprocess.run(
            [sys.executable, "-c", COMPILED],
            input=orjson.dumps(as_json(problem)),
            capture_output=True,
            check=True,
            cwd=ROOT,
            timeout=300,
        )
        found = Search(problem, 5).run(900, 600.0)
        assert orjson.loads(ran.stdout) == [found.makespan, found.schedules, *found.starts]
