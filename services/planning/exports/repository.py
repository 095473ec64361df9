"""Every SQL statement of this area: a project as a whole, and the stamp that tells one state of it from another."""

from typing import Any, Final
from uuid import UUID

import orjson

from services.kernel.access import sees_confidential
from services.kernel.problems import NotFound
from services.kernel.session import Reader
from services.planning.exports.plan_contents import (
    BaselineRow,
    ExportedAbsence,
    ExportedAssignment,
    ExportedBaseline,
    ExportedCalendar,
    ExportedProject,
    ExportedResource,
    ExportedTask,
    PlanContents,
)
from services.planning.schedule.plan_rows import COLUMNS, PlanLink
from services.planning.schedule.repository.loading import load_calendars

_PROJECT: Final = (
    "id, key, name, description, status, time_zone, currency, start, finish, status_date, calendar_id, minutes_per_day,"
    " minutes_per_week, finish_target, honor_constraints, split_in_progress, multiple_critical_paths, critical_float_minutes"
)
_TASK: Final = ", ".join(f"t.{name}::text" if name == "splits" else f"t.{name}" for name in COLUMNS)
_SPLITS: Final = COLUMNS.index("splits")
# What an export is made of; a change of any of it gives one of these rows another version, or makes or removes one.
_STAMPED: Final = ("tasks", "dependencies", "calendars", "resources", "assignments", "baselines", "absences")


async def stamp_of(reader: Reader, project_id: UUID, person_id: UUID) -> str:
    """A text that is another one whenever the project, or what this person may see of it, has changed.

    The caller has made sure that the person may see the project at all. Raises NotFound.
    """
    parts = " || ' ' || ".join(
        f"(select count(*) || '.' || coalesce(sum(version), 0) || '.' || coalesce(max(updated_at)::text, '')"
        f" from {table} where tenant_id = $1 and project_id = $2)"
        for table in _STAMPED
    )
    stamp: str | None = await reader.value(
        f"""select p.id || ' ' || p.version || ' ' || {parts}
              || ' ' || {sees_confidential("rates", "p.id", "$3")} || ' ' || {sees_confidential("costs", "p.id", "$3")}
              || ' ' || (select md5(coalesce(string_agg(h.name, ',' order by h.id), '')) from people h
                where h.tenant_id = $1 and h.id in (
                  select assignee_id from tasks where tenant_id = $1 and project_id = $2 and assignee_id is not null
                  union select person_id from resources where tenant_id = $1 and project_id = $2))
            from projects p where p.tenant_id = $1 and p.id = $2""",
        reader.tenant_id,
        project_id,
        person_id,
    )
    if stamp is None:
        raise NotFound
    return stamp


async def load_contents(reader: Reader, project_id: UUID, person_id: UUID) -> PlanContents:
    """The project with all that an export holds, as far as this person may see it. Raises NotFound.

    The caller has made sure that the person may see the project at all.
    """
    arguments = (reader.tenant_id, project_id)
    row = await reader.row(
        f"""select {_PROJECT}, {sees_confidential("rates", "p.id", "$3")} as rates,
              {sees_confidential("costs", "p.id", "$3")} as costs
            from projects p where p.tenant_id = $1 and p.id = $2""",
        *arguments,
        person_id,
    )
    if row is None:
        raise NotFound
    *own, shows_rates, shows_costs = row
    project = ExportedProject(*own)
    tasks = await _tasks(reader, project_id)
    resources = await _resources(reader, project_id, shows_rates=shows_rates)
    links = await reader.rows(
        """select id, predecessor_id, successor_id, dependency_type, lag, lag_basis from dependencies
           where tenant_id = $1 and project_id = $2 order by id""",
        *arguments,
    )
    calendars = await reader.rows(
        """select id, name, base_calendar_id, document::text from calendars
           where tenant_id = $1 and project_id = $2 order by name collate "C", document::text collate "C", id""",
        *arguments,
    )
    assignments = await reader.rows(
        """select a.id, a.task_id, a.resource_id, a.units, a.work, a.duration, a.remaining, a.delay, a.overtime, a.contour,
             a.rate_table, case when $3::boolean then a.cost end
           from assignments a where a.tenant_id = $1 and a.project_id = $2""",
        *arguments,
        shows_costs,
    )
    place = {each.id: number for number, each in enumerate(tasks)}
    place |= {each.id: number for number, each in enumerate(resources)}
    absences = await reader.rows(
        """select a.resource_id, a.starts_on, a.ends_on, case when told then a.kind else 'other' end,
             case when told then a.note else '' end, a.confidential
           from absences a join resources r on r.tenant_id = a.tenant_id and r.id = a.resource_id
           cross join lateral (select not a.confidential or coalesce(r.person_id = $3, false) or a.created_by_id = $3 as told) seen
           where a.tenant_id = $1 and a.project_id = $2""",
        *arguments,
        person_id,
    )
    return PlanContents(
        project=project,
        calendars=[ExportedCalendar(row[0], row[1], row[2], orjson.loads(row[3])) for row in calendars],
        tasks=tasks,
        links=[PlanLink(*each) for each in links],
        resources=resources,
        # Not by id: ids of one import are in no order, and the same plan is to be the same file.
        assignments=sorted(
            (ExportedAssignment(*each) for each in assignments),
            key=lambda part: (place[part.task_id], place[part.resource_id]),
        ),
        baselines=await _baselines(reader, project_id),
        working_times=await load_calendars(reader, project_id, project.calendar_id, project.minutes_per_day),
        absences=sorted(
            (ExportedAbsence(*each) for each in absences), key=lambda each: (place[each.resource_id], each.starts_on)
        ),
        shows_rates=shows_rates,
        shows_costs=shows_costs,
    )


