"""A meeting, its agenda and who attends; its life from the call to the signed minutes."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, DateTime, ForeignKeyConstraint, Index, Integer, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.coordination.base import Base
from services.kernel.entity import Entity
from services.kernel.problems import Conflict, RuleViolated

MOST_AGENDA_ITEMS = 100
MOST_ATTENDEES = 200
MOST_OUTCOMES = 100


class MeetingStatus(StrEnum):
    """The life of a meeting."""

    CALLED = "called"
    HELD = "held"
    MINUTES_SIGNED = "minutes_signed"
    CANCELLED = "cancelled"


_NEXT = {
    MeetingStatus.CALLED: {MeetingStatus.HELD, MeetingStatus.CANCELLED},
    MeetingStatus.HELD: {MeetingStatus.CALLED},
    MeetingStatus.MINUTES_SIGNED: set[MeetingStatus](),
    MeetingStatus.CANCELLED: set[MeetingStatus](),
}


class MinutesSigned(Conflict):
    code = "minutes_signed"
    title = {"en": "The minutes are signed", "nb": "Referatet er signert"}
    detail = {
        "en": "Nothing of this meeting changes any more. Record a correction in the next one.",
        "nb": "Ingenting ved dette møtet endres lenger. Før en rettelse i det neste.",
    }


class MinutesNotSigned(Conflict):
    code = "minutes_not_signed"
    title = {"en": "The minutes are not signed yet", "nb": "Referatet er ikke signert ennå"}


class MeetingCancelled(Conflict):
    code = "meeting_cancelled"
    title = {"en": "The meeting was cancelled", "nb": "Møtet er avlyst"}


class IllegalMeetingPassage(Conflict):
    code = "illegal_meeting_passage"
    title = {"en": "The meeting cannot pass to that state", "nb": "Møtet kan ikke gå til den tilstanden"}
    detail = {"en": "It is {present}.", "nb": "Det er {present}."}


class MeetingFull(Conflict):
    code = "meeting_full"
    title = {"en": "The meeting has no room for more", "nb": "Møtet har ikke plass til flere"}
    detail = {"en": "At most {limit} of these.", "nb": "Høyst {limit} av disse."}


class MeetingEndsBeforeItStarts(RuleViolated):
    code = "meeting_ends_before_it_starts"
    title = {"en": "A meeting ends after it starts", "nb": "Et møte slutter etter at det begynner"}


class MeetingNotBegun(Conflict):
    code = "meeting_not_begun"
    title = {"en": "The meeting has not begun", "nb": "Møtet har ikke begynt"}


class Meeting(Entity, Base):
    """`sequence` counts the changes that calendars must hear of (RFC 5546, section 2.1.4).

    The signed minutes are kept as the very text that was hashed; from then on the meeting is frozen.
    """

    __tablename__ = "meetings"
    __table_args__ = (
        Index("ix_meetings_project", "tenant_id", "project_id", "starts_at"),
        CheckConstraint("status in ('called','held','minutes_signed','cancelled')", name="status"),
        CheckConstraint("ends_at > starts_at", name="span"),
        CheckConstraint("(status = 'minutes_signed') = (minutes_sha256 is not null)", name="signed"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    title: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    time_zone: Mapped[str] = mapped_column(Text)
    location: Mapped[str] = mapped_column(Text, default="")
    chair_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    minute_taker_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    status: Mapped[str] = mapped_column(Text, default=MeetingStatus.CALLED)
    sequence: Mapped[int] = mapped_column(Integer, default=0)
    minutes: Mapped[str | None] = mapped_column(Text)
    minutes_sha256: Mapped[str | None] = mapped_column(Text)
    signed_by_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    signed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    def require_open(self) -> None:
        """Raise MinutesSigned or MeetingCancelled when nothing of the meeting may change any more."""
        if self.status == MeetingStatus.MINUTES_SIGNED:
            raise MinutesSigned
        if self.status == MeetingStatus.CANCELLED:
            raise MeetingCancelled

    def pass_to(self, status: MeetingStatus, now: datetime) -> None:
        """Hold, cancel or reopen the meeting; only a signature leads to signed minutes.

        Raises IllegalMeetingPassage, MeetingNotBegun.
        """
        if status not in _NEXT[MeetingStatus(self.status)]:
            raise IllegalMeetingPassage(present=self.status)
        if status == MeetingStatus.HELD:
            self.require_begun(now)
        self.status = status
        if status == MeetingStatus.CANCELLED:
            self.sequence += 1

    def require_begun(self, now: datetime) -> None:
        """Raise MeetingNotBegun for a meeting of the future: what it came to, nobody can know."""
        if now < self.starts_at:
            raise MeetingNotBegun

    def take_place(self, starts_at: datetime, ends_at: datetime, time_zone: str, location: str) -> None:
        """Set time and place; calendars hear of a difference as the next sequence. Raises MeetingEndsBeforeItStarts."""
        if ends_at <= starts_at:
            raise MeetingEndsBeforeItStarts
        before = (self.starts_at, self.ends_at, self.time_zone, self.location)
        if before != (starts_at, ends_at, time_zone, location):
            self.starts_at, self.ends_at, self.time_zone, self.location = starts_at, ends_at, time_zone, location
            self.sequence += 1

    def sign(self, minutes: str, sha256: str, signed_by_id: UUID, signed_at: datetime) -> None:
        """Freeze the minutes in a person's name. Raises MeetingNotBegun."""
        self.require_open()
        self.require_begun(signed_at)
        self.status = MeetingStatus.MINUTES_SIGNED
        self.minutes, self.minutes_sha256 = minutes, sha256
        self.signed_by_id, self.signed_at = signed_by_id, signed_at


def _of_meeting() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant_id", "meeting_id"], ["meetings.tenant_id", "meetings.id"])


class AgendaItem(Entity, Base):
    """One point of the agenda, in the order of its rank; it may carry an open proposal to be decided."""

    __tablename__ = "agenda_items"
    __table_args__ = (
        _of_meeting(),
        Index("ix_agenda_items_meeting", "tenant_id", "meeting_id", "rank"),
        Index("ix_agenda_items_project", "tenant_id", "project_id"),
        CheckConstraint("planned_minutes between 0 and 1440", name="planned_minutes"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    meeting_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    rank: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    notes: Mapped[str] = mapped_column(Text, default="")
    proposal_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    planned_minutes: Mapped[int | None] = mapped_column(Integer)


class Attendance(Entity, Base):
    """One person's part in one meeting: how much it needs them, what they answered, and whether they came."""

    __tablename__ = "attendances"
    __table_args__ = (
        _of_meeting(),
        Index("uq_attendances_person", "tenant_id", "meeting_id", "person_id", unique=True),
        Index("ix_attendances_project", "tenant_id", "project_id"),
        CheckConstraint("role in ('chair','required','optional')", name="role"),
        CheckConstraint("response in ('needs_action','accepted','declined','tentative')", name="response"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    meeting_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    person_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    role: Mapped[str] = mapped_column(Text, default="required")
    response: Mapped[str] = mapped_column(Text, default="needs_action")
    attended: Mapped[bool | None] = mapped_column(Boolean)


def rank_after(last: str | None) -> str:
    """A rank behind `last`. Ranks sort as text; between two of them there is always room for a longer one."""
    if last is None:
        return "i"
    head, tail = last[:-1], last[-1]
    return f"{head}{chr(ord(tail) + 1)}" if tail not in "9z" else f"{last}i"
