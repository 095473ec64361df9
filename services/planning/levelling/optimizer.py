"""The worker process: reads a problem from standard input, looks for a better schedule and a proof, writes one line.

``python -m services.planning.levelling.optimizer`` limits its own memory before it loads anything large. With the optional
requirements it runs the compiled genetic algorithm beside CP-SAT, without them the genetic algorithm as it stands.
"""

import json
import math
import resource
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from services.planning.levelling.problem import (
    Activity,
    Precedence,
    Problem,
    Renewable,
    Shift,
    Use,
    broken_rules,
    from_json,
)

# Up to so many activities a proof is likely, so that CP-SAT gets both cores; beyond, the genetic algorithm keeps one.
_PROVABLE: Final = 40
_FIRST_SHARE: Final = 0.08
_MAKESPAN_SHARE: Final = 0.75
_UNLIMITED: Final = 1 << 60
OUT_OF_MEMORY: Final = 3


@dataclass(frozen=True, slots=True)
class Budget:
    """`cpu_seconds` of all threads together, counted from when everything is loaded; `wall_seconds` end it at the latest."""

    cpu_seconds: float
    wall_seconds: float
    workers: int = 2
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """A schedule and what is known of it.

    `bound`: no schedule has a smaller makespan; `proven` that this one's is the least, `changes_proven` that no schedule of
    that makespan changes less. `infeasible`: it is proven that not all activities find room in time, so `misplaced` ones
    are left where they were. `method`: `priority_rules`, `genetic` or `cp_sat`.
    """

    starts: tuple[int, ...]
    makespan: int
    changes: int
    misplaced: int
    bound: int
    proven: bool
    changes_proven: bool
    infeasible: bool
    method: str
    schedules: int
    cpu_seconds: float


class _Race:
    """The best that any of the methods has found so far, and the best bound."""

    def __init__(self, problem: Problem, bound: int) -> None:
        self.problem = problem
        self.bound = bound
        self.starts: tuple[int, ...] = ()
        self.key = (_UNLIMITED, 0, 0)
        self.method = ""
        self.schedules = 0
        self.halted = False
        self._lock = threading.Lock()

    def offer(self, starts: Sequence[int], misplaced: int, method: str) -> None:
        key = (misplaced, self.problem.makespan(starts), self.problem.changes(starts))
        with self._lock:
            if key < self.key:
                self.key, self.starts, self.method = key, tuple(starts), method

    @property
    def proven(self) -> bool:
        return self.key[0] == 0 and self.key[1] <= self.bound

    def enough(self, bound: int) -> bool:
        """Whether, with this bound as well, the makespan cannot get any better."""
        self.bound = max(self.bound, bound)
        return self.halted or self.proven


def optimize(problem: Problem, budget: Budget, first: Sequence[int] = ()) -> Answer:
    """The best schedule that the budget allows, never a worse one than `first`."""
    cp_sat, array = _load()
    from services.planning.levelling.heuristic import (  # noqa: PLC0415 -- compiled only after `_load`
        LARGE_POPULATION,
        SMALL_POPULATION,
        Search,
    )

    _compile(Search, array)
    began, began_cpu = time.monotonic(), time.process_time()
    search = Search(problem, budget.seed, array, SMALL_POPULATION if cp_sat is None else LARGE_POPULATION)
    race = _Race(problem, search.bound)
    if first:
        race.offer(first, _misplaced(problem, first), "priority_rules")
    counted = any(each.reference is not None for each in problem.activities)

    def breed(cpu_seconds: float, stop: Callable[[], bool]) -> None:
        def heed(found: Any) -> bool:
            race.offer(found.starts, found.misplaced, "genetic")
            late = time.monotonic() - began >= budget.wall_seconds
            return late or stop() or (race.proven and not (counted and race.key[2]))

        found = search.run(_UNLIMITED, cpu_seconds, heed)
        race.offer(found.starts, found.misplaced, "genetic")

    def answer(*, changes_proven: bool, infeasible: bool) -> Answer:
        misplaced, makespan, changes = race.key
        spent = time.process_time() - began_cpu
        return Answer(
            race.starts,
            makespan,
            changes,
            misplaced,
            min(race.bound, makespan) if not misplaced else race.bound,
            race.proven,
            (changes_proven or not changes) and race.proven,
            infeasible,
            race.method,
            search.schedules,
            round(spent, 3),
        )

    if cp_sat is None:
        breed(budget.cpu_seconds, lambda: False)
        return answer(changes_proven=False, infeasible=False)
    few = len(problem.activities) <= _PROVABLE
    breed(budget.cpu_seconds * _FIRST_SHARE, lambda: race.proven)
    until_cpu, until = began_cpu + budget.cpu_seconds, began + budget.wall_seconds
    infeasible = False
    if not race.proven:
        share = _MAKESPAN_SHARE if counted else 1.0
        limits = cp_sat.Limits(
            budget.workers if few else max(1, budget.workers - 1),
            budget.seed,
            began_cpu + budget.cpu_seconds * share,
            began + budget.wall_seconds * share,
        )
        breeder = threading.Thread(target=breed, args=(budget.cpu_seconds, lambda: race.halted or race.proven))
        if not few:
            breeder.start()
        try:
            infeasible = _prove(cp_sat, problem, race, limits)
        finally:
            # CP-SAT may end before its time, with a proof; otherwise both have had theirs.
            race.halted = True
            if not few:
                breeder.join()
    changes_proven = False
    if counted and not race.key[0] and race.key[2]:
        limits = cp_sat.Limits(budget.workers, budget.seed, until_cpu, until)
        changes_proven = _settle_changes(cp_sat, problem, race, limits)
    return answer(changes_proven=changes_proven, infeasible=infeasible)


