"""The engine against dates computed by Microsoft Project; the bar is what it reaches, so a lost task is a failure."""

import csv
import shutil
from pathlib import Path

import pytest

from tests.fidelity import DATES, differences, main, score_case

CASES = Path(__file__).parents[3] / "data" / "msproject"


@pytest.mark.parametrize("name", ["p34", "p61"])
def test_every_leaf_task_of_the_case_agrees_with_microsoft_project(name: str) -> None:
    score = score_case(CASES / f"{name}.xml")
    assert score.leaves >= 61
    assert score.equal == score.leaves
    assert score.start_finish == score.leaves
    assert score.summaries_equal == score.summaries


def test_the_scorer_closes_with_one_line_of_shares(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(CASES)]) == 0
    last = capsys.readouterr().out.strip().splitlines()[-1]
    assert last.startswith("leaf_equal=1.000 leaf_exact=")
    assert " start_finish=1.000 summary=" in last


def test_a_task_missing_from_the_schedule_counts_as_wrong() -> None:
    wrong, _ = differences({"uid": "1"}, None)
    assert wrong == {"missing"}


def test_a_folder_without_cases_is_refused_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p1.xml").write_text("<Project/>")
    assert main([str(tmp_path)]) == 2
    assert main([str(tmp_path / "nowhere")]) == 2
    assert main([str(CASES), "p34", "p999"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "holds no case: none has NAME.xml and NAME.expected.csv." in told.err
    assert "holds no case called p999." in told.err


def test_a_case_below_mpxj_is_marked_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "cases"
    folder.mkdir()
    for each in CASES.glob("p34.*"):
        shutil.copy(each, folder)
    (tmp_path / "MANIFEST.csv").write_text("case,mpxj_equal\np34,62\np61,1\n")
    assert main([str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("BELOW MPXJ 62")
    assert lines[1] == "below_mpxj=1 of 1 cases"
    assert lines[2].startswith("leaf_equal=1.000 ")


def test_what_was_computed_is_written_in_the_columns_of_the_expected_file(tmp_path: Path) -> None:
    for each in CASES.glob("p34.*"):
        shutil.copy(each, tmp_path)
    assert main(["--write", str(tmp_path)]) == 0
    computed, expected = (
        {row["uid"]: row for row in csv.DictReader((tmp_path / f"p34.{name}.csv").read_text().splitlines())}
        for name in ("actual", "expected")
    )
    assert computed.keys() == expected.keys() - {"0"}
    for uid, row in computed.items():
        for column in ("id", "summary", *DATES, "total_slack_min", "critical"):
            assert row[column] == expected[uid][column][:16], (uid, column)
