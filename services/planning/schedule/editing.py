"""What a caller may say of a task, carried out on the plan in memory: checked first, then changed, never half.

Nothing here reads or writes a database; the people that a change names have been looked up before.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.kernel.ids import new_id
from services.kernel.problems import UnknownReference
from services.kernel.working_time import TICKS_PER_MINUTE, to_local, to_ticks
from services.planning.schedule.dependency import DependencyType
from services.planning.schedule.effort import set_duration
from services.planning.schedule.plan_rows import PlanTask, new_task
from services.planning.schedule.task import (
    DATELESS,
    MAXIMUM_TASKS,
    ConstraintDateMissing,
    DateConstraint,
    InconsistentProgress,
    PlanTooLarge,
    SplitsOutside,
    SummaryIsComputed,
    TaskStatus,
)
from services.planning.schedule.working_plan import PROJECT_CALENDAR, WorkingPlan

# Which authority a member of a task needs. What stands in none of these moves dates.
TEXT_FIELDS: Final = frozenset({"title", "notes", "labels", "external_refs", "assignee_id", "priority"})
PROGRESS_FIELDS: Final = frozenset(
    {"percent_complete", "actual_start", "actual_finish", "remaining_minutes", "stop", "resume", "status"}
)
SCOPE_FIELDS: Final = frozenset({"parent_id", "after_id", "wbs_code", "milestone", "active"})
_OF_LEAVES: Final = (*sorted(PROGRESS_FIELDS), "duration_minutes", "elapsed", "splits")
# What a task that is to start behind the status date may be told to do instead.
_GIVING_WAY: Final = (*DATELESS, DateConstraint.START_NO_EARLIER_THAN)
_KEPT_BESIDE: Final = ("notes", "labels", "external_refs")
_PLAIN: Final = (
    "title",
    "milestone",
    "manual",
    "active",
    "elapsed",
    "task_type",
    "constraint_type",
    "constraint_date",
    "deadline",
    "calendar_id",
    "ignore_resource_calendars",
    "effort_driven",
    "placeholder",
    "priority",
    "manual_start",
    "manual_finish",
    "assignee_id",
)


def kinds_of(changes: Mapping[str, Any]) -> set[str]:
    """The kinds of authority that a change of these members needs."""
    kinds: set[str] = set()
    for name in changes:
        if name in TEXT_FIELDS:
            kinds.add("task.edit")
        elif name in PROGRESS_FIELDS:
            kinds.add("task.progress")
        elif name in SCOPE_FIELDS:
            kinds.add("scope.task")
        else:
            kinds.add("schedule.dates")
    return kinds or {"task.edit"}


def create_task(plan: WorkingPlan, values: Mapping[str, Any], texts: dict[UUID, dict[str, Any]]) -> PlanTask:
    """Add a task with the members that were named. Raises the area's problems and leaves the plan as it was."""
    if len(plan.tasks) >= MAXIMUM_TASKS:
        raise PlanTooLarge
    task = new_task(new_id(), values["title"])
    parent_id, after_id, first = _place(plan, task, values)
    if plan.options.finish_target is not None and "constraint_type" not in values:
        # Backwards from a finish, late is where work goes unless somebody says otherwise.
        values = {**values, "constraint_type": DateConstraint.AS_LATE_AS_POSSIBLE}
    if not values.get("milestone", False):
        task.duration = plan.minutes_per_day * TICKS_PER_MINUTE
    _check(plan, task, values)
    if "duration_minutes" in values:
        task.milestone = values["duration_minutes"] == 0
    plan.add(task, parent_id, after_id, first=first)
    become_summary(plan, parent_id)
    task.start = task.finish = plan.start
    _apply(plan, task, values, texts)
    return task


def change_task(
    plan: WorkingPlan, task: PlanTask, changes: Mapping[str, Any], texts: dict[UUID, dict[str, Any]]
) -> None:
    """Carry out a merge patch. Raises the area's problems and then leaves the plan as it was."""
    moves = "parent_id" in changes or "after_id" in changes
    parent_id, after_id, first = _place(plan, task, changes)
    if moves:
        plan.refuse_parent_cycle(task, parent_id)
    _check(plan, task, changes)
    if moves:
        plan.move(task, parent_id, after_id, first=first)
        become_summary(plan, parent_id)
    _apply(plan, task, changes, texts)
    plan.touch(task)