def _prove(cp_sat: Any, problem: Problem, race: _Race, limits: Any) -> bool:
    """Search for a shorter schedule and better bounds. Returns whether it is proven that not all find room in time."""
    from services.planning.levelling.bounds import heads  # noqa: PLC0415 -- beside the other late imports

    misplaced = bool(race.key[0])
    finish = problem.horizon if misplaced else race.key[1]
    model = cp_sat.Model(problem, heads(problem), finish)
    model.minimise_makespan(min(race.bound, finish))
    if not misplaced:
        model.hint(race.starts)
    status, proof = cp_sat.solve(model, limits, race.enough)
    if proof.starts is not None:
        race.offer(proof.starts, _misplaced(problem, proof.starts), "cp_sat")
    if status != "infeasible":
        race.enough(proof.bound)
    return bool(misplaced and proof.infeasible)


def _settle_changes(cp_sat: Any, problem: Problem, race: _Race, limits: Any) -> bool:
    """Search among schedules of the makespan found for one that changes less. Returns whether there is none that changes still less."""
    from services.planning.levelling.bounds import heads  # noqa: PLC0415 -- beside the other late imports

    model = cp_sat.Model(problem, heads(problem), race.key[1])
    model.hint(race.starts)
    model.minimise_changes(race.key[1])
    status, proof = cp_sat.solve(model, limits)
    if proof.starts is not None:
        race.offer(proof.starts, _misplaced(problem, proof.starts), "cp_sat")
    return bool(status == "optimal")


def _misplaced(problem: Problem, starts: Sequence[int]) -> int:
    """How many rules a schedule breaks: none, unless activities found no room in time."""
    return len(broken_rules(problem, starts))


def _load() -> tuple[Any, Callable[[list[int]], Any]]:
    """The module of CP-SAT and what makes an array; None and lists where the optional requirements are not installed."""
    try:
        import numba  # noqa: F401, PLC0415 -- the loops of `generation` are compiled where numba was imported before
        import numpy as np  # noqa: PLC0415 -- optional

        from services.planning.levelling import constraint_model  # noqa: PLC0415 -- optional
    except ImportError:
        return None, list
    return constraint_model, lambda values: np.array(values, dtype=np.int64)


def _compile(search: Any, array: Callable[[list[int]], Any]) -> None:
    """Compile the loops on a problem of nothing much, so that no budget is spent on it. Compiled loops are kept in a cache."""

    one = Activity(Shift(1), (Use(0, 1, Shift(0), Shift(1)),))
    tiny = search(Problem((one, one), (Precedence(0, 1, True, True, Shift(-1)),), (Renewable(1),), 4), 1, array)
    while tiny.schedules < 240:
        tiny.step()


def main() -> None:
    request = json.load(sys.stdin)
    limit = request["memory_bytes"]
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    budget = Budget(**request["budget"])
    # The last word has the kernel, should nothing else end the search; loading and compiling have a minute.
    cpu = math.ceil(2 * budget.cpu_seconds) + 60
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    try:
        answer = optimize(from_json(request["problem"]), budget, request["first"])
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
    sys.stdout.write(json.dumps(asdict(answer)) + "\n")


if __name__ == "__main__":
    main()
