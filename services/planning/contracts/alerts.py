"""What of contracts is due, and what will be late by the plan. Values in, values out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID


class AlertCode(StrEnum):
    """`milestone_late`: by the plan it is reached behind its day. `milestone_unpaid`: it was reached and is not paid yet.
    `change_order_open`: nobody has decided on it."""

    MILESTONE_DUE = "milestone_due"
    MILESTONE_LATE = "milestone_late"
    MILESTONE_UNPAID = "milestone_unpaid"
    OPTION_DUE = "option_due"
    CHANGE_ORDER_OPEN = "change_order_open"
    CONTRACT_ENDS = "contract_ends"
    RETENTION_DUE = "retention_due"


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something of a contract that has a day, with the day on which the plan has it, where that is known.

    `amount` is what is paid then, held back until then, or at stake.
    """

    code: AlertCode
    contract_id: UUID
    subject_type: str
    subject_id: UUID
    title: str
    due_on: date
    forecast_on: date | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """`days_left` is below zero for what is overdue; `days_late` is how late it will be by the plan."""

    code: AlertCode
    deadline: Deadline
    days_left: int
    days_late: int | None


# What is an alert however far off its day is.
_AT_ONCE = frozenset({AlertCode.MILESTONE_UNPAID, AlertCode.CHANGE_ORDER_OPEN})


def alerts(deadlines: Iterable[Deadline], today: date, within_days: int) -> list[Alert]:
    """What is due within so many days or overdue, and milestones that the plan has behind their day; the first first."""
    until = today + timedelta(days=within_days)
    found = []
    for each in deadlines:
        late = None if each.forecast_on is None else (each.forecast_on - each.due_on).days
        code = each.code
        if code is AlertCode.MILESTONE_DUE and late is not None and late > 0:
            code = AlertCode.MILESTONE_LATE
        elif each.due_on > until and code not in _AT_ONCE:
            continue
        found.append(Alert(code, each, (each.due_on - today).days, late if late is not None and late > 0 else None))
    return sorted(found, key=lambda each: (each.deadline.due_on, each.deadline.title, str(each.deadline.subject_id)))
