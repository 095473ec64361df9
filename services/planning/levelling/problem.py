"""The levelling problem as values: activities that take renewable resources, generalized precedence, slots of time.

It is the resource-constrained project scheduling problem (Brucker et al., EJOR 112, 1999) with minimum time lags between
any two ends, start-dependent lengths (calendars) and capacity that changes over time (work that stays where it is).
A moment is a whole slot from 0 to `horizon`; what runs from `b` to `e` takes the slots b, …, e - 1.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any


class InvalidProblem(ValueError):
    """The problem contradicts itself."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A moment carried to another: `offset` slots on or, where calendars decide, what `table` has at it.

    A table has `horizon + 1` entries and never falls.
    """

    offset: int = 0
    table: tuple[int, ...] | None = None

    def at(self, moment: int) -> int:
        if self.table is None:
            return moment + self.offset
        return self.table[min(max(moment, 0), len(self.table) - 1)]

    def last_within(self, moment: int) -> int:
        """The last moment that is carried no further than `moment`; -1 where there is none."""
        return moment - self.offset if self.table is None else bisect_right(self.table, moment) - 1

    def first_reaching(self, moment: int) -> int:
        """The first moment that is carried to `moment` or beyond; behind the table where there is none."""
        return moment - self.offset if self.table is None else bisect_left(self.table, moment)


NO_SHIFT = Shift()


@dataclass(frozen=True, slots=True)
class Use:
    """What an activity takes: `amount` of a resource from `begin` to `end`, both told by the activity's start."""

    resource: int
    amount: int
    begin: Shift
    end: Shift


@dataclass(frozen=True, slots=True)
class Activity:
    """Work to be placed: not before `release`, not begun after `latest` if that can be helped.

    A start other than `reference` is a change, which costs `weight`. `priority`: what has more is placed first by the
    first rule.
    """

    end: Shift
    uses: tuple[Use, ...] = ()
    release: int = 0
    latest: int | None = None
    reference: int | None = None
    weight: int = 1
    priority: int = 500


@dataclass(frozen=True, slots=True)
class Precedence:
    """The successor's start (or end) lies at or behind the predecessor's end (or start), carried by `lag`."""

    predecessor: int
    successor: int
    from_end: bool = True
    to_end: bool = False
    lag: Shift = NO_SHIFT


@dataclass(frozen=True, slots=True)
class Renewable:
    """A resource: `capacity` at any time, less what is `taken` by work that stays: (start, finish, amount)."""

    capacity: int
    taken: tuple[tuple[int, int, int], ...] = ()

    def free(self, horizon: int) -> list[int]:
        """What is left of it in each slot, never below nothing."""
        steps = [0] * (horizon + 1)
        for start, finish, amount in self.taken:
            steps[min(max(start, 0), horizon)] -= amount
            steps[min(max(finish, 0), horizon)] += amount
        return [max(0, self.capacity + level) for level in accumulate(steps[:horizon])]


