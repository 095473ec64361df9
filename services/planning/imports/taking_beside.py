"""What a document of ours holds beside the plan, put into what was taken over of it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import orjson

from services.kernel.ids import new_id
from services.planning.imports.taking_over import TakenOver
from services.planning.imports.tandem_json import AMOUNTS, Beside
from services.planning.resources.resource import ResourceType
from services.planning.schedule.absent_time import joined
from services.planning.schedule.availability import Availability, Staff, capacities_of
from services.planning.schedule.working_plan import WorkingPlan


def take_beside(plan: WorkingPlan, taken: TakenOver, beside: Beside) -> None:
    """Put what stands beside the plan into what was taken over of it, before it is scheduled."""
    for uid, task_id in taken.task_ids.items():
        task = plan.tasks[task_id]
        for name, value in beside.tasks.get(uid, {}).items():
            setattr(task, name, value)
        taken.texts[task_id] |= beside.texts.get(uid, {}) | {"import_uid": None}
    # The codes of the tasks are made anew from their own.
    _ = plan.outline
    documents = {taken.calendar_ids[uid]: document for uid, document in beside.calendars.items()}
    for row in taken.calendars:
        if row["id"] in documents:
            row["document"] = orjson.dumps(documents[row["id"]]).decode()
    if beside.usual_calendar is not None:
        # The project has none of its own and goes on without one.
        usual_id = taken.calendar_ids[beside.usual_calendar]
        taken.calendars = [row for row in taken.calendars if row["id"] != usual_id]
        taken.project_calendar_id = None
    resource_uids = {resource_id: uid for uid, resource_id in taken.resource_ids.items()}
    for row in taken.resources:
        uid = resource_uids[row["id"]]
        row.update(beside.resources[uid])
        for name in AMOUNTS:
            row[name] = None if row[name] is None else Decimal(row[name])
        row["team_id"] = taken.resource_ids[beside.teams[uid]] if uid in beside.teams else None
    # A team is stored before those who belong to it.
    taken.resources.sort(key=lambda row: row["team_id"] is not None)
    away = {
        taken.resource_ids[uid]: joined((part.starts_on, part.ends_on) for part in parts)
        for uid, parts in beside.absences.items()
    }
    plan.capacities |= capacities_of(
        [
            Staff(
                row["id"],
                row["name"],
                row["max_units"],
                row["calendar_id"],
                None,
                row["team_id"],
                Availability.read(row["max_units"], row["availability"]),
                away.get(row["id"], ()),
            )
            for row in taken.resources
            if row["resource_type"] == ResourceType.WORK
        ]
    )
    task_uids = {task_id: uid for uid, task_id in taken.task_ids.items()}
    for row in taken.assignments:
        row.update(beside.assignments[task_uids[row["task_id"]]][resource_uids[row["resource_id"]]])
    for task_id, task_uid in task_uids.items():
        for part in plan.assignments.get(task_id, ()):
            own = beside.assignments[task_uid][resource_uids[part.resource_id]]
            part.duration, part.remaining, part.delay = own["duration"], own["remaining"], own["delay"] or 0
            part.away = away.get(part.resource_id, ())
    taken.absences = _absences(taken, beside)


def _absences(taken: TakenOver, beside: Beside) -> list[dict[str, Any]]:
    """Rows of the document's absences."""
    return [
        {
            "id": new_id(),
            "resource_id": taken.resource_ids[uid],
            "starts_on": part.starts_on,
            "ends_on": part.ends_on,
            "kind": part.kind.value,
            "confidential": part.confidential,
            "note": part.note,
        }
        for uid, parts in beside.absences.items()
        for part in parts
    ]


def rows_of_baseline(
    number: int, rows: Sequence[tuple[Any, ...]], taken: TakenOver, beside: Beside
) -> list[tuple[Any, ...]]:
    """Rows of a baseline with the codes and the titles that its tasks had then."""
    uids = {task_id: uid for uid, task_id in taken.task_ids.items()}
    return [(row[0], *beside.baseline_tasks[number][uids[row[0]]], *row[3:]) for row in rows]
