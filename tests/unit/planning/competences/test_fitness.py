"""Who has what work asks for, at its time, and who of several could do it best."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from services.planning.competences.fitness import (
    Candidate,
    Demand,
    Fit,
    FitCode,
    Held,
    Work,
    expiring,
    fit,
    fits_of,
    last_days,
    ranked,
)

KARI, OLA, WELDING, DIVING, TASK = (UUID(int=number) for number in range(1, 6))
MONDAY = date(2026, 3, 2)
FRIDAY = MONDAY + timedelta(days=4)


def held(resource_id: UUID = KARI, level: int = 3, first: date | None = None, last: date | None = None) -> Held:
    return Held(resource_id, WELDING, level, first, last)


@pytest.mark.parametrize(
    ("competences", "code"),
    [
        ([], FitCode.MISSING),
        ([Held(KARI, DIVING, 5)], FitCode.MISSING),
        ([held(level=2)], FitCode.TOO_LOW),
        ([held(last=MONDAY - timedelta(days=1))], FitCode.EXPIRED),
        ([held(first=MONDAY + timedelta(days=1))], FitCode.NOT_YET_VALID),
        ([held(last=FRIDAY - timedelta(days=1))], FitCode.EXPIRES_DURING),
        ([held(first=MONDAY, last=FRIDAY)], FitCode.VALID),
        ([held(level=1), held(last=MONDAY), held()], FitCode.VALID),
    ],
)
def test_a_demand_is_met_by_the_best_that_there_is(competences: list[Held], code: FitCode) -> None:
    assert fit(competences, WELDING, 3, MONDAY, FRIDAY).code is code


def test_of_two_that_are_valid_the_one_that_lasts_longer_counts() -> None:
    longer = held(last=FRIDAY + timedelta(days=300))
    assert fit([held(last=FRIDAY), longer], WELDING, 1, MONDAY, FRIDAY).held == longer


def work(*resource_ids: UUID) -> Work:
    return Work(TASK, "Weld", MONDAY, FRIDAY, resource_ids)


def test_one_of_those_who_work_on_a_task_is_enough() -> None:
    demands = [Demand(TASK, WELDING, 3), Demand(UUID(int=99), WELDING, 3)]
    ((_, _, found),) = fits_of({TASK: work(KARI, OLA)}, demands, {OLA: [held(OLA)]})
    assert found.met
    ((_, _, found),) = fits_of({TASK: work(KARI)}, demands, {OLA: [held(OLA)]})
    assert found == Fit(FitCode.MISSING)


def test_a_task_can_be_done_until_the_first_of_its_competences_ends() -> None:
    until = FRIDAY + timedelta(days=3)
    works = {TASK: work(KARI)}
    competences = {KARI: [held(last=until), Held(KARI, DIVING, 3, None, until + timedelta(days=9))]}
    fits = fits_of(works, [Demand(TASK, WELDING, 1), Demand(TASK, DIVING, 1)], competences)
    assert last_days(fits) == {TASK: until}
    assert last_days(fits_of(works, [Demand(TASK, WELDING, 1)], {KARI: [held()]})) == {}


def test_what_ends_soon_is_told_with_the_work_that_asks_for_it() -> None:
    ends = held(last=FRIDAY)
    found = expiring([ends], [work(KARI), work(OLA)], [Demand(TASK, WELDING, 1)], MONDAY, FRIDAY)
    assert found == [(ends, [work(KARI)])]
    assert not expiring([ends], [], [], MONDAY, FRIDAY - timedelta(days=1))
    assert not expiring([ends], [], [], FRIDAY + timedelta(days=1), FRIDAY + timedelta(days=9))
    # It was renewed.
    assert not expiring([ends, held(first=FRIDAY)], [], [], MONDAY, FRIDAY)


def candidate(name: str, code: FitCode, free: int, rate: str | None = None, capacity: int = 2_250) -> Candidate:
    own = None if code is FitCode.MISSING else held()
    return Candidate(UUID(int=ord(name)), name, (Fit(code, own),), capacity, free, 900, rate and Decimal(rate))  # type: ignore[arg-type]


def test_skill_comes_before_time_and_time_before_money() -> None:
    candidates = [
        candidate("A", FitCode.MISSING, 2_250, "1"),
        candidate("B", FitCode.VALID, 450, "1"),
        candidate("C", FitCode.VALID, 2_250, None),
        candidate("D", FitCode.VALID, 1_800, "900"),
        candidate("E", FitCode.VALID, 900, "800"),
        candidate("F", FitCode.EXPIRES_DURING, 2_250, "1"),
    ]
    assert [each.name for each in ranked(candidates)] == ["E", "D", "C", "B", "F", "A"]


@pytest.mark.parametrize(
    ("given", "reasons"),
    [
        (candidate("A", FitCode.VALID, 900), ["skills_met", "free"]),
        (candidate("A", FitCode.TOO_LOW, 100), ["skills_unmet", "partly_free"]),
        (candidate("A", FitCode.VALID, 0), ["skills_met", "busy"]),
        (candidate("A", FitCode.VALID, 0, capacity=0), ["skills_met", "away"]),
    ],
)
def test_each_candidate_comes_with_reasons(given: Candidate, reasons: list[str]) -> None:
    assert given.reasons() == reasons
