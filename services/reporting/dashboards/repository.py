"""Every SQL statement of this area: read tables of three sources are joined here, when they are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import orjson

from services.kernel.problems import NotFound
from services.kernel.session import Reader, ReadSession
from services.reporting.dashboards.performance import (
    BaselineState,
    Posting,
    ProgressEntry,
    ProjectState,
    TaskState,
)
from services.reporting.dashboards.phase import Gate

# A closed risk threatens nothing any more, and one that has occurred has become an issue.
CLOSED_RISKS = ("closed", "occurred")
OPEN_PROPOSALS = ("submitted", "rebase_required")
MOST_LISTED = 200


@dataclass(frozen=True)
class Registers:
    """What a project has besides its plan and money, as rows of the read tables."""

    project: asyncpg.Record
    positions: dict[str, int]
    risks: Sequence[asyncpg.Record]
    proposals: Sequence[asyncpg.Record]
    decisions: Sequence[asyncpg.Record]
    overdue_actions: Sequence[asyncpg.Record]
    goals: Sequence[asyncpg.Record]
    gates: Sequence[Gate]
    counts: asyncpg.Record

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.project["time_zone"])


async def begin_snapshot(session: ReadSession) -> None:
    """Let all statements of this reading see one state: facts that are applied meanwhile wait for the next reading."""
    await session.value("set transaction isolation level repeatable read")


async def load_state(reader: Reader, project_id: UUID) -> ProjectState:
    """The project's plan, money and progress. Raises NotFound for a project that no fact has told of."""
    tenant_id = reader.tenant_id
    project = await reader.row(
        """select p.*, l.start as plan_start, l.finish as plan_finish, coalesce(l.number, p.number) as plan_number,
             (select max(occurred_at) from project_positions o where o.tenant_id = $1 and o.project_id = $2) as latest_at
           from projects p left join plans l on l.tenant_id = $1 and l.project_id = p.project_id
           where p.tenant_id = $1 and p.project_id = $2""",
        tenant_id,
        project_id,
    )
    if project is None:
        raise NotFound
    zone = ZoneInfo(project["time_zone"])
    status_date: date = (project["status_date"] or project["latest_at"].astimezone(zone)).date()
    tasks = await reader.rows(
        "select * from tasks where tenant_id = $1 and project_id = $2 order by position, id", tenant_id, project_id
    )
    baseline = await reader.row(
        "select * from baselines where tenant_id = $1 and project_id = $2", tenant_id, project_id
    )
    baseline_tasks = await reader.rows(
        "select * from baseline_tasks where tenant_id = $1 and project_id = $2", tenant_id, project_id
    )
    budget = await reader.rows(
        "select * from budget_lines where tenant_id = $1 and project_id = $2 and currency = $3 order by id",
        tenant_id,
        project_id,
        project["currency"],
    )
    actuals = await reader.rows(
        "select * from actuals where tenant_id = $1 and project_id = $2 and currency = $3 order by posted_on, id",
        tenant_id,
        project_id,
        project["currency"],
    )
    progress = await reader.rows(
        "select * from progress_entries where tenant_id = $1 and project_id = $2 order by occurred_at, number, task_id",
        tenant_id,
        project_id,
    )
    return ProjectState(
        currency=project["currency"],
        zone=zone,
        number=project["number"],
        own_status_date=status_date,
        plan_finish=project["plan_finish"],
        plan_number=project["plan_number"],
        tasks=[_task(row) for row in tasks],
        baseline=None if baseline is None else {row["task_id"]: _baseline_task(row) for row in baseline_tasks},
        baseline_finish=None if baseline is None else baseline["finish"],
        baseline_number=project["number"] if baseline is None else baseline["number"],
        budget=[Posting(row["task_id"], row["amount"], row["number"]) for row in budget],
        actuals=[Posting(row["task_id"], row["amount"], row["number"], row["posted_on"]) for row in actuals],
        progress=[
            ProgressEntry(
                row["task_id"], row["percent_complete"], row["occurred_at"].astimezone(zone).date(), row["number"]
            )
            for row in progress
        ],
    )


def _task(row: asyncpg.Record) -> TaskState:
    return TaskState(
        id=row["id"],
        parent_id=row["parent_id"],
        wbs_code=row["wbs_code"] or "",
        title=row["title"],
        outline_level=row["outline_level"],
        summary=row["summary"],
        milestone=row["milestone"],
        start=row["start"],
        finish=row["finish"],
        duration_minutes=row["duration_minutes"] or 0,
        percent_complete=row["percent_complete"],
        critical=row["critical"],
        number=row["number"],
    )


def _baseline_task(row: asyncpg.Record) -> BaselineState:
    return BaselineState(row["start"], row["finish"], row["duration_minutes"] or 0, row["number"])