def move_remaining(plan: WorkingPlan, behind: datetime) -> int:
    """Let begun work resume, and other work start, no earlier than a moment. Returns how many tasks were changed for it.

    As Microsoft Project does with uncompleted work: a begun task is split, one not begun gets a constraint, unless it has
    another than to start no earlier than a date. What follows such a task needs none. Manual and inactive tasks and those
    of other projects stay.
    """
    stops: dict[UUID, datetime] = {}
    waiting: list[PlanTask] = []
    for task in plan.tasks.values():
        if task.summary or task.manual or task.external or not task.active or task.actual_finish is not None:
            continue
        if task.actual_start is not None:
            stopped = _stopped_at(plan, task)
            if plan.options.split_in_progress and stopped < behind:
                stops[task.id] = stopped
        elif task.start < behind and task.constraint_type in _GIVING_WAY:
            waiting.append(task)
    moved = {*stops, *(task.id for task in waiting)}
    led = {
        link.successor_id
        for link in plan.links
        if link.predecessor_id in moved and link.dependency_type == DependencyType.FINISH_TO_START and link.lag >= 0
    }
    for task_id, stopped in stops.items():
        task = plan.tasks[task_id]
        task.stop, task.resume = task.stop or stopped, behind
        plan.touch(task)
    held = [task for task in waiting if task.id not in led]
    for task in held:
        task.constraint_type, task.constraint_date = DateConstraint.START_NO_EARLIER_THAN.value, behind
        plan.touch(task)
    return len(stops) + len(held)


def _stopped_at(plan: WorkingPlan, task: PlanTask) -> datetime:
    """Until when a begun task has been worked on, or when it is to be resumed."""
    known = task.resume or task.stop
    if known is not None:
        return known
    left = task.duration * (100 - task.percent_complete) // 100 if task.remaining is None else task.remaining
    done, begun = max(0, task.duration - left), to_ticks(task.actual_start or task.start)
    calendar = plan.calendars[task.calendar_id or PROJECT_CALENDAR]
    return to_local(begun + done if task.elapsed else calendar.add_work(begun, done))


def _place(plan: WorkingPlan, task: PlanTask, values: Mapping[str, Any]) -> tuple[UUID | None, UUID | None, bool]:
    """The parent and the sibling to stand behind. Raises UnknownReference."""
    after_id: UUID | None = values.get("after_id")
    after = plan.tasks.get(after_id) if after_id is not None else None
    if after_id is not None and (after is None or after is task):
        raise UnknownReference("after_id")
    parent_id: UUID | None = values.get("parent_id", after.parent_id if after is not None else task.parent_id)
    if parent_id is not None and parent_id not in plan.tasks:
        raise UnknownReference("parent_id")
    if after is not None and after.parent_id != parent_id:
        raise UnknownReference("after_id")
    return parent_id, after_id, "after_id" in values and after_id is None


