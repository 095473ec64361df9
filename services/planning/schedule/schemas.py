"""Request and response shapes of the schedule."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator
from pydantic.config import JsonDict, JsonValue

from services.kernel.batch import Batch, BatchReference, Create, Delete, Update, Upsert, unreadable_kept
from services.kernel.schemas import (
    Body,
    Date,
    Effects,
    ExternalRef,
    ExternalRefs,
    Flag,
    Line,
    LocalTime,
    Minutes,
    ObjectShape,
    Percent,
    Prose,
    Shape,
    SignedMinutes,
)
from services.planning.projects.schemas import Local
from services.planning.schedule.baseline_comparison import Change
from services.planning.schedule.dependency import DependencyType, LagBasis
from services.planning.schedule.public_holidays import HolidayCountry
from services.planning.schedule.task import DateConstraint, TaskStatus, TaskType
from services.planning.scope.wbs_mask import MOST_CHARACTERS, MOST_LEVELS, CodeKind

WbsCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-zÆØÅæøå_./-]{1,60}$")]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\r\n,]*$")]
Labels = Annotated[list[Label], Field(max_length=20)]
# Stands where a patch does not name the start; nothing reads it.
SOME_START: Final = datetime.fromisoformat("2026-01-01T08:00")
Priority = Annotated[int, Field(ge=0, le=1000, strict=True)]

_TASK: Final = "0197d1c0-0000-7000-8000-000000000001"
_EXAMPLE: JsonDict = {"title": "Pour the foundation", "duration_minutes": 2250, "labels": ["concrete"]}


class Split(Body):
    """A pause in the work of a task."""

    after_minutes: Annotated[Minutes, Field(gt=0, description="How much of the duration is worked before the pause.")]
    gap_minutes: Annotated[Minutes, Field(gt=0, description="How long the pause lasts, in working minutes.")]


Splits = Annotated[list[Split], Field(max_length=100)]
_MEANING: dict[str, str] = {
    "manual": "Manually scheduled: the task keeps `manual_start` and `manual_finish`, and drives others from them.",
    "placeholder": "A manual task whose dates are not known yet. It is never critical, and no summary takes its dates.",
    "active": "An inactive task keeps its dates, drives nobody, costs nothing and is in no summary.",
    "elapsed": "The duration runs around the clock, and float counts so.",
    "task_type": "What stays when duration, work or units of an assignment are changed. fixed_units: work follows the"
    " duration, and the duration follows work and units. fixed_work: units follow the duration, which follows units and"
    " work. fixed_duration: work follows the duration and units, units follow work.",
    "effort_driven": "When resources come or go the work stays, and they share it; a task of fixed_work always is.",
    "constraint_type": "Where it contradicts links, see `honor_constraints` of the schedule options.",
    "deadline": "Takes float and moves no date.",
    "ignore_resource_calendars": "With a calendar of its own the task pays no heed to those of its resources.",
    "levelling_delay_minutes": "Put in front of the task to level resources; around the clock.",
    "splits": "Pauses of the work, in their order. Where the duration becomes shorter those behind its end fall away.",
    "stop": "Until when a task in progress has been worked on.",
    "resume": "When what remains of a task in progress goes on.",
}


def _meant(name: str) -> Any:
    return Field(description=_MEANING[name])


class TaskValues(Body):
    """What people say of a task; each member has the meaning that it has in the representation."""

    title: Line = ""
    notes: Prose = ""
    labels: Labels = Field(default_factory=list)
    external_refs: ExternalRefs = Field(default_factory=list)
    parent_id: UUID | None = None
    after_id: UUID | None = None
    wbs_code: WbsCode | None = None
    milestone: Flag = False
    manual: Annotated[Flag, _meant("manual")] = False
    placeholder: Annotated[Flag, _meant("placeholder")] = False
    active: Annotated[Flag, _meant("active")] = True
    duration_minutes: Minutes = 0
    elapsed: Annotated[Flag, _meant("elapsed")] = False
    task_type: Annotated[TaskType, _meant("task_type")] = TaskType.FIXED_UNITS
    effort_driven: Annotated[Flag, _meant("effort_driven")] = False
    constraint_type: Annotated[DateConstraint, _meant("constraint_type")] = DateConstraint.AS_SOON_AS_POSSIBLE
    constraint_date: Local | None = None
    deadline: Annotated[Local | None, _meant("deadline")] = None
    calendar_id: UUID | None = None
    ignore_resource_calendars: Annotated[Flag, _meant("ignore_resource_calendars")] = False
    priority: Priority = 500
    levelling_delay_minutes: Annotated[Minutes, _meant("levelling_delay_minutes")] = 0
    splits: Annotated[Splits, _meant("splits")] = Field(default_factory=list)
    manual_start: Local | None = None
    manual_finish: Local | None = None
    percent_complete: Percent = 0
    actual_start: Local | None = None
    actual_finish: Local | None = None
    remaining_minutes: Minutes | None = None
    stop: Annotated[Local | None, _meant("stop")] = None
    resume: Annotated[Local | None, _meant("resume")] = None
    assignee_id: UUID | None = None


class NewTask(TaskValues):
    """Without a duration a task takes one day, and a milestone none. `after_id` names the sibling to stand behind.

    In a plan that is scheduled from its finish a task is as late as possible unless its constraint says otherwise.
    """

    model_config = {"extra": "forbid", "json_schema_extra": {"example": _EXAMPLE}}

    title: Line


class TaskPatch(TaskValues):
    """`after_id` null puts the task first among its siblings; `status` is shorthand for the progress that it means."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"duration_minutes": 2700}}}

    status: TaskStatus = TaskStatus.TODO


