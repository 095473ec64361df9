"""Response shapes of this area."""

from typing import Any
from uuid import UUID

from services.kernel.money import Money
from services.kernel.schemas import LocalTime, Shape
from services.planning.lint.finding import RuleArea, Severity


class SubjectShape(Shape):
    type: str
    id: UUID
    title: str


class ConsequenceShape(Shape):
    """Working minutes, the same in days of the project, and money, in the sense of the rule's `means`; money is for those
    who see costs, and null where it comes to nothing."""

    minutes: int
    days: float
    cost: Money | None


class ReadyStepShape(Shape):
    """One write, as a step of a proposal takes it; `$1` stands for the id of what the first step makes."""

    method: str
    path: str
    if_match: str | None
    body: dict[str, Any] | None


class FindingShape(Shape):
    """What a rule found, and in `steps` the change that would mend it: the body of a proposal, or of the writes themselves."""

    subject: SubjectShape
    consequence: ConsequenceShape
    values: dict[str, Any]
    steps: list[ReadyStepShape]


class RuleFindingsShape(Shape):
    """One rule: `count` findings, of which the 100 weightiest are told."""

    code: str
    area: RuleArea
    severity: Severity
    title: str
    means: str
    dcma: int | None
    count: int
    findings: list[FindingShape]


class AssessmentPointShape(Shape):
    """One of the DCMA's fourteen. `met` is null where the plan gives no ground for a figure."""

    number: int
    code: str
    value: float | None
    limit: float
    at_least: bool
    met: bool | None
    found: int
    total: int


class PlanLintShape(Shape):
    """`score` is the share of the rules that found nothing, errors counting three times and warnings twice, in per cent."""

    type: str
    project_id: UUID
    status_date: LocalTime
    score: int
    rules: list[RuleFindingsShape]
    assessment: list[AssessmentPointShape]
