"""Serial schedule generation, justification and a genetic algorithm over activity lists, as plain loops over arrays.

Every function takes flat sequences of integers and fills those that it is given, so that it runs as it stands over lists,
and a hundred times as fast over numpy arrays in a process that imported numba before this module.

Sources: Kolisch, "Serial and parallel resource-constrained project scheduling methods revisited" (EJOR 90, 1996);
Valls, Ballestin, Quintanilla, "Justification and RCPSP" (EJOR 165, 2005); Hartmann, "A competitive genetic algorithm
for resource-constrained project scheduling" (Naval Research Logistics 45, 1998).
"""

import sys
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar

from services.planning.levelling.problem import Problem, Shift

_Loop = TypeVar("_Loop", bound=Callable[..., Any])

# A fitness is one number: activities that found no room in time, then the makespan, then the cost of changes.
MISPLACED: Final = 10**15
SPAN: Final = 10**9

# Which ends a precedence joins, as bits.
_FROM_END: Final = 1
_TO_END: Final = 2


def _loop(function: _Loop) -> _Loop:
    """The function, compiled where numba has been imported."""
    numba: Any = sys.modules.get("numba")
    if numba is None:
        return function
    try:
        compiled: _Loop = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        # There is no folder to keep what is compiled, as in a container whose files are read-only.
        compiled = numba.njit(nogil=True)(function)
    return compiled


class Arrays(NamedTuple):
    """A problem as flat arrays. `x_from[i]` to `x_from[i + 1]` are the places of activity i in the arrays `x_…`.

    A shift is a pair: the number of its table or -1, and its offset. `simple`: all precedence joins an end to a start
    without a lead, so that any order of starts respects it.
    """

    activities: int
    horizon: int
    simple: int
    release: Any
    latest: Any
    reference: Any
    weight: Any
    end_table: Any
    end_offset: Any
    use_from: Any
    use_resource: Any
    use_amount: Any
    use_begin_table: Any
    use_begin_offset: Any
    use_end_table: Any
    use_end_offset: Any
    into_from: Any
    into_activity: Any
    into_ends: Any
    into_table: Any
    into_offset: Any
    out_from: Any
    out_activity: Any
    out_ends: Any
    out_table: Any
    out_offset: Any
    order: Any
    tables: Any
    free: Any


def arrays_of(problem: Problem, array: Callable[[list[int]], Any]) -> Arrays:
    """The problem as arrays, each made by `array` from a list (which may be the list itself)."""
    tables: dict[tuple[int, ...], int] = {}

    def shifts(values: list[Shift]) -> tuple[Any, Any]:
        numbers = [-1 if each.table is None else tables.setdefault(each.table, len(tables)) for each in values]
        return array(numbers), array([each.offset for each in values])

    activities = problem.activities
    uses = [use for each in activities for use in each.uses]
    into = sorted(problem.precedences, key=lambda link: link.successor)
    out = sorted(problem.precedences, key=lambda link: link.predecessor)
    count = len(activities)

    def places(of: list[int]) -> Any:
        steps = [0] * (count + 1)
        for i in of:
            steps[i + 1] += 1
        for i in range(count):
            steps[i + 1] += steps[i]
        return array(steps)

    def ends(links: list[Any]) -> Any:
        return array([_FROM_END * link.from_end + _TO_END * link.to_end for link in links])

    never = problem.horizon + 1
    simple = all(
        link.from_end and not link.to_end and link.lag.table is None and link.lag.offset >= 0
        for link in problem.precedences
    )
    end = shifts([each.end for each in activities])
    use_begin, use_end = shifts([use.begin for use in uses]), shifts([use.end for use in uses])
    into_lag, out_lag = shifts([link.lag for link in into]), shifts([link.lag for link in out])
    return Arrays(
        count,
        problem.horizon,
        int(simple),
        array([each.release for each in activities]),
        array([never if each.latest is None else each.latest for each in activities]),
        array([-1 if each.reference is None else each.reference for each in activities]),
        array([each.weight for each in activities]),
        *end,
        places([i for i, each in enumerate(activities) for _ in each.uses]),
        array([use.resource for use in uses]),
        array([use.amount for use in uses]),
        *use_begin,
        *use_end,
        places([link.successor for link in into]),
        array([link.predecessor for link in into]),
        ends(into),
        *into_lag,
        places([link.predecessor for link in out]),
        array([link.successor for link in out]),
        ends(out),
        *out_lag,
        array(list(problem.order)),
        array([entry for table in tables for entry in table]),
        array([level for each in problem.resources for level in each.free(problem.horizon)]),
    )


