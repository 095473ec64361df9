"""Recurring tasks: their occurrences are ordinary tasks of the plan, made, made again and taken away with their pattern."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from services.kernel.access import require_member
from services.kernel.events import FactType
from services.kernel.problems import UnknownReference
from services.kernel.schemas import merged
from services.kernel.session import WriteSession
from services.kernel.working_time import TICKS_PER_MINUTE, day_number
from services.planning.recurrences.events import RECURRENCE_ADDED, RECURRENCE_CHANGED, RECURRENCE_REMOVED
from services.planning.recurrences.recurrence import Recurrence, RecursTooEarly
from services.planning.recurrences.repository import RECURRENCES, load_recurrence, project_of_recurrence
from services.planning.recurrences.schemas import NewRecurrence, RecurrencePatch
from services.planning.schedule.editing import change_task, create_task
from services.planning.schedule.events import TASK_CHANGED, TASK_CREATED, TASK_DELETED
from services.planning.schedule.plan_rows import PlanTask, task_row
from services.planning.schedule.repository.loading import load_plan
from services.planning.schedule.task import DateConstraint
from services.planning.schedule.use_cases.plan_changes import PlanChange, plan_dates, settle, tell_rest
from services.planning.schedule.use_cases.tasks import require_people
from services.planning.schedule.working_days import WorkedDays
from services.planning.schedule.working_plan import PROJECT_CALENDAR, WorkingPlan

Texts = dict[UUID, dict[str, Any]]
# A title has at most 300 characters, of which a number needs some.
_WORDS: Final = 290


async def add_recurrence(
    session: WriteSession, project_id: UUID, new: NewRecurrence
) -> tuple[Recurrence, dict[str, Any]]:
    """A summary with a task for each day of the pattern. Returns it and the effects of the answer.

    Raises UnknownReference, RecursTooEarly, NoOccurrence, TooManyOccurrences.
    """
    await require_member(session, session.principal, project_id)
    plan = await load_plan(session, project_id, lock=True)
    await require_people(session, project_id, [{"assignee_id": new.assignee_id}])
    recurrence = Recurrence(project_id=project_id, occurrences=[])
    _set(plan, recurrence, {name: getattr(new, name) for name in type(new).model_fields})
    texts: Texts = {}
    place = {name: getattr(new, name) for name in ("parent_id", "after_id") if name in new.model_fields_set}
    summary = create_task(plan, {"title": new.title, "milestone": False} | place, texts)
    texts.setdefault(summary.id, {})["recurring"] = True
    recurrence.task_id = summary.id
    made = _make_occurrences(plan, recurrence, texts)
    question = f"Shall the plan have a recurring task {new.title}?"
    chosen = f"{len(made)} times"
    change = PlanChange(["scope.task"], "task", summary.id, summary.title, question, chosen)
    effects = await settle(session, plan, change, texts)
    session.add(recurrence)
    await session.flush()
    _tell(session, plan, created=[summary, *made])
    _tell_recurrence(session, RECURRENCE_ADDED, recurrence)
    return recurrence, effects


async def change_recurrence(
    session: WriteSession, recurrence_id: UUID, expected_version: int, patch: RecurrencePatch
) -> tuple[Recurrence, dict[str, Any]]:
    """Other days, another duration or title: what has begun stays as it is, the rest follows.

    Raises UnknownReference, RecursTooEarly, NoOccurrence, TooManyOccurrences.
    """
    project_id = await project_of_recurrence(session, recurrence_id)
    await require_member(session, session.principal, project_id)
    plan = await load_plan(session, project_id, lock=True)
    recurrence = await load_recurrence(session, recurrence_id)
    await RECURRENCES.check_version(session, recurrence.id, recurrence.version, expected_version)
    values = merged(patch)
    await require_people(session, project_id, [values])
    title_before = recurrence.title
    _set(plan, recurrence, values)
    texts: Texts = {}
    changed = _follow(plan, recurrence, values, texts)
    removed = _drop_outdated(plan, recurrence)
    made = _make_occurrences(plan, recurrence, texts)
    for task_id, fields in _renumber(plan, recurrence, title_before, texts).items():
        changed.setdefault(task_id, set()).update(fields)
    question = f"Shall {recurrence.title} recur otherwise?"
    chosen = f"{len(made)} occurrences added, {len(removed)} removed, {len(changed)} changed"
    kinds = {"scope.task"} | ({"schedule.dates"} if changed else set())
    effects = await settle(
        session, plan, PlanChange(kinds, "task", recurrence.task_id, recurrence.title, question, chosen), texts
    )
    await session.flush()
    _tell(session, plan, created=made, changed=changed, removed=removed)
    if recurrence.version != expected_version:
        _tell_recurrence(session, RECURRENCE_CHANGED, recurrence)
    return recurrence, effects


async def remove_recurrence(session: WriteSession, recurrence_id: UUID, expected_version: int) -> None:
    """It does not recur any more. What has begun stays, and with it the summary; where nothing has, all of it goes."""
    project_id = await project_of_recurrence(session, recurrence_id)
    await require_member(session, session.principal, project_id)
    plan = await load_plan(session, project_id, lock=True)
    recurrence = await load_recurrence(session, recurrence_id)
    await RECURRENCES.check_version(session, recurrence.id, recurrence.version, expected_version)
    removed = _take_out(plan, recurrence, (task for _, task in _known(plan, recurrence)))
    summary = plan.tasks[recurrence.task_id]
    texts: Texts = {}
    await session.delete(recurrence)
    # Before the plan is stored: with the summary its recurrence goes by itself.
    await session.flush()
    if plan.outline.children(summary.id):
        texts[summary.id] = {"recurring": False}
        plan.touch(summary)
    else:
        removed = [plan.remove(summary) + [each for ids in removed for each in ids]]
    question = f"Shall {recurrence.title} not recur any more?"
    chosen = f"{len(plan.removed)} tasks removed"
    change = PlanChange(["scope.task"], "task", summary.id, summary.title, question, chosen)
    await settle(session, plan, change, texts)
    _tell(session, plan, removed=removed)
    _tell_recurrence(session, RECURRENCE_REMOVED, recurrence)


def _set(plan: WorkingPlan, recurrence: Recurrence, values: Mapping[str, Any]) -> None:
    """Carry over what a body says. Raises UnknownReference, RecursTooEarly."""
    calendar_id = values.get("calendar_id")
    if calendar_id is not None and calendar_id not in plan.calendars:
        raise UnknownReference("calendar_id")
    for name in ("title", "starts_on", "skip_nonworking", "assignee_id", "calendar_id"):
        if name in values:
            setattr(recurrence, name, values[name])
    if "until" in values or "count" in values:
        recurrence.until, recurrence.count = values.get("until"), values.get("count")
    if "pattern" in values:
        recurrence.pattern = values["pattern"].model_dump(mode="json")
    if "starts_at" in values:
        clock = time.fromisoformat(values["starts_at"] or "00:00")
        recurrence.starts_at = clock.hour * 60 + clock.minute
    if "duration_minutes" in values:
        recurrence.duration = values["duration_minutes"] * TICKS_PER_MINUTE
    if "starts_on" in values and values["starts_on"] < plan.start.date():
        raise RecursTooEarly


def _works_on(plan: WorkingPlan, recurrence: Recurrence) -> Callable[[date], bool]:
    calendar = plan.calendars[recurrence.calendar_id or PROJECT_CALENDAR]
    worked = WorkedDays(calendar)
    return lambda day: day_number(day) in worked


def _begun(task: PlanTask) -> bool:
    return task.actual_start is not None or task.percent_complete > 0


def _known(plan: WorkingPlan, recurrence: Recurrence) -> list[tuple[date, PlanTask | None]]:
    """The days that have an occurrence, with its task unless somebody has deleted it."""
    return [(date.fromisoformat(each["day"]), plan.tasks.get(UUID(each["task_id"]))) for each in recurrence.occurrences]


def _take_out(plan: WorkingPlan, recurrence: Recurrence, tasks: Iterable[PlanTask | None]) -> list[list[UUID]]:
    """Remove what is there still and has not begun, but for what the summary itself was put below."""
    above, kept = plan.tasks[recurrence.task_id].parent_id, set[UUID]()
    while above is not None:
        kept.add(above)
        above = plan.tasks[above].parent_id
    return [
        plan.remove(task)
        for task in tasks
        if task is not None and task.id in plan.tasks and task.id not in kept and not _begun(task)
    ]


def _wanted(plan: WorkingPlan, recurrence: Recurrence) -> list[date]:
    """The days that are to have an occurrence: those of what has begun, and behind them those of the pattern."""
    begun = [day for day, task in _known(plan, recurrence) if task is not None and _begun(task)]
    return recurrence.days(_works_on(plan, recurrence), begun)


def _moment(recurrence: Recurrence, day: date) -> datetime:
    return datetime.combine(day, time()) + timedelta(minutes=recurrence.starts_at)


def _follow(plan: WorkingPlan, recurrence: Recurrence, values: Mapping[str, Any], texts: Texts) -> dict[UUID, set[str]]:
    """Let the summary and what has not begun follow another title, duration, time, calendar or assignee."""
    changed: dict[UUID, set[str]] = {}
    shared = {name: values[name] for name in ("duration_minutes", "assignee_id", "calendar_id") if name in values}
    for day, task in _known(plan, recurrence):
        if task is None or _begun(task):
            continue
        wanted = dict(shared)
        if task.summary:
            # Somebody has divided the work, whose parts have durations of their own.
            wanted.pop("duration_minutes", None)
        if "starts_at" in values:
            wanted["constraint_date"] = _moment(recurrence, day)
        if wanted:
            change_task(plan, task, wanted, texts)
            changed[task.id] = set(wanted)
    if "title" in values:
        change_task(plan, plan.tasks[recurrence.task_id], {"title": recurrence.title}, texts)
        changed[recurrence.task_id] = {"title"}
    return changed


def _drop_outdated(plan: WorkingPlan, recurrence: Recurrence) -> list[list[UUID]]:
    """Take what has not begun off the days that are no longer among those of the pattern."""
    wanted = set(_wanted(plan, recurrence))
    outdated, kept = [], []
    for each, (day, task) in zip(recurrence.occurrences, _known(plan, recurrence), strict=True):
        if day in wanted:
            kept.append(each)
        else:
            outdated.append(task)
    recurrence.occurrences = kept
    return _take_out(plan, recurrence, outdated)


def _make_occurrences(plan: WorkingPlan, recurrence: Recurrence, texts: Texts) -> list[PlanTask]:
    """Make the tasks of those days that have none, behind each other in the order of days."""
    known = {day: each for (day, _), each in zip(_known(plan, recurrence), recurrence.occurrences, strict=True)}
    occurrences, made = [], []
    after: UUID | None = None
    for number, day in enumerate(_wanted(plan, recurrence), 1):
        each = known.get(day)
        if each is None:
            values = {
                "title": _title(recurrence.title, number),
                "parent_id": recurrence.task_id,
                "after_id": after,
                "duration_minutes": recurrence.duration // TICKS_PER_MINUTE,
                "constraint_type": DateConstraint.START_NO_EARLIER_THAN,
                "constraint_date": _moment(recurrence, day),
                "assignee_id": recurrence.assignee_id,
                "calendar_id": recurrence.calendar_id,
            }
            task = create_task(plan, values, texts)
            made.append(task)
            each = {"task_id": str(task.id), "day": day.isoformat()}
        occurrences.append(each)
        present = plan.tasks.get(UUID(each["task_id"]))
        if present is not None and present.parent_id == recurrence.task_id:
            after = present.id
    recurrence.occurrences = occurrences
    return made


def _renumber(plan: WorkingPlan, recurrence: Recurrence, title_before: str, texts: Texts) -> dict[UUID, set[str]]:
    """Number what has not begun anew, unless somebody has given it a title of its own."""
    changed: dict[UUID, set[str]] = {}
    for number, (_, task) in enumerate(_known(plan, recurrence), 1):
        if task is None or _begun(task):
            continue
        words, _, last = task.title.rpartition(" ")
        wanted = _title(recurrence.title, number)
        if words == title_before[:_WORDS] and last.isdecimal() and task.title != wanted:
            change_task(plan, task, {"title": wanted}, texts)
            changed[task.id] = {"title"}
    return changed


def _title(title: str, number: int) -> str:
    return f"{title[:_WORDS]} {number}"


def _tell(
    session: WriteSession,
    plan: WorkingPlan,
    *,
    created: Iterable[PlanTask] = (),
    changed: Mapping[UUID, set[str]] | None = None,
    removed: Iterable[list[UUID]] = (),
) -> None:
    """Record what became of the tasks, and what moved because of them."""
    frame = {"moved": [], "plan": plan_dates(plan.start, plan.finish)}
    for task in created:
        data = {"task": task_row(task), **frame, "origin": None}
        session.record(TASK_CREATED, "task", task.id, data, project_id=plan.project_id)
    for task_id, fields in (changed or {}).items():
        if task_id in plan.tasks:
            data = {"task": task_row(plan.tasks[task_id]), "changed_fields": sorted(fields), **frame}
            session.record(TASK_CHANGED, "task", task_id, data, project_id=plan.project_id)
    for ids in removed:
        data = {"removed_ids": [str(each) for each in ids], **frame}
        session.record(TASK_DELETED, "task", ids[0], data, project_id=plan.project_id)
    tell_rest(session, plan, "recurrence", skip=0)


def _tell_recurrence(session: WriteSession, fact_type: FactType, recurrence: Recurrence) -> None:
    data = {
        "task_id": str(recurrence.task_id),
        "title": recurrence.title,
        "pattern": recurrence.pattern,
        "starts_on": recurrence.starts_on.isoformat(),
        "until": recurrence.until and recurrence.until.isoformat(),
        "count": recurrence.count,
        "occurrences": len(recurrence.occurrences),
    }
    session.record(fact_type, "recurrence", recurrence.id, data, project_id=recurrence.project_id)
