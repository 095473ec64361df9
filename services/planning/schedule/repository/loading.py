"""How a project's plan is read for a change: whole, in few statements, and what a change needs to know besides."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson

from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.kernel.working_time import WorkingTime
from services.planning.schedule.absent_time import joined
from services.planning.schedule.availability import Availability, Staff, capacities_of
from services.planning.schedule.baseline_comparison import PartPicture, PlanPicture, TaskPicture
from services.planning.schedule.calendar import calendars_of
from services.planning.schedule.forecast import Forecast, Ledger
from services.planning.schedule.plan_rows import (
    COLUMNS,
    Capacity,
    Options,
    PlanAssignment,
    PlanExpense,
    PlanLink,
    PlanTask,
    Stored,
)
from services.planning.schedule.planned_cost import plan_costs
from services.planning.schedule.pricing import Pricing, Rate, RateTable, pricing_of
from services.planning.schedule.task import TaskStatus
from services.planning.schedule.working_plan import WorkingPlan
from services.planning.scope.wbs_mask import mask_of

_LOADED: Final = ", ".join(f"t.{name}::text" if name == "splits" else f"t.{name}" for name in COLUMNS)


async def load_plan(reader: Reader, project_id: UUID, *, lock: bool = False) -> WorkingPlan:
    """The whole plan of a project; `lock` makes other writers of the same plan wait. Raises NotFound."""
    tenant_id = reader.tenant_id
    project = await reader.row(
        f"""select p.name, p.currency, p.time_zone, p.start, p.status_date, p.minutes_per_day, p.critical_float_minutes, p.finish, p.calendar_id,
              p.honor_constraints, p.split_in_progress, p.multiple_critical_paths, p.finish_target,
              p.wbs_prefix, p.wbs_levels::text as wbs_levels, p.wbs_unique,
              exists (select from custom_fields f where f.tenant_id = p.tenant_id and f.project_id = p.id
                and f.formula is not null) as has_formulas from projects p
            where p.tenant_id = $1 and p.id = $2 {"for no key update of p" if lock else ""}""",
        tenant_id,
        project_id,
    )
    if project is None:
        raise NotFound
    rows = await reader.rows(
        f"select {_LOADED} from tasks t where t.tenant_id = $1 and t.project_id = $2 order by t.position, t.id",
        tenant_id,
        project_id,
    )
    tasks = [PlanTask(*row) for row in rows]
    for task in tasks:
        if task.splits is not None:
            task.splits = orjson.loads(task.splits)  # type: ignore[arg-type]  # it is JSON text until this line
    links = await reader.rows(
        """select id, predecessor_id, successor_id, dependency_type, lag, lag_basis from dependencies
           where tenant_id = $1 and project_id = $2 order by id""",
        tenant_id,
        project_id,
    )
    parts = await _load_parts(reader, project_id)
    calendars = await load_calendars(reader, project_id, project["calendar_id"], project["minutes_per_day"])
    stored = Stored(rows, links, parts.rows)
    options = Options(
        project["honor_constraints"],
        project["split_in_progress"],
        project["multiple_critical_paths"],
        project["finish_target"],
    )
    plan = WorkingPlan(
        project_id=project_id,
        name=project["name"],
        currency=project["currency"],
        time_zone=project["time_zone"],
        start=project["start"],
        status_date=project["status_date"],
        minutes_per_day=project["minutes_per_day"],
        critical_float_minutes=project["critical_float_minutes"],
        finish_before=project["finish"],
        start_before=project["start"],
        calendars=calendars,
        tasks={task.id: task for task in tasks},
        links=[PlanLink(*row) for row in links],
        assignments=parts.assignments,
        expenses=parts.expenses,
        capacities=parts.capacities,
        options=options,
        has_formulas=project["has_formulas"],
        stored=stored,
        wbs_mask=mask_of(project["wbs_prefix"], orjson.loads(project["wbs_levels"]), project["wbs_unique"]),
        durations_before={task.id: task.duration for task in tasks},
        assignees_before={task.id: task.assignee_id for task in tasks if task.assignee_id is not None},
        status_before={task.id: task.status for task in tasks if task.status != TaskStatus.TODO},
    )
    plan.standing_before = plan.standing()
    return plan


async def reload_resources(session: WriteSession, plan: WorkingPlan) -> None:
    """Take over what this transaction has changed of the plan's resources and assignments since the plan was loaded."""
    parts = await _load_parts(session, plan.project_id)
    before, after = plan.assignments, parts.assignments
    for task_id in before.keys() | after.keys():
        # Another rate costs more, and leaves everybody's work as it is.
        was, now = ([replace(one, price=None) for one in each.get(task_id, ())] for each in (before, after))
        if was != now:
            plan.reassigned[task_id] = before.get(task_id, [])
    plan.stored.parts_after = parts.rows
    plan.capacities_before = plan.capacities
    plan.assignments, plan.expenses, plan.capacities = parts.assignments, parts.expenses, parts.capacities


