"""A task: a piece of the work with its duration, its bounds, its progress, and the dates that the schedule gave it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, DateTime, ForeignKeyConstraint, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict, RuleViolated
from services.planning.base import Base


class TaskStatus(StrEnum):
    """How far a task is, by its progress."""

    TODO = "todo"
    IN_PROGRESS = "in_progress"
    DONE = "done"


class TaskType(StrEnum):
    """What stays when an assignment changes (Microsoft Project's task types)."""

    FIXED_UNITS = "fixed_units"
    FIXED_DURATION = "fixed_duration"
    FIXED_WORK = "fixed_work"


class DateConstraint(StrEnum):
    """Date constraints of Microsoft Project."""

    AS_SOON_AS_POSSIBLE = "as_soon_as_possible"
    AS_LATE_AS_POSSIBLE = "as_late_as_possible"
    START_NO_EARLIER_THAN = "start_no_earlier_than"
    START_NO_LATER_THAN = "start_no_later_than"
    FINISH_NO_EARLIER_THAN = "finish_no_earlier_than"
    FINISH_NO_LATER_THAN = "finish_no_later_than"
    MUST_START_ON = "must_start_on"
    MUST_FINISH_ON = "must_finish_on"


DATELESS = (DateConstraint.AS_SOON_AS_POSSIBLE, DateConstraint.AS_LATE_AS_POSSIBLE)
MAXIMUM_TASKS = 100_000


class SummaryIsComputed(RuleViolated):
    code = "summary_is_computed"
    title = {"en": "A summary takes this from its tasks", "nb": "Et sammendrag henter dette fra oppgavene sine"}
    detail = {"en": "{name} follows from what lies below it.", "nb": "{name} følger av det som ligger under."}


class ConstraintDateMissing(RuleViolated):
    code = "constraint_date_missing"
    title = {"en": "This constraint needs a date", "nb": "Denne begrensningen trenger en dato"}


class InconsistentProgress(RuleViolated):
    code = "inconsistent_progress"
    title = {"en": "The progress contradicts itself", "nb": "Fremdriften motsier seg selv"}
    detail = {"en": "{reason}", "nb": "{reason}"}


class StatusDateMissing(RuleViolated):
    code = "status_date_missing"
    title = {"en": "The project has no status date", "nb": "Prosjektet har ingen statusdato"}
    detail = {
        "en": "Set it, or say behind which date the work shall be moved.",
        "nb": "Sett den, eller si hvilken dato arbeidet skal flyttes bak.",
    }


class SplitsOutside(RuleViolated):
    code = "splits_outside"
    title = {"en": "Work pauses only while it lasts", "nb": "Arbeid kan bare avbrytes mens det varer"}
    detail = {
        "en": "The pauses follow each other, each behind some of the duration and before its end.",
        "nb": "Avbruddene følger etter hverandre, hvert bak noe av varigheten og før slutten av den.",
    }


class WbsCodeOffMask(RuleViolated):
    code = "wbs_code_off_mask"
    title = {"en": "The code does not fit the project's mask", "nb": "Koden passer ikke til prosjektets maske"}
    detail = {
        "en": "{code_typed} is not how codes look there; see the project's WBS mask.",
        "nb": "{code_typed} er ikke slik koder ser ut der; se prosjektets WBS-maske.",
    }
    members = ("task_ids",)


class WbsCodeTaken(Conflict):
    code = "wbs_code_taken"
    title = {"en": "Another task has this code", "nb": "En annen oppgave har denne koden"}
    detail = {"en": "{code_typed} is taken.", "nb": "{code_typed} er opptatt."}
    members = ("task_ids",)


class OutlineTooDeep(RuleViolated):
    code = "outline_too_deep"
    title = {"en": "The outline is too deep", "nb": "Strukturen er for dyp"}
    detail = {"en": "An outline has at most 100 levels.", "nb": "En struktur har høyst 100 nivåer."}


class PlanTooLarge(RuleViolated):
    code = "plan_too_large"
    title = {"en": "The plan is too large", "nb": "Planen er for stor"}
    detail = {"en": "A project has at most 100,000 tasks.", "nb": "Et prosjekt har høyst 100 000 oppgaver."}


class ParentCycle(Conflict):
    code = "parent_cycle"
    title = {"en": "A task cannot contain itself", "nb": "En oppgave kan ikke inneholde seg selv"}
    members = ("task_ids",)


class NoWorkingTimeLeft(RuleViolated):
    code = "no_working_time"
    title = {"en": "The calendar holds no working time there", "nb": "Kalenderen har ingen arbeidstid der"}


def _local(*, nullable: bool = True) -> Any:
    return mapped_column(DateTime(timezone=False), nullable=nullable)


class Task(Entity, Base):
    """Durations are ticks of a tenth of a working minute (the resolution of MSPDI); dates are local wall-clock time.

    `splits` is set where work is interrupted: its `gaps`, each as [after how much of the duration, how long]; or, of an
    import that does not say where, the whole `length` and what is `remaining` of it, gaps included.
    `start` to `driving_dependency_id` are computed by the schedule engine and stored, so that reading never computes.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(["tenant_id", "parent_id"], ["tasks.tenant_id", "tasks.id"], name="fk_tasks_parent"),
        ForeignKeyConstraint(
            ["tenant_id", "calendar_id"], ["calendars.tenant_id", "calendars.id"], name="fk_tasks_calendar"
        ),
        Index("ix_tasks_position", "tenant_id", "project_id", "position", "id"),
        Index("ix_tasks_parent", "tenant_id", "parent_id"),
        Index("ix_tasks_assignee", "tenant_id", "assignee_id", "project_id", "position"),
        Index("ix_tasks_milestones", "tenant_id", "project_id", "position", "id", postgresql_where=text("milestone")),
        CheckConstraint("status in ('todo','in_progress','done')", name="status"),
        CheckConstraint("task_type in ('fixed_units','fixed_duration','fixed_work')", name="task_type"),
        CheckConstraint(
            f"constraint_type in ({','.join(repr(str(each)) for each in DateConstraint)})", name="constraint_type"
        ),
        CheckConstraint("percent_complete between 0 and 100", name="percent_complete"),
        CheckConstraint("duration >= 0", name="duration"),
        CheckConstraint("parent_id <> id", name="parent"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    parent_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    position: Mapped[int] = mapped_column(BigInteger)
    outline_level: Mapped[int] = mapped_column(Integer)
    wbs_code: Mapped[str] = mapped_column(Text)
    wbs_custom: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    notes: Mapped[str] = mapped_column(Text)
    labels: Mapped[list[str]] = mapped_column(ARRAY(Text))
    milestone: Mapped[bool] = mapped_column(Boolean)
    summary: Mapped[bool] = mapped_column(Boolean)
    manual: Mapped[bool] = mapped_column(Boolean)
    active: Mapped[bool] = mapped_column(Boolean)
    external: Mapped[bool] = mapped_column(Boolean)
    placeholder: Mapped[bool] = mapped_column(Boolean)
    duration: Mapped[int] = mapped_column(BigInteger)
    elapsed: Mapped[bool] = mapped_column(Boolean)
    task_type: Mapped[str] = mapped_column(Text)
    constraint_type: Mapped[str] = mapped_column(Text)
    constraint_date: Mapped[datetime | None] = _local()
    deadline: Mapped[datetime | None] = _local()
    calendar_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    ignore_resource_calendars: Mapped[bool] = mapped_column(Boolean)
    effort_driven: Mapped[bool] = mapped_column(Boolean)
    priority: Mapped[int] = mapped_column(Integer)
    levelling_delay: Mapped[int] = mapped_column(BigInteger)
    splits: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    percent_complete: Mapped[int] = mapped_column(Integer)
    actual_start: Mapped[datetime | None] = _local()
    actual_finish: Mapped[datetime | None] = _local()
    remaining: Mapped[int | None] = mapped_column(BigInteger)
    stop: Mapped[datetime | None] = _local()
    resume: Mapped[datetime | None] = _local()
    manual_start: Mapped[datetime | None] = _local()
    manual_finish: Mapped[datetime | None] = _local()
    assignee_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    status: Mapped[str] = mapped_column(Text)
    start: Mapped[datetime] = _local(nullable=False)
    finish: Mapped[datetime] = _local(nullable=False)
    early_start: Mapped[datetime] = _local(nullable=False)
    early_finish: Mapped[datetime] = _local(nullable=False)
    late_start: Mapped[datetime] = _local(nullable=False)
    late_finish: Mapped[datetime] = _local(nullable=False)
    total_float_minutes: Mapped[int] = mapped_column(Integer)
    free_float_minutes: Mapped[int] = mapped_column(Integer)
    critical: Mapped[bool] = mapped_column(Boolean)
    driver: Mapped[str] = mapped_column(Text)
    driving_dependency_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    external_refs: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    import_uid: Mapped[int | None] = mapped_column(BigInteger)
    recurring: Mapped[bool] = mapped_column(Boolean, default=False)