@_loop
def _at(tables: Any, width: int, table: int, offset: int, moment: int) -> int:
    """The moment carried by a shift."""
    if table < 0:
        return moment + offset
    return tables[table * width + min(max(moment, 0), width - 1)]  # type: ignore[no-any-return]


@_loop
def _last_within(tables: Any, width: int, table: int, offset: int, moment: int) -> int:
    """The last moment that the shift carries no further than `moment`; -1 where there is none."""
    if table < 0:
        return moment - offset
    low, high, base = 0, width, table * width
    while low < high:
        middle = (low + high) // 2
        if tables[base + middle] <= moment:
            low = middle + 1
        else:
            high = middle
    return low - 1


@_loop
def _first_reaching(tables: Any, width: int, table: int, offset: int, moment: int) -> int:
    """The first moment that the shift carries to `moment` or beyond; the table's width where there is none."""
    if table < 0:
        return moment - offset
    low, high, base = 0, width, table * width
    while low < high:
        middle = (low + high) // 2
        if tables[base + middle] < moment:
            low = middle + 1
        else:
            high = middle
    return low


@_loop
def _book(p: Any, i: int, start: int, free: Any) -> None:
    """Take what an activity that starts there uses."""
    width = p.horizon + 1
    for u in range(p.use_from[i], p.use_from[i + 1]):
        begin = _at(p.tables, width, p.use_begin_table[u], p.use_begin_offset[u], start)
        end = min(p.horizon, _at(p.tables, width, p.use_end_table[u], p.use_end_offset[u], start))
        base, amount = p.use_resource[u] * p.horizon, p.use_amount[u]
        for slot in range(base + begin, base + end):
            free[slot] -= amount


@_loop
def forward(p: Any, order: Any, free: Any, starts: Any, ends: Any) -> int:
    """Place the activities in this order, each as early as it can be. Returns how many found no room in time.

    Such a one is placed where precedence has it, room or not. `order` respects precedence.
    """
    width, horizon, tables = p.horizon + 1, p.horizon, p.tables
    for slot in range(len(free)):
        free[slot] = p.free[slot]
    misplaced = 0
    for place in range(p.activities):
        i = order[place]
        start = p.release[i]
        for e in range(p.into_from[i], p.into_from[i + 1]):
            kind, j = p.into_ends[e], p.into_activity[e]
            moment = _at(tables, width, p.into_table[e], p.into_offset[e], ends[j] if kind & 1 else starts[j])
            if kind & 2:
                moment = _first_reaching(tables, width, p.end_table[i], p.end_offset[i], moment)
            start = max(start, moment)
        bound = start
        searching = True
        while searching:
            searching = False
            if _at(tables, width, p.end_table[i], p.end_offset[i], start) > horizon or start > p.latest[i]:
                misplaced += 1
                start = bound
                break
            for u in range(p.use_from[i], p.use_from[i + 1]):
                begin = _at(tables, width, p.use_begin_table[u], p.use_begin_offset[u], start)
                base, amount = p.use_resource[u] * horizon, p.use_amount[u]
                slot = base + _at(tables, width, p.use_end_table[u], p.use_end_offset[u], start) - 1
                while slot >= base + begin and free[slot] >= amount:
                    slot -= 1
                if slot >= base + begin:
                    behind = _first_reaching(
                        tables, width, p.use_begin_table[u], p.use_begin_offset[u], slot - base + 1
                    )
                    start = max(start + 1, behind)
                    searching = True
                    break
        starts[i] = start
        ends[i] = _at(tables, width, p.end_table[i], p.end_offset[i], start)
        _book(p, i, start, free)
    return misplaced


