"""Days, weeks and months that a time series is told by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from services.kernel.working_time import TICKS_PER_DAY, day_number

MOST_BUCKETS: Final = 400


class BucketSize(StrEnum):
    """Weeks begin on Monday (ISO 8601)."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class TooManyBuckets(ValueError):
    """The days reach over more buckets than one answer holds."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Days, both included."""

    first: date
    last: date


def buckets_of(size: BucketSize, first: date, last: date) -> list[Bucket]:
    """Whole buckets that cover the days from `first` to `last`. Raises TooManyBuckets."""
    found: list[Bucket] = []
    start = _begin_of(size, first)
    while start <= last:
        if len(found) == MOST_BUCKETS:
            raise TooManyBuckets
        following = _following(size, start)
        found.append(Bucket(start, following - timedelta(days=1)))
        start = following
    return found


def cuts_of(buckets: Sequence[Bucket]) -> list[int]:
    """The moments (ticks) at which buckets begin, and at which the last of them ends."""
    return [day_number(each.first) * TICKS_PER_DAY for each in buckets] + [
        (day_number(buckets[-1].last) + 1) * TICKS_PER_DAY
    ]


def _begin_of(size: BucketSize, day: date) -> date:
    match size:
        case BucketSize.DAY:
            return day
        case BucketSize.WEEK:
            return day - timedelta(days=day.weekday())
        case BucketSize.MONTH:
            return day.replace(day=1)


def _following(size: BucketSize, day: date) -> date:
    match size:
        case BucketSize.DAY:
            return day + timedelta(days=1)
        case BucketSize.WEEK:
            return day + timedelta(days=7)
        case BucketSize.MONTH:
            return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
