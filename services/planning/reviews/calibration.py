"""How far predictions were off, by kind of decision: medians, since one disaster shall not hide a hundred good guesses."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from statistics import median


@dataclass(frozen=True, slots=True)
class Judged:
    """The last review of a decision: how much later (minutes) and dearer it came than predicted, None for no prediction."""

    kind: str
    finish_error_minutes: int | None
    cost_error: Decimal | None


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Errors of one sort. The median tells the bias, above zero too optimistic; that of the sizes tells the distance."""

    count: int
    median: Decimal | None
    median_size: Decimal | None


@dataclass(frozen=True, slots=True)
class Calibration:
    reviewed: int
    finish: Accuracy
    cost: Accuracy


def calibrate(reviews: Iterable[Judged]) -> tuple[Calibration, Mapping[str, Calibration]]:
    """The calibration over everything, and by kind in the order of names."""
    everything = list(reviews)
    kinds = sorted({each.kind for each in everything})
    return _of(everything), {kind: _of([each for each in everything if each.kind == kind]) for kind in kinds}


def _of(reviews: list[Judged]) -> Calibration:
    finish = [Decimal(each.finish_error_minutes) for each in reviews if each.finish_error_minutes is not None]
    cost = [each.cost_error for each in reviews if each.cost_error is not None]
    return Calibration(len(reviews), _accuracy(finish), _accuracy(cost))


def _accuracy(errors: list[Decimal]) -> Accuracy:
    if not errors:
        return Accuracy(0, None, None)
    return Accuracy(len(errors), median(errors), median(map(abs, errors)))