@_loop
def backward(p: Any, order: Any, free: Any, starts: Any, ends: Any, finish: int) -> int:
    """Place the activities in this order, followers first, each as late as `finish` allows. Returns 0 where one has no place."""
    width, horizon, tables = p.horizon + 1, p.horizon, p.tables
    for slot in range(len(free)):
        free[slot] = p.free[slot]
    for place in range(p.activities):
        i = order[place]
        start, end = p.latest[i], finish
        for e in range(p.out_from[i], p.out_from[i + 1]):
            kind, j = p.out_ends[e], p.out_activity[e]
            moment = _last_within(tables, width, p.out_table[e], p.out_offset[e], ends[j] if kind & 2 else starts[j])
            if kind & 1:
                end = min(end, moment)
            else:
                start = min(start, moment)
        start = min(start, _last_within(tables, width, p.end_table[i], p.end_offset[i], end))
        searching = True
        while searching:
            searching = False
            if start < p.release[i]:
                return 0
            for u in range(p.use_from[i], p.use_from[i + 1]):
                base, amount = p.use_resource[u] * horizon, p.use_amount[u]
                slot = base + _at(tables, width, p.use_begin_table[u], p.use_begin_offset[u], start)
                behind = base + _at(tables, width, p.use_end_table[u], p.use_end_offset[u], start)
                while slot < behind and free[slot] >= amount:
                    slot += 1
                if slot < behind:
                    before = _last_within(tables, width, p.use_end_table[u], p.use_end_offset[u], slot - base)
                    start = min(start - 1, before)
                    searching = True
                    break
        starts[i] = start
        ends[i] = _at(tables, width, p.end_table[i], p.end_offset[i], start)
        _book(p, i, start, free)
    return 1


@_loop
def _sort(p: Any, keys: Any, order: Any, counts: Any) -> None:
    """Order the activities by a moment each, equal ones by precedence. `counts` has `horizon + 2` places."""
    for slot in range(p.horizon + 2):
        counts[slot] = 0
    for i in range(p.activities):
        counts[keys[i] + 1] += 1
    for slot in range(p.horizon + 1):
        counts[slot + 1] += counts[slot]
    for place in range(p.activities):
        i = p.order[place]
        order[counts[keys[i]]] = i
        counts[keys[i]] += 1


@_loop
def _respect(p: Any, order: Any, spare: Any, waits: Any, followers_first: int) -> None:
    """Repair an order that precedence with leads, or between other ends, forbids: the first that is ready comes next."""
    for i in range(p.activities):
        spare[i] = order[i]
        waits[i] = p.out_from[i + 1] - p.out_from[i] if followers_first else p.into_from[i + 1] - p.into_from[i]
    for place in range(p.activities):
        k = place
        while waits[spare[k]] > 0:
            k += 1
        i = spare[k]
        while k > place:
            spare[k] = spare[k - 1]
            k -= 1
        spare[place] = i
        order[place] = i
        if followers_first:
            for e in range(p.into_from[i], p.into_from[i + 1]):
                waits[p.into_activity[e]] -= 1
        else:
            for e in range(p.out_from[i], p.out_from[i + 1]):
                waits[p.out_activity[e]] -= 1


@_loop
def fitness_of(p: Any, misplaced: int, starts: Any, ends: Any) -> int:
    """One number to compare schedules by; less is better."""
    makespan = changes = 0
    for i in range(p.activities):
        makespan = max(makespan, ends[i])
        if p.reference[i] >= 0 and p.reference[i] != starts[i]:
            changes += p.weight[i]
    return misplaced * 1_000_000_000_000_000 + makespan * 1_000_000_000 + changes


