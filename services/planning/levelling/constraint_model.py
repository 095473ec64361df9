"""Levelling by constraint programming: OR-Tools CP-SAT with a schedule to beat, bounds that it proves, and a stop by CPU time.

Needs the optional requirements (`requirements-optimize.in`), so only the worker process imports this module.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ortools.sat.python import cp_model

from services.planning.levelling.problem import Problem, Shift

_LOOK_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Proof:
    """The best starts that were found (None: none better than what was given) and the makespan below which there is none.

    `infeasible`: no schedule keeps all latest starts.
    """

    starts: tuple[int, ...] | None
    bound: int
    infeasible: bool = False


class Model:
    """The problem as variables: a start for each activity, an interval for each use, a cumulative for each resource."""

    def __init__(self, problem: Problem, earliest: Sequence[int], finish: int) -> None:
        """`earliest`: the heads of the activities; nothing ends behind `finish`."""
        self.problem = problem
        self.model: Any = cp_model.CpModel()
        self._finish = finish
        # One variable for one function of one start, however often it is asked for.
        self._carried: dict[tuple[int, Shift], Any] = {}
        self.starts = []
        for i, each in enumerate(problem.activities):
            latest = finish if each.latest is None else min(finish, each.latest)
            self.starts.append(self.model.new_int_var(min(earliest[i], latest), latest, f"s{i}"))
        self._ranges = [(min(earliest[i], finish), finish) for i in range(len(self.starts))]
        self.ends = [self._carry(i, each.end) for i, each in enumerate(problem.activities)]
        for link in problem.precedences:
            moment = self.ends[link.predecessor] if link.from_end else self.starts[link.predecessor]
            if link.lag.table is not None:
                moment = self._look_up(moment, link.lag.table)
            else:
                moment += link.lag.offset
            self.model.add((self.ends if link.to_end else self.starts)[link.successor] >= moment)
        self._share_resources()
        self.makespan = self.model.new_int_var(0, finish, "makespan")
        for end in self.ends:
            self.model.add(self.makespan >= end)

    def _carry(self, i: int, shift: Shift) -> Any:
        if shift.table is None:
            return self.starts[i] + shift.offset
        key = (i, shift)
        if key not in self._carried:
            self._carried[key] = self._look_up(self.starts[i], shift.table)
        return self._carried[key]

    def _look_up(self, moment: Any, table: Sequence[int]) -> Any:
        entries = [min(entry, self._finish + 1) for entry in table[: self._finish + 2]]
        found = self.model.new_int_var(entries[0], entries[-1], "")
        self.model.add_element(moment, entries, found)
        return found

    def _share_resources(self) -> None:
        problem, model = self.problem, self.model
        intervals: list[list[Any]] = [[] for _ in problem.resources]
        amounts: list[list[int]] = [[] for _ in problem.resources]
        for i, activity in enumerate(problem.activities):
            for use in activity.uses:
                begin, end = self._carry(i, use.begin), self._carry(i, use.end)
                if use.begin.table is None and use.end.table is None:
                    size: Any = use.end.offset - use.begin.offset
                    if size <= 0:
                        continue
                    interval = model.new_fixed_size_interval_var(begin, size, "")
                else:
                    size = model.new_int_var(0, self._finish + 1, "")
                    interval = model.new_interval_var(begin, size, end, "")
                intervals[use.resource].append(interval)
                amounts[use.resource].append(use.amount)
        for r, resource in enumerate(problem.resources):
            if not intervals[r]:
                continue
            level, since = resource.capacity, 0
            free = [*resource.free(min(problem.horizon, self._finish)), resource.capacity]
            for slot, now in enumerate(free):
                if now != level:
                    if level < resource.capacity:
                        intervals[r].append(model.new_fixed_size_interval_var(since, slot - since, ""))
                        amounts[r].append(resource.capacity - level)
                    level, since = now, slot
            model.add_cumulative(intervals[r], amounts[r], resource.capacity)

    def hint(self, starts: Sequence[int]) -> None:
        """Where the search begins."""
        self.model.clear_hints()
        for variable, start in zip(self.starts, starts, strict=True):
            self.model.add_hint(variable, start)

    def minimise_makespan(self, at_least: int) -> None:
        self.model.add(self.makespan >= at_least)
        self.model.minimize(self.makespan)

    def minimise_changes(self, makespan: int) -> None:
        """The fewest changes among schedules of at most this makespan."""
        self.model.add(self.makespan <= makespan)
        costs = []
        for variable, each in zip(self.starts, self.problem.activities, strict=True):
            if each.reference is not None:
                moved = self.model.new_bool_var("")
                self.model.add(variable == each.reference).only_enforce_if(~moved)
                costs.append(each.weight * moved)
        self.model.minimize(sum(costs))


@dataclass(frozen=True, slots=True)
class Limits:
    """`until_cpu`: the process's CPU time at which the search ends; `until`: the same of the monotonic clock."""

    workers: int
    seed: int
    until_cpu: float
    until: float


def solve(model: Model, limits: Limits, stop: Callable[[int], bool] = lambda _bound: False) -> tuple[str, Proof]:
    """Search until proven or until the limits. Returns the status (`optimal`, `feasible`, `infeasible`, `unknown`).

    `stop` is asked with each better bound of the objective whether that is enough.
    """
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = limits.workers
    solver.parameters.random_seed = limits.seed
    solver.parameters.max_time_in_seconds = max(0.1, limits.until - time.monotonic())
    done = threading.Event()

    def heed(bound: float) -> None:
        if stop(int(bound)):
            solver.stop_search()

    solver.best_bound_callback = heed

    def watch() -> None:
        while not done.wait(_LOOK_SECONDS):
            if time.process_time() >= limits.until_cpu or stop(-1):
                solver.stop_search()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        status = solver.solve(model.model)
    finally:
        done.set()
        watcher.join()
    name = {cp_model.OPTIMAL: "optimal", cp_model.FEASIBLE: "feasible", cp_model.INFEASIBLE: "infeasible"}.get(
        status, "unknown"
    )
    found = name in ("optimal", "feasible")
    starts = tuple(int(solver.value(variable)) for variable in model.starts) if found else None
    bound = 0 if name == "infeasible" else int(solver.best_objective_bound)
    return name, Proof(starts, bound, infeasible=name == "infeasible")
