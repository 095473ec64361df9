"""How a changed plan is written: only what changed, and what merely moved in one statement."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

import orjson

from services.kernel.session import WriteSession
from services.planning.external_refs.repository import claim, claim_each, key_of, release
from services.planning.schedule.plan_rows import COLUMNS, COMPUTED, PlanAssignment, PlanTask
from services.planning.schedule.working_plan import WorkingPlan

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
        await send_many(session, _INSERT, rows)
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
        names = ("id", *COMPUTED)
        rows_moved = [dict(zip(names, _moved_values(task), strict=True)) for task in moved]
        await driver.execute(_MOVE, tenant_id, orjson.dumps(rows_moved, default=str).decode(), now, author)
        for task in moved:
            task.version += 1
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
        await claim(session, "task", task_id, values["external_refs"])


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
