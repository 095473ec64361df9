"""How a changed plan is written: only what changed, and what merely moved in one statement."""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

import orjson

from services.kernel.ids import new_id
from services.kernel.session import WriteSession
from services.planning.custom_fields.recomputing import follow_plan
from services.planning.external_refs.repository import claim, claim_each, key_of, release
from services.planning.schedule.baseline_comparison import PlanPicture
from services.planning.schedule.plan_rows import COLUMNS, COMPUTED, PlanAssignment, PlanTask
from services.planning.schedule.working_plan import WorkingPlan

_JSON: Final = frozenset({"splits", "external_refs"})
_TEXTS: Final[dict[str, Any]] = {"notes": "", "labels": [], "external_refs": [], "import_uid": None, "recurring": False}
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
# The rows go in as one JSON text: orjson writes a thousand of them in the time that arrays take for fifty.
_MOVE: Final = (
    "update tasks t set version = t.version + 1, updated_at = $3, updated_by_id = $4, "
    + ", ".join(f"{name} = m.{name}" for name in COMPUTED)
    + " from json_to_recordset($2::json) as m(id uuid, "
    + ", ".join(f"{name} {_COMPUTED_TYPES.get(name, 'timestamp')}" for name in COMPUTED)
    + ") where t.tenant_id = $1 and t.id = m.id"
)
_moved_values: Final[Callable[[PlanTask], tuple[Any, ...]]] = attrgetter("id", *COMPUTED)


def _stored(name: str, value: Any) -> Any:
    return orjson.dumps(value).decode() if name in _JSON and value is not None else value


