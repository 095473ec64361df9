"""From a file's values to the schedule engine's plan: calendars built, assignments turned into working time, oddities dropped."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from services.kernel.working_time import (
    MOST_BASES,
    TICKS_PER_MINUTE,
    Calendar,
    WorkingTime,
    to_ticks,
)
from services.planning.imports.mspdi import (
    NO_UID,
    UNASSIGNED,
    MspdiAssignment,
    MspdiCalendar,
    MspdiLink,
    MspdiPlan,
    MspdiResource,
    MspdiTask,
)
from services.planning.schedule.network import (
    Assignment,
    ConstraintType,
    LagBasis,
    Link,
    LinkType,
    Piece,
    Plan,
    Task,
    reach_of,
    resumes_at,
)

_CONSTRAINTS: Final = (
    ConstraintType.AS_SOON_AS_POSSIBLE,
    ConstraintType.AS_LATE_AS_POSSIBLE,
    ConstraintType.MUST_START_ON,
    ConstraintType.MUST_FINISH_ON,
    ConstraintType.START_NO_EARLIER_THAN,
    ConstraintType.START_NO_LATER_THAN,
    ConstraintType.FINISH_NO_EARLIER_THAN,
    ConstraintType.FINISH_NO_LATER_THAN,
)
_LINK_TYPES: Final = (
    LinkType.FINISH_FINISH,
    LinkType.FINISH_START,
    LinkType.START_FINISH,
    LinkType.START_START,
)
_FIXED_DURATION: Final = 1
_WORK_RESOURCE: Final = 1
_REMAINING, _ACTUAL = 1, 2
# The average of each contour's ten tenths: a bell takes twice as long as the same work spread flat.
_CONTOUR_AVERAGE: Final = {
    1: Decimal("0.6"),
    2: Decimal("0.6"),
    3: Decimal("0.5"),
    4: Decimal("0.5"),
    5: Decimal("0.5"),
    6: Decimal("0.5"),
    7: Decimal("0.7"),
}
# A file without any date has to begin somewhere.
_SOME_MONDAY: Final = datetime.fromisoformat("2000-01-03T08:00")
_PROJECT: Final = "project"


def to_plan(mspdi: MspdiPlan) -> Plan:
    """The plan to schedule. Task ids and calendar keys are the file's UIDs; the project summary task is left out."""
    return _Builder(mspdi).build()


def _ticks(moment: datetime | None) -> int | None:
    return None if moment is None else to_ticks(moment)


