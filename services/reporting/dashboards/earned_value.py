"""Earned value and earned schedule of a project at a status date, as pure decimal arithmetic.

Definitions: PMI, Practice Standard for Earned Value Management; Lipke, "Schedule is Different" (2003) for the earned
schedule. A quantity whose denominator is zero or past its meaning is None; nothing here raises for an awkward project,
and nothing is rounded: rounding belongs to whoever shows a figure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from itertools import pairwise

# The thread's own decimal context may be shorter or trap inexact results; an index must not depend on who asks.
_CONTEXT = Context(prec=34)
_ZERO = Decimal(0)
_HUNDRED = Decimal(100)


def _ratio(numerator: Decimal | None, denominator: Decimal | None) -> Decimal | None:
    """Divide, or return None where a side is undefined or the denominator is zero."""
    if numerator is None or not denominator:
        return None
    return _CONTEXT.divide(numerator, denominator)


@dataclass(frozen=True, slots=True)
class EarnedValue:
    """The four inputs at one status date, all in the same currency (or all in hours), and what follows from them.

    `budget` is BAC, the budget at completion; `planned` PV, `earned` EV and `actual` AC, each cumulative.
    """

    budget: Decimal
    planned: Decimal
    earned: Decimal
    actual: Decimal

    @property
    def cost_variance(self) -> Decimal:
        """CV = EV - AC; negative is over cost."""
        return self.earned - self.actual

    @property
    def schedule_variance(self) -> Decimal:
        """SV = EV - PV, in money; negative is behind plan."""
        return self.earned - self.planned

    @property
    def cost_performance_index(self) -> Decimal | None:
        """CPI = EV / AC; None before anything was spent."""
        return _ratio(self.earned, self.actual)

    @property
    def schedule_performance_index(self) -> Decimal | None:
        """SPI = EV / PV; None before anything was planned. Ends at 1 however late: see `EarnedSchedule`."""
        return _ratio(self.earned, self.planned)

    @property
    def percent_complete(self) -> Decimal | None:
        """EV / BAC in percent."""
        return _ratio(self.earned * _HUNDRED, self.budget)

    @property
    def percent_spent(self) -> Decimal | None:
        """AC / BAC in percent."""
        return _ratio(self.actual * _HUNDRED, self.budget)

    @property
    def estimate_at_completion(self) -> Decimal | None:
        """EAC = BAC / CPI: the cost performance so far goes on."""
        return _ratio(self.budget, self.cost_performance_index)

    @property
    def estimate_at_planned_rate(self) -> Decimal:
        """EAC = AC + (BAC - EV): the remaining work costs what was planned, the past was an exception."""
        return self.actual + self.budget - self.earned

    @property
    def estimate_at_cost_and_schedule_rate(self) -> Decimal | None:
        """EAC = AC + (BAC - EV) / (CPI x SPI): both indices press on the remaining work."""
        cpi, spi = self.cost_performance_index, self.schedule_performance_index
        remaining = _ratio(
            self.budget - self.earned, None if cpi is None or spi is None else _CONTEXT.multiply(cpi, spi)
        )
        return None if remaining is None else self.actual + remaining

    def estimate_bottom_up(self, remaining_cost: Decimal) -> Decimal:
        """EAC = AC + a new estimate of the remaining work, made by those who do it."""
        return self.actual + remaining_cost

    @property
    def estimate_to_complete(self) -> Decimal | None:
        """ETC = EAC - AC, with EAC = BAC / CPI."""
        estimate = self.estimate_at_completion
        return None if estimate is None else estimate - self.actual

    @property
    def variance_at_completion(self) -> Decimal | None:
        """VAC = BAC - EAC, with EAC = BAC / CPI; negative is an overrun."""
        estimate = self.estimate_at_completion
        return None if estimate is None else self.budget - estimate

    @property
    def to_complete_performance_index(self) -> Decimal | None:
        """TCPI = (BAC - EV) / (BAC - AC): the CPI the rest must reach to end on budget; None once that is spent."""
        return self.performance_index_to_reach(self.budget)

    def performance_index_to_reach(self, estimate: Decimal) -> Decimal | None:
        """TCPI = (BAC - EV) / (estimate - AC) for any estimate at completion; None when nothing of it is left."""
        left = estimate - self.actual
        return _ratio(self.budget - self.earned, left) if left > 0 else None

    def duration_at_schedule_rate(self, planned_duration: Decimal) -> Decimal | None:
        """Planned duration / SPI: the classic time estimate, in the unit of the duration."""
        return _ratio(planned_duration, self.schedule_performance_index)


@dataclass(frozen=True, slots=True)
class EarnedSchedule:
    """Earned value read along the time axis: when should what is earned have been earned?

    All in periods: `earned` is ES, `actual` AT (time passed), `planned_duration` PD.
    """

    earned: Decimal
    actual: Decimal
    planned_duration: Decimal

    @property
    def schedule_variance(self) -> Decimal:
        """SV(t) = ES - AT; negative is behind plan."""
        return self.earned - self.actual

    @property
    def schedule_performance_index(self) -> Decimal | None:
        """SPI(t) = ES / AT; unlike SPI it still tells the delay when the project is complete."""
        return _ratio(self.earned, self.actual)

    @property
    def estimate_at_completion(self) -> Decimal | None:
        """IEAC(t) = PD / SPI(t): the duration when the pace so far goes on."""
        return _ratio(self.planned_duration, self.schedule_performance_index)

    def estimate_at_factor(self, performance_factor: Decimal) -> Decimal | None:
        """IEAC(t) = AT + (PD - ES) / PF: the duration when the rest is done at the given pace."""
        remaining = _ratio(self.planned_duration - self.earned, performance_factor)
        return None if remaining is None else self.actual + remaining

    @property
    def to_complete_schedule_performance_index(self) -> Decimal | None:
        """TSPI = (PD - ES) / (PD - AT): the SPI(t) the rest must reach to end in time; None once time is up."""
        left = self.planned_duration - self.actual
        return _ratio(self.planned_duration - self.earned, left) if left > 0 else None


def earned_schedule(
    planned_values: Sequence[Decimal],
    earned: Decimal,
    actual_time: Decimal,
    period_length: Decimal = Decimal(1),
) -> EarnedSchedule:
    """Find ES = C + I on a cumulative PV series; the n-th value is PV at the end of period n, PV at time 0 is 0.

    C counts the whole periods whose PV is not above EV, I interpolates within the next. Where PV is flat (no work
    planned) the first period with that PV counts, so a planned pause is no head start. EV at or above every PV gives
    the planned duration, which is the first period that reaches the last PV. `period_length` and `actual_time` share
    a unit, weeks say. Raises ValueError for a series that falls, since cumulative values cannot.
    """
    series = [_ZERO, *planned_values]
    if any(later < earlier for earlier, later in pairwise(series)):
        raise ValueError("a cumulative planned value never falls")
    planned_duration = Decimal(series.index(series[-1]))
    if earned >= series[-1]:
        periods = planned_duration
    elif earned <= 0:
        periods = _ZERO
    else:
        following = next(n for n, value in enumerate(series) if value > earned)
        before = series[following - 1]
        if before == earned:
            periods = Decimal(series.index(before))
        else:
            periods = following - 1 + _CONTEXT.divide(earned - before, series[following] - before)
    return EarnedSchedule(periods * period_length, actual_time, planned_duration * period_length)


@dataclass(frozen=True, slots=True)
class WeightedMilestone:
    """A step of a task with its share of the task's budget; weights need not sum to 1 or 100."""

    weight: Decimal
    reached: bool


