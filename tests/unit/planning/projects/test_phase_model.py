"""Phase models and the life of a project: words in both languages, codes that mean one thing, steps forward only."""

import pytest

from services.kernel.ids import new_id
from services.planning.projects.gate import gates_of_model
from services.planning.projects.phase_model import MODELS, PHASE_TITLES, PROSJEKTVEIVISEREN, STATUS_IN, Phase
from services.planning.projects.project import Project, ProjectStatus


def test_everything_a_model_says_is_said_in_both_languages() -> None:
    words = [*PHASE_TITLES.values(), *(gate.title for gate in PROSJEKTVEIVISEREN)]
    words += [each for gate in PROSJEKTVEIVISEREN for each in gate.criteria.values()]
    assert all(set(each) == {"en", "nb"} and each["en"] != each["nb"] for each in words)


def test_a_code_means_one_thing_over_all_models() -> None:
    for codes in (
        [gate.code for model in MODELS.values() for gate in model],
        [code for model in MODELS.values() for gate in model for code in gate.criteria],
    ):
        assert len(set(codes)) == len(codes)


def test_a_project_starts_with_the_gates_of_its_sector_in_their_order() -> None:
    gates = gates_of_model(new_id(), "public_sector")
    assert [(gate.code, gate.position) for gate in gates] == [(f"BP{place}", 10 * place) for place in range(1, 7)]
    assert gates[0].title is None
    assert gates[0].words == "Decide to start the concept phase"
    assert gates_of_model(new_id(), "standard") == []


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("present", ProjectStatus)
def test_a_gate_never_leads_a_project_back(phase: Phase, present: ProjectStatus) -> None:
    life = list(ProjectStatus)
    project = Project(status=present)
    project.advance_to(STATUS_IN[phase])
    assert life.index(ProjectStatus(project.status)) == max(life.index(present), life.index(STATUS_IN[phase]))


@pytest.mark.parametrize(
    ("present", "left"),
    [
        ("initiating", "closed"),
        ("planning", "closing"),
        ("executing", "closing"),
        ("closing", "closed"),
        ("closed", "closed"),
    ],
)
def test_a_project_that_is_stopped_winds_up_what_it_has_begun(present: str, left: str) -> None:
    project = Project(status=present)
    project.stop()
    assert project.status == left