@dataclass(frozen=True, slots=True)
class Problem:
    """All of it. Raises InvalidProblem where ends lead nowhere or precedence goes in a circle."""

    activities: tuple[Activity, ...]
    precedences: tuple[Precedence, ...]
    resources: tuple[Renewable, ...]
    horizon: int
    order: tuple[int, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        count = len(self.activities)
        for link in self.precedences:
            if not (0 <= link.predecessor < count and 0 <= link.successor < count):
                raise InvalidProblem("a precedence names an activity that there is not")
        for activity in self.activities:
            for use in activity.uses:
                if not 0 <= use.resource < len(self.resources):
                    raise InvalidProblem("an activity uses a resource that there is not")
                if use.amount > self.resources[use.resource].capacity:
                    raise InvalidProblem("an activity needs more of a resource than there is")
        object.__setattr__(self, "order", tuple(self._topological()))

    def _topological(self) -> Iterator[int]:
        waits = [0] * len(self.activities)
        followers: list[list[int]] = [[] for _ in self.activities]
        for link in self.precedences:
            waits[link.successor] += 1
            followers[link.predecessor].append(link.successor)
        ready = [i for i in range(len(waits)) if not waits[i]]
        done = 0
        while done < len(ready):
            i = ready[done]
            done += 1
            yield i
            for j in followers[i]:
                waits[j] -= 1
                if not waits[j]:
                    ready.append(j)
        if done < len(waits):
            raise InvalidProblem("precedence goes in a circle")

    def changes(self, starts: Sequence[int]) -> int:
        """What the moves cost: the weights of those that do not start at their reference."""
        return sum(
            each.weight
            for each, start in zip(self.activities, starts, strict=True)
            if each.reference is not None and start != each.reference
        )

    def makespan(self, starts: Sequence[int]) -> int:
        """The last end."""
        return max((each.end.at(start) for each, start in zip(self.activities, starts, strict=True)), default=0)


def broken_rules(problem: Problem, starts: Sequence[int]) -> list[str]:
    """What a schedule breaks, in words; empty for a feasible one."""
    found = []
    ends = [each.end.at(start) for each, start in zip(problem.activities, starts, strict=True)]
    free = [each.free(problem.horizon) for each in problem.resources]
    for i, (activity, start) in enumerate(zip(problem.activities, starts, strict=True)):
        if start < activity.release or ends[i] > problem.horizon:
            found.append(f"activity {i} lies outside of its time")
        if activity.latest is not None and start > activity.latest:
            found.append(f"activity {i} begins after its latest start")
        for use in activity.uses:
            for slot in range(use.begin.at(start), min(use.end.at(start), problem.horizon)):
                free[use.resource][slot] -= use.amount
    for link in problem.precedences:
        moment = ends[link.predecessor] if link.from_end else starts[link.predecessor]
        if (ends[link.successor] if link.to_end else starts[link.successor]) < link.lag.at(moment):
            found.append(f"activity {link.successor} does not wait for {link.predecessor}")
    found += [
        f"resource {r} is overloaded at {level.index(min(level))}"
        for r, level in enumerate(free)
        if min(level, default=0) < 0
    ]
    return found


def as_json(problem: Problem) -> dict[str, Any]:
    """The problem as a JSON document, for another process. Tables are told once each."""
    tables: dict[tuple[int, ...], int] = {}

    def shift(value: Shift) -> int | list[int]:
        return value.offset if value.table is None else [tables.setdefault(value.table, len(tables))]

    activities = [
        [
            shift(each.end),
            [[use.resource, use.amount, shift(use.begin), shift(use.end)] for use in each.uses],
            each.release,
            each.latest,
            each.reference,
            each.weight,
            each.priority,
        ]
        for each in problem.activities
    ]
    links = [[p.predecessor, p.successor, p.from_end, p.to_end, shift(p.lag)] for p in problem.precedences]
    return {
        "activities": activities,
        "precedences": links,
        "resources": [[each.capacity, each.taken] for each in problem.resources],
        "horizon": problem.horizon,
        "tables": list(tables),
    }


def from_json(document: Mapping[str, Any]) -> Problem:
    """The problem that `as_json` wrote."""
    tables = [tuple(table) for table in document["tables"]]

    def shift(value: Any) -> Shift:
        return Shift(table=tables[value[0]]) if isinstance(value, list) else Shift(value)

    return Problem(
        activities=tuple(
            Activity(
                shift(end),
                tuple(Use(r, amount, shift(begin), shift(finish)) for r, amount, begin, finish in uses),
                *rest,
            )
            for end, uses, *rest in document["activities"]
        ),
        precedences=tuple(
            Precedence(p, s, from_end, to_end, shift(lag)) for p, s, from_end, to_end, lag in document["precedences"]
        ),
        resources=tuple(
            Renewable(capacity, tuple((a, b, c) for a, b, c in taken)) for capacity, taken in document["resources"]
        ),
        horizon=document["horizon"],
    )
