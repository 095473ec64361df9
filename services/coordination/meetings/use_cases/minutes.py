"""Signing the minutes, which makes their decisions and actions count, and sending what people shall have."""

from typing import Any
from uuid import UUID

from services.coordination.meetings import repository
from services.coordination.meetings.action_item import ActionItem
from services.coordination.meetings.events import ACTION_ITEM_ASSIGNED, DECISION_TAKEN, MINUTES_SIGNED
from services.coordination.meetings.meeting import Meeting, MeetingStatus, MinutesNotSigned
from services.coordination.meetings.minutes import canonical, fingerprint
from services.coordination.meetings.outcome import Outcome, OutcomeKind
from services.coordination.meetings.schemas import NewSignature
from services.coordination.meetings.use_cases.meetings import open_meeting
from services.kernel.access import require_authority, require_member
from services.kernel.jobs import enqueue_job
from services.kernel.problems import Conflict
from services.kernel.session import WriteSession

_LONGEST_IN_FACT = 500


class MinutesDiffer(Conflict):
    code = "minutes_differ"
    title = {"en": "These are not the minutes that you read", "nb": "Dette er ikke referatet du leste"}
    detail = {
        "en": "Read them again; they now have the hash {sha256}.",
        "nb": "Les det igjen; det har nå hashen {sha256}.",
    }


async def sign_minutes(session: WriteSession, meeting_id: UUID, new: NewSignature) -> tuple[Meeting, dict[str, Any]]:
    """Freeze the minutes and let them act. Returns the meeting and what follows: decisions taken, actions assigned.

    The facts carry the signer as their actor. A decision is thereby the signer's own, whoever wrote it down: the
    authority desk decides the proposal with the signer's authority or not at all.
    """
    meeting = await open_meeting(session, meeting_id)
    text = canonical(await repository.minutes_document(session, meeting.id))
    sha256 = fingerprint(text)
    if new.sha256 not in (None, sha256):
        raise MinutesDiffer(sha256=sha256)
    outcomes = await repository.outcomes_of(session, meeting.id)
    signer_id = session.principal.person_id
    meeting.sign(text, sha256, signer_id, session.now)
    await session.flush()
    subject = {"type": "meeting", "id": str(meeting.id), "title": meeting.title}
    await require_authority(session, meeting.project_id, ["minutes.sign"], impact={"subject": subject})
    data = {
        "meeting_id": str(meeting.id),
        "title": meeting.title,
        "signed_by_id": str(signer_id),
        "sha256": sha256,
        "outcomes": [_outcome_data(outcome) for outcome in outcomes],
    }
    session.record(MINUTES_SIGNED, "meeting", meeting.id, data, project_id=meeting.project_id)
    decisions = [_take_decision(session, outcome) for outcome in outcomes if outcome.decision is not None]
    actions = [await _assign_action(session, outcome) for outcome in outcomes if outcome.kind == OutcomeKind.ACTION]
    return meeting, {"decision_ids": decisions, "action_item_ids": actions}


def _outcome_data(outcome: Outcome) -> dict[str, Any]:
    data: dict[str, Any] = {"id": str(outcome.id), "kind": outcome.kind, "text": outcome.text[:_LONGEST_IN_FACT]}
    if outcome.decision is not None:
        data |= {"proposal_id": str(outcome.proposal_id), "decision": outcome.decision}
    if outcome.due_date is not None:
        data |= {"title": outcome.title, "owner_id": str(outcome.owner_id), "due_date": outcome.due_date.isoformat()}
    return data


def _take_decision(session: WriteSession, outcome: Outcome) -> str:
    data = {
        "meeting_id": str(outcome.meeting_id),
        "outcome_id": str(outcome.id),
        "proposal_id": str(outcome.proposal_id),
        "decision": outcome.decision,
        "reason": outcome.reason,
    }
    session.record(DECISION_TAKEN, "outcome", outcome.id, data, project_id=outcome.project_id)
    return str(outcome.id)


async def _assign_action(session: WriteSession, outcome: Outcome) -> str:
    item = ActionItem(
        project_id=outcome.project_id,
        meeting_id=outcome.meeting_id,
        outcome_id=outcome.id,
        title=outcome.title,
        owner_id=outcome.owner_id,
        due_date=outcome.due_date,
        parent_task_id=outcome.parent_task_id,
    )
    session.add(item)
    await session.flush()
    data = {
        "meeting_id": str(item.meeting_id),
        "title": item.title,
        "owner_id": str(item.owner_id),
        "due_date": item.due_date.isoformat(),
        "parent_task_id": item.parent_task_id and str(item.parent_task_id),
    }
    session.record(ACTION_ITEM_ASSIGNED, "action_item", item.id, data, project_id=item.project_id)
    return str(item.id)


async def send_invitations(session: WriteSession, meeting_id: UUID) -> UUID:
    """Ask for the mails that put the meeting into calendars, or take a cancelled one out. Returns the job's id."""
    meeting = await repository.lock_meeting(session, meeting_id)
    await require_member(session, session.principal, meeting.project_id)
    await require_authority(session, meeting.project_id, ["meeting.invite"])
    return await enqueue_job(session, "send_invitations", {"meeting_id": str(meeting.id)}, meeting.project_id)


async def distribute_minutes(session: WriteSession, meeting_id: UUID) -> UUID:
    """Ask for the signed minutes to be mailed to those who attended. Returns the job's id. Raises MinutesNotSigned."""
    meeting = await repository.lock_meeting(session, meeting_id)
    await require_member(session, session.principal, meeting.project_id)
    if meeting.status != MeetingStatus.MINUTES_SIGNED:
        raise MinutesNotSigned
    await require_authority(session, meeting.project_id, ["minutes.distribute"])
    return await enqueue_job(session, "distribute_minutes", {"meeting_id": str(meeting.id)}, meeting.project_id)
