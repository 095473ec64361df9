"""Every SQL statement of this area."""

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import select

from services.coordination.context.repository import PROPOSAL_JSON
from services.coordination.meetings.action_item import ActionItem
from services.coordination.meetings.meeting import AgendaItem, Attendance, Meeting
from services.coordination.meetings.outcome import Outcome
from services.kernel.access import knows_project, sees_project
from services.kernel.collection import Collection
from services.kernel.entity import Entity, object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.identity import Principal
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession

E = TypeVar("E", bound=Entity)


def _sees_meeting(meeting_id: str) -> Any:
    """Visibility of what belongs to a meeting: the project's people, and those guests who are invited to it."""

    def visible(project: str, person: str) -> str:
        return (
            f"({sees_project(project, person)} or ({knows_project(project, person)} and exists (select from attendances mine"
            f" where mine.tenant_id = t.tenant_id and mine.meeting_id = {meeting_id} and mine.person_id = {person})))"
        )

    return visible


def _to_members(sql: str) -> str:
    """What guests do not get to see even in a meeting of theirs."""
    return f"case when {sees_project('t.project_id', '$person')} then {sql} end"


_PROPOSAL = _to_members(
    f"(select {PROPOSAL_JSON} from proposals p where p.tenant_id = t.tenant_id and p.id = t.proposal_id)"
)
_AGENDA = (
    "(select coalesce(json_agg(json_build_object('id', i.id, 'version', i.version, 'rank', i.rank, 'title', i.title,"
    " 'notes', i.notes, 'planned_minutes', i.planned_minutes, 'proposal_id', i.proposal_id, 'proposal', "
    + _to_members(f"(select {PROPOSAL_JSON} from proposals p where p.tenant_id = i.tenant_id and p.id = i.proposal_id)")
    + ") order by i.rank, i.id), '[]') from agenda_items i where i.tenant_id = t.tenant_id and i.meeting_id = t.id)"
)
_ATTENDANCES = (
    "(select coalesce(json_agg(json_build_object('id', a.id, 'version', a.version, 'person_id', a.person_id,"
    " 'name', person.name, 'role', a.role, 'response', a.response, 'attended', a.attended) order by person.name, a.id), '[]')"
    " from attendances a join people person on person.tenant_id = a.tenant_id and person.id = a.person_id"
    " where a.tenant_id = t.tenant_id and a.meeting_id = t.id)"
)
_OUTCOMES = (
    "(select coalesce(json_agg(json_build_object('id', o.id, 'version', o.version, 'kind', o.kind, 'text', o.text,"
    " 'agenda_item_id', o.agenda_item_id, 'proposal_id', o.proposal_id, 'decision', o.decision, 'reason', o.reason,"
    " 'title', o.title, 'owner_id', o.owner_id, 'due_date', o.due_date, 'parent_task_id', o.parent_task_id,"
    " 'result', o.result, 'result_detail', o.result_detail) order by o.created_at, o.id), '[]')"
    " from outcomes o where o.tenant_id = t.tenant_id and o.meeting_id = t.id)"
)

