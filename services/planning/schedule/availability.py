"""How many units there are of a resource when: its own by periods, or where it is a team those of its members.

Periods are those of Microsoft Project's resource availability; days outside of them have the resource's usual units.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Self
from uuid import UUID

import orjson

from services.kernel.working_time import TICKS_PER_DAY, day_number
from services.planning.schedule.plan_rows import Away, Capacity
from services.planning.schedule.pricing import FOR_GOOD


@dataclass(frozen=True, slots=True)
class Availability:
    """`usual` units at all times but in the periods (from a moment, to another, units), in order and apart, in ticks."""

    usual: Decimal
    periods: tuple[tuple[int, int, Decimal], ...] = ()

    @classmethod
    def read(cls, usual: Decimal, document: str) -> Self:
        """From the stored JSON `[{from_date, to_date, units}]`; days that are null have no bound."""
        periods = [
            (
                -FOR_GOOD if each["from_date"] is None else _begin(date.fromisoformat(each["from_date"])),
                FOR_GOOD if each["to_date"] is None else _end(date.fromisoformat(each["to_date"])),
                Decimal(each["units"]),
            )
            for each in orjson.loads(document)
        ]
        return cls(usual, tuple(sorted(periods)))

    def steps(self, away: Away = ()) -> list[tuple[int, Decimal]]:
        """From which moment on there are how many units, the first from ever; none on the days away."""
        found = [(-FOR_GOOD, self.usual)]
        for begin, end, units in self.periods:
            found += [(begin, units), (end, self.usual)]
        absent = [(_begin(first), _end(last)) for first, last in away]
        moments = sorted({moment for moment, _ in found} | {moment for span in absent for moment in span})
        return [
            (moment, Decimal(0) if any(begin <= moment < end for begin, end in absent) else _at(found, moment))
            for moment in moments
            if moment < FOR_GOOD
        ]


@dataclass(frozen=True, slots=True)
class Staff:
    """A work resource as it is stored; `team_id` is the team that it belongs to."""

    id: UUID
    name: str
    max_units: Decimal
    calendar_id: UUID | None
    person_id: UUID | None
    team_id: UUID | None
    availability: Availability
    away: Away = ()


def capacities_of(staff: Sequence[Staff]) -> dict[UUID, Capacity]:
    """By resource. A team with members has what they have together, less whoever is away; it is not away itself."""
    members: dict[UUID, list[Staff]] = {}
    for each in staff:
        if each.team_id is not None:
            members.setdefault(each.team_id, []).append(each)
    found = {}
    for each in staff:
        if each.id in members:
            steps = _sum([one.availability.steps(one.away) for one in members[each.id]])
        else:
            steps = each.availability.steps()
        most = max(units for _, units in steps)
        found[each.id] = Capacity(
            each.id, each.name, most, each.calendar_id, each.person_id, each.away, _missing(steps, most)
        )
    return found


def _sum(several: Iterable[list[tuple[int, Decimal]]]) -> list[tuple[int, Decimal]]:
    all_steps = list(several)
    moments = sorted({moment for steps in all_steps for moment, _ in steps})
    return [(moment, sum((_at(steps, moment) for steps in all_steps), Decimal(0))) for moment in moments]


def _at(steps: Iterable[tuple[int, Decimal]], moment: int) -> Decimal:
    """The units at a moment. Where a period ends on the day on which the next begins, the later step holds."""
    units = Decimal(0)
    for begin, present in steps:
        if begin > moment:
            break
        units = present
    return units


def _missing(steps: list[tuple[int, Decimal]], most: Decimal) -> tuple[tuple[int, int, Decimal], ...]:
    bounded = [*steps, (FOR_GOOD, most)]
    return tuple(
        (begin, end, most - units) for (begin, units), (end, _) in pairwise(bounded) if units < most and begin < end
    )


def _begin(day: date) -> int:
    return day_number(day) * TICKS_PER_DAY


def _end(last: date) -> int:
    return (day_number(last) + 1) * TICKS_PER_DAY