async def send_many(session: WriteSession, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run a statement for each row. Each thousand is a call of its own, since the time of a call is limited."""
    driver = await session.driver()
    for start in range(0, len(rows), 1_000):
        await driver.executemany(statement, rows[start : start + 1_000])


# What is written of an entry of the journal, behind tenant, id, author and time.
_ENTRY: Final = (
    *("project_id", "kinds", "subject_type", "subject_id", "title", "question", "chosen", "document"),
    *("tasks_changed", "tasks_moved", "finish_before", "finish_after", "reversible", "reverses_id"),
)


def _keeping(first: int, now: int = 3, author: int = 4) -> str:
    """SQL that writes an entry, its id first, with parameters from number `first` on."""
    numbers = ", ".join(f"${number}" for number in range(first, first + len(_ENTRY) + 1))
    return (
        "insert into plan_changes (tenant_id, version, created_at, updated_at, created_by_id, updated_by_id, id,"
        f" {', '.join(_ENTRY)}) values ($1, 1, ${now}, ${now}, ${author}, ${author}, {numbers})"
    )


# An entry goes with the statement that writes the one edited task, or those that moved, so that it costs no round trip.
_UPDATE_KEEPING: Final = f"with kept as ({_keeping(len(_EDITED) + 5)}) {_UPDATE}"
_MOVE_KEEPING: Final = f"with kept as ({_keeping(5)}) {_MOVE}"
_KEEP: Final = _keeping(4, 2, 3)


async def store_plan(
    session: WriteSession,
    plan: WorkingPlan,
    texts: dict[UUID, dict[str, Any]] | None = None,
    entry: Mapping[str, Any] | None = None,
) -> None:
    """Write what changed: new tasks, edited ones, those that moved in one statement, the removed, the plan's finish.

    `texts` holds notes, labels, external references, import uids and whether they recur by task; `entry` is what the journal
    keeps of the change. Raises ExternalRefTaken.
    """
    written = texts or {}
    driver = await session.driver()
    tenant_id, now, author = session.tenant_id, session.now, session.author_id
    kept = None if entry is None else [plan.change_id, *(entry[name] for name in _ENTRY)]
    if plan.added:
        stamps = (tenant_id, plan.project_id, now, now, author, author)
        rows = []
        for task in plan.tasks.values():
            if task.id in plan.added:
                task.version += 1
                text = _TEXTS | written.get(task.id, {})
                values = [*(getattr(task, name) for name in COLUMNS), *(text[name] for name in _TEXTS)]
                rows.append((*map(_stored, _INSERTED, values), *stamps))
        await send_many(session, _INSERT, rows)
    if len(plan.edited) == 1 and kept is not None:
        for task in plan.edited.values():
            values = [_stored(name, getattr(task, name)) for name in _EDITED]
            await driver.execute(_UPDATE_KEEPING, tenant_id, task.id, now, author, *values, *kept)
            task.version += 1
        kept = None
    elif plan.edited:
        await send_many(
            session,
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
        names = ("id", *COMPUTED)
        rows_moved = [dict(zip(names, _moved_values(task), strict=True)) for task in moved]
        moved_text = orjson.dumps(rows_moved, default=str).decode()
        if kept is not None:
            await driver.execute(_MOVE_KEEPING, tenant_id, moved_text, now, author, *kept)
            kept = None
        else:
            await driver.execute(_MOVE, tenant_id, moved_text, now, author)
        for task in moved:
            task.version += 1
    if kept is not None:
        await driver.execute(_KEEP, tenant_id, now, author, *kept)
    for task_id, text in written.items():
        if task_id in plan.edited:
            for name, value in text.items():
                await driver.execute(
                    f"update tasks set {name} = $3 where tenant_id = $1 and id = $2",
                    tenant_id,
                    task_id,
                    _stored(name, value),
                )
        if task_id in plan.tasks and task_id not in plan.added and "external_refs" in text:
            await claim(session, "task", task_id, text["external_refs"])
    # What is new has no references to give back, so all of them are claimed at once.
    named = [
        (key_of(ref), task_id) for task_id in plan.added for ref in written.get(task_id, {}).get("external_refs", ())
    ]
    await claim_each(session, "task", named)
    await store_parts(session, [one for task_id in plan.rescaled for one in plan.assignments.get(task_id, ())])
    if plan.removed:
        # What lies below goes first, so that each call leaves nothing without its parent.
        removed = [*reversed(plan.removed)]
        for start in range(0, len(removed), 5_000):
            part = removed[start : start + 5_000]
            await driver.execute("delete from tasks where tenant_id = $1 and id = any($2)", tenant_id, part)
            await release(session, part)
    if plan.finish != plan.finish_before or plan.start != plan.start_before:
        await driver.execute(
            """update projects set finish = $3, start = $6, version = version + 1, updated_at = $4, updated_by_id = $5
               where tenant_id = $1 and id = $2""",
            tenant_id,
            plan.project_id,
            plan.finish,
            now,
            author,
            plan.start,
        )
    if plan.has_formulas:
        await follow_plan(
            session, plan.project_id, [*({**plan.added, **plan.edited, **plan.moved}.keys() & plan.tasks.keys())]
        )


async def store_parts(session: WriteSession, parts: Sequence[PlanAssignment]) -> None:
    """Assignments whose task got another duration, report or share of its work, which takes their lengths with it."""
    if parts:
        await (await session.driver()).executemany(
            """update assignments set units = $4, work = $5, duration = $6, remaining = $7, overtime = $8,
                 version = version + 1, updated_at = $9, updated_by_id = $10 where tenant_id = $1 and task_id = $2 and resource_id = $3""",
            [
                (
                    session.tenant_id,
                    one.task_id,
                    one.resource_id,
                    one.units,
                    one.work,
                    one.duration,
                    one.remaining,
                    one.overtime,
                    session.now,
                    session.author_id,
                )
                for one in parts
            ],
        )


_ENTRY_TYPES: Final = {
    "project_id": "uuid",
    "kinds": "text[]",
    "subject_id": "uuid",
    "document": "jsonb",
    "tasks_changed": "int",
    "tasks_moved": "int",
    "finish_before": "timestamp",
    "finish_after": "timestamp",
    "reversible": "boolean",
    "reverses_id": "uuid",
}


def _typed(numbers: Sequence[str]) -> list[str]:
    """The id and the members of an entry as they stand in a `select`, which does not know the types of the columns."""
    types = ["uuid", *(_ENTRY_TYPES.get(name, "text") for name in _ENTRY)]
    return [f"{number}::{kind}" for number, kind in zip(numbers, types, strict=True)]


async def store_texts(
    session: WriteSession, task_id: UUID, expected_version: int, values: dict[str, Any], entry: Mapping[str, Any]
) -> None:
    """Change what moves no dates (title, notes, labels, assignee, …) of one task, whose version was checked before.

    What the texts were goes into the journal's entry by the same statement, which finds them as they were before it.
    """
    names = list(values)
    sets = ", ".join(f"{name} = ${number}" for number, name in enumerate(names, 6))
    first = len(names) + 6
    before = ", ".join(f"'{name}', t.{name}" for name in names)
    kept = [entry[name] for name in _ENTRY]
    numbers = [f"${number}" for number in range(first, first + len(_ENTRY) + 1)]
    document = numbers[1 + _ENTRY.index("document")]
    numbers[1 + _ENTRY.index("document")] = (
        f"jsonb_set({document}::jsonb, '{{tasks,0,before}}', jsonb_build_object({before}))"
    )
    await (await session.driver()).execute(
        f"""with kept as (
              insert into plan_changes (tenant_id, version, created_at, updated_at, created_by_id, updated_by_id, id,
                {", ".join(_ENTRY)})
              select t.tenant_id, 1, $4::timestamptz, $4::timestamptz, $5::uuid, $5::uuid, {", ".join(_typed(numbers))}
              from tasks t where t.tenant_id = $1 and t.id = $2 and t.version = $3)
            update tasks set version = version + 1, updated_at = $4, updated_by_id = $5{", " if sets else ""}{sets}
            where tenant_id = $1 and id = $2 and version = $3""",
        session.tenant_id,
        task_id,
        expected_version,
        session.now,
        session.author_id,
        *(_stored(name, values[name]) for name in names),
        new_id(),
        *kept,
    )
    if "external_refs" in values:
        await claim(session, "task", task_id, values["external_refs"])


async def keep_baseline_tasks(session: WriteSession, project_id: UUID, baseline_id: UUID) -> Sequence[Any]:
    """Copy the dates of every task into the baseline, in one statement. Returns the rows."""
    return await session.rows(
        """insert into baseline_tasks (tenant_id, baseline_id, task_id, wbs_code, title, start, finish, duration_minutes,
             summary, work_minutes, cost)
           select tenant_id, $3, id, wbs_code, title, start, finish, round(duration / 10.0)::int, summary, 0, 0 from tasks
           where tenant_id = $1 and project_id = $2 order by position
           returning task_id, start, finish, duration_minutes""",
        session.tenant_id,
        project_id,
        baseline_id,
    )


async def keep_baseline_work(session: WriteSession, baseline_id: UUID, picture: PlanPicture) -> None:
    """Keep work and cost of the tasks that have any, and the parts of resources, in a statement each."""
    driver = await session.driver()
    worked = [
        {"id": str(task_id), "work": each.work_minutes, "cost": str(each.cost)}
        for task_id, each in picture.tasks.items()
        if each.work_minutes or each.cost
    ]
    if worked:
        await driver.execute(
            """update baseline_tasks t set work_minutes = w.work, cost = w.cost
               from json_to_recordset($3::json) as w(id uuid, work bigint, cost numeric)
               where t.tenant_id = $1 and t.baseline_id = $2 and t.task_id = w.id""",
            session.tenant_id,
            baseline_id,
            orjson.dumps(worked).decode(),
        )
    if picture.parts:
        rows = [
            {
                "task_id": str(task_id),
                "resource_id": str(resource_id),
                "name": each.name,
                "units": str(each.units),
                "work_minutes": each.work_minutes,
            }
            for (task_id, resource_id), each in picture.parts.items()
        ]
        await driver.execute(
            """insert into baseline_assignments (tenant_id, baseline_id, task_id, resource_id, name, units, work_minutes)
               select $1, $2, p.task_id, p.resource_id, p.name, p.units, p.work_minutes from json_to_recordset($3::json)
                 as p(task_id uuid, resource_id uuid, name text, units numeric, work_minutes bigint)""",
            session.tenant_id,
            baseline_id,
            orjson.dumps(rows).decode(),
        )


async def load_texts(session: WriteSession, task_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """Notes, labels, external references and import uids by task, as they are stored."""
    rows = await session.rows(
        """select id, notes, labels, external_refs::text as external_refs, import_uid from tasks
           where tenant_id = $1 and id = any($2)""",
        session.tenant_id,
        list(task_ids),
    )
    return {
        row["id"]: {
            "notes": row["notes"],
            "labels": list(row["labels"]),
            "external_refs": orjson.loads(row["external_refs"]),
            "import_uid": row["import_uid"],
        }
        for row in rows
    }
