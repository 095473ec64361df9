"""What a risk costs on average: three-point estimates and the probability that they come true.

Pure functions over exact decimals. The mean of the beta distribution is estimated as (low + 4 likely + high) / 6, after
Malcolm, Roseboom, Clark and Fazar, "Application of a Technique for Research and Development Program Evaluation",
Operations Research 7 (1959); expected monetary value is probability times impact (PMBOK Guide, quantitative analysis).
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

from services.kernel.money import Money

# Wide enough that only the last rounding rounds: 18 digits of an amount times 6 of a probability.
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class ThreePoints:
    """An estimate, from the best case to the worst. Raises ValueError when the points are not in order."""

    low: Decimal
    likely: Decimal
    high: Decimal

    def __post_init__(self) -> None:
        if not self.low <= self.likely <= self.high:
            raise ValueError("low, likely and high stand in this order")


def pert_mean(points: ThreePoints) -> Decimal:
    """The mean of the three points with the likely one weighing four times, to 60 digits."""
    weighted = _EXACT.add(_EXACT.add(points.low, _EXACT.multiply(points.likely, Decimal(4))), points.high)
    return _EXACT.divide(weighted, Decimal(6))


def expected_value(probability: Decimal, points: ThreePoints) -> Decimal:
    """Probability (0 to 1) times the mean impact, unrounded."""
    return _EXACT.multiply(probability, pert_mean(points))


def expected_minutes(probability: Decimal, points: ThreePoints) -> int:
    """The expected delay in whole working minutes, half to even; below zero for an opportunity."""
    return int(expected_value(probability, points).quantize(Decimal(1), context=_EXACT))


def expected_cost(probability: Decimal, points: ThreePoints, currency: str) -> Money:
    """The expected cost in the currency's minor unit, half to even; below zero for an opportunity."""
    return Money.rounded(expected_value(probability, points), currency)
