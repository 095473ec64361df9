"""What readers see of tasks, dependencies, calendars and baselines."""

from typing import Final

from services.kernel.access import sees_project
from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.money import money_json
from services.planning.custom_fields.repository import VALUES_OF_TASK
from services.planning.schedule.task import DateConstraint, TaskStatus

_MINUTES: Final = "round({} / 10.0)::bigint"
_SPLITS: Final = (
    "coalesce((select json_agg(json_build_object('after_minutes', round((gap->>0)::bigint / 10.0)::bigint,"
    " 'gap_minutes', round((gap->>1)::bigint / 10.0)::bigint)) from jsonb_array_elements(t.splits->'gaps') gap), '[]')"
)


def has_label(task: str) -> str:
    """SQL of a list of a project: the task of an alias has a label that meets the condition `{}`.

    A task holds the words of its labels, in whichever case they were written; those of the label are looked up once.
    """
    return (
        f"string_to_array(lower(array_to_string({task}.labels, E'\\n')), E'\\n') && array(select lower(l.name)"
        " from labels l where l.tenant_id = $1 and l.project_id = $3 and {})"
    )


def _plain(*names: str) -> dict[str, str]:
    return {name: f"t.{name}" for name in names}


def _task_collection(source: str) -> Collection:
    return Collection(
        noun="task",
        source=source,
        columns=object_columns("task")
        | _plain("project_id", "parent_id")
        | {"rank": "lpad(t.position::text, 16, '0')"}
        | _plain(
            "position",
            "outline_level",
            "wbs_code",
            "title",
            "notes",
            "labels",
            "status",
            "milestone",
            "summary",
            "manual",
            "placeholder",
            "external",
            "recurring",
            "active",
        )
        | {"duration_minutes": _MINUTES.format("t.duration")}
        | _plain("elapsed", "task_type", "effort_driven", "constraint_type", "constraint_date", "deadline")
        | _plain("calendar_id", "ignore_resource_calendars", "priority")
        | {"levelling_delay_minutes": _MINUTES.format("t.levelling_delay"), "splits": _SPLITS}
        | _plain("percent_complete", "actual_start", "actual_finish")
        | {"remaining_minutes": _MINUTES.format("t.remaining")}
        | _plain("stop", "resume", "manual_start", "manual_finish", "assignee_id", "start", "finish")
        | _plain(
            "early_start",
            "early_finish",
            "late_start",
            "late_finish",
            "total_float_minutes",
            "free_float_minutes",
            "critical",
        )
        | {"driver": "json_build_object('reason', t.driver, 'dependency_id', t.driving_dependency_id)"}
        | _plain("external_refs"),
        filters={
            "status": Filter("t.status", "text", tuple(TaskStatus)),
            "assignee_id": Filter("t.assignee_id", "uuid"),
            "parent_id": Filter("t.parent_id", "uuid"),
            "title": Filter("t.title", "text"),
            "wbs_code": Filter("t.wbs_code", "text"),
            "milestone": Filter("t.milestone", "boolean"),
            "summary": Filter("t.summary", "boolean"),
            "recurring": Filter("t.recurring", "boolean"),
            "critical": Filter("t.critical", "boolean"),
            "active": Filter("t.active", "boolean"),
            "start": Filter("t.start", "local"),
            "finish": Filter("t.finish", "local"),
            "deadline": Filter("t.deadline", "local"),
            "constraint_type": Filter("t.constraint_type", "text", tuple(DateConstraint)),
            "outline_level": Filter("t.outline_level", "integer"),
            "percent_complete": Filter("t.percent_complete", "integer"),
            "total_float_minutes": Filter("t.total_float_minutes", "integer"),
            "labels": Filter("array_to_string(t.labels, E'\\n')", "text"),
            "label_id": Filter("l.id", "uuid", among=has_label("t")),
            "updated_at": Filter("t.updated_at", "instant"),
        },
        sorts={
            "position": Sort("t.position", "integer", nullable=False),
            "start": Sort("t.start", "local", nullable=False),
            "finish": Sort("t.finish", "local", nullable=False),
            "deadline": Sort("t.deadline", "local"),
            "title": Sort("t.title", "text", nullable=False, by_language=True),
            "total_float_minutes": Sort("t.total_float_minutes", "integer", nullable=False),
            "priority": Sort("t.priority", "integer", nullable=False),
            "created_at": Sort("t.created_at", "instant", nullable=False),
            "updated_at": Sort("t.updated_at", "instant", nullable=False),
        },
        default_sort="position",
        searched=("t.title", "t.notes"),
        expansions={
            "assignee": "(select json_build_object('id', p.id, 'type', 'person', 'name', p.name) from people p"
            " where p.tenant_id = t.tenant_id and p.id = t.assignee_id)",
            "parent": "(select json_build_object('id', p.id, 'type', 'task', 'title', p.title, 'wbs_code', p.wbs_code)"
            " from tasks p where p.tenant_id = t.tenant_id and p.id = t.parent_id)",
            "custom_values": VALUES_OF_TASK,
            "checklist": "(select json_build_object('done', count(*) filter (where i.done), 'total', count(*))"
            " from checklist_items i where i.tenant_id = t.tenant_id and i.task_id = t.id)",
        },
        viewer_kinds={
            "update.text": "task.edit",
            "update.progress": "task.progress",
            "update.dates": "schedule.dates",
            "move": "scope.task",
            "delete": "scope.task",
        },
    )


