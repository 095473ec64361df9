"""What a project will have cost when it is complete, and what its budget then holds against its risks. Pure decimals.

The estimate at completion is made from below: what has been spent, and what the work that remains costs at its rates
(EAC = AC + bottom-up ETC; PMI, Practice Standard for Earned Value Management).
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.planning.schedule.planned_cost import amount_json, money_change


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a project's money comes to outside of its plan, in its currency.

    `budget` is all budget lines, `spent` all postings, `expected_risks` what the open risks cost on average.
    """

    budget: Decimal
    spent: Decimal
    expected_risks: Decimal


@dataclass(frozen=True, slots=True)
class Forecast:
    """`planned` is what the whole plan costs by its assignments, `remaining` what of it is not done yet; `finish` is the plan's."""

    currency: str
    planned: Decimal
    remaining: Decimal
    ledger: Ledger
    finish: datetime | None = None

    @property
    def estimate_at_completion(self) -> Decimal:
        return self.ledger.spent + self.remaining

    def prediction(self) -> dict[str, Any]:
        """Finish and estimate as a decision keeps them, to be compared with the truth at its review."""
        return {
            "finish": self.finish and self.finish.isoformat(),
            "eac": amount_json(self.estimate_at_completion, self.currency),
        }

    @property
    def reserve(self) -> Decimal:
        """The contingency left: what the budget holds beyond the estimate, less what the open risks cost on average."""
        return self.ledger.budget - self.estimate_at_completion - self.ledger.expected_risks


def forecast_impact(before: Forecast, after: Forecast) -> dict[str, Any]:
    """`eac` and `reserve` where they differ."""
    found: dict[str, Any] = {}
    if before.estimate_at_completion != after.estimate_at_completion:
        found["eac"] = money_change(before.estimate_at_completion, after.estimate_at_completion, after.currency)
    if before.reserve != after.reserve:
        found["reserve"] = money_change(before.reserve, after.reserve, after.currency)
    return found