class Driver(Shape):
    reason: str
    dependency_id: UUID | None


class ChecklistCount(Shape):
    """With `expand=checklist`: how many items of the task's checklist there are, and how many are done."""

    done: int
    total: int


class TaskShape(ObjectShape):
    project_id: UUID
    parent_id: UUID | None
    rank: str
    position: int
    outline_level: int
    wbs_code: str
    title: str
    notes: str
    labels: list[str]
    status: TaskStatus
    milestone: bool
    summary: bool
    manual: bool
    placeholder: bool
    external: Annotated[bool, Field(description="Stands for a task of another project, whose dates it has.")]
    recurring: Annotated[bool, Field(description="A summary of the occurrences of a recurring task.")]
    active: bool
    duration_minutes: int
    elapsed: bool
    task_type: TaskType
    effort_driven: bool
    constraint_type: DateConstraint
    constraint_date: LocalTime | None
    deadline: LocalTime | None
    calendar_id: UUID | None
    ignore_resource_calendars: bool
    priority: int
    levelling_delay_minutes: int
    splits: list[Split]
    percent_complete: int
    actual_start: LocalTime | None
    actual_finish: LocalTime | None
    remaining_minutes: int | None
    stop: LocalTime | None
    resume: LocalTime | None
    manual_start: LocalTime | None
    manual_finish: LocalTime | None
    assignee_id: UUID | None
    start: LocalTime
    finish: LocalTime
    early_start: LocalTime
    early_finish: LocalTime
    late_start: LocalTime
    late_finish: LocalTime
    total_float_minutes: int
    free_float_minutes: int
    critical: bool
    driver: Driver
    external_refs: list[ExternalRef]
    checklist: ChecklistCount | None = None
    custom_values: dict[str, Any] | None = None
    effects: Effects | None = None


class NewBatchTask(NewTask):
    parent_id: UUID | BatchReference | None = None  # type: ignore[assignment]  # wider inside a batch
    after_id: UUID | BatchReference | None = None  # type: ignore[assignment]


class BatchTaskPatch(TaskPatch):
    parent_id: UUID | BatchReference | None = None  # type: ignore[assignment]  # wider inside a batch
    after_id: UUID | BatchReference | None = None  # type: ignore[assignment]


TaskOperation = Annotated[
    Create[NewBatchTask] | Update[BatchTaskPatch] | Upsert[NewBatchTask] | Delete, Field(discriminator="op")
]
_BATCH_EXAMPLE: JsonDict = {
    "atomic": True,
    "operations": [
        {"op": "create", "body": {"title": "Foundation"}},
        {"op": "create", "body": {"title": "Formwork", "parent_id": "$1", "duration_minutes": 900}},
    ],
}


class TaskBatch(Batch[TaskOperation]):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": _BATCH_EXAMPLE}}


class ScheduleRunShape(Shape):
    """What would follow; nothing is stored. `changed_tasks_total` counts them all, `changed_tasks` holds up to 1,000.

    `before` of a changed task is null where the run has made it. The critical paths hold the unfinished work without float,
    by start, up to 1,000 tasks each. `cost` is that of the plan, null for those who do not see costs.
    """

    type: str
    project_id: UUID
    plan: dict[str, str | None]
    plan_before: dict[str, str | None]
    impact: dict[str, Any]
    changed_tasks: list[dict[str, Any]]
    changed_tasks_total: int
    made: dict[str, UUID]
    removed_task_ids: list[UUID]
    critical_path_before: list["PathTaskShape"]
    critical_path: list["PathTaskShape"]
    cost: "CostMoveShape | None"


