"""Authority policies that a new project starts with. A policy is data; see services/kernel/authority.py for its form.

Coordinators decide what is operational and move work inside its float; everything else they propose. Measures are in
working minutes and in the project's currency.
"""

from collections.abc import Mapping
from typing import Any

OPERATIONAL = (
    "task.edit",
    "task.progress",
    "task.action",
    "meeting.*",
    "minutes.record",
    "minutes.distribute",
    "document.write",
    "risk.record",
    "cost_code.record",
    "status_report.draft",
)
TWO_DAYS_OF_FLOAT = 960


def standard_policy(*, solo: bool = False) -> dict[str, Any]:
    """For a project with a manager and a coordinator. `solo` lets one person accept their own proposals."""
    grants: list[Mapping[str, Any]] = [
        {"role": "owner", "kind": "*", "may": "decide"},
        {"role": "manager", "kind": "*", "may": "decide"},
        *({"role": "coordinator", "kind": kind, "may": "decide"} for kind in OPERATIONAL),
        {
            "role": "coordinator",
            "kind": "schedule.dates",
            "may": "decide",
            "limits": {"finish_minutes": 0, "milestone_minutes": 0, "float_minutes": TWO_DAYS_OF_FLOAT, "cost": 0},
        },
        {"role": "coordinator", "kind": "*", "may": "propose"},
        *(
            {"role": "member", "kind": kind, "may": "decide"}
            for kind in ("task.progress", "risk.record", "document.write")
        ),
        {"role": "member", "kind": "*", "may": "propose"},
        {"role": "stakeholder", "kind": "*", "may": "no"},
        {"role": "auditor", "kind": "*", "may": "no"},
    ]
    return {"solo": solo, "grants": grants}
