"""Who has what work asks for, at its time. Values in, values out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Held:
    """A competence of a resource; days that are None have no bound."""

    resource_id: UUID
    competence_id: UUID
    level: int
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Demand:
    """What a task asks for of at least one of those who work on it."""

    task_id: UUID
    competence_id: UUID
    minimum_level: int


class FitCode(StrEnum):
    """From the best to the worst: how somebody meets a demand."""

    VALID = "valid"
    EXPIRES_DURING = "expires_during"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    TOO_LOW = "too_low"
    MISSING = "missing"


_ORDER = list(FitCode)


@dataclass(frozen=True, slots=True)
class Fit:
    """How a demand is met, by which competence of whom; `held` is None where nobody has it."""

    code: FitCode
    held: Held | None = None

    @property
    def met(self) -> bool:
        return self.code is FitCode.VALID


def fit(held: Iterable[Held], competence_id: UUID, minimum_level: int, first: date, last: date) -> Fit:
    """The best that these competences do for a demand on the days from `first` to `last`, both included."""
    found = [Fit(_code(each, minimum_level, first, last), each) for each in held if each.competence_id == competence_id]
    return min(found, key=_rank, default=Fit(FitCode.MISSING))


def _rank(each: Fit) -> tuple[int, int, int]:
    """Of two that fit equally well the one that is valid longer, then the higher level."""
    assert each.held is not None
    last = each.held.valid_to or date.max
    return _ORDER.index(each.code), -last.toordinal(), -each.held.level


def _code(held: Held, minimum_level: int, first: date, last: date) -> FitCode:
    if held.level < minimum_level:
        return FitCode.TOO_LOW
    if held.valid_to is not None and held.valid_to < first:
        return FitCode.EXPIRED
    if held.valid_from is not None and held.valid_from > first:
        return FitCode.NOT_YET_VALID
    if held.valid_to is not None and held.valid_to < last:
        return FitCode.EXPIRES_DURING
    return FitCode.VALID


@dataclass(frozen=True, slots=True)
class Work:
    """A task with its days and who works on it."""

    task_id: UUID
    title: str
    first: date
    last: date
    resource_ids: tuple[UUID, ...]


# A task, what it asks for, and how that is met.
Met = tuple[Work, Demand, Fit]


def fits_of(works: Mapping[UUID, Work], demands: Iterable[Demand], held: Mapping[UUID, Sequence[Held]]) -> list[Met]:
    """How each demand is met by the best of those who work on its task; demands of other tasks are left out."""
    found = []
    for demand in demands:
        work = works.get(demand.task_id)
        if work is not None:
            own = [each for resource_id in work.resource_ids for each in held.get(resource_id, ())]
            found.append((work, demand, fit(own, demand.competence_id, demand.minimum_level, work.first, work.last)))
    return found


def last_days(fits: Iterable[Met]) -> dict[UUID, date]:
    """By task, of which all is met, the last day on which it still would be; those that are met for ever are left out."""
    found: dict[UUID, date] = {}
    for work, _, each in fits:
        if each.met and each.held is not None and each.held.valid_to is not None:
            found[work.task_id] = min(found.get(work.task_id, date.max), each.held.valid_to)
    return found


def expiring(
    held: Iterable[Held], works: Iterable[Work], demands: Iterable[Demand], today: date, until: date
) -> list[tuple[Held, list[Work]]]:
    """The competences that end from today to a day, the first first, with the work that asks for them of their owners.

    One that the same resource has for longer besides is no matter.
    """
    everything = list(held)
    asked = {(each.task_id, each.competence_id) for each in demands}
    longest: dict[tuple[UUID, UUID], date] = {}
    for each in everything:
        key = each.resource_id, each.competence_id
        longest[key] = max(longest.get(key, date.min), each.valid_to or date.max)
    ending = [
        each
        for each in everything
        if each.valid_to is not None
        and today <= each.valid_to <= until
        and longest[each.resource_id, each.competence_id] == each.valid_to
    ]
    ending.sort(key=lambda each: (each.valid_to or date.max, str(each.resource_id), str(each.competence_id)))
    all_work = list(works)
    return [
        (
            each,
            [
                work
                for work in all_work
                if each.resource_id in work.resource_ids and (work.task_id, each.competence_id) in asked
            ],
        )
        for each in ending
    ]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could do work: how they meet each of its demands, what time they have, and what an hour costs.

    `rate` is None where there is none, or the reader does not see it.
    """

    resource_id: UUID
    name: str
    fits: tuple[Fit, ...]
    capacity_minutes: int
    free_minutes: int
    wanted_minutes: int
    rate: Decimal | None = None

    @property
    def available_share(self) -> Decimal:
        """How much of what is wanted they have free, at most all of it."""
        if not self.wanted_minutes:
            return Decimal(1)
        return min(Decimal(1), Decimal(self.free_minutes) / self.wanted_minutes)

    def reasons(self) -> list[str]:
        """What speaks for and against them, as codes."""
        met = sum(each.met for each in self.fits)
        found = []
        if self.fits:
            found.append("skills_met" if met == len(self.fits) else "skills_partly_met" if met else "skills_unmet")
        if not self.capacity_minutes:
            found.append("away")
        elif self.available_share == 1:
            found.append("free")
        else:
            found.append("partly_free" if self.free_minutes else "busy")
        return found


def ranked(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The best first: by demands met, then by the time they have, then by what they cost; unknown costs come last."""
    return sorted(
        candidates,
        key=lambda each: (
            -sum(one.met for one in each.fits),
            sum(_ORDER.index(one.code) for one in each.fits),
            -each.available_share,
            each.rate is None,
            each.rate or Decimal(0),
            each.name,
            str(each.resource_id),
        ),
    )