class ScheduleOptionsPatch(Body):
    """The rules that the project's plan is scheduled under."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"multiple_critical_paths": True}}}

    start: Annotated[
        Local,
        Field(
            description="Nothing starts before it unless it is told to; of a plan scheduled from its finish it follows."
        ),
    ] = SOME_START
    finish_target: Annotated[
        Local | None,
        Field(description="The plan is scheduled backwards from this moment: the project starts as late as it can."),
    ] = None
    honor_constraints: Annotated[
        Flag,
        Field(
            description="Dates beat links where they contradict each other, which shows as negative float; else links do."
        ),
    ] = True
    split_in_progress: Annotated[
        Flag,
        Field(
            description="What remains of a task begun out of sequence waits for its predecessors; else it goes on at once."
        ),
    ] = True
    multiple_critical_paths: Annotated[
        Flag, Field(description="Every open end of the network is critical by its own finish, not by the project's.")
    ] = False
    critical_float_minutes: Annotated[
        SignedMinutes, Field(description="Tasks with this much total float, or less, are critical.")
    ] = 0


class ScheduleOptionsShape(ObjectShape):
    """The project's own version is theirs; `id` is the project's."""

    project_id: UUID
    start: LocalTime
    finish_target: LocalTime | None
    honor_constraints: bool
    split_in_progress: bool
    multiple_critical_paths: bool
    critical_float_minutes: int
    effects: Effects | None = None


WbsPrefix = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-zÆØÅæøå_./-]{0,20}$", max_length=20)]


class WbsLevel(Body):
    """How codes look on one level."""

    kind: Annotated[
        CodeKind,
        Field(description="`any` takes letters and digits in no order, and is numbered as long as nobody types."),
    ] = CodeKind.NUMBER
    length: Annotated[int, Field(ge=0, le=MOST_CHARACTERS, strict=True, description="0: as many as it takes.")] = 0
    separator: Annotated[
        Literal[".", "-", "/", "_", ""],
        Field(description="Between the code above and this level's part; unused on the first."),
    ] = "."


_MASK_EXAMPLE: JsonDict = {
    "prefix": "BRO-",
    "levels": [{"kind": "upper", "length": 1}, {"kind": "number", "length": 2, "separator": "."}],
}


class WbsMaskPatch(Body):
    """Levels below the last of the list are numbers behind a full stop. Codes that do not fit any more refuse the change;
    a `wbs-renumberings` act with `unfitting` takes them back first."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": _MASK_EXAMPLE}}

    prefix: Annotated[WbsPrefix, Field(description="In front of every code, such as the project's own number.")] = ""
    levels: Annotated[list[WbsLevel], Field(max_length=MOST_LEVELS)] = Field(default_factory=list)
    unique: Annotated[Flag, Field(description="No typed code is that of another task.")] = False


class WbsMaskShape(ObjectShape):
    """The project's own version is its; `id` is the project's."""

    project_id: UUID
    prefix: str
    levels: list[WbsLevel]
    unique: bool
    effects: Effects | None = None


class NewWbsRenumbering(Body):
    """Typed codes give way to generated ones: of these tasks and all below them, or of all.

    `unfitting` takes back those that the mask, or one that is given here, does not allow; `all` takes back every one.
    """

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"codes": "all"}}}

    codes: Literal["all", "unfitting"]
    task_ids: Annotated[list[UUID], Field(min_length=1, max_length=10_000)] | None = None
    mask: Annotated[WbsMaskPatch | None, Field(description="The mask that the project gets by the same act.")] = None


class WbsRenumberingShape(Shape):
    """`codes_taken_back` counts typed codes; the tasks whose codes are others now are among those of `effects`."""

    type: str
    project_id: UUID
    codes_taken_back: int
    effects: Effects | None = None


