"""Runs the rules over a plan."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.planning.lint import (  # noqa: F401 -- importing a module of rules registers them
    control_rules,
    date_rules,
    logic_rules,
    outline_rules,
    progress_rules,
    readiness_rules,
    resource_rules,
)
from services.planning.lint.assessment import Point, assess
from services.planning.lint.finding import RULES, Finding, Rule, Severity
from services.planning.lint.ground import Ground

# How many findings of one rule are told; all are counted.
MOST_TOLD: Final = 100


@dataclass(frozen=True, slots=True)
class Found:
    """What one rule has found: how many there are, and the first of them, the weightiest first."""

    rule: Rule
    count: int
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class Report:
    """`score` is the share of the rules that found nothing, errors counting three times and warnings twice, in per cent."""

    found: Sequence[Found]
    points: Sequence[Point]
    score: int


_WEIGHTS: Final[Mapping[Severity, int]] = {Severity.ERROR: 3, Severity.WARNING: 2, Severity.HINT: 1}


def lint(ground: Ground) -> Report:
    """Every rule with what it found, in the order of the rules."""
    found, by_point = [], defaultdict[int, set[UUID]](set)
    # What the DCMA counts: milestones are none of its tasks.
    counted = {each.id for each in ground.work} | {link.id for link in ground.plan.links}
    for each in RULES.values():
        findings = sorted(each.check(ground), key=lambda one: (-one.minutes, -one.cost, str(one.subject_id)))
        found.append(Found(each, len(findings), findings[:MOST_TOLD]))
        if each.dcma is not None:
            by_point[each.dcma].update(one.subject_id for one in findings if one.subject_id in counted)
    whole = sum(_WEIGHTS[one.rule.severity] for one in found)
    clean = sum(_WEIGHTS[one.rule.severity] for one in found if not one.count)
    points = assess(ground, {point: len(subjects) for point, subjects in by_point.items()})
    return Report(found, points, clean * 100 // whole)
