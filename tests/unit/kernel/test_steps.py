"""The impact of changes in a row is the difference between the first state and the last."""

from typing import Any

import pytest

from services.kernel.steps import in_sequence

MOVED = {"finish": {"before": "A", "after": "B", "moved_minutes": 450}}


@pytest.mark.parametrize(
    ("first", "then", "whole"),
    [
        ({}, MOVED, MOVED),
        (MOVED, {}, MOVED),
        (
            MOVED,
            {"finish": {"before": "B", "after": "C", "moved_minutes": 60}},
            {"finish": {"before": "A", "after": "C", "moved_minutes": 510}},
        ),
        (MOVED, {"finish": {"before": "B", "after": "A", "moved_minutes": -450}}, {}),
        (
            {"cost": {"change": {"amount": "10.10", "currency": "NOK"}}},
            {"cost": {"change": {"amount": "-0.05", "currency": "NOK"}}},
            {"cost": {"change": {"amount": "10.05", "currency": "NOK"}}},
        ),
        (
            {"milestones": [{"id": "m", "before": "A", "after": "B", "moved_minutes": 1}]},
            {"milestones": [{"id": "m", "before": "B", "after": "A", "moved_minutes": -1}, {"id": "n", "before": 1}]},
            {"milestones": [{"id": "n", "before": 1}]},
        ),
        ({"people_affected": ["a", "b"]}, {"people_affected": ["b", "c"]}, {"people_affected": ["a", "b", "c"]}),
        ({"tasks_moved": 2}, {"tasks_moved": 3}, {"tasks_moved": 5}),
        ({"needed_by": "2026-03-02"}, {"needed_by": "2026-03-04"}, {"needed_by": "2026-03-02"}),
        ({"needed_by": "2026-03-04"}, {"needed_by": "2026-03-02"}, {"needed_by": "2026-03-02"}),
    ],
)
def test_two_impacts_in_a_row_are_one(first: dict[str, Any], then: dict[str, Any], whole: dict[str, Any]) -> None:
    assert in_sequence(first, then) == whole
