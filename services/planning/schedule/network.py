"""The plan as the schedule engine sees it: tasks, links, calendars in; dates, float and reasons out; and what it refuses.

All moments and durations are ticks of working time's axis (`services.kernel.working_time`): moments since 1970-01-01T00:00
local, durations in working ticks unless marked elapsed. Ids are opaque.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from services.kernel.working_time import TICKS_PER_MINUTE, WorkingTime, to_local

TaskId = Hashable
CalendarKey = Hashable


# ScheduleError
# |- DependencyCycle       links (with the outline) lead back to where they began
# |- ParentCycle           a task is its own ancestor
# |- SelfLink              a link from a task to itself
# |- AncestorLink          a link between a task and one that contains it
# |- DuplicateTask         two tasks share an id
# |- UnknownTask           a parent or a link's end that is not in the plan
# `- UnknownCalendar       a calendar key that is not in the plan
class ScheduleError(Exception):
    """The plan cannot be scheduled as it stands; `ids` names what is at fault."""

    code = "schedule_error"

    def __init__(self, *ids: Hashable) -> None:
        super().__init__(f"{self.__doc__} {', '.join(map(str, ids))}".strip())
        self.ids = ids


class DependencyCycle(ScheduleError):
    """Links lead back to where they began:"""

    code = "dependency_cycle"


class ParentCycle(ScheduleError):
    """A task is its own ancestor:"""

    code = "parent_cycle"


class SelfLink(ScheduleError):
    """A task is linked to itself:"""

    code = "self_link"


class AncestorLink(ScheduleError):
    """A task is linked to one that contains it:"""

    code = "ancestor_link"


class DuplicateTask(ScheduleError):
    """Two tasks share an id:"""

    code = "duplicate_task"


class UnknownTask(ScheduleError):
    """There is no such task in the plan:"""

    code = "unknown_task"


class UnknownCalendar(ScheduleError):
    """There is no such calendar in the plan:"""

    code = "unknown_calendar"


class ConstraintType(Enum):
    """Date constraints of Microsoft Project."""

    AS_SOON_AS_POSSIBLE = "asap"
    AS_LATE_AS_POSSIBLE = "alap"
    START_NO_EARLIER_THAN = "snet"
    START_NO_LATER_THAN = "snlt"
    FINISH_NO_EARLIER_THAN = "fnet"
    FINISH_NO_LATER_THAN = "fnlt"
    MUST_START_ON = "mso"
    MUST_FINISH_ON = "mfo"


class LinkType(Enum):
    """Which end of the predecessor drives which end of the successor (PMBOK, precedence diagramming)."""

    FINISH_START = "fs"
    START_START = "ss"
    FINISH_FINISH = "ff"
    START_FINISH = "sf"


class LagBasis(Enum):
    """What a lag counts: the successor's working time, time around the clock, or a share of the predecessor's duration."""

    WORKING = "working"
    ELAPSED = "elapsed"
    PERCENT = "percent"
    ELAPSED_PERCENT = "elapsed_percent"


class Driver(Enum):
    """What set a task's start; a resource only ever sets its finish."""

    PROJECT_START = "project_start"
    LINK = "link"
    CONSTRAINT = "constraint"
    CALENDAR = "calendar"
    SUMMARY = "summary"
    ACTUAL = "actual"
    MANUAL = "manual"
    LEVELLING = "levelling"
    AS_LATE_AS_POSSIBLE = "as_late_as_possible"
    CHILDREN = "children"
    RESOURCE = "resource"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a split assignment: `work` ticks that begin `offset` working ticks after the assignment does."""

    offset: int
    work: int


def reach_of(duration: int, splits: Sequence[Piece]) -> int:
    """The working time from the beginning of a task to its end, the gaps of a split one included."""
    return max((piece.offset + piece.work for piece in splits), default=duration)


def resumes_at(done: int, splits: Sequence[Piece]) -> int:
    """Where within its reach a begun task goes on: behind what is done, and behind a gap that comes next."""
    left = done
    for piece in splits:
        if left < piece.work:
            return piece.offset + left
        left -= piece.work
    return reach_of(done, splits)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A work resource's part in a task.

    `duration` is the working time the part takes in the resource's calendar (None: the task's duration), `delay` what it
    waits after the task's start, `remaining` what is left of `duration` once begun.
    """

    resource_id: Hashable
    calendar: CalendarKey | None = None
    units: float = 1.0
    work: int = 0
    duration: int | None = None
    remaining: int | None = None
    delay: int = 0


