"""A project's whole plan in memory for one change: loaded in few statements, edited, rescheduled, compared, stored."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final, NoReturn
from uuid import UUID

from services.kernel.working_time import (
    TICKS_PER_MINUTE,
    InvalidCalendar,
    NoWorkingTime,
    WorkingTime,
    to_local,
    to_ticks,
)
from services.planning.schedule import dependency, network, task
from services.planning.schedule.absent_time import AROUND_THE_CLOCK, without
from services.planning.schedule.critical_path import Sweeps, schedule, swept
from services.planning.schedule.plan_rows import (
    COMPUTED,
    Before,
    Capacity,
    Options,
    PlanAssignment,
    PlanExpense,
    PlanLink,
    PlanTask,
    Standing,
    Stored,
)
from services.planning.schedule.planned_cost import plan_costs, stint_of_expense, stint_of_part
from services.planning.schedule.pricing import Stint
from services.planning.schedule.resource_load import (
    Booking,
    blocks_by_resource,
    bookings_by_resource,
    overallocated_minutes,
)
from services.planning.scope.outline import Outline, TooDeep
from services.planning.scope.wbs_mask import WbsMask

_CONSTRAINTS: Final = {each.name.lower(): each for each in network.ConstraintType}
_TYPES: Final = {
    "finish_to_start": network.LinkType.FINISH_START,
    "start_to_start": network.LinkType.START_START,
    "finish_to_finish": network.LinkType.FINISH_FINISH,
    "start_to_finish": network.LinkType.START_FINISH,
}
_BASES: Final = {each.value: each for each in network.LagBasis}
_DRIVERS: Final = {each: each.value for each in network.Driver}
PROJECT_CALENDAR: Final = "project"
_computed_values: Final[Callable[[PlanTask], tuple[Any, ...]]] = attrgetter(*COMPUTED)


@dataclass(slots=True)
class WorkingPlan:
    """The plan of one project. Editing marks what was touched; `reschedule` finds what follows from it.

    `before` holds, by id, what every task that existed and changed was; `expenses` the material and the costs of a task;
    `standing_before` what the plan came to before the change; `assignees_before` and `durations_before` whose the tasks
    were and how long they took; `status_before` the status of those that had been begun; `removed` the tasks that were
    taken out, as they were. `has_formulas` tells whether custom fields are computed from what changes. `stored` are the rows
    that the plan was made from, in their order; `change_id` is the id of the journal's entry, once the change has one.
    """

    project_id: UUID
    name: str
    currency: str
    time_zone: str
    start: datetime
    status_date: datetime | None
    minutes_per_day: int
    critical_float_minutes: int
    finish_before: datetime | None
    start_before: datetime
    calendars: dict[Any, WorkingTime]
    tasks: dict[UUID, PlanTask]
    links: list[PlanLink] = field(default_factory=list)
    assignments: dict[UUID, list[PlanAssignment]] = field(default_factory=dict)
    expenses: dict[UUID, list[PlanExpense]] = field(default_factory=dict)
    capacities: dict[UUID, Capacity] = field(default_factory=dict)
    standing_before: Standing = field(default_factory=lambda: Standing(Decimal(0), Decimal(0), {}))
    assignees_before: dict[UUID, UUID] = field(default_factory=dict)
    status_before: dict[UUID, str] = field(default_factory=dict)
    durations_before: dict[UUID, int] = field(default_factory=dict)
    # The parts of those whose resources changed, and the resources, as they were: a removed one is still told of.
    reassigned: dict[UUID, list[PlanAssignment]] = field(default_factory=dict)
    capacities_before: dict[UUID, Capacity] = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    has_formulas: bool = False
    # By name of a rule: what it was and what it is.
    options_changed: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    relinked: bool = False
    relocated: set[UUID] = field(default_factory=set)
    wbs_mask: WbsMask = field(default_factory=WbsMask)
    # Whose codes somebody has typed in this change, so that they are held against the mask.
    recoded: set[UUID] = field(default_factory=set)
    stored: Stored = field(default_factory=Stored)
    change_id: UUID | None = None
    finish: datetime | None = None
    added: dict[UUID, PlanTask] = field(default_factory=dict)
    edited: dict[UUID, PlanTask] = field(default_factory=dict)
    removed: dict[UUID, PlanTask] = field(default_factory=dict)
    moved: dict[UUID, PlanTask] = field(default_factory=dict)
    before: dict[UUID, Before] = field(default_factory=dict)
    rescaled: set[UUID] = field(default_factory=set)
    _outline: Outline[PlanTask] | None = None
    _computed: dict[UUID, tuple[Any, ...]] = field(default_factory=dict)

    # Editing

    @property
    def outline(self) -> Outline[PlanTask]:
        """The tree, built when a change of the structure first asks for it."""
        if self._outline is None:
            self._outline = Outline(list(self.tasks.values()))
        return self._outline

    def add(self, new: PlanTask, parent_id: UUID | None, after_id: UUID | None = None, *, first: bool = False) -> None:
        """Put a new task below a parent, behind a sibling or, without one, last (or first)."""
        self.outline.place(new, parent_id, 0 if first else self._index(parent_id, after_id))
        self.tasks[new.id] = new
        self.added[new.id] = new

    def move(self, moved: PlanTask, parent_id: UUID | None, after_id: UUID | None, *, first: bool) -> None:
        """Move a task with all below it. The new parent must not lie below it, see `refuse_parent_cycle`."""
        outline = self.outline
        subtree = outline.subtree(moved)
        for each in subtree:
            self._keep_computed(each)
            each.position = None
        outline.take(moved)
        outline.place(moved, parent_id, 0 if first else self._index(parent_id, after_id))
        self.relocated.add(moved.id)
        self.touch(moved)

    def refuse_parent_cycle(self, moved: PlanTask, parent_id: UUID | None) -> None:
        """Raise ParentCycle when the task would come to lie below itself."""
        above = parent_id
        while above is not None:
            if above == moved.id:
                raise task.ParentCycle(task_ids=[str(moved.id), str(parent_id)])
            above = self.tasks[above].parent_id

    def remove(self, removed: PlanTask) -> list[UUID]:
        """Take a task and all below it out of the plan, with their links. Returns the ids, the task's own first."""
        subtree = self.outline.subtree(removed)
        self.outline.take(removed)
        ids = [each.id for each in subtree]
        gone = set(ids)
        for each in subtree:
            del self.tasks[each.id]
            self.edited.pop(each.id, None)
            if self.added.pop(each.id, None) is None:
                self.removed[each.id] = each
        self.unlink(gone)
        return ids

    def remove_all(self, chosen: Iterable[PlanTask]) -> list[UUID]:
        """Take many tasks and all below them out of the plan, with their links. Returns the ids."""
        outline = self.outline
        gone: dict[UUID, PlanTask] = {}
        roots = []
        for root in chosen:
            if root.id not in gone:
                roots.append(root)
                gone.update((each.id, each) for each in outline.subtree(root))
        outline.take_all(roots)
        for task_id, each in gone.items():
            del self.tasks[task_id]
            self.edited.pop(task_id, None)
            if self.added.pop(task_id, None) is None:
                self.removed[task_id] = each
        self.unlink(gone.keys())
        return list(gone)

    def arrange(self, places: Sequence[tuple[PlanTask, UUID | None, UUID | None]]) -> None:
        """Put many tasks below parents, each behind a sibling (None: first; one that is not there: last), in this order.

        New ones are in `tasks` and `added` already. No task may come to lie below itself.
        """
        outline = self.outline
        moved = [placed for placed, _, _ in places if placed.id not in self.added]
        for placed in moved:
            for each in outline.subtree(placed):
                self._keep_computed(each)
                each.position = None
        # An outline that is built only now holds the new ones, too.
        outline.take_all(placed for placed, _, _ in places)
        outline.arrange(places)
        for placed in moved:
            self.relocated.add(placed.id)
            self.touch(placed)

    def unlink(self, gone: AbstractSet[UUID]) -> None:
        """Take out the links of tasks that are no more."""
        kept = [link for link in self.links if link.predecessor_id not in gone and link.successor_id not in gone]
        self.relinked = self.relinked or len(kept) < len(self.links)
        self.links = kept

    def touch(self, edited: PlanTask) -> None:
        """Mark a task whose own values were changed, so that they are stored and its version moves."""
        if edited.id not in self.added:
            self.edited[edited.id] = edited

    def _index(self, parent_id: UUID | None, after_id: UUID | None) -> int:
        siblings = self.outline.children(parent_id)
        if after_id is None:
            return len(siblings)
        return next(index for index, each in enumerate(siblings) if each.id == after_id) + 1

    def _keep_computed(self, each: PlanTask) -> None:
        """Remember the stored values of a task before the outline overwrites them."""
        if each.id not in self.added:
            self._computed.setdefault(each.id, _computed_values(each))

    # Cost and load

    def standing(self) -> Standing:
        """What the plan comes to as it is now; an inactive task costs nothing."""
        tasks = self.tasks
        parts = [
            (one, tasks[task_id].percent_complete)
            for task_id, assigned in self.assignments.items()
            if task_id in tasks and tasks[task_id].active
            for one in assigned
        ]
        expenses = [
            (each, tasks[task_id].percent_complete)
            for task_id, brought in self.expenses.items()
            if task_id in tasks and tasks[task_id].active
            for each in brought
        ]
        planned, remaining = plan_costs(parts, expenses, self.currency, self.stint_of)
        overallocated = overallocated_minutes(self.bookings(), self.capacities, self.blocks())
        return Standing(planned, remaining, overallocated)

    def stint_of(self, what: PlanAssignment | PlanExpense) -> Stint:
        """When a part of the plan is worked on, or an expense arises."""
        task = self.tasks[what.task_id]
        if isinstance(what, PlanExpense):
            return stint_of_expense(task, self.calendars["project"])
        if task.elapsed:
            return stint_of_part(task, what, AROUND_THE_CLOCK)
        return stint_of_part(task, what, self.calendars[self.calendar_key(task, what) or task.calendar_id or "project"])

    @property
    def capacities_known(self) -> dict[UUID, Capacity]:
        """The resources as they are, and those that are no more as they were."""
        return self.capacities_before | self.capacities

    def bookings(self) -> dict[UUID, list[tuple[UUID, Booking]]]:
        """By resource: what each task still takes of its working time, in ticks from the project's start."""
        return bookings_by_resource(self.tasks, self.assignments, self.capacities, self.calendars, self.start)

    def blocks(self) -> dict[UUID, list[Booking]]:
        """By resource: what is missing of its units for a time, likewise."""
        return blocks_by_resource(self.capacities, self.calendars, self.start)

    def calendar_key(self, task: PlanTask, part: PlanAssignment) -> Any:
        """The key of the calendar that a part runs in, None for that of its task.

        Who is away and has no calendar of their own works by the task's, so that what is taken off is then the days alone.
        """
        if not part.away:
            return part.calendar_id
        own = part.calendar_id or (PROJECT_CALENDAR if task.calendar_id is None else None)
        key = (own, part.away)
        if key not in self.calendars:
            self.calendars[key] = without(AROUND_THE_CLOCK if own is None else self.calendars[own], part.away)
        return key

    # Scheduling

    def reschedule(self) -> None:
        """Bring outline, dates and float up to date, and fill `moved`, `before` and `finish`.

        Raises the area's problems where the engine refuses the plan.
        """
        if self._outline is not None:
            self.renumber()
            if self.recoded:
                self._require_codes()
        links = self._engine_links()
        link_ids = {id(link): stored.id for link, stored in zip(links, self.links, strict=True)}
        try:
            answer = schedule(self._engine_plan(links))
        except (network.ScheduleError, NoWorkingTime, InvalidCalendar, OverflowError) as error:
            self._refuse(error)
        for placed in answer.tasks.values():
            self._take_over(self.tasks[placed.id], placed, link_ids)  # type: ignore[index]  # our ids went in
        self.finish = to_local(answer.finish) if self.tasks else None
        if self.options.finish_target is not None and self.tasks:
            self.start = to_local(answer.start)

    def renumber(self) -> None:
        """Bring order, levels and codes of the outline up to date. Raises OutlineTooDeep."""
        outline = self.outline
        for each in self.tasks.values():
            self._keep_computed(each)
        mask = None if self.wbs_mask.usual else self.wbs_mask
        try:
            self.tasks = {each.id: each for each in outline.renumber(mask)}
        except TooDeep:
            raise task.OutlineTooDeep from None

    def _require_codes(self) -> None:
        """Raise WbsCodeOffMask or WbsCodeTaken for a code that was typed in this change."""
        typed = [self.tasks[task_id] for task_id in self.recoded if task_id in self.tasks]
        off = [each for each in typed if not self.fits_mask(each)]
        if off and self.wbs_mask.levels:
            raise task.WbsCodeOffMask(code_typed=off[0].wbs_code, task_ids=[str(each.id) for each in off])
        if self.wbs_mask.unique:
            count = Counter(each.wbs_code for each in self.tasks.values())
            taken = [each for each in typed if count[each.wbs_code] > 1]
            if taken:
                raise task.WbsCodeTaken(code_typed=taken[0].wbs_code, task_ids=[str(each.id) for each in taken])

    def fits_mask(self, each: PlanTask) -> bool:
        """Whether a typed code is one that the mask allows where the task stands; a generated one always is."""
        parent = self.tasks[each.parent_id].wbs_code if each.parent_id is not None else ""
        return each.wbs_custom is None or self.wbs_mask.fits(each.outline_level, parent, each.wbs_custom)

    def swept(self) -> tuple[Sweeps, dict[int, UUID]]:
        """The engine's sweeps over the plan as it stands, and the ids of the dependencies by `id` of the engine's links."""
        links = self._engine_links()
        try:
            sweeps = swept(self._engine_plan(links))
        except (network.ScheduleError, NoWorkingTime, InvalidCalendar, OverflowError) as error:
            self._refuse(error)
        return sweeps, {id(link): stored.id for link, stored in zip(links, self.links, strict=True)}

    def _engine_links(self) -> list[network.Link]:
        return [
            network.Link(
                link.predecessor_id, link.successor_id, _TYPES[link.dependency_type], link.lag, _BASES[link.lag_basis]
            )
            for link in self.links
        ]

    def as_network(self) -> network.Plan:
        """The plan as the engine takes it, by the ids of tasks."""
        return self._engine_plan(self._engine_links())

    def _engine_plan(self, links: list[network.Link]) -> network.Plan:
        options = self.options
        assigned = self.assignments
        return network.Plan(
            tasks=[_engine_task(each, assigned.get(each.id, ()), self.calendar_key) for each in self.tasks.values()],
            links=links,
            start=to_ticks(self.start),
            finish=None if options.finish_target is None else to_ticks(options.finish_target),
            calendar=PROJECT_CALENDAR,
            calendars=self.calendars,
            status_date=None if self.status_date is None else to_ticks(self.status_date),
            critical_slack_limit=self.critical_float_minutes * TICKS_PER_MINUTE,
            honor_constraints=options.honor_constraints,
            split_in_progress=options.split_in_progress,
            minutes_per_day=self.minutes_per_day,
            multiple_critical_paths=options.multiple_critical_paths,
        )

    def _take_over(self, each: PlanTask, placed: network.TaskSchedule, link_ids: dict[int, UUID]) -> None:
        link = placed.driving_link
        kept = self._computed.pop(each.id, None)
        earlier = kept if kept is not None else _computed_values(each)
        if placed.summary:
            each.duration = placed.duration
            each.percent_complete = placed.percent_complete
            each.status = _status(placed.percent_complete)
        start, finish = to_local(placed.start), to_local(placed.finish)
        computed = (
            each.position,
            each.outline_level,
            each.wbs_code,
            placed.summary,
            each.duration,
            each.percent_complete,
            each.status,
            start,
            finish,
            start if placed.early_start == placed.start else to_local(placed.early_start),
            finish if placed.early_finish == placed.finish else to_local(placed.early_finish),
            start if placed.late_start == placed.start else to_local(placed.late_start),
            finish if placed.late_finish == placed.finish else to_local(placed.late_finish),
            int(placed.total_float / TICKS_PER_MINUTE),
            int(placed.free_float / TICKS_PER_MINUTE),
            placed.critical,
            _DRIVERS[placed.driver],
            None if link is None else link_ids[id(link)],
        )
        if computed == earlier:
            return
        # The first seven are the task's own already. A thousand tasks may move at once, so this is spelled out.
        (
            each.summary,
            each.start,
            each.finish,
            each.early_start,
            each.early_finish,
            each.late_start,
            each.late_finish,
            each.total_float_minutes,
            each.free_float_minutes,
            each.critical,
            each.driver,
            each.driving_dependency_id,
        ) = (placed.summary, *computed[7:])
        if each.id in self.added:
            return
        self.before.setdefault(each.id, Before(earlier[7], earlier[8], earlier[13], earlier[15]))
        if each.id not in self.edited:
            self.moved[each.id] = each

    def _refuse(self, error: Exception) -> NoReturn:
        """Say what the engine found wrong in the words of the area."""
        ids = [each for each in getattr(error, "ids", ()) if each in self.tasks]
        names = [str(each) for each in ids]
        match error:
            case network.DependencyCycle():
                titles = " → ".join(self.tasks[each].title for each in ids[:10])
                raise dependency.DependencyCycle(task_ids=names, titles=titles) from error
            case network.SelfLink():
                raise dependency.SelfDependency from error
            case network.AncestorLink():
                raise dependency.AncestorDependency(task_ids=names) from error
            case network.ParentCycle():
                raise task.ParentCycle(task_ids=names) from error
            case NoWorkingTime() | InvalidCalendar() | OverflowError():
                raise task.NoWorkingTimeLeft from error
            case _:
                raise error


