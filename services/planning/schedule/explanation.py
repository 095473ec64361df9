"""Why a task lies where it does: what bounds its start, with the dates that each bound alone would give.

Also the chain of driving links between two tasks, and the network cut into paths by their float. All of it is read off the
engine's sweeps; nothing is scheduled anew.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from services.planning.schedule.critical_path import Sweeps
from services.planning.schedule.network import ConstraintType, Driver, Link, LinkType, Task, TaskId
from services.planning.schedule.plan_graph import Edge

_FROM_START: Final = (ConstraintType.START_NO_EARLIER_THAN, ConstraintType.MUST_START_ON)
_FROM_FINISH: Final = (ConstraintType.FINISH_NO_EARLIER_THAN, ConstraintType.MUST_FINISH_ON)
_CEILINGS: Final = (ConstraintType.START_NO_LATER_THAN, ConstraintType.FINISH_NO_LATER_THAN)


@dataclass(frozen=True, slots=True)
class Bound:
    """One reason, and the start and finish that the task would have if there were no other; in ticks.

    `drives` marks those that the task's start (its finish, where a resource or a link says so) really comes from. `holder`
    is the summary whose link or constraint it is, None for the task's own; `moment` what is bound, before any calendar.
    """

    reason: Driver
    start: int
    finish: int
    drives: bool
    moment: int
    link: Link | None = None
    holder: TaskId | None = None
    constraint: ConstraintType | None = None
    resource_id: object = None


@dataclass(frozen=True, slots=True)
class FloatPath:
    """A chain of tasks, each a predecessor of the next, and the smallest total float among them, in working ticks."""

    tasks: tuple[TaskId, ...]
    total_float: int


def bounds_of(sweeps: Sweeps, task_id: TaskId) -> list[Bound]:
    """Everything that bounds a leaf's start; of a summary the children that its dates come from."""
    i = sweeps.index[task_id]
    task = sweeps.tasks[i]
    if sweeps.is_summary[i] and not task.manual:
        return _children_of(sweeps, i)
    if sweeps.driver_of(i) in (Driver.ACTUAL, Driver.MANUAL):
        reason = sweeps.driver_of(i)
        return [Bound(reason, sweeps.start[i], sweeps.finish[i], True, sweeps.start[i]), *_resources(sweeps, i)]
    found = [_at(sweeps, i, Driver.PROJECT_START, sweeps.project_start)]
    for holder in _line(sweeps, i):
        own = None if holder == i else sweeps.tasks[holder].id
        found += [_by_link(sweeps, i, edge, own) for edge in sweeps.predecessors[holder]]
        if holder != i:
            found += _of_summary(sweeps, i, sweeps.tasks[holder])
    found += _by_constraint(sweeps, i, task)
    if task.constraint is ConstraintType.AS_LATE_AS_POSSIBLE and sweeps.pinned[i] is not None:
        found.append(_at(sweeps, i, Driver.AS_LATE_AS_POSSIBLE, sweeps.late_start[i]))
    if task.levelling_delay:
        found.append(_at(sweeps, i, Driver.LEVELLING, sweeps.project_start + task.levelling_delay))
    if sweeps.driver_of(i) is Driver.CALENDAR:
        found.append(_at(sweeps, i, Driver.CALENDAR, sweeps.project_start))
    return [*found, *_resources(sweeps, i)]


def driving_path(sweeps: Sweeps, origin: TaskId, target: TaskId) -> list[TaskId] | None:
    """The tasks from one to another along links that drive, the shortest chain; None where the one drives the other not.

    A link of a summary drives through it: into its tasks, and out of those that end with it.
    """
    goal, start = sweeps.index[origin], sweeps.index[target]
    behind: dict[int, int] = {start: -1}
    waiting = [start]
    for i in waiting:
        if i == goal:
            path, at = [], i
            while at >= 0:
                path.append(sweeps.tasks[at].id)
                at = behind[at]
            return path
        for before in _drivers_of(sweeps, i):
            if before not in behind:
                behind[before] = i
                waiting.append(before)
    return None


def float_paths(sweeps: Sweeps, limit: int) -> list[FloatPath]:
    """Up to `limit` paths through the unfinished work, the most critical first; each task is on one of them.

    The task with the least total float that is on no path yet begins the next one, which goes on, backwards and forwards,
    to the neighbour with the least float as long as there is a free one (Primavera's multiple float paths, by total float).
    """
    total, _ = sweeps.floats()
    free = {
        i
        for i, task in enumerate(sweeps.tasks)
        if task.active and not sweeps.is_summary[i] and task.actual_finish is None and task.percent_complete < 100
    }
    paths: list[FloatPath] = []
    for seed in sorted(free, key=lambda i: (total[i], sweeps.finish[i], i)):
        if len(paths) == limit:
            break
        if seed not in free:
            continue
        free.remove(seed)
        path = deque([seed])
        while near := {edge[0] for edge in sweeps.predecessors[path[0]]} & free:
            path.appendleft(min(near, key=lambda i: (total[i], i)))
            free.remove(path[0])
        while near := {edge[5] for edge in sweeps.successors[path[-1]]} & free:
            path.append(min(near, key=lambda i: (total[i], i)))
            free.remove(path[-1])
        paths.append(FloatPath(tuple(sweeps.tasks[i].id for i in path), total[seed]))
    return paths


