"""The verdict of a policy: by role, limits, delegation, machine, approvals, tolerances and the age of the sign-in."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from gateway.authority.templates import TEMPLATES, standard_policy
from services.kernel.authority import KINDS, Act, Authority, Hat, Policy, declare_kind
from services.planning.schedule import kinds as _schedule_kinds

DAY = 450
STANDARD = Policy(standard_policy())
DATES, EDIT = _schedule_kinds.SCHEDULE_DATES.name, _schedule_kinds.TASK_EDIT.name


def verdict(policy: Policy, role: str, kind: str, **measures: int | Decimal) -> str:
    return policy.judge([Hat(role)], Act([kind], measures, approvals=policy.approvals_for([kind]))).verdict


def machine_verdict(policy: Policy, role: str, kind: str) -> str:
    return policy.judge([Hat(role)], Act([kind], machine=True)).verdict


def policy(*grants: Mapping[str, Any], **members: Any) -> Policy:
    return Policy({"grants": list(grants), **members})


def grant(role: str, kind: str, may: str = "decide", **limits: int) -> dict[str, Any]:
    return {"role": role, "kind": kind, "may": may, "limits": limits}


@pytest.mark.parametrize(
    ("role", "kind", "measures", "expected"),
    [
        ("owner", "manager.appoint", {}, "decide"),
        ("manager", DATES, {"finish_minutes": 100 * DAY, "cost": 10**9}, "decide"),
        ("manager", "manager.appoint", {}, "propose"),
        ("coordinator", EDIT, {}, "decide"),
        ("coordinator", DATES, {}, "decide"),
        ("coordinator", DATES, {"float_minutes": 960}, "decide"),
        ("coordinator", DATES, {"float_minutes": 961}, "propose"),
        ("coordinator", DATES, {"finish_minutes": 1}, "propose"),
        ("coordinator", DATES, {"milestone_minutes": 1}, "propose"),
        ("coordinator", DATES, {"cost": Decimal("0.01")}, "propose"),
        ("coordinator", "budget.line", {}, "propose"),
        ("member", "task.progress", {"finish_minutes": 10 * DAY}, "decide"),
        ("member", DATES, {}, "propose"),
        ("stakeholder", EDIT, {}, "no"),
        ("auditor", EDIT, {}, "no"),
        ("client_contact", "risk.record", {}, "no"),
        ("guest", EDIT, {}, "no"),
        ("admin", "policy.set", {}, "decide"),
        ("admin", DATES, {}, "no"),
        ("unheard_of", EDIT, {}, "no"),
    ],
)
def test_the_standard_policy_by_role_kind_and_effect(
    role: str, kind: str, measures: dict[str, int | Decimal], expected: str
) -> None:
    assert verdict(STANDARD, role, kind, **measures) == expected


def test_whoever_is_nobody_may_nothing_and_an_empty_policy_opens_no_door() -> None:
    assert STANDARD.judge([], Act([EDIT])) == Authority("no")
    assert verdict(Policy({}), "owner", EDIT) == "no"


def test_what_stood_in_the_way_is_named_in_order() -> None:
    authority = STANDARD.judge([Hat("coordinator")], Act([DATES], {"finish_minutes": 1, "cost": 1, "float_minutes": 1}))
    assert (authority.verdict, authority.exceeded, authority.role) == (
        "propose",
        ("cost", "finish_minutes"),
        "coordinator",
    )


def test_of_the_patterns_that_fit_the_longest_counts() -> None:
    graded = policy(grant("member", "*", "no"), grant("member", "task.*", "propose"), grant("member", "task.edit"))
    assert [verdict(graded, "member", kind) for kind in ("budget.line", "task.progress", "task.edit")] == [
        "no",
        "propose",
        "decide",
    ]


def test_over_several_kinds_the_weakest_verdict_counts() -> None:
    act = Act([EDIT, DATES], {"finish_minutes": 1})
    assert STANDARD.judge([Hat("coordinator")], act).verdict == "propose"
    assert STANDARD.judge([Hat("stakeholder"), Hat("member")], act).verdict == "propose"


def test_over_several_hats_the_strongest_counts_for_each_kind() -> None:
    two = policy(grant("member", "task.edit"), grant("coordinator", "schedule.dates"))
    hats = [Hat("member"), Hat("coordinator")]
    assert two.judge(hats, Act([EDIT, DATES])).verdict == "decide"
    assert two.judge(hats[:1], Act([EDIT, DATES])).verdict == "no"


def test_a_measure_without_a_limit_is_free_and_a_limit_without_a_measure_is_kept() -> None:
    limited = policy(grant("member", "x", cost=10))
    assert verdict(limited, "member", "x", finish_minutes=10**6) == "decide"
    assert [verdict(limited, "member", "x", cost=Decimal(cost)) for cost in ("10", "10.01")] == ["decide", "propose"]


@pytest.mark.parametrize(
    ("role", "minutes", "expected", "exceeded"),
    [
        ("manager", DAY, "decide", ()),
        ("manager", DAY + 1, "propose", ("tolerance.finish_minutes",)),
        ("owner", DAY + 1, "decide", ()),
        ("programme_manager", DAY + 1, "decide", ()),
        ("portfolio_manager", DAY + 1, "decide", ()),
    ],
)
def test_tolerances_bind_everybody_below_those_who_set_them(
    role: str, minutes: int, expected: str, exceeded: tuple[str, ...]
) -> None:
    bounded = Policy(standard_policy() | {"tolerances": {"finish_minutes": DAY}})
    authority = bounded.judge([Hat(role)], Act([DATES], {"finish_minutes": minutes}))
    assert (authority.verdict, authority.exceeded) == (expected, exceeded)


def test_a_tolerance_is_no_obstacle_to_whoever_is_also_above_the_manager() -> None:
    bounded = Policy(standard_policy() | {"tolerances": {"finish_minutes": 0}})
    act = Act([DATES], {"finish_minutes": 1})
    assert bounded.judge([Hat("manager"), Hat("owner")], act).verdict == "decide"


@pytest.mark.parametrize(("approvals", "expected"), [(0, "propose"), (1, "propose"), (2, "decide"), (3, "decide")])
def test_what_takes_several_deciders_waits_for_all_of_them(approvals: int, expected: str) -> None:
    several = Policy(
        standard_policy() | {"approvals": [{"kind": "budget.*", "count": 2}, {"kind": "budget.line", "count": 1}]}
    )
    assert several.approvals_for(["budget.line", EDIT]) == 2
    assert several.judge([Hat("owner")], Act(["budget.line"], approvals=approvals)).verdict == expected
    assert several.judge([Hat("manager")], Act([EDIT])).verdict == "decide"
    assert several.judge_role("manager", ["budget.line"], {}).verdict == "decide"


def test_software_decides_what_is_operational_and_more_only_by_a_grant_for_machines() -> None:
    assert machine_verdict(STANDARD, "manager", EDIT) == "decide"
    refused = STANDARD.judge([Hat("manager")], Act([DATES], machine=True))
    assert (refused.verdict, refused.exceeded) == ("propose", ("machine",))
    allowed = policy(grant("manager", DATES) | {"machines": True})
    assert machine_verdict(allowed, "manager", DATES) == "decide"
    assert machine_verdict(policy(grant("manager", "x")), "manager", "x") == "propose", "an unknown kind is decisive"


def test_what_was_lent_is_judged_under_its_own_limits_and_under_the_lenders() -> None:
    lent = Hat("coordinator", ("schedule.*",), [grant("coordinator", "schedule.*", float_minutes=100)], "d-1")
    for minutes, expected in ((100, "decide"), (101, "propose")):
        authority = STANDARD.judge([lent], Act([DATES], {"float_minutes": minutes}))
        assert (authority.verdict, authority.delegation_id) == (expected, "d-1")
    assert STANDARD.judge([lent], Act([EDIT])).verdict == "no", "it was lent for other kinds"
    wide = Hat("coordinator", ("*",), [grant("coordinator", "*")], "d-2")
    assert STANDARD.judge([wide], Act([DATES], {"finish_minutes": 1})).verdict == "propose", (
        "nobody lends more than they have"
    )


def test_a_machine_decides_by_what_was_lent_to_it_and_not_by_the_lenders_own_grants() -> None:
    act = Act([DATES], machine=True)
    for machines, expected in ((True, "decide"), (False, "propose")):
        lent = Hat("manager", ("*",), [grant("manager", DATES) | {"machines": machines}], "d-1")
        assert STANDARD.judge([lent], act).verdict == expected


def test_who_decides_is_not_for_whoever_stands_in() -> None:
    kind = KINDS.get("test.undelegable") or declare_kind("test.undelegable", "decide", "Test", "Test", delegable=False)
    try:
        everything = policy(grant("owner", "*"))
        assert verdict(everything, "owner", kind.name) == "decide"
        assert everything.judge([Hat("owner", delegation_id="d-1")], Act([kind.name])).verdict == "no"
    finally:
        del KINDS[kind.name]


def test_a_fresh_sign_in_is_wanted_for_the_named_kinds_only() -> None:
    strict = Policy(standard_policy() | {"step_up": {"kinds": ["budget.*"], "minutes": 15}})
    assert strict.minutes_of_step_up([EDIT, "budget.line"]) == 15
    assert strict.minutes_of_step_up([EDIT]) is None
    assert STANDARD.minutes_of_step_up(["budget.line"]) is None


def test_a_person_decides_their_own_proposals_only_where_the_policy_says_so() -> None:
    assert (STANDARD.solo, Policy(standard_policy(solo=True)).solo) == (False, True)
    assert verdict(Policy(standard_policy(solo=True)), "manager", "manager.appoint") == "decide"


@pytest.mark.parametrize("name", TEMPLATES)
def test_with_every_template_the_manager_decides_everyday_dates_and_strangers_nothing(name: str) -> None:
    template = Policy(TEMPLATES[name].document)
    assert verdict(template, "manager", DATES, finish_minutes=DAY) == "decide"
    assert verdict(template, "coordinator", EDIT) == "decide"
    assert verdict(template, "client_contact", DATES) == "no"