class _Builder:
    def __init__(self, mspdi: MspdiPlan) -> None:
        self.mspdi = mspdi
        self.tasks = [task for task in mspdi.tasks if not task.is_null and task.outline_level > 0]
        self.kept = {task.uid for task in self.tasks}
        self.external = {task.uid for task in self.tasks if task.external}
        self.parents = {task.parent_uid for task in self.tasks}
        self.resources: dict[int, MspdiResource] = {resource.uid: resource for resource in mspdi.resources}
        self.calendars = self._calendars()
        key = mspdi.project.calendar_uid
        self.project_calendar: object = key if key in self.calendars else _PROJECT
        self.assignments: dict[int, list[MspdiAssignment]] = defaultdict(list)
        for assignment in mspdi.assignments:
            self.assignments[assignment.task_uid].append(assignment)

    def build(self) -> Plan:
        project = self.mspdi.project
        tasks = [self._task(task) for task in self.tasks]
        moments = [task.start for task in self.tasks if task.start is not None]
        start = project.start or min(moments, default=_SOME_MONDAY)
        return Plan(
            tasks=tasks,
            links=[
                link
                for task in self.tasks
                for link in (self._link(task, item) for item in task.links)
                if link is not None
            ],
            start=to_ticks(start),
            finish=None if project.schedule_from_start else _ticks(project.finish),
            calendar=self.project_calendar,
            calendars=self.calendars,
            status_date=_ticks(project.status_date),
            critical_slack_limit=project.critical_slack_limit * project.minutes_per_day * TICKS_PER_MINUTE,
            honor_constraints=project.honor_constraints,
            split_in_progress=project.split_in_progress,
            minutes_per_day=project.minutes_per_day,
            multiple_critical_paths=project.multiple_critical_paths,
        )

    def _calendars(self) -> dict[object, WorkingTime]:
        sources: dict[int, MspdiCalendar] = {calendar.uid: calendar for calendar in self.mspdi.calendars}
        built: dict[int, Calendar] = {}
        for first in sources:
            # Base first, along the chain; one that bites its own tail or is too long is cut.
            chain: list[int] = []
            uid = first
            while uid in sources and uid not in built and uid not in chain:
                chain.append(uid)
                uid = sources[uid].base_uid
            for link in reversed(chain):
                source = sources[link]
                base = built.get(source.base_uid)
                if base is not None and base.depth >= MOST_BASES:
                    base = None
                built[link] = Calendar(source.days, source.exceptions, source.work_weeks, base=base, name=source.name)
        calendars: dict[object, WorkingTime] = {key: calendar for key, calendar in built.items()}  # noqa: C416 - widens
        calendars[_PROJECT] = Calendar.standard()
        return calendars

    def _link(self, task: MspdiTask, link: MspdiLink) -> Link | None:
        if link.predecessor_uid not in self.kept or link.predecessor_uid == task.uid:
            return None
        # The other project's task drives from the row that stands for it here; any other row has its number by chance.
        if link.cross_project and link.predecessor_uid not in self.external:
            return None
        basis = LagBasis.ELAPSED if link.elapsed else LagBasis.WORKING
        if link.percent:
            basis = LagBasis.ELAPSED_PERCENT if link.elapsed else LagBasis.PERCENT
        kind = _LINK_TYPES[link.type] if 0 <= link.type <= 3 else LinkType.FINISH_START
        return Link(link.predecessor_uid, task.uid, kind, link.lag, basis)

    def _task(self, task: MspdiTask) -> Task:
        parts = () if task.uid in self.parents else self._assignments(task, task.duration or 0)
        splits = self._splits(task, parts)
        constraint = _CONSTRAINTS[task.constraint_type] if 0 <= task.constraint_type <= 7 else _CONSTRAINTS[0]
        duration = task.duration or 0
        return Task(
            id=task.uid,
            parent=task.parent_uid if task.parent_uid in self.kept else None,
            duration=duration,
            elapsed=task.elapsed,
            calendar=task.calendar_uid if task.calendar_uid in self.calendars else None,
            ignore_resource_calendars=task.ignore_resource_calendar,
            fixed_duration=task.type == _FIXED_DURATION,
            constraint=constraint,
            constraint_date=_ticks(task.constraint_date),
            deadline=_ticks(task.deadline),
            manual=task.manual,
            external=task.external,
            placeholder=task.placeholder,
            given_start=_ticks(task.start),
            given_finish=_ticks(task.finish),
            active=task.active,
            milestone=task.milestone,
            actual_start=_ticks(task.actual_start),
            actual_finish=_ticks(task.actual_finish),
            percent_complete=task.percent_complete,
            remaining=task.remaining_duration,
            stop=_ticks(task.stop),
            resume=_ticks(task.resume),
            priority=task.priority,
            levelling_delay=task.levelling_delay,
            splits=splits,
            # What is nobody's has said all it had to say, and a part without a length of its own pauses with the task.
            assignments=tuple(replace(part, duration=None) for part in parts if part.resource_id != UNASSIGNED)
            if splits
            else parts,
        )

    def _assignments(self, task: MspdiTask, duration: int) -> tuple[Assignment, ...]:
        found = []
        for item in self.assignments[task.uid]:
            resource = self.resources.get(item.resource_uid)
            if resource is None or resource.type != _WORK_RESOURCE:
                # An unassigned row carries the splits of a task that has no resource.
                if item.resource_uid != UNASSIGNED or not item.pieces:
                    continue
                calendar = None
            else:
                calendar = resource.calendar_uid if resource.calendar_uid in self.calendars else None
            if item.units <= 0 or item.work <= 0:
                continue
            left = item.work if item.remaining_work is None else item.remaining_work
            length = _length(item, item.work - item.overtime_work, duration)
            remaining = _length(item, left - item.remaining_overtime_work, task.remaining_duration or 0)
            if item.pieces:
                length, remaining = self._stretched(task, item, calendar, length, remaining)
            found.append(
                Assignment(
                    resource_id=item.resource_uid,
                    calendar=calendar,
                    units=float(item.units),
                    work=item.work,
                    duration=length,
                    remaining=remaining,
                    delay=item.delay + item.levelling_delay,
                )
            )
        return tuple(found)

    def _splits(self, task: MspdiTask, parts: tuple[Assignment, ...]) -> tuple[Piece, ...]:
        """Where the work of a task pauses, as far as that says as much as its stretched parts do.

        It does not where the parts pause each at another time, or where what is done and what remains were not reported
        along the pieces; then the parts are kept with their lengths.
        """
        rows = [item for item in self.assignments[task.uid] if item.pieces and item.units > 0 and item.work > 0]
        if not parts or len(rows) != len(parts) or task.elapsed or task.type == _FIXED_DURATION:
            return ()
        found = {self._pieces(task, item) for item in rows}
        if len(found) != 1:
            return ()
        pieces = found.pop()
        whole = sum(piece.work for piece in pieces) == task.duration
        reach = reach_of(task.duration or 0, pieces)
        if len(pieces) < 2 or pieces[0].offset or not whole or any(part.duration != reach for part in parts):
            return ()
        if task.actual_start is None:
            return pieces
        left = task.duration or 0 if task.remaining_duration is None else task.remaining_duration
        rest = reach - resumes_at(max(0, (task.duration or 0) - left), pieces)
        return pieces if all(part.remaining == rest for part in parts) else ()

    def _pieces(self, task: MspdiTask, item: MspdiAssignment) -> tuple[Piece, ...]:
        """The stretches of an assignment's work, those that touch joined, in the working time of whoever does it."""
        resource = self.resources.get(item.resource_uid)
        key = resource.calendar_uid if resource is not None else NO_UID
        if key not in self.calendars:
            key = task.calendar_uid if task.calendar_uid in self.calendars else self.project_calendar  # type: ignore[assignment]
        time = self.calendars[key]
        found: list[Piece] = []
        worked = [piece for piece in item.pieces if piece.work > 0 and piece.type in (_REMAINING, _ACTUAL)]
        origin = to_ticks(min(piece.start for piece in item.pieces))
        for piece in sorted(worked, key=lambda each: each.start):
            begin, end = (time.work_between(origin, to_ticks(moment)) for moment in (piece.start, piece.finish))
            if found and begin <= found[-1].offset + found[-1].work:
                found[-1] = Piece(found[-1].offset, end - found[-1].offset)
            else:
                found.append(Piece(begin, end - begin))
        return tuple(found)

    def _stretched(
        self, task: MspdiTask, item: MspdiAssignment, calendar: object, length: int, remaining: int
    ) -> tuple[int, int]:
        """Lengths from time-phased work, gaps and contours included: the working time from its first to its last piece."""
        if calendar is None:
            calendar = task.calendar_uid if task.calendar_uid in self.calendars else self.project_calendar
        time = self.calendars[calendar]
        pieces = [piece for piece in item.pieces if piece.work > 0 and piece.type in (_REMAINING, _ACTUAL)]
        if not pieces:
            return length, remaining
        finish = max(to_ticks(piece.finish) for piece in pieces)
        length = time.work_between(min(to_ticks(piece.start) for piece in item.pieces), finish)
        resume = item.resume or item.stop or task.resume or task.stop
        if resume is not None:
            remaining = max(0, time.work_between(to_ticks(resume), finish))
        return length, remaining


def _length(item: MspdiAssignment, work: int, usual: int) -> int:
    """The working time that an assignment's work takes; the task's duration where rounding alone keeps them apart."""
    length = int(Decimal(work) / item.units / _CONTOUR_AVERAGE.get(item.contour, Decimal(1)) + Decimal("0.5"))
    return usual if abs(length - usual) * 100 <= usual else length
