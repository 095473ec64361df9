"""Recording what a meeting came to, until the minutes are signed."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.coordination.meetings import repository
from services.coordination.meetings.meeting import MOST_OUTCOMES, AgendaItem, Meeting, MeetingFull
from services.coordination.meetings.outcome import Outcome
from services.coordination.meetings.schemas import NewOutcome, OutcomePatch
from services.coordination.meetings.use_cases.meetings import open_meeting, require_person, require_proposal
from services.kernel.access import require_authority, require_member
from services.kernel.batch import Verbs
from services.kernel.problems import NotFound, UnknownReference
from services.kernel.schemas import merged
from services.kernel.session import WriteSession


async def record_outcome(session: WriteSession, project_id: UUID, new: NewOutcome) -> Outcome:
    """A decision, action or note in the minutes. It has no effect before the signature."""
    await require_member(session, session.principal, project_id)
    meeting = await open_meeting(session, new.meeting_id, unknown="meeting_id")
    if meeting.project_id != project_id:
        raise UnknownReference("meeting_id")
    if await repository.count_of_meeting(session, Outcome, meeting.id) >= MOST_OUTCOMES:
        raise MeetingFull(limit=MOST_OUTCOMES)
    values = new.model_dump()
    await _require_known(session, meeting, values)
    outcome = Outcome(project_id=project_id, **values)
    outcome.require_complete()
    session.add(outcome)
    await session.flush()
    await require_authority(session, project_id, ["minutes.record"])
    return outcome


async def change_outcome(
    session: WriteSession, outcome_id: UUID, expected_version: int, patch: OutcomePatch
) -> Outcome:
    """Change what was recorded. Raises MinutesSigned once it is signed."""
    outcome = await repository.load(session, Outcome, outcome_id)
    meeting = await open_meeting(session, outcome.meeting_id)
    await repository.OUTCOMES.check_version(session, outcome.id, outcome.version, expected_version)
    changes = merged(patch)
    await _require_known(session, meeting, changes)
    for name, value in changes.items():
        setattr(outcome, name, value)
    outcome.require_complete()
    await session.flush()
    await require_authority(session, outcome.project_id, ["minutes.record"])
    return outcome


async def remove_outcome(session: WriteSession, outcome_id: UUID, expected_version: int) -> None:
    outcome = await repository.load(session, Outcome, outcome_id)
    await open_meeting(session, outcome.meeting_id)
    await repository.OUTCOMES.check_version(session, outcome.id, outcome.version, expected_version)
    await session.delete(outcome)
    await session.flush()
    await require_authority(session, outcome.project_id, ["minutes.record"])


async def _require_known(session: WriteSession, meeting: Meeting, values: Mapping[str, Any]) -> None:
    """Raise UnknownReference where the values name what is not of this project or meeting."""
    await require_proposal(session, meeting.project_id, values.get("proposal_id"))
    await require_person(session, meeting.project_id, values.get("owner_id"), "owner_id")
    if values.get("agenda_item_id") is not None:
        try:
            item = await repository.load(session, AgendaItem, values["agenda_item_id"])
        except NotFound as error:
            raise UnknownReference("agenda_item_id") from error
        if item.meeting_id != meeting.id:
            raise UnknownReference("agenda_item_id")


# What a batch is made of.
OUTCOME_VERBS = Verbs(repository.OUTCOMES, create=record_outcome, update=change_outcome, delete=remove_outcome)