class NewRescheduling(Body):
    """Without `after` it is the project's status date."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"after": "2026-04-01T16:00:00"}}}

    after: Local | None = None


class ReschedulingShape(Shape):
    """What was moved behind `after`; the tasks are among those of `effects`."""

    type: str
    project_id: UUID
    after: LocalTime
    tasks_rescheduled: int
    effects: Effects | None = None


class BoundShape(Shape):
    """One reason, and the dates that the task would have if there were no other.

    `reason` is project_start, link, constraint, calendar, summary, actual, manual, levelling, as_late_as_possible, children or
    resource. `drives`: the task's dates really come from it. `date` is what is bound, before any calendar. `task_id` names
    the predecessor of a link, or the child of a summary; `summary_id` the summary that the link or constraint belongs to.
    """

    reason: str
    drives: bool
    date: LocalTime
    start: LocalTime
    finish: LocalTime
    task_id: UUID | None
    dependency_id: UUID | None
    summary_id: UUID | None
    resource_id: UUID | None
    constraint_type: DateConstraint | None


class ExplanationShape(Shape):
    """Why the task lies where it does."""

    type: str
    task_id: UUID
    project_id: UUID
    title: str
    start: LocalTime
    finish: LocalTime
    driver: Driver
    bounds: list[BoundShape]


class PathTaskShape(Shape):
    id: UUID
    wbs_code: str
    title: str
    start: LocalTime
    finish: LocalTime
    total_float_minutes: int
    critical: bool


class DrivingPathShape(Shape):
    """`tasks` is empty where the one task does not drive the other."""

    type: str
    project_id: UUID
    from_id: UUID
    to_id: UUID
    tasks: list[PathTaskShape]


class FloatPathShape(Shape):
    """A path has the smallest total float of its tasks."""

    total_float_minutes: int
    start: LocalTime
    finish: LocalTime
    tasks: list[PathTaskShape]


class FloatPathsShape(Shape):
    type: str
    project_id: UUID
    paths: list[FloatPathShape]


class LagValues(Body):
    lag_minutes: SignedMinutes | None = None
    lag_percent: Annotated[int, Field(ge=-1000, le=1000, strict=True)] | None = None
    lag_basis: LagBasis | None = None

    @model_validator(mode="after")
    def _agree(self) -> "LagValues":
        if self.lag_minutes is not None and self.lag_percent is not None:
            raise ValueError("a lag is in minutes or in per cent, not both")
        shares = (LagBasis.PERCENT, LagBasis.ELAPSED_PERCENT)
        if self.lag_minutes is not None and self.lag_basis in shares:
            raise ValueError("lag_minutes goes with the basis working or elapsed")
        if self.lag_percent is not None and self.lag_basis not in (None, *shares):
            raise ValueError("lag_percent goes with the basis percent or elapsed_percent")
        return self

    def lag(self) -> tuple[int, str]:
        """The lag as stored: ticks or per cent, and its basis."""
        if self.lag_percent is not None:
            return self.lag_percent, (self.lag_basis or LagBasis.PERCENT).value
        return (self.lag_minutes or 0) * 10, (self.lag_basis or LagBasis.WORKING).value


_DEPENDENCY_EXAMPLE: JsonDict = {
    "predecessor_id": "0197d1c0-0000-7000-8000-000000000001",
    "successor_id": "0197d1c0-0000-7000-8000-000000000002",
    "dependency_type": "finish_to_start",
    "lag_minutes": 450,
}


class NewDependency(LagValues):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": _DEPENDENCY_EXAMPLE}}

    predecessor_id: UUID
    successor_id: UUID
    dependency_type: DependencyType = DependencyType.FINISH_TO_START


class DependencyPatch(LagValues):
    """A lag is given whole: naming one of its members sets all three."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"lag_minutes": 900}}}

    dependency_type: DependencyType = DependencyType.FINISH_TO_START


_LINKS: JsonDict = {"atomic": True, "operations": [{"op": "create", "body": _DEPENDENCY_EXAMPLE}]}


class DependencyBatch(
    Batch[Annotated[Create[NewDependency] | Update[DependencyPatch] | Delete, Field(discriminator="op")]],
):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": _LINKS}}


class DependencyShape(ObjectShape):
    project_id: UUID
    predecessor_id: UUID
    successor_id: UUID
    dependency_type: DependencyType
    lag_basis: LagBasis
    lag_minutes: int | None
    lag_percent: int | None
    effects: Effects | None = None


Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-4]):[0-5][0-9]$")]
DayRanges = Annotated[list[tuple[Clock, Clock]], Field(max_length=5)]
Week = Annotated[list[DayRanges | None], Field(min_length=7, max_length=7)]


class CalendarDays(Body):
    """Days that have these ranges instead of the week's; no range is no work."""

    from_: Annotated[Date, Field(alias="from")]
    to: Date
    ranges: DayRanges = Field(default_factory=list)
    name: Annotated[str, StringConstraints(max_length=300)] = ""


