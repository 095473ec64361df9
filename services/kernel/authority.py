"""The authority policy: who may decide which kind of act up to which measured effect. Pure values in, a verdict out.

Kinds and measures are names that the areas choose (`schedule.dates`, `finish_minutes`); nothing here knows what they
mean, so a new decisive act in any service gets graded authority by naming its kind and measuring its effect.
"""

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

Verdict = Literal["decide", "propose", "no"]


@dataclass(frozen=True, slots=True)
class Authority:
    """What the policy says of one act: the verdict, and which limits stood in the way of deciding it."""

    verdict: Verdict
    exceeded: tuple[str, ...] = ()


class Policy:
    """A project's authority policy: `{"solo": false, "grants": [{role, kind, may, limits}]}`.

    `kind` may end in `*`. Among the grants of a role whose pattern fits, the longest pattern counts. A grant that lets
    a role decide up to its limits lets it propose beyond them.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.solo = bool(document.get("solo", False))

    def judge(self, role: str, kind: str, measures: Mapping[str, int | Decimal]) -> Authority:
        """May `role` do an act of `kind` whose effect has these measures? A measure without a limit is free."""
        fitting = [
            grant
            for grant in self.document.get("grants", ())
            if grant["role"] == role and fnmatch.fnmatchcase(kind, grant["kind"])
        ]
        if not fitting:
            return Authority("no")
        grant = max(fitting, key=lambda candidate: len(candidate["kind"].rstrip("*")))
        if grant["may"] != "decide":
            return Authority(grant["may"])
        exceeded = tuple(
            name
            for name, limit in sorted(grant.get("limits", {}).items())
            if measures.get(name, 0) > Decimal(str(limit))
        )
        return Authority("propose", exceeded) if exceeded else Authority("decide")

    def judge_all(self, role: str, kinds: Sequence[str], measures: Mapping[str, int | Decimal]) -> Authority:
        """The weakest verdict over several kinds: a write that touches two things needs authority over both."""
        verdicts = [self.judge(role, kind, measures) for kind in kinds]
        for weakest in ("no", "propose"):
            of_that = [authority for authority in verdicts if authority.verdict == weakest]
            if of_that:
                names = {name for authority in of_that for name in authority.exceeded}
                return Authority(weakest, tuple(sorted(names)))
        return Authority("decide")