def _status(percent_complete: int) -> str:
    return "done" if percent_complete >= 100 else "in_progress" if percent_complete else "todo"


def pieces_of(gaps: list[list[int]], duration: int) -> tuple[network.Piece, ...]:
    """The stretches of work between the gaps, each of which is [behind how much of the duration, how long]."""
    pieces, done, paused = [], 0, 0
    for after, gap in gaps:
        pieces.append(network.Piece(done + paused, after - done))
        done, paused = after, paused + gap
    return (*pieces, network.Piece(done + paused, duration - done))


def _engine_task(
    each: PlanTask,
    assignments: "list[PlanAssignment] | tuple[()]",
    calendar_key: Callable[[PlanTask, PlanAssignment], Any],
) -> network.Task:
    def ticks(moment: datetime | None) -> int | None:
        return None if moment is None else to_ticks(moment)

    extra: dict[str, Any] = {}
    if assignments and not each.summary and any(one.work for one in assignments):
        extra["assignments"] = tuple(
            network.Assignment(
                one.resource_id,
                calendar_key(each, one),
                float(one.units),
                one.work,
                one.duration,
                one.remaining,
                one.delay,
            )
            for one in assignments
            if one.work
        )
    elif each.splits is not None and "length" in each.splits:
        extra["assignments"] = (
            network.Assignment(None, duration=each.splits["length"], remaining=each.splits["remaining"]),
        )
    if each.splits is not None and "gaps" in each.splits and not each.summary:
        extra["splits"] = pieces_of(each.splits["gaps"], each.duration)
    if each.manual or each.external:
        extra |= {
            "manual": each.manual,
            "external": each.external,
            "placeholder": each.placeholder,
            "given_start": ticks(each.manual_start),
            "given_finish": ticks(each.manual_finish),
        }
    if each.actual_start is not None or each.percent_complete or each.actual_finish is not None:
        extra |= {
            "actual_start": ticks(each.actual_start),
            "actual_finish": ticks(each.actual_finish),
            "percent_complete": each.percent_complete,
            "remaining": each.remaining,
            "stop": ticks(each.stop),
            "resume": ticks(each.resume),
        }
    if each.constraint_date is not None or each.deadline is not None:
        extra |= {"constraint_date": ticks(each.constraint_date), "deadline": ticks(each.deadline)}
    if each.ignore_resource_calendars or each.levelling_delay:
        extra |= {"ignore_resource_calendars": each.ignore_resource_calendars, "levelling_delay": each.levelling_delay}
    return network.Task(
        id=each.id,
        duration=each.duration,
        parent=each.parent_id,
        elapsed=each.elapsed,
        calendar=each.calendar_id,
        fixed_duration=each.task_type == "fixed_duration",
        constraint=_CONSTRAINTS[each.constraint_type],
        active=each.active,
        milestone=each.milestone,
        priority=each.priority,
        **extra,
    )
