"""What those who may see a plan are told is wrong with it."""

import asyncio
from collections.abc import Collection
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.kernel.access import may_see_costs, require_member
from services.kernel.problems import InvalidFilterValue
from services.kernel.requests import Read, context_of
from services.planning.lint.checker import Found, Report, lint
from services.planning.lint.finding import RULES, Finding, Severity
from services.planning.lint.ground import Ground
from services.planning.lint.repository import load_ground
from services.planning.schedule.planned_cost import amount_json


async def read_lint(
    read: Read, project_id: UUID, severity: Severity | None, codes: Collection[str], *, with_clean: bool
) -> dict[str, Any]:
    """The report, of the rules of one severity or with these codes if any are named. Raises NotFound, InvalidFilterValue."""
    if not RULES.keys() >= set(codes):
        raise InvalidFilterValue(name="rule")
    await require_member(read.session, read.principal, project_id)
    shows_costs = await may_see_costs(read.session, read.principal, project_id)
    ground = await load_ground(read.session, project_id)
    # A large plan takes a second or two, in which others are answered.
    report: Report = await asyncio.to_thread(lint, ground)
    told = [
        each
        for each in report.found
        if (with_clean or each.count)
        and (severity is None or each.rule.severity == severity)
        and (not codes or each.rule.code in codes)
    ]
    return {
        "type": "plan_lint",
        "project_id": str(project_id),
        "status_date": ground.now,
        "score": report.score,
        "rules": [_rule(each, ground, context_of(read.request).language, shows_costs=shows_costs) for each in told],
        "assessment": [
            {
                "number": each.number,
                "code": each.code,
                "value": None if each.value is None else round(each.value, 4),
                "limit": each.limit,
                "at_least": each.at_least,
                "met": each.met,
                "found": each.found,
                "total": each.total,
            }
            for each in report.points
        ],
    }


def _rule(found: Found, ground: Ground, language: str, *, shows_costs: bool) -> dict[str, Any]:
    rule = found.rule
    return {
        "code": rule.code,
        "area": rule.area,
        "severity": rule.severity,
        "title": rule.title[language],
        "means": rule.means[language],
        "dcma": rule.dcma,
        "count": found.count,
        "findings": [_finding(each, ground, shows_costs=shows_costs) for each in found.findings],
    }


def _finding(finding: Finding, ground: Ground, *, shows_costs: bool) -> dict[str, Any]:
    plan = ground.plan
    cost = amount_json(finding.cost, plan.currency) if shows_costs and finding.cost else None
    return {
        "subject": {"type": finding.subject_type, "id": str(finding.subject_id), "title": finding.title},
        "consequence": {
            "minutes": finding.minutes,
            "days": float(round(Decimal(finding.minutes) / plan.minutes_per_day, 2)),
            "cost": cost,
        },
        "values": finding.values,
        "steps": [] if _is_about_money(finding) and not shows_costs else [each.told() for each in finding.steps],
    }


def _is_about_money(finding: Finding) -> bool:
    """Whether the ready-made change names a sum."""
    return any("amount" in (step.body or {}) or "standard_rate" in (step.body or {}) for step in finding.steps)