def earned_zero_hundred(budget: Decimal, *, finished: bool) -> Decimal:
    """0/100: nothing until the task is finished, then all of it; for work shorter than a reporting period."""
    return budget if finished else _ZERO


def earned_fifty_fifty(budget: Decimal, *, started: bool, finished: bool) -> Decimal:
    """50/50: half at the start, the rest at the finish; for work that spans two reporting periods."""
    if finished:
        return budget
    return budget / 2 if started else _ZERO


def earned_percent_complete(budget: Decimal, percent_complete: Decimal) -> Decimal:
    """Budget times percent complete, with the percentage held between 0 and 100."""
    return budget * min(max(percent_complete, _ZERO), _HUNDRED) / _HUNDRED


def earned_weighted_milestones(budget: Decimal, milestones: Sequence[WeightedMilestone]) -> Decimal | None:
    """The budget's share of the milestones reached; None when they weigh nothing, so nothing can be earned by them."""
    reached = sum((milestone.weight for milestone in milestones if milestone.reached), _ZERO)
    total = sum((milestone.weight for milestone in milestones), _ZERO)
    return _ratio(budget * reached, total)


def earned_apportioned(budget: Decimal, base_earned: Decimal, base_budget: Decimal) -> Decimal | None:
    """Effort that follows other work (inspection, say) earns in its proportion; None when that work has no budget."""
    return _ratio(budget * base_earned, base_budget)


def earned_level_of_effort(planned: Decimal) -> Decimal:
    """Level of effort earns by the passing of time: EV is PV, so it never shows a schedule variance."""
    return planned
