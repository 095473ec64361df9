"""Levelling by priority rules and a genetic algorithm: a good schedule soon, a better one with more time."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from services.planning.levelling import generation
from services.planning.levelling.bounds import heads, lower_bound
from services.planning.levelling.problem import Problem

# Compiled, a population is worth its size; interpreted, it would take all of the time to fill.
SMALL_POPULATION: Final = 60
LARGE_POPULATION: Final = 400
# As many children between two looks at the clock.
_CHILDREN: Final = 20
# Of the schedules of the first population, so many ready activities compete by the rule for each place.
_CONTESTS: Final = (2, 3, 4)


@dataclass(frozen=True, slots=True)
class Found:
    """A schedule and how it came about; `schedules` counts those that were generated."""

    starts: tuple[int, ...]
    makespan: int
    changes: int
    misplaced: int
    schedules: int
    bound: int


class Search:
    """Serial generation with forward-backward justification under rules, then under a genetic algorithm.

    The same problem, seed and number of schedules give the same answer, compiled or not. `array` makes what the loops
    work on from a list: the list itself or, compiled, a numpy array of 64-bit integers.
    """

    def __init__(
        self,
        problem: Problem,
        seed: int = 1,
        array: Callable[[list[int]], Any] = list,
        population: int = SMALL_POPULATION,
    ) -> None:
        self.problem = problem
        self.bound = lower_bound(problem)
        self.schedules = 0
        self._size = population
        p = self._arrays = generation.arrays_of(problem, array)
        n = p.activities
        self._array = array
        self._state = array([seed % 2147483646 + 1])
        sizes = (len(p.free), n, n, n, n, n, p.horizon + 2)
        self._work = tuple(array([0] * size) for size in sizes)
        self._child = tuple(array([0] * n) for _ in range(3))
        self._orders = array([0] * (n * population))
        self._starts = array([0] * (n * population))
        self._fitness = array([1 << 62] * population)
        self._filled = 0
        self._rules = self._rule_keys()
        self.rules = len(self._rules)

    def _rule_keys(self) -> list[Any]:
        """Keys of the rules, the least first: what people put first, then latest finish; latest start; most that follows."""
        problem = self.problem
        n = len(problem.activities)
        early = heads(problem)
        ends = [each.end.at(start) for each, start in zip(problem.activities, early, strict=True)]
        finish = max(ends, default=0)
        late_end = [finish] * n
        followers: list[set[int]] = [set() for _ in range(n)]
        out: list[list[Any]] = [[] for _ in range(n)]
        for link in problem.precedences:
            out[link.predecessor].append(link)
        for i in reversed(problem.order):
            length = ends[i] - early[i]
            for link in out[i]:
                j = link.successor
                late = late_end[j] if link.to_end else late_end[j] - (ends[j] - early[j])
                lag = link.lag.offset if link.lag.table is None else 0
                late_end[i] = min(late_end[i], late - lag + (0 if link.from_end else length))
                followers[i].add(j)
                if n <= _MOST_FOR_FOLLOWERS:
                    followers[i] |= followers[j]
        late_start = [late - (end - start) for late, end, start in zip(late_end, ends, early, strict=True)]
        order = [1 << 20] * n
        wanted = [(1000 - each.priority) * order[i] + late_end[i] for i, each in enumerate(problem.activities)]
        return [self._array(keys) for keys in (wanted, late_end, late_start, [-len(each) for each in followers])]

    def step(self) -> None:
        """The next schedule of the first population or, when that is full, the next children."""
        p, child = self._arrays, self._child
        if not p.activities or self._filled == self._size:
            if p.activities:
                generation.evolve(
                    p, _CHILDREN, self._size, self._orders, self._starts, self._fitness, self._state, self._work, child
                )
            self.schedules += 3 * _CHILDREN
            return
        order, starts, ends = child
        k = self._filled
        if k < len(self._rules):
            keys, contest = self._rules[k], 0
        else:
            keys, contest = self._rules[1 + k % 2], _CONTESTS[k % len(_CONTESTS)]
        generation.sample(p, keys, contest, self._state, order, self._work[4], self._work[5])
        self._fitness[k] = generation.improve(p, order, starts, ends, self._work)
        for i in range(p.activities):
            self._orders[k * p.activities + i] = order[i]
            self._starts[k * p.activities + i] = starts[i]
        self._filled += 1
        self.schedules += 3

    def best(self) -> Found:
        """The best schedule so far; `step` was called before."""
        n = self._arrays.activities
        k = min(range(self._size), key=lambda each: int(self._fitness[each]))
        starts = tuple(int(start) for start in self._starts[k * n : (k + 1) * n])
        problem = self.problem
        misplaced = int(self._fitness[k]) // generation.MISPLACED if n else 0
        return Found(starts, problem.makespan(starts), problem.changes(starts), misplaced, self.schedules, self.bound)

    def run(self, schedules: int, cpu_seconds: float, stop: Callable[[Found], bool] = lambda _found: False) -> Found:
        """Steps until so many schedules, so much CPU time of this thread, the lower bound, or until `stop` says so."""
        began = time.thread_time()
        self.step()
        found = self.best()
        while self.schedules < schedules and time.thread_time() - began < cpu_seconds:
            if found.misplaced == 0 and found.makespan <= self.bound and found.changes == 0:
                break
            if stop(found):
                break
            self.step()
            found = self.best()
        return found


_MOST_FOR_FOLLOWERS: Final = 2_000


def by_rules(problem: Problem) -> Found:
    """The best of the rules alone, which takes milliseconds for a hundred activities."""
    search = Search(problem)
    for _ in range(search.rules):
        search.step()
    return search.best()
