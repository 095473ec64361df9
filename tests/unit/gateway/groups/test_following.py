"""The step from a standing membership to what the groups want."""

import pytest

from gateway.groups.following import Standing, Step, next_step, strongest
from gateway.groups.schemas import GroupRole
from services.kernel.authority import ABOVE_THE_MANAGER


@pytest.mark.parametrize(
    ("standing", "wanted", "step"),
    [
        (None, None, "leave"),
        (None, "member", "grant"),
        (Standing("member", by_group=True), "member", "leave"),
        (Standing("member", by_group=True), "coordinator", "change"),
        (Standing("member", by_group=True), None, "revoke"),
        (Standing("member", by_group=False), "coordinator", "leave"),
        (Standing("member", by_group=False), None, "leave"),
        (Standing("manager", by_group=False), None, "leave"),
        (Standing("manager", by_group=False), "member", "leave"),
    ],
)
def test_only_what_groups_have_brought_follows_them(standing: Standing | None, wanted: str | None, step: Step) -> None:
    assert next_step(standing, wanted) == step


def test_of_several_groups_the_strongest_role_counts() -> None:
    assert strongest(["auditor", "coordinator", "member"]) == "coordinator"
    assert strongest([]) is None


def test_no_group_makes_a_manager_or_somebody_above_them() -> None:
    assert {str(role) for role in GroupRole}.isdisjoint(ABOVE_THE_MANAGER | {"manager"})
