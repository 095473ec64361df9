"""A stored plan as a levelling problem, and a schedule of the problem as levelling delays of the plan.

As in Microsoft Project, levelling leaves alone what has begun, what is scheduled by hand, what must start or finish on a
date, what is as late as possible, and priority 1,000.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Final
from uuid import UUID

from services.kernel.working_time import TICKS_PER_DAY, Calendar, WorkingTime, day_number, to_ticks
from services.planning.levelling.axis import Axis, make_axis
from services.planning.levelling.bounds import latest_starts
from services.planning.levelling.problem import (
    NO_SHIFT,
    Activity,
    Precedence,
    Problem,
    Renewable,
    Shift,
    Use,
)
from services.planning.schedule import network
from services.planning.schedule.critical_path import levelling_delays, schedule
from services.planning.schedule.effort import length_of, stretches_of
from services.planning.schedule.network import LagBasis, reach_of
from services.planning.schedule.plan_rows import Capacity, PlanAssignment, PlanLink, PlanTask
from services.planning.schedule.pricing import FOR_GOOD
from services.planning.schedule.resource_load import bookings_of, working_time_of
from services.planning.schedule.working_plan import WorkingPlan, pieces_of

NEVER_MOVED: Final = 1_000
_PARTS_OF_A_UNIT: Final = 10_000
_INSISTING: Final = ("must_start_on", "must_finish_on", "as_late_as_possible")
_LIMITING: Final = ("start_no_later_than", "finish_no_later_than")
_FROM_END: Final = ("finish_to_start", "finish_to_finish")
_TO_END: Final = ("finish_to_finish", "start_to_finish")
_ELAPSED: Final = (LagBasis.ELAPSED, LagBasis.ELAPSED_PERCENT)
_AROUND_THE_CLOCK: Final = Calendar.around_the_clock()
# A change of a task is worth this, and its priority, so that of two it is rather the less important one that moves.
_CHANGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Holder:
    """A stay of work that does not move: whose it is, on which resource, over which slots."""

    task_id: UUID
    resource: int
    start: int
    finish: int
    amount: int


@dataclass(frozen=True, slots=True)
class LevellingModel:
    """The problem with what its numbers mean. Activities from `movable` on stay: they only bound the others, the
    last of them by the end of all that stays."""

    problem: Problem
    axis: Axis
    task_ids: tuple[UUID, ...]
    movable: int
    resource_ids: tuple[UUID, ...]
    staying: tuple[Holder, ...]
    # Resources of which tasks need more at a time than there is: no move helps them.
    impossible: tuple[UUID, ...]


def is_movable(task: PlanTask) -> bool:
    """Whether levelling may delay the task."""
    return (
        _is_computed(task)
        and task.priority < NEVER_MOVED
        and task.constraint_type not in _INSISTING
        and not task.placeholder
    )


def _is_computed(task: PlanTask) -> bool:
    """A task whose dates the engine finds: a leaf that is not begun, by hand or another project's."""
    begun = task.actual_start is not None or task.actual_finish is not None or task.percent_complete > 0
    return task.active and not (task.summary or task.manual or task.external or begun)


def model_of(plan: WorkingPlan, *, extend: bool, last_days: Mapping[UUID, date] | None = None) -> LevellingModel:
    """The problem of the plan as it stands. Within float (not `extend`), nothing ends later than the plan does now.

    `last_days` names by task a day behind which nobody who works on it may do so any more: it ends by then if it can.
    """
    return _Modelling(plan, extend=extend, last_days=last_days or {}).model()


