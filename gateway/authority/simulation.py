"""What a policy would have said about acts that were judged in the past. Pure: acts in, a report out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.kernel.authority import Act, Hat, Policy, Verdict

LONGEST_REPORT = 200


@dataclass(frozen=True, slots=True)
class PastAct:
    """An act as it was judged: `then` is what became of it. `approved` says that deciders stood behind it."""

    occurred_at: datetime
    actor_id: str
    role: str
    kinds: Sequence[str]
    measures: Mapping[str, Decimal]
    then: Verdict
    machine: bool = False
    approved: bool = False
    proposal_id: str | None = None
    position: int | None = None


def simulate(policy: Policy, acts: Sequence[PastAct]) -> dict[str, Any]:
    """How many acts would have been decided, proposed or refused, and each that would have gone otherwise (at most 200)."""
    counted: Counter[str] = Counter()
    changed: list[dict[str, Any]] = []
    for act in acts:
        approvals = policy.approvals_for(act.kinds) if act.approved else 0
        authority = policy.judge([Hat(act.role)], Act(act.kinds, act.measures, act.machine, approvals))
        counted[f"{act.then}_{authority.verdict}"] += 1
        if authority.verdict != act.then:
            changed.append(
                {
                    "occurred_at": act.occurred_at,
                    "actor_id": act.actor_id,
                    "role": act.role,
                    "kinds": list(act.kinds),
                    "measures": {name: str(value) for name, value in act.measures.items()},
                    "proposal_id": act.proposal_id,
                    "position": act.position,
                    "then": act.then,
                    "now": authority.verdict,
                    "exceeded": list(authority.exceeded),
                }
            )
    return {
        "acts": len(acts),
        "as_before": len(acts) - len(changed),
        "then_and_now": [
            {"then": pair.partition("_")[0], "now": pair.partition("_")[2], "acts": number}
            for pair, number in sorted(counted.items())
        ],
        "otherwise": changed[:LONGEST_REPORT],
    }