MEETINGS = Collection(
    noun="meeting",
    source="meetings t",
    visible=_sees_meeting("t.id"),
    list_visible=knows_project,
    columns=object_columns("meeting")
    | {
        name: f"t.{name}"
        for name in (
            "project_id",
            "title",
            "starts_at",
            "ends_at",
            "time_zone",
            "location",
            "chair_id",
            "minute_taker_id",
            "status",
            "sequence",
            "minutes_sha256",
            "signed_by_id",
            "signed_at",
        )
    },
    filters={
        "status": Filter("t.status", "text", ("called", "held", "minutes_signed", "cancelled")),
        "starts_at": Filter("t.starts_at", "instant"),
        "chair_id": Filter("t.chair_id", "uuid"),
    },
    sorts={
        "starts_at": Sort("t.starts_at", "instant", nullable=False),
        "created_at": Sort("t.created_at", "instant", nullable=False),
        "title": Sort("t.title", "text", nullable=False, by_language=True),
    },
    default_sort="starts_at",
    expansions={"agenda": _AGENDA, "attendances": _ATTENDANCES, "outcomes": _OUTCOMES},
    searched=("t.title", "t.location"),
    viewer_kinds={"update": "meeting.change", "sign": "minutes.sign"},
)
AGENDA_ITEMS = Collection(
    noun="agenda_item",
    viewer_kinds={"update": "meeting.agenda", "delete": "meeting.agenda"},
    source="agenda_items t",
    visible=_sees_meeting("t.meeting_id"),
    list_visible=knows_project,
    columns=object_columns("agenda_item")
    | {
        name: f"t.{name}"
        for name in ("project_id", "meeting_id", "rank", "title", "notes", "proposal_id", "planned_minutes")
    },
    filters={"meeting_id": Filter("t.meeting_id", "uuid"), "proposal_id": Filter("t.proposal_id", "uuid")},
    sorts={
        "rank": Sort("t.rank", "text", nullable=False),
        "created_at": Sort("t.created_at", "instant", nullable=False),
    },
    default_sort="rank",
    expansions={"proposal": _PROPOSAL},
)
ATTENDANCES = Collection(
    noun="attendance",
    viewer_kinds={"update": "meeting.attendance", "delete": "meeting.attendance"},
    source="attendances t",
    visible=_sees_meeting("t.meeting_id"),
    list_visible=knows_project,
    columns=object_columns("attendance")
    | {name: f"t.{name}" for name in ("project_id", "meeting_id", "person_id", "role", "response", "attended")},
    filters={
        "meeting_id": Filter("t.meeting_id", "uuid"),
        "person_id": Filter("t.person_id", "uuid"),
        "response": Filter("t.response", "text", ("needs_action", "accepted", "declined", "tentative")),
    },
    sorts={"created_at": Sort("t.created_at", "instant", nullable=False)},
)
OUTCOMES = Collection(
    noun="outcome",
    viewer_kinds={"update": "minutes.record", "delete": "minutes.record"},
    source="outcomes t",
    visible=_sees_meeting("t.meeting_id"),
    list_visible=knows_project,
    columns=object_columns("outcome")
    | {
        name: f"t.{name}"
        for name in (
            "project_id",
            "meeting_id",
            "agenda_item_id",
            "kind",
            "text",
            "proposal_id",
            "decision",
            "reason",
            "title",
            "owner_id",
            "due_date",
            "parent_task_id",
            "result",
            "result_detail",
        )
    },
    filters={
        "meeting_id": Filter("t.meeting_id", "uuid"),
        "kind": Filter("t.kind", "text", ("decision", "action", "note")),
        "proposal_id": Filter("t.proposal_id", "uuid"),
        "result": Filter("t.result", "text", ("accepted", "rejected", "rebase_required", "failed")),
    },
    sorts={"created_at": Sort("t.created_at", "instant", nullable=False)},
    expansions={"proposal": _PROPOSAL},
    searched=("t.text", "t.title"),
)
ACTION_ITEMS = Collection(
    noun="action_item",
    viewer_kinds={"update": "action_item.change", "report": "action_item.report"},
    source="action_items t left join projects project on project.tenant_id = t.tenant_id and project.id = t.project_id",
    columns=object_columns("action_item")
    | {
        name: f"t.{name}"
        for name in (
            "project_id",
            "meeting_id",
            "outcome_id",
            "title",
            "owner_id",
            "due_date",
            "parent_task_id",
            "state",
            "task_id",
        )
    },
    filters={
        "state": Filter("t.state", "text", ("open", "scheduled", "done", "cancelled")),
        "owner_id": Filter("t.owner_id", "uuid"),
        "meeting_id": Filter("t.meeting_id", "uuid"),
        "due_date": Filter("t.due_date", "date"),
        # A day is over where the project is, not where the server stands.
        "overdue": Filter(
            "(t.state in ('open','scheduled')"
            " and t.due_date < (now() at time zone coalesce(project.time_zone, 'UTC'))::date)",
            "boolean",
        ),
    },
    sorts={
        "due_date": Sort("t.due_date", "date", nullable=False),
        "created_at": Sort("t.created_at", "instant", nullable=False),
    },
    default_sort="due_date",
    searched=("t.title",),
)


async def load(session: WriteSession, kind: type[E], object_id: UUID) -> E:
    """An object of this area for a change. Raises NotFound."""
    found = await session.scalar(select(kind).where(kind.tenant_id == session.tenant_id, kind.id == object_id))
    if found is None:
        raise NotFound
    return found


async def lock_meeting(session: WriteSession, meeting_id: UUID) -> Meeting:
    """The meeting, with every other writer of its minutes waiting until this transaction ends. Raises NotFound."""
    statement = select(Meeting).where(Meeting.tenant_id == session.tenant_id, Meeting.id == meeting_id)
    meeting = await session.scalar(statement.with_for_update().execution_options(populate_existing=True))
    if meeting is None:
        raise NotFound
    return meeting


async def count_of_meeting(
    session: WriteSession, kind: type[AgendaItem] | type[Attendance] | type[Outcome], meeting_id: UUID
) -> int:
    count: int = await session.value(
        f"select count(*) from {kind.__tablename__} where tenant_id = $1 and meeting_id = $2",
        session.tenant_id,
        meeting_id,
    )
    return count


