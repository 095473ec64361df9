"""Authority policies that a project can start with, by sector and size. A policy is data; see services/kernel/authority.py.

Coordinators decide what is operational and move work inside its float; everything else they propose. Measures are in
working minutes, in the project's currency and in basis points of its budget, so that limits scale with the budget.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

OPERATIONAL = (
    "task.edit",
    "task.progress",
    "action_item.*",
    "meeting.*",
    "minutes.record",
    "minutes.distribute",
    "document.write",
    "risk.record",
    "resource.absence",
    "competence.record",
    "competence.demand",
    "staffing.request",
    "contract.follow",
    "brief.write",
    "need.record",
    "decision.review",
    "field.define",
    "field.fill",
    "conflict.record",
    "cost_code.record",
    "period.record",
    "board.record",
    "checklist.keep",
    "label.record",
    "levelling.run",
    "import.mapping",
    "status_report.draft",
)
OF_MEMBERS = (
    "task.progress",
    "action_item.report",
    "risk.record",
    "document.write",
    "resource.absence",
    "checklist.keep",
    "need.record",
)
DAY = 450
TWO_DAYS_OF_FLOAT = 960

Grant = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PolicyTemplate:
    title: Mapping[Literal["en", "nb"], str]
    document: dict[str, Any]


def _grant(role: str, kind: str, may: str = "decide", **limits: int) -> Grant:
    return {"role": role, "kind": kind, "may": may, "limits": limits}


def _above_the_manager() -> list[Grant]:
    """Owners and whoever answers for programme or portfolio decide everything; the administrator, who is on a project."""
    everything = [_grant(role, "*") for role in ("owner", "programme_manager", "portfolio_manager")]
    return [*everything, *(_grant("admin", kind) for kind in ("membership.*", "owner.*", "manager.*", "policy.*"))]


def _below_the_manager(*, coordinator_dates: Grant) -> list[Grant]:
    return [
        *(_grant("coordinator", kind) for kind in OPERATIONAL),
        coordinator_dates,
        _grant("coordinator", "board.move", cards_over_limit=0),
        _grant("coordinator", "*", "propose"),
        *(_grant("member", kind) for kind in OF_MEMBERS),
        _grant("member", "board.move", cards_over_limit=0),
        _grant("member", "*", "propose"),
        *(_grant(role, "*", "no") for role in ("stakeholder", "client_contact", "auditor")),
    ]


def _manager(*not_theirs: str) -> list[Grant]:
    """The manager decides, but who stands above, who follows, and what else the sector keeps from them."""
    return [
        _grant("manager", "*"),
        *(_grant("manager", kind, "propose") for kind in ("owner.*", "manager.*", "policy.tolerances", *not_theirs)),
    ]


_INSIDE_FLOAT = _grant(
    "coordinator", "schedule.dates", finish_minutes=0, milestone_minutes=0, float_minutes=TWO_DAYS_OF_FLOAT, cost=0
)


def _document(grants: Sequence[Grant], **members: Any) -> dict[str, Any]:
    return {"solo": False, "grants": [*grants], "tolerances": {}, "approvals": [], **members}


def standard_policy(*, solo: bool = False) -> dict[str, Any]:
    """For a project with a manager and a coordinator. `solo` lets one person accept their own proposals."""
    manager = [_grant("manager", "*")] if solo else _manager()
    return _document([*_above_the_manager(), *manager, *_below_the_manager(coordinator_dates=_INSIDE_FLOAT)], solo=solo)


TEMPLATES: Mapping[str, PolicyTemplate] = {
    "standard": PolicyTemplate(
        {"en": "Manager and coordinator", "nb": "Prosjektleder og koordinator"}, standard_policy()
    ),
    "solo": PolicyTemplate(
        {"en": "One person in both roles", "nb": "Én person i begge roller"}, standard_policy(solo=True)
    ),
    "small": PolicyTemplate(
        {"en": "Small team", "nb": "Lite team"},
        _document(
            [
                *_above_the_manager(),
                *_manager(),
                # In a small team the coordinator also moves what costs little and hurts no milestone.
                *_below_the_manager(
                    coordinator_dates=_grant(
                        "coordinator",
                        "schedule.dates",
                        finish_minutes=DAY,
                        milestone_minutes=0,
                        float_minutes=5 * DAY,
                        cost_share_bp=50,
                    )
                ),
                _grant("coordinator", "resource.assign", finish_minutes=0, milestone_minutes=0, cost_share_bp=50),
                _grant("coordinator", "risk.response"),
            ],
            proposals={"remind_after_hours": 24, "escalate_after_hours": 72, "expire_after_days": 14},
        ),
    ),
    "construction": PolicyTemplate(
        {"en": "Construction", "nb": "Bygg og anlegg"},
        _document(
            [
                *_above_the_manager(),
                *_manager(),
                # Money beyond two per cent of the budget, and days that a client would notice, go to the owner.
                _grant("manager", "budget.*", cost_share_bp=200),
                _grant("manager", "cost.posting"),
                _grant("manager", "schedule.dates", finish_minutes=10 * DAY, milestone_minutes=10 * DAY),
                *_below_the_manager(coordinator_dates=_INSIDE_FLOAT),
                # What accounting has closed for checking is opened up by the manager, with a reason.
                _grant("coordinator", "cost.posting", cost_share_bp=10, periods_locked=0),
            ],
            tolerances={"finish_minutes": 20 * DAY, "cost_share_bp": 500},
            approvals=[{"kind": "budget.commitment", "count": 1}],
        ),
    ),
    "public_sector": PolicyTemplate(
        {"en": "Public sector with decision points BP1-BP6", "nb": "Offentlig sektor med beslutningspunkter BP1-BP6"},
        _document(
            [
                *_above_the_manager(),
                # The owner decides at each decision point, on the baseline, and on what the project may cost.
                *_manager("gate.*", "baseline.set", "project.status", "policy.set", "period.reopen"),
                _grant("manager", "budget.*", cost_share_bp=100),
                # Accounts that are being checked are touched by the owner alone, who also opens what was closed.
                _grant("manager", "cost.posting", periods_locked=0),
                *_below_the_manager(coordinator_dates=_INSIDE_FLOAT),
            ],
            tolerances={"finish_minutes": 10 * DAY, "milestone_minutes": 10 * DAY, "cost_share_bp": 300},
            # And nobody passes a decision point alone: whoever asks for it, somebody else says yes.
            approvals=[{"kind": "gate.pass", "count": 1}],
        ),
    ),
    "agile_product": PolicyTemplate(
        {"en": "Agile product team", "nb": "Smidig produktteam"},
        _document(
            [
                *_above_the_manager(),
                *_manager(),
                # The team orders and moves its own work; the manager answers for money, milestones and scope that is sold.
                *_below_the_manager(
                    coordinator_dates=_grant("coordinator", "schedule.dates", milestone_minutes=0, cost_share_bp=100)
                ),
                _grant("coordinator", "scope.task", milestone_minutes=0, baselined_tasks=0, cost_share_bp=100),
                _grant("coordinator", "resource.assign", milestone_minutes=0, cost_share_bp=100),
                _grant("member", "task.edit"),
                _grant("member", "field.fill"),
                _grant("member", "scope.task", finish_minutes=0, milestone_minutes=0, baselined_tasks=0, cost=0),
            ],
            proposals={"remind_after_hours": 24, "escalate_after_hours": 48, "expire_after_days": 14},
        ),
    ),
}
