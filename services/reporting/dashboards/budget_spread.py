"""Budgets stand where people put them, on summaries too; value is planned and earned by leaf tasks. This spreads them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from uuid import UUID

_CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)


def spread(amount: Decimal, weights: Sequence[int], quantum: Decimal) -> list[Decimal]:
    """Split an amount by weights (equally when they are all zero) into multiples of `quantum` that sum to it exactly.

    Each share is the difference of two rounded cumulative shares, so no remainder is left to somebody at the end.
    """
    if not sum(weights):
        weights = [1] * len(weights)
    total, passed, given = Decimal(sum(weights)), 0, Decimal(0)
    shares: list[Decimal] = []
    for weight in weights:
        passed += weight
        if passed == total:
            reached = amount
        else:
            reached = _CONTEXT.quantize(_CONTEXT.divide(_CONTEXT.multiply(amount, Decimal(passed)), total), quantum)
        shares.append(_CONTEXT.subtract(reached, given))
        given = reached
    return shares


def leaf_budgets(
    parents: Mapping[UUID, UUID | None],
    weights: Mapping[UUID, int],
    budgets: Sequence[tuple[UUID | None, Decimal]],
    quantum: Decimal,
) -> dict[UUID, Decimal]:
    """The budget of each leaf task that has one.

    `parents` names every task in outline order with its parent, `weights` the leaves' baseline durations. A budget on a
    summary goes to the leaves below it; one without a task, or whose task is gone, to all leaves of the project. Without
    any leaf there is nothing to plan or earn by, and the result is empty.
    """
    summaries = {parent for parent in parents.values() if parent is not None}
    leaves = [task for task in parents if task not in summaries]
    below: defaultdict[UUID, list[UUID]] = defaultdict(list)
    # One sum for each task, and one for the project: many lines in one place are spread once.
    sums: defaultdict[UUID | None, Decimal] = defaultdict(Decimal)
    for task, amount in budgets:
        sums[task if task in parents else None] += amount
    for leaf in leaves:
        seen: set[UUID] = set()
        ancestor: UUID | None = leaf
        while ancestor is not None and ancestor not in seen:
            seen.add(ancestor)
            if ancestor in sums:
                below[ancestor].append(leaf)
            ancestor = parents.get(ancestor)
    result: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    for task, amount in sums.items():
        takers = (below[task] if task is not None else []) or leaves
        for leaf, share in zip(takers, spread(amount, [weights.get(each, 0) for each in takers], quantum), strict=True):
            result[leaf] += share
    return dict(result)
