"""What is sent: invitations that calendars read, signed minutes in each reader's language, and nothing twice."""

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from aiosmtpd.smtp import SMTP, Envelope
from icalendar import Calendar

from services.coordination.meetings import jobs
from services.coordination.resources import Resources
from services.kernel.ids import new_id
from services.kernel.jobs import JobCancelled, JobFunction, JobRun
from services.kernel.mail import Mailbox, SmtpMailer
from tests.factories.policies import make_policy
from tests.factories.world import Caller, ServiceUnderTest, World
from tests.service.coordination.meetings.calls import call_meeting, record_outcome
from tests.service.coordination.recorded import facts_of


class MailServer:
    """The receiving end of a real SMTP connection: keeps messages, and refuses the addresses that it is told to."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.refusals: dict[str, str] = {}
        self.port = 0

    async def handle_RCPT(  # noqa: N802 - the server looks for this name
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802 - as above
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 kept"

    def of(self, role: str) -> list[EmailMessage]:
        return [message for message in self.messages if f"{role}@example.org" in str(message["To"])]


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    received = MailServer()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(received), "127.0.0.1", 0)
    received.port = server.sockets[0].getsockname()[1]
    yield received
    server.close()
    await server.wait_closed()


async def running_job(world: World, role: str, kind: str, meeting: dict[str, Any], mail_server: MailServer) -> JobRun:
    """A job that has been taken up by this test instead of a worker, with a mailer that reaches the test's server."""
    service = world.under_test.service
    principal = world[role].principal
    arguments = {"meeting_id": meeting["id"]}
    job_id = new_id()
    async with service.database.write(principal) as session:
        await session.value(
            """insert into jobs (tenant_id, id, kind, project_id, state, arguments, principal, created_by_id)
               values ($1, $2, $3, $4, 'running', $5, '{}', $6)""",
            world.tenant_id,
            job_id,
            kind,
            world.project_id,
            orjson.dumps(arguments).decode(),
            principal.person_id,
        )
        await session.commit()
    mailer = SmtpMailer("127.0.0.1", mail_server.port, encryption="off", timeout_seconds=5)
    resources = Resources(Mailbox("tandem@example.org", "Tandem"), None, mailer)
    return JobRun(service.database, resources, world.tenant_id, job_id, arguments, principal)


async def job_of(caller: Caller, job_id: UUID | str) -> dict[str, Any]:
    job: dict[str, Any] = (await caller.get(f"/v1/jobs/{job_id}")).json()
    return job


