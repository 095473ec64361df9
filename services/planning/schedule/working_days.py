"""Which days of a calendar have any work."""

from services.kernel.working_time import TICKS_PER_DAY, WorkingTime

_BLOCK = 366


def working_days(calendar: WorkingTime, first: int, last: int) -> list[int]:
    """The numbers of the days with work from the first up to before the last; a shift over midnight works on both."""
    found: dict[int, None] = {}
    if first < last:
        for start, finish in calendar.periods(first, last):
            for day in range(start // TICKS_PER_DAY, (finish - 1) // TICKS_PER_DAY + 1):
                if first <= day < last:
                    found[day] = None
    return list(found)


class WorkedDays:
    """Whether a calendar has work on a day; it is asked for a year at once, since each question goes through all of it."""

    def __init__(self, calendar: WorkingTime) -> None:
        self._calendar = calendar
        self._blocks: dict[int, set[int]] = {}

    def __contains__(self, day: int) -> bool:
        block = day // _BLOCK
        if block not in self._blocks:
            self._blocks[block] = set(working_days(self._calendar, block * _BLOCK, (block + 1) * _BLOCK))
        return day in self._blocks[block]
