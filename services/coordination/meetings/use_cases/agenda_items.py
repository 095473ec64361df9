"""Putting points on the agenda, moving them and taking them off."""

from uuid import UUID

from services.coordination.meetings import repository
from services.coordination.meetings.meeting import MOST_AGENDA_ITEMS, AgendaItem, MeetingFull, rank_after
from services.coordination.meetings.schemas import AgendaItemPatch, NewAgendaItem
from services.coordination.meetings.use_cases.meetings import open_meeting, record_change, require_proposal
from services.kernel.access import require_authority, require_member
from services.kernel.batch import Verbs
from services.kernel.problems import Conflict, UnknownReference
from services.kernel.schemas import merged
from services.kernel.session import WriteSession


class AgendaItemInUse(Conflict):
    code = "agenda_item_in_use"
    title = {"en": "Outcomes are recorded under this item", "nb": "Det er ført utfall under denne saken"}


async def add_agenda_item(session: WriteSession, project_id: UUID, new: NewAgendaItem) -> AgendaItem:
    """A new point, the last one unless a rank says otherwise."""
    await require_member(session, session.principal, project_id)
    meeting = await open_meeting(session, new.meeting_id, unknown="meeting_id")
    if meeting.project_id != project_id:
        raise UnknownReference("meeting_id")
    await require_proposal(session, project_id, new.proposal_id)
    if await repository.count_of_meeting(session, AgendaItem, meeting.id) >= MOST_AGENDA_ITEMS:
        raise MeetingFull(limit=MOST_AGENDA_ITEMS)
    rank = new.rank or rank_after(await repository.last_rank(session, meeting.id))
    item = AgendaItem(project_id=project_id, rank=rank, **new.model_dump(exclude={"rank"}))
    session.add(item)
    await session.flush()
    await require_authority(session, project_id, ["meeting.agenda"])
    await record_change(session, meeting)
    return item


async def change_agenda_item(
    session: WriteSession, item_id: UUID, expected_version: int, patch: AgendaItemPatch
) -> AgendaItem:
    item = await repository.load(session, AgendaItem, item_id)
    meeting = await open_meeting(session, item.meeting_id)
    await repository.AGENDA_ITEMS.check_version(session, item.id, item.version, expected_version)
    changes = merged(patch)
    await require_proposal(session, item.project_id, changes.get("proposal_id"))
    for name, value in changes.items():
        setattr(item, name, value)
    await session.flush()
    await require_authority(session, item.project_id, ["meeting.agenda"])
    await record_change(session, meeting)
    return item


async def remove_agenda_item(session: WriteSession, item_id: UUID, expected_version: int) -> None:
    """Take a point off the agenda. Raises AgendaItemInUse when something was recorded under it."""
    item = await repository.load(session, AgendaItem, item_id)
    meeting = await open_meeting(session, item.meeting_id)
    await repository.AGENDA_ITEMS.check_version(session, item.id, item.version, expected_version)
    if await repository.has_outcomes_of_item(session, item.id):
        raise AgendaItemInUse
    await session.delete(item)
    await session.flush()
    await require_authority(session, item.project_id, ["meeting.agenda"])
    await record_change(session, meeting)


# What a batch is made of.
AGENDA_ITEM_VERBS = Verbs(
    repository.AGENDA_ITEMS, create=add_agenda_item, update=change_agenda_item, delete=remove_agenda_item
)