def delays_of(plan: WorkingPlan, model: LevellingModel, starts: Sequence[int]) -> dict[UUID, int]:
    """The levelling delays, in elapsed ticks, that bring the plan's tasks to the starts that were found; others have none."""
    wanted: dict[network.TaskId, tuple[int, int]] = {}
    for i in range(model.movable):
        task, slot = plan.tasks[model.task_ids[i]], starts[i]
        if slot > 0:
            kept = slot == model.problem.activities[i].reference
            start = to_ticks(task.start) if kept else model.axis.moment(slot)
            wanted[task.id] = (model.axis.moment(slot - 1), start)
    engine = plan.as_network()
    bare = replace(engine, tasks=[_without_delay(each, plan.tasks) for each in engine.tasks])
    return {task_id: delay for task_id, delay in levelling_delays(bare, wanted).items() if isinstance(task_id, UUID)}


def _without_delay(each: network.Task, tasks: Mapping[UUID, PlanTask]) -> network.Task:
    return replace(each, levelling_delay=0) if is_movable(tasks[each.id]) else each  # type: ignore[index]  # our ids


class _Modelling:
    """One pass from a plan to its problem."""

    def __init__(self, plan: WorkingPlan, *, extend: bool, last_days: Mapping[UUID, date]) -> None:
        self.plan = plan
        self.extend = extend
        self.last_days = last_days
        leaves = [task for task in plan.tasks.values() if _is_computed(task)]
        self.moving = [task for task in leaves if is_movable(task)]
        held = [task for task in leaves if not is_movable(task)]
        self.tasks = [*self.moving, *held]
        self.index = {task.id: i for i, task in enumerate(self.tasks)}
        self.project = plan.calendars["project"]
        self._common: dict[tuple[int, int], WorkingTime] = {}
        self.below = self._leaves_below()
        self.release = self._releases()
        self.resources = [each.id for each in plan.capacities.values()]
        self.place = {resource_id: r for r, resource_id in enumerate(self.resources)}
        self.capacity = [int(each.max_units * _PARTS_OF_A_UNIT) for each in plan.capacities.values()]
        self.impossible: set[UUID] = set()
        self.stays = self._stays()
        self.axis = self._make_axis()

    # What surrounds the tasks

    def _leaves_below(self) -> dict[UUID, list[PlanTask]]:
        """By summary all active leaves below it."""
        found: defaultdict[UUID, list[PlanTask]] = defaultdict(list)
        for task in self.plan.tasks.values():
            if task.summary or not task.active:
                continue
            above = task.parent_id
            while above is not None:
                found[above].append(task)
                above = self.plan.tasks[above].parent_id
        return found

    def _ends(self, task_id: UUID) -> list[PlanTask]:
        """The leaves that a link's end speaks of."""
        task = self.plan.tasks[task_id]
        return self.below[task_id] if task.summary and not task.manual else [task]

    def _free(self, task: PlanTask) -> bool:
        return self.index.get(task.id, len(self.moving)) < len(self.moving)

    def _releases(self) -> list[int]:
        """The earliest starts in ticks if no task that moves had to wait for another that does."""
        plan, engine = self.plan, self.plan.as_network()
        tasks = []
        for each in engine.tasks:
            task = plan.tasks[each.id]  # type: ignore[index]  # our ids went in
            if task.summary or not task.active:
                tasks.append(each)
            elif self._free(task):
                tasks.append(replace(each, levelling_delay=0))
            else:
                start, finish = to_ticks(task.start), to_ticks(task.finish)
                tasks.append(
                    network.Task(
                        each.id, each.duration, each.parent, external=True, given_start=start, given_finish=finish
                    )
                )
        links = [
            link
            for link in engine.links
            if not any(self._free(leaf) for leaf in self._ends(link.predecessor))  # type: ignore[arg-type]  # our ids
        ]
        answer = schedule(replace(engine, tasks=tasks, links=links))
        return [answer.tasks[task.id].start if self._free(task) else to_ticks(task.start) for task in self.tasks]

    def _calendar_of(self, task: PlanTask) -> WorkingTime:
        """What the task's lags and its own duration count in."""
        if task.elapsed:
            return _AROUND_THE_CLOCK
        return self.plan.calendars[task.calendar_id] if task.calendar_id is not None else self.project

    def _works_in(self, task: PlanTask, part: PlanAssignment) -> WorkingTime:
        """What a part of the task runs in, as the schedule engine has it."""
        calendar = self._calendar_of(task)
        key = self.plan.calendar_key(task, part)
        if key is None:
            return calendar
        own = self.plan.calendars[key]
        if task.calendar_id is None:
            return own
        if task.ignore_resource_calendars:
            return calendar
        both = (id(own), id(calendar))
        if both not in self._common:
            self._common[both] = own.intersect(calendar)
        return self._common[both]

    def _parts(self, task: PlanTask) -> list[PlanAssignment]:
        return [part for part in self.plan.assignments.get(task.id, ()) if part.work]

    def _spans(self, task: PlanTask) -> list[tuple[WorkingTime, int, int]]:
        """The calendars in which the task runs, with what it waits and how far it reaches in each, in working ticks."""
        parts = self._parts(task)
        if task.splits is not None and "length" in task.splits and not parts:
            return [(self._calendar_of(task), 0, task.splits["length"])]
        gaps = task.splits.get("gaps", ()) if task.splits is not None else ()
        reach = reach_of(task.duration, pieces_of(gaps, task.duration)) if gaps else task.duration
        if not parts or task.elapsed or task.task_type == "fixed_duration":
            return [(self._calendar_of(task), 0, reach)]
        return [
            (
                self._works_in(task, part),
                part.delay,
                part.delay + (reach if part.duration is None else part.duration),
            )
            for part in parts
        ]

    def _uses_of(self, task: PlanTask, part: PlanAssignment) -> list[tuple[WorkingTime, int, int, Decimal]]:
        """When the part takes its resource: in which calendar, from where, to where, in working ticks from the start, and
        with how many units.
        """
        if task.elapsed:
            return [(_AROUND_THE_CLOCK, 0, task.duration, part.units)]
        if task.task_type == "fixed_duration":
            calendar = working_time_of(self.plan.capacities[part.resource_id], self.plan.calendars)
        else:
            calendar = self._works_in(task, part)
        return [
            (calendar, part.delay + begin, part.delay + end, units)
            for begin, end, units in stretches_of(part, length_of(part))
        ]

    # The axis

    def _make_axis(self) -> Axis:
        plan = self.plan
        spans = [span for task in self.tasks for span in self._spans(task)]
        uses = [
            (calendar, begin, end)
            for task in self.moving
            for part in self._parts(task)
            for calendar, begin, end, _ in self._uses_of(task, part)
        ]
        calendars = [self.project, *(each for each, _, _ in (*spans, *uses) if each is not _AROUND_THE_CLOCK)]
        lengths = [length for _, delay, reach in (*spans, *uses) for length in (delay, reach)]
        lengths += [link.lag for link in plan.links if link.lag_basis == LagBasis.WORKING.value]
        first = min([to_ticks(plan.start), *self.release])
        finishes = [to_ticks(each.finish) for each in plan.tasks.values()]
        # Work waits for what is missing for a while, and not for what is missing for good.
        finishes += [finish for each in plan.capacities.values() for _, finish, _ in each.missing if finish < FOR_GOOD]
        last = max([to_ticks(plan.finish_before or plan.start), *finishes])
        if all(each is self.project for each in calendars):
            moments = [*self.release, *(to_ticks(task.start) for task in self.tasks)]
            moments += [moment for _, _, start, finish, _ in self.stays for moment in (start, finish) if moment > first]
            gaps = (span[:2] for each in plan.capacities.values() for span in each.missing)
            moments += [moment for gap in gaps for moment in gap if first < moment < FOR_GOOD]
            lengths += [self.project.work_between(first, moment) for moment in moments]
        axis = make_axis(calendars, first, self._enough(last), lengths)
        # What runs around the clock may really begin at any time.
        axis.exact = axis.exact and not any(calendar is _AROUND_THE_CLOCK for calendar, _, _ in spans)
        return axis

    def _enough(self, last: int) -> int:
        """A moment by which surely all is done: behind the plan's end, what each resource has to do one after the other."""
        asked: defaultdict[UUID, Decimal] = defaultdict(Decimal)
        longest = 0
        for task in self.moving:
            for part in self._parts(task):
                for _, begin, end, units in self._uses_of(task, part):
                    asked[part.resource_id] += (end - begin) * units
                    longest = max(longest, end)
        until = self.project.add_work(last, 2 * longest + 1)
        for resource_id, amount in asked.items():
            capacity = self.plan.capacities[resource_id]
            if capacity.max_units:
                calendar = working_time_of(capacity, self.plan.calendars)
                until = calendar.add_work(until, int(amount / capacity.max_units))
        return until

    # The problem

    def model(self) -> LevellingModel:
        staying = self._staying()
        taken: list[list[tuple[int, int, int]]] = [[] for _ in self.resources]
        for each in staying:
            taken[each.resource].append((each.start, each.finish, each.amount))
        for r, capacity in enumerate(self.plan.capacities.values()):
            taken[r] += self._missing(capacity)
        activities = [self._activity(i, task) for i, task in enumerate(self.tasks)]
        precedences, floors = self._precedences(activities)
        for i, floor in floors.items():
            activities[i] = replace(activities[i], release=max(activities[i].release, floor))
        resources = tuple(Renewable(capacity, tuple(each)) for capacity, each in zip(self.capacity, taken, strict=True))
        # Whatever stays may end last; no schedule of the rest makes the project shorter than that.
        stays = (task for task in self.plan.tasks.values() if task.active and not task.summary and not self._free(task))
        last = max((to_ticks(task.finish) for task in stays), default=0)
        last_slot = min(self.axis.up(last), self.axis.horizon)
        activities.append(Activity(NO_SHIFT, (), last_slot, last_slot, last_slot))
        problem = Problem(tuple(activities), tuple(precedences), resources, self.axis.horizon)
        problem = replace(problem, activities=self._bounded(problem), order=())
        return LevellingModel(
            problem,
            self.axis,
            tuple(task.id for task in self.tasks),
            len(self.moving),
            tuple(self.resources),
            tuple(staying),
            tuple(sorted(self.impossible)),
        )

    def _stays(self) -> list[tuple[UUID, int, int, int, int]]:
        """What work that does not move takes of the resources: task, resource, start, finish in ticks, amount."""
        plan = self.plan
        found = []
        origin = to_ticks(plan.start)
        for task_id, parts in plan.assignments.items():
            task = plan.tasks.get(task_id)
            if task is None or task.summary or not task.active or task.percent_complete >= 100 or self._free(task):
                continue
            for part in parts:
                calendar = working_time_of(plan.capacities[part.resource_id], plan.calendars)
                for booking in bookings_of(task, part, partial(_position, calendar, origin)):
                    if booking.finish > booking.start:
                        start = calendar.next_start(calendar.add_work(origin, booking.start))
                        finish = calendar.add_work(origin, booking.finish)
                        amount = int(booking.units * _PARTS_OF_A_UNIT)
                        found.append((task_id, self.place[part.resource_id], start, finish, amount))
        return found

    def _staying(self) -> list[Holder]:
        """The same in slots, of which a part taken is the whole taken."""
        return [
            Holder(task_id, resource, slot, behind, amount)
            for task_id, resource, start, finish, amount in self.stays
            if (slot := self.axis.down(start)) < (behind := self.axis.up(finish))
        ]

    def _missing(self, capacity: Capacity) -> list[tuple[int, int, int]]:
        """What is not there of a resource for a time, in slots, of which a part missing is the whole missing."""
        axis = self.axis
        beginning, end = axis.moment(0), axis.moment(axis.horizon)
        return [
            (axis.down(max(start, beginning)), axis.up(min(finish, end)), int(units * _PARTS_OF_A_UNIT))
            for start, finish, units in capacity.missing
            if start < end and finish > beginning
        ]

    def _activity(self, i: int, task: PlanTask) -> Activity:
        spans, axis = self._spans(task), self.axis
        start = to_ticks(task.start)
        slot = axis.first_from(start)
        # Where the task does not start with a slot, staying there is not what the problem could tell from moving.
        calendar = spans[0][0]
        whole = slot < axis.horizon and calendar.work_between(start, axis.moment(slot)) == 0
        if i >= len(self.moving):
            return Activity(self._end(spans), (), slot, slot, slot)
        return Activity(
            end=self._end(spans),
            uses=tuple(self._uses(task)),
            release=axis.up(self.release[i]),
            latest=self._own_latest(task, spans, slot),
            reference=slot if whole else None,
            weight=_CHANGE + task.priority,
            priority=task.priority,
        )

    def _end(self, spans: Sequence[tuple[WorkingTime, int, int]]) -> Shift:
        if not any(reach for _, _, reach in spans):
            return NO_SHIFT
        return self.axis.shift(
            lambda moment: max(calendar.add_work(moment, reach) for calendar, _, reach in spans),
            [(calendar, reach) for calendar, _, reach in spans],
        )

    def _uses(self, task: PlanTask) -> Iterable[Use]:
        by_resource: dict[UUID, list[PlanAssignment]] = {}
        for part in self._parts(task):
            by_resource.setdefault(part.resource_id, []).append(part)
        for resource_id, parts in by_resource.items():
            r = self.place[resource_id]
            for calendar, begin, end, units in (use for part in parts for use in self._uses_of(task, part)):
                amount = int(units * _PARTS_OF_A_UNIT)
                if amount > self.capacity[r]:
                    self.impossible.add(resource_id)
                    amount = self.capacity[r]
                if amount and end > begin:
                    yield Use(
                        r,
                        amount,
                        self._carried(calendar, begin, to_end=False),
                        self._carried(calendar, end, to_end=True),
                    )

    def _carried(self, calendar: WorkingTime, work: int, *, to_end: bool) -> Shift:
        if to_end:
            return self.axis.shift(lambda moment: calendar.add_work(moment, work), [(calendar, work)])
        if not work and calendar is self.axis.even:
            return NO_SHIFT
        # A slot in which the work begins counts as taken, so that beginnings are rounded down.
        if calendar is self.axis.even:
            return Shift(work // self.axis.slot)
        table, last = [], 0
        for start in self.axis.starts:
            last = max(last, self.axis.down(calendar.next_start(calendar.add_work(start, work))))
            table.append(last)
        return Shift(table=(*table, max(last, self.axis.horizon)))

    def _own_latest(self, task: PlanTask, spans: Sequence[tuple[WorkingTime, int, int]], slot: int) -> int | None:
        """The last start that the task's own constraint allows (or, within float, its deadline), in slots."""
        ends = []
        works = any(reach for _, _, reach in spans)
        limited = task.constraint_type in _LIMITING and self.plan.options.honor_constraints
        if limited and task.constraint_date is not None:
            date = to_ticks(task.constraint_date)
            if task.constraint_type == "start_no_later_than":
                return max(slot, self.axis.containing(date) if works else self.axis.first_from(date))
            ends.append(date)
        if not self.extend and task.deadline is not None and task.finish <= task.deadline:
            ends.append(to_ticks(task.deadline))
        if task.id in self.last_days:
            ends.append((day_number(self.last_days[task.id]) + 1) * TICKS_PER_DAY)
        if not ends:
            return None
        if not works:
            return max(slot, self.axis.first_from(min(ends)))
        latest = min(calendar.subtract_work(min(ends), reach) for calendar, _, reach in spans)
        return max(slot, self.axis.containing(latest))

    def _precedences(self, activities: Sequence[Activity]) -> tuple[list[Precedence], dict[int, int]]:
        """What tasks that move demand of each other, and from when on others let them begin."""
        found: list[Precedence] = []
        floors: dict[int, int] = {}
        for link in self.plan.links:
            before, after = self._ends(link.predecessor_id), self._ends(link.successor_id)
            if not any(self._free(each) for each in before):
                continue
            from_end, to_end = link.dependency_type in _FROM_END, link.dependency_type in _TO_END
            for successor in after:
                j = self.index.get(successor.id)
                if j is None:
                    continue
                for predecessor in before:
                    lag = self._lag(link, predecessor, successor)
                    if self._free(predecessor):
                        precedence = Precedence(
                            self.index[predecessor.id], j, from_end, to_end, self._as_shift(link, lag, successor)
                        )
                        if j < len(self.moving) or self._holds_now(activities, precedence):
                            found.append(precedence)
                    elif j < len(self.moving):
                        moment = lag(to_ticks(predecessor.finish if from_end else predecessor.start))
                        slot = self.axis.up(moment)
                        if to_end:
                            slot = activities[j].end.first_reaching(slot)
                        floors[j] = max(floors.get(j, 0), slot)
        return found, floors

    def _holds_now(self, activities: Sequence[Activity], link: Precedence) -> bool:
        """Whether the plan as it stands keeps a link to a task that is held; one that is broken already bounds nobody."""
        i = link.predecessor
        start = self.axis.first_from(to_ticks(self.tasks[i].start))
        held = activities[link.successor]
        moment = activities[i].end.at(start) if link.from_end else start
        return (held.end.at(held.release) if link.to_end else held.release) >= link.lag.at(moment)

    def _lag(self, link: PlanLink, predecessor: PlanTask, successor: PlanTask) -> Callable[[int], int]:
        """How the link carries a moment of the predecessor, in ticks: by its lag, and to an end that there can be."""
        lag, basis = link.lag, LagBasis(link.lag_basis)
        if basis in (LagBasis.PERCENT, LagBasis.ELAPSED_PERCENT):
            lag = predecessor.duration * lag // 100
            if basis is LagBasis.ELAPSED_PERCENT or predecessor.elapsed:
                basis = LagBasis.ELAPSED
        calendar = self._calendar_of(successor)
        spans = self._spans(successor) if link.dependency_type in _TO_END else []
        ends = [own for own, _, reach in spans if reach]

        def carried(moment: int) -> int:
            if lag:
                moment = moment + lag if basis in _ELAPSED else calendar.add_work(moment, lag)
            # Work that is to end when there is none to be done ends before.
            return max((own.previous_finish(moment) for own in ends), default=moment)

        return carried

    def _as_shift(self, link: PlanLink, carried: Callable[[int], int], successor: PlanTask) -> Shift:
        if self.axis.even is not None and self._calendar_of(successor) is self.axis.even:
            if not link.lag:
                return NO_SHIFT
            if link.lag_basis == LagBasis.WORKING.value:
                return Shift(-(-link.lag // self.axis.slot))
        elif not link.lag and link.dependency_type not in _TO_END:
            return NO_SHIFT
        return self.axis.shift(carried, of_ends=link.dependency_type in _FROM_END)

    def _bounded(self, problem: Problem) -> tuple[Activity, ...]:
        """The activities with the latest starts that follow from each other and, within float, from the plan's finish."""
        finish = problem.horizon
        if not self.extend:
            finish = max(
                (
                    each.end.at(self.axis.first_from(to_ticks(task.start)))
                    for each, task in zip(problem.activities, self.tasks, strict=False)
                ),
                default=0,
            )
            finish = max(finish, self.axis.first_from(to_ticks(self.plan.finish_before or self.plan.start)))
        latest = latest_starts(problem, finish)
        return tuple(
            replace(each, latest=max(last, each.release, each.reference or 0))
            for each, last in zip(problem.activities, latest, strict=True)
        )


def _position(calendar: WorkingTime, origin: int, moment: datetime) -> int:
    """The working ticks from the origin to a moment."""
    return calendar.work_between(origin, to_ticks(moment))
