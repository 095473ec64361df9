"""Rules and what they find."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from services.planning.lint.ground import Ground


class Severity(StrEnum):
    """What a finding does to the plan: its dates are wrong, cannot be relied upon, or could be told better."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


class RuleArea(StrEnum):
    """What a rule looks at."""

    LOGIC = "logic"
    DATES = "dates"
    PROGRESS = "progress"
    RESOURCES = "resources"
    OUTLINE = "outline"
    CONTROL = "control"
    READINESS = "readiness"


@dataclass(frozen=True, slots=True)
class Step:
    """One write of a ready-made change, in the form in which a proposal takes it; `version` is that of its object."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    version: int | None = None

    def told(self) -> dict[str, Any]:
        if_match = None if self.version is None else f'"{self.version}"'
        return {"method": self.method, "path": self.path, "if_match": if_match, "body": self.body}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found about one thing.

    `minutes` of working time and `cost` in the project's currency are the consequence, in the sense that the rule gives
    them; `steps` is the change that would mend it; `values` are what the finding is about besides its subject.
    """

    subject_type: str
    subject_id: UUID
    title: str
    minutes: int
    cost: Decimal
    steps: tuple[Step, ...]
    values: Mapping[str, Any] = field(default_factory=dict)


Check = Callable[[Ground], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its name and the sense of its consequence in the languages of the users, and the check itself.

    `dcma` is the point of the DCMA 14-point assessment that it counts for, None for our own.
    """

    code: str
    area: RuleArea
    severity: Severity
    title: Mapping[str, str]
    means: Mapping[str, str]
    dcma: int | None
    check: Check


RULES: Final[dict[str, Rule]] = {}


def rule(
    code: str,
    area: RuleArea,
    severity: Severity,
    *,
    en: tuple[str, str],
    nb: tuple[str, str],
    dcma: int | None = None,
) -> Callable[[Check], Check]:
    """Register the decorated check; `en` and `nb` hold the rule's title and what minutes and cost mean."""

    def register(check: Check) -> Check:
        if code in RULES:
            raise ValueError(f"two rules are called {code}")
        titles, meanings = {"en": en[0], "nb": nb[0]}, {"en": en[1], "nb": nb[1]}
        RULES[code] = Rule(code, area, severity, titles, meanings, dcma, check)
        return check

    return register