async def reload_calendars(session: WriteSession, plan: WorkingPlan) -> None:
    """The same for its calendars."""
    calendar_id = await load_project_calendar_id(session, plan.project_id)
    plan.calendars = await load_calendars(session, plan.project_id, calendar_id, plan.minutes_per_day)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The work resources, by task the parts that they have in it and what else it brings of costs, and the rows of both."""

    capacities: dict[UUID, Capacity]
    assignments: dict[UUID, list[PlanAssignment]]
    expenses: dict[UUID, list[PlanExpense]]
    rows: Sequence[Any]

    @property
    def dated(self) -> bool:
        """Whether what the parts cost depends on when they are worked on."""
        parts = (one.price for several in self.assignments.values() for one in several)
        expenses = (one.price for several in self.expenses.values() for one in several)
        return any(price is not None and price.dated for price in (*parts, *expenses))


async def load_capacities(reader: Reader, project_id: UUID) -> dict[UUID, Capacity]:
    """The project's work resources with what there is of them when, and the days when they are away."""
    rows = await reader.rows(
        """select id, name, max_units, calendar_id, person_id, team_id, availability::text as availability
           from resources where tenant_id = $1 and project_id = $2 and resource_type = 'work' order by id""",
        reader.tenant_id,
        project_id,
    )
    absences = await reader.rows(
        "select resource_id, starts_on, ends_on from absences where tenant_id = $1 and project_id = $2",
        reader.tenant_id,
        project_id,
    )
    away: dict[UUID, list[tuple[date, date]]] = {}
    for each in absences:
        away.setdefault(each["resource_id"], []).append((each["starts_on"], each["ends_on"]))
    return capacities_of(
        [
            Staff(
                id=row["id"],
                name=row["name"],
                max_units=row["max_units"],
                calendar_id=row["calendar_id"],
                person_id=row["person_id"],
                team_id=row["team_id"],
                availability=Availability.read(row["max_units"], row["availability"]),
                away=joined(away.get(row["id"], ())),
            )
            for row in rows
        ]
    )


async def _load_parts(reader: Reader, project_id: UUID) -> _Parts:
    assignments: dict[UUID, list[PlanAssignment]] = {}
    expenses: dict[UUID, list[PlanExpense]] = {}
    capacities = await load_capacities(reader, project_id)
    prices = await load_prices(reader, project_id)
    rows = await reader.rows(
        """select a.id, r.resource_type, a.rate_table, a.cost, r.accrual, a.task_id, a.resource_id, r.calendar_id, a.units,
             a.work, a.duration, a.remaining, a.delay, a.overtime, a.contour
           from assignments a join resources r on r.tenant_id = a.tenant_id and r.id = a.resource_id
           where a.tenant_id = $1 and a.project_id = $2 order by a.id""",
        reader.tenant_id,
        project_id,
    )
    for row in rows:
        _, resource_type, table, cost, accrual, *part = row
        task_id, resource_id = row["task_id"], row["resource_id"]
        price = prices.get((resource_id, table))
        if resource_type == "work":
            own = PlanAssignment(*part)
            own.price, own.away = price, capacities[resource_id].away
            assignments.setdefault(task_id, []).append(own)
        elif price is not None or cost is not None:
            quantity = row["units"] if resource_type == "material" else Decimal(0)
            expense = PlanExpense(task_id, resource_id, quantity, price, cost or Decimal(0), accrual)
            expenses.setdefault(task_id, []).append(expense)
    return _Parts(capacities, assignments, expenses, rows)


async def load_prices(reader: Reader, project_id: UUID) -> dict[tuple[UUID, str], Pricing]:
    """What the project's resources cost by their tables. Rates in another currency than the project's count as none."""
    rows = await reader.rows(
        """select r.id, r.standard_rate, r.overtime_rate, r.cost_per_use, r.accrual, r.rates::text as rates
           from resources r join projects p on p.tenant_id = r.tenant_id and p.id = r.project_id
           where r.tenant_id = $1 and r.project_id = $2 and r.currency = p.currency and r.resource_type <> 'cost'""",
        reader.tenant_id,
        project_id,
    )
    found: dict[tuple[UUID, str], Pricing] = {}
    for row in rows:
        first = Rate(row["standard_rate"] or Decimal(0), row["overtime_rate"], row["cost_per_use"])
        dated = orjson.loads(row["rates"])
        for table in RateTable:
            price = pricing_of(first, dated, table.value, row["accrual"])
            if price is not None:
                found[row["id"], table.value] = price
    return found