TASKS: Final = _task_collection("tasks t")
MILESTONES: Final = _task_collection("(select * from tasks where milestone) t")

DEPENDENCIES: Final = Collection(
    noun="dependency",
    source="dependencies t",
    columns=object_columns("dependency")
    | _plain("project_id", "predecessor_id", "successor_id", "dependency_type", "lag_basis")
    | {
        "lag_minutes": "case when t.lag_basis in ('working','elapsed') then round(t.lag / 10.0)::bigint end",
        "lag_percent": "case when t.lag_basis in ('percent','elapsed_percent') then t.lag end",
    },
    filters={
        "predecessor_id": Filter("t.predecessor_id", "uuid"),
        "successor_id": Filter("t.successor_id", "uuid"),
        "dependency_type": Filter("t.dependency_type", "text"),
    },
    sorts={"created_at": Sort("t.created_at", "instant", nullable=False)},
    viewer_kinds={"update": "schedule.dates", "delete": "schedule.dates"},
)

CALENDARS: Final = Collection(
    noun="calendar",
    source="calendars t join projects p on p.tenant_id = t.tenant_id and p.id = t.project_id",
    columns=object_columns("calendar")
    | _plain("project_id", "name", "base_calendar_id")
    | {
        "days": "t.document->'days'",
        "exceptions": "t.document->'exceptions'",
        "work_weeks": "t.document->'work_weeks'",
        "holidays": "t.document->>'holidays'",
        "is_project_calendar": "coalesce(p.calendar_id = t.id, false)",
    },
    filters={"name": Filter("t.name", "text"), "base_calendar_id": Filter("t.base_calendar_id", "uuid")},
    sorts={
        "name": Sort("t.name", "text", nullable=False, by_language=True),
        "created_at": Sort("t.created_at", "instant", nullable=False),
    },
    viewer_kinds={"update": "calendar.change", "delete": "calendar.change"},
)

SCHEDULE_OPTIONS: Final = Collection(
    noun="schedule_options",
    source="projects t",
    container=None,
    project="t.id",
    columns=object_columns("schedule_options")
    | {"project_id": "t.id"}
    | _plain(
        "start",
        "finish_target",
        "honor_constraints",
        "split_in_progress",
        "multiple_critical_paths",
        "critical_float_minutes",
    ),
    viewer_kinds={"update": "schedule.dates"},
)

