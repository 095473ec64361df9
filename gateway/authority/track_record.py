"""What became of somebody's proposals, as evidence for lending them more. Pure: settled proposals in, records out.

The system may suggest a higher limit, and never makes one: a suggestion is the body of a delegation that somebody with
the authority may send, or not.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any, Literal

Outcome = Literal["accepted", "amended", "rejected", "withdrawn", "expired", "open"]
# Fewer decisions are an anecdote; of those that count, nine in ten have to have gone through as they were asked.
ENOUGH = 5
SHARE = Decimal("0.9")


@dataclass(frozen=True, slots=True)
class Settled:
    """One proposal of one person: its kinds, what it measured and what became of it; the oldest first."""

    person_id: str
    kinds: Sequence[str]
    measures: Mapping[str, Decimal]
    outcome: Outcome


def track_records(
    proposals: Sequence[Settled], measures_of: Mapping[str, Sequence[str]], delegable: Mapping[str, bool]
) -> list[dict[str, Any]]:
    """A record for each person and kind: how many of each outcome, the largest effects, and perhaps a suggestion.

    `measures_of` names the measures of each kind. A suggested limit is the largest effect that was accepted unchanged,
    and 0 for a measure that never was: what the evidence does not cover is not lent.
    """
    by_person: defaultdict[tuple[str, str], list[Settled]] = defaultdict(list)
    for proposal in proposals:
        for kind in proposal.kinds:
            by_person[proposal.person_id, kind].append(proposal)
    return [
        _record(person_id, kind, those, measures_of.get(kind, ()), suggestible=delegable.get(kind, True))
        for (person_id, kind), those in sorted(by_person.items())
    ]


def _record(
    person_id: str, kind: str, those: Sequence[Settled], names: Sequence[str], *, suggestible: bool
) -> dict[str, Any]:
    outcomes = [each.outcome for each in those]
    unchanged = [each for each in those if each.outcome == "accepted"]
    decided = [each for each in outcomes if each in ("accepted", "amended", "rejected")]
    largest = {
        name: max((each.measures.get(name, Decimal(0)) for each in unchanged), default=Decimal(0)) for name in names
    }
    enough = (
        len(decided) >= ENOUGH
        and len(unchanged) >= SHARE * len(decided)
        and "rejected" not in decided[-ENOUGH:]
        and suggestible
    )
    # Limits are whole numbers (of minutes, of the currency's units), so what was accepted fits below.
    limits = {name: int(value.to_integral_value(ROUND_CEILING)) for name, value in largest.items()}
    return {
        "person_id": person_id,
        "kind": kind,
        "outcomes": {
            name: outcomes.count(name) for name in ("accepted", "amended", "rejected", "withdrawn", "expired", "open")
        },
        "largest_accepted": {name: str(value) for name, value in largest.items() if value},
        "suggestion": (
            {"person_id": person_id, "grants": [{"kind": kind, "may": "decide", "limits": limits}]} if enough else None
        ),
    }
