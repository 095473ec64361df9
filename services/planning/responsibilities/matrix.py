"""The responsibility matrix as pure values: who has which part in each row, by inheritance too, and what is wrong with it.

Who is accountable or responsible for a summary is so for all below it, until a row says otherwise. A task's assignee is
responsible for it where nobody else is named.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from services.planning.responsibilities.responsibility import Part

Finding = Literal["nobody_accountable", "nobody_responsible", "several_parts", "left_the_project", "overload"]


@dataclass(frozen=True, slots=True)
class Row:
    """One element of the work breakdown, in the order of the outline, parents first; minutes of work that are left."""

    task_id: UUID
    parent_id: UUID | None
    summary: bool
    assignee_id: UUID | None
    remaining_minutes: int
    finished: bool


@dataclass(frozen=True, slots=True)
class Cell:
    id: UUID
    task_id: UUID
    person_id: UUID
    part: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """For how many unfinished tasks, and how many minutes of them, one person may answer."""

    tasks: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Who is accountable and responsible for a row in effect, and the cells that say so of the row itself."""

    row: Row
    cells: Sequence[Cell]
    accountable_id: UUID | None
    responsible_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Problem:
    """`task_id` is None for an overload; `tasks` and `minutes` are what the person answers for."""

    finding: Finding
    task_id: UUID | None = None
    person_id: UUID | None = None
    tasks: int | None = None
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Matrix:
    rows: Sequence[Standing]
    problems: Sequence[Problem]


# Whoever does it or answers for it need not be asked or told; the one who does it may well answer for it too.
_ENOUGH: Final = ({Part.RESPONSIBLE}, {Part.ACCOUNTABLE}, {Part.RESPONSIBLE, Part.ACCOUNTABLE})


def build_matrix(rows: Iterable[Row], cells: Iterable[Cell], team: set[UUID], bounds: Bounds) -> Matrix:
    """The matrix with its findings, row by row and then person by person. `team` are the people on the project."""
    by_task: defaultdict[UUID, list[Cell]] = defaultdict(list)
    for cell in cells:
        by_task[cell.task_id].append(cell)
    standings: dict[UUID, Standing] = {}
    for row in rows:
        above = standings.get(row.parent_id) if row.parent_id is not None else None
        standings[row.task_id] = _standing(row, by_task[row.task_id], above)
    problems = [problem for standing in standings.values() for problem in _problems_of(standing, team)]
    return Matrix([*standings.values()], [*problems, *_overloads(standings.values(), bounds)])


def _standing(row: Row, cells: Sequence[Cell], above: Standing | None) -> Standing:
    accountable = next((cell.person_id for cell in cells if cell.part == Part.ACCOUNTABLE), None)
    if accountable is None and above is not None:
        accountable = above.accountable_id
    responsible = [cell.person_id for cell in cells if cell.part == Part.RESPONSIBLE]
    if not responsible and row.assignee_id is not None:
        responsible = [row.assignee_id]
    if not responsible and above is not None:
        responsible = [*above.responsible_ids]
    return Standing(row, cells, accountable, responsible)


def _problems_of(standing: Standing, team: set[UUID]) -> Iterable[Problem]:
    task_id = standing.row.task_id
    # A summary is answered for by whoever answers for what lies below it.
    if not standing.row.summary and not standing.row.finished:
        if standing.accountable_id is None:
            yield Problem("nobody_accountable", task_id)
        if not standing.responsible_ids:
            yield Problem("nobody_responsible", task_id)
    parts: defaultdict[UUID, set[str]] = defaultdict(set)
    for cell in standing.cells:
        parts[cell.person_id].add(cell.part)
    for person_id, held in parts.items():
        if len(held) > 1 and held not in _ENOUGH:
            yield Problem("several_parts", task_id, person_id)
        if person_id not in team:
            yield Problem("left_the_project", task_id, person_id)


def _overloads(standings: Iterable[Standing], bounds: Bounds) -> Iterable[Problem]:
    tasks: defaultdict[UUID, int] = defaultdict(int)
    minutes: defaultdict[UUID, int] = defaultdict(int)
    for standing in standings:
        if standing.accountable_id is not None and not standing.row.summary and not standing.row.finished:
            tasks[standing.accountable_id] += 1
            minutes[standing.accountable_id] += standing.row.remaining_minutes
    for person_id in sorted(tasks, key=str):
        if tasks[person_id] > bounds.tasks or minutes[person_id] > bounds.minutes:
            yield Problem("overload", None, person_id, tasks[person_id], minutes[person_id])