async def last_rank(session: WriteSession, meeting_id: UUID) -> str | None:
    rank: str | None = await session.value(
        "select max(rank) from agenda_items where tenant_id = $1 and meeting_id = $2", session.tenant_id, meeting_id
    )
    return rank


async def is_visible(reader: Reader, principal: Principal, meeting_id: UUID) -> bool:
    """Whether the principal sees this meeting."""
    found: bool = await reader.value(
        f"select exists (select from meetings t where t.tenant_id = $1 and t.id = $3"
        f" and {_sees_meeting('t.id')('t.project_id', '$2')})",
        reader.tenant_id,
        principal.person_id,
        meeting_id,
    )
    return found


async def has_outcomes_of_item(session: WriteSession, agenda_item_id: UUID) -> bool:
    found: bool = await session.value(
        "select exists (select from outcomes where tenant_id = $1 and agenda_item_id = $2)",
        session.tenant_id,
        agenda_item_id,
    )
    return found


async def outcomes_of(session: WriteSession, meeting_id: UUID) -> Sequence[Outcome]:
    """The meeting's outcomes in the order in which they were recorded."""
    return (
        await session.scalars(
            select(Outcome)
            .where(Outcome.tenant_id == session.tenant_id, Outcome.meeting_id == meeting_id)
            .order_by(Outcome.created_at, Outcome.id)
        )
    ).all()


async def action_item_of_task(session: WriteSession, task_id: UUID) -> ActionItem | None:
    return await session.scalar(
        select(ActionItem).where(ActionItem.tenant_id == session.tenant_id, ActionItem.task_id == task_id)
    )


async def outcome_or_none(session: WriteSession, outcome_id: UUID) -> Outcome | None:
    return await session.scalar(select(Outcome).where(Outcome.tenant_id == session.tenant_id, Outcome.id == outcome_id))


async def action_item_or_none(session: WriteSession, action_item_id: UUID) -> ActionItem | None:
    return await session.scalar(
        select(ActionItem).where(ActionItem.tenant_id == session.tenant_id, ActionItem.id == action_item_id)
    )


_INSTANT = '\'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\''


async def meeting_data(session: WriteSession, meeting_id: UUID) -> dict[str, Any]:
    """What the facts about a meeting say of it."""
    text = await session.value(
        f"""select json_build_object('title', t.title,
             'starts_at', to_char(t.starts_at at time zone 'UTC', {_INSTANT}),
             'ends_at', to_char(t.ends_at at time zone 'UTC', {_INSTANT}),
             'time_zone', t.time_zone, 'location', t.location, 'status', t.status, 'chair_id', t.chair_id,
             'attendee_ids', (select coalesce(json_agg(a.person_id order by a.created_at, a.id), '[]') from attendances a
               where a.tenant_id = t.tenant_id and a.meeting_id = t.id),
             'agenda', (select coalesce(json_agg(json_build_object('id', i.id, 'title', i.title,
                 'proposal_id', i.proposal_id) order by i.rank, i.id), '[]') from agenda_items i
               where i.tenant_id = t.tenant_id and i.meeting_id = t.id))::text
           from meetings t where t.tenant_id = $1 and t.id = $2""",
        session.tenant_id,
        meeting_id,
    )
    data: dict[str, Any] = orjson.loads(text)
    return data


async def minutes_document(reader: Reader, meeting_id: UUID) -> dict[str, Any]:
    """All that a signature covers, as plain JSON values with people's names as they are now. Raises NotFound."""
    text = await reader.value(
        f"""select json_build_object('format', 1,
             'meeting', json_build_object('id', t.id, 'title', t.title, 'location', t.location, 'time_zone', t.time_zone,
               'starts_at', to_char(t.starts_at at time zone 'UTC', {_INSTANT}),
               'ends_at', to_char(t.ends_at at time zone 'UTC', {_INSTANT})),
             'project', (select json_build_object('id', p.id, 'key', p.key, 'name', p.name) from projects p
               where p.tenant_id = t.tenant_id and p.id = t.project_id),
             'chair', (select json_build_object('id', p.id, 'name', p.name) from people p
               where p.tenant_id = t.tenant_id and p.id = t.chair_id),
             'minute_taker', (select json_build_object('id', p.id, 'name', p.name) from people p
               where p.tenant_id = t.tenant_id and p.id = t.minute_taker_id),
             'attendances', (select coalesce(json_agg(json_build_object('person_id', a.person_id, 'name', p.name,
                 'role', a.role, 'response', a.response, 'attended', a.attended) order by p.name, a.id), '[]')
               from attendances a join people p on p.tenant_id = a.tenant_id and p.id = a.person_id
               where a.tenant_id = t.tenant_id and a.meeting_id = t.id),
             'agenda', (select coalesce(json_agg(json_build_object('id', i.id, 'title', i.title, 'notes', i.notes,
                 'proposal_id', i.proposal_id) order by i.rank, i.id), '[]')
               from agenda_items i where i.tenant_id = t.tenant_id and i.meeting_id = t.id),
             'outcomes', (select coalesce(json_agg(json_build_object('id', o.id, 'kind', o.kind, 'text', o.text,
                 'agenda_item_id', o.agenda_item_id, 'decision', o.decision, 'reason', o.reason, 'title', o.title,
                 'due_date', o.due_date, 'parent_task_id', o.parent_task_id,
                 'owner', (select json_build_object('id', p.id, 'name', p.name) from people p
                   where p.tenant_id = o.tenant_id and p.id = o.owner_id),
                 'proposal', (select json_build_object('id', p.id, 'title', p.title) from proposals p
                   where p.tenant_id = o.tenant_id and p.id = o.proposal_id)) order by o.created_at, o.id), '[]')
               from outcomes o where o.tenant_id = t.tenant_id and o.meeting_id = t.id))::text
           from meetings t where t.tenant_id = $1 and t.id = $2""",
        reader.tenant_id,
        meeting_id,
    )
    if text is None:
        raise NotFound
    document: dict[str, Any] = orjson.loads(text)
    return document


