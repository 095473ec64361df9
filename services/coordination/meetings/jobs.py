"""Mail to the people of a meeting, one message each: invitations for their calendars, and the signed minutes.

Sending is done once as far as SMTP allows: what was sent is noted per job and recipient before the next one's turn, and
an attempt whose end nobody saw is repeated under the same Message-ID.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson

from services.coordination.meetings import repository
from services.coordination.meetings.events import MINUTES_DISTRIBUTED
from services.coordination.meetings.invitation import (
    Attendee,
    AttendeeRole,
    AttendeeStatus,
    Invitation,
    invitation_cancellation,
    invitation_request,
    meeting_uid,
)
from services.coordination.meetings.meeting import MeetingStatus
from services.coordination.meetings.minutes import TEXTS, Signature, as_html, as_text, when
from services.coordination.resources import Resources
from services.kernel.jobs import JobFunction, JobRun
from services.kernel.language import Language
from services.kernel.mail import CalendarPart, Mailbox, MailFailed, MailMessage
from services.kernel.problems import Unavailable

# Seconds before another attempt at a server that may answer later.
PAUSES: Final = (0.5, 2.0, 8.0)
Compose = Callable[[Mapping[str, Any], Mailbox], MailMessage]


class MailServerUnavailable(Unavailable):
    code = "mail_server_unavailable"
    title = {"en": "The mail server does not take the messages", "nb": "E-posttjeneren tar ikke imot meldingene"}
    detail = {"en": "{reason}", "nb": "{reason}"}


async def send_invitations(run: JobRun) -> None:
    """An iTIP REQUEST to everybody who attends, or a CANCEL where the meeting was cancelled."""
    resources: Resources = run.resources
    meeting_id = UUID(run.arguments["meeting_id"])
    async with run.database.read(run.tenant_id) as session:
        meeting = await repository.meeting_row(session, meeting_id)
        agenda = await repository.agenda_titles(session, meeting_id)
        people = await repository.recipients(session, meeting_id)
    attendees = tuple(
        Attendee(mailbox, AttendeeRole(person["role"]), AttendeeStatus(person["response"]))
        for person in people
        if (mailbox := _mailbox(person)) is not None
    )
    chair = next((_mailbox(person) for person in people if person["person_id"] == meeting["chair_id"]), None)
    invitation = Invitation(
        uid=meeting_uid(meeting_id),
        sequence=meeting["sequence"],
        organizer=chair or resources.sender,
        attendees=attendees,
        starts_at=meeting["starts_at"],
        ends_at=meeting["ends_at"],
        time_zone=meeting["time_zone"],
        title=meeting["title"],
        agenda=tuple(agenda),
        location=meeting["location"],
    )
    cancelled = meeting["status"] == MeetingStatus.CANCELLED
    write = invitation_cancellation if cancelled else invitation_request
    calendar = CalendarPart("CANCEL" if cancelled else "REQUEST", write(invitation, datetime.now(UTC)))
    times = {
        "starts_at": meeting["starts_at"].isoformat(),
        "ends_at": meeting["ends_at"].isoformat(),
        "time_zone": meeting["time_zone"],
    }

    def compose(person: Mapping[str, Any], mailbox: Mailbox) -> MailMessage:
        language = _language(person)
        lines = [f"{TEXTS.text('when', language)}: {when({'meeting': times}, language)}"]
        if meeting["location"]:
            lines.append(f"{TEXTS.text('where', language)}: {meeting['location']}")
        if agenda:
            lines += [
                "",
                TEXTS.text("agenda", language),
                *(f"{number}. {title}" for number, title in enumerate(agenda, 1)),
            ]
        subject = TEXTS.text("cancellation" if cancelled else "invitation", language, title=meeting["title"])
        return MailMessage(
            sender=resources.sender,
            recipients=(mailbox,),
            subject=subject,
            text="\n".join(lines) + "\n",
            calendar=calendar,
        )

    without_address = await _send_to_each(run, people, compose)
    async with run.write() as writing:
        result = await repository.sending_result(writing, run.id)
        await run.succeed(writing, f"/v1/meetings/{meeting_id}", result | {"without_address": without_address})


async def distribute_minutes(run: JobRun) -> None:
    """The signed minutes as text and HTML to everybody of the meeting, each in their own language."""
    resources: Resources = run.resources
    meeting_id = UUID(run.arguments["meeting_id"])
    async with run.database.read(run.tenant_id) as session:
        signed = await repository.signed_minutes(session, meeting_id)
        signer = await repository.person_name(session, signed["signed_by_id"])
        people = await repository.recipients(session, meeting_id)
    document = orjson.loads(signed["minutes"])
    signature = Signature(signer, signed["signed_at"], signed["minutes_sha256"])

    def compose(person: Mapping[str, Any], mailbox: Mailbox) -> MailMessage:
        language = _language(person)
        return MailMessage(
            sender=resources.sender,
            recipients=(mailbox,),
            subject=TEXTS.text("subject", language, title=document["meeting"]["title"]),
            text=as_text(document, signature, language),
            html=as_html(document, signature, language),
        )

    without_address = await _send_to_each(run, people, compose)
    async with run.write() as writing:
        result = await repository.sending_result(writing, run.id)
        data = {"meeting_id": str(meeting_id), "recipient_ids": result["sent"]}
        writing.record(MINUTES_DISTRIBUTED, "meeting", meeting_id, data, project_id=signed["project_id"])
        await run.succeed(writing, f"/v1/meetings/{meeting_id}", result | {"without_address": without_address})


async def _send_to_each(run: JobRun, people: Sequence[Mapping[str, Any]], compose: Compose) -> list[str]:
    """Send to all who have an address and not yet their message of this job. Returns the ids of those without one.

    A recipient whom the server refuses for good is noted and the others get theirs. Raises MailServerUnavailable when
    the server goes on refusing everybody for the time being, and JobCancelled.
    """
    sender = run.resources.sender
    without_address: list[str] = []
    for position, person in enumerate(people):
        mailbox = _mailbox(person)
        if mailbox is None:
            without_address.append(str(person["person_id"]))
            continue
        message_id = f"<{run.id}.{person['person_id']}@{sender.domain}>"
        async with run.write() as session:
            wanted = await repository.claim_sending(session, run.id, person["person_id"], message_id)
        if wanted:
            problem = await _send(run.resources, replace(compose(person, mailbox), message_id=message_id))
            state = "sent" if problem is None else "refused"
            async with run.write() as session:
                await repository.finish_sending(session, run.id, person["person_id"], state, problem)
        await run.report(min(99, 100 * (position + 1) // len(people)), f"{position + 1}/{len(people)}")
    return without_address


async def _send(resources: Resources, message: MailMessage) -> str | None:
    """None when the message was taken, the reason when it never will be. Raises MailServerUnavailable."""
    for pause in (*PAUSES, None):
        try:
            await resources.mailer.send(message)
        except MailFailed as failure:
            if not failure.retryable:
                return str(failure)[:300]
            if pause is None:
                raise MailServerUnavailable(reason=str(failure)[:300]) from failure
            await asyncio.sleep(pause)
        else:
            return None
    raise AssertionError("the last pause is None")


def _mailbox(person: Mapping[str, Any]) -> Mailbox | None:
    """Where the person gets mail; None without an address, or with one that no mail can reach."""
    try:
        return Mailbox(person["email"], person["name"]) if person["email"] else None
    except ValueError:
        return None


def _language(person: Mapping[str, Any]) -> Language:
    return Language.NORWEGIAN if person["language"] in ("nb", "nn", "no") else Language.ENGLISH


JOB_FUNCTIONS: Final[Mapping[str, JobFunction]] = {
    "send_invitations": send_invitations,
    "distribute_minutes": distribute_minutes,
}
