"""What a resource costs: rates that begin on a date, tables of them, and when a cost accrues.

The terms are Microsoft Project's: five cost rate tables (A to E) a resource, of which each assignment uses one; a standard
rate for an hour of work or a unit of material, an overtime rate, a cost per use; accrual at the start, prorated, or at the end.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

from services.kernel.working_time import TICKS_PER_DAY, day_number

# Behind any moment of a plan: what ends there does not end.
FOR_GOOD: Final = 10**12


class RateTable(StrEnum):
    """The names of the tables; A is that of who says nothing."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"


class Accrual(StrEnum):
    """When a cost arises: all of it when the work begins, along with the work, or when the work is done."""

    START = "start"
    PRORATED = "prorated"
    END = "end"


@dataclass(frozen=True, slots=True)
class Rate:
    """Money for an hour of work or a unit of material, for an hour of overtime (None: as any other), and for each use."""

    standard: Decimal
    overtime: Decimal | None = None
    per_use: Decimal = Decimal(0)

    @property
    def of_overtime(self) -> Decimal:
        return self.standard if self.overtime is None else self.overtime


@dataclass(frozen=True, slots=True)
class Pricing:
    """The rates of one table in the order of the moments (ticks) from which they hold; `moments` has one less than `rates`."""

    rates: tuple[Rate, ...]
    moments: tuple[int, ...] = ()
    accrual: str = Accrual.PRORATED.value

    @property
    def dated(self) -> bool:
        """Whether what something costs depends on when it is done."""
        return bool(self.moments)

    def at(self, moment: int) -> Rate:
        return self.rates[bisect_right(self.moments, moment)]


def flat(standard: Decimal) -> Pricing:
    """One rate at all times."""
    return Pricing((Rate(standard),))


def pricing_of(
    first: Rate | None, rows: Iterable[Mapping[str, Any]], table: str, accrual: str = Accrual.PRORATED.value
) -> Pricing | None:
    """The pricing of one table of a resource, None where it costs nothing.

    `first` is table A's rate from the beginning; `rows` are the stored further rates `{table, from_date, standard_rate,
    overtime_rate, cost_per_use}`. A table without rows is table A.
    """
    own = sorted((row for row in rows if row["table"] == table), key=lambda row: row["from_date"] or "")
    if not own and table != RateTable.A:
        return pricing_of(first, rows, RateTable.A.value, accrual)
    beginning = first if table == RateTable.A else None
    rates, moments = [beginning or Rate(Decimal(0))], []
    for row in own:
        rate = Rate(
            Decimal(row["standard_rate"] or 0),
            None if row["overtime_rate"] is None else Decimal(row["overtime_rate"]),
            Decimal(row["cost_per_use"] or 0),
        )
        if row["from_date"] is None:
            rates[0] = rate
        else:
            rates.append(rate)
            moments.append(day_number(date.fromisoformat(row["from_date"])) * TICKS_PER_DAY)
    if not moments and rates[0] == Rate(Decimal(0)):
        return None
    return Pricing(tuple(rates), tuple(moments), accrual)


@dataclass(frozen=True, slots=True)
class Stint:
    """When something is used: stretches (begin, end, units) in ticks of working time from `start`, placed by `position`.

    `position` is that of a moment in the working time of whoever does it; `start` and `finish` are moments.
    """

    start: int
    finish: int
    stretches: Sequence[tuple[int, int, Decimal]]
    position: Callable[[int], int]

    def shares(self, cuts: Sequence[int]) -> list[Fraction]:
        """How the work spreads over the times before, between and behind the cuts (moments in order); one in all."""
        origin = self.position(self.start)
        bounds = [self.position(cut) - origin for cut in cuts]
        weights = [Fraction(0)] * (len(cuts) + 1)
        for begin, end, units in self.stretches:
            for number in range(len(weights)):
                low = begin if number == 0 else max(begin, bounds[number - 1])
                high = end if number == len(bounds) else min(end, bounds[number])
                if high > low:
                    weights[number] += (high - low) * Fraction(units)
        whole = sum(weights, Fraction(0))
        if not whole:
            # What takes no time is done where it begins.
            weights[bisect_right(cuts, self.start)] = whole = Fraction(1)
        return [weight / whole for weight in weights]


@dataclass(frozen=True, slots=True)
class Usage:
    """How much is used: ticks of ordinary work and of overtime, units of material, and how often it counts as a use."""

    regular: int = 0
    overtime: int = 0
    quantity: Decimal = Decimal(0)
    uses: Decimal = Decimal(0)

    def cost(self, rate: Rate, ticks_of_an_hour: int) -> Fraction:
        """Without its uses."""
        worked = Fraction(rate.standard) * self.regular + Fraction(rate.of_overtime) * self.overtime
        return worked / ticks_of_an_hour + Fraction(rate.standard) * Fraction(self.quantity)
