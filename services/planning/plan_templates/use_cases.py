"""Plan templates: made of a project's plan, kept by the tenant, laid out in an empty project."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from services.kernel.access import may_see_costs, require_authority, require_member, require_scope
from services.kernel.authority import summed
from services.kernel.events import FactType
from services.kernel.money import Money
from services.kernel.problems import Forbidden, NotFound, UnknownReference
from services.kernel.requests import Read
from services.kernel.schemas import merged
from services.kernel.session import WriteSession
from services.kernel.working_time import TICKS_PER_MINUTE
from services.planning.budget.schemas import NewBudgetLine, NewCostCode
from services.planning.budget.use_cases import CurrencyMismatched, create_budget_line, create_cost_code
from services.planning.decisions.use_cases import record_decision
from services.planning.imports.repository import insert_rows, set_project_frame
from services.planning.plan_templates.events import (
    PLAN_INSTANTIATED,
    PLAN_TEMPLATE_CHANGED,
    PLAN_TEMPLATE_PUBLISHED,
    PLAN_TEMPLATE_REMOVED,
)
from services.planning.plan_templates.pattern import Rows, calendar_rows, counts_of, lay_out, pattern_of, span_of
from services.planning.plan_templates.plan_template import (
    MOST_ENTRIES,
    MOST_TASKS,
    NothingToTemplate,
    PlanNotEmpty,
    PlanTemplate,
    TemplateTooLarge,
)
from services.planning.plan_templates.relative_dates import BeyondTheCalendar
from services.planning.plan_templates.repository import (
    PLAN_TEMPLATES,
    cost_codes_of,
    document_of,
    load_source,
    load_template,
)
from services.planning.plan_templates.schemas import NewPlanInstantiation, NewPlanTemplate, PlanTemplatePatch
from services.planning.risks.schemas import CostImpact, MinutesImpact, NewRisk
from services.planning.risks.use_cases import raise_risk
from services.planning.schedule.dependency import LagBasis
from services.planning.schedule.plan_rows import Options, PlanTask, task_row
from services.planning.schedule.repository.loading import load_plan, reload_calendars
from services.planning.schedule.task import NoWorkingTimeLeft
from services.planning.schedule.use_cases.plan_changes import PlanChange, parts_of, plan_dates, settle
from services.planning.schedule.working_plan import WorkingPlan

# What somebody is called whom nobody has given a role.
_ROLE: Final = {"en": "Role", "nb": "Rolle"}
_SHARES: Final = (LagBasis.PERCENT, LagBasis.ELAPSED_PERCENT)


async def publish_template(session: WriteSession, project_id: UUID, new: NewPlanTemplate) -> PlanTemplate:
    """Make a template of the project's plan: a decision, since the whole tenant reads it.

    Raises UnknownReference, NothingToTemplate, TemplateTooLarge.
    """
    await require_member(session, session.principal, project_id)
    plan = await load_plan(session, project_id)
    if not plan.tasks:
        raise NothingToTemplate
    if len(plan.tasks) > MOST_TASKS:
        raise TemplateTooLarge
    if new.with_budget and not await may_see_costs(session, session.principal, project_id):
        raise Forbidden
    source = await load_source(session, project_id, with_risks=new.with_risks, with_budget=new.with_budget)
    if max(len(source.risks), len(source.budget_lines)) > MOST_ENTRIES:
        raise TemplateTooLarge
    roles = {each.resource_id: each.role for each in new.roles}
    if not roles.keys() <= {row["id"] for row in source.resources}:
        raise UnknownReference("roles")
    document = await asyncio.to_thread(pattern_of, plan, source, roles, _ROLE[session.language])
    template = PlanTemplate(
        source_project_id=project_id,
        name=new.name,
        description=new.description,
        span_days=span_of(plan),
        counts=counts_of(document),
        document=document,
    )
    session.add(template)
    await session.flush()
    await require_authority(session, project_id, ["plan_template.publish"])
    await record_decision(
        session,
        project_id=project_id,
        kind="plan_template.publish",
        question="Shall the whole tenant have the project's plan as a template?",
        chosen=new.name,
        executed_by_id=session.principal.person_id,
        subject_type="plan_template",
        subject_id=template.id,
    )
    _tell(session, PLAN_TEMPLATE_PUBLISHED, template)
    return template


async def change_template(
    session: WriteSession, template_id: UUID, expected_version: int, patch: PlanTemplatePatch
) -> PlanTemplate:
    """Another name or description; what it holds is made anew by another template."""
    template = await _load_for_administrator(session, template_id, expected_version)
    for name, value in merged(patch).items():
        setattr(template, name, value)
    await session.flush()
    if template.version != expected_version:
        _tell(session, PLAN_TEMPLATE_CHANGED, template)
    return template


async def remove_template(session: WriteSession, template_id: UUID, expected_version: int) -> None:
    """The tenant has it no more; what was planned by it stays."""
    template = await _load_for_administrator(session, template_id, expected_version)
    await session.delete(template)
    await session.flush()
    _tell(session, PLAN_TEMPLATE_REMOVED, template)


async def _load_for_administrator(session: WriteSession, template_id: UUID, expected_version: int) -> PlanTemplate:
    """Raises NotFound for those who do not see it, Forbidden for all but administrators."""
    template = await load_template(session, template_id)
    await PLAN_TEMPLATES.require_visible(session, template.id, session.principal.person_id)
    require_scope(session.principal, "planning:decide")
    if session.principal.tenant_role != "admin":
        raise Forbidden
    await PLAN_TEMPLATES.check_version(session, template.id, template.version, expected_version)
    return template


def _tell(session: WriteSession, fact_type: FactType, template: PlanTemplate) -> None:
    data = {"name": template.name, "description": template.description}
    session.record(fact_type, "plan_template", template.id, data, project_id=None, audience="tenant")


async def instantiate(
    session: WriteSession, project_id: UUID, new: NewPlanInstantiation
) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """Lay a template out in an empty project. Returns the answer and its effects.

    Raises UnknownReference, PlanNotEmpty, NoWorkingTimeLeft, and what the engine refuses.
    """
    await require_member(session, session.principal, project_id)
    plan = await load_plan(session, project_id, lock=True)
    if plan.tasks:
        raise PlanNotEmpty
    template = await _visible_template(session, new.plan_template_id)
    document = await document_of(session, template.id)
    if new.with_budget and plan.currency != document["currency"]:
        raise CurrencyMismatched(currency=plan.currency)
    rows = Rows()
    calendar_ids = calendar_rows(document, rows)
    await insert_rows(session, "calendars", project_id, rows.calendars)
    start = new.start or plan.start
    await _set_frame(session, plan, rows, start)
    try:
        tasks = await asyncio.to_thread(lay_out, plan, document, calendar_ids, rows)
    except BeyondTheCalendar:
        raise NoWorkingTimeLeft from None
    await insert_rows(session, "resources", project_id, rows.resources)
    question = f"Shall {plan.name} be planned by the template {template.name}?"
    chosen = f"{template.counts['tasks']} tasks"
    change = PlanChange(["plan_template.use"], "project", project_id, plan.name, question, chosen)
    # Together with the risks and the money, or what is many small acts one by one would pass under every limit.
    session.gathered = []
    try:
        effects = await settle(session, plan, change, rows.texts)
        impact = dict(session.impact or {})
        if new.with_risks:
            await _raise_risks(session, project_id, document, with_costs=new.with_budget)
        if new.with_budget:
            await _set_budget(session, project_id, document, tasks)
        acts = session.gathered
    finally:
        session.gathered = None
    measures = summed(each.measures for each in acts)
    impact |= {"operations": len(acts)} if len(acts) > 1 else {}
    await require_authority(
        session, project_id, sorted({kind for each in acts for kind in each.kinds}), measures, impact
    )
    await insert_rows(session, "dependencies", project_id, rows.dependencies)
    await insert_rows(session, "assignments", project_id, rows.assignments)
    await insert_rows(session, "task_briefs", project_id, rows.briefs)
    _tell_plan(session, plan, template)
    answer = {
        "type": "plan_instantiation",
        "project_id": str(project_id),
        "plan_template_id": str(template.id),
        "start": plan.start,
        "finish": plan.finish,
        "counts": template.counts,
    }
    return answer, effects


async def _raise_risks(
    session: WriteSession, project_id: UUID, document: Mapping[str, Any], *, with_costs: bool
) -> None:
    currency, points = document["currency"], ("low", "likely", "high")
    for each in document["risks"]:
        costs = each["costs"] if with_costs else None
        risk = NewRisk(
            **{name: each[name] for name in ("title", "cause", "event", "effect", "probability")},
            schedule_impact_minutes=MinutesImpact(**dict(zip(points, each["minutes"], strict=True))),
            cost_impact=None
            if costs is None
            else CostImpact(
                **{point: Money.of(Decimal(cost), currency) for point, cost in zip(points, costs, strict=True)}
            ),
        )
        await raise_risk(session, project_id, risk)


async def _set_budget(
    session: WriteSession, project_id: UUID, document: Mapping[str, Any], tasks: Sequence[PlanTask]
) -> None:
    """Under the cost codes that the project has, and new ones for those that it has not."""
    codes = await cost_codes_of(session, project_id)
    for each in document["budget_lines"]:
        code = each["code"]
        if code not in codes:
            codes[code] = (await create_cost_code(session, project_id, NewCostCode(code=code, name=each["name"]))).id
        line = NewBudgetLine(
            task_id=None if each["task"] is None else tasks[each["task"]].id,
            cost_code_id=codes[code],
            description=each["description"],
            amount=Money.of(Decimal(each["amount"]), document["currency"]),
        )
        await create_budget_line(session, project_id, line)


async def _visible_template(session: WriteSession, template_id: UUID) -> PlanTemplate:
    """Raises UnknownReference for one that is not there or not theirs to see."""
    try:
        template = await load_template(session, template_id)
        await PLAN_TEMPLATES.require_visible(session, template.id, session.principal.person_id)
    except NotFound:
        raise UnknownReference("plan_template_id") from None
    return template


async def _set_frame(session: WriteSession, plan: WorkingPlan, rows: Rows, start: datetime) -> None:
    """The project takes the template's units, rules and calendar for its own."""
    frame = rows.frame
    await set_project_frame(session, plan.project_id, frame | {"start": start, "finish_target": None})
    plan.options = Options(frame["honor_constraints"], frame["split_in_progress"], frame["multiple_critical_paths"])
    plan.start = start
    plan.minutes_per_day, plan.critical_float_minutes = frame["minutes_per_day"], frame["critical_float_minutes"]
    await reload_calendars(session, plan)


