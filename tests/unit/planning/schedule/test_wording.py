"""The words of a decision about a task: true, short, and readable without the plan at hand."""

from dataclasses import replace
from datetime import datetime

import pytest

from services.kernel.ids import new_id
from services.planning.schedule.plan_rows import PlanTask, new_task
from services.planning.schedule.wording import answer_of, days, question_of


@pytest.fixture
def pour() -> PlanTask:
    return new_task(new_id(), "Pour", wbs_code="2.4", duration=16 * 4_500)


@pytest.mark.parametrize(
    ("ticks", "text"), [(72_000, "16 d"), (2_250, "0.5 d"), (1, "0 d"), (0, "0 d"), (-4_500, "-1 d")]
)
def test_lengths_are_in_the_projects_days(ticks: int, text: str) -> None:
    assert days(ticks, 450) == text


@pytest.mark.parametrize(("length", "asked"), [(21, "take longer"), (3, "take less time"), (16, "be changed")])
def test_the_question_says_which_way_a_duration_goes(pour: PlanTask, length: int, asked: str) -> None:
    after = replace(pour, duration=length * 4_500)
    assert question_of(pour, after, {"duration_minutes": length * 450}) == f"May 2.4 Pour {asked}?"


def test_the_answer_tells_each_member_before_and_after(pour: PlanTask) -> None:
    deadline = datetime.fromisoformat("2026-04-01T16:00:00")
    changes = {"duration_minutes": 9_450, "deadline": deadline, "manual": True, "notes": "Long."}
    after = replace(pour, duration=21 * 4_500, deadline=deadline, manual=True)
    said = "duration 16 d -> 21 d; deadline none -> 2026-04-01 16:00; manual no -> yes; notes"
    assert answer_of(pour, after, changes, 450) == said


def test_the_same_once_more_is_said_to_be_so(pour: PlanTask) -> None:
    assert answer_of(pour, pour, {"title": "Pour"}, 450) == "as it is"


def test_a_very_long_answer_is_cut(pour: PlanTask) -> None:
    after = replace(pour, title="x" * 300)
    assert len(answer_of(pour, after, {"title": after.title}, 450)) == 300
