"""Request and response shapes of briefs, needs and readiness."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from services.kernel.schemas import Body, Day, Effects, Line, LocalTime, ObjectShape, Prose, Shape
from services.planning.readiness.look_ahead import MissingCode, Soundness
from services.planning.readiness.need import NeedKind, NeedState
from services.planning.schedule.task import TaskStatus

# A merge patch changes what it names; what stands for the rest is never read.
_UNNAMED: Any = None
_ID = "0197d1c0-0000-7000-8000-00000000000"
Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5_000)]
Points = Annotated[list[Line], Field(max_length=50)]
DoneWhen = Annotated[list[Line], Field(min_length=1, max_length=50, description="What is true once the task is done.")]
Revision = Annotated[int, Field(ge=1, le=2_000_000_000, strict=True)]
LeadDays = Annotated[
    int, Field(ge=0, le=366, strict=True, description="How many days before that day it has to be there.")
]


class NewTaskBrief(Body):
    """Why a task is done, when it is done, from what, and whom of the project to ask."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "task_id": f"{_ID}1",
                "why": "The crane stands on it from May on.",
                "done_when": ["The slab has its strength after 28 days."],
                "inputs": ["Drawing B-204, revision C"],
            }
        },
    }

    task_id: UUID
    why: Why
    done_when: DoneWhen
    inputs: Points = Field(default_factory=list)
    contact_id: UUID | None = None


class TaskBriefPatch(Body):
    """What is changed is to be acknowledged anew, but for the contact."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"inputs": ["Drawing B-204, revision D"]}},
    }

    why: Why = ""
    done_when: DoneWhen = _UNNAMED
    inputs: Points = Field(default_factory=list)
    contact_id: UUID | None = None


class NewAcknowledgement(Body):
    """The revision that one has read, which must be the last."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"revision": 1}}}

    revision: Revision


class AcknowledgementShape(Shape):
    person_id: UUID
    revision: int
    at: datetime


class TaskBriefShape(ObjectShape):
    """`acknowledged`: all who do the task have acknowledged this revision; `unacknowledged_by_ids` are those who have not."""

    project_id: UUID
    task_id: UUID
    why: str
    done_when: list[str]
    inputs: list[str]
    contact_id: UUID | None
    revision: int
    acknowledgements: list[AcknowledgementShape]
    acknowledged: bool
    unacknowledged_by_ids: list[UUID]
    task_start: LocalTime
    task_status: TaskStatus
    effects: Effects | None = None


class NewNeed(Body):
    """Without `needed_by` it is needed when the task starts, whenever that will be. The owner is somebody of the project."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {"task_id": f"{_ID}1", "kind": "material", "title": "40 m3 of concrete", "lead_days": 2}
        },
    }

    task_id: UUID
    kind: NeedKind
    title: Line
    description: Prose = ""
    needed_by: Day | None = None
    lead_days: LeadDays = 0
    owner_id: UUID | None = None


class NeedPatch(Body):
    """A promise has an owner and a day. What is met without a day was met today. A day says the state that it belongs to."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"state": "met", "met_on": "2026-03-20"}},
    }

    kind: NeedKind = NeedKind.MATERIAL
    title: Line = ""
    description: Prose = ""
    needed_by: Day | None = None
    lead_days: LeadDays = 0
    owner_id: UUID | None = None
    state: NeedState = NeedState.OPEN
    promised_for: Day | None = None
    met_on: Day | None = None


class PromiseShape(Shape):
    """`kept` is null as long as neither the need was met nor the promise taken back."""

    by_id: UUID
    made_on: date
    promised_for: date
    kept: bool | None


class NeedShape(ObjectShape):
    """`needed_by` is the start of the task where the need has no day of its own; `deadline` lies its lead before.

    `remedies` and `remedies_id` say which missing thing of the task a make-ready action removes, null for a need.
    """

    project_id: UUID
    task_id: UUID
    kind: NeedKind
    title: str
    description: str
    needed_by: date
    lead_days: int
    deadline: date
    owner_id: UUID | None
    state: NeedState
    promised_for: date | None
    met_on: date | None
    promises: list[PromiseShape]
    remedies: MissingCode | None
    remedies_id: UUID | None
    effects: Effects | None = None


class NewMakeReadyAction(Body):
    """Somebody takes on a thing that a task lacks. `subject_id` names the predecessor, or who has not acknowledged, where
    there are several. Without a day it is due so long before the start that there is time; without a title it is called
    after what is missing."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {"task_id": f"{_ID}1", "missing": "acknowledgement", "owner_id": f"{_ID}2"},
        },
    }

    task_id: UUID
    missing: Literal["predecessor", "brief", "acknowledgement", "resource"]
    subject_id: UUID | None = None
    title: Line | None = None
    owner_id: UUID
    due_on: Day | None = None


class ActionShape(Shape):
    need_id: UUID
    owner_id: UUID | None
    due_on: date
    promised_for: date | None


class MissingShape(Shape):
    """`deadline` is until when it has to be there, `late` whether that has passed. `in_time`: it is planned, or promised,
    to be there in time."""

    code: MissingCode
    subject_type: str
    subject_id: UUID
    title: str
    owner_id: UUID | None
    deadline: date
    in_time: bool
    late: bool
    action: ActionShape | None


class TaskReadinessShape(Shape):
    """`ready_to_start`: nothing is missing at all. A task that has begun lacks nothing any more."""

    type: str
    task_id: UUID
    title: str
    wbs_code: str
    start: LocalTime
    soundness: Soundness
    ready_to_start: bool
    missing: list[MissingShape]


class WeekShape(Shape):
    """`ready_percent` is the share of the work that is ready or on course, null for a week in which nothing starts."""

    starts_on: date
    tasks: int
    ready: int
    on_course: int
    not_ready: int
    work_minutes: int
    ready_percent: int | None


class PromisesShape(Shape):
    """Promises for days of as many weeks back: due, kept, and the share (percent of promises completed, PPC)."""

    due: int
    kept: int
    percent: int | None


class ReadinessShape(Shape):
    """`tasks` holds up to 1,000 of those that start before `until`, the first first; `tasks_total` counts them all."""

    type: str
    project_id: UUID
    as_of: date
    until: date
    weeks: list[WeekShape]
    promises: PromisesShape
    tasks: list[TaskReadinessShape]
    tasks_total: int
