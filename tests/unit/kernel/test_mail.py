"""Mail: what stands in a message, and that it reaches a real SMTP server or a folder whole."""

import asyncio
import re
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from services.kernel.mail import (
    Attachment,
    CalendarPart,
    Mailbox,
    MailFailed,
    MailMessage,
    OutboxMailer,
    SmtpMailer,
    compose,
    mailer,
)

# The test server is asked for passwords without TLS on purpose: the connection never leaves loopback.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PASSWORD = "p@ss/wørd:?"
ICS = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Styringsm\xc3\xb8te\r\nEND:VCALENDAR\r\n"


def make_message(**changes: Any) -> MailMessage:
    values: dict[str, Any] = {
        "sender": Mailbox("tandem@example.no", "Tandem"),
        "recipients": (Mailbox("kari@example.no", "Kari Åsen"),),
        "subject": "Referat: møte 12",
        "text": "Hei Kari\n.\nÆøå\n",
    }
    return MailMessage(**(values | changes))


def read(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def parse(message: MailMessage) -> EmailMessage:
    return read(compose(message, NOW).as_bytes())


def types(message: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in message.walk()]


def files_in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


class Inbox:
    """The receiving end: keeps envelopes, and refuses the recipients that it is told to."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.refusals: dict[str, str] = {}
        self.silent = False

    async def handle_RCPT(  # noqa: N802 - the server looks for this name
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802 - as above
        if self.silent:
            await asyncio.sleep(5)
        self.envelopes.append(envelope)
        return "250 kept"


def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, credentials: Any) -> AuthResult:
    expected = LoginPassword(b"tandem", PASSWORD.encode())
    # `handled` must be false, or the server leaves the client without an answer.
    return AuthResult(success=credentials == expected, handled=False)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def port(inbox: Inbox) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = int(probe.getsockname()[1])
    controller = Controller(
        inbox,
        hostname="127.0.0.1",
        port=free,
        authenticator=authenticate,
        auth_required=True,
        auth_require_tls=False,
    )
    controller.start()
    yield free
    controller.stop()


@pytest.fixture
def smtp_url(port: int) -> str:
    return f"smtp://tandem:{quote(PASSWORD, safe='')}@127.0.0.1:{port}?starttls=off&timeout=1"


async def test_a_message_reaches_the_server_with_its_envelope_and_its_dots(inbox: Inbox, smtp_url: str) -> None:
    message = make_message(recipients=(Mailbox("kari@example.no", "Kari Åsen"), Mailbox("ola@example.no")))

    await mailer(smtp_url).send(message)

    (envelope,) = inbox.envelopes
    assert envelope.mail_from == "tandem@example.no"
    assert envelope.rcpt_tos == ["kari@example.no", "ola@example.no"]
    assert isinstance(envelope.content, bytes)
    arrived = read(envelope.content)
    assert arrived["subject"] == "Referat: møte 12"
    assert arrived["message-id"] == message.message_id
    assert arrived["to"].addresses[0].display_name == "Kari Åsen"
    assert arrived.get_content().replace("\r\n", "\n") == message.text


async def test_a_wrong_password_fails_for_good_and_is_not_shown(inbox: Inbox, port: int) -> None:
    with pytest.raises(MailFailed) as failure:
        await mailer(f"smtp://tandem:hemmelig@127.0.0.1:{port}?starttls=off&timeout=2").send(make_message())

    assert not failure.value.retryable
    assert "hemmelig" not in repr(failure.value)
    assert inbox.envelopes == []


async def test_no_mail_leaves_in_the_clear_where_encryption_is_required(inbox: Inbox, smtp_url: str) -> None:
    with pytest.raises(MailFailed):
        await mailer(smtp_url.replace("off", "required")).send(make_message())

    assert inbox.envelopes == []


async def test_every_recipient_refused_may_be_worth_another_try(inbox: Inbox, smtp_url: str) -> None:
    inbox.refusals["kari@example.no"] = "450 mailbox busy"
    with pytest.raises(MailFailed) as busy:
        await mailer(smtp_url).send(make_message())
    inbox.refusals["kari@example.no"] = "550 no such user"
    with pytest.raises(MailFailed) as unknown:
        await mailer(smtp_url).send(make_message())

    assert busy.value.retryable
    assert not unknown.value.retryable
    assert unknown.value.refused == ("kari@example.no",)


async def test_a_partial_refusal_is_told_and_not_repeated_for_those_who_have_it(inbox: Inbox, smtp_url: str) -> None:
    inbox.refusals["ola@example.no"] = "450 mailbox busy"
    message = make_message(recipients=(Mailbox("kari@example.no"), Mailbox("ola@example.no")))

    with pytest.raises(MailFailed) as failure:
        await mailer(smtp_url).send(message)

    assert failure.value.refused == ("ola@example.no",)
    assert not failure.value.retryable
    assert len(inbox.envelopes) == 1


async def test_a_silent_server_is_given_up_in_time(inbox: Inbox, smtp_url: str) -> None:
    inbox.silent = True

    with pytest.raises(MailFailed) as failure:
        await asyncio.wait_for(mailer(smtp_url).send(make_message()), 4)
    assert failure.value.retryable


async def test_a_server_that_is_not_there_is_worth_another_try() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"smtp://127.0.0.1:{closed.getsockname()[1]}?starttls=off&timeout=1"
        with pytest.raises(MailFailed) as failure:
            await mailer(url).send(make_message())
    assert failure.value.retryable


async def test_the_outbox_holds_complete_messages_in_the_order_of_time(tmp_path: Path) -> None:
    outbox = mailer(f"outbox://{tmp_path}/sent%20mail")

    for number in range(3):
        await outbox.send(make_message(subject=f"Melding {number}"))

    files = files_in(tmp_path / "sent mail")
    assert all(re.fullmatch(r"\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{12}\.eml", file.name) for file in files)
    assert [read(file.read_bytes())["subject"] for file in files] == ["Melding 0", "Melding 1", "Melding 2"]


async def test_an_outbox_that_cannot_be_written_leaves_no_half_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(MailFailed) as failure:
        await OutboxMailer(tmp_path).send(make_message())

    assert failure.value.retryable
    assert files_in(tmp_path) == []


def test_a_calendar_invitation_is_the_last_alternative_and_an_attached_file() -> None:
    mail = parse(make_message(html="<p>Hei</p>", calendar=CalendarPart("REQUEST", ICS)))

    assert types(mail) == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    calendar, attached = list(mail.walk())[-2:]
    assert calendar.get_param("method") == "REQUEST"
    assert calendar.get_content_charset() == "utf-8"
    assert calendar.get_payload(decode=True) == ICS
    assert attached.get_payload(decode=True) == ICS
    assert attached.get_filename() == "invite.ics"
    assert attached.get_content_disposition() == "attachment"


def test_plain_text_alone_is_a_single_part_and_html_an_alternative() -> None:
    assert types(parse(make_message())) == ["text/plain"]
    assert types(parse(make_message(html="<p>x</p>"))) == ["multipart/alternative", "text/plain", "text/html"]


def test_an_attachment_keeps_its_bytes_and_its_name_in_any_script() -> None:
    data = bytes(range(256))
    mail = parse(make_message(attachments=(Attachment('Møte "12"; ref.pdf', "application/pdf", data),)))

    (attached,) = mail.iter_attachments()
    assert attached.get_content() == data
    assert attached.get_filename() == 'Møte "12"; ref.pdf'


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r", "\r\n ", "\x85", "\u2028", "\x0b", "\x00"])
def test_nothing_that_users_write_adds_a_header(ending: str) -> None:
    attack = f"Møte{ending}Bcc: all@example.no{ending}{ending}<script>"
    mail = parse(
        make_message(
            sender=Mailbox("tandem@example.no", attack),
            recipients=(Mailbox("kari@example.no", attack),),
            subject=attack,
            headers={"X-Tandem-Project": attack},
            attachments=(Attachment(attack, "text/plain", b"x"),),
        )
    )

    assert mail["bcc"] is None
    assert mail["subject"].split() == ["Møte", "Bcc:", "all@example.no", "<script>"]
    assert [str(address.addr_spec) for address in mail["to"].addresses] == ["kari@example.no"]
    assert mail.get_body() is not None
    assert len(list(mail.iter_attachments())) == 1


@pytest.mark.parametrize(
    "address",
    [
        "",
        "kari",
        "@example.no",
        "kari@",
        "kari@example.no\r\nBcc: x@example.no",
        "kari@example.no\n",
        "kari@exa mple.no",
        "a@b@example.no",
        "kari@example.no>",
        "kari@-example.no",
        "kåre@example.no",
        ".kari@example.no",
        "x" * 65 + "@example.no",
    ],
)
def test_an_address_that_no_mail_can_reach_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="not a mail address"):
        Mailbox(address)


def test_an_international_domain_travels_in_its_ascii_form() -> None:
    assert Mailbox("kari@blåbær.no").address == "kari@xn--blbr-roah.no"


@pytest.mark.parametrize("name", ["Subject", "BCC", "Content-Type", "X Y", "X:Y", "X\r\nY", ""])
def test_headers_that_the_message_writes_itself_cannot_be_set(name: str) -> None:
    with pytest.raises(ValueError, match="not a header"):
        make_message(headers={name: "x"})


def test_a_message_id_is_made_once_and_a_strange_one_refused() -> None:
    message = make_message()
    assert compose(message, NOW)["message-id"] == compose(message, NOW)["message-id"]
    assert message.message_id.endswith("@example.no>")
    with pytest.raises(ValueError, match="not a message id"):
        make_message(message_id="<a@b>\r\nBcc: c@example.no")


def test_a_lone_surrogate_does_not_stop_the_mail() -> None:
    assert "\ufffd" in parse(make_message(text="half \ud83d", subject="half \ud83d")).get_content()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "kari@example.no",
        "http://127.0.0.1",
        "smtp://",
        "smtp://u:hemmelig@h?starttls=perhaps",
        "smtp://u:hemmelig@h?tls=on",
        "smtp://u:hemmelig@h?timeout=-1",
        "outbox://relative/folder",
        "outbox:///",
        "outbox:relative",
    ],
)
def test_a_setting_that_names_no_mailer_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError) as refusal:
        mailer(url)
    assert "hemmelig" not in str(refusal.value)


async def test_tls_from_the_first_byte_is_spoken_where_smtps_is_named() -> None:
    hello = asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello.set_result(await reader.read(1))
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        smtps = SmtpMailer("127.0.0.1", port, encryption="implicit", tls_context=ssl.create_default_context())
        with pytest.raises(MailFailed):
            await smtps.send(make_message())
    assert await hello == b"\x16", "a TLS handshake record"
