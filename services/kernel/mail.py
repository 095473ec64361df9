"""Mail as a value, and the two ways to send it: an SMTP server, or a folder of complete messages for development and tests.

What users wrote ends up in subjects, names and file names, so this module cleans it; no header can be added by it.
"""

import asyncio
import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, Protocol
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

import aiosmtplib

CalendarMethod = Literal["REQUEST", "CANCEL", "REPLY", "PUBLISH"]

# Seven-bit transfer encodings pass every server, whether or not it announces 8BITMIME.
_POLICY: Final = SMTP.clone(cte_type="7bit")

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_LOCAL_PART: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_MESSAGE_ID: Final = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+>")
_HEADER_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
_OWN_HEADERS: Final = frozenset({"from", "to", "cc", "bcc", "sender", "subject", "date", "message-id", "mime-version"})


class MailFailed(Exception):
    """The message was not accepted for every recipient.

    `retryable` is True where trying again later may help (no connection, a time-out, a 4xx answer). After a partial
    refusal it is False, since the others have their copy; `refused` then names those that do not.
    """

    def __init__(self, reason: str, *, retryable: bool, refused: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.retryable: Final = retryable
        self.refused: Final = refused


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address with the name to show. Raises ValueError for an address that no mail can reach.

    The domain may be international (it travels in its ASCII form); the part before the @ may not.
    """

    address: str
    name: str = ""

    def __post_init__(self) -> None:
        local, _, domain = self.address.rpartition("@")
        try:
            ascii_domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            ascii_domain = ""
        if len(local) > 64 or not _LOCAL_PART.fullmatch(local) or not _DOMAIN.fullmatch(ascii_domain):
            raise ValueError(f"not a mail address: {self.address!r}")
        object.__setattr__(self, "address", f"{local}@{ascii_domain}")
        object.__setattr__(self, "name", one_line(self.name))

    @property
    def domain(self) -> str:
        """What follows the @."""
        return self.address.rpartition("@")[2]

    def header(self) -> Address:
        """The form in which it stands in From and To."""
        return Address(display_name=self.name, addr_spec=self.address)


@dataclass(frozen=True, slots=True)
class CalendarPart:
    """An iCalendar object that the reader's calendar shall act on (RFC 5546), with the method that it carries itself."""

    method: CalendarMethod
    data: bytes
    filename: str = "invite.ics"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that travels with the message."""

    filename: str
    media_type: str
    data: bytes

    def __post_init__(self) -> None:
        if not _MEDIA_TYPE.fullmatch(self.media_type):
            raise ValueError(f"not a media type: {self.media_type!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailMessage:
    """One message to be sent.

    `html` is an alternative to `text` and must have been cleaned already. The message id is made once, with the value,
    so that every attempt to send it carries the same and a reader's mailbox can tell a repetition.
    Control characters in the subject, in names and in header values become spaces; a header that this module writes
    itself, or an address or message id that is none, raises ValueError.
    """

    sender: Mailbox
    recipients: tuple[Mailbox, ...]
    subject: str
    text: str
    html: str | None = None
    calendar: CalendarPart | None = None
    attachments: tuple[Attachment, ...] = ()
    message_id: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if not self.recipients:
            raise ValueError("a message needs a recipient")
        if not self.message_id:
            object.__setattr__(self, "message_id", f"<{uuid4()}@{self.sender.domain}>")
        elif not _MESSAGE_ID.fullmatch(self.message_id):
            raise ValueError(f"not a message id: {self.message_id!r}")
        for name in self.headers:
            if not _HEADER_NAME.fullmatch(name) or name.lower() in _OWN_HEADERS or name.lower().startswith("content-"):
                raise ValueError(f"not a header that may be set: {name!r}")


class Mailer(Protocol):
    """Hands messages over to somebody who keeps them."""

    async def send(self, message: MailMessage) -> None:
        """Return when the message is in somebody else's durable care. Raises MailFailed."""
        ...


def one_line(text: str) -> str:
    """`text` with every run of control characters and line separators turned into one space."""
    return _CONTROL.sub(" ", text).strip()


def compose(message: MailMessage, sent_at: datetime) -> EmailMessage:
    """The MIME form of a message.

    A calendar part is the last alternative to the text, where Gmail and Outlook look for it, and once more an attached
    file, which is what clients without calendar support can open (RFC 6047, section 2.4).
    """
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = message.sender.header()
    mail["To"] = tuple(recipient.header() for recipient in message.recipients)
    mail["Subject"] = one_line(message.subject)
    mail["Date"] = format_datetime(sent_at.astimezone(UTC))
    mail["Message-ID"] = message.message_id
    for name, value in message.headers.items():
        mail[name] = one_line(value)
    mail.set_content(_storable(message.text))
    if message.html is not None:
        mail.add_alternative(_storable(message.html), subtype="html")
    if message.calendar is not None:
        calendar = message.calendar
        mail.add_alternative(
            calendar.data.decode("utf-8"), subtype="calendar", cte="base64", params={"method": calendar.method}
        )
        mail.add_attachment(calendar.data, maintype="application", subtype="ics", filename=one_line(calendar.filename))
    for attachment in message.attachments:
        maintype, _, subtype = attachment.media_type.partition("/")
        filename = one_line(attachment.filename)
        mail.add_attachment(attachment.data, maintype=maintype, subtype=subtype, filename=filename)
    return mail


def _storable(text: str) -> str:
    return _SURROGATE.sub("\ufffd", text)


class SmtpMailer:
    """Sends through an SMTP server, a connection for each message.

    `encryption` is "required" (STARTTLS, or no mail), "implicit" (TLS from the first byte) or "off".
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        username: str | None = None,
        password: str | None = None,
        encryption: Literal["required", "implicit", "off"] = "required",
        tls_context: ssl.SSLContext | None = None,
        timeout_seconds: float = 10.0,
    ) -> None:
        self._host = host
        self._port = port
        self._username = username
        self._password = password
        self._encryption = encryption
        self._tls_context = tls_context
        self._timeout = timeout_seconds

    async def send(self, message: MailMessage) -> None:
        """Return when the server has accepted the message for all recipients. Raises MailFailed."""
        recipients = [recipient.address for recipient in message.recipients]
        try:
            content = compose(message, datetime.now(UTC)).as_bytes()
        except (MessageError, ValueError) as error:
            raise MailFailed(f"the message cannot be written: {error}", retryable=False) from error
        try:
            # The library's own time-out counts for each command; a server that answers every one just in time must not
            # hold a worker for ever either.
            async with asyncio.timeout(3 * self._timeout):
                refused, _ = await aiosmtplib.send(
                    content,
                    sender=message.sender.address,
                    recipients=recipients,
                    hostname=self._host,
                    port=self._port,
                    username=self._username,
                    password=self._password,
                    timeout=self._timeout,
                    use_tls=self._encryption == "implicit",
                    start_tls=self._encryption == "required",
                    tls_context=self._tls_context,
                    local_hostname=message.sender.domain,
                )
        except aiosmtplib.SMTPRecipientsRefused as error:
            refusals = error.recipients
            retryable = all(_is_temporary(refusal.code) for refusal in refusals)
            names = tuple(refusal.recipient for refusal in refusals)
            raise MailFailed("every recipient was refused", retryable=retryable, refused=names) from error
        except aiosmtplib.SMTPResponseException as error:
            raise MailFailed(f"the mail server answered {error.code}", retryable=_is_temporary(error.code)) from error
        except aiosmtplib.SMTPNotSupported as error:
            raise MailFailed("the mail server lacks what is required", retryable=False) from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise MailFailed(f"the mail server was not reached: {type(error).__name__}", retryable=True) from error
        if refused:
            raise MailFailed("some recipients were refused", retryable=False, refused=tuple(refused))


def _is_temporary(code: int) -> bool:
    # RFC 5321, section 4.2.1: 4yz may be repeated, 5yz may not. Anything below 400 here is the library's own "no answer".
    return code < 500


class OutboxMailer:
    """Writes each message as a complete .eml file; the names sort by time. A reader never sees half a message."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: MailMessage) -> None:
        """Return when the file is on the disk. Raises MailFailed."""
        try:
            await asyncio.to_thread(self._write, message, datetime.now(UTC))
        except (MessageError, ValueError) as error:
            raise MailFailed(f"the message cannot be written: {error}", retryable=False) from error
        except OSError as error:
            raise MailFailed(f"the outbox cannot be written: {error.strerror}", retryable=True) from error

    def _write(self, message: MailMessage, sent_at: datetime) -> None:
        content = compose(message, sent_at).as_bytes()
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{sent_at:%Y%m%dT%H%M%S.%fZ}-{uuid4().hex[:12]}.eml"
        unfinished = self._folder / f".{name}.part"
        try:
            with unfinished.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(self._folder / name)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def mailer(url: str) -> Mailer:
    """The mailer that a setting names. Raises ValueError, which never shows the password.

    - `smtp://user:password@host:port?starttls=required|off&timeout=10` (port 587; starttls is required unless said)
    - `smtps://user:password@host:port` (port 465, TLS from the first byte)
    - `outbox:///absolute/folder`
    """
    parts = urlsplit(url)
    if parts.scheme == "outbox":
        folder = Path(unquote(parts.path))
        if parts.netloc or not folder.is_absolute() or folder == Path("/"):
            raise ValueError("an outbox is outbox:///absolute/folder")
        return OutboxMailer(folder)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("mail goes to smtp://host:port, smtps://host:port or outbox:///absolute/folder")
    options = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    starttls = options.pop("starttls", "required")
    timeout = options.pop("timeout", "10")
    if options or starttls not in ("required", "off") or not re.fullmatch(r"[1-9][0-9]{0,2}", timeout):
        raise ValueError("an SMTP address takes starttls=required|off and timeout=seconds")
    implicit = parts.scheme == "smtps"
    encryption: Literal["required", "off"] = "required" if starttls == "required" else "off"
    return SmtpMailer(
        parts.hostname,
        parts.port or (465 if implicit else 587),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        encryption="implicit" if implicit else encryption,
        timeout_seconds=float(timeout),
    )