def _line(sweeps: Sweeps, i: int) -> Iterator[int]:
    """The task and the summaries above it, up to a manual one, whose own start stands for all above."""
    while i != sweeps.n:
        yield i
        i = sweeps.parent[i]
        if i != sweeps.n and sweeps.tasks[i].manual:
            yield i
            return


def _at(sweeps: Sweeps, i: int, reason: Driver, moment: int, **more: object) -> Bound:
    """A bound on the start."""
    start = sweeps.start_after(i, moment)
    drives = sweeps.driver_of(i) is reason
    return Bound(reason, start, sweeps.finish_from(i, start), drives, moment, **more)  # type: ignore[arg-type]


def _by_link(sweeps: Sweeps, i: int, edge: Edge, holder: TaskId | None) -> Bound:
    before, kind = edge[0], edge[1]
    moment = sweeps.finish[before] if kind in (LinkType.FINISH_START, LinkType.FINISH_FINISH) else sweeps.start[before]
    owner = i if holder is None else sweeps.index[holder]
    if edge[3] is not None:
        moment = sweeps.lagged(moment, edge, before, owner, 1)
    if kind in (LinkType.FINISH_START, LinkType.START_START):
        start = sweeps.start_after(i, moment)
        finish, drives = sweeps.finish_from(i, start), start == sweeps.start[i]
    else:
        start, finish = sweeps.start_for(i, moment), moment
        drives = sweeps.calendar[i].work_between(moment, sweeps.finish[i]) == 0
    return Bound(Driver.LINK, start, finish, drives, moment, sweeps.plan.links[edge[4]], holder)


def _of_summary(sweeps: Sweeps, i: int, summary: Task) -> list[Bound]:
    if summary.manual and summary.given_start is not None:
        return [_at(sweeps, i, Driver.SUMMARY, summary.given_start, holder=summary.id)]
    date = summary.constraint_date
    if date is not None and summary.constraint is ConstraintType.START_NO_EARLIER_THAN:
        return [_at(sweeps, i, Driver.SUMMARY, date, holder=summary.id, constraint=summary.constraint)]
    return []


def _by_constraint(sweeps: Sweeps, i: int, task: Task) -> list[Bound]:
    """A constraint that is a ceiling bounds the start only where it really pulls the task forward."""
    date, kind = task.constraint_date, task.constraint
    if date is None or (kind in _CEILINGS and sweeps.driver_of(i) is not Driver.CONSTRAINT):
        return []
    drives = sweeps.driver_of(i) is Driver.CONSTRAINT
    if kind in _FROM_START or kind is ConstraintType.START_NO_LATER_THAN:
        return [_at(sweeps, i, Driver.CONSTRAINT, date, constraint=kind)]
    if kind in _FROM_FINISH or kind is ConstraintType.FINISH_NO_LATER_THAN:
        return [Bound(Driver.CONSTRAINT, sweeps.start_for(i, date), date, drives, date, constraint=kind)]
    return []


def _resources(sweeps: Sweeps, i: int) -> list[Bound]:
    """What each resource's own hours, delay and share of the work make of the start that the task has."""
    task, spans = sweeps.tasks[i], sweeps.spans[i]
    if not task.assignments or task.elapsed or task.fixed_duration:
        return []
    found = []
    for part in task.assignments:
        if part.resource_id is None:
            continue
        calendar, delay, reach = sweeps.span_of(i, part)
        start = calendar.next_start(calendar.add_work(sweeps.start[i], delay))
        finish = calendar.add_work(sweeps.start[i], reach)
        drives = len(spans) > 1 and finish == sweeps.finish[i]
        found.append(Bound(Driver.RESOURCE, start, finish, drives, sweeps.start[i], resource_id=part.resource_id))
    return found


def _children_of(sweeps: Sweeps, i: int) -> list[Bound]:
    """The children that begin first and end last."""
    found = []
    for child, above in enumerate(sweeps.parent[: sweeps.n]):
        if above != i or not sweeps.tasks[child].active or sweeps.tasks[child].placeholder:
            continue
        start, finish = sweeps.start[child], sweeps.finish[child]
        if start == sweeps.start[i] or finish == sweeps.finish[i]:
            holder = sweeps.tasks[child].id
            found.append(Bound(Driver.CHILDREN, start, finish, True, start, holder=holder))
    return found


def _drivers_of(sweeps: Sweeps, i: int) -> Iterator[int]:
    """The tasks that a task's dates come from: over its links and those of its summaries, or as a summary's children."""
    if sweeps.is_summary[i]:
        last = (each for each in _children_of(sweeps, i) if each.finish == sweeps.finish[i])
        yield from (sweeps.index[each.holder] for each in last if each.holder is not None)
        return
    if sweeps.driver_of(i) in (Driver.ACTUAL, Driver.MANUAL):
        return
    for holder in _line(sweeps, i):
        own = None if holder == i else sweeps.tasks[holder].id
        for edge in sweeps.predecessors[holder]:
            if _by_link(sweeps, i, edge, own).drives:
                yield edge[0]