async def load_ledger(reader: Reader, project_id: UUID) -> Ledger:
    """What the project's money comes to outside of its plan. Budget and risks are areas above this one, so their tables
    are read here, and their code is not."""
    row = await reader.row(
        """select (select coalesce(sum(amount), 0) from budget_lines where tenant_id = $1 and project_id = $2) as budget,
             (select coalesce(sum(amount), 0) from actuals where tenant_id = $1 and project_id = $2) as spent,
             (select coalesce(sum(expected_cost), 0) from risks
               where tenant_id = $1 and project_id = $2 and status = 'open') as expected_risks""",
        reader.tenant_id,
        project_id,
    )
    assert row is not None, "sums have a row"
    return Ledger(row["budget"], row["spent"], row["expected_risks"])


async def load_forecast(reader: Reader, project_id: UUID) -> Forecast:
    """What the project will have cost by the stored plan, for a change of its money and for those who ask. Raises NotFound."""
    parts = await _load_parts(reader, project_id)
    project = await reader.row(
        "select currency, finish from projects where tenant_id = $1 and id = $2", reader.tenant_id, project_id
    )
    if project is None:
        raise NotFound
    currency, ledger = project["currency"], await load_ledger(reader, project_id)
    if parts.dated:
        # What work costs depends on its days then, for which it takes the whole plan.
        standing = (await load_plan(reader, project_id)).standing_before
        return Forecast(currency, standing.cost, standing.remaining_cost, ledger, project["finish"])
    rows = await reader.rows(
        "select id, percent_complete from tasks where tenant_id = $1 and project_id = $2 and active and id = any($3)",
        reader.tenant_id,
        project_id,
        [*parts.assignments, *parts.expenses],
    )
    done = {row["id"]: row["percent_complete"] for row in rows}
    work = [
        (one, done[task_id]) for task_id, assigned in parts.assignments.items() if task_id in done for one in assigned
    ]
    expenses = [
        (each, done[task_id]) for task_id, brought in parts.expenses.items() if task_id in done for each in brought
    ]
    planned, remaining = plan_costs(work, expenses, currency)
    return Forecast(currency, planned, remaining, ledger, project["finish"])


async def load_calendars(
    reader: Reader, project_id: UUID, project_calendar_id: UUID | None, minutes_per_day: int
) -> dict[Any, WorkingTime]:
    """The calendars of a project by id, and under "project" the one that it runs on."""
    documents = await load_calendar_documents(reader, project_id)
    return calendars_of(documents, project_calendar_id, minutes_per_day)


async def load_calendar_documents(reader: Reader, project_id: UUID) -> dict[UUID, tuple[UUID | None, str]]:
    """By calendar of the project: its base, and its document as JSON text."""
    rows = await reader.rows(
        "select id, base_calendar_id, document::text from calendars where tenant_id = $1 and project_id = $2",
        reader.tenant_id,
        project_id,
    )
    return {row["id"]: (row["base_calendar_id"], row["document"]) for row in rows}


async def load_project_calendar_id(reader: Reader, project_id: UUID) -> UUID | None:
    """The calendar that the project runs on, None for the usual one."""
    calendar_id: UUID | None = await reader.value(
        "select calendar_id from projects where tenant_id = $1 and id = $2", reader.tenant_id, project_id
    )
    return calendar_id


async def project_of_task(reader: Reader, task_id: UUID) -> UUID:
    """The project that a task belongs to. Raises NotFound."""
    return await _project_of(reader, "tasks", task_id)


async def project_of_dependency(reader: Reader, dependency_id: UUID) -> UUID:
    """The project that a dependency belongs to. Raises NotFound."""
    return await _project_of(reader, "dependencies", dependency_id)


async def project_of_calendar(reader: Reader, calendar_id: UUID) -> UUID:
    """The project that a calendar belongs to. Raises NotFound."""
    return await _project_of(reader, "calendars", calendar_id)


async def _project_of(reader: Reader, table: str, object_id: UUID) -> UUID:
    project_id: UUID | None = await reader.value(
        f"select project_id from {table} where tenant_id = $1 and id = $2", reader.tenant_id, object_id
    )
    if project_id is None:
        raise NotFound
    return project_id


async def active_members(reader: Reader, project_id: UUID, people: Iterable[UUID]) -> set[UUID]:
    """Who of these people is on the project and active."""
    rows = await reader.rows(
        """select m.person_id from memberships m join people p on p.tenant_id = m.tenant_id and p.id = m.person_id
           where m.tenant_id = $1 and m.project_id = $2 and m.person_id = any($3) and p.active
             and (m.expires_at is null or m.expires_at > now())""",
        reader.tenant_id,
        project_id,
        list(people),
    )
    return {row["person_id"] for row in rows}


