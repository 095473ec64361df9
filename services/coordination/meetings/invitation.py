"""A meeting in the form that people's calendars act on: iTIP messages out (REQUEST, CANCEL) and their REPLY in.

Pure: values in, bytes out. RFC 5545 (iCalendar), RFC 5546 (iTIP).
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import groupby
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar import (
    Calendar,
    Component,
    Event,
    Timezone,
    TimezoneDaylight,
    TimezoneStandard,
    vCalAddress,
    vDDDTypes,
    vRecur,
)

from services.kernel.mail import Mailbox, one_line

_PRODUCT: Final = "-//Tandem//Meetings//EN"
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LARGEST_REPLY: Final = 64 * 1024
_LONGEST_UID: Final = 255


class AttendeeRole(StrEnum):
    """How much the meeting needs somebody."""

    CHAIR = "chair"
    REQUIRED = "required"
    OPTIONAL = "optional"


class AttendeeStatus(StrEnum):
    """What somebody answered."""

    NEEDS_ACTION = "needs_action"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    TENTATIVE = "tentative"


_ROLE_PARAMETER: Final = {
    AttendeeRole.CHAIR: "CHAIR",
    AttendeeRole.REQUIRED: "REQ-PARTICIPANT",
    AttendeeRole.OPTIONAL: "OPT-PARTICIPANT",
}
_ANSWERS: Final = {
    "ACCEPTED": AttendeeStatus.ACCEPTED,
    "DECLINED": AttendeeStatus.DECLINED,
    "TENTATIVE": AttendeeStatus.TENTATIVE,
}


class ReplyUnreadable(Exception):
    """What arrived is no reply of one attendee to one meeting."""


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody invited, with the answer known so far."""

    mailbox: Mailbox
    role: AttendeeRole = AttendeeRole.REQUIRED
    status: AttendeeStatus = AttendeeStatus.NEEDS_ACTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A meeting as its attendees shall see it.

    `sequence` counts the changes of time or place (RFC 5546, section 2.1.4): calendars ignore what is older than what
    they have. `time_zone` is the IANA name in which the meeting was agreed. Raises ValueError for times without an
    offset, an end that is not after the start, a negative sequence and an unknown zone.
    """

    uid: str
    sequence: int
    organizer: Mailbox
    attendees: tuple[Attendee, ...]
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    title: str
    agenda: tuple[str, ...] = ()
    location: str = ""

    def __post_init__(self) -> None:
        if self.starts_at.utcoffset() is None or self.ends_at.utcoffset() is None:
            raise ValueError("a meeting's times need an offset from UTC")
        if self.ends_at <= self.starts_at:
            raise ValueError("a meeting ends after it starts")
        if self.sequence < 0:
            raise ValueError("a sequence counts from zero")
        _zone(self.time_zone)


@dataclass(frozen=True, slots=True)
class Reply:
    """One attendee's answer. Of several, the one with the highest sequence holds, then the latest `replied_at`."""

    uid: str
    attendee: str
    status: AttendeeStatus
    sequence: int
    replied_at: datetime | None


def meeting_uid(meeting_id: UUID) -> str:
    """The UID of a meeting in every calendar: made of its id alone, so it outlives all changes."""
    return f"{meeting_id}@tandem"


def invitation_request(invitation: Invitation, sent_at: datetime) -> bytes:
    """The iTIP REQUEST that puts the meeting into a calendar or moves it there."""
    return _message(invitation, sent_at, method="REQUEST", status="CONFIRMED")


def invitation_cancellation(invitation: Invitation, sent_at: datetime) -> bytes:
    """The iTIP CANCEL that takes it out again, for the attendees named. Its sequence must be above the last request's."""
    return _message(invitation, sent_at, method="CANCEL", status="CANCELLED")


def _message(invitation: Invitation, sent_at: datetime, *, method: str, status: str) -> bytes:
    zone = _zone(invitation.time_zone)
    event = Event()
    event.add("uid", one_line(invitation.uid))
    event.add("dtstamp", sent_at.astimezone(UTC))
    event.add("dtstart", invitation.starts_at.astimezone(zone))
    event.add("dtend", invitation.ends_at.astimezone(zone))
    event.add("sequence", invitation.sequence)
    event.add("status", status)
    event.add("transp", "OPAQUE")
    event.add("summary", one_line(invitation.title))
    if invitation.agenda:
        event.add("description", "\n".join(one_line(item) for item in invitation.agenda))
    if location := one_line(invitation.location):
        event.add("location", location)
    event.add("organizer", _address(invitation.organizer))
    for attendee in invitation.attendees:
        address = _address(attendee.mailbox)
        address.params["CUTYPE"] = "INDIVIDUAL"
        address.params["ROLE"] = _ROLE_PARAMETER[attendee.role]
        address.params["PARTSTAT"] = attendee.status.upper().replace("_", "-")
        if method == "REQUEST":
            address.params["RSVP"] = "TRUE"
        event.add("attendee", address)

    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    if zone is not UTC:
        calendar.add_component(_time_zone(invitation.time_zone, zone, invitation.starts_at.astimezone(zone).year))
    calendar.add_component(event)
    data: bytes = calendar.to_ical()
    return data


def _address(mailbox: Mailbox) -> vCalAddress:
    address = vCalAddress(f"mailto:{mailbox.address}")
    # Not every client knows the escapes of RFC 6868, so a name goes without the signs that would need them.
    if name := mailbox.name.replace('"', "'").replace("^", ""):
        address.params["CN"] = name
    return address


