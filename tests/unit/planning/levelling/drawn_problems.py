"""Small levelling problems drawn by chance, with all that the general form has, and their optimum by brute force."""

import itertools
import random

from services.planning.levelling.problem import Activity, Precedence, Problem, Renewable, Shift, Use


def draw_problem(seed: int, count: int = 5, *, horizon: int = 60, calendars: bool = True) -> Problem:
    """Links between all ends with lags and leads, calendars as tables, capacity that is taken for a while."""
    draw = random.Random(seed)
    tables = calendars and seed % 2 == 0
    # Every third slot is off for whoever works by this calendar.
    working = [slot for slot in range(3 * horizon) if slot % 3 != 2]

    def lasting(length: int) -> Shift:
        if not tables or draw.random() < 0.5:
            return Shift(length)
        ends = []
        for start in range(horizon + 1):
            first = next(place for place, slot in enumerate(working) if slot >= start)
            ends.append(min(horizon + 1, working[first + length - 1] + 1))
        return Shift(table=tuple(ends))

    resources = tuple(
        Renewable(draw.choice([2, 3]), ((draw.randrange(4), draw.randrange(4, 9), 1),) if seed % 3 == 0 else ())
        for _ in range(2)
    )
    activities = []
    for _ in range(count):
        end = lasting(draw.randrange(1, 5))
        uses = [Use(r, draw.randrange(1, 3), Shift(0), end) for r in range(2) if draw.random() < 0.7]
        activities.append(Activity(end, tuple(uses), release=draw.choice([0, 0, 0, 2]), reference=0))
    links = []
    for before, after in itertools.combinations(range(count), 2):
        if draw.random() < 0.25:
            ends = (True, False) if seed % 2 else (draw.random() < 0.6, draw.random() < 0.3)
            links.append(Precedence(before, after, *ends, Shift(draw.choice([0, 0, 1, -1 if seed % 4 != 1 else 2]))))
    return Problem(tuple(activities), tuple(links), resources, horizon)


def least_makespan(problem: Problem) -> int:
    """The optimum, by trying all starts of all activities one after the other, as long as it may still get better."""
    free = [each.free(problem.horizon) for each in problem.resources]
    starts = [0] * len(problem.activities)
    best = problem.horizon + 1

    def take(i: int, start: int, sign: int) -> bool:
        """Book (1) or release (-1); whether nothing is overbooked."""
        enough = True
        for use in problem.activities[i].uses:
            level = free[use.resource]
            for slot in range(use.begin.at(start), min(problem.horizon, use.end.at(start))):
                level[slot] -= sign * use.amount
                enough = enough and level[slot] >= 0
        return enough

    def kept(i: int) -> bool:
        for link in problem.precedences:
            if link.successor == i:
                before = problem.activities[link.predecessor]
                moment = starts[link.predecessor]
                moment = link.lag.at(before.end.at(moment) if link.from_end else moment)
                if (problem.activities[i].end.at(starts[i]) if link.to_end else starts[i]) < moment:
                    return False
        return True

    def place(place_in_order: int, latest: int) -> None:
        nonlocal best
        if place_in_order == len(starts):
            best = latest
            return
        i = problem.order[place_in_order]
        activity = problem.activities[i]
        for start in range(activity.release, best):
            end = activity.end.at(start)
            if end >= best:
                break
            starts[i] = start
            if kept(i):
                if take(i, start, 1):
                    place(place_in_order + 1, max(latest, end))
                take(i, start, -1)

    place(0, 0)
    return best
