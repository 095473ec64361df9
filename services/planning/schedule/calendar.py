"""A working calendar of a project, stored in the form that working time reads."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ForeignKeyConstraint, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict, RuleViolated
from services.kernel.working_time import TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MINUTE, WorkingTime
from services.kernel.working_time import Calendar as WorkingCalendar
from services.planning.base import Base
from services.planning.schedule.public_holidays import HolidayCountry, public_holidays


class CalendarInvalid(RuleViolated):
    code = "calendar_invalid"
    title = {"en": "The calendar contradicts itself", "nb": "Kalenderen motsier seg selv"}
    detail = {"en": "{reason}", "nb": "{reason}"}


class CalendarInUse(Conflict):
    code = "calendar_in_use"
    title = {"en": "The calendar is in use", "nb": "Kalenderen er i bruk"}


class Calendar(Entity, Base):
    """`document` is the JSON form of working time's calendar, with the country whose `holidays` it keeps, if any;
    `base_calendar_id` what it inherits from."""

    __tablename__ = "calendars"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "base_calendar_id"], ["calendars.tenant_id", "calendars.id"], name="fk_calendars_base"
        ),
        Index("ix_calendars_project", "tenant_id", "project_id", "id"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    name: Mapped[str] = mapped_column(Text)
    base_calendar_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)


@lru_cache(maxsize=200)
def default_calendar(minutes_per_day: int) -> WorkingCalendar:
    """Monday to Friday from 08:00 with a break at noon: half an hour in a day of 7.5 hours, else a whole one."""
    morning = min(minutes_per_day * TICKS_PER_MINUTE, 4 * TICKS_PER_HOUR)
    rest = minutes_per_day * TICKS_PER_MINUTE - morning
    opening = 8 * TICKS_PER_HOUR
    ranges = [(opening, opening + morning)]
    if rest:
        after_break = opening + morning + (TICKS_PER_HOUR // 2 if minutes_per_day == 450 else TICKS_PER_HOUR)
        ranges.append((after_break, after_break + rest))
    if ranges[-1][1] > TICKS_PER_DAY:
        ranges = [(0, minutes_per_day * TICKS_PER_MINUTE)]
    return WorkingCalendar([tuple(ranges)] * 5 + [(), ()])


@lru_cache(maxsize=2_000)
def working_calendar(*chain: str) -> WorkingCalendar:
    """The calendar of a document, given as JSON text with the texts of its bases behind it. Raises InvalidCalendar.

    Calendars grow tables as they are asked; keeping them makes the next change of the same plan cheap.
    """
    base = working_calendar(*chain[1:]) if len(chain) > 1 else None
    document = orjson.loads(chain[0])
    calendar = WorkingCalendar.from_json(document, base)
    country = document.get("holidays")
    if country is None:
        return calendar
    # Behind the calendar's own exceptions, of which the first holds: a site may well work on Ascension Day.
    exceptions = (*calendar.exceptions, *public_holidays(HolidayCountry(country)))
    return WorkingCalendar(calendar.days, exceptions, calendar.work_weeks, base=base, name=calendar.name)


def calendars_of(
    documents: Mapping[UUID, tuple[UUID | None, str]], project_calendar_id: UUID | None, minutes_per_day: int
) -> dict[Any, WorkingTime]:
    """Working time by calendar, from each one's base and document, and under "project" that of the project."""
    calendars: dict[Any, WorkingTime] = {}
    for calendar_id in documents:
        chain: list[UUID] = []
        follow: UUID | None = calendar_id
        while follow is not None and follow in documents and follow not in chain:
            chain.append(follow)
            follow = documents[follow][0]
        calendars[calendar_id] = working_calendar(*(documents[each][1] for each in chain))
    own = calendars.get(project_calendar_id) if project_calendar_id is not None else None
    calendars["project"] = own if own is not None else default_calendar(minutes_per_day)
    return calendars