class CalendarWorkWeek(Body):
    from_: Annotated[Date, Field(alias="from")]
    to: Date
    days: Week
    name: Annotated[str, StringConstraints(max_length=300)] = ""


_WORKDAYS: list[JsonValue] = [[["07:00", "11:00"], ["11:30", "15:00"]] for _ in range(5)]
_CALENDAR_EXAMPLE: JsonDict = {
    "name": "Site",
    "days": [*_WORKDAYS, [], []],
    "exceptions": [{"from": "2026-07-13", "to": "2026-07-31", "ranges": [], "name": "Summer holidays"}],
    "holidays": "NO",
}


def _as_the_base() -> list[list[tuple[str, str]] | None]:
    return [None] * 7


class CalendarValues(Body):
    name: Line = ""
    base_calendar_id: UUID | None = None
    days: Week = Field(default_factory=_as_the_base)
    exceptions: Annotated[list[CalendarDays], Field(max_length=1000)] = Field(default_factory=list)
    work_weeks: Annotated[list[CalendarWorkWeek], Field(max_length=200)] = Field(default_factory=list)
    holidays: Annotated[
        HolidayCountry | None,
        Field(description="Public holidays, the movable ones too, on which there is no work; exceptions come first."),
    ] = None
    is_project_calendar: Flag = False


class NewCalendar(CalendarValues):
    """`days` from Monday; null inherits the base calendar's day. Times are local, `24:00` ends a day."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": _CALENDAR_EXAMPLE}}

    name: Line
    days: Week


class CalendarPatch(CalendarValues):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"name": "Site, winter"}}}


class CalendarShape(ObjectShape):
    project_id: UUID
    name: str
    base_calendar_id: UUID | None
    days: list[list[tuple[str, str]] | None]
    exceptions: list[dict[str, Any]]
    work_weeks: list[dict[str, Any]]
    holidays: HolidayCountry | None
    is_project_calendar: bool
    effects: Effects | None = None


class _Tried(Body):
    """A change that is only tried."""


class TriedTaskChange(_Tried):
    op: Literal["change_task"]
    task_id: UUID | BatchReference
    change: BatchTaskPatch


class TriedNewTask(_Tried):
    op: Literal["add_task"]
    task: NewBatchTask


class TriedTaskRemoval(_Tried):
    """With all below it."""

    op: Literal["remove_task"]
    task_id: UUID | BatchReference


class TriedLink(LagValues):
    predecessor_id: UUID | BatchReference
    successor_id: UUID | BatchReference
    dependency_type: DependencyType = DependencyType.FINISH_TO_START


class TriedNewDependency(_Tried):
    op: Literal["add_dependency"]
    dependency: TriedLink


class TriedDependencyChange(_Tried):
    op: Literal["change_dependency"]
    dependency_id: UUID
    change: DependencyPatch


class TriedDependencyRemoval(_Tried):
    op: Literal["remove_dependency"]
    dependency_id: UUID


class TriedNewCalendar(_Tried):
    """Only as the one that the project runs on, since nothing else can refer to it."""

    op: Literal["add_calendar"]
    calendar: NewCalendar


class TriedCalendarChange(_Tried):
    op: Literal["change_calendar"]
    calendar_id: UUID
    change: CalendarPatch


# As in resources, which stand above this area.
TriedUnits = Annotated[
    Decimal,
    Field(gt=0, le=10_000, max_digits=7, decimal_places=2),
    WithJsonSchema({"type": "string", "maxLength": 8, "pattern": r"^[0-9]{1,5}(\.[0-9]{1,2})?$", "examples": ["50"]}),
]


class TriedAssignment(_Tried):
    """A work resource takes part in a task, or takes another part in it; what is not named follows by the task's type."""

    op: Literal["set_assignment"]
    task_id: UUID | BatchReference
    resource_id: UUID
    units_percent: TriedUnits | None = None
    work_minutes: Minutes | None = None


class TriedUnassignment(_Tried):
    op: Literal["remove_assignment"]
    task_id: UUID | BatchReference
    resource_id: UUID


class TriedResourceChange(_Tried):
    """Other units of a work resource, for all of the time."""

    op: Literal["change_resource"]
    resource_id: UUID
    max_units_percent: TriedUnits


class TriedOptions(_Tried):
    op: Literal["change_options"]
    change: ScheduleOptionsPatch


def _usual_op(value: Any) -> Any:
    """Without a word a change is one of a task."""
    return {"op": "change_task", **value} if isinstance(value, dict) and "op" not in value else value


