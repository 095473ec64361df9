"""Following up what minutes assigned."""

from uuid import UUID

from services.coordination.meetings import repository
from services.coordination.meetings.action_item import ActionItem, ActionItemState
from services.coordination.meetings.events import ACTION_ITEM_CLOSED
from services.coordination.meetings.schemas import ActionItemPatch
from services.coordination.meetings.use_cases.meetings import require_person
from services.kernel.access import require_authority, require_member
from services.kernel.batch import Verbs
from services.kernel.schemas import merged
from services.kernel.session import WriteSession


async def change_action_item(
    session: WriteSession, item_id: UUID, expected_version: int, patch: ActionItemPatch
) -> ActionItem:
    """Close the item or change it while it is open. Its owner may report it done like progress on a task."""
    item = await repository.load(session, ActionItem, item_id)
    await require_member(session, session.principal, item.project_id)
    await repository.ACTION_ITEMS.check_version(session, item.id, item.version, expected_version)
    item.require_open()
    changes = merged(patch)
    await require_person(session, item.project_id, changes.get("owner_id"), "owner_id")
    reports_own = item.owner_id == session.principal.person_id and changes == {"state": ActionItemState.DONE}
    state = changes.pop("state", None)
    for name, value in changes.items():
        setattr(item, name, value)
    if state is not None:
        item.close(ActionItemState(state))
    await session.flush()
    await require_authority(session, item.project_id, ["action_item.report" if reports_own else "action_item.change"])
    if state is not None:
        record_closed(session, item)
    return item


def record_closed(session: WriteSession, item: ActionItem) -> None:
    data = {
        "meeting_id": str(item.meeting_id),
        "title": item.title,
        "owner_id": str(item.owner_id),
        "due_date": item.due_date.isoformat(),
        "state": item.state,
    }
    session.record(ACTION_ITEM_CLOSED, "action_item", item.id, data, project_id=item.project_id)


# What a batch is made of.
ACTION_ITEM_VERBS = Verbs(repository.ACTION_ITEMS, update=change_action_item)
