"""Whether a task can start, what it lacks, and which of the work of the next weeks is ready. Values in, values out.

After the Last Planner System (Ballard, 2000): of the work that a look-ahead brings near, what is missing is a constraint
that somebody removes until a day, so that only sound work is begun; promises are counted as kept or broken (PPC).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID


class MissingCode(StrEnum):
    """What a task can lack. A `predecessor` is not as far as the link to the task asks."""

    PREDECESSOR = "predecessor"
    BRIEF = "brief"
    ACKNOWLEDGEMENT = "acknowledgement"
    RESOURCE = "resource"
    NEED = "need"


class Soundness(StrEnum):
    """`ready`: nothing is missing. `on_course`: what is missing is planned or promised in time. Else `not_ready`."""

    READY = "ready"
    ON_COURSE = "on_course"
    NOT_READY = "not_ready"


# How many days before the start a thing has to be there. A need has its own.
LEAD_DAYS: Final[Mapping[MissingCode, int]] = {
    MissingCode.PREDECESSOR: 0,
    MissingCode.BRIEF: 5,
    MissingCode.ACKNOWLEDGEMENT: 2,
    MissingCode.RESOURCE: 10,
}


@dataclass(frozen=True, slots=True)
class Before:
    """A predecessor by a link that holds the start back; `done` if it is as far as the link asks, else due at `expected`."""

    task_id: UUID
    title: str
    owner_id: UUID | None
    done: bool
    expected: datetime


@dataclass(frozen=True, slots=True)
class Needed:
    """An unmet need; `remedies` and `remedies_id` name the missing thing that it is there to remove, None for a need."""

    id: UUID
    kind: str
    title: str
    needed_by: date | None
    lead_days: int
    owner_id: UUID | None
    promised_for: date | None
    remedies: str | None = None
    remedies_id: UUID | None = None

    def deadline(self, start: date) -> date:
        return (self.needed_by or start) - timedelta(days=self.lead_days)


@dataclass(frozen=True, slots=True)
class Work:
    """A task that has not begun; `waiting` are those who do it and have not acknowledged the brief as it is.

    `minutes` are of working time. `staffed` is true if anybody or anything is to work on it.
    """

    id: UUID
    title: str
    wbs_code: str
    start: datetime
    minutes: int
    staffed: bool
    briefed: bool
    waiting: Sequence[UUID] = ()
    before: Sequence[Before] = ()
    needs: Sequence[Needed] = ()


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that a task lacks: who sees to it, until when, and the make-ready action that somebody has taken on."""

    code: MissingCode
    subject_type: str
    subject_id: UUID
    title: str
    owner_id: UUID | None
    deadline: date
    in_time: bool
    late: bool
    action: Needed | None = None


@dataclass(frozen=True, slots=True)
class Readiness:
    """A task with what it lacks."""

    work: Work
    missing: Sequence[Missing]

    @property
    def soundness(self) -> Soundness:
        if not self.missing:
            return Soundness.READY
        return Soundness.ON_COURSE if all(each.in_time for each in self.missing) else Soundness.NOT_READY


@dataclass(frozen=True, slots=True)
class Week:
    """A week from Monday on: tasks by soundness, minutes of work, and the share of them that is ready or on course.

    `ready_percent` is None for a week in which nothing starts.
    """

    starts_on: date
    tasks: Mapping[Soundness, int]
    minutes: int
    ready_percent: int | None


@dataclass(frozen=True, slots=True)
class LookAhead:
    """The tasks that start within the window, the first first, and the weeks of it."""

    until: date
    tasks: Sequence[Readiness]
    weeks: Sequence[Week] = field(default_factory=tuple)


def readiness_of(work: Work, today: date) -> Readiness:
    """What a task lacks as of a day; a make-ready action stands with the missing thing that it is to remove."""
    start = work.start.date()
    actions = {(each.remedies, each.remedies_id): each for each in work.needs if each.remedies is not None}
    missing: list[Missing] = []

    def add(code: MissingCode, subject: tuple[str, UUID], title: str, owner_id: UUID | None, *, planned: bool) -> None:
        deadline = start - timedelta(days=LEAD_DAYS[code])
        action = actions.get((code, subject[1])) or actions.get((code, None))
        promised = action is not None and action.promised_for is not None and today <= action.promised_for <= start
        owner_id = action.owner_id if action is not None else owner_id
        missing.append(
            Missing(code, *subject, title, owner_id, deadline, planned or promised, deadline < today, action)
        )

    for each in work.before:
        if not each.done:
            planned = today <= each.expected.date() and each.expected <= work.start
            add(MissingCode.PREDECESSOR, ("task", each.task_id), each.title, each.owner_id, planned=planned)
    if not work.staffed:
        add(MissingCode.RESOURCE, ("task", work.id), work.title, None, planned=False)
    if not work.briefed:
        add(MissingCode.BRIEF, ("task", work.id), work.title, None, planned=False)
    for person_id in work.waiting if work.briefed else ():
        add(MissingCode.ACKNOWLEDGEMENT, ("person", person_id), work.title, person_id, planned=False)
    for need in work.needs:
        if need.remedies is None:
            deadline = need.deadline(start)
            in_time = need.promised_for is not None and today <= need.promised_for <= deadline
            missing.append(
                Missing(
                    MissingCode.NEED, "need", need.id, need.title, need.owner_id, deadline, in_time, deadline < today
                )
            )
    return Readiness(work, sorted(missing, key=lambda one: (one.deadline, one.code, str(one.subject_id))))


def look_ahead(works: Iterable[Work], today: date, weeks: int) -> LookAhead:
    """The tasks that start within so many weeks from today, or should have started before.

    What should have started counts for the present week. The share of ready work is of working minutes, or of tasks where
    none takes any time.
    """
    until = today + timedelta(weeks=weeks)
    near = [readiness_of(work, today) for work in works if work.start.date() < until]
    near.sort(key=lambda each: (each.work.start, str(each.work.id)))
    monday = today - timedelta(days=today.weekday())
    found: list[Week] = []
    while monday < until:
        sunday = monday + timedelta(days=6)
        first = not found
        there = [
            each
            for each in near
            if (first and each.work.start.date() < monday) or monday <= each.work.start.date() <= sunday
        ]
        found.append(_week(monday, there))
        monday += timedelta(days=7)
    return LookAhead(until, near, found)


def _week(monday: date, there: Sequence[Readiness]) -> Week:
    by_soundness = {state: [each for each in there if each.soundness is state] for state in Soundness}
    sound = [*by_soundness[Soundness.READY], *by_soundness[Soundness.ON_COURSE]]
    minutes = sum(each.work.minutes for each in there)
    share: int | None = None
    if minutes:
        share = sum(each.work.minutes for each in sound) * 100 // minutes
    elif there:
        share = len(sound) * 100 // len(there)
    return Week(monday, {state: len(each) for state, each in by_soundness.items()}, minutes, share)


@dataclass(frozen=True, slots=True)
class Promise:
    """What was promised for a day; `kept` is None as long as neither the need was met nor the promise taken back."""

    promised_for: date
    kept: bool | None


@dataclass(frozen=True, slots=True)
class Promises:
    """How many promises fell due in a window, how many were kept, and the share in per cent (PPC), None without any."""

    due: int
    kept: int
    percent: int | None


def percent_promises_completed(promises: Iterable[Promise], first: date, today: date) -> Promises:
    """The promises for days from the first up to yesterday; one whose day has passed and that nobody kept is broken."""
    due = [each for each in promises if first <= each.promised_for < today]
    kept = sum(each.kept is True for each in due)
    return Promises(len(due), kept, kept * 100 // len(due) if due else None)
