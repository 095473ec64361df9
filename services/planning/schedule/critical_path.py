"""The critical path method over calendars: a forward pass, a backward pass, float, and the roll-up of summaries.

The rules follow Microsoft Project where it is documented or was measured; the passes run over arrays in one topological
order in which a summary stands twice, once before its children (it bounds them) and once after them (they make its dates).
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from itertools import repeat
from typing import Final

from services.kernel.working_time import Calendar, WorkingTime
from services.planning.schedule.network import (
    Assignment,
    ConstraintType,
    Driver,
    LagBasis,
    LinkType,
    Plan,
    Schedule,
    Task,
    TaskId,
    TaskSchedule,
    UnknownCalendar,
    reach_of,
    resumes_at,
)
from services.planning.schedule.plan_graph import Edge, PlanGraph

_AROUND_THE_CLOCK: Final = Calendar.around_the_clock()
_NEVER: Final = 1 << 60
_BEFORE_ALL: Final = -_NEVER

# How a leaf's dates come about: computed, begun (start fixed, the rest computed) or fixed altogether.
_AUTO, _BEGUN, _FIXED = range(3)

# A driver is an index into plan.links, or one of these.
_DRIVERS: Final = tuple(Driver)
_BY: Final = {driver: -1 - index for index, driver in enumerate(_DRIVERS)}
_BY_START, _BY_CONSTRAINT, _BY_CALENDAR = _BY[Driver.PROJECT_START], _BY[Driver.CONSTRAINT], _BY[Driver.CALENDAR]
_BY_SUMMARY, _BY_LEVELLING, _BY_LATE = _BY[Driver.SUMMARY], _BY[Driver.LEVELLING], _BY[Driver.AS_LATE_AS_POSSIBLE]

_AS_SOON: Final = ConstraintType.AS_SOON_AS_POSSIBLE
_FS, _SS, _FF, _SF = LinkType.FINISH_START, LinkType.START_START, LinkType.FINISH_FINISH, LinkType.START_FINISH

# A leaf's work in one calendar: it begins `delay` after the task's start and ends `reach` after it, in that calendar's time.
Span = tuple[WorkingTime, int, int]


def schedule(plan: Plan) -> Schedule:
    """Dates, float and reasons of every task of the plan.

    Raises a ScheduleError that names the ids at fault, or NoWorkingTime when a calendar runs out of working time.
    """
    # The sweeps make hundreds of thousands of small values and no cycle among them: the collector would go through all of
    # them again and again for nothing, which costs half the time on a large plan.
    pause = gc.isenabled()
    gc.disable()
    try:
        return swept(plan).result()
    finally:
        if pause:
            gc.enable()


def swept(plan: Plan) -> Sweeps:
    """The sweeps as they ended, for those who ask why a task lies where it does. Raises what `schedule` does."""
    sweeps = Sweeps(plan)
    sweeps.forward()
    if plan.finish is not None:
        sweeps.backward(plan.finish)
        sweeps.move_start_to_latest()
        sweeps.forward()
    sweeps.backward(plan.finish)
    if sweeps.has_as_late_as_possible:
        # Backwards from a finish, late is where everything goes by default: float still counts from the early dates.
        early = sweeps.early_dates() if plan.finish is not None else None
        sweeps.delay_as_late_as_possible()
        sweeps.forward()
        sweeps.backward(plan.finish)
        if early is not None:
            sweeps.count_float_from(early)
    return sweeps


class Sweeps(PlanGraph):
    """The sweeps over the graph. What a task shows is kept by task index, moments in ticks.

    Most tasks are plain: their work lies in the project's calendar and nothing but links without a lag and the outline
    acts on them. They are placed by their positions in that calendar, which saves most of the searching; `at_start` to
    `at_late_finish` hold the positions of the moments, None where nobody has asked for one yet.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        n = self.n
        self._reckon_leaves()
        self.project_start = plan.start
        self.pinned: list[int | None] = [None] * n
        self.resume = [0] * n
        # Begun out of sequence, with the rest waiting for a predecessor that has yet to finish.
        self.waits = [False] * n
        # Where float is not told by the dates shown: a begun task never shows a late finish before its finish, and one
        # that insists on a date shows that date, while its links would have it finish later.
        self.float_finish = [0] * n
        self.pressed: dict[int, int] = {}
        self.start = [0] * (n + 1)
        self.finish = [0] * (n + 1)
        # The forward sweep is the early one; only float of a plan scheduled from its finish counts from another.
        self.early_start, self.early_finish = self.start, self.finish
        self.late_start = [0] * (n + 1)
        self.late_finish = [0] * (n + 1)
        self.at_start: list[int | None] = [None] * (n + 1)
        self.at_finish: list[int | None] = [None] * (n + 1)
        self.at_late_start: list[int | None] = [None] * (n + 1)
        self.at_late_finish: list[int | None] = [None] * (n + 1)
        # Of a plain task the position at which the first of its followers starts.
        self.next_at = [_NEVER] * n
        self.driver = [_BY_START] * (n + 1)

    # Calendars and work of the leaves

    def _calendar(self, key: object) -> WorkingTime:
        try:
            return self.plan.calendars[key]
        except (KeyError, TypeError):
            raise UnknownCalendar(key) from None

    def _reckon_leaves(self) -> None:
        """For each task the calendar its lags and float count in; for each leaf how it comes about and its work."""
        project = self._calendar(self.plan.calendar)
        self.project_calendar = project
        n, is_summary = self.n, self.is_summary
        calendars: list[WorkingTime] = [project] * (n + 1)
        self.calendar, self.duration, self.reach = calendars, [0] * (n + 1), [0] * (n + 1)
        spans: list[tuple[Span, ...]] = [()] * n
        span: list[Span] = [(project, 0, 0)] * n
        self.spans, self.span = spans, span
        self.remaining: list[tuple[Span, ...]] = [()] * n
        # Where all work runs in the calendar that float counts in, start and finish float are one number.
        self.even, self.plain = [False] * (n + 1), [False] * (n + 1)
        self.kind, self.begun = [_AUTO] * (n + 1), [False] * (n + 1)
        self.has_as_late_as_possible = False
        several = self.plan.multiple_critical_paths
        usual: dict[int, tuple[Span, ...]] = {}
        self.common: dict[tuple[int, int], WorkingTime] = {}
        for i, task in enumerate(self.tasks):
            calendar = project
            if task.elapsed:
                calendar = calendars[i] = _AROUND_THE_CLOCK
            elif task.calendar is not None:
                calendar = calendars[i] = self._calendar(task.calendar)
            begun = task.actual_start is not None
            if begun:
                self.begun[i] = True
            if is_summary[i]:
                continue
            reach = self.duration[i] = task.duration
            if task.splits:
                reach = _reach(task)
            if task.assignments and not task.elapsed and not task.fixed_duration:
                spans[i] = self._spans(task, calendar, reach)
                span[i] = spans[i][0]
                even = self.even[i] = span[i][0] is calendar and len(spans[i]) == 1
            elif calendar is project:
                if reach not in usual:
                    usual[reach] = ((project, 0, reach),)
                spans[i] = usual[reach]
                span[i] = spans[i][0]
                even = self.even[i] = True
            else:
                spans[i] = ((calendar, 0, reach),)
                span[i] = spans[i][0]
                even = self.even[i] = True
            self.reach[i] = span[i][2]
            if task.manual or task.external or task.actual_finish is not None:
                self.kind[i] = _FIXED
            elif begun:
                self.kind[i] = _BEGUN
                self.remaining[i] = self._remaining_spans(task, i)
            elif task.constraint is ConstraintType.AS_LATE_AS_POSSIBLE:
                self.has_as_late_as_possible = True
            elif (
                even
                and calendar is project
                and task.constraint is _AS_SOON
                and task.deadline is None
                and task.active
                and not (span[i][1] or task.levelling_delay or task.placeholder or several)
            ):
                self.plain[i] = True

    def _working_time(self, task: Task, calendar: WorkingTime, assignment: Assignment) -> WorkingTime:
        if assignment.calendar is None:
            return calendar
        own = self._calendar(assignment.calendar)
        if task.calendar is None:
            return own
        if task.ignore_resource_calendars:
            return calendar
        key = (id(own), id(calendar))
        if key not in self.common:
            self.common[key] = own.intersect(calendar)
        return self.common[key]

    def _spans(self, task: Task, calendar: WorkingTime, reach: int) -> tuple[Span, ...]:
        found: list[Span] = []
        for assignment in task.assignments:
            length = reach if assignment.duration is None else assignment.duration
            span = (self._working_time(task, calendar, assignment), assignment.delay, assignment.delay + length)
            if span not in found:
                found.append(span)
        return tuple(found)

    def _remaining_spans(self, task: Task, i: int) -> tuple[Span, ...]:
        left = _reach(task) - _resumes_at(task) + max(0, _remaining_duration(task) - task.duration)
        if not task.assignments or task.elapsed or task.fixed_duration:
            return ((self.span[i][0], 0, left),)
        found = []
        for assignment in task.assignments:
            length = left if assignment.remaining is None else assignment.remaining
            found.append((self._working_time(task, self.calendar[i], assignment), 0, length))
        return tuple(found)

    # Passes

    def lagged(self, moment: int, edge: Edge, predecessor: int, successor: int, sign: int) -> int:
        """A moment moved by a link's lag: forward from the predecessor (sign 1) or back from the successor (sign -1)."""
        lag, basis = edge[2], edge[3]
        if basis is LagBasis.PERCENT or basis is LagBasis.ELAPSED_PERCENT:
            if self.is_summary[predecessor]:
                length = self.calendar[predecessor].work_between(self.start[predecessor], self.finish[predecessor])
            else:
                length = self.duration[predecessor]
            lag = length * lag // 100
            if basis is LagBasis.ELAPSED_PERCENT or self.tasks[predecessor].elapsed:
                return moment + sign * lag
        elif basis is LagBasis.ELAPSED:
            return moment + sign * lag
        return self.calendar[successor].add_work(moment, sign * lag)

    def _floors(self, i: int, bound: int, by: int, finish_bound: int, finish_by: int) -> tuple[int, int, int, int]:
        """The earliest start and finish that the links into a task allow.

        The project's start gives way to a predecessor that a constraint put before it, since followers follow.
        """
        start, finish = self.start, self.finish
        for edge in self.predecessors[i]:
            if by == _BY_START and start[edge[0]] < bound:
                bound = start[edge[0]]
        for edge in self.predecessors[i]:
            p, kind = edge[0], edge[1]
            moment = finish[p] if kind is _FS or kind is _FF else start[p]
            if edge[3] is not None:
                moment = self.lagged(moment, edge, p, i, 1)
            if kind is _FS or kind is _SS:
                if moment > bound:
                    bound, by = moment, edge[4]
            elif moment > finish_bound:
                finish_bound, finish_by = moment, edge[4]
        return bound, by, finish_bound, finish_by

    def forward(self) -> None:
        """Earliest dates from links, constraints and calendars, in one sweep."""
        n, tasks, parent, kinds, is_summary = self.n, self.tasks, self.parent, self.kind, self.is_summary
        plain, simple, predecessors, driver = self.plain, self.simple_in, self.predecessors, self.driver
        duration = self.reach
        project = self.project_calendar
        placed, position = project.placed, project.position
        self.pressed.clear()
        start, finish, at_start, at_finish = self.start, self.finish, self.at_start, self.at_finish
        # What a summary demands of everything below it, with the position of that bound, and what it learns from it.
        floors = [(self.project_start, _BY_START, _BEFORE_ALL, _BY_START)] * (n + 1)
        floors_at = [position(self.project_start)] * (n + 1)
        earliest = [_NEVER] * (n + 1)
        latest = [_BEFORE_ALL] * (n + 1)
        last_finish = _BEFORE_ALL
        # Whether anything was put before the project's start, which then gives way for what follows it.
        preceded = False
        for place in self.order:
            if place >= 0 and plain[place] and simple[place]:
                above = parent[place]
                bound, by, finish_bound, _ = floors[above]
                if finish_bound == _BEFORE_ALL and not (preceded and by == _BY_START):
                    reach, driving = duration[place], -1
                    for edge in predecessors[place]:
                        moment = finish[edge[0]]
                        if moment > bound:
                            bound, by, driving = moment, edge[4], edge[0]
                    if driving < 0:
                        at = floors_at[above]
                    else:
                        known = at_finish[driving]
                        at = position(bound) if known is None else known
                    at_start[place] = at
                    if reach:
                        begins, ends = placed(at, reach)
                        if by == _BY_START and begins > bound:
                            by = _BY_CALENDAR
                        at_finish[place] = at + reach
                    else:
                        begins = ends = bound
                        at_finish[place] = at
                    start[place], finish[place], driver[place] = begins, ends, by
                    if begins < earliest[above]:
                        earliest[above] = begins
                    if ends > latest[above]:
                        latest[above] = ends
                    if ends > last_finish:
                        last_finish = ends
                    continue
            i = place if place >= 0 else ~place
            if place < 0:
                if i == n:
                    latest[n] = max(latest[n], last_finish)
                self._roll_up(i, earliest[i], latest[i], floors[i][0])
            elif is_summary[i]:
                if i < n:
                    above = parent[i]
                    floors[i] = self._summary_floors(i, floors[above])
                    floors_at[i] = floors_at[above] if floors[i] is floors[above] else position(floors[i][0])
                continue
            elif kinds[i] == _AUTO:
                self._place(i, floors[parent[i]])
            elif kinds[i] == _BEGUN:
                self._continue(i)
            else:
                self._keep(i, floors[parent[i]][0])
            at_start[i] = at_finish[i] = None
            if start[i] < self.project_start:
                preceded = True
            if i < n and tasks[i].active:
                if self.begun[i]:
                    self.begun[parent[i]] = True
                # A child may end after its manual summary; the project ends with whatever ends last.
                last_finish = max(last_finish, finish[i])
                if tasks[i].placeholder:
                    continue
                above = parent[i]
                earliest[above] = min(earliest[above], start[i])
                latest[above] = max(latest[above], finish[i])

    def _summary_floors(self, i: int, above: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
        """What a summary asks of all below it: its links and its constraint, or its own start when it is manual."""
        task = self.tasks[i]
        if task.manual and task.given_start is not None:
            return task.given_start, _BY_SUMMARY, _BEFORE_ALL, _BY_SUMMARY
        if self.predecessors[i]:
            above = self._floors(i, *above)
        date = task.constraint_date
        if task.constraint is ConstraintType.START_NO_EARLIER_THAN and date is not None:
            bound, by, finish_bound, finish_by = above
            if by == _BY_START or date > bound:
                return date, _BY_SUMMARY, finish_bound, finish_by
        return above

    def _place(self, i: int, above: tuple[int, int, int, int]) -> None:
        """Dates of a task not begun: the earliest its bounds allow, then what its constraint insists on."""
        task = self.tasks[i]
        bound, by, finish_bound, finish_by = self._floors(i, *above) if self.predecessors[i] else above
        constraint, date = task.constraint, task.constraint_date
        honor = self.plan.honor_constraints
        if date is not None:
            if constraint is ConstraintType.START_NO_EARLIER_THAN or (
                constraint is ConstraintType.MUST_START_ON and not honor
            ):
                if date > bound or by == _BY_START:
                    bound, by = date, _BY_CONSTRAINT
            elif (
                constraint is ConstraintType.FINISH_NO_EARLIER_THAN
                or (constraint is ConstraintType.MUST_FINISH_ON and not honor)
            ) and date > finish_bound:
                finish_bound, finish_by = date, _BY_CONSTRAINT
                if by == _BY_START:
                    bound = min(bound, self.start_for(i, date))
        calendar, delay, reach = self.span[i]
        single = len(self.spans[i]) == 1 and not delay
        if not reach:
            start = finish = bound
        elif single:
            start = calendar.next_start(bound)
            finish = calendar.add_work(start, reach)
        else:
            start = self.start_after(i, bound)
            finish = self.finish_from(i, start)
        if finish_bound > finish:
            finish, by = finish_bound, finish_by
            if reach:
                start = max(start, self.start_for(i, finish))
                finish = self.finish_from(i, start)
            else:
                start = finish
        if honor and date is not None and constraint not in _FLOORS:
            insisted = self._insist(i, start, finish)
            if insisted is not None:
                if finish > insisted[1]:
                    self.pressed[i] = finish
                start, finish = insisted
                by = _BY_CONSTRAINT
        pinned = self.pinned[i]
        if pinned is not None and pinned > start:
            start, by = pinned, _BY_LATE
            finish = self.finish_from(i, start)
        if task.levelling_delay:
            start, by = self.start_after(i, start + task.levelling_delay), _BY_LEVELLING
            finish = self.finish_from(i, start)
        if by == _BY_START and start > bound:
            by = _BY_CALENDAR
        self.start[i], self.finish[i], self.driver[i] = start, finish, by

    def _insist(self, i: int, start: int, finish: int) -> tuple[int, int] | None:
        """The dates that an insisting constraint puts in the place of those found; None where it is content."""
        task = self.tasks[i]
        constraint, date = task.constraint, task.constraint_date or 0
        if constraint is ConstraintType.MUST_START_ON or (
            constraint is ConstraintType.START_NO_LATER_THAN and start > date
        ):
            start = self.start_after(i, date)
        elif constraint is ConstraintType.MUST_FINISH_ON or (
            constraint is ConstraintType.FINISH_NO_LATER_THAN and finish > date
        ):
            start = self.start_for(i, date)
        else:
            return None
        return start, self.finish_from(i, start)

    def _continue(self, i: int) -> None:
        """Dates of a task in progress: its actual start, and the remaining work from where it resumes."""
        task = self.tasks[i]
        start = task.actual_start
        assert start is not None
        remaining = self.remaining[i]
        resume = task.resume if task.resume is not None else task.stop
        if resume is None:
            resume = self.span[i][0].add_work(start, _resumes_at(task))
        finish_bound = _BEFORE_ALL
        if self.plan.split_in_progress and self.predecessors[i] and any(left for _, _, left in remaining):
            # Begun out of sequence: what is left waits for the predecessors, which no longer drive the start.
            resume, by, finish_bound, _ = self._floors(i, resume, _BY[Driver.ACTUAL], _BEFORE_ALL, _BY_START)
            self.waits[i] = by >= 0
        finish = resume
        for calendar, _, left in remaining:
            if left:
                finish = max(finish, calendar.add_work(resume, left))
        if finish_bound > finish:
            self.waits[i] = True
            resume = max(resume, min(calendar.subtract_work(finish_bound, left) for calendar, _, left in remaining))
            finish = max(calendar.add_work(resume, left) for calendar, _, left in remaining)
        self.resume[i] = resume
        self.start[i], self.finish[i] = start, finish
        self.driver[i] = _BY[Driver.ACTUAL]

    def _keep(self, i: int, floor: int) -> None:
        """Dates of a task whose dates are given: finished, manual, or of another project."""
        task = self.tasks[i]
        if task.actual_finish is not None:
            finish: int | None = task.actual_finish
            start = task.actual_start if task.actual_start is not None else task.given_start
            self.driver[i] = _BY[Driver.ACTUAL]
        else:
            start, finish = task.given_start, task.given_finish
            self.driver[i] = _BY[Driver.MANUAL]
        if start is None:
            start = floor if finish is None else self.start_for(i, finish)
        if finish is None:
            finish = self.finish_from(i, start)
        self.start[i], self.finish[i] = start, finish

    def _roll_up(self, i: int, earliest: int, latest: int, floor: int) -> None:
        """A summary reaches from its earliest child's start to its latest child's finish; a manual one keeps its own."""
        if earliest == _NEVER:
            earliest = floor
        if latest == _BEFORE_ALL:
            latest = earliest
        self.driver[i] = _BY[Driver.CHILDREN]
        if i < self.n and self.tasks[i].manual:
            task = self.tasks[i]
            self.driver[i] = _BY[Driver.MANUAL]
            if task.given_start is not None:
                earliest = task.given_start
            if task.given_finish is not None:
                latest = task.given_finish
        self.start[i], self.finish[i] = earliest, latest

    def start_after(self, i: int, bound: int) -> int:
        """The first moment from `bound` on at which some of the task's work can begin."""
        if not self.span[i][2]:
            return bound
        return min(calendar.next_start(calendar.add_work(bound, delay)) for calendar, delay, _ in self.spans[i])

    def finish_from(self, i: int, start: int) -> int:
        """When the last part of the task's work ends, begun at `start`."""
        return max(calendar.add_work(start, reach) for calendar, _, reach in self.spans[i])

    def start_for(self, i: int, finish: int) -> int:
        """The latest start from which all parts end by `finish`."""
        return min(calendar.subtract_work(finish, reach) for calendar, _, reach in self.spans[i])

    def backward(self, project_finish: int | None = None) -> None:
        """Latest dates that keep the project's finish, deadlines and insisting constraints, in one sweep back."""
        n, tasks, parent = self.n, self.tasks, self.parent
        late_start, late_finish = self.late_start, self.late_finish
        end = self.finish[n] if project_finish is None else project_finish
        self.project_finish = end
        # What each task hands back to its predecessors, which for a task in progress is its remaining part's late start.
        latest_start = self.latest_start = [_NEVER] * (n + 1)
        latest_finish = self.latest_finish = [_NEVER] * (n + 1)
        start, kinds, is_summary = self.start, self.kind, self.is_summary
        plain, simple, successors, duration = self.plain, self.simple_out, self.successors, self.reach
        placed, position = self.project_calendar.placed, self.project_calendar.position
        at_start, at_late_start, at_late_finish = self.at_start, self.at_late_start, self.at_late_finish
        next_at = self.next_at
        ceilings = [end] * (n + 1)
        ceilings_at = [position(end)] * (n + 1)
        first_start = [_NEVER] * (n + 1)
        last_finish = [_BEFORE_ALL] * (n + 1)
        for place in reversed(self.order):
            if place >= 0 and plain[place] and simple[place]:
                above, reach, driven = parent[place], duration[place], -1
                bound, soonest = ceilings[above], _NEVER
                for edge in successors[place]:
                    s = edge[5]
                    moment = latest_start[s]
                    if moment < bound:
                        bound, driven = moment, s
                    begun_at = at_start[s]
                    if begun_at is None:
                        if tasks[s].actual_finish is not None:
                            continue
                        begun_at = at_start[s] = position(start[s])
                    if begun_at < soonest:
                        soonest = begun_at
                next_at[place] = soonest
                if driven < 0:
                    at = ceilings_at[above]
                else:
                    known = at_late_start[driven]
                    at = position(bound) if known is None else known
                at_late_finish[place] = at
                if reach:
                    at -= reach
                    begins, ends = placed(at, reach)
                else:
                    begins = ends = bound
                at_late_start[place] = at
                late_start[place] = latest_start[place] = begins
                late_finish[place] = latest_finish[place] = ends
                if begins < first_start[above]:
                    first_start[above] = begins
                if ends > last_finish[above]:
                    last_finish[above] = ends
                if begins < latest_start[above]:
                    latest_start[above] = begins
                if ends < latest_finish[above]:
                    latest_finish[above] = ends
                continue
            i = place if place >= 0 else ~place
            if i == n:
                continue
            if place < 0:
                ceiling = ceilings[parent[i]]
                ceilings[i] = self._summary_ceiling(i, ceiling)
                ceilings_at[i] = ceilings_at[parent[i]] if ceilings[i] == ceiling else position(ceilings[i])
                continue
            at_late_start[i] = at_late_finish[i] = None
            if is_summary[i]:
                if first_start[i] == _NEVER:
                    # Nothing below it has dates that count: a manual one stands by its own.
                    own = tasks[i].manual
                    first_start[i] = start[i] if own else ceilings[i]
                    last_finish[i] = self.finish[i] if own else ceilings[i]
                late_start[i], late_finish[i] = first_start[i], last_finish[i]
                if tasks[i].manual:
                    late_start[i] = max(late_start[i], start[i])
                    late_finish[i] = max(late_finish[i], self.finish[i])
            else:
                self._place_late(i, ceilings[parent[i]])
            task = tasks[i]
            if task.active and not task.placeholder:
                above = parent[i]
                # A child with given dates counts with its given start, since no slack would move it.
                shown = start[i] if task.manual else late_start[i]
                first_start[above] = min(first_start[above], shown)
                last_finish[above] = max(last_finish[above], late_finish[i])
                handed = start[i] if kinds[i] == _BEGUN else latest_start[i]
                if task.manual:
                    handed = min(handed, start[i])
                latest_start[above] = min(latest_start[above], handed)
                latest_finish[above] = min(latest_finish[above], latest_finish[i])

    def _ceilings(self, i: int, finish_bound: int) -> tuple[int, int]:
        """The latest start and finish that the links out of a task allow."""
        start_bound = _NEVER
        latest_start, latest_finish = self.latest_start, self.latest_finish
        for edge in self.successors[i]:
            s, kind = edge[5], edge[1]
            moment = latest_start[s] if kind is _FS or kind is _SS else latest_finish[s]
            if moment >= _NEVER:
                continue
            if edge[3] is not None:
                moment = self.lagged(moment, edge, i, s, -1)
            if kind is _FS or kind is _FF:
                finish_bound = min(finish_bound, moment)
            else:
                start_bound = min(start_bound, moment)
        return start_bound, finish_bound

    def _summary_ceiling(self, i: int, ceiling: int) -> int:
        task = self.tasks[i]
        if self.successors[i]:
            _, ceiling = self._ceilings(i, ceiling)
        if task.constraint is ConstraintType.FINISH_NO_LATER_THAN and task.constraint_date is not None:
            ceiling = min(ceiling, task.constraint_date)
        return ceiling

    def _place_late(self, i: int, ceiling: int) -> None:
        task, kind = self.tasks[i], self.kind[i]
        if task.actual_finish is not None:
            self.late_start[i], self.late_finish[i] = self.start[i], self.finish[i]
            return
        successors = self.successors[i]
        start_bound, bound = self._ceilings(i, ceiling) if successors else (_NEVER, ceiling)
        if self.plan.multiple_critical_paths and not successors:
            bound = min(bound, self.finish[i])
        if task.deadline is not None:
            bound = min(bound, task.deadline)
        constraint, date = task.constraint, task.constraint_date
        if date is not None and kind == _AUTO and constraint not in _FLOORS:
            if constraint is ConstraintType.MUST_START_ON:
                start_bound = date
                bound = self.finish_from(i, date)
            elif constraint is ConstraintType.START_NO_LATER_THAN:
                start_bound = min(start_bound, date)
            elif constraint is ConstraintType.MUST_FINISH_ON:
                bound = date
            else:
                bound = min(bound, date)
        calendar, delay, reach = self.span[i]
        if kind == _BEGUN:
            spans = self.remaining[i]
            bound = max(cal.previous_finish(bound) for cal, _, _ in spans)
            self.late_start[i], self.late_finish[i] = self.start[i], max(bound, self.finish[i])
            self.float_finish[i] = bound
            # What has begun no longer holds its predecessors to its start, only to where its remaining work resumes.
            rest = any(left for _, _, left in spans)
            if self.waits[i]:
                self.latest_start[i] = min(cal.subtract_work(bound, left) for cal, _, left in spans)
            else:
                self.latest_start[i] = self.resume[i] if rest else bound
            self.latest_finish[i] = bound
            return
        if kind == _FIXED:
            # Links that press on the start of a task with given dates leave it alone.
            start, finish = self._late_for_given(i, bound)
        elif not reach:
            start = finish = min(bound, start_bound)
        else:
            if len(self.spans[i]) == 1 and not delay:
                finish = calendar.previous_finish(bound)
                start = calendar.subtract_work(finish, reach)
            else:
                finish = max(cal.previous_finish(bound) for cal, _, _ in self.spans[i])
                start = self.start_for(i, finish)
            if start_bound < start:
                start = self.start_after(i, start_bound)
                finish = self.finish_from(i, start)
        self.late_start[i], self.late_finish[i] = start, finish
        if task.levelling_delay:
            start -= task.levelling_delay
        self.latest_start[i], self.latest_finish[i] = start, finish

    def _late_for_given(self, i: int, bound: int) -> tuple[int, int]:
        """Late dates of a task whose dates are given: where nothing is left between them, its start is its late start."""
        if self.calendar[i].work_between(self.finish[i], bound) == 0:
            return self.start[i], bound
        return self.calendar[i].subtract_work(bound, self.duration[i]), bound

    def move_start_to_latest(self) -> None:
        """For a plan scheduled from its finish: the project starts with its earliest late start."""
        leaves = [i for i in range(self.n) if not self.is_summary[i] and self.tasks[i].active]
        self.project_start = min((self.late_start[i] for i in leaves), default=self.project_start)

    def early_dates(self) -> tuple[list[int], list[int]]:
        """The early starts and finishes of the sweep just made."""
        return self.early_start[:], self.early_finish[:]

    def count_float_from(self, early: tuple[list[int], list[int]]) -> None:
        """Show these early dates instead of the last sweep's."""
        self.early_start, self.early_finish = early
        self.plain = [False] * (self.n + 1)

    def delay_as_late_as_possible(self) -> None:
        """Pin every as-late-as-possible task to the late start just found; its successors follow in the next sweep."""
        for i, task in enumerate(self.tasks):
            if task.constraint is ConstraintType.AS_LATE_AS_POSSIBLE and self.kind[i] == _AUTO:
                self.pinned[i] = self.late_start[i]

    # Reasons

    def driver_of(self, i: int) -> Driver:
        """What set a task's start."""
        driver = self.driver[i]
        return Driver.LINK if driver >= 0 else _DRIVERS[-1 - driver]

    def span_of(self, i: int, assignment: Assignment) -> Span:
        """The calendar of an assignment's work, and when in it the work begins and ends, from the task's start."""
        task = self.tasks[i]
        length = self.duration[i] if assignment.duration is None else assignment.duration
        calendar = self._working_time(task, self.calendar[i], assignment)
        return calendar, assignment.delay, assignment.delay + length

    # Float, criticality and the answer

    def _total_float(self, i: int, kind: int) -> int:
        """The smaller of start and finish float; what has begun has no start float left, what is finished none at all."""
        if kind == _FIXED and self.tasks[i].actual_finish is not None:
            return 0
        count = self.calendar[i].work_between
        if kind == _BEGUN:
            return count(self.early_finish[i], self.float_finish[i])
        pressed = self.pressed.get(i) if self.pressed else None
        finish_float = count(self.early_finish[i] if pressed is None else pressed, self.late_finish[i])
        if kind == _FIXED or self.begun[i] or pressed is not None or self.even[i]:
            return finish_float
        return min(count(self.early_start[i], self.late_start[i]), finish_float)

    def _free_float(self, i: int, total: int) -> int:
        """The smallest gap to a successor that is not finished, the lag taken off; without one, the total float, which
        is more than none."""
        if not self.successors[i]:
            return total
        start, finish = self.start[i], self.finish[i]
        gap_start = gap_finish = _NEVER
        for edge in self.successors[i]:
            s, kind = edge[5], edge[1]
            if self.tasks[s].actual_finish is not None:
                continue
            moment = self.start[s] if kind is _FS or kind is _SS else self.finish[s]
            if edge[3] is not None:
                moment = self.lagged(moment, edge, i, s, -1)
            if kind is _FS or kind is _FF:
                gap_finish = min(gap_finish, moment)
            else:
                gap_start = min(gap_start, moment)
        least = total
        for own, moment in ((finish, gap_finish), (start, gap_start)):
            if moment <= own:
                return 0
            if moment < _NEVER:
                least = min(least, self.calendar[i].work_between(own, moment))
        return least

    def result(self) -> Schedule:
        """The schedule, a column at a time: a loop over tasks that makes the rows takes three times as long."""
        n, tasks, is_summary, links = self.n, self.tasks, self.is_summary, self.plan.links
        start, finish, calendar = self.start, self.finish, self.calendar
        durations = [task.duration for task in tasks]
        percents = [task.percent_complete for task in tasks]
        finished = [percent >= 100 for percent in percents]
        for i, percent in self._rolled_up(durations, percents):
            finished[i] = (percents[i] if percent is None else percent) >= 100
            percents[i] = percent or 0
        total, free = self.floats()
        for i in range(n):
            if is_summary[i]:
                durations[i] = calendar[i].work_between(start[i], finish[i])
        limit = self.plan.critical_slack_limit
        critical = [slack <= limit and not done for slack, done in zip(total, finished, strict=True)]
        for i, task in enumerate(tasks):
            if critical[i] and (task.placeholder or not task.active or task.actual_finish is not None):
                critical[i] = False
        ids = [task.id for task in tasks]
        by, link_drives = self.driver[:n], Driver.LINK
        rows = zip(
            ids,
            start,
            finish,
            self.early_start,
            self.early_finish,
            self.late_start,
            self.late_finish,
            total,
            free,
            critical,
            durations,
            percents,
            is_summary,
            [not (duration or summary) for duration, summary in zip(durations, is_summary, strict=False)],
            [link_drives if each >= 0 else _DRIVERS[-1 - each] for each in by],
            [links[each] if each >= 0 else None for each in by],
            strict=False,  # The root has a place in most columns.
        )
        found = dict(zip(ids, map(tuple.__new__, repeat(TaskSchedule), rows), strict=True))
        return Schedule(start=start[n], finish=finish[n], calendar=self.project_calendar, tasks=found)

    def floats(self) -> tuple[list[int], list[int]]:
        """Total and free float by task."""
        total, free = [0] * self.n, [0] * self.n
        plain, next_at = self.plain, self.next_at
        for i, (at, at_late) in enumerate(zip(self.at_finish[: self.n], self.at_late_finish, strict=False)):
            if plain[i] and at is not None and at_late is not None:
                slack = total[i] = at_late - at
                if slack > 0:
                    gap = next_at[i] - at
                    if gap > 0:
                        free[i] = min(slack, gap)
            else:
                slack = total[i] = self._total_float(i, self.kind[i])
                if slack > 0:
                    free[i] = max(0, self._free_float(i, slack))
        return total, free

    def _rolled_up(self, durations: list[int], percents: list[int]) -> list[tuple[int, int | None]]:
        """The summaries with the percent complete of all active work below them, weighed by duration; None without any."""
        n, tasks, parent, is_summary = self.n, self.tasks, self.parent, self.is_summary
        summaries = [~place for place in self.order if place < 0 and place != ~n]
        if not any(percents):
            return [(i, 0) for i in summaries]
        planned, done = [0] * (n + 1), [0] * (n + 1)
        for i, task in enumerate(tasks):
            if task.active and not is_summary[i]:
                planned[parent[i]] += durations[i]
                done[parent[i]] += durations[i] * percents[i] // 100
        found: list[tuple[int, int | None]] = []
        for i in summaries:
            found.append((i, done[i] * 100 // planned[i] if planned[i] else None))
            if tasks[i].active:
                planned[parent[i]] += planned[i]
                done[parent[i]] += done[i]
        return found


_FLOORS: Final = (
    ConstraintType.AS_SOON_AS_POSSIBLE,
    ConstraintType.AS_LATE_AS_POSSIBLE,
    ConstraintType.START_NO_EARLIER_THAN,
    ConstraintType.FINISH_NO_EARLIER_THAN,
)


def _remaining_duration(task: Task) -> int:
    if task.remaining is not None:
        return task.remaining
    return task.duration - task.duration * task.percent_complete // 100


def _reach(task: Task) -> int:
    return reach_of(task.duration, task.splits)


def _resumes_at(task: Task) -> int:
    return resumes_at(max(0, task.duration - _remaining_duration(task)), task.splits)


def levelling_delays(plan: Plan, wanted: Mapping[TaskId, tuple[int, int]]) -> dict[TaskId, int]:
    """The delays, in elapsed ticks, with which these tasks start when they are wanted to, by task; without those of none.

    `wanted`: two moments by task, a sill and a start. A task that could start at the sill or earlier is delayed to the
    start; one that its links do not let begin so early needs no delay. The plan's tasks have none yet.
    Raises what `schedule` raises.
    """
    sweeps = _LevelledSweeps(plan, wanted)
    sweeps.forward()
    if sweeps.has_as_late_as_possible:
        sweeps.backward(plan.finish)
        sweeps.delay_as_late_as_possible()
        sweeps.delays.clear()
        sweeps.forward()
    return sweeps.delays


class _LevelledSweeps(Sweeps):
    """A forward sweep that holds tasks back to the start that is wanted of them, and keeps by how much."""

    def __init__(self, plan: Plan, wanted: Mapping[TaskId, tuple[int, int]]) -> None:
        super().__init__(plan)
        self.wanted = wanted
        self.delays: dict[TaskId, int] = {}
        for i, task in enumerate(self.tasks):
            if task.id in wanted:
                self.plain[i] = False

    def _place(self, i: int, above: tuple[int, int, int, int]) -> None:
        super()._place(i, above)
        task_id = self.tasks[i].id
        sill, wanted = self.wanted.get(task_id, (-_NEVER, -_NEVER))
        if self.start[i] <= sill and wanted > self.start[i]:
            self.delays[task_id] = wanted - self.start[i]
            self.start[i] = self.start_after(i, wanted)
            self.finish[i] = self.finish_from(i, self.start[i])
