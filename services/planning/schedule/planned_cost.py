"""What the plan costs by its assignments: work at the rates of its time, uses, material at its price, costs as they are."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from typing import Any, Final

from services.kernel.money import MINOR_UNITS
from services.kernel.working_time import TICKS_PER_MINUTE, WorkingTime, to_ticks
from services.planning.schedule.effort import length_of, stretches_of
from services.planning.schedule.plan_rows import PlanAssignment, PlanExpense, PlanTask
from services.planning.schedule.pricing import Accrual, Pricing, Stint, Usage

TICKS_OF_AN_HOUR: Final = 60 * TICKS_PER_MINUTE
StintOf = Callable[[PlanAssignment | PlanExpense], Stint]


@dataclass(frozen=True, slots=True)
class CostItem:
    """What something costs in all, and what of it is not done yet."""

    planned: Fraction
    remaining: Fraction


def planned_cost(parts: Iterable[PlanAssignment], expenses: Iterable[PlanExpense], currency: str) -> Decimal:
    """What parts and expenses cost at rates that do not depend on time, rounded once (half even) to the minor unit.

    A part whose resource has no rate in the project's currency costs nothing.
    """
    return plan_costs(((one, 0) for one in parts), ((each, 0) for each in expenses), currency)[0]


def plan_costs(
    parts: Iterable[tuple[PlanAssignment, int]],
    expenses: Iterable[tuple[PlanExpense, int]],
    currency: str,
    stint_of: StintOf | None = None,
) -> tuple[Decimal, Decimal]:
    """What all costs, and what is not done yet; beside each part and expense stands how many per cent of it are.

    `stint_of` says when something is used, which is asked only where a rate begins on a date.
    """
    # By rate, since most of a plan costs the same by the hour all of its time.
    worked: Counter[Decimal] = Counter()
    left: Counter[Decimal] = Counter()
    planned = remaining = Fraction(0)
    for one, done in parts:
        price = one.price
        if price is None:
            continue
        if _is_plain(price) and not one.overtime:
            worked[price.rates[0].standard] += one.work
            left[price.rates[0].standard] += one.work * (100 - done)
            continue
        item = _cost(price, Usage(one.work - one.overtime, one.overtime, uses=one.units), done, stint_of, one)
        planned, remaining = planned + item.planned, remaining + item.remaining
    for expense, done in expenses:
        item = _expense(expense, done, stint_of)
        planned, remaining = planned + item.planned, remaining + item.remaining
    planned += sum((Fraction(rate) * ticks for rate, ticks in worked.items()), Fraction(0)) / TICKS_OF_AN_HOUR
    remaining += sum((Fraction(rate) * ticks for rate, ticks in left.items()), Fraction(0)) / (100 * TICKS_OF_AN_HOUR)
    return rounded(planned, currency), rounded(remaining, currency)


def rounded(amount: Fraction, currency: str) -> Decimal:
    """Half to even, and the digits go into the decimal as they are, however many there are."""
    decimals = MINOR_UNITS[currency]
    return Decimal(f"{round(amount * 10**decimals)}e-{decimals}")


def _is_plain(price: Pricing) -> bool:
    return not price.moments and price.accrual == Accrual.PRORATED and not price.rates[0].per_use


def _expense(expense: PlanExpense, done: int, stint_of: StintOf | None) -> CostItem:
    whole = Fraction(expense.amount)
    given = CostItem(whole, whole * _left(expense.accrual, done))
    if expense.price is None:
        return given
    # Material is used once, however much of it there is.
    usage = Usage(quantity=expense.quantity, uses=Decimal(1))
    bought = _cost(expense.price, usage, done, stint_of, expense)
    return CostItem(given.planned + bought.planned, given.remaining + bought.remaining)


def _cost(
    price: Pricing, usage: Usage, done: int, stint_of: StintOf | None, what: PlanAssignment | PlanExpense
) -> CostItem:
    shares, start = [Fraction(1)], 0
    if price.dated:
        assert stint_of is not None, "what costs more from a day on needs the days of its work"
        stint = stint_of(what)
        shares, start = stint.shares(price.moments), stint.start
    costs = [usage.cost(rate, TICKS_OF_AN_HOUR) for rate in price.rates]
    whole = sum((share * cost for share, cost in zip(shares, costs, strict=True)), Fraction(0))
    if price.accrual == Accrual.PRORATED:
        rest = sum((share * cost for share, cost in zip(_undone(shares, done), costs, strict=True)), Fraction(0))
    else:
        rest = whole * _left(price.accrual, done)
    # A use costs what it does on the day on which it begins, and is paid then, unless all is paid at the end.
    use = Fraction(price.at(start).per_use) * Fraction(usage.uses)
    left = _left(Accrual.END if price.accrual == Accrual.END else Accrual.START, done)
    return CostItem(whole + use, rest + use * left)


def _left(accrual: str, done: int) -> Fraction:
    """The share of a cost that is still to arise where so many per cent of the work are done."""
    match accrual:
        case Accrual.START:
            return Fraction(0 if done else 1)
        case Accrual.END:
            return Fraction(1 if done < 100 else 0)
        case _:
            return Fraction(100 - done, 100)


def _undone(shares: Sequence[Fraction], done: int) -> list[Fraction]:
    """What is left of shares that are worked off in their order."""
    worked, left = Fraction(done, 100), []
    for share in shares:
        off = min(share, worked)
        left.append(share - off)
        worked -= off
    return left


def stint_of_part(task: PlanTask, part: PlanAssignment, calendar: WorkingTime) -> Stint:
    """When a part is worked on: from the task's start and its delay on, spread by its contour.

    Of a task that has begun the stretch is that of its dates, pauses included.
    """
    start, finish = to_ticks(task.start), to_ticks(task.finish)
    reach = calendar.work_between(start, finish)
    length = reach if task.elapsed or task.percent_complete else length_of(part)
    delay = 0 if task.percent_complete else part.delay
    stretches = [(delay + begin, delay + end, units) for begin, end, units in stretches_of(part, length)]
    return Stint(start, finish, stretches, calendar.position)


def stint_of_expense(task: PlanTask, calendar: WorkingTime) -> Stint:
    """Material and costs spread evenly over their task."""
    start, finish = to_ticks(task.start), to_ticks(task.finish)
    return Stint(start, finish, [(0, calendar.work_between(start, finish), Decimal(1))], calendar.position)


def phased(what: PlanAssignment | PlanExpense, stint: Stint, cuts: Sequence[int]) -> list[Fraction]:
    """What a part or an expense costs before, between and behind the cuts (moments in order)."""
    found = [Fraction(0)] * (len(cuts) + 1)

    def put(moment: int, amount: Fraction) -> None:
        found[sum(1 for cut in cuts if cut <= moment)] += amount

    def spread(accrual: str, amount: Fraction) -> None:
        if accrual == Accrual.PRORATED:
            for number, share in enumerate(stint.shares(cuts)):
                found[number] += amount * share
        else:
            put(stint.start if accrual == Accrual.START else stint.finish - 1, amount)

    if isinstance(what, PlanExpense):
        usage = Usage(quantity=what.quantity, uses=Decimal(1))
        spread(what.accrual, Fraction(what.amount))
    else:
        usage = Usage(what.work - what.overtime, what.overtime, uses=what.units)
    price = what.price
    if price is None:
        return found
    if price.accrual == Accrual.PRORATED:
        both = sorted({*cuts, *price.moments})
        for number, share in enumerate(stint.shares(both)):
            begins = both[number - 1] if number else both[0] - 1 if both else stint.start
            cost = usage.cost(price.at(begins), TICKS_OF_AN_HOUR)
            found[sum(1 for cut in cuts if cut <= begins)] += share * cost
    else:
        shares = stint.shares(price.moments)
        costs = (usage.cost(rate, TICKS_OF_AN_HOUR) for rate in price.rates)
        spread(price.accrual, sum((share * cost for share, cost in zip(shares, costs, strict=True)), Fraction(0)))
    at_end = price.accrual == Accrual.END
    put(stint.finish - 1 if at_end else stint.start, Fraction(price.at(stint.start).per_use) * Fraction(usage.uses))
    return found


def money_change(before: Decimal, after: Decimal, currency: str) -> dict[str, Any]:
    """How a sum changed."""
    sums = {"before": before, "after": after, "change": after - before}
    return {name: amount_json(value, currency) for name, value in sums.items()}


def amount_json(amount: Decimal, currency: str) -> dict[str, str]:
    """A sum in the form of Money, which it is not: it may have more digits than any one amount."""
    return {"amount": f"{amount:.{MINOR_UNITS[currency]}f}", "currency": currency}


def cost_impact(before: Decimal, change: Decimal, currency: str) -> dict[str, Any]:
    """The impact on what the plan, the budget, the commitments or the postings come to; nothing where there is none."""
    return {"cost": money_change(before, before + change, currency)} if change else {}


def money_measures(amount: Decimal, budget: Decimal) -> dict[str, int | Decimal]:
    """What limits on money are compared with: the amount, and its share of a budget in basis points, rounded up.

    Of no budget any amount is all of it.
    """
    if amount == 0:
        share = 0
    elif budget <= 0:
        share = 10_000
    else:
        # Decimal's own // cuts off, which would let what is a little beyond a limit pass as the limit.
        share = int((amount * 10_000 / budget).to_integral_value(ROUND_CEILING))
    return {"cost": amount, "cost_share_bp": share}
