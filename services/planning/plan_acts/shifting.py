"""Work moved by working days: dates that were given move along, and what follows others by links follows them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from services.kernel.working_time import NoWorkingTime
from services.planning.plan_acts.working_days import WorkingDays
from services.planning.schedule.plan_rows import PlanLink, PlanTask
from services.planning.schedule.task import DATELESS, DateConstraint, NoWorkingTimeLeft
from services.planning.schedule.working_plan import PROJECT_CALENDAR, WorkingPlan

_NO_EARLIER: Final = DateConstraint.START_NO_EARLIER_THAN.value


def shift_tasks(plan: WorkingPlan, chosen: Iterable[UUID], days: int, *, deadlines: bool) -> tuple[list[UUID], int]:
    """Move tasks, and all below them, by working days of their calendars. Returns which were changed, and how many of the
    work found was left alone since it has begun or is another project's.

    A date constraint moves by so many days, and so do the dates of a manual task and, with `deadlines`, the deadline. A
    task without a date of its own that is driven by another of the chosen follows it; any other gets the constraint to
    start no earlier than its shifted start (as Microsoft Project does when a bar is dragged). Earlier than its links allow
    nothing starts, so a shift back sets no constraint. Raises NoWorkingTimeLeft.
    """
    covered = _covered(plan, chosen)
    links = {link.id: link for link in plan.links}
    calendars: dict[UUID | None, WorkingDays] = {}
    changed: list[UUID] = []
    skipped = 0
    try:
        for task in covered.values():
            if task.external or (not task.summary and (task.actual_start is not None or task.percent_complete)):
                skipped += 1
                continue
            if task.calendar_id not in calendars:
                calendars[task.calendar_id] = WorkingDays(plan.calendars[task.calendar_id or PROJECT_CALENDAR])
            if _shift(task, calendars[task.calendar_id], days, _led(task, links, covered), deadlines=deadlines):
                plan.touch(task)
                changed.append(task.id)
    except (NoWorkingTime, OverflowError) as error:
        raise NoWorkingTimeLeft from error
    return changed, skipped


def _covered(plan: WorkingPlan, chosen: Iterable[UUID]) -> dict[UUID, PlanTask]:
    """The chosen tasks with all below them, in the order of the outline."""
    wanted = set(chosen)
    covered: dict[UUID, PlanTask] = {}
    for task in plan.tasks.values():  # A parent stands before its children.
        if task.id in wanted or task.parent_id in covered:
            covered[task.id] = task
    return covered


def _led(task: PlanTask, links: dict[UUID, PlanLink], covered: dict[UUID, PlanTask]) -> bool:
    """Whether the link that drives the task comes from work that is shifted itself."""
    link = links.get(task.driving_dependency_id) if task.driving_dependency_id is not None else None
    leader = covered.get(link.predecessor_id) if link is not None else None
    return leader is not None and leader.actual_start is None and not leader.percent_complete


def _shift(task: PlanTask, calendar: WorkingDays, days: int, led: bool, *, deadlines: bool) -> bool:
    before = (task.constraint_type, task.constraint_date, task.manual_start, task.manual_finish, task.deadline)
    if task.manual:
        task.manual_start = _moved(task.manual_start, calendar, days)
        task.manual_finish = _moved(task.manual_finish, calendar, days)
    if task.constraint_type not in DATELESS:
        task.constraint_date = _moved(task.constraint_date, calendar, days)
    elif not task.manual and not task.summary and not led and days > 0:
        task.constraint_type, task.constraint_date = _NO_EARLIER, calendar.shifted(task.start, days)
    if deadlines:
        task.deadline = _moved(task.deadline, calendar, days)
    return before != (task.constraint_type, task.constraint_date, task.manual_start, task.manual_finish, task.deadline)


def _moved(moment: datetime | None, calendar: WorkingDays, days: int) -> datetime | None:
    return None if moment is None else calendar.shifted(moment, days)