def _zone(name: str) -> tzinfo:
    if name in ("UTC", "Etc/UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"not a time zone: {name!r}") from error


@dataclass(frozen=True, slots=True)
class _Onset:
    """A moment at which a zone's offset changes; `local` is the wall clock's reading just before."""

    local: datetime
    offset_before: timedelta
    offset_after: timedelta
    name: str


def _time_zone(name: str, zone: tzinfo, year: int) -> Timezone:
    """The VTIMEZONE of a zone, right for the year before, the year itself and the year after.

    Changes that follow one yearly rule in these three years are written as that rule, since the calendars that map a
    zone to their own by its rules do not read lists of dates; any others are listed. (icalendar's own generator gives
    the onset of summer time as the reading after the change; RFC 5545, section 3.6.5, wants the one before.)
    """
    component = Timezone()
    component.add("tzid", name)
    onsets = sorted(_onsets(zone, year), key=lambda onset: (onset.offset_before, onset.offset_after, onset.local))
    for (before, after), group in groupby(onsets, key=lambda onset: (onset.offset_before, onset.offset_after)):
        alike = list(group)
        observance = TimezoneDaylight() if after > before else TimezoneStandard()
        _describe(observance, alike[0])
        if len(alike) == 3 and (day := _same_weekday_of_month(alike)):
            observance.add("rrule", vRecur(freq="YEARLY", bymonth=alike[0].local.month, byday=day))
        else:
            for onset in alike[1:]:
                observance.add("rdate", onset.local)
        component.add_component(observance)
    if not onsets:
        start = datetime(year - 1, 1, 1, tzinfo=zone)
        offset = start.utcoffset() or timedelta()
        constant = TimezoneStandard()
        _describe(constant, _Onset(start.replace(tzinfo=None), offset, offset, start.tzname() or name))
        component.add_component(constant)
    return component


def _describe(observance: Component, onset: _Onset) -> None:
    observance.add("dtstart", onset.local)
    observance.add("tzoffsetfrom", onset.offset_before)
    observance.add("tzoffsetto", onset.offset_after)
    observance.add("tzname", onset.name)


def _onsets(zone: tzinfo, year: int) -> Iterator[_Onset]:
    """Every change of offset from the first day of the year before to the last of the year after."""
    day = datetime(year - 1, 1, 1, tzinfo=UTC)
    end = datetime(year + 2, 1, 1, tzinfo=UTC)
    while day < end:
        before, after = day.astimezone(zone).utcoffset(), (day + timedelta(days=1)).astimezone(zone).utcoffset()
        if before is not None and after is not None and before != after:
            moment = day
            while moment.astimezone(zone).utcoffset() == before:
                moment += timedelta(minutes=15)
            local = (moment + before).replace(tzinfo=None)
            yield _Onset(local, before, after, moment.astimezone(zone).tzname() or str(after))
        day += timedelta(days=1)


def _same_weekday_of_month(onsets: list[_Onset]) -> str | None:
    """As an RRULE says it ("-1SU", "2SU"), where all onsets fall on such a day of one month and at one time of the day, else None."""
    days = [onset.local for onset in onsets]
    if len({(day.month, day.weekday(), day.time()) for day in days}) != 1:
        return None
    weekday = _WEEKDAYS[days[0].weekday()]
    if all(day.day + 7 > monthrange(day.year, day.month)[1] for day in days):
        return f"-1{weekday}"
    weeks = {(day.day - 1) // 7 + 1 for day in days}
    return f"{weeks.pop()}{weekday}" if len(weeks) == 1 else None


def read_reply(data: bytes) -> Reply:
    """The answer in an iTIP REPLY. Raises ReplyUnreadable for anything that is not exactly one.

    The address is in lower case. Who sent the mail is for the caller to compare: the text itself proves nothing.
    """
    if len(data) > _LARGEST_REPLY:
        raise ReplyUnreadable("larger than a reply can be")
    try:
        calendar = Calendar.from_ical(data)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise ReplyUnreadable("not an iCalendar object") from error
    if calendar.name != "VCALENDAR" or str(calendar.get("METHOD", "")).upper() != "REPLY":
        raise ReplyUnreadable("not an iTIP reply")
    events = calendar.walk("VEVENT")
    if len(events) != 1:
        raise ReplyUnreadable("not about one meeting")
    event = events[0]
    uid, address = event.get("UID"), event.get("ATTENDEE")
    if not isinstance(uid, str) or not uid or len(uid) > _LONGEST_UID:
        raise ReplyUnreadable("no meeting is named")
    if not isinstance(address, vCalAddress) or not address.lower().startswith("mailto:"):
        raise ReplyUnreadable("not of one attendee")
    status = _ANSWERS.get(str(address.params.get("PARTSTAT", "")).upper())
    sequence = event.get("SEQUENCE", 0)
    if status is None or not isinstance(sequence, int) or not 0 <= sequence < 2**31:
        raise ReplyUnreadable("no answer that can be understood")
    try:
        attendee = Mailbox(str(address)[len("mailto:") :]).address.lower()
    except ValueError as error:
        raise ReplyUnreadable("not of one attendee") from error
    return Reply(str(uid), attendee, status, int(sequence), _replied_at(event))


def _replied_at(event: Component) -> datetime | None:
    stamp = event.get("DTSTAMP")
    # The parser keeps an unreadable value as an object whose attributes raise.
    if not isinstance(stamp, vDDDTypes) or not isinstance(stamp.dt, datetime) or stamp.dt.utcoffset() is None:
        return None
    return stamp.dt.astimezone(UTC)