async def signed_minutes(reader: Reader, meeting_id: UUID) -> Any:
    """The row `minutes, minutes_sha256, signed_by_id, signed_at`; all null before the signature. Raises NotFound."""
    row = await reader.row(
        "select project_id, minutes, minutes_sha256, signed_by_id, signed_at from meetings where tenant_id = $1 and id = $2",
        reader.tenant_id,
        meeting_id,
    )
    if row is None:
        raise NotFound
    return row


async def meeting_row(reader: Reader, meeting_id: UUID) -> Any:
    """What an invitation says of the meeting. Raises NotFound."""
    row = await reader.row(
        """select project_id, title, starts_at, ends_at, time_zone, location, status, sequence, chair_id
           from meetings where tenant_id = $1 and id = $2""",
        reader.tenant_id,
        meeting_id,
    )
    if row is None:
        raise NotFound
    return row


async def agenda_titles(reader: Reader, meeting_id: UUID) -> list[str]:
    rows = await reader.rows(
        "select title from agenda_items where tenant_id = $1 and meeting_id = $2 order by rank, id",
        reader.tenant_id,
        meeting_id,
    )
    return [row["title"] for row in rows]


async def recipients(reader: Reader, meeting_id: UUID) -> Sequence[Any]:
    """Who attends, with address and language: `person_id, name, email, language, role, response`, active people only."""
    return await reader.rows(
        """select a.person_id, p.name, p.email, p.language, a.role, a.response
           from attendances a join people p on p.tenant_id = a.tenant_id and p.id = a.person_id
           where a.tenant_id = $1 and a.meeting_id = $2 and p.active order by p.name, a.id""",
        reader.tenant_id,
        meeting_id,
    )


async def person_name(reader: Reader, person_id: UUID) -> str:
    name: str | None = await reader.value(
        "select name from people where tenant_id = $1 and id = $2", reader.tenant_id, person_id
    )
    return name or ""


async def claim_sending(session: WriteSession, job_id: UUID, person_id: UUID, message_id: str) -> bool:
    """Note that a message is about to go out. False when this job has sent it, or been refused, before."""
    state = await session.value(
        """insert into sent_messages (tenant_id, job_id, person_id, message_id, state, changed_at)
           values ($1, $2, $3, $4, 'sending', now())
           on conflict (tenant_id, job_id, person_id) do update set changed_at = sent_messages.changed_at
           returning state""",
        session.tenant_id,
        job_id,
        person_id,
        message_id,
    )
    return bool(state == "sending")


async def finish_sending(session: WriteSession, job_id: UUID, person_id: UUID, state: str, problem: str | None) -> None:
    await session.value(
        """update sent_messages set state = $4, problem = $5, changed_at = now()
           where tenant_id = $1 and job_id = $2 and person_id = $3""",
        session.tenant_id,
        job_id,
        person_id,
        state,
        problem,
    )


async def sending_result(session: WriteSession, job_id: UUID) -> dict[str, Any]:
    """`{"sent": [person ids], "refused": [{"person_id", "problem"}]}` of a job."""
    text = await session.value(
        """select json_build_object(
             'sent', coalesce(json_agg(person_id order by person_id) filter (where state = 'sent'), '[]'),
             'refused', coalesce(json_agg(json_build_object('person_id', person_id, 'problem', problem) order by person_id)
               filter (where state = 'refused'), '[]'))::text
           from sent_messages where tenant_id = $1 and job_id = $2""",
        session.tenant_id,
        job_id,
    )
    result: dict[str, Any] = orjson.loads(text)
    return result