def _check(plan: WorkingPlan, task: PlanTask, values: Mapping[str, Any]) -> None:
    calendar_id = values.get("calendar_id")
    if calendar_id is not None and calendar_id not in plan.calendars:
        raise UnknownReference("calendar_id")
    if task.summary:
        for name in _OF_LEAVES:
            if name in values:
                raise SummaryIsComputed(name=name)
    constraint = values.get("constraint_type", task.constraint_type)
    if constraint not in DATELESS and values.get("constraint_date", task.constraint_date) is None:
        raise ConstraintDateMissing
    start = values.get("manual_start", task.manual_start)
    finish = values.get("manual_finish", task.manual_finish)
    if start is not None and finish is not None and finish < start:
        raise InconsistentProgress(reason="manual_finish lies before manual_start")
    splits = values.get("splits")
    if splits:
        _refuse_gaps(splits, values.get("duration_minutes", task.duration // TICKS_PER_MINUTE))
    if PROGRESS_FIELDS & values.keys():
        _progress(task, values)


def _refuse_gaps(splits: Sequence[Any], minutes: int) -> None:
    """A pause lies inside the work, behind the one before it. Raises SplitsOutside."""
    before = 0
    for split in splits:
        if not before < split.after_minutes < minutes:
            raise SplitsOutside
        before = split.after_minutes


def _apply(plan: WorkingPlan, task: PlanTask, values: Mapping[str, Any], texts: dict[UUID, dict[str, Any]]) -> None:
    for name in _PLAIN:
        if name in values:
            setattr(task, name, values[name])
    if task.constraint_type in DATELESS:
        task.constraint_date = None
    if "wbs_code" in values and values["wbs_code"] != task.wbs_custom:
        task.wbs_custom = values["wbs_code"]
        plan.recoded.add(task.id)
        # The codes of everything below begin with this one.
        _ = plan.outline
    if "levelling_delay_minutes" in values:
        task.levelling_delay = values["levelling_delay_minutes"] * TICKS_PER_MINUTE
    if "duration_minutes" in values:
        _set_duration(plan, task, values["duration_minutes"] * TICKS_PER_MINUTE)
    if "splits" in values:
        gaps = [
            [each.after_minutes * TICKS_PER_MINUTE, each.gap_minutes * TICKS_PER_MINUTE] for each in values["splits"]
        ]
        task.splits = {"gaps": gaps} if gaps else None
    if PROGRESS_FIELDS & values.keys():
        for name, value in _progress(task, values).items():
            setattr(task, name, value)
        _forget_remaining_parts(plan, task)
    kept = {name: values[name] for name in _KEPT_BESIDE if name in values}
    if kept:
        texts.setdefault(task.id, {}).update(kept)


def _set_duration(plan: WorkingPlan, task: PlanTask, duration: int) -> None:
    """Its assignments follow; what is left of a begun task follows its percentage again."""
    if duration == task.duration:
        return
    parts = plan.assignments.get(task.id, ())
    set_duration(task, parts, duration)
    if parts:
        plan.rescaled.add(task.id)


def _forget_remaining_parts(plan: WorkingPlan, task: PlanTask) -> None:
    """What an import knew to be left of each resource's part is overtaken by a report on the whole task."""
    for one in plan.assignments.get(task.id, ()):
        if one.remaining is not None:
            one.remaining = None
            plan.rescaled.add(task.id)
    if task.splits is not None and "length" in task.splits:
        length = task.splits["length"]
        task.splits = {"length": length, "remaining": length * (100 - task.percent_complete) // 100}


def become_summary(plan: WorkingPlan, parent_id: UUID | None) -> None:
    """A task that gets its first child no longer has progress of its own: it is now what its children report."""
    parent = plan.tasks.get(parent_id) if parent_id is not None else None
    if parent is None or parent.summary:
        return
    parent.summary = True
    for name, value in _NO_PROGRESS.items():
        setattr(parent, name, value)
    plan.touch(parent)


_NO_PROGRESS: Final[dict[str, Any]] = {
    "percent_complete": 0,
    "actual_start": None,
    "actual_finish": None,
    "remaining": None,
    "stop": None,
    "resume": None,
    "status": TaskStatus.TODO.value,
}
_PERCENT_OF_STATUS: Final = {TaskStatus.TODO: 0, TaskStatus.DONE: 100}


def _progress(task: PlanTask, values: Mapping[str, Any]) -> dict[str, Any]:
    """The progress that the named members add up to. Raises InconsistentProgress where they contradict each other.

    What was not said follows from the plan: work began and ended as planned (Microsoft Project reads a percentage so).
    """
    percent: int = values.get("percent_complete", task.percent_complete)
    if "status" in values and "percent_complete" not in values:
        percent = _PERCENT_OF_STATUS.get(values["status"], min(percent, 99))
    actual_start: datetime | None = values.get("actual_start", task.actual_start)
    actual_finish: datetime | None = values.get("actual_finish", task.actual_finish)
    said_percent = "percent_complete" in values or "status" in values
    if values.get("actual_finish") is not None:
        if said_percent and percent != 100:
            raise InconsistentProgress(reason="a task with an actual finish is 100 % complete")
        percent = 100
    elif "actual_finish" in values and percent == 100 and not said_percent:
        raise InconsistentProgress(reason="say how far the task is when you take its actual finish away")
    if (
        said_percent
        and percent == 0
        and values.get("status") != TaskStatus.IN_PROGRESS
        and "actual_start" not in values
    ):
        return _NO_PROGRESS
    begun = percent > 0 or values.get("status") == TaskStatus.IN_PROGRESS
    if begun and actual_start is None:
        actual_start = task.start
        if actual_finish is not None and actual_finish < actual_start:
            actual_start = actual_finish
    if percent < 100:
        actual_finish = None
    elif actual_finish is None:
        actual_finish = task.finish if actual_start is None else max(task.finish, actual_start)
    if actual_finish is not None and actual_start is not None and actual_finish < actual_start:
        raise InconsistentProgress(reason="the actual finish lies before the actual start")
    minutes = values.get("remaining_minutes")
    stop: datetime | None = values.get("stop")
    resume: datetime | None = values.get("resume")
    if stop is not None and resume is not None and resume < stop:
        raise InconsistentProgress(reason="work resumes before it stopped")
    unfinished = percent < 100 and actual_start is not None
    return {
        "percent_complete": percent,
        "actual_start": actual_start,
        "actual_finish": actual_finish,
        "remaining": minutes * TICKS_PER_MINUTE if unfinished and minutes is not None else None,
        "stop": stop if unfinished else None,
        "resume": resume if unfinished else None,
        "status": (
            TaskStatus.DONE
            if percent == 100
            else TaskStatus.IN_PROGRESS
            if actual_start is not None
            else TaskStatus.TODO
        ).value,
    }