async def load_task(reader: Reader, task_id: UUID) -> PlanTask:
    """One task without its plan. Raises NotFound."""
    row = await reader.row(
        f"select {_LOADED} from tasks t where t.tenant_id = $1 and t.id = $2", reader.tenant_id, task_id
    )
    if row is None:
        raise NotFound
    task = PlanTask(*row)
    task.splits = orjson.loads(row["splits"]) if row["splits"] is not None else None
    return task


async def lock_plan(session: WriteSession, project_id: UUID) -> tuple[datetime, datetime | None]:
    """Make other writers of the project's plan wait. Returns the plan's start and finish. Raises NotFound."""
    row = await session.row(
        "select start, finish from projects where tenant_id = $1 and id = $2 for no key update",
        session.tenant_id,
        project_id,
    )
    if row is None:
        raise NotFound
    return row["start"], row["finish"]


async def next_baseline_number(session: WriteSession, project_id: UUID) -> int:
    """One behind the last; the caller holds the project's lock."""
    number: int = await session.value(
        "select coalesce(max(number) + 1, 0) from baselines where tenant_id = $1 and project_id = $2",
        session.tenant_id,
        project_id,
    )
    return number


async def baseline_numbers(reader: Reader, project_id: UUID) -> set[int]:
    """The numbers that the project's baselines have."""
    rows = await reader.rows(
        "select number from baselines where tenant_id = $1 and project_id = $2", reader.tenant_id, project_id
    )
    return {row["number"] for row in rows}


async def last_baseline_finish(reader: Reader, project_id: UUID) -> datetime | None:
    """The finish in the baseline with the highest number, None while there is none."""
    finish: datetime | None = await reader.value(
        "select finish from baselines where tenant_id = $1 and project_id = $2 order by number desc limit 1",
        reader.tenant_id,
        project_id,
    )
    return finish


async def project_of_baseline(reader: Reader, baseline_id: UUID) -> UUID | None:
    """The project that a baseline belongs to, None where there is no such baseline."""
    project_id: UUID | None = await reader.value(
        "select project_id from baselines where tenant_id = $1 and id = $2", reader.tenant_id, baseline_id
    )
    return project_id


async def load_picture(reader: Reader, baseline_id: UUID) -> PlanPicture:
    """The plan as a baseline has it."""
    rows = await reader.rows(
        """select task_id, wbs_code, title, summary, start, finish, duration_minutes, work_minutes, cost
           from baseline_tasks where tenant_id = $1 and baseline_id = $2""",
        reader.tenant_id,
        baseline_id,
    )
    parts = await reader.rows(
        """select task_id, resource_id, name, units, work_minutes from baseline_assignments
           where tenant_id = $1 and baseline_id = $2""",
        reader.tenant_id,
        baseline_id,
    )
    return PlanPicture(
        tasks={row["task_id"]: TaskPicture(*tuple(row)[1:]) for row in rows},
        parts={(row["task_id"], row["resource_id"]): PartPicture(*tuple(row)[2:]) for row in parts},
        complete=all(row["work_minutes"] is not None for row in rows),
    )


async def calendar_is_used(reader: Reader, calendar_id: UUID) -> bool:
    """Whether a project, a task, a resource or another calendar refers to it."""
    used: bool = await reader.value(
        """select exists (select from projects where tenant_id = $1 and calendar_id = $2)
             or exists (select from tasks where tenant_id = $1 and calendar_id = $2)
             or exists (select from resources where tenant_id = $1 and calendar_id = $2)
             or exists (select from calendars where tenant_id = $1 and base_calendar_id = $2)""",
        reader.tenant_id,
        calendar_id,
    )
    return used


async def version_of_project(reader: Reader, project_id: UUID) -> int:
    """The project's version as it is now, behind what its plan has done to it."""
    version: int = await reader.value(
        "select version from projects where tenant_id = $1 and id = $2", reader.tenant_id, project_id
    )
    return version


async def project_time_zone(reader: Reader, project_id: UUID) -> str:
    """The project's IANA time zone."""
    zone: str = await reader.value(
        "select time_zone from projects where tenant_id = $1 and id = $2", reader.tenant_id, project_id
    )
    return zone


async def baselined(reader: Reader, project_id: UUID, task_ids: Sequence[UUID]) -> int:
    """How many of these tasks the project's current baseline, its last one, holds."""
    if not task_ids:
        return 0
    count: int = await reader.value(
        """select count(*) from baseline_tasks t where t.tenant_id = $1 and t.task_id = any($3) and t.baseline_id =
             (select id from baselines where tenant_id = $1 and project_id = $2 order by number desc limit 1)""",
        reader.tenant_id,
        project_id,
        list(task_ids),
    )
    return count
