"""What the plan costs by its assignments: work at the resource's hourly rate, and material at its price."""

from collections import Counter
from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from typing import Any, Final

from services.kernel.money import MINOR_UNITS
from services.kernel.working_time import TICKS_PER_MINUTE
from services.planning.schedule.plan_rows import PlanAssignment

_TICKS_OF_AN_HOUR: Final = 60 * TICKS_PER_MINUTE


def planned_cost(parts: Iterable[PlanAssignment], materials: Iterable[Decimal], currency: str) -> Decimal:
    """Hours of work times the rate, and the price of material, rounded once (half even) to the currency's minor unit.

    A part whose resource has no rate in the project's currency costs nothing.
    """
    return remaining_cost(((one, 0) for one in parts), ((price, 0) for price in materials), currency)


def remaining_cost(
    parts: Iterable[tuple[PlanAssignment, int]], materials: Iterable[tuple[Decimal, int]], currency: str
) -> Decimal:
    """The same for what is not done yet; beside each part and each material stands how many per cent of it are."""
    hundredths: Counter[Decimal] = Counter()
    for one, done in parts:
        if one.rate is not None:
            hundredths[one.rate] += one.work * (100 - done)
    labour = sum((Fraction(rate) * ticks for rate, ticks in hundredths.items()), Fraction(0)) / _TICKS_OF_AN_HOUR
    material = sum((Fraction(price) * (100 - done) for price, done in materials), Fraction(0))
    decimals = MINOR_UNITS[currency]
    # A fraction rounds half to even, and the digits go into the decimal as they are, however many there are.
    return Decimal(f"{round((labour + material) / 100 * 10**decimals)}e-{decimals}")


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