WBS_MASK: Final = Collection(
    noun="wbs_mask",
    source="projects t",
    container=None,
    project="t.id",
    columns=object_columns("wbs_mask")
    | {"project_id": "t.id", "prefix": "t.wbs_prefix", "levels": "t.wbs_levels", "unique": "t.wbs_unique"},
    viewer_kinds={"update": "scope.task"},
)

BASELINES: Final = Collection(
    noun="baseline",
    source="baselines t",
    columns=object_columns("baseline")
    | _plain("project_id", "number", "name", "reason", "set_at", "start", "finish", "decision_id"),
    filters={"number": Filter("t.number", "integer"), "name": Filter("t.name", "text")},
    sorts={
        "number": Sort("t.number", "integer", nullable=False),
        "created_at": Sort("t.created_at", "instant", nullable=False),
    },
    default_sort="-number",
)


def _sees_baseline(baseline: str, person: str) -> str:
    return (
        "exists (select from baselines b where b.tenant_id = current_setting('app.tenant_id')::uuid"
        f" and b.id = {baseline} and {sees_project('b.project_id', person)})"
    )


BASELINE_TASKS: Final = Collection(
    noun="baseline_task",
    source="(select k.tenant_id, k.task_id as id, k.baseline_id, k.wbs_code, k.title, k.start, k.finish, k.duration_minutes,"
    " k.summary, k.work_minutes, k.cost, b.project_id, p.currency from baseline_tasks k"
    " join baselines b on b.tenant_id = k.tenant_id and b.id = k.baseline_id"
    " join projects p on p.tenant_id = b.tenant_id and p.id = b.project_id) t",
    container="t.baseline_id",
    list_visible=_sees_baseline,
    columns={"id": "t.id", "type": "'baseline_task'"}
    | _plain("baseline_id", "wbs_code", "title", "start", "finish", "duration_minutes", "summary", "work_minutes")
    | {"cost": f"case when $costs then {money_json('t.cost', 't.currency')} end"},
    sorts={"start": Sort("t.start", "local", nullable=False), "finish": Sort("t.finish", "local", nullable=False)},
    default_sort="start",
)


def _first(member: str, columns: str) -> str:
    """SQL: the first hundred rows of a member of the document, in their order."""
    return (
        f"(select coalesce(json_agg(json_build_object({columns}) order by each.ordinality), '[]')"
        f" from jsonb_array_elements(t.document->'{member}') with ordinality each where each.ordinality <= 100)"
    )


_WHICH: Final = "'id', each.value->'id', 'title', each.value->'title'"
PLAN_CHANGES: Final = Collection(
    noun="plan_change",
    source="plan_changes t",
    columns=object_columns("plan_change")
    | _plain("project_id", "kinds", "subject_type", "subject_id", "title", "question", "chosen")
    | {
        "tasks": _first("tasks", f"{_WHICH}, 'before', each.value->'before', 'after', each.value->'after'"),
        "added_tasks": _first("added", _WHICH),
        "removed_tasks": _first("removed", _WHICH),
    }
    | _plain("tasks_changed", "tasks_moved", "finish_before", "finish_after", "reversible", "reverses_id")
    | {
        "reversed_by_id": "(select r.id from plan_changes r where r.tenant_id = t.tenant_id and r.reverses_id = t.id"
        " order by r.id desc limit 1)"
    },
    filters={
        "subject_id": Filter("t.subject_id", "uuid"),
        "subject_type": Filter("t.subject_type", "text"),
        "created_by_id": Filter("t.created_by_id", "uuid"),
        "created_at": Filter("t.created_at", "instant"),
        "reversible": Filter("t.reversible", "boolean"),
        "reverses_id": Filter("t.reverses_id", "uuid"),
    },
    sorts={"created_at": Sort("t.created_at", "instant", nullable=False)},
    default_sort="-created_at",
    searched=("t.title", "t.chosen"),
)
