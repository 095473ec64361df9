"""Request and response shapes of recurrences."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from services.kernel.schemas import Body, Day, Effects, Flag, Line, Minutes, ObjectShape, Shape
from services.planning.recurrences.recurrence import MOST_OCCURRENCES
from services.planning.schedule.recurrence import Frequency

# A merge patch changes what it names; what stands for the rest is never read.
_UNNAMED: Any = None
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
KindOfDay = Literal[
    "day", "weekday", "weekend_day", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
]
Position = Literal["first", "second", "third", "fourth", "last"]
Count = Annotated[int, Field(ge=1, le=MOST_OCCURRENCES, strict=True)]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", max_length=5)]
_WEEKLY: Any = {"frequency": "weekly", "weekdays": ["monday", "thursday"]}
_EXAMPLE: Any = {
    "title": "Safety round",
    "pattern": _WEEKLY,
    "starts_on": "2026-03-09",
    "count": 4,
    "duration_minutes": 60,
}


class RecurrencePattern(Body):
    """Daily: every `interval` days. Weekly: on `weekdays`, in weeks from Monday on. Monthly and yearly: on the `day` with a
    number, or on the `position` among the days of a kind; yearly, in a `month`. A month without such a day has none."""

    frequency: Frequency
    interval: Annotated[int, Field(ge=1, le=99, strict=True)] = 1
    weekdays: Annotated[list[Weekday], Field(max_length=7)] = Field(default_factory=list)
    day: Annotated[int, Field(ge=1, le=31, strict=True)] | None = None
    position: Position | None = None
    kind_of_day: KindOfDay | None = None
    month: Annotated[int, Field(ge=1, le=12, strict=True)] | None = None

    @model_validator(mode="after")
    def _agree(self) -> "RecurrencePattern":
        if (self.frequency is Frequency.WEEKLY) != bool(self.weekdays):
            raise ValueError("weekdays go with weekly, which needs one at least")
        if (self.frequency is Frequency.YEARLY) != (self.month is not None):
            raise ValueError("a month goes with yearly, which needs one")
        if (self.position is None) != (self.kind_of_day is None):
            raise ValueError("position and kind_of_day go together")
        by_month = self.frequency in (Frequency.MONTHLY, Frequency.YEARLY)
        if (self.day is not None) + (self.position is not None) != by_month:
            raise ValueError("monthly and yearly need either a day or a position, and others have none")
        return self


class NewRecurrence(Body):
    """Until a day, or so many times. A day without work moves on to the next with some, or is skipped. `parent_id` and
    `after_id` say where the summary stands in the outline."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": _EXAMPLE}}

    title: Line
    parent_id: UUID | None = None
    after_id: UUID | None = None
    pattern: RecurrencePattern
    starts_on: Day
    until: Day | None = None
    count: Count | None = None
    skip_nonworking: Flag = False
    starts_at: TimeOfDay | None = None
    duration_minutes: Minutes
    assignee_id: UUID | None = None
    calendar_id: UUID | None = None

    @model_validator(mode="after")
    def _one_ending(self) -> "NewRecurrence":
        if (self.until is None) == (self.count is None):
            raise ValueError("it ends either on the day until or after a count")
        if self.until is not None and self.until < self.starts_on:
            raise ValueError("it ends before it starts")
        return self


class RecurrencePatch(Body):
    """What has not begun is made again. Naming `until` or `count` sets the ending; what had begun counts."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"count": 6}}}

    title: Line = ""
    pattern: RecurrencePattern = _UNNAMED
    starts_on: Day = _UNNAMED
    until: Day | None = None
    count: Count | None = None
    skip_nonworking: Flag = False
    starts_at: TimeOfDay | None = None
    duration_minutes: Minutes = 0
    assignee_id: UUID | None = None
    calendar_id: UUID | None = None

    @model_validator(mode="after")
    def _one_ending(self) -> "RecurrencePatch":
        if self.model_fields_set & {"until", "count"} and (self.until is None) == (self.count is None):
            raise ValueError("it ends either on the day until or after a count")
        return self


class OccurrenceShape(Shape):
    """`task_id` is null where somebody has deleted the task of that day."""

    day: date
    task_id: UUID | None


class RecurrenceShape(ObjectShape):
    """`task_id` is the summary below which each occurrence is a task that starts no earlier than its day."""

    project_id: UUID
    task_id: UUID
    title: str
    pattern: RecurrencePattern
    starts_on: date
    until: date | None
    count: int | None
    skip_nonworking: bool
    starts_at: str
    duration_minutes: int
    assignee_id: UUID | None
    calendar_id: UUID | None
    occurrences: list[OccurrenceShape]
    effects: Effects | None = None
