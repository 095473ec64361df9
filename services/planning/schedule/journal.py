"""What somebody entered into a plan, before and after, read off the plan in memory and the rows that it was made from.

A document has these members, each left out where it is empty:
`tasks`    changed tasks: `id`, `title`, `before` and `after` by member, and of moved ones `place` with parent and sibling in
           front, and `at`, how many tasks stood in front of them in the whole outline
`added`    new tasks: `id`, `title`, the members that are not the usual ones, `place`
`removed`  the same of tasks that were taken out, as they were, with their `version` and `at`
`links`    dependencies by id: `before` and `after`, of which one is null where there was or is none
`parts`    assignments likewise
`options`  rules by name: `before` and `after`
What follows by the schedule is not in it: it follows again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final
from uuid import UUID

import orjson

from services.planning.schedule.plan_rows import COLUMNS, PlanAssignment, PlanLink, PlanTask, new_task
from services.planning.schedule.working_plan import WorkingPlan

# What a summary takes from below, so that nobody enters it.
OF_LEAVES: Final = ("duration", "percent_complete", "status")
ENTERED: Final = (
    *("title", "milestone", "manual", "active", "external", "placeholder", "elapsed", "task_type", "constraint_type"),
    *("constraint_date", "deadline", "calendar_id", "ignore_resource_calendars", "effort_driven", "priority"),
    *("levelling_delay", "splits", "actual_start", "actual_finish", "remaining", "stop", "resume", "manual_start"),
    *("manual_finish", "assignee_id", "wbs_custom", *OF_LEAVES),
)
TEXTS: Final = ("notes", "labels", "external_refs")
LINK: Final = tuple(each.name for each in fields(PlanLink) if each.name != "id")
PART: Final = (
    *("task_id", "resource_id", "units", "work", "duration", "remaining", "delay", "overtime", "contour"),
    *("rate_table", "cost"),
)
_NAMED: Final = ("title",)
_OF_RESCALED: Final = ("units", "work", "duration", "remaining", "overtime")
_USUAL: Final[PlanTask] = new_task(UUID(int=0), "")
_INDEX: Final = {name: number for number, name in enumerate(COLUMNS)}
Json = dict[str, Any]


def document_of(plan: WorkingPlan, texts: Mapping[UUID, Mapping[str, Any]], texts_before: Mapping[UUID, Any]) -> Json:
    """What was entered since the plan was loaded, as JSON. `texts` are those that are stored with it, `texts_before` those
    of changed and removed tasks as they were."""
    document: Json = {
        "tasks": _changed(plan, texts, texts_before),
        "added": _added(plan, texts),
        "removed": _removed(plan, texts_before),
        "links": _links(plan),
        "parts": _parts(plan),
        "options": {name: {"before": was, "after": now} for name, (was, now) in plan.options_changed.items()},
    }
    present = {name: value for name, value in document.items() if value}
    plain: Json = orjson.loads(orjson.dumps(present, default=str))
    return plain


def _changed(
    plan: WorkingPlan, texts: Mapping[UUID, Mapping[str, Any]], texts_before: Mapping[UUID, Any]
) -> list[Json]:
    edited = plan.edited
    if not edited:
        return []
    found = []
    relocated = plan.relocated & edited.keys()
    parent = _INDEX["parent_id"]
    before_places = _places((row[0], row[parent]) for row in plan.stored.tasks) if relocated else {}
    after_places = _places((each.id, each.parent_id) for each in plan.tasks.values()) if relocated else {}
    for number, row in enumerate(plan.stored.tasks):
        task = edited.get(row[0])
        if task is None or task.id not in plan.tasks:
            continue
        before, after = _difference(row, task)
        for name, value in texts.get(task.id, {}).items():
            if name in TEXTS and task.id in texts_before and texts_before[task.id][name] != value:
                before[name], after[name] = texts_before[task.id][name], value
        place: Json = {}
        if task.id in relocated:
            place = {"place": {"before": before_places[task.id], "after": after_places[task.id]}, "at": number}
        if before or after or place:
            found.append({"id": task.id, "title": task.title, "before": before, "after": after} | place)
    return found


def _difference(row: Sequence[Any], task: PlanTask) -> tuple[Json, Json]:
    before, after = {}, {}
    was_summary = row[_INDEX["summary"]]
    for name in ENTERED:
        was, now = row[_INDEX[name]], getattr(task, name)
        if name == "splits" and was is not None:
            was = orjson.loads(was)
        if was == now or (name in OF_LEAVES and was_summary):
            continue
        before[name] = was
        if not (name in OF_LEAVES and task.summary):
            after[name] = now
    return before, after


def _places(tasks: Iterable[tuple[UUID, UUID | None]]) -> dict[UUID, Json]:
    """Parent and sibling in front of each task, from ids and parents in the order of the outline."""
    in_front: dict[UUID | None, UUID] = {}
    found: dict[UUID, Json] = {}
    for task_id, parent_id in tasks:
        found[task_id] = {"parent_id": parent_id, "after_id": in_front.get(parent_id)}
        in_front[parent_id] = task_id
    return found


def _added(plan: WorkingPlan, texts: Mapping[UUID, Mapping[str, Any]]) -> list[Json]:
    if not plan.added:
        return []
    places = _places((each.id, each.parent_id) for each in plan.tasks.values())
    return [
        _whole(task, {name: getattr(task, name) for name in ENTERED}, places[task.id], texts.get(task.id, {}))
        for task in plan.tasks.values()
        if task.id in plan.added
    ]


def _removed(plan: WorkingPlan, texts: Mapping[UUID, Mapping[str, Any]]) -> list[Json]:
    if not plan.removed:
        return []
    places = _places((row[0], row[_INDEX["parent_id"]]) for row in plan.stored.tasks)
    found = []
    for number, row in enumerate(plan.stored.tasks):
        task = plan.removed.get(row[0])
        if task is not None:
            values = {name: row[_INDEX[name]] for name in ENTERED}
            values["splits"] = orjson.loads(values["splits"]) if values["splits"] is not None else None
            whole = _whole(task, values, places[task.id], texts.get(task.id, {}))
            found.append(whole | {"version": row[_INDEX["version"]], "at": number})
    return found


def _whole(task: PlanTask, values: Json, place: Json, texts: Mapping[str, Any]) -> Json:
    unusual = {
        name: value
        for name, value in values.items()
        if name not in _NAMED and value != getattr(_USUAL, name) and not (task.summary and name in OF_LEAVES)
    }
    said = {name: texts[name] for name in (*TEXTS, "import_uid") if texts.get(name)}
    return {"id": task.id, "title": task.title, "values": unusual, "texts": said, "place": place}


def _links(plan: WorkingPlan) -> list[Json]:
    if not plan.relinked:
        return []
    before = {row[0]: tuple(row)[1:] for row in plan.stored.links}
    after = {
        link.id: (link.predecessor_id, link.successor_id, link.dependency_type, link.lag, link.lag_basis)
        for link in plan.links
    }
    return _pairs(before, after, LINK)


def _parts(plan: WorkingPlan) -> list[Json]:
    stored = plan.stored
    if stored.parts_after is not None:
        after = {row["id"]: _part(row) for row in stored.parts_after}
        before = {row["id"]: _part(row) for row in stored.parts}
        return _pairs(before, after, PART)
    if not plan.removed and not plan.rescaled:
        return []
    now = {
        (one.task_id, one.resource_id): one for task_id in plan.rescaled for one in plan.assignments.get(task_id, ())
    }
    before, after = {}, {}
    for row in stored.parts:
        task_id = row["task_id"]
        if task_id in plan.removed:
            before[row["id"]] = _part(row)
        elif (task_id, row["resource_id"]) in now:
            before[row["id"]] = _part(row)
            after[row["id"]] = _rescaled(row, now[task_id, row["resource_id"]])
    return _pairs(before, after, PART)


def _part(row: Any) -> tuple[Any, ...]:
    return tuple(row[name] for name in PART)


def _rescaled(row: Any, one: PlanAssignment) -> tuple[Any, ...]:
    return tuple(getattr(one, name) if name in _OF_RESCALED else row[name] for name in PART)


def _pairs(before: Mapping[UUID, Any], after: Mapping[UUID, Any], names: Sequence[str]) -> list[Json]:
    return [
        {
            "id": each,
            "before": dict(zip(names, before[each], strict=True)) if each in before else None,
            "after": dict(zip(names, after[each], strict=True)) if each in after else None,
        }
        for each in sorted(before.keys() | after.keys())
        if before.get(each) != after.get(each)
    ]