PlannedChange = Annotated[
    Annotated[
        TriedTaskChange
        | TriedNewTask
        | TriedTaskRemoval
        | TriedNewDependency
        | TriedDependencyChange
        | TriedDependencyRemoval
        | TriedNewCalendar
        | TriedCalendarChange
        | TriedAssignment
        | TriedUnassignment
        | TriedResourceChange
        | TriedOptions,
        Field(discriminator="op"),
    ],
    BeforeValidator(_usual_op),
    unreadable_kept("op"),
]
_RUN_EXAMPLE: JsonDict = {
    "changes": [
        {"op": "change_task", "task_id": _TASK, "change": {"duration_minutes": 2700}},
        {"op": "add_task", "task": {"title": "Cure the concrete", "duration_minutes": 1350}},
        {"op": "add_dependency", "dependency": {"predecessor_id": _TASK, "successor_id": "$2"}},
    ],
}


class NewScheduleRun(Body):
    """`"$n"` stands for the task that the n-th change would make. `op` may be left out of a change of a task."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": _RUN_EXAMPLE}}

    changes: Annotated[list[PlannedChange], Field(min_length=1, max_length=200)]


class CostMoveShape(Shape):
    before: "Sum"
    after: "Sum"


class NewBaseline(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"name": "Approved plan", "reason": "Agreed at the kick-off."}},
    }

    name: Line
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class BaselineShape(ObjectShape):
    project_id: UUID
    number: int
    name: str
    reason: str
    set_at: datetime
    start: LocalTime
    finish: LocalTime
    decision_id: UUID | None
    effects: Effects | None = None


class BaselineTaskShape(Shape):
    """A task as the baseline has it; `id` is the task's. Work and cost are its own, null in imported baselines."""

    id: UUID
    type: str
    baseline_id: UUID
    wbs_code: str
    title: str
    start: LocalTime
    finish: LocalTime
    duration_minutes: int
    summary: bool
    work_minutes: int | None
    cost: "Sum | None"


class MomentsShape(Shape):
    before: LocalTime | None
    after: LocalTime | None


class FinishShape(MomentsShape):
    moved_minutes: Annotated[int | None, Field(description="Working minutes of the project's calendar; later is more.")]


class NumbersShape(Shape):
    before: int | None
    after: int | None


class TextsShape(Shape):
    before: str | None
    after: str | None


class SumsShape(Shape):
    before: "Sum | None"
    after: "Sum | None"


class ComparisonSumsShape(Shape):
    """`tasks_moved` counts the work that is in both and has other dates; the others count summaries, too."""

    tasks_added: int
    tasks_removed: int
    tasks_changed: int
    tasks_moved: int
    tasks_unchanged: int
    start: MomentsShape
    finish: FinishShape
    work_minutes: NumbersShape
    cost: SumsShape | None


class ComparedTaskShape(Shape):
    id: UUID
    change: Change
    wbs_code: str
    title: str
    summary: bool
    start: MomentsShape
    finish: FinishShape
    duration_minutes: NumbersShape
    work_minutes: NumbersShape
    cost: SumsShape | None


class ComparedAssignmentShape(Shape):
    task_id: UUID
    resource_id: UUID
    name: str
    change: Change
    units_percent: TextsShape
    work_minutes: NumbersShape


class BaselineComparisonShape(Shape):
    """What differs, tasks by start, up to 1,000 of each. Work, cost and assignments are null or left out where a baseline
    that was imported has none; cost is null for those who do not see costs. `with_id` null is the plan as it is."""

    type: str
    project_id: UUID
    baseline_id: UUID
    with_id: UUID | None
    sums: ComparisonSumsShape
    tasks: list[ComparedTaskShape]
    tasks_total: int
    assignments: list[ComparedAssignmentShape]
    assignments_total: int


class Sum(Shape):
    """An amount in the form of money, of any number of digits."""

    amount: str
    currency: str


class ForecastShape(Shape):
    """EAC = actual cost + remaining cost; reserve = budget - EAC - what the open risks cost on average.

    Amounts are null for those who do not see costs. `finish` is the plan's, null while the plan is empty.
    """

    type: str
    project_id: UUID
    currency: str
    finish: LocalTime | None
    budget_at_completion: Sum | None
    planned_cost: Sum | None
    remaining_cost: Sum | None
    actual_cost: Sum | None
    estimate_at_completion: Sum | None
    expected_cost_of_risks: Sum | None
    reserve: Sum | None