async def finished_job(caller: Caller, location: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while (job := (await caller.get(location)).json())["state"] not in ("succeeded", "failed", "cancelled"):
            await asyncio.sleep(0.05)
    assert isinstance(job, dict)
    return job


def part_of(message: EmailMessage, media_type: str) -> str:
    (part,) = [each for each in message.walk() if each.get_content_type() == media_type]
    text: str = part.get_content()
    return text


async def test_sending_needs_a_key_a_place_and_authority(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    meeting = await call_meeting(world, attendees=[{"person_id": str(world["guest"].id)}])
    for noun in ("invitations", "distributions"):
        path = f"/v1/meetings/{meeting['id']}/{noun}"
        assert (await world["coordinator"].post(path, headers={"Idempotency-Key": None})).status_code == 400
        for caller in (world["stranger"], world["guest"], world.foreigner()):
            assert (await caller.post(path)).status_code == 404
    assert (await world["member"].post(f"/v1/meetings/{meeting['id']}/invitations")).status_code == 403
    unsigned = await world["coordinator"].post(f"/v1/meetings/{meeting['id']}/distributions")
    assert (unsigned.status_code, unsigned.json()["code"]) == (409, "minutes_not_signed")


async def test_an_invitation_is_a_request_that_a_calendar_reads(
    coordination: ServiceUnderTest, mail_server: MailServer
) -> None:
    world = await coordination.world(make_policy())
    norwegian = {"name": "Kåre", "email": "member@example.org", "language": "nb"}
    addressless = {"name": "Owner", "email": None}
    await coordination.hear(
        world.tenant_id,
        "gateway",
        [
            ("gateway.person.changed", world["member"].id, norwegian, None),
            ("gateway.person.changed", world["owner"].id, addressless, None),
        ],
    )
    attendees = [{"person_id": str(world[role].id), "role": "optional"} for role in ("member", "owner")]
    meeting = await call_meeting(
        world, title="Byggemøte; BEGIN:VEVENT, 4", attendees=attendees, agenda=[{"title": "Stål"}]
    )
    run = await running_job(world, "coordinator", "send_invitations", meeting, mail_server)
    await jobs.send_invitations(run)

    assert sorted(str(message["To"]).rpartition("<")[2] for message in mail_server.messages) == [
        "coordinator@example.org>",
        "member@example.org>",
    ]
    (message,) = mail_server.of("member")
    assert message["Subject"] == "Innkalling: Byggemøte; BEGIN:VEVENT, 4"
    assert "Saksliste" in part_of(message, "text/plain")
    assert mail_server.of("coordinator")[0]["Subject"].startswith("Invitation: ")
    calendar: Any = Calendar.from_ical(part_of(message, "text/calendar"))
    assert calendar["METHOD"] == "REQUEST"
    (event,) = calendar.walk("VEVENT")
    assert event["UID"] == f"{meeting['id']}@tandem"
    assert event["SUMMARY"] == "Byggemøte; BEGIN:VEVENT, 4"
    assert event["SEQUENCE"] == 0
    assert event["DTSTART"].dt.isoformat() == "2026-03-09T09:00:00+01:00"
    assert event["ORGANIZER"] == "mailto:coordinator@example.org"
    assert {str(each) for each in event["ATTENDEE"]} == {"mailto:coordinator@example.org", "mailto:member@example.org"}
    job = await job_of(world["coordinator"], run.id)
    assert job["state"] == "succeeded"
    assert len(job["result"]["sent"]) == 2
    assert job["result"]["without_address"] == [str(world["owner"].id)]


async def test_a_cancelled_meeting_is_taken_out_of_calendars(
    coordination: ServiceUnderTest, mail_server: MailServer
) -> None:
    world = await coordination.world(make_policy())
    meeting = await call_meeting(world)
    await world["coordinator"].patch(f"/v1/meetings/{meeting['id']}", {"status": "cancelled"}, 1)
    await jobs.send_invitations(await running_job(world, "coordinator", "send_invitations", meeting, mail_server))
    calendar: Any = Calendar.from_ical(part_of(mail_server.of("member")[0], "text/calendar"))
    assert (calendar["METHOD"], calendar.walk("VEVENT")[0]["SEQUENCE"]) == ("CANCEL", 1)


@pytest.mark.parametrize("send", [jobs.send_invitations, jobs.distribute_minutes])
async def test_a_job_that_starts_again_sends_only_what_is_missing(
    coordination: ServiceUnderTest, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch, send: JobFunction
) -> None:
    world = await coordination.world(make_policy())
    meeting = await call_meeting(world)
    await world["manager"].post(f"/v1/meetings/{meeting['id']}/signature", {})
    run = await running_job(world, "coordinator", send.__name__, meeting, mail_server)
    monkeypatch.setattr(jobs, "PAUSES", (0.01,))
    mail_server.refusals["member@example.org"] = "451 later"
    with pytest.raises(jobs.MailServerUnavailable):
        await send(run)
    assert (len(mail_server.of("coordinator")), len(mail_server.of("member"))) == (1, 0)
    mail_server.refusals.clear()
    await send(run)
    assert (len(mail_server.of("coordinator")), len(mail_server.of("member"))) == (1, 1)
    assert mail_server.of("member")[0]["Message-ID"] == f"<{run.id}.{world['member'].id}@example.org>"
    with pytest.raises(JobCancelled):
        await send(run)
    assert len(mail_server.messages) == 2


async def test_one_recipient_who_is_refused_for_good_keeps_nobody_else_from_theirs(
    coordination: ServiceUnderTest, mail_server: MailServer
) -> None:
    world = await coordination.world(make_policy())
    meeting = await call_meeting(world)
    mail_server.refusals["coordinator@example.org"] = "550 no such mailbox"
    run = await running_job(world, "coordinator", "send_invitations", meeting, mail_server)
    await jobs.send_invitations(run)
    result = (await job_of(world["coordinator"], run.id))["result"]
    assert result["sent"] == [str(world["member"].id)]
    assert result["refused"][0]["person_id"] == str(world["coordinator"].id)


async def test_a_cancelled_job_sends_no_further_message(
    coordination: ServiceUnderTest, mail_server: MailServer
) -> None:
    world = await coordination.world(make_policy())
    run = await running_job(world, "coordinator", "send_invitations", await call_meeting(world), mail_server)
    assert (await world["coordinator"].delete(f"/v1/jobs/{run.id}")).status_code == 202
    with pytest.raises(JobCancelled):
        await jobs.send_invitations(run)
    assert len(mail_server.messages) == 1


async def test_signed_minutes_reach_everybody_in_their_own_language(
    coordination: ServiceUnderTest, mail_server: MailServer
) -> None:
    world = await coordination.world(make_policy())
    norwegian = {"name": "Kåre", "email": "member@example.org", "language": "nb"}
    await coordination.hear(
        world.tenant_id, "gateway", [("gateway.person.changed", world["member"].id, norwegian, None)]
    )
    meeting = await call_meeting(world, agenda=[{"title": "Steel <script>"}])
    owner = {"owner_id": str(world["member"].id), "due_date": "2026-03-13"}
    await record_outcome(world, meeting, kind="action", title="Call <b>the</b> supplier", **owner)
    signed = (await world["manager"].post(f"/v1/meetings/{meeting['id']}/signature", {})).json()
    run = await running_job(world, "coordinator", "distribute_minutes", meeting, mail_server)
    await jobs.distribute_minutes(run)

    english, norwegian_mail = mail_server.of("coordinator")[0], mail_server.of("member")[0]
    assert (english["Subject"], norwegian_mail["Subject"]) == ("Minutes: Site meeting 4", "Referat: Site meeting 4")
    text = part_of(english, "text/plain")
    assert "Action: Call <b>the</b> supplier (Kåre, by 13\u00a0Mar\u00a02026)" in text
    assert signed["minutes_sha256"] in text
    assert "Signed by Manager" in text
    assert "Aksjon: Call <b>the</b> supplier (Kåre, innen 13.03.2026)" in part_of(norwegian_mail, "text/plain")
    html = part_of(english, "text/html")
    assert "Call &lt;b&gt;the&lt;/b&gt; supplier" in html
    assert "<script" not in html
    (fact,) = await facts_of(coordination, world, "coordination.minutes.distributed")
    assert set(fact["data"]["recipient_ids"]) == {str(world["coordinator"].id), str(world["member"].id)}


async def test_a_request_to_send_becomes_a_job_that_a_worker_carries_out_once(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    meeting = await call_meeting(world)
    path = f"/v1/meetings/{meeting['id']}/invitations"
    answers = [await world["coordinator"].post(path, headers={"Idempotency-Key": "once"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    job = await finished_job(world["coordinator"], answers[0].headers["location"])
    assert (job["state"], len(job["result"]["sent"])) == ("succeeded", 2)
    mail_url = coordination.service.settings.mail_url
    assert mail_url is not None
    folder = Path(mail_url.removeprefix("outbox://"))
    written = await asyncio.to_thread(lambda: [path.read_bytes() for path in folder.glob("*.eml")])
    assert len([message for message in written if job["id"].encode() in message]) == 2