# Not frozen: a plan makes thousands of them at each change, and a frozen one takes three times as long to make.
@dataclass(slots=True)
class Task:
    """A task of the plan; one that others name as `parent` is a summary, whose dates roll up from below.

    `duration` is in ticks of the task's calendar, or around the clock when `elapsed`. `remaining` is what is left of it
    once the task has begun. `external` tasks keep their `given_start` and `given_finish` and drive others, as manual ones do;
    a `placeholder` is a manual task whose dates are words, which is never critical.
    """

    id: TaskId
    duration: int = 0
    parent: TaskId | None = None
    elapsed: bool = False
    calendar: CalendarKey | None = None
    ignore_resource_calendars: bool = False
    fixed_duration: bool = False
    constraint: ConstraintType = ConstraintType.AS_SOON_AS_POSSIBLE
    constraint_date: int | None = None
    deadline: int | None = None
    manual: bool = False
    external: bool = False
    placeholder: bool = False
    given_start: int | None = None
    given_finish: int | None = None
    active: bool = True
    milestone: bool = False
    actual_start: int | None = None
    actual_finish: int | None = None
    percent_complete: int = 0
    remaining: int | None = None
    stop: int | None = None
    resume: int | None = None
    priority: int = 500
    levelling_delay: int = 0
    splits: tuple[Piece, ...] = ()
    assignments: tuple[Assignment, ...] = ()


@dataclass(slots=True)
class Link:
    """A dependency. `lag` is in ticks, negative for a lead; in percent of the predecessor's duration on that basis."""

    predecessor: TaskId
    successor: TaskId
    type: LinkType = LinkType.FINISH_START
    lag: int = 0
    basis: LagBasis = LagBasis.WORKING


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a schedule depends on. `calendar` names the project's calendar among `calendars`.

    With `finish` the plan is scheduled backwards from it: every task runs as late as it can.
    `critical_slack_limit` is in working ticks. `honor_constraints`: dates beat links where they contradict each other.
    """

    tasks: Sequence[Task]
    start: int
    calendar: CalendarKey
    calendars: Mapping[CalendarKey, WorkingTime]
    links: Sequence[Link] = ()
    finish: int | None = None
    status_date: int | None = None
    critical_slack_limit: int = 0
    honor_constraints: bool = True
    split_in_progress: bool = True
    minutes_per_day: int = 480
    multiple_critical_paths: bool = False


# A tuple, since a plan makes a hundred thousand of them and a dataclass takes three times as long to make.
class TaskSchedule(NamedTuple):
    """A task's dates and float. Float is in working ticks of the task's calendar (elapsed ticks for an elapsed task)."""

    id: TaskId
    start: int
    finish: int
    early_start: int
    early_finish: int
    late_start: int
    late_finish: int
    total_float: int
    free_float: int
    critical: bool
    duration: int
    percent_complete: int
    summary: bool
    milestone: bool
    driver: Driver
    driving_link: Link | None

    @property
    def start_at(self) -> datetime:
        """The start as a naive local moment."""
        return to_local(self.start)

    @property
    def finish_at(self) -> datetime:
        """The finish as a naive local moment."""
        return to_local(self.finish)

    @property
    def total_float_minutes(self) -> int:
        """Total float in whole minutes, towards zero."""
        return int(self.total_float / TICKS_PER_MINUTE)


@dataclass(slots=True)
class Schedule:
    """The computed dates of a plan, by task id, in the plan's order."""

    start: int
    finish: int
    calendar: WorkingTime
    tasks: dict[TaskId, TaskSchedule] = field(default_factory=dict)

    def critical_path(self) -> list[TaskId]:
        """Ids of the critical leaf tasks in order of start, then finish."""
        leaves = [task for task in self.tasks.values() if task.critical and not task.summary]
        return [task.id for task in sorted(leaves, key=lambda task: (task.start, task.finish))]
