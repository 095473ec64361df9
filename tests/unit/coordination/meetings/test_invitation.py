"""Invitations (H03): what a calendar reads back, in any zone, whatever the title says; and the replies."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, Event, Timezone

from services.coordination.meetings.invitation import (
    Attendee,
    AttendeeRole,
    AttendeeStatus,
    Invitation,
    Reply,
    ReplyUnreadable,
    invitation_cancellation,
    invitation_request,
    meeting_uid,
    read_reply,
)
from services.kernel.mail import Mailbox

MEETING = UUID("0190a5f0-0000-7000-8000-000000000012")
SENT_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OSLO = ZoneInfo("Europe/Oslo")


def make_invitation(**changes: Any) -> Invitation:
    values: dict[str, Any] = {
        "uid": meeting_uid(MEETING),
        "sequence": 2,
        "organizer": Mailbox("ola@example.no", "Ola Koordinator"),
        "attendees": (
            Attendee(Mailbox("kari@example.no", "Kari Åsen"), AttendeeRole.CHAIR, AttendeeStatus.ACCEPTED),
            Attendee(Mailbox("per@example.no"), AttendeeRole.OPTIONAL),
        ),
        "starts_at": datetime(2026, 3, 30, 9, 0, tzinfo=OSLO),
        "ends_at": datetime(2026, 3, 30, 10, 30, tzinfo=OSLO),
        "time_zone": "Europe/Oslo",
        "title": "Styringsmøte 12",
        "agenda": ("1. Status; framdrift", "2. Budsjett, reserve"),
        "location": "Rom 4, Skøyen",
    }
    return Invitation(**(values | changes))


def event_of(data: bytes) -> Any:
    (event,) = Calendar.from_ical(data).walk("VEVENT")
    assert isinstance(event, Event)
    return event


def unfolded(data: bytes) -> list[str]:
    return data.decode().replace("\r\n ", "").split("\r\n")


def test_a_calendar_reads_back_what_the_meeting_is() -> None:
    data = invitation_request(make_invitation(), SENT_AT)

    calendar, event = Calendar.from_ical(data), event_of(data)
    assert (calendar["METHOD"], calendar["VERSION"], calendar["CALSCALE"]) == ("REQUEST", "2.0", "GREGORIAN")
    assert event["UID"] == "0190a5f0-0000-7000-8000-000000000012@tandem"
    assert event["SEQUENCE"] == 2
    assert event["STATUS"] == "CONFIRMED"
    assert event["SUMMARY"] == "Styringsmøte 12"
    assert event["DESCRIPTION"] == "1. Status; framdrift\n2. Budsjett, reserve"
    assert event["LOCATION"] == "Rom 4, Skøyen"
    assert event["DTSTAMP"].dt == SENT_AT
    assert event["DTSTART"].dt == datetime(2026, 3, 30, 7, 0, tzinfo=UTC)
    assert event["DTEND"].dt == datetime(2026, 3, 30, 8, 30, tzinfo=UTC)
    assert event["DTSTART"].params["TZID"] == "Europe/Oslo"
    assert event["ORGANIZER"] == "mailto:ola@example.no"
    assert event["ORGANIZER"].params["CN"] == "Ola Koordinator"


def test_attendees_carry_their_role_their_answer_and_the_wish_for_one() -> None:
    chair, optional = event_of(invitation_request(make_invitation(), SENT_AT))["ATTENDEE"]

    assert chair == "mailto:kari@example.no"
    assert dict(chair.params) == {
        "CN": "Kari Åsen",
        "CUTYPE": "INDIVIDUAL",
        "ROLE": "CHAIR",
        "PARTSTAT": "ACCEPTED",
        "RSVP": "TRUE",
    }
    assert optional.params["ROLE"] == "OPT-PARTICIPANT"
    assert optional.params["PARTSTAT"] == "NEEDS-ACTION"
    assert "CN" not in optional.params


def test_a_cancellation_is_about_the_same_meeting_and_asks_for_no_answer() -> None:
    data = invitation_cancellation(make_invitation(sequence=3), SENT_AT)

    event = event_of(data)
    assert Calendar.from_ical(data)["METHOD"] == "CANCEL"
    assert event["STATUS"] == "CANCELLED"
    assert event["UID"] == meeting_uid(MEETING)
    assert event["SEQUENCE"] == 3
    assert all("RSVP" not in attendee.params for attendee in event["ATTENDEE"])


def test_the_same_meeting_is_the_same_bytes() -> None:
    assert invitation_request(make_invitation(), SENT_AT) == invitation_request(make_invitation(), SENT_AT)


ATTACK = "Møte{0}ATTENDEE:mailto:all@example.no{0}END:VEVENT{0}BEGIN:VALARM"


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r", "\r\n ", "\x85", "\u2028", "\x00", "\x0b", "\x1b[2J"])
def test_no_text_adds_a_line_or_a_component(ending: str) -> None:
    text = ATTACK.format(ending)
    data = invitation_request(
        make_invitation(
            uid=text,
            title=text,
            agenda=(text, text),
            location=text,
            organizer=Mailbox("ola@example.no", text),
            attendees=(Attendee(Mailbox("kari@example.no", text)),),
        ),
        SENT_AT,
    )

    honest = invitation_request(make_invitation(attendees=(Attendee(Mailbox("kari@example.no", "Kari")),)), SENT_AT)
    names = [line.partition(":")[0].partition(";")[0] for line in unfolded(data)]
    assert names == [line.partition(":")[0].partition(";")[0] for line in unfolded(honest)]
    assert event_of(data)["ATTENDEE"] == "mailto:kari@example.no"
    assert not set(data.decode()) & {"\x85", "\u2028", "\x00", "\x0b", "\x1b"}


@given(title=st.text(), name=st.text(), item=st.text())
def test_any_text_is_read_back_on_one_line(title: str, name: str, item: str) -> None:
    invitation = make_invitation(
        title=title, agenda=(item, "last"), attendees=(Attendee(Mailbox("kari@example.no", name)),)
    )
    data = invitation_request(invitation, SENT_AT)

    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert b"\n" not in data.replace(b"\r\n", b"")
    event = event_of(data)
    assert event["ATTENDEE"] == "mailto:kari@example.no"
    assert "\n" not in event["SUMMARY"]
    assert event["DESCRIPTION"].endswith("\nlast")


@pytest.mark.parametrize("title", ["a;b,c\\d", 'say "hi"', "\\n", "ends with \\", "æ" * 200, "😀" * 40])
def test_special_signs_survive(title: str) -> None:
    assert event_of(invitation_request(make_invitation(title=title), SENT_AT))["SUMMARY"] == title


@pytest.mark.parametrize(
    ("name", "year"),
    [
        ("Europe/Oslo", 2026),
        ("Europe/Dublin", 2026),
        ("America/New_York", 2026),
        ("Australia/Lord_Howe", 2026),
        ("Asia/Kolkata", 2026),
        ("Asia/Kathmandu", 2026),
        ("Africa/Casablanca", 2026),
        ("America/Sao_Paulo", 2018),
        ("Pacific/Apia", 2012),
    ],
)
def test_the_zone_that_travels_along_tells_the_same_time_all_year(name: str, year: int) -> None:
    zone = ZoneInfo(name)
    starts_at = datetime(year, 7, 1, 9, 0, tzinfo=zone)
    data = invitation_request(
        make_invitation(starts_at=starts_at, ends_at=starts_at + timedelta(hours=1), time_zone=name), SENT_AT
    )

    (component,) = Calendar.from_ical(data).walk("VTIMEZONE")
    assert isinstance(component, Timezone)
    assert component["TZID"] == name
    travelled = component.to_tz(lookup_tzid=False)
    for hour in range(0, 365 * 24, 5):
        honest = datetime(year, 1, 1, 0, 30, tzinfo=zone) + timedelta(hours=hour)
        # An hour that the clocks skip or show twice has no one answer.
        if honest.utcoffset() == honest.replace(fold=1).utcoffset():
            assert honest.replace(tzinfo=travelled).utcoffset() == honest.utcoffset(), honest


def test_the_rules_of_summer_time_are_written_as_rfc_5545_shows_them() -> None:
    lines = unfolded(invitation_request(make_invitation(), SENT_AT))

    zone = lines[lines.index("BEGIN:VTIMEZONE") : lines.index("END:VTIMEZONE")]
    assert {"DTSTART:20250330T020000", "DTSTART:20251026T030000"} <= set(zone)
    assert rules(zone) == [{"FREQ=YEARLY", "BYMONTH=3", "BYDAY=-1SU"}, {"FREQ=YEARLY", "BYMONTH=10", "BYDAY=-1SU"}]
    new_york = unfolded(invitation_request(make_invitation(time_zone="America/New_York"), SENT_AT))
    assert {"FREQ=YEARLY", "BYMONTH=3", "BYDAY=2SU"} in rules(new_york)


def rules(lines: list[str]) -> list[set[str]]:
    return [set(line.removeprefix("RRULE:").split(";")) for line in lines if line.startswith("RRULE:")]


def test_universal_time_needs_no_zone() -> None:
    data = invitation_request(make_invitation(time_zone="UTC"), SENT_AT)

    assert b"VTIMEZONE" not in data
    assert b"DTSTART:20260330T070000Z\r\n" in data


@pytest.mark.parametrize(
    "changes",
    [
        {"time_zone": "Europe/Nowhere"},
        {"time_zone": "../../etc/passwd"},
        {"time_zone": ""},
        {"time_zone": "Europe"},
        {"starts_at": datetime(2026, 3, 30, 9, 0, tzinfo=OSLO).replace(tzinfo=None)},
        {"ends_at": datetime(2026, 3, 30, 9, 0, tzinfo=OSLO)},
        {"sequence": -1},
    ],
)
def test_a_meeting_that_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        make_invitation(**changes)


def reply(
    *,
    method: str = "REPLY",
    uid: str = "UID:m@tandem",
    attendee: str = "ATTENDEE;PARTSTAT=ACCEPTED;CN=Kari:MAILTO:Kari@Example.no",
    rest: str = "SEQUENCE:2\r\nDTSTAMP:20260302T080000Z",
) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"METHOD:{method}", "BEGIN:VEVENT", uid, attendee, rest]
    return "\r\n".join([*lines, "END:VEVENT", "END:VCALENDAR", ""]).encode()


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("ACCEPTED", AttendeeStatus.ACCEPTED),
        ("declined", AttendeeStatus.DECLINED),
        ("TENTATIVE", AttendeeStatus.TENTATIVE),
    ],
)
def test_a_reply_tells_who_answered_what(answer: str, status: AttendeeStatus) -> None:
    data = reply(attendee=f"ATTENDEE;PARTSTAT={answer};CN=Kari:MAILTO:Kari@Example.no")

    assert read_reply(data) == Reply("m@tandem", "kari@example.no", status, 2, datetime(2026, 3, 2, 8, 0, tzinfo=UTC))


def test_a_reply_without_sequence_or_stamp_is_to_the_first_request() -> None:
    assert read_reply(reply(rest="SUMMARY:x")).sequence == 0
    assert read_reply(reply(rest="DTSTAMP:20260302T080000")).replied_at is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"BEGIN:VCALENDAR",
        b"BEGIN:VEVENT\r\nEND:VEVENT\r\n",
        reply(method="REQUEST"),
        reply(uid="SUMMARY:x"),
        reply(uid="UID:"),
        reply(uid="UID:" + "x" * 256),
        reply(attendee="SUMMARY:x"),
        reply(attendee="ATTENDEE:mailto:kari@example.no"),
        reply(attendee="ATTENDEE;PARTSTAT=DELEGATED:mailto:kari@example.no"),
        reply(attendee="ATTENDEE;PARTSTAT=ACCEPTED:http://example.no"),
        reply(attendee="ATTENDEE;PARTSTAT=ACCEPTED:mailto:no address"),
        reply(attendee="ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b.no\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:c@b.no"),
        reply(rest="SEQUENCE:x"),
        reply(rest="SEQUENCE:-1"),
        reply(rest="END:VEVENT\r\nBEGIN:VEVENT\r\nUID:other"),
        reply() + b" " * 300_000,
        b"BEGIN:VCALENDAR\r\n" * 5000,
    ],
)
def test_anything_else_is_no_reply(data: bytes) -> None:
    with pytest.raises(ReplyUnreadable):
        read_reply(data)


@given(st.binary(), st.integers(0, 200))
def test_no_damage_to_a_reply_is_more_than_unreadable(noise: bytes, position: int) -> None:
    honest = reply()
    with suppress(ReplyUnreadable):
        read_reply(honest[:position] + noise + honest[position:])
