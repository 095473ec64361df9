"""The reader of PSPLIB's files, the sample of them, and the line of figures at the end."""

from pathlib import Path

import pytest

from services.planning.levelling.heuristic import by_rules
from services.planning.levelling.optimizer import Answer
from tests.bench.psplib import Known, UnreadableInstance, known_makespans, read_instance, sampled, summary

# In the format of PSPLIB, made up: two tasks that need all of R1, between a dummy source and sink.
INSTANCE = """************************************************************************
PRECEDENCE RELATIONS:
jobnr.    #modes  #successors   successors
   1        1          2           2   3
   2        1          1           4
   3        1          1           4
   4        1          0
************************************************************************
REQUESTS/DURATIONS:
jobnr. mode duration  R 1  R 2
------------------------------------------------------------------------
  1      1     0       0    0
  2      1     3       2    0
  3      1     4       1    1
  4      1     0       0    0
************************************************************************
RESOURCEAVAILABILITIES:
  R 1  R 2
    2    1
************************************************************************
"""


def test_a_file_becomes_a_problem() -> None:
    problem = read_instance(INSTANCE)
    assert [each.end.offset for each in problem.activities] == [0, 3, 4, 0]
    assert [(link.predecessor, link.successor) for link in problem.precedences] == [(0, 1), (0, 2), (1, 3), (2, 3)]
    assert [each.capacity for each in problem.resources] == [2, 1]
    assert by_rules(problem).makespan == 7


@pytest.mark.parametrize(
    "text", ["", "PRECEDENCE RELATIONS:\njobnr.\n****", INSTANCE.replace("  3      1     4", "  5      1     4")]
)
def test_what_is_no_instance_is_refused(text: str) -> None:
    with pytest.raises(UnreadableInstance):
        read_instance(text)


def test_a_sample_takes_another_instance_of_each_parameter_set() -> None:
    files = [Path(f"j30{number}_{instance}.sm") for number in range(1, 49) for instance in range(1, 11)]
    chosen = sampled(files, 48)
    assert {file.name for file in chosen} >= {"j301_8.sm", "j3013_2.sm", "j3048_7.sm"}
    assert len({file.name.partition("_")[0] for file in chosen}) == 48
    assert len(set(sampled(files, 6))) == 6
    assert len(set(sampled(files, 480))) == 480


def test_the_last_line_counts_what_is_proven_and_what_is_missed() -> None:
    def answer(makespan: int, *, proven: bool) -> Answer:
        return Answer((), makespan, 0, 0, 40, proven, proven, False, "genetic", 1, 1.0)

    answers = [(answer(40, proven=True), Known(40, 40)), (answer(51, proven=False), Known(48, 50))]
    assert summary(answers) == "proven=1 at_best=1 gap=1.00"


def test_best_known_makespans_are_read_where_they_are(tmp_path: Path) -> None:
    assert known_makespans(tmp_path / "best-known.csv") == {}
    (tmp_path / "best-known.csv").write_text("instance,lower_bound,upper_bound\nj301_1.sm,43,43\n")
    assert known_makespans(tmp_path / "best-known.csv") == {"j301_1.sm": Known(43, 43)}