async def _tasks(reader: Reader, project_id: UUID) -> list[ExportedTask]:
    rows = await reader.rows(
        f"""select {_TASK}, t.notes, t.labels, t.external_refs::text, t.import_uid, t.recurring, t.updated_at, p.name from tasks t
            left join people p on p.tenant_id = t.tenant_id and p.id = t.assignee_id
            where t.tenant_id = $1 and t.project_id = $2 order by t.position, t.id""",
        reader.tenant_id,
        project_id,
    )
    found = []
    for row in rows:
        values: list[Any] = list(row)
        if values[_SPLITS] is not None:
            values[_SPLITS] = orjson.loads(values[_SPLITS])
        values[-5] = orjson.loads(values[-5])
        found.append(ExportedTask(*values))
    return found


async def _resources(reader: Reader, project_id: UUID, *, shows_rates: bool) -> list[ExportedResource]:
    rows = await reader.rows(
        """select r.id, r.name, r.email, r.resource_type, r.max_units, r.work_kind, r.team_id, r.unit, r.availability::text,
             case when $3::boolean then r.standard_rate end, case when $3 then r.overtime_rate end,
             case when $3 then r.cost_per_use end, r.accrual, case when $3 then r.rates::text end, r.currency,
             r.calendar_id, r.external_refs::text, p.name
           from resources r left join people p on p.tenant_id = r.tenant_id and p.id = r.person_id
           where r.tenant_id = $1 and r.project_id = $2 order by r.name collate "C", r.email, r.resource_type, r.max_units, r.id""",
        reader.tenant_id,
        project_id,
        shows_rates,
    )
    found = []
    for row in rows:
        values: list[Any] = list(row)
        for place in (8, 13, 16):
            if values[place] is not None:
                values[place] = orjson.loads(values[place])
        found.append(ExportedResource(*values))
    return found


async def _baselines(reader: Reader, project_id: UUID) -> list[ExportedBaseline]:
    rows = await reader.rows(
        """select b.number, b.name, b.reason, b.set_at, t.task_id, t.wbs_code, t.title, t.start, t.finish, t.duration_minutes
           from baselines b join baseline_tasks t on t.tenant_id = b.tenant_id and t.baseline_id = b.id
           left join tasks live on live.tenant_id = t.tenant_id and live.id = t.task_id
           where b.tenant_id = $1 and b.project_id = $2 order by b.number, live.position, t.wbs_code, t.task_id""",
        reader.tenant_id,
        project_id,
    )
    found: dict[int, ExportedBaseline] = {}
    for number, name, reason, set_at, *held in rows:
        baseline = found.setdefault(number, ExportedBaseline(number, name, reason, set_at, []))
        baseline.rows.append(BaselineRow(*held))
    return list(found.values())
