"""Every SQL statement of this area."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import select

from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.planning.readiness.look_ahead import Needed, Promise
from services.planning.readiness.need import Need, NeedKind, NeedState
from services.planning.readiness.task_brief import TaskBrief
from services.planning.schedule.task import TaskStatus

_CREATED: Final = {"created_at": Sort("t.created_at", "instant", nullable=False)}
_WORK: Final = " join tasks work on work.tenant_id = t.tenant_id and work.id = t.task_id"
# Who does the task: its assignee, and the people behind its resources.
_DOING: Final = """ cross join lateral (select coalesce(array_agg(who.person_id order by who.person_id), '{}') as people from (
    select work.assignee_id as person_id where work.assignee_id is not null
    union select own.person_id from assignments part join resources own on own.tenant_id = part.tenant_id
      and own.id = part.resource_id where part.tenant_id = work.tenant_id and part.task_id = work.id
      and own.person_id is not null) who) doing"""
_WAITING: Final = """ cross join lateral (
    select coalesce(array_agg(each.person_id order by each.person_id), '{}') as people
    from unnest(doing.people) each(person_id) where not t.acknowledgements
      @> jsonb_build_array(jsonb_build_object('person_id', each.person_id::text, 'revision', t.revision))) waiting"""
_BRIEFED: Final = f"task_briefs t{_WORK}{_DOING}{_WAITING}"
# A brief that is for nobody has not been acknowledged.
_ACKNOWLEDGED: Final = "(cardinality(doing.people) > 0 and cardinality(waiting.people) = 0)"
_NEEDED_BY: Final = "coalesce(t.needed_by, work.start::date)"

TASK_BRIEFS: Final = Collection(
    noun="task_brief",
    source=_BRIEFED,
    columns=object_columns("task_brief")
    | {
        name: f"t.{name}"
        for name in (
            "project_id",
            "task_id",
            "why",
            "done_when",
            "inputs",
            "contact_id",
            "revision",
            "acknowledgements",
        )
    }
    | {
        "acknowledged": _ACKNOWLEDGED,
        "unacknowledged_by_ids": "to_json(waiting.people)",
        "task_start": "work.start",
        "task_status": "work.status",
    },
    filters={
        "task_id": Filter("t.task_id", "uuid"),
        "contact_id": Filter("t.contact_id", "uuid"),
        "acknowledged": Filter(_ACKNOWLEDGED, "boolean"),
        "task_start": Filter("work.start", "local"),
        "task_status": Filter("work.status", "text", tuple(TaskStatus)),
    },
    sorts=_CREATED | {"task_start": Sort("work.start", "local", nullable=False)},
    searched=("t.why",),
    viewer_kinds={"update": "brief.write", "delete": "brief.write"},
)
NEEDS: Final = Collection(
    noun="need",
    source=f"needs t{_WORK}",
    columns=object_columns("need")
    | {name: f"t.{name}" for name in ("project_id", "task_id", "kind", "title", "description")}
    | {"needed_by": _NEEDED_BY, "lead_days": "t.lead_days", "deadline": f"{_NEEDED_BY} - t.lead_days"}
    | {
        name: f"t.{name}"
        for name in ("owner_id", "state", "promised_for", "met_on", "promises", "remedies", "remedies_id")
    },
    filters={
        "task_id": Filter("t.task_id", "uuid"),
        "kind": Filter("t.kind", "text", tuple(NeedKind)),
        "state": Filter("t.state", "text", tuple(NeedState)),
        "owner_id": Filter("t.owner_id", "uuid"),
        "needed_by": Filter(_NEEDED_BY, "date"),
        "deadline": Filter(f"({_NEEDED_BY} - t.lead_days)", "date"),
        "promised_for": Filter("t.promised_for", "date"),
    },
    sorts=_CREATED
    | {
        "needed_by": Sort(_NEEDED_BY, "date", nullable=False),
        "deadline": Sort(f"({_NEEDED_BY} - t.lead_days)", "date", nullable=False),
        "title": Sort("t.title", "text", nullable=False, by_language=True),
    },
    searched=("t.title", "t.description"),
    viewer_kinds={"update": "need.record", "delete": "need.record"},
)


async def load_brief(session: WriteSession, brief_id: UUID, *, lock: bool = False) -> TaskBrief:
    """The brief for a change; `lock` makes others wait who acknowledge it at the same time. Raises NotFound."""
    statement = select(TaskBrief).where(TaskBrief.tenant_id == session.tenant_id, TaskBrief.id == brief_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = await session.scalar(statement)
    if found is None:
        raise NotFound
    return found


async def load_need(session: WriteSession, need_id: UUID) -> Need:
    """The need for a change. Raises NotFound."""
    found = await session.get(Need, (session.tenant_id, need_id))
    if found is None:
        raise NotFound
    return found


async def is_briefed(reader: Reader, task_id: UUID) -> bool:
    """Whether the task has a brief."""
    found: bool = await reader.value(
        "select exists (select from task_briefs where tenant_id = $1 and task_id = $2)", reader.tenant_id, task_id
    )
    return found


async def people_doing(reader: Reader, task_id: UUID) -> list[UUID]:
    """Who does the task: its assignee and the people behind its resources."""
    found: list[UUID] = await reader.value(
        f"select doing.people from tasks work{_DOING} where work.tenant_id = $1 and work.id = $2",
        reader.tenant_id,
        task_id,
    )
    return found or []


async def waiting_of(reader: Reader, project_id: UUID) -> dict[UUID, list[UUID]]:
    """By task with a brief: who does it and has not acknowledged the brief as it is."""
    rows = await reader.rows(
        f"select t.task_id, waiting.people from {_BRIEFED} where t.tenant_id = $1 and t.project_id = $2",
        reader.tenant_id,
        project_id,
    )
    return {row["task_id"]: row["people"] for row in rows}


async def unmet_needs(reader: Reader, project_id: UUID) -> dict[UUID, list[Needed]]:
    """By task the needs that are open or promised."""
    rows = await reader.rows(
        """select task_id, id, kind, title, needed_by, lead_days, owner_id, promised_for, remedies, remedies_id from needs
           where tenant_id = $1 and project_id = $2 and state in ('open', 'promised') order by id""",
        reader.tenant_id,
        project_id,
    )
    found: dict[UUID, list[Needed]] = {}
    for task_id, *need in rows:
        found.setdefault(task_id, []).append(Needed(*need))
    return found


async def promises_of(reader: Reader, project_id: UUID, first: date, today: date) -> list[Promise]:
    """The promises for days from the first on to the day before today; of needs that were withdrawn none."""
    rows = await reader.rows(
        """select (made ->> 'promised_for')::date as promised_for, (made ->> 'kept')::boolean as kept
           from needs t cross join lateral jsonb_array_elements(t.promises) made
           where t.tenant_id = $1 and t.project_id = $2 and t.state <> 'withdrawn'
             and (made ->> 'promised_for')::date >= $3 and (made ->> 'promised_for')::date < $4""",
        reader.tenant_id,
        project_id,
        first,
        today,
    )
    return [Promise(*row) for row in rows]


async def names_of_people(reader: Reader, people: Sequence[UUID]) -> Mapping[UUID, str]:
    """What people of the tenant are called."""
    rows = await reader.rows(
        "select id, name from people where tenant_id = $1 and id = any($2)", reader.tenant_id, list(people)
    )
    return {row["id"]: row["name"] for row in rows}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a task stands."""

    project_id: UUID
    title: str


async def place_of_task(reader: Reader, task_id: UUID) -> Place:
    """The project and title of a task. Raises NotFound."""
    row = await reader.row(
        "select project_id, title from tasks where tenant_id = $1 and id = $2", reader.tenant_id, task_id
    )
    if row is None:
        raise NotFound
    return Place(*row)
