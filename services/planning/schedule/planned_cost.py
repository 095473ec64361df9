"""What the plan costs by its assignments: work at the resource's hourly rate, and material at its price."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
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
    work: Counter[Decimal] = Counter()
    for one in parts:
        if one.rate is not None:
            work[one.rate] += one.work
    labour = sum((Fraction(rate) * ticks for rate, ticks in work.items()), Fraction(0)) / _TICKS_OF_AN_HOUR
    material = sum(map(Fraction, materials), Fraction(0))
    decimals = MINOR_UNITS[currency]
    # A fraction rounds half to even, and the digits go into the decimal as they are, however many there are.
    return Decimal(f"{round((labour + material) * 10**decimals)}e-{decimals}")


def cost_impact(before: Decimal, change: Decimal, currency: str) -> dict[str, Any]:
    """The impact on a total. Totals may have more digits than any one amount, so they are no Money."""
    if not change:
        return {}
    decimals = MINOR_UNITS[currency]
    sums = {"before": before, "after": before + change, "change": change}
    return {"cost": {name: {"amount": f"{value:.{decimals}f}", "currency": currency} for name, value in sums.items()}}


def money_measures(amount: Decimal, budget: Decimal) -> dict[str, int | Decimal]:
    """What limits on money are compared with: the amount, and its share of a budget in basis points, rounded up.

    Of no budget any amount is all of it.
    """
    if amount == 0:
        share = 0
    elif budget <= 0:
        share = 10_000
    else:
        share = -int(-amount * 10_000 // budget)
    return {"cost": amount, "cost_share_bp": share}
