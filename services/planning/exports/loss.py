"""What a format has no place for: told beside the file, so that nobody finds out later."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from services.planning.exports.plan_contents import PlanContents


@dataclass(frozen=True, slots=True)
class Loss:
    """A member of ours that does not come along, how often it holds something, and why it stays behind."""

    member: str
    count: int
    reason: str


def counted(found: Counter[tuple[str, str]]) -> list[Loss]:
    """The losses that there are, in the order of their members."""
    return [Loss(member, count, reason) for (member, reason), count in sorted(found.items()) if count]


def hidden(contents: PlanContents) -> Counter[tuple[str, str]]:
    """What whoever asks may not see, of any format that would hold it."""
    found: Counter[tuple[str, str]] = Counter()
    if not contents.shows_rates:
        priced = sum(each.resource_type != "cost" for each in contents.resources)
        found["resource.rates", "rates are not shown to you"] = priced
    if not contents.shows_costs:
        kinds: dict[Any, str] = {each.id: each.resource_type for each in contents.resources}
        costs = sum(kinds.get(each.resource_id) == "cost" for each in contents.assignments)
        found["assignment.cost", "costs are not shown to you"] = costs
    return found
