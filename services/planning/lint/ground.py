"""What the rules look at: the plan with its network, its baseline, its people and its money, read once."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from services.kernel.working_time import TICKS_PER_MINUTE, to_ticks
from services.planning.schedule.plan_rows import PlanLink, PlanTask
from services.planning.schedule.planned_cost import plan_costs
from services.planning.schedule.working_plan import PROJECT_CALENDAR, WorkingPlan


@dataclass(frozen=True, slots=True)
class BaselineDates:
    """A task as it was agreed upon."""

    start: datetime
    finish: datetime


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """A resource of the project."""

    id: UUID
    version: int
    name: str
    resource_type: str
    standard_rate: Decimal | None
    person_id: UUID | None


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """Who works on what."""

    id: UUID
    version: int
    task_id: UUID
    resource_id: UUID
    work: int


@dataclass(frozen=True)
class Ground:
    """`now` is the status date, else the present, in the project's local time; `baseline` the last one, None without any.

    `members` are the people who are on the project and active, the manager first; `budget` and `spent` are in the
    project's currency. `unacknowledged` has, by task, who does it, has not acknowledged its brief, and is not seen to.
    """

    plan: WorkingPlan
    project_version: int
    now: datetime
    today: datetime
    link_versions: Mapping[UUID, int] = field(default_factory=dict)
    baseline: Mapping[UUID, BaselineDates] | None = None
    resources: Sequence[ResourceRow] = ()
    assignments: Sequence[AssignmentRow] = ()
    members: Sequence[UUID] = ()
    budget: Decimal = Decimal(0)
    spent: Decimal = Decimal(0)
    cost_code_id: UUID | None = None
    unacknowledged: Mapping[UUID, Sequence[UUID]] = field(default_factory=dict)

    # The network

    @cached_property
    def leaves(self) -> list[PlanTask]:
        """The tasks that are work: active, of this project, and without others below them."""
        return [each for each in self.plan.tasks.values() if each.active and not each.external and not each.summary]

    @cached_property
    def unfinished(self) -> list[PlanTask]:
        return [each for each in self.leaves if each.percent_complete < 100]

    @cached_property
    def work(self) -> list[PlanTask]:
        """The unfinished leaves that take time: what the DCMA counts."""
        return [each for each in self.unfinished if not each.milestone and each.duration]

    @cached_property
    def summaries(self) -> list[PlanTask]:
        return [each for each in self.plan.tasks.values() if each.summary and each.active]

    @cached_property
    def children(self) -> Mapping[UUID | None, list[PlanTask]]:
        found: defaultdict[UUID | None, list[PlanTask]] = defaultdict(list)
        for each in self.plan.tasks.values():
            found[each.parent_id].append(each)
        return found

    @cached_property
    def before(self) -> Mapping[UUID, list[PlanLink]]:
        """By task the links that lead to it."""
        return self._by("successor_id")

    @cached_property
    def after(self) -> Mapping[UUID, list[PlanLink]]:
        """By task the links that lead away from it."""
        return self._by("predecessor_id")

    def _by(self, end: str) -> Mapping[UUID, list[PlanLink]]:
        found: defaultdict[UUID, list[PlanLink]] = defaultdict(list)
        for link in self.plan.links:
            found[getattr(link, end)].append(link)
        return found

    def line(self, task: PlanTask) -> Iterator[PlanTask]:
        """The task and the summaries that it lies in, whose links are its own as well."""
        each: PlanTask | None = task
        while each is not None:
            yield each
            each = self.plan.tasks.get(each.parent_id) if each.parent_id is not None else None

    def links_to(self, task: PlanTask) -> list[PlanLink]:
        return [link for each in self.line(task) for link in self.before.get(each.id, ())]

    def links_from(self, task: PlanTask) -> list[PlanLink]:
        return [link for each in self.line(task) for link in self.after.get(each.id, ())]

    def of_unfinished(self) -> Iterator[tuple[PlanLink, PlanTask, PlanTask]]:
        """The links whose successor is still to be done, with their ends."""
        tasks = self.plan.tasks
        for link in self.plan.links:
            predecessor, successor = tasks.get(link.predecessor_id), tasks.get(link.successor_id)
            if predecessor and successor and successor.active and successor.percent_complete < 100:
                yield link, predecessor, successor

    def reaches(self, start: UUID, goal: UUID) -> bool:
        """Whether links, or the outline, lead from one task to the other, so that a link back would close a circle."""
        seen, waiting = {start}, [start]
        while waiting:
            each = waiting.pop()
            if each == goal:
                return True
            following = [link.successor_id for link in self.after.get(each, ())]
            following += [child.id for child in self.children.get(each, ())]
            parent_id = self.plan.tasks[each].parent_id if each in self.plan.tasks else None
            if parent_id is not None and self.after.get(parent_id):
                following.append(parent_id)
            fresh = [one for one in following if one not in seen]
            seen.update(fresh)
            waiting.extend(fresh)
        return False

    # Time

    def between(self, start: datetime, finish: datetime) -> int:
        """The working minutes of the project's calendar from one moment to the other; 0 where they are the other way round."""
        if finish <= start:
            return 0
        ticks = self.plan.calendars[PROJECT_CALENDAR].work_between(to_ticks(start), to_ticks(finish))
        return int(ticks / TICKS_PER_MINUTE)

    def days(self, days: float) -> int:
        """Working days in minutes."""
        return int(days * self.plan.minutes_per_day)

    @staticmethod
    def minutes(ticks: int) -> int:
        return int(ticks / TICKS_PER_MINUTE)

    @cached_property
    def finish(self) -> datetime:
        return max((each.finish for each in self.leaves), default=self.plan.start)

    @cached_property
    def end(self) -> PlanTask | None:
        """What the plan ends with: the last milestone that nothing waits for, else the task that finishes last."""
        ends = [each for each in self.leaves if each.milestone and not self.after.get(each.id)]
        return max(ends or self.leaves, key=lambda each: (each.finish, each.position or 0), default=None)

    # Money

    def cost_of(self, *tasks: PlanTask) -> Decimal:
        """What is still to be spent on these tasks by their assignments."""
        plan = self.plan
        parts = [(one, each.percent_complete) for each in tasks for one in plan.assignments.get(each.id, ())]
        expenses = [(one, each.percent_complete) for each in tasks for one in plan.expenses.get(each.id, ())]
        return plan_costs(parts, expenses, plan.currency, plan.stint_of)[1]

    @cached_property
    def cost_of_a_day(self) -> Decimal:
        """What a working day of the project costs on the average of what is left: the price of a day's delay."""
        left = self.between(max(self.now, self.plan.start), self.finish) // self.plan.minutes_per_day
        if not left:
            return Decimal(0)
        return (self.cost_of(*self.unfinished) / left).quantize(Decimal("0.01"))

    def cost_of_delay(self, minutes: int) -> Decimal:
        """The price of a delay at the average day's cost."""
        return (self.cost_of_a_day * minutes / self.plan.minutes_per_day).quantize(Decimal("0.01"))