@_loop
def improve(p: Any, order: Any, starts: Any, ends: Any, work: Any) -> int:
    """Schedule this order, then justify to the right and to the left, and keep the better of the two schedules.

    `order` becomes that of the schedule's starts. Returns its fitness. `work`: free, starts, ends, order, spare, waits,
    counts of the size that the others ask for.
    """
    free, other_starts, other_ends, other_order, spare, waits, counts = work
    misplaced = forward(p, order, free, starts, ends)
    fitness = fitness_of(p, misplaced, starts, ends)
    if misplaced == 0:
        makespan = 0
        for i in range(p.activities):
            makespan = max(makespan, ends[i])
        _sort(p, ends, other_order, counts)
        for k in range(p.activities // 2):
            last = p.activities - 1 - k
            other_order[k], other_order[last] = other_order[last], other_order[k]
        if not p.simple:
            _respect(p, other_order, spare, waits, 1)
        if backward(p, other_order, free, other_starts, other_ends, makespan):
            _sort(p, other_starts, other_order, counts)
            if not p.simple:
                _respect(p, other_order, spare, waits, 0)
            again = forward(p, other_order, free, other_starts, other_ends)
            better = fitness_of(p, again, other_starts, other_ends)
            if better <= fitness:
                fitness = better
                for i in range(p.activities):
                    starts[i] = other_starts[i]
                    ends[i] = other_ends[i]
        _sort(p, starts, order, counts)
        if not p.simple:
            _respect(p, order, spare, waits, 0)
    return fitness


@_loop
def draw(state: Any, below: int) -> int:
    """A number from 0 to `below - 1` by the generator of Park and Miller, the same over lists and arrays."""
    state[0] = state[0] * 48271 % 2147483647
    return state[0] % below  # type: ignore[no-any-return]


@_loop
def sample(p: Any, keys: Any, contest: int, state: Any, order: Any, spare: Any, waits: Any) -> None:
    """An order by a priority rule: of `contest` ready activities drawn by chance the one with the least key comes next.

    With a `contest` of 0 it is the least of all that are ready, which is the rule itself.
    """
    ready = 0
    for place in range(p.activities):
        i = p.order[place]
        waits[i] = p.into_from[i + 1] - p.into_from[i]
        if waits[i] == 0:
            spare[ready] = i
            ready += 1
    for place in range(p.activities):
        best = 0
        if contest == 0:
            for k in range(1, ready):
                if keys[spare[k]] < keys[spare[best]]:
                    best = k
        else:
            best = draw(state, ready)
            for _ in range(contest - 1):
                k = draw(state, ready)
                if keys[spare[k]] < keys[spare[best]]:
                    best = k
        i = spare[best]
        ready -= 1
        spare[best] = spare[ready]
        order[place] = i
        for e in range(p.out_from[i], p.out_from[i + 1]):
            j = p.out_activity[e]
            waits[j] -= 1
            if waits[j] == 0:
                spare[ready] = j
                ready += 1


@_loop
def _cross(p: Any, mother: int, father: int, orders: Any, state: Any, child: Any, waits: Any) -> None:
    """Two-point crossover: the middle of the child comes from the father, in his order; both ends from the mother."""
    n = p.activities
    first, second = draw(state, n + 1), draw(state, n + 1)
    if first > second:
        first, second = second, first
    for i in range(n):
        waits[i] = 0
    place = 0
    for k in range(first):
        i = orders[mother * n + k]
        child[place] = i
        waits[i] = 1
        place += 1
    k = 0
    while place < second:
        i = orders[father * n + k]
        k += 1
        if waits[i] == 0:
            child[place] = i
            waits[i] = 1
            place += 1
    for k in range(n):
        i = orders[mother * n + k]
        if waits[i] == 0:
            child[place] = i
            waits[i] = 1
            place += 1


@_loop
def _mutate(p: Any, child: Any, state: Any, per_mille: int) -> None:
    """Exchange neighbours in the list, where precedence lets them."""
    for k in range(p.activities - 1):
        if draw(state, 1000) < per_mille:
            i, j = child[k], child[k + 1]
            bound = False
            for e in range(p.into_from[j], p.into_from[j + 1]):
                if p.into_activity[e] == i:
                    bound = True
            if not bound:
                child[k], child[k + 1] = j, i


@_loop
def evolve(
    p: Any, children: int, size: int, orders: Any, schedules: Any, fitnesses: Any, state: Any, work: Any, child: Any
) -> None:
    """So many children: of parents that won a contest of two each; a child takes the place of the worst if it is new.

    `orders` and `schedules` hold `size` times the activities of a list and of its starts; `child`: order, starts, ends.
    """
    n = p.activities
    order, starts, ends = child
    for _ in range(children):
        mother, father = draw(state, size), draw(state, size)
        rival = draw(state, size)
        if fitnesses[rival] < fitnesses[mother]:
            mother = rival
        rival = draw(state, size)
        if fitnesses[rival] < fitnesses[father]:
            father = rival
        _cross(p, mother, father, orders, state, order, work[5])
        _mutate(p, order, state, 20)
        fitness = improve(p, order, starts, ends, work)
        worst = 0
        known = False
        for k in range(size):
            if fitnesses[k] > fitnesses[worst]:
                worst = k
            if fitnesses[k] == fitness and not known:
                known = True
                for i in range(n):
                    if schedules[k * n + i] != starts[i]:
                        known = False
                        break
        if not known and fitness <= fitnesses[worst]:
            fitnesses[worst] = fitness
            for i in range(n):
                orders[worst * n + i] = order[i]
                schedules[worst * n + i] = starts[i]
