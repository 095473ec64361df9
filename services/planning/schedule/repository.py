"""Every SQL statement of the schedule: what readers see, and how a whole plan is loaded and stored."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

import orjson

from services.kernel.access import sees_project
from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.kernel.working_time import WorkingTime
from services.planning.schedule.calendar import default_calendar, working_calendar
from services.planning.schedule.task import DateConstraint, ExternalRefTaken, TaskStatus
from services.planning.schedule.working_plan import (
    COLUMNS,
    COMPUTED,
    Options,
    PlanAssignment,
    PlanLink,
    PlanTask,
    WorkingPlan,
)

_MINUTES: Final = "round({} / 10.0)::bigint"


def _plain(*names: str) -> dict[str, str]:
    return {name: f"t.{name}" for name in names}


def _task_collection(source: str) -> Collection:
    return Collection(
        noun="task",
        source=source,
        columns=object_columns("task")
        | _plain("project_id", "parent_id")
        | {"rank": "lpad(t.position::text, 16, '0')"}
        | _plain(
            "position", "outline_level", "wbs_code", "title", "notes", "labels", "status", "milestone", "summary", "manual", "active"
        )
        | {"duration_minutes": _MINUTES.format("t.duration")}
        | _plain("elapsed", "task_type", "constraint_type", "constraint_date", "deadline", "calendar_id", "priority")
        | _plain("percent_complete", "actual_start", "actual_finish")
        | {"remaining_minutes": _MINUTES.format("t.remaining")}
        | _plain("stop", "resume", "manual_start", "manual_finish", "assignee_id", "start", "finish")
        | _plain("early_start", "early_finish", "late_start", "late_finish", "total_float_minutes", "free_float_minutes", "critical")
        | {"driver": "json_build_object('reason', t.driver, 'dependency_id', t.driving_dependency_id)"}
        | _plain("external_refs"),
        filters={
            "status": Filter("t.status", "text", tuple(TaskStatus)),
            "assignee_id": Filter("t.assignee_id", "uuid"),
            "parent_id": Filter("t.parent_id", "uuid"),
            "title": Filter("t.title", "text"),
            "wbs_code": Filter("t.wbs_code", "text"),
            "milestone": Filter("t.milestone", "boolean"),
            "summary": Filter("t.summary", "boolean"),
            "critical": Filter("t.critical", "boolean"),
            "active": Filter("t.active", "boolean"),
            "start": Filter("t.start", "local"),
            "finish": Filter("t.finish", "local"),
            "deadline": Filter("t.deadline", "local"),
            "constraint_type": Filter("t.constraint_type", "text", tuple(DateConstraint)),
            "outline_level": Filter("t.outline_level", "integer"),
            "percent_complete": Filter("t.percent_complete", "integer"),
            "total_float_minutes": Filter("t.total_float_minutes", "integer"),
            "labels": Filter("array_to_string(t.labels, E'\\n')", "text"),
            "updated_at": Filter("t.updated_at", "instant"),
        },
        sorts={
            "position": Sort("t.position", "integer", nullable=False),
            "start": Sort("t.start", "local", nullable=False),
            "finish": Sort("t.finish", "local", nullable=False),
            "deadline": Sort("t.deadline", "local"),
            "title": Sort("t.title", "text", nullable=False, by_language=True),
            "total_float_minutes": Sort("t.total_float_minutes", "integer", nullable=False),
            "priority": Sort("t.priority", "integer", nullable=False),
            "created_at": Sort("t.created_at", "instant", nullable=False),
            "updated_at": Sort("t.updated_at", "instant", nullable=False),
        },
        default_sort="position",
        searched=("t.title", "t.notes"),
        expansions={
            "assignee": "(select json_build_object('id', p.id, 'type', 'person', 'name', p.name) from people p"
            " where p.tenant_id = t.tenant_id and p.id = t.assignee_id)",
            "parent": "(select json_build_object('id', p.id, 'type', 'task', 'title', p.title, 'wbs_code', p.wbs_code)"
            " from tasks p where p.tenant_id = t.tenant_id and p.id = t.parent_id)",
        },
        viewer_kinds={
            "update.text": "task.edit",
            "update.progress": "task.progress",
            "update.dates": "schedule.dates",
            "move": "scope.task",
            "delete": "scope.task",
        },
    )


TASKS: Final = _task_collection("tasks t")
MILESTONES: Final = _task_collection("(select * from tasks where milestone) t")

DEPENDENCIES: Final = Collection(
    noun="dependency",
    source="dependencies t",
    columns=object_columns("dependency")
    | _plain("project_id", "predecessor_id", "successor_id", "dependency_type", "lag_basis")
    | {
        "lag_minutes": "case when t.lag_basis in ('working','elapsed') then round(t.lag / 10.0)::bigint end",
        "lag_percent": "case when t.lag_basis in ('percent','elapsed_percent') then t.lag end",
    },
    filters={
        "predecessor_id": Filter("t.predecessor_id", "uuid"),
        "successor_id": Filter("t.successor_id", "uuid"),
        "dependency_type": Filter("t.dependency_type", "text"),
    },
    sorts={"created_at": Sort("t.created_at", "instant", nullable=False)},
    viewer_kinds={"update": "schedule.dates", "delete": "schedule.dates"},
)

CALENDARS: Final = Collection(
    noun="calendar",
    source="calendars t join projects p on p.tenant_id = t.tenant_id and p.id = t.project_id",
    columns=object_columns("calendar")
    | _plain("project_id", "name", "base_calendar_id")
    | {
        "days": "t.document->'days'",
        "exceptions": "t.document->'exceptions'",
        "work_weeks": "t.document->'work_weeks'",
        "is_project_calendar": "coalesce(p.calendar_id = t.id, false)",
    },
    filters={"name": Filter("t.name", "text"), "base_calendar_id": Filter("t.base_calendar_id", "uuid")},
    sorts={
        "name": Sort("t.name", "text", nullable=False, by_language=True),
        "created_at": Sort("t.created_at", "instant", nullable=False),
    },
    viewer_kinds={"update": "calendar.change", "delete": "calendar.change"},
)

BASELINES: Final = Collection(
    noun="baseline",
    source="baselines t",
    columns=object_columns("baseline")
    | _plain("project_id", "number", "name", "reason", "set_at", "start", "finish", "decision_id"),
    filters={"number": Filter("t.number", "integer"), "name": Filter("t.name", "text")},
    sorts={"number": Sort("t.number", "integer", nullable=False), "created_at": Sort("t.created_at", "instant", nullable=False)},
    default_sort="-number",
)


def _sees_baseline(baseline: str, person: str) -> str:
    return (
        "exists (select from baselines b where b.tenant_id = current_setting('app.tenant_id')::uuid"
        f" and b.id = {baseline} and {sees_project('b.project_id', person)})"
    )


BASELINE_TASKS: Final = Collection(
    noun="baseline_task",
    source="(select tenant_id, task_id as id, baseline_id, wbs_code, title, start, finish, duration_minutes from baseline_tasks) t",
    container="t.baseline_id",
    list_visible=_sees_baseline,
    columns={"id": "t.id", "type": "'baseline_task'"}
    | _plain("baseline_id", "wbs_code", "title", "start", "finish", "duration_minutes"),
    sorts={"start": Sort("t.start", "local", nullable=False), "finish": Sort("t.finish", "local", nullable=False)},
    default_sort="start",
)

_LOADED: Final = ", ".join(f"t.{name}::text" if name == "splits" else f"t.{name}" for name in COLUMNS)


async def load_plan(reader: Reader, project_id: UUID, *, lock: bool = False) -> WorkingPlan:
    """The whole plan of a project; `lock` makes other writers of the same plan wait. Raises NotFound."""
    tenant_id = reader.tenant_id
    project = await reader.row(
        f"""select p.start, p.status_date, p.minutes_per_day, p.critical_float_minutes, p.finish, p.calendar_id,
              o.project_id is not null as has_options, o.honor_constraints, o.split_in_progress,
              o.multiple_critical_paths, o.finish_target
            from projects p left join schedule_options o on o.tenant_id = p.tenant_id and o.project_id = p.id
            where p.tenant_id = $1 and p.id = $2 {"for no key update of p" if lock else ""}""",
        tenant_id,
        project_id,
    )
    if project is None:
        raise NotFound
    rows = await reader.rows(
        f"select {_LOADED} from tasks t where t.tenant_id = $1 and t.project_id = $2 order by t.position, t.id",
        tenant_id,
        project_id,
    )
    tasks = [PlanTask(*row) for row in rows]
    for task in tasks:
        if task.splits is not None:
            task.splits = orjson.loads(task.splits)  # type: ignore[arg-type]  # it is JSON text until this line
    links = await reader.rows(
        """select id, predecessor_id, successor_id, dependency_type, lag, lag_basis from dependencies
           where tenant_id = $1 and project_id = $2 order by id""",
        tenant_id,
        project_id,
    )
    assignments: dict[UUID, list[PlanAssignment]] = {}
    for row in await reader.rows(
        """select a.task_id, a.resource_id, r.calendar_id, a.units::float8, a.work, a.duration, a.remaining, a.delay
           from assignments a join resources r on r.tenant_id = a.tenant_id and r.id = a.resource_id
           where a.tenant_id = $1 and a.project_id = $2 and r.resource_type = 'work' and a.work > 0 order by a.id""",
        tenant_id,
        project_id,
    ):
        assignments.setdefault(row["task_id"], []).append(PlanAssignment(*row))
    calendars = await load_calendars(reader, project_id, project["calendar_id"], project["minutes_per_day"])
    options = Options()
    if project["has_options"]:
        options = Options(
            project["honor_constraints"],
            project["split_in_progress"],
            project["multiple_critical_paths"],
            project["finish_target"],
        )
    return WorkingPlan(
        project_id=project_id,
        start=project["start"],
        status_date=project["status_date"],
        minutes_per_day=project["minutes_per_day"],
        critical_float_minutes=project["critical_float_minutes"],
        finish_before=project["finish"],
        calendars=calendars,
        tasks={task.id: task for task in tasks},
        links=[PlanLink(*row) for row in links],
        assignments=assignments,
        options=options,
    )


async def load_calendars(
    reader: Reader, project_id: UUID, project_calendar_id: UUID | None, minutes_per_day: int
) -> dict[Any, WorkingTime]:
    """The calendars of a project by id, and under "project" the one that it runs on."""
    rows = await reader.rows(
        "select id, base_calendar_id, document::text from calendars where tenant_id = $1 and project_id = $2",
        reader.tenant_id,
        project_id,
    )
    stored = {row["id"]: row for row in rows}
    calendars: dict[Any, WorkingTime] = {}
    for calendar_id in stored:
        chain: list[UUID] = []
        follow: UUID | None = calendar_id
        while follow is not None and follow in stored and follow not in chain:
            chain.append(follow)
            follow = stored[follow]["base_calendar_id"]
        calendars[calendar_id] = working_calendar(*(stored[each]["document"] for each in chain))
    own = calendars.get(project_calendar_id) if project_calendar_id is not None else None
    calendars["project"] = own if own is not None else default_calendar(minutes_per_day)
    return calendars


async def project_of_task(reader: Reader, task_id: UUID) -> UUID:
    """The project that a task belongs to. Raises NotFound."""
    return await _project_of(reader, "tasks", task_id)


async def project_of_dependency(reader: Reader, dependency_id: UUID) -> UUID:
    """The project that a dependency belongs to. Raises NotFound."""
    return await _project_of(reader, "dependencies", dependency_id)


async def project_of_calendar(reader: Reader, calendar_id: UUID) -> UUID:
    """The project that a calendar belongs to. Raises NotFound."""
    return await _project_of(reader, "calendars", calendar_id)


async def _project_of(reader: Reader, table: str, object_id: UUID) -> UUID:
    project_id: UUID | None = await reader.value(
        f"select project_id from {table} where tenant_id = $1 and id = $2", reader.tenant_id, object_id
    )
    if project_id is None:
        raise NotFound
    return project_id


async def active_members(reader: Reader, project_id: UUID, people: Iterable[UUID]) -> set[UUID]:
    """Who of these people is on the project and active."""
    rows = await reader.rows(
        """select m.person_id from memberships m join people p on p.tenant_id = m.tenant_id and p.id = m.person_id
           where m.tenant_id = $1 and m.project_id = $2 and m.person_id = any($3) and p.active
             and (m.expires_at is null or m.expires_at > now())""",
        reader.tenant_id,
        project_id,
        list(people),
    )
    return {row["person_id"] for row in rows}


async def tasks_by_external_ref(
    reader: Reader, refs: Sequence[tuple[str, str, str]]
) -> dict[tuple[str, str, str], UUID]:
    """Which tasks of the tenant carry these references (system, type, id)."""
    rows = await reader.rows(
        """select r.system, r.type, r.external_id, r.task_id from task_external_refs r
           join unnest($2::text[], $3::text[], $4::text[]) as wanted(system, type, external_id) using (system, type, external_id)
           where r.tenant_id = $1""",
        reader.tenant_id,
        [ref[0] for ref in refs],
        [ref[1] for ref in refs],
        [ref[2] for ref in refs],
    )
    return {(row["system"], row["type"], row["external_id"]): row["task_id"] for row in rows}


# Storing

_JSON: Final = frozenset({"splits", "external_refs"})
_TEXTS: Final[dict[str, Any]] = {"notes": "", "labels": [], "external_refs": [], "import_uid": None}
_INSERTED: Final = (*COLUMNS, *_TEXTS)
_STAMPS: Final = ("tenant_id", "project_id", "created_at", "updated_at", "created_by_id", "updated_by_id")
_INSERT: Final = (
    f"insert into tasks ({', '.join((*_INSERTED, *_STAMPS))})"
    f" values ({', '.join(f'${number}' for number in range(1, len(_INSERTED) + len(_STAMPS) + 1))})"
)
_EDITED: Final = tuple(name for name in COLUMNS if name not in ("id", "version"))
_UPDATE: Final = (
    "update tasks set version = version + 1, updated_at = $3, updated_by_id = $4, "
    + ", ".join(f"{name} = ${number}" for number, name in enumerate(_EDITED, 5))
    + " where tenant_id = $1 and id = $2"
)
_COMPUTED_TYPES: Final = {
    "position": "bigint",
    "outline_level": "int",
    "wbs_code": "text",
    "summary": "boolean",
    "duration": "bigint",
    "percent_complete": "int",
    "status": "text",
    "total_float_minutes": "int",
    "free_float_minutes": "int",
    "critical": "boolean",
    "driver": "text",
    "driving_dependency_id": "uuid",
}
_MOVE: Final = (
    "update tasks t set version = t.version + 1, updated_at = $3, updated_by_id = $4, "
    + ", ".join(f"{name} = m.{name}" for name in COMPUTED)
    + " from unnest($2::uuid[], "
    + ", ".join(f"${number}::{_COMPUTED_TYPES.get(name, 'timestamp')}[]" for number, name in enumerate(COMPUTED, 5))
    + f") as m(id, {', '.join(COMPUTED)}) where t.tenant_id = $1 and t.id = m.id"
)


def _stored(name: str, value: Any) -> Any:
    return orjson.dumps(value).decode() if name in _JSON and value is not None else value


async def store_plan(session: WriteSession, plan: WorkingPlan, texts: dict[UUID, dict[str, Any]] | None = None) -> None:
    """Write what changed: new tasks, edited ones, those that moved in one statement, the removed, the plan's finish.

    `texts` holds notes, labels, external references and import uids by task. Raises ExternalRefTaken.
    """
    written = texts or {}
    driver = await session.driver()
    tenant_id, now, author = session.tenant_id, session.now, session.author_id
    if plan.added:
        stamps = (tenant_id, plan.project_id, now, now, author, author)
        rows = []
        for task in plan.tasks.values():
            if task.id in plan.added:
                task.version = 1
                text = _TEXTS | written.get(task.id, {})
                values = [*(getattr(task, name) for name in COLUMNS), *(text[name] for name in _TEXTS)]
                rows.append((*map(_stored, _INSERTED, values), *stamps))
        await driver.executemany(_INSERT, rows)
    if plan.edited:
        await driver.executemany(
            _UPDATE,
            [
                (tenant_id, task.id, now, author, *(_stored(name, getattr(task, name)) for name in _EDITED))
                for task in plan.edited.values()
            ],
        )
        for task in plan.edited.values():
            task.version += 1
    moved = [task for task in plan.moved.values() if task.id in plan.tasks]
    if moved:
        ids = [task.id for task in moved]
        columns = map(list, zip(*map(attrgetter(*COMPUTED), moved), strict=True))
        await driver.execute(_MOVE, tenant_id, ids, now, author, *columns)
        for task in moved:
            task.version += 1
    for task_id, text in written.items():
        if task_id in plan.edited:
            for name, value in text.items():
                await driver.execute(
                    f"update tasks set {name} = $3 where tenant_id = $1 and id = $2", tenant_id, task_id, _stored(name, value)
                )
        if task_id in plan.tasks and "external_refs" in text:
            await _store_external_refs(session, task_id, text["external_refs"])
    await _store_rescaled(session, plan)
    if plan.removed:
        await driver.execute("delete from tasks where tenant_id = $1 and id = any($2)", tenant_id, plan.removed)
    if plan.finish != plan.finish_before:
        await driver.execute(
            """update projects set finish = $3, version = version + 1, updated_at = $4, updated_by_id = $5
               where tenant_id = $1 and id = $2""",
            tenant_id,
            plan.project_id,
            plan.finish,
            now,
            author,
        )


async def _store_external_refs(session: WriteSession, task_id: UUID, refs: Sequence[dict[str, Any]]) -> None:
    driver = await session.driver()
    await driver.execute("delete from task_external_refs where tenant_id = $1 and task_id = $2", session.tenant_id, task_id)
    for ref in refs:
        inserted = await driver.fetchval(
            """insert into task_external_refs (tenant_id, system, type, external_id, task_id) values ($1, $2, $3, $4, $5)
               on conflict do nothing returning true""",
            session.tenant_id,
            ref["system"],
            ref["type"],
            ref["id"],
            task_id,
        )
        if not inserted:
            raise ExternalRefTaken


async def _store_rescaled(session: WriteSession, plan: WorkingPlan) -> None:
    """A task's new duration takes its assignments with it: their work at the same units, their length the task's."""
    rescaled = [one for task_id in plan.rescaled for one in plan.assignments.get(task_id, ())]
    if rescaled:
        await (await session.driver()).executemany(
            """update assignments set work = $4, duration = null, remaining = null, version = version + 1,
                 updated_at = $5, updated_by_id = $6 where tenant_id = $1 and task_id = $2 and resource_id = $3""",
            [
                (session.tenant_id, one.task_id, one.resource_id, one.work, session.now, session.author_id)
                for one in rescaled
            ],
        )


async def store_texts(session: WriteSession, task_id: UUID, expected_version: int, values: dict[str, Any]) -> None:
    """Change what moves no dates (title, notes, labels, assignee, …) of one task, whose version was checked before."""
    names = list(values)
    sets = ", ".join(f"{name} = ${number}" for number, name in enumerate(names, 6))
    await (await session.driver()).execute(
        f"""update tasks set version = version + 1, updated_at = $4, updated_by_id = $5{", " if sets else ""}{sets}
            where tenant_id = $1 and id = $2 and version = $3""",
        session.tenant_id,
        task_id,
        expected_version,
        session.now,
        session.author_id,
        *(_stored(name, values[name]) for name in names),
    )
    if "external_refs" in values:
        await _store_external_refs(session, task_id, values["external_refs"])


async def load_task(reader: Reader, task_id: UUID) -> PlanTask:
    """One task without its plan. Raises NotFound."""
    row = await reader.row(f"select {_LOADED} from tasks t where t.tenant_id = $1 and t.id = $2", reader.tenant_id, task_id)
    if row is None:
        raise NotFound
    task = PlanTask(*row)
    task.splits = orjson.loads(row["splits"]) if row["splits"] is not None else None
    return task


async def lock_plan(session: WriteSession, project_id: UUID) -> tuple[Any, Any]:
    """Make other writers of the project's plan wait. Returns the plan's start and finish. Raises NotFound."""
    row = await session.row(
        "select start, finish from projects where tenant_id = $1 and id = $2 for no key update", session.tenant_id, project_id
    )
    if row is None:
        raise NotFound
    return row["start"], row["finish"]


async def next_baseline_number(session: WriteSession, project_id: UUID) -> int:
    """One behind the last; the caller holds the project's lock."""
    number: int = await session.value(
        "select coalesce(max(number) + 1, 0) from baselines where tenant_id = $1 and project_id = $2",
        session.tenant_id,
        project_id,
    )
    return number


