"""The read tables: what reporting keeps of other services' facts.

Each table is written by the facts of one source only, so it does not matter in which order the sources arrive; rows of
different sources meet when they are read. `source` and `number` name the fact that last wrote a row. Nothing here comes
from this service's clock: a table that is built again from zero holds the same bytes.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Index, Integer, Numeric, Table, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid

from services.reporting.base import Base

_UUID = SqlUuid(as_uuid=True)
_INSTANT = DateTime(timezone=True)
_LOCAL = DateTime(timezone=False)


def _read_table(name: str, *columns: Column[Any], key: str = "id", by_source: bool = False) -> Table:
    """A table of rows that belong to a project; `by_source` puts the source into the key."""
    owner = [] if key == "project_id" else [Column("project_id", _UUID, nullable=False)]
    table = Table(
        name,
        Base.metadata,
        Column("tenant_id", _UUID, primary_key=True),
        Column(key, _UUID, primary_key=True),
        *owner,
        *columns,
        Column("source", Text, primary_key=by_source, nullable=False),
        Column("number", BigInteger, nullable=False, comment="of the fact that last wrote the row"),
    )
    if owner:
        Index(f"ix_{name}_project", table.c.tenant_id, table.c.project_id)
    return table


# How far the facts of each source about a project have been taken in, and when the latest of them happened.
POSITIONS = _read_table(
    "project_positions", Column("occurred_at", _INSTANT, nullable=False), key="project_id", by_source=True
)

# -- planning ---------------------------------------------------------------------------------------------------------

PROJECTS = _read_table(
    "projects",
    Column("key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("start", _LOCAL, nullable=False),
    Column("status_date", _LOCAL),
    key="project_id",
)
# The plan as a whole. Its number moves with every fact about tasks, a deletion included, which leaves no row behind.
PLANS = _read_table("plans", Column("start", _LOCAL), Column("finish", _LOCAL), key="project_id")
TASKS = _read_table(
    "tasks",
    Column("parent_id", _UUID),
    Column("wbs_code", Text),
    Column("title", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("outline_level", Integer, nullable=False),
    Column("summary", Boolean, nullable=False),
    Column("milestone", Boolean, nullable=False),
    Column("start", _LOCAL),
    Column("finish", _LOCAL),
    Column("duration_minutes", BigInteger),
    Column("percent_complete", Numeric, nullable=False),
    Column("total_float_minutes", BigInteger),
    Column("critical", Boolean, nullable=False),
    Column("assignee_id", _UUID),
    Column("deadline", _LOCAL),
)
# A task's percent complete each time that it changed: earned value at an earlier day is read from here.
PROGRESS_ENTRIES = _read_table(
    "progress_entries",
    Column("occurred_at", _INSTANT, primary_key=True),
    Column("percent_complete", Numeric, nullable=False),
    key="task_id",
)
# The latest baseline of each project; an earlier one lives on in planning and in the reports that were signed over it.
BASELINES = _read_table(
    "baselines",
    Column("baseline_id", _UUID, nullable=False),
    Column("name", Text, nullable=False),
    Column("baseline_number", Integer, nullable=False),
    Column("finish", _LOCAL),
    Column("decision_id", _UUID),
    Column("set_at", _INSTANT, nullable=False),
    key="project_id",
)
BASELINE_TASKS = _read_table(
    "baseline_tasks",
    Column("baseline_id", _UUID, nullable=False),
    Column("start", _LOCAL),
    Column("finish", _LOCAL),
    Column("duration_minutes", BigInteger),
    key="task_id",
)
GOALS = _read_table(
    "goals",
    Column("title", Text, nullable=False),
    Column("statement", Text),
    Column("targets", JSONB, nullable=False),
    Column("success_criteria", JSONB, nullable=False),
)
GATES = _read_table(
    "gates",
    Column("code", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("titles", JSONB, comment="by language, as long as the words are the phase model's"),
    Column("position", Integer, nullable=False),
    Column("planned_date", Date),
    Column("opens_phase", Text),
    Column("state", Text, nullable=False),
    Column("decided_at", _INSTANT),
)
BUDGET_LINES = _read_table(
    "budget_lines",
    Column("task_id", _UUID),
    Column("cost_code_id", _UUID),
    Column("cost_code", Text),
    Column("description", Text),
    Column("amount", Numeric, nullable=False),
    Column("currency", Text, nullable=False),
)
COMMITMENTS = _read_table(
    "commitments",
    Column("task_id", _UUID),
    Column("cost_code_id", _UUID),
    Column("supplier", Text),
    Column("description", Text),
    Column("amount", Numeric, nullable=False),
    Column("currency", Text, nullable=False),
    Column("external_ref", JSONB),
)
ACTUALS = _read_table(
    "actuals",
    Column("task_id", _UUID),
    Column("cost_code_id", _UUID),
    Column("description", Text),
    Column("amount", Numeric, nullable=False),
    Column("currency", Text, nullable=False),
    Column("posted_on", Date, nullable=False),
    Column("external_ref", JSONB),
)
RISKS = _read_table(
    "risks",
    Column("title", Text, nullable=False),
    Column("cause", Text),
    Column("event", Text),
    Column("effect", Text),
    Column("probability", Numeric),
    Column("schedule_impact_minutes", JSONB),
    Column("cost_impact", JSONB),
    Column("expected_minutes", Numeric),
    Column("expected_cost", Numeric),
    Column("currency", Text),
    Column("status", Text, nullable=False),
    Column("owner_id", _UUID),
)
RISK_RESPONSES = _read_table(
    "risk_responses",
    Column("risk_id", _UUID, nullable=False),
    Column("task_id", _UUID),
    Column("strategy", Text, nullable=False),
    Column("description", Text),
    Column("owner_id", _UUID),
)
DECISIONS = _read_table(
    "decisions",
    Column("kind", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("chosen", Text, nullable=False),
    Column("reason", Text),
    Column("about_costs", Boolean, nullable=False, server_default="false"),
    Column("impact", JSONB),
    Column("decided_by_id", _UUID),
    Column("proposed_by_id", _UUID),
    Column("proposal_id", _UUID),
    Column("decided_at", _INSTANT, nullable=False),
)

# -- coordination -----------------------------------------------------------------------------------------------------

MEETINGS = _read_table(
    "meetings",
    Column("title", Text, nullable=False),
    Column("starts_at", Text, nullable=False),
    Column("ends_at", Text),
    Column("time_zone", Text),
    Column("chair_id", _UUID),
    Column("minutes_signed_at", _INSTANT),
)
ACTION_ITEMS = _read_table(
    "action_items",
    Column("title", Text, nullable=False),
    Column("meeting_id", _UUID),
    Column("owner_id", _UUID),
    Column("due_date", Date),
    Column("assigned_at", _INSTANT),
    Column("closed_at", _INSTANT),
)
DOCUMENTS = _read_table(
    "documents",
    Column("title", Text, nullable=False),
    Column("versions", Integer, nullable=False, comment="the number of the newest"),
    Column("shared_with_guests", Boolean, nullable=False),
)

# -- gateway ----------------------------------------------------------------------------------------------------------

PROPOSALS = _read_table(
    "proposals",
    Column("title", Text, nullable=False),
    Column("kinds", JSONB, nullable=False),
    Column("impact", JSONB),
    Column("proposer_id", _UUID),
    Column("decidable_by", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("submitted_at", _INSTANT, nullable=False),
    Column("decided_at", _INSTANT),
    Column("decided_by_id", _UUID),
)

READ_TABLES = (
    POSITIONS, PROJECTS, PLANS, TASKS, PROGRESS_ENTRIES, BASELINES, BASELINE_TASKS, GOALS, GATES, BUDGET_LINES, COMMITMENTS,
    ACTUALS, RISKS, RISK_RESPONSES, DECISIONS, MEETINGS, ACTION_ITEMS, DOCUMENTS, PROPOSALS,
)  # fmt: skip
