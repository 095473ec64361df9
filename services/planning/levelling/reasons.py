"""Why a levelled schedule has each activity where it is: which resource was short, from when on, and who had it instead."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from services.planning.levelling.plan_model import Holder
from services.planning.levelling.problem import Problem


@dataclass(frozen=True, slots=True)
class Reason:
    """`resource`: it was short in `slot`, where `holders` (activities) and `staying` (work that is not moved) had it.

    `predecessor`: the activity follows one that moved. `room`: it begins earlier, since nothing holds it back any more.
    """

    code: Literal["resource", "predecessor", "room"]
    resource: int | None = None
    slot: int | None = None
    holders: tuple[int, ...] = ()
    staying: tuple[Holder, ...] = ()
    predecessor: int | None = None


class _Booked:
    """What is left of each resource once the activities stand where they do."""

    def __init__(self, problem: Problem, starts: Sequence[int]) -> None:
        self.problem = problem
        self.starts = list(starts)
        self.free = [each.free(problem.horizon) for each in problem.resources]
        self.into: list[list[int]] = [[] for _ in problem.activities]
        for number, link in enumerate(problem.precedences):
            self.into[link.successor].append(number)
        for i in range(len(starts)):
            self.book(i, -1)

    def book(self, i: int, sign: int) -> None:
        start = self.starts[i]
        for use in self.problem.activities[i].uses:
            level = self.free[use.resource]
            for slot in range(use.begin.at(start), min(use.end.at(start), self.problem.horizon)):
                level[slot] += sign * use.amount

    def shortage(self, i: int, start: int) -> tuple[int, int] | None:
        """The resource and the first slot for want of which the activity, which is not booked, cannot start there."""
        found = None
        for use in self.problem.activities[i].uses:
            level = self.free[use.resource]
            for slot in range(use.begin.at(start), use.end.at(start)):
                if slot >= self.problem.horizon or level[slot] < use.amount:
                    if found is None or slot < found[1]:
                        found = (use.resource, slot)
                    break
        return found

    def bound(self, i: int) -> tuple[int, int | None]:
        """The first start that precedence allows where the others stand, and the predecessor that sets it."""
        activity = self.problem.activities[i]
        bound, by = activity.release, None
        for number in self.into[i]:
            link = self.problem.precedences[number]
            j = link.predecessor
            moment = link.lag.at(self.problem.activities[j].end.at(self.starts[j]) if link.from_end else self.starts[j])
            if link.to_end:
                moment = activity.end.first_reaching(moment)
            if moment > bound:
                bound, by = moment, j
        return bound, by


def tidied(problem: Problem, starts: Sequence[int], movable: int) -> tuple[int, ...]:
    """The schedule without moves that serve nothing: each back where it was, else as early as there is room."""
    booked = _Booked(problem, starts)
    for i in sorted(range(movable), key=lambda each: (starts[each], each)):
        now, reference = booked.starts[i], problem.activities[i].reference
        if now == reference:
            continue
        booked.book(i, 1)
        bound, _ = booked.bound(i)
        if reference is not None and bound <= reference < now and booked.shortage(i, reference) is None:
            booked.starts[i] = reference
        else:
            booked.starts[i] = next((s for s in range(bound, now) if booked.shortage(i, s) is None), now)
        booked.book(i, -1)
    return tuple(booked.starts)


def reasons_for(
    problem: Problem, starts: Sequence[int], moved: Sequence[int], staying: Sequence[Holder]
) -> dict[int, Reason]:
    """By activity, of those that moved: why they stand where they do."""
    booked = _Booked(problem, starts)
    found = {}
    for i in moved:
        bound, by = booked.bound(i)
        booked.book(i, 1)
        short = booked.shortage(i, bound) if starts[i] > bound else None
        booked.book(i, -1)
        if short is not None:
            resource, slot = short
            found[i] = Reason(
                "resource",
                resource,
                slot,
                tuple(j for j in range(len(starts)) if j != i and _has(problem, j, starts[j], resource, slot)),
                tuple(each for each in staying if each.resource == resource and each.start <= slot < each.finish),
            )
        else:
            reference = problem.activities[i].reference
            earlier = reference is not None and starts[i] < reference
            found[i] = Reason("room") if earlier or by is None else Reason("predecessor", predecessor=by)
    return found


def _has(problem: Problem, j: int, start: int, resource: int, slot: int) -> bool:
    uses = problem.activities[j].uses
    return any(use.resource == resource and use.begin.at(start) <= slot < use.end.at(start) for use in uses)