async def keep_baseline_tasks(session: WriteSession, project_id: UUID, baseline_id: UUID) -> Sequence[Any]:
    """Copy the dates of every task into the baseline, in one statement. Returns the rows."""
    return await session.rows(
        """insert into baseline_tasks (tenant_id, baseline_id, task_id, wbs_code, title, start, finish, duration_minutes)
           select tenant_id, $3, id, wbs_code, title, start, finish, round(duration / 10.0)::int from tasks
           where tenant_id = $1 and project_id = $2 order by position
           returning task_id, start, finish, duration_minutes""",
        session.tenant_id,
        project_id,
        baseline_id,
    )


async def calendar_is_used(reader: Reader, calendar_id: UUID) -> bool:
    """Whether a project, a task, a resource or another calendar refers to it."""
    used: bool = await reader.value(
        """select exists (select from projects where tenant_id = $1 and calendar_id = $2)
             or exists (select from tasks where tenant_id = $1 and calendar_id = $2)
             or exists (select from resources where tenant_id = $1 and calendar_id = $2)
             or exists (select from calendars where tenant_id = $1 and base_calendar_id = $2)""",
        reader.tenant_id,
        calendar_id,
    )
    return used


async def project_time_zone(reader: Reader, project_id: UUID) -> str:
    """The project's IANA time zone."""
    zone: str = await reader.value(
        "select time_zone from projects where tenant_id = $1 and id = $2", reader.tenant_id, project_id
    )
    return zone
