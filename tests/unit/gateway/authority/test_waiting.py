"""What time does to a proposal, by the rules of a policy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.authority.schemas import AutoAcceptance, ProposalRules
from gateway.authority.waiting import Waiting, addressed_to, clock_of, hours_until_accepted

SUBMITTED = datetime(2026, 3, 2, 8, tzinfo=UTC)
WAITING = Waiting(["schedule.dates"], {"finish_minutes": 450}, 1, SUBMITTED, None, None, None, False)
RULES = ProposalRules(remind_after_hours=24, escalate_after_hours=48, expire_after_days=7)


def hours(count: float) -> datetime:
    return SUBMITTED + timedelta(hours=count)


@pytest.mark.parametrize(
    ("after", "due"), [(0, None), (23.9, None), (24, "remind"), (48, "escalate"), (167.9, "escalate"), (168, "expire")]
)
def test_it_is_first_remembered_then_escalated_and_ends_at_last(after: float, due: str | None) -> None:
    assert clock_of(WAITING, RULES).due(hours(after)) == due


def test_it_is_remembered_again_and_escalated_only_once() -> None:
    reminded = replace(WAITING, reminded_at=hours(24), escalated_at=hours(48))
    assert clock_of(reminded, RULES).escalate is None
    assert clock_of(reminded, RULES).next() == hours(48)
    assert clock_of(replace(reminded, reminded_at=hours(48)), RULES).due(hours(72)) == "remind"


def test_only_a_rule_for_each_of_its_kinds_accepts_it_by_itself() -> None:
    rule = AutoAcceptance(kind="schedule.*", limits={"finish_minutes": 450}, after_hours=12)
    rules = RULES.model_copy(update={"auto_accept": [rule]})
    assert hours_until_accepted(WAITING, rules) == 12
    assert hours_until_accepted(replace(WAITING, kinds=["schedule.dates", "budget.line"]), rules) is None
    assert hours_until_accepted(replace(WAITING, measures={"finish_minutes": 451}), rules) is None


def test_an_objection_or_a_second_approver_or_a_failed_try_keeps_it_from_being_accepted_by_itself() -> None:
    rules = RULES.model_copy(update={"auto_accept": [AutoAcceptance(kind="*", after_hours=0)]})
    assert clock_of(WAITING, rules).due(SUBMITTED) == "accept"
    for hindrance in ({"objected": True}, {"approvals_needed": 2}, {"auto_accepted_at": SUBMITTED}):
        assert clock_of(replace(WAITING, **hindrance), rules).accept is None


def test_it_is_the_turn_of_the_least_role_with_the_authority_until_it_is_escalated() -> None:
    deciders = [
        {"person_id": "olga", "role": "owner"},
        {"person_id": "mari", "role": "manager"},
        {"person_id": "dag", "role": "manager"},
    ]
    assert addressed_to(deciders, everybody=False) == ["mari", "dag"]
    assert addressed_to(deciders, everybody=True) == ["olga", "mari", "dag"]
    assert addressed_to([], everybody=False) == []