def _tell_plan(session: WriteSession, plan: WorkingPlan, template: PlanTemplate) -> None:
    parts = parts_of([*plan.tasks.values()])
    for number, part in enumerate(parts, 1):
        data = {
            "plan_template_id": str(template.id),
            "name": template.name,
            "tasks": [task_row(task) for task in part],
            "plan": plan_dates(plan.start, plan.finish),
            "part": number,
            "parts": len(parts),
        }
        session.record(PLAN_INSTANTIATED, "project", plan.project_id, data, project_id=plan.project_id)


async def read_contents(read: Read, template_id: UUID) -> Mapping[str, Any]:
    """What is in a template. Raises NotFound."""
    await PLAN_TEMPLATES.require_visible(read.session, template_id, read.principal.person_id)
    document = await document_of(read.session, template_id)
    return {
        "type": "plan_template_contents",
        "plan_template_id": str(template_id),
        "tasks": [
            {
                "number": number,
                "parent": task["parent"],
                "title": task["title"],
                "milestone": task["milestone"],
                "duration_minutes": task["duration"] // TICKS_PER_MINUTE,
                "constraint_type": task["constraint_type"],
                "constraint_day": task["constraint_date"] and task["constraint_date"][0],
                "deadline_day": task["deadline"] and task["deadline"][0],
            }
            for number, task in enumerate(document["tasks"])
        ],
        "dependencies": [
            {
                "predecessor": predecessor,
                "successor": successor,
                "dependency_type": dependency_type,
                "lag": lag if basis in _SHARES else round(lag / TICKS_PER_MINUTE),
                "lag_basis": basis,
            }
            for predecessor, successor, dependency_type, lag, basis in document["links"]
        ],
        "roles": [
            {name: each[name] for name in ("role", "resource_type", "work_kind")} for each in document["resources"]
        ],
        "calendars": [each["name"] for each in document["calendars"]],
        "risks": [each["title"] for each in document["risks"]],
    }