async def load_registers(reader: Reader, project_id: UUID, status_date: date, decided_after: int) -> Registers:
    """The lists of a project: the five largest risks, open proposals, overdue actions on the status date, and the
    decisions that planning recorded with a number above `decided_after`.
    """
    tenant_id = reader.tenant_id
    project = await reader.row("select * from projects where tenant_id = $1 and project_id = $2", tenant_id, project_id)
    if project is None:
        raise NotFound
    positions = await reader.rows(
        "select source, number from project_positions where tenant_id = $1 and project_id = $2 order by source",
        tenant_id,
        project_id,
    )
    risks = await reader.rows(
        """select r.*, r.cost_impact::text as cost_impact_text, s.responses, greatest(r.number, s.number) as reached
           from risks r left join lateral (
             select string_agg(coalesce(nullif(s.description, ''), s.strategy), '; ' order by s.id) as responses,
               max(s.number) as number
             from risk_responses s where s.tenant_id = $1 and s.risk_id = r.id) s on true
           where r.tenant_id = $1 and r.project_id = $2 and r.status <> all($3)
           order by r.expected_cost desc nulls last, r.expected_minutes desc nulls last, r.id limit 5""",
        tenant_id,
        project_id,
        list(CLOSED_RISKS),
    )
    proposals = await reader.rows(
        """select p.*, p.impact::text as impact_text, p.kinds::text as kinds_text, p.decidable_by::text as decidable_text
           from proposals p where p.tenant_id = $1 and p.project_id = $2 and p.state = any($3)
           order by p.submitted_at, p.id limit $4""",
        tenant_id,
        project_id,
        list(OPEN_PROPOSALS),
        MOST_LISTED,
    )
    # Without a limit: the next report begins where this list ended, and no decision may fall between the two.
    decisions = await reader.rows(
        """select d.*, d.impact::text as impact_text from decisions d
           where d.tenant_id = $1 and d.project_id = $2 and d.number > $3 order by d.number, d.id""",
        tenant_id,
        project_id,
        decided_after,
    )
    overdue_actions = await reader.rows(
        """select * from action_items where tenant_id = $1 and project_id = $2 and closed_at is null and due_date < $3
           order by due_date, id limit $4""",
        tenant_id,
        project_id,
        status_date,
        MOST_LISTED,
    )
    goals = await reader.rows(
        "select g.*, g.targets::text as targets_text from goals g where g.tenant_id = $1 and g.project_id = $2 order by g.id",
        tenant_id,
        project_id,
    )
    gates = await reader.rows(
        "select *, titles::text as titles_text from gates where tenant_id = $1 and project_id = $2 order by position, id",
        tenant_id,
        project_id,
    )
    counts = await reader.row(
        _COUNTS, tenant_id, project_id, project["currency"], list(CLOSED_RISKS), list(OPEN_PROPOSALS)
    )
    assert counts is not None, "an aggregate has a row"
    return Registers(
        project=project,
        positions={row["source"]: row["number"] for row in positions},
        risks=risks,
        proposals=proposals,
        decisions=decisions,
        overdue_actions=overdue_actions,
        goals=goals,
        gates=[_gate(row) for row in gates],
        counts=counts,
    )


def _gate(row: asyncpg.Record) -> Gate:
    return Gate(
        id=row["id"],
        code=row["code"],
        titles=orjson.loads(row["titles_text"] or "null") or {"en": row["title"], "nb": row["title"]},
        planned_date=row["planned_date"],
        opens_phase=row["opens_phase"],
        state=row["state"],
        decided_at=row["decided_at"],
        number=row["number"],
    )


_COUNTS = """
    select
      (select count(*) from tasks t where t.tenant_id = $1 and t.project_id = $2 and not t.summary) as tasks,
      (select count(*) from tasks t where t.tenant_id = $1 and t.project_id = $2 and t.critical and not t.summary
         and t.percent_complete < 100) as critical_tasks,
      (select count(*) from risks r where r.tenant_id = $1 and r.project_id = $2 and r.status <> all($4)) as open_risks,
      (select coalesce(max(number), 0) from risks r where r.tenant_id = $1 and r.project_id = $2) as risks_number,
      (select count(*) from proposals p where p.tenant_id = $1 and p.project_id = $2 and p.state = any($5)) as open_proposals,
      (select coalesce(max(number), 0) from proposals p where p.tenant_id = $1 and p.project_id = $2) as proposals_number,
      (select count(*) from action_items a where a.tenant_id = $1 and a.project_id = $2 and a.closed_at is null) as open_actions,
      (select coalesce(max(number), 0) from action_items a where a.tenant_id = $1 and a.project_id = $2) as actions_number,
      (select count(*) from meetings m where m.tenant_id = $1 and m.project_id = $2) as meetings,
      (select coalesce(max(number), 0) from meetings m where m.tenant_id = $1 and m.project_id = $2) as meetings_number,
      (select count(*) from documents d where d.tenant_id = $1 and d.project_id = $2) as documents,
      (select coalesce(max(number), 0) from documents d where d.tenant_id = $1 and d.project_id = $2) as documents_number,
      (select count(*) from budget_lines b where b.tenant_id = $1 and b.project_id = $2 and b.currency <> $3)
        + (select count(*) from actuals a where a.tenant_id = $1 and a.project_id = $2 and a.currency <> $3) as foreign_amounts,
      (select coalesce(sum(amount), 0) from commitments c where c.tenant_id = $1 and c.project_id = $2 and c.currency = $3)
        as committed,
      (select coalesce(max(number), 0) from commitments c where c.tenant_id = $1 and c.project_id = $2) as committed_number
"""


async def decided_before(reader: Reader, project_id: UUID, audience: str | None = None) -> int:
    """The number up to which the last signed report (for an audience, if one is named) told planning's facts, or 0.

    The reports are another area's, which builds on this one; so their table is read here, and their code is not.
    """
    text = await reader.value(
        """select positions::text from status_reports where tenant_id = $1 and project_id = $2 and state <> 'draft'
           and ($3::text is null or audience = $3) order by signed_at desc, id desc limit 1""",
        reader.tenant_id,
        project_id,
        audience,
    )
    positions: dict[str, Any] = orjson.loads(text) if text else {}
    return int(positions.get("planning", 0))
