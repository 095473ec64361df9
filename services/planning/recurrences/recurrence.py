"""A recurring task: a pattern of days, and the summary whose tasks are its occurrences."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Date, ForeignKeyConstraint, Index, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import RuleViolated
from services.planning.base import Base
from services.planning.schedule.recurrence import EVERY_DAY, LAST, Frequency, Pattern

# As many as Microsoft Project takes.
MOST_OCCURRENCES: Final = 999
# Behind this many years a pattern that finds no day is given up.
_REACH: Final = timedelta(days=366 * 100)
_LAST_DAY: Final = date(2199, 12, 31)
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_GROUPS: Final = {
    "day": EVERY_DAY,
    "weekday": frozenset(range(5)),
    "weekend_day": frozenset({5, 6}),
} | {name: frozenset({number}) for number, name in enumerate(WEEKDAYS)}
_POSITIONS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": LAST}


class NoOccurrence(RuleViolated):
    code = "no_occurrence"
    title = {"en": "The pattern falls on no day", "nb": "Mønsteret faller ikke på noen dag"}


class TooManyOccurrences(RuleViolated):
    code = "too_many_occurrences"
    title = {"en": "The pattern falls on too many days", "nb": "Mønsteret faller på for mange dager"}
    detail = {"en": "A task recurs at most 999 times.", "nb": "En oppgave gjentas høyst 999 ganger."}


class RecursTooEarly(RuleViolated):
    code = "recurs_too_early"
    title = {"en": "It recurs before the plan begins", "nb": "Den gjentas før planen begynner"}
    members = ("starts_on",)


class Recurrence(Entity, Base):
    """`pattern` is as people gave it. It ends on the day `until`, or after `count` occurrences.

    `duration` is in ticks of a tenth of a minute, `starts_at` minutes of the day. `occurrences` has each as `{task_id, day}`
    in the order of days; one whose task somebody deleted stays, so that it is not made again.
    """

    __tablename__ = "recurrences"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "task_id"], ["tasks.tenant_id", "tasks.id"], name="fk_recurrences_task", ondelete="CASCADE"
        ),
        Index("ix_recurrences_project", "tenant_id", "project_id", "id"),
        Index("uq_recurrences_task", "tenant_id", "task_id", unique=True),
        CheckConstraint("(until is null) <> (count is null)", name="ending"),
        CheckConstraint("duration >= 0", name="duration"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    task_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    title: Mapped[str] = mapped_column(Text)
    pattern: Mapped[dict[str, Any]] = mapped_column(JSONB)
    starts_on: Mapped[date] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)
    count: Mapped[int | None] = mapped_column(Integer)
    skip_nonworking: Mapped[bool] = mapped_column(Boolean, default=False)
    starts_at: Mapped[int] = mapped_column(Integer, default=0)
    duration: Mapped[int] = mapped_column(BigInteger)
    assignee_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    calendar_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    occurrences: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)

    def days(self, works_on: Callable[[date], bool], begun: Sequence[date]) -> list[date]:
        """The days on which it recurs: those of what has begun, and behind them those of the pattern.

        Raises NoOccurrence, TooManyOccurrences.
        """
        reach = min(self.starts_on.toordinal() + _REACH.days, _LAST_DAY.toordinal())
        last = self.until or date.fromordinal(reach)
        behind = max(begun, default=date.min)
        days = (day for day in pattern_of(self.pattern).days(self.starts_on, last) if day > behind)
        if self.skip_nonworking:
            # Whoever counts gets as many as they asked for, so what is skipped is not counted.
            days = (day for day in days if works_on(day))
        most = MOST_OCCURRENCES + 1 if self.count is None else self.count
        found = [*begun, *islice(days, max(0, most - len(begun)))]
        if not found:
            raise NoOccurrence
        if len(found) > MOST_OCCURRENCES:
            raise TooManyOccurrences
        return found


def pattern_of(said: dict[str, Any]) -> Pattern:
    """The pattern in the form of the engine."""
    frequency = Frequency(said["frequency"])
    weekdays = EVERY_DAY
    if frequency is Frequency.WEEKLY:
        weekdays = frozenset(WEEKDAYS.index(name) for name in said["weekdays"])
    elif said["kind_of_day"] is not None:
        weekdays = _GROUPS[said["kind_of_day"]]
    return Pattern(
        frequency,
        said["interval"],
        weekdays,
        month=said["month"] or 1,
        day=said["day"],
        position=_POSITIONS[said["position"]] if said["position"] is not None else 1,
    )
