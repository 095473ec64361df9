"""The engine against dates computed by Microsoft Project; the bar is what it reaches, so a lost task is a failure."""

from pathlib import Path

import pytest

from tests.fidelity import differences, main, score_case

CASES = Path(__file__).parents[3] / "data" / "msproject"


@pytest.mark.parametrize("name", ["p34", "p61"])
def test_every_leaf_task_of_the_case_agrees_with_microsoft_project(name: str) -> None:
    score = score_case(CASES / f"{name}.xml")
    assert score.leaves >= 61
    assert score.equal == score.leaves
    assert score.start_finish == score.leaves
    assert score.summaries_equal >= score.summaries - 1


def test_the_scorer_closes_with_one_line_of_shares(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(CASES)]) == 0
    last = capsys.readouterr().out.strip().splitlines()[-1]
    assert last.startswith("leaf_equal=1.000 leaf_exact=")
    assert " start_finish=1.000 summary=" in last


def test_a_task_missing_from_the_schedule_counts_as_wrong() -> None:
    wrong, _ = differences({"uid": "1"}, None)
    assert wrong == {"missing"}
