"""Every SQL statement of this area."""

from typing import Any, Final
from uuid import UUID

import orjson

from services.kernel.access import sees_project
from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.planning.competences.repository import sees_words
from services.planning.plan_templates.pattern import Source
from services.planning.plan_templates.plan_template import PlanTemplate

PLAN_TEMPLATES: Final = Collection(
    noun="plan_template",
    source="plan_templates t",
    container=None,
    project="t.id",
    visible=sees_words,
    columns=object_columns("plan_template")
    | {"source_project_id": f"case when {sees_project('t.source_project_id', '$person')} then t.source_project_id end"}
    | {name: f"t.{name}" for name in ("name", "description", "span_days", "counts")},
    filters={"name": Filter("t.name", "text"), "span_days": Filter("t.span_days", "integer")},
    sorts={
        "created_at": Sort("t.created_at", "instant", nullable=False),
        "name": Sort("t.name", "text", nullable=False, by_language=True),
        "span_days": Sort("t.span_days", "integer", nullable=False),
    },
    searched=("t.name", "t.description"),
)


async def load_template(session: WriteSession, template_id: UUID) -> PlanTemplate:
    """The template for a change. Raises NotFound."""
    found = await session.get(PlanTemplate, (session.tenant_id, template_id))
    if found is None:
        raise NotFound
    return found


async def document_of(reader: Reader, template_id: UUID) -> dict[str, Any]:
    """The pattern of a template. Raises NotFound."""
    text: str | None = await reader.value(
        "select document::text from plan_templates where tenant_id = $1 and id = $2", reader.tenant_id, template_id
    )
    if text is None:
        raise NotFound
    document: dict[str, Any] = orjson.loads(text)
    return document


async def load_source(reader: Reader, project_id: UUID, *, with_risks: bool, with_budget: bool) -> Source:
    """What of a project is not in its loaded plan, with risks and budget if they are wanted. Raises NotFound."""
    arguments = (reader.tenant_id, project_id)
    project = await reader.row(
        "select minutes_per_week, calendar_id from projects where tenant_id = $1 and id = $2", *arguments
    )
    if project is None:
        raise NotFound
    calendars = await reader.rows(
        """select id, name, base_calendar_id, document::text from calendars
           where tenant_id = $1 and project_id = $2 order by id""",
        *arguments,
    )
    resources = await reader.rows(
        """select id, name, email, resource_type, work_kind, team_id, unit, max_units, accrual, calendar_id, person_id
           from resources where tenant_id = $1 and project_id = $2 order by id""",
        *arguments,
    )
    assignments = await reader.rows(
        """select task_id, resource_id, units, work, duration, delay, overtime, contour, rate_table
           from assignments where tenant_id = $1 and project_id = $2 order by id""",
        *arguments,
    )
    texts = await reader.rows(
        """select id, notes, labels from tasks
           where tenant_id = $1 and project_id = $2 and (notes <> '' or labels <> '{}')""",
        *arguments,
    )
    briefs = await reader.rows(
        """select task_id, why, done_when::text, inputs::text from task_briefs
           where tenant_id = $1 and project_id = $2 order by id""",
        *arguments,
    )
    lists = ("done_when", "inputs")
    return Source(
        project["minutes_per_week"],
        project["calendar_id"],
        calendars,
        resources,
        assignments,
        {row["id"]: {"notes": row["notes"], "labels": list(row["labels"])} for row in texts},
        [dict(row) | {name: orjson.loads(row[name]) for name in lists} for row in briefs],
        await _risks(reader, project_id, with_costs=with_budget) if with_risks else (),
        await _budget_lines(reader, project_id) if with_budget else (),
    )


async def _risks(reader: Reader, project_id: UUID, *, with_costs: bool) -> list[dict[str, Any]]:
    rows = await reader.rows(
        """select title, cause, event, effect, probability::text as probability, minutes_low, minutes_likely, minutes_high,
             cost_low::text as cost_low, cost_likely::text as cost_likely, cost_high::text as cost_high
           from risks where tenant_id = $1 and project_id = $2 and status = 'open' order by id""",
        reader.tenant_id,
        project_id,
    )
    points = ("low", "likely", "high")
    texts = ("title", "cause", "event", "effect", "probability")
    return [
        {name: row[name] for name in texts}
        | {"minutes": [row[f"minutes_{each}"] for each in points]}
        | {"costs": [row[f"cost_{each}"] for each in points] if with_costs else None}
        for row in rows
    ]


async def _budget_lines(reader: Reader, project_id: UUID) -> list[dict[str, Any]]:
    rows = await reader.rows(
        """select b.task_id, c.code, c.name, b.description, b.amount::text as amount from budget_lines b
             join cost_codes c on c.tenant_id = b.tenant_id and c.id = b.cost_code_id
           where b.tenant_id = $1 and b.project_id = $2 order by b.id""",
        reader.tenant_id,
        project_id,
    )
    return [dict(row) for row in rows]


async def cost_codes_of(reader: Reader, project_id: UUID) -> dict[str, UUID]:
    """The project's cost codes by what they are called."""
    rows = await reader.rows(
        "select code, id from cost_codes where tenant_id = $1 and project_id = $2", reader.tenant_id, project_id
    )
    return {row["code"]: row["id"] for row in rows}
