"""Request and response shapes of levelling runs."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from services.kernel.schemas import Body, Effects, LocalTime, ObjectShape, Shape
from services.planning.levelling.levelling_run import LevellingMode


class NewLevellingRun(Body):
    """`seconds` are those of the search on two cores; the same `seed` begins the same search."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"mode": "extend", "seconds": 2}}}

    mode: LevellingMode = LevellingMode.WITHIN_FLOAT
    seconds: Annotated[int, Field(ge=1, le=60, strict=True)] = 10
    seed: Annotated[int, Field(ge=1, le=1_000_000_000, strict=True)] = 1


class AcceptedLevellingRun(Shape):
    """The job that levels the plan; its `result_url` is the run once it has succeeded."""

    type: Literal["job"]
    id: UUID
    state: str


class Makespan(Shape):
    """Working minutes from the plan's start; no levelled plan takes fewer than `bound_minutes`, where that is known."""

    before_minutes: int
    after_minutes: int
    bound_minutes: int | None


class SearchShape(Shape):
    """`exact`: all lengths are whole slots, so that nothing was rounded up. `schedules` counts those that were tried."""

    slot_minutes: int
    exact: bool
    schedules: int
    cpu_seconds: str
    infeasible: bool
    engine_version: str


class ChangeOfLoad(Shape):
    before: int
    after: int


class LoadShape(Shape):
    """`impossible`: a task needs more of it at a time than there is, which no move helps."""

    resource_id: UUID
    name: str
    overallocated_minutes: ChangeOfLoad
    impossible: bool


class HolderShape(Shape):
    task_id: UUID
    title: str


class ReasonShape(Shape):
    """`resource`: it was short at `at`, when `held_by` had it. `predecessor`: the task follows one that moved.
    `room`: nothing holds the task back any more."""

    code: Literal["resource", "predecessor", "room"]
    resource_id: UUID | None
    resource: str | None
    at: LocalTime | None
    held_by: list[HolderShape]
    predecessor: HolderShape | None


class Dates(Shape):
    start: LocalTime
    finish: LocalTime


class MoveShape(Shape):
    task_id: UUID
    title: str
    before: Dates
    after: Dates
    levelling_delay_minutes: int
    reason: ReasonShape


class CompetenceLost(Shape):
    """A competence that a task asks for and that nobody who works on it has on the days to which it would move."""

    task_id: UUID
    title: str
    competence_id: UUID
    resource_id: UUID | None
    valid_to: date | None


class LevellingRunShape(ObjectShape):
    """`proven`: no levelled plan ends earlier; `changes_proven`: and none of that finish moves less.

    `gap` is how much longer than the bound the plan takes, as a share of the bound. `optimizer` says whether the optional
    optimizer took part: `used`, `not_needed`, `not_installed`, or why not: `out_of_memory`, `out_of_time`, `died`.
    `resolved`: nobody has more to do than there is time for. A task does not move behind the day on which a competence ends
    that it asks for, where that can be helped; where it cannot, `competences_lost` says so.
    """

    project_id: UUID
    job_id: UUID
    mode: LevellingMode
    seconds: int
    seed: int
    fingerprint: str
    method: Literal["none", "priority_rules", "genetic", "cp_sat"]
    optimizer: Literal["used", "not_needed", "not_installed", "out_of_memory", "out_of_time", "died"]
    proven: bool
    changes_proven: bool
    resolved: bool
    gap: str | None
    finish_before: LocalTime
    finish_after: LocalTime
    finish_bound: LocalTime | None
    makespan: Makespan
    search: SearchShape
    load: list[LoadShape]
    moves: list[MoveShape]
    competences_lost: list[CompetenceLost]
    applied_at: datetime | None
    effects: Effects | None = None


class LevellingClearanceShape(Shape):
    """How many tasks had a levelling delay that they have no more."""

    type: Literal["levelling_clearance"]
    project_id: UUID
    cleared_tasks: int
    effects: Effects | None = None
